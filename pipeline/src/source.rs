//! Where items come from: files, folders, URLs, objects and manifests.

mod csv;
mod manifest;

use std::path::{Path, PathBuf};

use ignore::{
    WalkBuilder,
    overrides::{Override, OverrideBuilder},
};

use crate::{
    error::{PipelineError, PipelineErrorKind},
    escape::escape_control,
    job::{FileKind, ItemSettings, Origin, Rules, Stamp},
    object_url::{ObjectUrl, is_object_url},
    objects::Objects,
    row::is_url,
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
    /// A manifest: CSV with a header, or JSON lines if its name ends in `.jsonl`, `.ndjson` or `.json`. Its columns or
    /// fields are `source`, and, if wanted, `options` and `scopes` (in CSV with `;` between the names), `clips`, `start` and
    /// `end` (in seconds). Paths are relative to the folder of the manifest.
    ///
    /// `-` or `/dev/stdin` is the standard input. Its format, and that of a pipe, is that of the first character: `{` for
    /// JSON lines. Paths in it are relative to the current folder. A manifest may have at most 1 GiB.
    Manifest(PathBuf),
    /// An object in object storage, or all objects below a prefix whose extension is that of a video, an audio file, an
    /// image or a document: `s3://bucket/prefix`, `gs://bucket/prefix` (Google Cloud Storage) or `az://container/prefix`
    /// (Azure). Hidden ones are left out, as in folders. What follows the bucket is taken as it is, without any encoding.
    /// Names with `//` or control characters are not supported: the list of a prefix that has one fails.
    ///
    /// It needs the feature `object_store`. Credentials and other settings come from the environment, as the crate
    /// `object_store` reads it: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`, …;
    /// `GOOGLE_APPLICATION_CREDENTIALS`, …; `AZURE_STORAGE_ACCOUNT_NAME`, `AZURE_STORAGE_ACCOUNT_KEY`, …. Profiles of
    /// `~/.aws` are not read.
    ///
    /// An object is read twice: to hash it, and to upload it, without a copy on disk. Before, the parts of a video or an
    /// audio file are read that say what it is; of Matroska and MPEG-TS, that is the whole object; of images and documents,
    /// it is the first MiB. Formats that only `ffprobe` reads (Ogg, FLV, ASF, MPEG-PS) are not checked, because it needs a
    /// path.
    Objects(String),
}

impl ItemSource {
    /// A URL if it is one, objects if it is their URL, else a path.
    pub fn of_argument(text: impl Into<std::ffi::OsString>) -> Self {
        let text = text.into();
        match text.to_str() {
            Some(url) if is_url(url) => Self::Url(url.to_owned()),
            Some(url) if is_object_url(url) => Self::Objects(url.to_owned()),
            _ => Self::Path(text.into()),
        }
    }
}

/// An item to check and embed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) origin: Origin,
    pub(crate) settings: ItemSettings,
    /// What a list of objects said.
    pub(crate) listed: Option<Stamp>,
}

impl Item {
    fn new(origin: Origin, settings: &ItemSettings) -> Self {
        Self { origin, settings: settings.clone(), listed: None }
    }
}

/// Checks what can be checked before anything is started: that files and folders exist, the URLs of objects, the globs,
/// and the manifests that are files. What is not a file, such as the standard input, can be read only once.
pub(crate) fn check(
    sources: &[ItemSource],
    globs: &[String],
    run: &ItemSettings,
    rules: &Rules,
) -> Result<(), PipelineError> {
    overrides(Path::new(""), globs)?;
    let metadata = |path: &Path| path.metadata().map_err(|error| PipelineError::file("cannot find", path, error));
    for source in sources {
        match source {
            ItemSource::Path(path) => {
                metadata(path)?;
            }
            ItemSource::Manifest(path) if manifest::is_standard_input(path) => {}
            ItemSource::Manifest(path) if metadata(path)?.is_file() => drop(manifest::read(path, run, rules)?),
            ItemSource::Objects(url) => drop(ObjectUrl::parse(url).map_err(PipelineError::usage)?),
            ItemSource::Manifest(_) | ItemSource::Url(_) => {}
        }
    }
    Ok(())
}

