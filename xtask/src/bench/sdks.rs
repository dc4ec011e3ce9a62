//! The official SDKs, installed below `target/bench` if that is possible.

use std::{
    path::Path,
    process::{Command, Stdio},
};

const PYTHON: &str = r#"
import sys
from twelvelabs import TwelveLabs

task = TwelveLabs(api_key="bench").embed.tasks.retrieve(sys.argv[1])
segments = task.video_embedding.segments
total = sum(number for segment in segments for number in segment.float_)
print('{"segments": %d, "sum": %r}' % (len(segments), total))
"#;

const JAVASCRIPT: &str = r#"
import { TwelveLabs } from "twelvelabs-js";

process.env.TWELVE_LABS_API_KEY = "bench";
const task = await new TwelveLabs({}).embed.tasks.retrieve(process.argv[2]);
const segments = task.videoEmbedding.segments;
let sum = 0;
for (const segment of segments) for (const number of segment.float) sum += number;
console.log(JSON.stringify({ segments: segments.length, sum }));
"#;

/// The command that retrieves the id that follows, or `None` with a word about it.
pub(super) fn python(scratch: &Path) -> Option<Vec<String>> {
    let home = scratch.join("python");
    let python = home.join("bin/python").to_string_lossy().into_owned();
    let ready = works(Command::new(&python).args(["-c", "import twelvelabs"]))
        || (works(Command::new("python3").args(["-m", "venv"]).arg(&home))
            && works(Command::new(&python).args(["-m", "pip", "install", "--quiet", "twelvelabs"])));
    let script = home.join("retrieve.py");
    if !ready || std::fs::write(&script, PYTHON).is_err() {
        println!("The official Python SDK cannot be installed here: left out.\n");
        return None;
    }
    Some(vec![python, script.to_string_lossy().into_owned()])
}

/// The same for Node.
pub(super) fn javascript(scratch: &Path) -> Option<Vec<String>> {
    let home = scratch.join("node");
    let script = home.join("retrieve.mjs");
    let ready = std::fs::create_dir_all(&home).is_ok()
        && std::fs::write(&script, JAVASCRIPT).is_ok()
        && (home.join("node_modules/twelvelabs-js").is_dir()
            || works(Command::new("npm").args(["install", "--silent", "--prefix"]).arg(&home).arg("twelvelabs-js")));
    if !ready {
        println!("The official JavaScript SDK cannot be installed here: left out.\n");
        return None;
    }
    Some(vec!["node".into(), script.to_string_lossy().into_owned()])
}

fn works(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
