//! Containers that are read with `ffprobe`, if it is installed.

use std::{
    io::{self, Read},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Layout, Media, ProbeError, Probed, Sample, Stream};

/// Time limit. Reading a header takes milliseconds.
const LIMIT: Duration = Duration::from_secs(10);

/// FFmpeg's name of a container that this crate does not read.
pub(super) fn format(head: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 4] = [
        (b"OggS", "ogg"),
        (b"FLV\x01", "flv"),
        (&[0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11], "asf"),
        (&[0, 0, 1, 0xba], "mpeg"),
    ];
    KNOWN.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, name)| *name)
}

pub(super) fn probe(path: Option<&Path>, size: u64, format: &'static str) -> io::Result<Probed> {
    match path {
        Some(path) => run(Path::new("ffprobe"), path, size, format),
        None => Ok(Err(ProbeError::NeedsPath(format))),
    }
}

fn run(program: &Path, path: &Path, size: u64, format: &'static str) -> io::Result<Probed> {
    // The format is fixed and other protocols are disabled, because some formats refer to other files and hosts.
    let child = Command::new(program)
        .args([
            "-v",
            "error",
            "-protocol_whitelist",
            "file",
            "-f",
            format,
            "-of",
            "json",
            "-show_format",
            "-show_streams",
        ])
        .arg("-i")
        .arg(path)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let child = match child {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err(ProbeError::NeedsFfprobe(format))),
        child => child?,
    };
    let Some(output) = output(child)? else {
        return Ok(Err(ProbeError::Broken("cannot be read by ffprobe")));
    };
    Ok(media(&output, size))
}

/// The output, unless the program fails or takes too long.
fn output(mut child: Child) -> io::Result<Option<Value>> {
    let output = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        output.map(|output| output.take(1 << 20).read_to_end(&mut text)).transpose().map(|_| text)
    });
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > LIMIT {
            child.kill()?;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = reader.join().map_err(|_| io::Error::other("reading the output of ffprobe panicked"))??;
    Ok(status.success().then(|| serde_json::from_slice(&text).ok()).flatten())
}

fn media(output: &Value, size: u64) -> Probed {
    let streams = output["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
    let find = |kind: &str| streams.iter().find(|stream| stream["codec_type"] == kind);
    let video = find("video").ok_or(ProbeError::NotVideo("has no video track"))?;
    let side = |name: &str| video[name].as_u64().and_then(|side| u32::try_from(side).ok()).unwrap_or(0);
    let seconds = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
    let duration = seconds(&output["format"]["duration"]).or_else(|| seconds(&video["duration"])).unwrap_or(0.0);
    // Packets are not parsed: the bytes are divided evenly, one packet per second.
    let count = if duration > 0.0 { duration.min(100_000.0).ceil() as u64 } else { 0 };
    let share = |index: u64| u64::try_from(u128::from(size) * u128::from(index) / u128::from(count)).unwrap_or(size);
    let sample = |index| Sample::new(index as f64, share(index), share(index + 1) - share(index), true, size);
    let samples: Option<Vec<Sample>> = (0..count).map(sample).collect();
    let samples = samples.ok_or(ProbeError::Broken("has an implausible bit rate"))?;
    let audio = find("audio").map(|_| Stream::default());
    let layout = Layout::Indexed { audio: samples.clone(), video: samples };
    Ok(Media { duration, width: side("width"), height: side("height"), video: Stream::default(), audio, layout })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_ffprobe_is_named_in_the_error() {
        let missing =
            run(Path::new("no-such-program-as-ffprobe"), Path::new("clip.ogv"), 0, "ogg").expect("a readable file");
        let reason = missing.expect_err("no media");
        assert_eq!(reason, ProbeError::NeedsFfprobe("ogg"));
        assert!(reason.to_string().contains("ffprobe"));
    }

    #[test]
    fn the_output_of_ffprobe_is_parsed() {
        let output = serde_json::json!({
            "streams": [{"codec_type": "audio"}, {"codec_type": "video", "width": 640, "height": 360}],
            "format": {"duration": "4.250000"},
        });
        let media = media(&output, 1001).expect("a video");
        assert_eq!((media.width, media.height, media.duration, media.has_audio()), (640, 360, 4.25, true));
        let Layout::Indexed { video, .. } = &media.layout else { panic!("it is indexed") };
        assert_eq!(video.iter().map(|sample| u64::from(sample.size)).sum::<u64>(), 1001);
        assert_eq!(video.len(), 5);
    }
}