/// Lists all items of the sources, each once, or fails before anything is started.
///
/// `globs` select among the files of folders and among objects, as in a `.gitignore` file that is negated: `*.mp4`,
/// `!old/**`. `output` is left out of folders.
pub(crate) async fn expand(
    sources: &[ItemSource],
    globs: &[String],
    output: Option<&Path>,
    run: &ItemSettings,
    rules: &Rules,
    objects: &Objects,
) -> Result<Vec<Item>, PipelineError> {
    let mut items = Vec::new();
    for source in sources {
        match source {
            ItemSource::Path(path) => {
                let metadata = path.metadata().map_err(|error| PipelineError::file("cannot find", path, error))?;
                if metadata.is_dir() {
                    walk(path, globs, output, run, &mut items)?;
                } else {
                    items.push(Item::new(Origin::File(path.clone()), run));
                }
            }
            ItemSource::Url(url) => items.push(Item::new(Origin::Url(url.clone()), run)),
            ItemSource::Objects(url) => {
                let url = ObjectUrl::parse(url).map_err(PipelineError::usage)?;
                let overrides = overrides(Path::new(""), globs)?;
                for (url, stamp) in select(&url, objects.list(&url).await?, &overrides) {
                    items.push(Item { listed: Some(stamp), ..Item::new(Origin::Object(url), run) });
                }
            }
            ItemSource::Manifest(path) => items.extend(manifest::read(path, run, rules)?),
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

/// The globs, for paths below `root`.
fn overrides(root: &Path, globs: &[String]) -> Result<Override, PipelineError> {
    let mut overrides = OverrideBuilder::new(root);
    for glob in globs {
        let wrong = |error| PipelineError::usage(format!("the glob {} is not valid: {error}", escape_control(glob)));
        overrides.add(glob).map_err(wrong)?;
    }
    overrides.build().map_err(|error| PipelineError::usage(format!("the globs are not valid: {error}")))
}

/// The objects to embed among those at a URL. The one that the URL names is always among them.
fn select<'a>(
    url: &'a ObjectUrl,
    found: Vec<(ObjectUrl, Stamp)>,
    overrides: &'a Override,
) -> impl Iterator<Item = (ObjectUrl, Stamp)> + use<'a> {
    let prefix = url.key().trim_end_matches('/');
    found.into_iter().filter(move |(object, _)| {
        let below = object.key().strip_prefix(prefix).unwrap_or(object.key()).trim_start_matches('/');
        if below.is_empty() {
            return object == url;
        }
        let path = Path::new(below);
        let mut folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        let is_left_out = overrides.matched(path, false).is_ignore()
            || folders.any(|folder| overrides.matched(folder, true).is_ignore());
        let is_hidden = below.split('/').any(|part| part.starts_with('.'));
        !is_left_out && !is_hidden && FileKind::of_name(object.file_name()).is_some()
    })
}

fn walk(
    folder: &Path,
    globs: &[String],
    output: Option<&Path>,
    run: &ItemSettings,
    items: &mut Vec<Item>,
) -> Result<(), PipelineError> {
    let overrides = overrides(folder, globs)?;
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
                escape_control(&folder.to_string_lossy()),
                escape_control(&error.to_string())
            ))
        })?;
        let name = entry.file_name().to_string_lossy();
        if entry.file_type().is_some_and(|kind| kind.is_file()) && FileKind::of_name(&name).is_some() {
            items.push(Item::new(Origin::File(entry.into_path()), run));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn names(items: &[Item]) -> Vec<String> {
        let name = |item: &Item| item.origin.public().rsplit('/').next().unwrap_or_default().to_owned();
        items.iter().map(name).collect()
    }

    /// Nothing is waited for without objects.
    fn expand_now(sources: &[ItemSource], globs: &[String], output: Option<&Path>) -> Result<Vec<Item>, PipelineError> {
        let (settings, objects) = (ItemSettings::default(), Objects::default());
        let rules = Rules::of(&twelvelabs::ModelName::Marengo35);
        expand(sources, globs, output, &settings, &rules, &objects).now_or_never().expect("at once")
    }

    #[test]
    fn objects_are_selected_by_globs_below_their_prefix_without_hidden_ones() {
        let url = |key: &str| ObjectUrl::of_ledger(format!("s3://bucket/{key}"));
        let keys = ["v/.hidden.mp4", "v/a.mp4", "v/old/b.mp4", "v/old/c.txt", "v/run.sh", "v/.git/d.mp4"];
        let found = |prefix: &str, globs: &[&str]| {
            let globs: Vec<String> = globs.iter().map(|&glob| glob.into()).collect();
            let overrides = overrides(Path::new(""), &globs).expect("valid");
            let all = keys.iter().map(|key| (url(key), Stamp::default())).collect();
            let keys: Vec<String> =
                select(&url(prefix), all, &overrides).map(|(url, _)| url.key().to_owned()).collect();
            keys.join(" ")
        };
        assert_eq!(found("v", &[]), "v/a.mp4 v/old/b.mp4 v/old/c.txt");
        assert_eq!(found("v/", &["!old/"]), "v/a.mp4");
        assert_eq!(found("", &["!v/old/**"]), "v/a.mp4");
        assert_eq!(found("v", &["*.mp4"]), "v/a.mp4 v/old/b.mp4");
        // What is named is taken, whatever its name is.
        let (own, none) = (url("v/run.sh"), Override::empty());
        assert_eq!(select(&own, vec![(own.clone(), Stamp::default())], &none).count(), 1);
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
            expand_now(&sources, &globs, Some(&out)).map(|items| names(&items))
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
        let error = expand_now(&sources, &[], None).expect_err("missing");
        assert_eq!(error.kind(), PipelineErrorKind::NotFound);
        assert!(error.to_string().starts_with("cannot find no/such\\u{1b}.mp4"), "{error}");
        let url = ItemSource::of_argument("HTTPS://example.com/a.mp4?sig=1");
        assert!(matches!(url, ItemSource::Url(_)));
        assert!(matches!(ItemSource::of_argument("gs://bucket/a"), ItemSource::Objects(_)));
        let twice = expand_now(&[url.clone(), url], &[], None).expect("listed");
        assert_eq!(twice.len(), 1);
        assert_eq!(twice[0].origin.public(), "HTTPS://example.com/a.mp4");
    }
}
