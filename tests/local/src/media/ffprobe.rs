//! Containers that only `ffprobe` can read, where it is installed.

use std::{
    io::{self, Read},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Layout, Media, Probed, Sample, Stream, Unusable};

/// Reading a header takes milliseconds.
const LIMIT: Duration = Duration::from_secs(10);

/// The name that FFmpeg gives to a container that is not read here.
pub(super) fn format(head: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 4] = [
        (b"OggS", "ogg"),
        (b"FLV\x01", "flv"),
        (&[0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11], "asf"),
        (&[0, 0, 1, 0xba], "mpeg"),
    ];
    KNOWN.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, name)| *name)
}

pub(super) fn probe(path: &Path, size: u64, format: &'static str) -> io::Result<Probed> {
    run(Path::new("ffprobe"), path, size, format)
}

fn run(program: &Path, path: &Path, size: u64, format: &'static str) -> io::Result<Probed> {
    // The format is given and other protocols are closed: some formats name other files and hosts.
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
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err(Unusable::NeedsFfprobe(format))),
        child => child?,
    };
    let Some(answer) = answer(child)? else {
        return Ok(Err(Unusable::Broken("cannot be read by ffprobe")));
    };
    Ok(media(&answer, size))
}

/// What it prints, unless it fails or takes too long.
fn answer(mut child: Child) -> io::Result<Option<Value>> {
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
    let text = reader.join().map_err(|_| io::Error::other("the reader of ffprobe's answer fell"))??;
    Ok(status.success().then(|| serde_json::from_slice(&text).ok()).flatten())
}

fn media(answer: &Value, size: u64) -> Probed {
    let streams = answer["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
    let find = |kind: &str| streams.iter().find(|stream| stream["codec_type"] == kind);
    let video = find("video").ok_or(Unusable::NotVideo("has no pictures"))?;
    let side = |name: &str| video[name].as_u64().and_then(|side| u32::try_from(side).ok()).unwrap_or(0);
    let seconds = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
    let duration = seconds(&answer["format"]["duration"]).or_else(|| seconds(&video["duration"])).unwrap_or(0.0);
    // Nobody here takes the packets apart: the bytes are shared out over the time, a second to each.
    let count = if duration > 0.0 { duration.min(100_000.0).ceil() as u64 } else { 0 };
    let share = |index: u64| u64::try_from(u128::from(size) * u128::from(index) / u128::from(count)).unwrap_or(size);
    let sample = |index| Sample::new(index as f64, share(index), share(index + 1) - share(index), true, size);
    let samples: Option<Vec<Sample>> = (0..count).map(sample).collect();
    let samples = samples.ok_or(Unusable::Broken("has more bytes a second than any video"))?;
    let audio = find("audio").map(|_| Stream::default());
    let layout = Layout::Indexed { audio: samples.clone(), video: samples };
    Ok(Media { duration, width: side("width"), height: side("height"), video: Stream::default(), audio, layout })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_ffprobe_its_absence_is_said() {
        let missing = run(Path::new("no-such-program-as-ffprobe"), Path::new("clip.ogv"), 0, "ogg")
            .expect("no trouble of the disk");
        let reason = missing.expect_err("no media");
        assert_eq!(reason, Unusable::NeedsFfprobe("ogg"));
        assert!(reason.to_string().contains("ffprobe"));
    }

    #[test]
    fn the_answer_of_ffprobe_is_read() {
        let answer = serde_json::json!({
            "streams": [{"codec_type": "audio"}, {"codec_type": "video", "width": 640, "height": 360}],
            "format": {"duration": "4.250000"},
        });
        let media = media(&answer, 1001).expect("a video");
        assert_eq!((media.width, media.height, media.duration, media.has_audio()), (640, 360, 4.25, true));
        let Layout::Indexed { video, .. } = &media.layout else { panic!("it is indexed") };
        assert_eq!(video.iter().map(|sample| u64::from(sample.size)).sum::<u64>(), 1001);
        assert_eq!(video.len(), 5);
    }
}
