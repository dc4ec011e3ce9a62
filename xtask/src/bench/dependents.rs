//! What a crate that depends on `twelvelabs` pays: crates in its tree, and a cold `cargo check`.

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, Result, ensure};

use super::{process::cargo, table::Report};

const TOKIO: &str = r#"tokio = { version = "1", default-features = false, features = ["macros", "rt-multi-thread"] }"#;
/// The same TLS, JSON, streams and forms as ours has by default.
const REQWEST: &str = r#"reqwest = { version = "0.13.5", default-features = false, features = ["json", "multipart", "query", "rustls", "stream"] }"#;

pub(super) fn run(root: &Path, report: &mut Report) -> Result<()> {
    let ours = format!("twelvelabs = {{ path = {:?} }}", root.join("client-ext"));
    println!("**Cost for dependents**\n");
    println!("| a crate with | crates in its tree | cold `cargo check` |\n| --- | ---: | ---: |");
    let mut seconds = Vec::new();
    for (name, dependency) in [("reqwest and tokio", REQWEST), ("twelvelabs and tokio", &ours)] {
        let (crates, time) = check(root, name, dependency)?;
        println!("| {name} | {crates} | {time:.1} s |");
        seconds.push(time);
    }
    println!();
    report.at_most("cold `cargo check`, × reqwest and tokio", Some(seconds[1] / seconds[0]), 1.4, "");
    Ok(())
}

/// Checks an empty crate in a target directory of its own, with the versions of this workspace.
fn check(root: &Path, name: &str, dependency: &str) -> Result<(usize, f64)> {
    let home = root.join("target/bench/dependents");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(home.join("src"))?;
    let package = "[package]\nname = \"dependent\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(home.join("Cargo.toml"), format!("{package}\n[dependencies]\n{dependency}\n{TOKIO}\n"))?;
    fs::write(home.join("src/lib.rs"), "")?;
    fs::copy(root.join("Cargo.lock"), home.join("Cargo.lock"))?;
    let cargo = |arguments: &[&str]| {
        let mut command = cargo();
        command.current_dir(&home).env("CARGO_TARGET_DIR", home.join("target")).args(arguments);
        command
    };
    // Fetches what is missing, so that only the compiler is measured.
    let tree =
        cargo(&["tree", "--edges", "normal,build", "--prefix", "none"]).output().context("cargo cannot be run")?;
    ensure!(tree.status.success(), "{name}: {}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout);
    let mut crates: Vec<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    crates.sort_unstable();
    crates.dedup();
    let start = Instant::now();
    let status = cargo(&["check", "--quiet", "--offline"]).status().context("cargo cannot be run")?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(status.success(), "{name} does not compile");
    fs::remove_dir_all(&home)?;
    // The crate itself is not counted.
    Ok((crates.len() - 1, seconds))
}
