//! Settings of a client.

mod http;

use std::fmt;

use reqwest::{Url, redirect};
use twelvelabs_api::runtime::Key;

use self::http::HttpSettings;
use crate::{
    client::TwelveLabs,
    core::{
        Core,
        credentials::is_loopback,
        options::{CallOptions, RequestOptions},
    },
    error::{Error, ErrorKind, Result},
};

/// The environment variables of the API key; the first one that is set wins.
const KEY_VARIABLES: [&str; 2] = ["TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY"];
/// The environment variable of the base URL.
const BASE_URL_VARIABLE: &str = "TWELVELABS_BASE_URL";

/// Settings of a [`TwelveLabs`] client. A setting made here overrides the environment.
///
/// Retries, time limits and the size limit are in the trait [`RequestOptions`]; made here, they are the defaults of all calls.
///
/// ```no_run
/// use std::time::Duration;
/// use twelvelabs::{RequestOptions, TwelveLabs};
///
/// # fn run() -> twelvelabs::Result<()> {
/// let client = TwelveLabs::builder()
///     .user_agent("my-app/1.0")
///     .with_connect_timeout(Duration::from_secs(3))
///     .with_max_retries(4)
///     .build()?;
/// # let _ = client; Ok(()) }
/// ```
#[derive(Default)]
#[must_use = "a builder does nothing until `build()`"]
pub struct TwelveLabsBuilder {
    api_key: Option<String>,
    base_url: Option<String>,
    user_agent: Option<String>,
    http: HttpSettings,
    allow_plain_http: bool,
    call: CallOptions,
}

impl TwelveLabsBuilder {
    /// The API key. Default: `TWELVE_LABS_API_KEY`, or `TWELVELABS_API_KEY`.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// The base URL, with the version of the API in its path. Default: `TWELVELABS_BASE_URL`, or the public API.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Text in front of the `User-Agent`, such as `my-app/1.0`. One line of ASCII.
    pub fn user_agent(mut self, text: impl Into<String>) -> Self {
        self.user_agent = Some(text.into());
        self
    }

    /// Allows sending the key over HTTP to non-loopback hosts. Default: false.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if the key is missing or cannot be a header value (it is never shown), if the base URL is invalid or plain
    /// HTTP to a non-loopback host, or if a proxy or a certificate is invalid.
    pub fn build(self) -> Result<TwelveLabs> {
        self.build_in(|name| std::env::var(name).ok())
    }

    fn build_in(self, variable: impl Fn(&str) -> Option<String>) -> Result<TwelveLabs> {
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let (key, from) = match self.api_key {
            Some(key) => (key, "the API key of the builder"),
            None => KEY_VARIABLES.iter().find_map(|name| Some((set(name)?, *name))).ok_or_else(|| {
                config(format!("missing API key: set {} or {}, or call api_key()", KEY_VARIABLES[0], KEY_VARIABLES[1]))
            })?,
        };
        let key = Key::new(key)
            .ok_or_else(|| config(format!("{from} is not an API key: it must be printable ASCII without spaces")))?;
        let base_url =
            self.base_url.or_else(|| set(&BASE_URL_VARIABLE)).or_else(|| twelvelabs_api::BASE_URL.map(str::to_owned));
        let base_url = checked_base_url(&base_url.unwrap_or_default(), self.allow_plain_http)?;
        if let Some(text) = &self.user_agent
            && reqwest::header::HeaderValue::from_str(text).is_err()
        {
            return Err(config("the user agent must be one line of ASCII"));
        }
        let own = concat!("twelvelabs-rust/", env!("CARGO_PKG_VERSION"));
        let user_agent = match self.user_agent {
            Some(text) => format!("{text} {own}"),
            None => own.to_owned(),
        };
        let new_http = |pooled: bool| {
            let mut http = reqwest::Client::builder();
            if base_url.starts_with("http://") {
                // A proxy of the environment would get the key in plain text. A proxy of the builder is the caller's decision.
                http = http.no_proxy();
            }
            let mut http = self.http.apply(http)?;
            if !pooled {
                http = http.pool_max_idle_per_host(0);
            }
            // reqwest would send the key to any host that a redirect names.
            http.redirect(redirect::Policy::none())
                // This crate is the only owner of retries.
                .retry(reqwest::retry::never())
                .user_agent(&user_agent)
                .build()
                .map_err(|error| config("the HTTP client cannot be built").with_source(error))
        };
        let api = twelvelabs_api::Client::new_with_client(&base_url, new_http(true)?, key.clone());
        let unpooled = twelvelabs_api::Client::new_with_client(&base_url, new_http(false)?, key);
        Ok(TwelveLabs::new(Core::new(api, unpooled, self.call, self.allow_plain_http)))
    }
}

