//! Hashing against `b3sum`, and uploads against as many parallel `curl`s.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    Outcome, Size,
    items::write_clips,
    process::{PROGRAM, Server, alone, has, measure},
    ratio,
};

/// The number of files.
const FILES: usize = 64;
const PARALLEL: &str = "4";
/// A clip of 4 s is processed for an hour.
const SLOW: &str = "0.001x";

/// The check of all files, of which hashing is nearly everything, without a call.
pub(crate) fn hash(size: Size) -> Outcome {
    let folder = tempfile::tempdir()?;
    let clips = folder.path().join("clips");
    write_clips(&clips, FILES, size.bytes / FILES)?;
    if !has("b3sum") {
        return Ok(());
    }
    let (mut ours, mut other) = (f64::MAX, f64::MAX);
    for _ in 0..5 {
        let mut command = alone(PROGRAM);
        command.arg("embed").arg(&clips).args(["--dry-run", "--out"]).arg(folder.path().join("table"));
        ours = measure(&mut command)?.seconds.min(ours);
        let mut command = Command::new("sh");
        command.args(["-c", "b3sum \"$0\"/*"]).arg(&clips);
        other = measure(&mut command)?.seconds.min(other);
    }
    println!("{FILES} files, {} MiB: ours {ours:.3} s, b3sum {other:.3} s", size.bytes >> 20);
    ratio("time, against b3sum", ours, other, 1.25);
    Ok(())
}

/// From the first upload to the end of the last one, against curl. The server processes the assets for longer than that,
/// so that nothing is embedded meanwhile.
pub(crate) fn upload(size: Size) -> Outcome {
    if !has("curl") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let clips = folder.path().join("clips");
    write_clips(&clips, FILES, size.bytes / FILES)?;
    let (mut ours, mut other) = (f64::MAX, f64::MAX);
    for round in 0..3 {
        let server = Server::with_speed(SLOW)?;
        let mut command = server.program();
        command.arg("embed").arg(&clips).args(["--json", "--concurrency", PARALLEL, "--out"]);
        command.arg(folder.path().join(format!("table {round}"))).stderr(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let (mut start, mut sent) = (None, 0);
        for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
            let event: serde_json::Value = serde_json::from_str(&line?)?;
            match event["state"].as_str() {
                Some("uploading") => drop(start.get_or_insert_with(Instant::now)),
                Some("processing") => sent += 1,
                _ => {}
            }
            if sent == FILES {
                break;
            }
        }
        ours = start.ok_or("nothing was uploaded")?.elapsed().as_secs_f64().min(ours);
        child.kill()?;
        child.wait()?;
        if sent < FILES {
            return Err(format!("{sent} of {FILES} files were uploaded").into());
        }
        let server = Server::with_speed(SLOW)?;
        let mut command = alone("sh");
        let each = format!(
            "printf '%s\\0' \"$0\"/* | xargs -0 -P{PARALLEL} -I'{{}}' curl -sf -o /dev/null -H 'x-api-key: bench' -F method=direct -F 'file=@{{}}' {}/assets",
            server.base_url
        );
        other = measure(command.args(["-c", &each]).arg(&clips))?.seconds.min(other);
    }
    println!("{FILES} files, {} MiB, {PARALLEL} at a time: ours {ours:.2} s, curl {other:.2} s", size.bytes >> 20);
    ratio("time, against curl", ours, other, 1.0 / 0.9);
    Ok(())
}
