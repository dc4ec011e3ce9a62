//! Integration tests: by family, across families, of faults, and of the local server.

mod assets;
mod blocking;
mod bodies;
mod callbacks;
mod connections;
mod contract;
mod embed_tasks;
mod embed_v2;
mod faults;
mod flows;
mod language;
mod local_server;
mod messages;
mod multipart_upload;
mod operations;
mod options;
mod raw;
mod readme;
mod schemas;
mod secrets;
mod spans;
mod support;
mod surface;
mod threads;
mod tls;
mod uploads;
