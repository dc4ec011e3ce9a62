//! Every example as a user runs it.

mod embed_anything;
mod embed_video;
mod short;

use std::process::Command;

/// The program of an example, with none of the settings of the surroundings.
fn example(name: &str) -> Command {
    // `cargo test --workspace` builds examples beside the folder of the tests.
    let mut path = std::env::current_exe().expect("this program");
    path.pop();
    path.pop();
    let path = path.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is built by: cargo test --workspace", path.display());
    let mut command = Command::new(path);
    for name in ["TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY", "TWELVELABS_BASE_URL"] {
        command.env_remove(name);
    }
    command
}
