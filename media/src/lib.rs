#![doc = include_str!("../README.md")]

mod limits;
mod media;

pub use self::{
    limits::{MediaRefusal, check_audio, check_audio_from, check_video, check_video_from},
    media::{Codec, Media, MpaFrame, Packet, ProbeError, Stream, StreamKind, h264},
};