impl RequestOptions for TwelveLabsBuilder {
    fn options_mut(&mut self) -> &mut CallOptions {
        &mut self.call
    }
}

impl fmt::Debug for TwelveLabsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwelveLabsBuilder").field("call", &self.call).finish_non_exhaustive()
    }
}

fn config(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

fn checked_base_url(text: &str, allow_plain_http: bool) -> Result<String> {
    let refused = |rule: &str| Err(config(format!("the base URL {rule} ({BASE_URL_VARIABLE})")));
    let Ok(url) = Url::parse(text) else { return refused("is not a URL") };
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return refused("must have no user, query or fragment");
    }
    match url.scheme() {
        "https" => {}
        "http" if allow_plain_http || is_loopback(&url) => {}
        "http" => return refused("would send the key in plain text: use https, or allow_plain_http(true)"),
        _ => return refused("must start with https:// or http://"),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(builder: TwelveLabsBuilder, variables: &[(&str, &str)]) -> Result<TwelveLabs> {
        builder.build_in(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    fn error(builder: TwelveLabsBuilder, variables: &[(&str, &str)]) -> String {
        let error = build(builder, variables).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Config);
        format!("{error}")
    }

    #[test]
    fn the_builder_overrides_the_environment() {
        let environment = [("TWELVE_LABS_API_KEY", "k"), (BASE_URL_VARIABLE, "http://127.0.0.1:1/v1.3/")];
        let client = build(TwelveLabs::builder(), &environment).expect("built");
        assert_eq!(client.core().base_url(), "http://127.0.0.1:1/v1.3");
        let builder = TwelveLabs::builder().base_url("https://example.com/v9").api_key("other");
        assert_eq!(build(builder, &environment).expect("built").core().base_url(), "https://example.com/v9");
        assert_eq!(
            Some(build(TwelveLabs::builder(), &[("TWELVELABS_API_KEY", "k")]).expect("built").core().base_url()),
            twelvelabs_api::BASE_URL
        );
    }

    #[test]
    fn a_missing_or_invalid_key_is_an_error_that_never_shows_it() {
        let missing = error(TwelveLabs::builder(), &[("TWELVE_LABS_API_KEY", "")]);
        assert_eq!(missing, "missing API key: set TWELVE_LABS_API_KEY or TWELVELABS_API_KEY, or call api_key()");
        for bad in ["tlk\nsecret", "tlksecret\n", "tlk sécret", "tlk\0secret", "   "] {
            let text = error(TwelveLabs::builder().api_key(bad), &[]);
            assert!(text.starts_with("the API key of the builder") && !text.contains("tlk"), "{text}");
            let text = error(TwelveLabs::builder(), &[("TWELVELABS_API_KEY", bad)]);
            assert!(text.starts_with("TWELVELABS_API_KEY") && !text.contains("tlk"), "{text}");
        }
        assert!(!format!("{:?}", TwelveLabs::builder().api_key("tlk_secret")).contains("tlk"));
    }

    #[test]
    fn the_key_is_not_sent_in_plain_text() {
        let build = |url: &str, allow| checked_base_url(url, allow).is_ok();
        assert!(
            build("http://localhost:1", false) && build("http://127.0.0.9", false) && build("http://[::1]:8/v", false)
        );
        assert!(build("http://example.com", true) && build("https://example.com", false));
        for bad in [
            "http://example.com",
            "http://127.0.0.1.example.com",
            "ftp://localhost",
            "https://u:p@h",
            "https://h?q=1",
            "h",
            "",
        ] {
            assert!(!build(bad, false), "{bad} was accepted");
        }
    }
}
