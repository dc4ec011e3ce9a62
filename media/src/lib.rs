#![doc = include_str!("../README.md")]

mod limits;
mod media;

pub use self::{
    limits::{MediaRefusal, check_audio, check_video},
    media::{Codec, Media, MpaFrame, Packet, ProbeError, Stream, StreamKind, h264},
};
