//! `/assets/multipart-uploads` with the client.

mod wire;
