//! A file of 1 GiB from disk.

use std::fs::File;

use anyhow::{Context, Result, ensure};

use super::{
    Extent,
    process::{Contender, Programs},
    table::{self, Report, find, ratio},
};

const OURS: &str = "twelvelabs, from a path";
const CURL: &str = "curl -F";
const SIZE: u64 = 1 << 30;

pub(super) fn run(programs: &Programs, extent: Extent, report: &mut Report) -> Result<()> {
    let file = Sparse::new(programs, "upload.mp4", SIZE)?;
    let server = programs.serve(&[])?;
    let url = format!("{}/embed/tasks", server.base_url);
    let part = format!("video_file=@{}", file.0);
    let command = ["curl", "-s", "-f", "-F", "model_name=marengo3.0", "-F", &part, &url, "-w", "\n"];
    let mut contenders = [Contender::new(CURL, command), programs.client(OURS, "upload", &server.base_url, &file.0)];
    programs.alternate(&mut contenders, extent.runs)?;
    for contender in &contenders {
        ensure!(contender.runs.iter().all(|run| run.found.is_object()), "{} got no response", contender.name);
    }
    table::print("Upload 1 GiB", &contenders);
    report.at_most("upload 1 GiB, × curl -F", ratio(&contenders, OURS, CURL), 1.3, "");
    report.peak("upload 1 GiB: peak memory", find(&contenders, OURS), 24.0);
    Ok(())
}

/// A file that takes no room on the disk; it is removed when this is dropped.
pub(super) struct Sparse(pub(super) String);

impl Sparse {
    pub(super) fn new(programs: &Programs, name: &str, size: u64) -> Result<Self> {
        let path = programs.scratch.join(name).to_string_lossy().into_owned();
        File::create(&path).and_then(|file| file.set_len(size)).with_context(|| format!("{path} cannot be made"))?;
        Ok(Self(path))
    }
}

impl Drop for Sparse {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
