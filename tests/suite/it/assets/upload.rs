//! `assets().upload`: files in one request and in parts, errors, and what is resumed.

mod parts;
pub(crate) mod platform;
mod ranges;
mod resume;

use tempfile::TempDir;

/// A file of this size with a name, in a folder of its own.
fn file(name: &str, size: usize) -> (TempDir, std::path::PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    let content: Vec<u8> = (0..size as u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    std::fs::write(&path, &content).expect("written");
    (folder, path, content)
}
