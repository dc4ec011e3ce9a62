//! The client: with a key from the environment or a profile, or of a local server inside this program.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use twelvelabs::{RequestOptions, TwelveLabs};
use twelvelabs_local::{LocalServer, Speed};
use twelvelabs_pipeline::escape_control;

use crate::{
    args::Common,
    exit::{Exit, Failure},
    output,
};

const KEYS: [&str; 2] = ["TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY"];

/// The folder of the local server's data in the folder of a table.
pub(crate) const LOCAL_DATA: &str = ".local-server";

/// A client, and what it is connected to.
pub(crate) struct Connection {
    pub(crate) client: TwelveLabs,
    /// The name that the ledger records.
    pub(crate) server_name: String,
    /// Where the key comes from, for `doctor`.
    pub(crate) key_from: String,
    /// Stops when it is dropped.
    _local: Option<LocalServer>,
}

/// The configuration file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    profiles: BTreeMap<String, Profile>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Profile {
    api_key: Option<String>,
    base_url: Option<String>,
}

impl Connection {
    /// Connects as the arguments say. `data` is the folder of the local server's data, which is a temporary one
    /// otherwise.
    pub(crate) async fn open(common: &Common, data: Option<&Path>) -> Result<Self, Failure> {
        if common.local {
            return Self::local(data).await;
        }
        let from_environment = KEYS.iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        let profile = match (&common.profile, from_environment) {
            (Some(name), _) => Some((name.as_str(), read_profile(common, name)?)),
            (None, Some(_)) => None,
            (None, None) => optional_profile(common, "default")?.map(|profile| ("default", profile)),
        };
        let profile_has_key = profile.as_ref().is_some_and(|(_, profile)| profile.api_key.is_some());
        if from_environment.is_none() && !profile_has_key {
            let message = format!(
                "there is no API key: set {}, or api_key in a profile of the configuration file; --local needs none",
                KEYS.join(" or ")
            );
            return Err(Failure::new(Exit::Key, message));
        }
        let mut builder = TwelveLabs::builder();
        if let Some(limit) = common.call_limit {
            builder = builder.with_timeout(limit);
        }
        let mut server = std::env::var("TWELVELABS_BASE_URL").ok().filter(|url| !url.is_empty());
        let key_from = match profile {
            None => from_environment.map_or_else(|| "nowhere".to_owned(), |name| (*name).to_owned()),
            Some((name, profile)) => {
                if let Some(key) = profile.api_key {
                    builder = builder.api_key(key);
                }
                if let Some(url) = profile.base_url {
                    server = Some(url.clone());
                    builder = builder.base_url(url);
                }
                format!("the profile {}", escape_control(name))
            }
        };
        let client = builder.build()?;
        let server_name = server.map_or_else(|| "the platform".into(), |url| url.trim_end_matches('/').to_owned());
        Ok(Self { client, server_name, key_from, _local: None })
    }

    /// Connects as the arguments say. The local server is the one that a run over this table has used.
    pub(crate) async fn of_table(common: &Common, table: Option<&Path>) -> Result<Self, Failure> {
        let data = match (common.local, table) {
            (false, _) => None,
            (true, None) => {
                let message = "--local needs --in FOLDER: the table whose local server is asked";
                return Err(Failure::new(Exit::Usage, message));
            }
            (true, Some(table)) => Some(table.join(LOCAL_DATA)),
        };
        if let Some(data) = data.as_deref().filter(|data| !data.is_dir()) {
            let message = format!("there is no local server at {}", escape_control(&data.to_string_lossy()));
            return Err(Failure::new(Exit::NotFound, message));
        }
        Self::open(common, data.as_deref()).await
    }

    async fn local(data: Option<&Path>) -> Result<Self, Failure> {
        let mut builder = LocalServer::builder().speed(Speed::Instant).allow_violations();
        if let Some(data) = data {
            builder = builder.data(data);
        }
        let cannot = |error: std::io::Error| {
            // Another run over the same table has its data.
            let is_busy = error.kind() == std::io::ErrorKind::ResourceBusy;
            let exit = if is_busy { Exit::Usage } else { Exit::Storage };
            Failure::new(exit, format!("the local server cannot start: {error}"))
        };
        let server = builder.start().await.map_err(cannot)?;
        let client = TwelveLabs::builder().api_key("local").base_url(server.base_url()).no_proxy().build()?;
        output::note("The vectors of the local server are NOT those of Marengo.");
        let server_name = "the local server".to_owned();
        Ok(Self { client, server_name, key_from: "the local server".into(), _local: Some(server) })
    }
}

fn config_path(common: &Common) -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    common.config.clone().or_else(|| {
        let config = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
        Some(config.join("twelvelabs/config.toml"))
    })
}

fn read_profile(common: &Common, name: &str) -> Result<Profile, Failure> {
    let missing =
        || Failure::new(Exit::Key, format!("there is no profile {} in the configuration file", escape_control(name)));
    optional_profile(common, name)?.ok_or_else(missing)
}

fn optional_profile(common: &Common, name: &str) -> Result<Option<Profile>, Failure> {
    let Some(path) = config_path(common) else { return Ok(None) };
    let shown_path = escape_control(&path.to_string_lossy());
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && common.config.is_none() => return Ok(None),
        Err(error) => {
            let message = format!("cannot read the configuration file {shown_path}: {error}");
            return Err(Failure::new(Exit::NotFound, message));
        }
    };
    warn_of_readers(&path, &shown_path);
    let config: Config = toml::from_str(&text).map_err(|error| {
        // The error has values of the file, which may be keys.
        let line = 1 + error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count());
        let message = format!(
            "{shown_path}:{line}: the configuration file is not valid: a profile is a table [profiles.NAME] with api_key and base_url, which are strings"
        );
        Failure::new(Exit::Usage, message)
    })?;
    let mut profiles = config.profiles;
    Ok(profiles.remove(name))
}

#[cfg(unix)]
fn warn_of_readers(path: &Path, shown: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let is_open = |metadata: fs::Metadata| metadata.permissions().mode() & 0o077 != 0;
    if fs::metadata(path).is_ok_and(is_open) {
        output::note(&format!("warning: other users can read {shown}, which may have a key: chmod 600"));
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path, _: &str) {}
