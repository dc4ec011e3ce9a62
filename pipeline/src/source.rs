//! Where items come from: files, folders, URLs and manifests.

mod csv;
mod manifest;

use std::path::{Path, PathBuf};

use ignore::{WalkBuilder, overrides::OverrideBuilder};

use crate::{
    error::{PipelineError, PipelineErrorKind},
    job::{FileKind, ItemSettings, Origin},
    text::shown,
};

/// A source of items.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ItemSource {
    /// A file, or a folder with all files below it whose extension is that of a video, an audio file, an image or a
    /// document. Files that a `.gitignore` or `.ignore` in it excludes, hidden ones and symbolic links are left out.
    Path(PathBuf),
    /// An `http` or `https` URL, which the server fetches.
    Url(String),
    /// A manifest: CSV with a header, or JSON lines if its name ends in `.jsonl`, `.ndjson` or `.json`. `-` is the
    /// standard input, whose format is that of its first character: `{` for JSON lines.
    Manifest(PathBuf),
}

impl ItemSource {
    /// A URL if it is one, else a path.
    pub fn of_argument(text: impl Into<std::ffi::OsString>) -> Self {
        let text = text.into();
        match text.to_str() {
            Some(url) if is_url(url) => Self::Url(url.to_owned()),
            _ => Self::Path(text.into()),
        }
    }
}

fn is_url(text: &str) -> bool {
    let scheme = text.split("://").next().unwrap_or_default();
    text.contains("://") && (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

/// An item to check and embed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) origin: Origin,
    pub(crate) settings: ItemSettings,
}

/// Lists all items of the sources, each once, or fails before anything is started.
///
/// `globs` select among the files of folders, as in a `.gitignore` file that is negated: `*.mp4`, `!old/**`. `output`
/// is left out of folders.
pub(crate) fn expand(
    sources: &[ItemSource],
    globs: &[String],
    output: Option<&Path>,
    run: &ItemSettings,
) -> Result<Vec<Item>, PipelineError> {
    let mut items = Vec::new();
    for source in sources {
        match source {
            ItemSource::Path(path) => {
                let metadata = path.metadata().map_err(|error| PipelineError::file("cannot find", path, error))?;
                if metadata.is_dir() {
                    walk(path, globs, output, run, &mut items)?;
                } else {
                    items.push(Item { origin: Origin::File(path.clone()), settings: run.clone() });
                }
            }
            ItemSource::Url(url) => items.push(Item { origin: Origin::Url(url.clone()), settings: run.clone() }),
            ItemSource::Manifest(path) => items.extend(manifest::read(path, run)?),
        }
    }
    let mut seen = std::collections::HashSet::new();
    items.retain(|item| {
        let settings = serde_json::to_string(&item.settings).unwrap_or_default();
        seen.insert((item.origin.clone(), settings))
    });
    if items.is_empty() && !sources.is_empty() {
        let message = "the sources have no videos, audio files, images or documents";
        return Err(PipelineError::new(PipelineErrorKind::NotFound, message));
    }
    Ok(items)
}

fn walk(
    folder: &Path,
    globs: &[String],
    output: Option<&Path>,
    run: &ItemSettings,
    items: &mut Vec<Item>,
) -> Result<(), PipelineError> {
    let mut overrides = OverrideBuilder::new(folder);
    for glob in globs {
        let wrong = |error| PipelineError::usage(format!("the glob {} is not valid: {error}", shown(glob)));
        overrides.add(glob).map_err(wrong)?;
    }
    let overrides =
        overrides.build().map_err(|error| PipelineError::usage(format!("the globs are not valid: {error}")))?;
    let output = output.and_then(|path| path.canonicalize().ok());
    let is_output =
        move |path: &Path| output.as_deref().is_some_and(|output| path.canonicalize().is_ok_and(|path| path == output));
    // The globs select among what is not hidden or ignored.
    let walk = WalkBuilder::new(folder)
        .require_git(false)
        // Files of a folder that the caller names do not depend on where it is, and whose home it is.
        .parents(false)
        .git_global(false)
        .sort_by_file_path(Path::cmp)
        .filter_entry(move |entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let is_left_out = || is_folder && is_output(entry.path());
            !overrides.matched(entry.path(), is_folder).is_ignore() && !is_left_out()
        })
        .build();
    for entry in walk {
        // A folder that cannot be read may have half of the videos.
        let entry = entry.map_err(|error| {
            PipelineError::usage(format!(
                "cannot list {}: {}",
                shown(&folder.to_string_lossy()),
                shown(&error.to_string())
            ))
        })?;
        let name = entry.file_name().to_string_lossy();
        if entry.file_type().is_some_and(|kind| kind.is_file()) && FileKind::of_name(&name).is_some() {
            items.push(Item { origin: Origin::File(entry.into_path()), settings: run.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(items: &[Item]) -> Vec<String> {
        let name = |item: &Item| item.origin.public().rsplit('/').next().unwrap_or_default().to_owned();
        items.iter().map(name).collect()
    }

    #[test]
    fn a_folder_has_its_media_files_except_ignored_ones_and_the_output() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("videos");
        let write = |name: &str| {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, "x").expect("written");
        };
        for name in
            ["b.mp4", "a/z.MOV", "a/notes.txt", "run.sh", "old/c.mp4", ".hidden.mp4", "out/d.mp4", "odd\n\u{1b}.wav"]
        {
            write(name);
        }
        std::fs::write(folder.join(".gitignore"), "old/\n").expect("written");
        // One above the folder says nothing.
        std::fs::write(home.path().join(".gitignore"), "*.mp4\n").expect("written");
        let out = folder.join("out");
        let sources = [ItemSource::Path(folder.clone())];
        let all = |globs: &[&str]| {
            let globs: Vec<String> = globs.iter().map(|&glob| glob.into()).collect();
            expand(&sources, &globs, Some(&out), &ItemSettings::default()).map(|items| names(&items))
        };
        assert_eq!(all(&[]).expect("listed"), ["notes.txt", "z.MOV", "b.mp4", "odd\n\u{1b}.wav"]);
        assert_eq!(all(&["*.mp4"]).expect("listed"), ["b.mp4"]);
        assert_eq!(all(&["!*.txt", "!*.wav"]).expect("listed"), ["z.MOV", "b.mp4"]);
        let error = all(&["*.exe"]).expect_err("nothing");
        assert_eq!(error.kind(), PipelineErrorKind::NotFound);
        let error = all(&["[a"]).expect_err("refused").to_string();
        assert!(error.starts_with("the glob [a is not valid"), "{error}");
    }

    #[test]
    fn a_missing_source_is_an_error_and_a_url_is_no_path() {
        let sources = [ItemSource::of_argument("no/such\u{1b}.mp4")];
        let error = expand(&sources, &[], None, &ItemSettings::default()).expect_err("missing");
        assert_eq!(error.kind(), PipelineErrorKind::NotFound);
        assert!(error.to_string().starts_with("cannot find no/such\\u{1b}.mp4"), "{error}");
        let url = ItemSource::of_argument("HTTPS://example.com/a.mp4?sig=1");
        assert!(matches!(url, ItemSource::Url(_)));
        let twice = expand(&[url.clone(), url], &[], None, &ItemSettings::default()).expect("listed");
        assert_eq!(twice.len(), 1);
        assert_eq!(twice[0].origin.public(), "HTTPS://example.com/a.mp4");
    }
}
