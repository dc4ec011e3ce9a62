//! Settings of a client.

mod http;

use std::{ffi::OsString, fmt, marker::PhantomData};

use reqwest::{Url, redirect};
use twelvelabs_api::runtime::Key;

use self::http::HttpSettings;
use crate::{
    client::TwelveLabs,
    core::{
        Core,
        connection::NoteConnection,
        credentials::is_loopback,
        mode::Async,
        options::{CallOptions, RequestOptions},
    },
    error::{Error, ErrorKind, Result, url_rule},
};

/// The environment variables of the API key; the first one that is set wins.
const KEY_VARIABLES: [&str; 2] = ["TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY"];
/// The environment variables of proxies, which the HTTP client reads.
const PROXY_VARIABLES: [&str; 8] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];
/// The environment variable of the base URL.
const BASE_URL_VARIABLE: &str = "TWELVELABS_BASE_URL";

/// Settings of a [`TwelveLabs`] client. A setting made here overrides the environment.
///
/// Retries, time limits and the size limit are in the trait [`RequestOptions`]. Set on the builder, they are the
/// defaults of all calls.
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
#[must_use = "a builder does nothing until `build()`"]
pub struct TwelveLabsBuilder<M = Async> {
    api_key: Option<String>,
    base_url: Option<String>,
    user_agent: Option<String>,
    http: HttpSettings,
    allow_plain_http: bool,
    call: CallOptions,
    mode: PhantomData<M>,
}

/// The builder of the async client.
impl Default for TwelveLabsBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> TwelveLabsBuilder<M> {
    /// The defaults.
    pub(crate) fn new() -> Self {
        Self {
            api_key: None,
            base_url: None,
            user_agent: None,
            http: HttpSettings::default(),
            allow_plain_http: false,
            call: CallOptions::default(),
            mode: PhantomData,
        }
    }

    /// The API key. Default: `TWELVE_LABS_API_KEY`, or `TWELVELABS_API_KEY`.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// The base URL, with the version of the API in its path. Default: `TWELVELABS_BASE_URL`, or
    /// `https://api.twelvelabs.io/v1.3`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Text that is sent in `User-Agent` before the name of this crate, such as `my-app/1.0`. One line of ASCII.
    /// Default: none.
    pub fn user_agent(mut self, text: impl Into<String>) -> Self {
        self.user_agent = Some(text.into());
        self
    }

    /// Allows sending the key over HTTP to non-loopback hosts. Default: false.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }
}

impl TwelveLabsBuilder {
    /// Builds the client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if the key is missing or cannot be a header value (it is never shown), if the base URL is
    /// invalid or plain HTTP to a non-loopback host, if a proxy or a certificate is invalid, or if an environment
    /// variable that would be used is not UTF-8.
    pub fn build(self) -> Result<TwelveLabs> {
        self.build_async()
    }
}

impl<M> TwelveLabsBuilder<M> {
    /// Builds the async client, with the environment of the process.
    pub(crate) fn build_async(self) -> Result<TwelveLabs> {
        self.build_in(|name| std::env::var_os(name))
    }

    fn build_in(self, variable: impl Fn(&str) -> Option<OsString>) -> Result<TwelveLabs> {
        let set = |name: &'static str| match variable(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
            // The value may be a key, so the error does not show it.
            Some(Err(_)) => Err(config(format!("the environment variable {name} is not UTF-8"))),
        };
        let (key, from) = match self.api_key {
            Some(key) => (key, "the API key of the builder"),
            None => {
                let mut found = None;
                for name in KEY_VARIABLES {
                    if found.is_none() {
                        found = set(name)?.map(|value| (value, name));
                    }
                }
                found.ok_or_else(|| {
                    let [first, second] = KEY_VARIABLES;
                    config(format!("missing API key: set {first} or {second}, or call api_key()"))
                })?
            }
        };
        let key = Key::new(key)
            .ok_or_else(|| config(format!("{from} is not an API key: it must be printable ASCII without spaces")))?;
        let (base_url, from) = match self.base_url {
            Some(url) => (url, "base_url()"),
            None => match set(BASE_URL_VARIABLE)? {
                Some(url) => (url, BASE_URL_VARIABLE),
                None => (twelvelabs_api::BASE_URL.unwrap_or_default().to_owned(), "the OpenAPI document"),
            },
        };
        let base_url = checked_base_url(&base_url, from, self.allow_plain_http)?;
        if self.http.uses_environment() && !base_url.starts_with("http://") {
            for name in PROXY_VARIABLES {
                set(name)?;
            }
        }
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
                // A proxy of the environment would get the key in plain text. A proxy of the builder is the caller's
                // decision.
                http = http.no_proxy();
            }
            let mut http = self.http.apply(http)?;
            if !pooled {
                http = http.pool_max_idle_per_host(0).connector_layer(NoteConnection);
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
        let connect_timeout = self.http.connect_timeout();
        Ok(TwelveLabs::new(Core::new(api, unpooled, self.call, connect_timeout, self.allow_plain_http)))
    }
}

impl<M> RequestOptions for TwelveLabsBuilder<M> {
    fn options_mut(&mut self) -> &mut CallOptions {
        &mut self.call
    }
}

impl<M> fmt::Debug for TwelveLabsBuilder<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwelveLabsBuilder").field("call", &self.call).finish_non_exhaustive()
    }
}

fn config(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

/// Checks a base URL. `from` names its origin, for errors.
fn checked_base_url(text: &str, from: &str, allow_plain_http: bool) -> Result<String> {
    // What follows a user could be a password; everything else is no secret.
    let shown = text.rsplit('@').next().unwrap_or_default();
    let shown = shown.split(['?', '#']).next().unwrap_or_default();
    let refused = |rule: &str| Err(config(format!("the base URL {rule} (got {shown:?} from {from})")));
    if let Some(rule) = url_rule(text) {
        return refused(rule);
    }
    // Parsers read `https:///v1`, in which a variable for the host was empty, as `https://v1`.
    let has_host = text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'));
    let Some(url) = Url::parse(text).ok().filter(|_| has_host) else {
        return refused("must be an absolute URL, such as https://example.com/v1");
    };
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
        builder.build_in(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into()))
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
    fn the_options_of_the_builder_are_the_defaults_of_all_calls() {
        let client = build(TwelveLabs::builder().api_key("k").with_max_retries(7), &[]).expect("built");
        assert_eq!(client.core().options().retry.max_retries, 7);
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
        let build = |url: &str, allow| checked_base_url(url, "base_url()", allow).is_ok();
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
            "https://example.com\\v1",
            "https://exam\tple.com",
            "https://example.com/v1\n",
            " https://example.com",
            "https://example.com/a b",
            "https://example.com/\u{a0}",
            "https:///v1.3",
            "https:/example.com",
            "https:example.com",
        ] {
            assert!(!build(bad, false), "{bad} was accepted");
        }
    }

    #[test]
    fn a_wrong_base_url_is_shown_with_its_origin_but_without_a_password() {
        let builder = || TwelveLabs::builder().api_key("k");
        let text = error(builder().base_url("https//example.com"), &[]);
        assert!(text.ends_with(r#"(got "https//example.com" from base_url())"#), "{text}");
        let text = error(builder(), &[(BASE_URL_VARIABLE, "ftp://example.com")]);
        assert!(text.ends_with(r#"(got "ftp://example.com" from TWELVELABS_BASE_URL)"#), "{text}");
        let text = error(builder().base_url("https://user:SECRET@example.com/v1?q=SECRET"), &[]);
        assert!(text.contains("example.com/v1") && !text.contains("SECRET"), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_utf8_is_an_error_that_names_it() {
        use std::os::unix::ffi::OsStringExt as _;
        let build = |builder: TwelveLabsBuilder, odd: &str| {
            builder.build_in(|name| match name {
                name if name == odd => Some(OsString::from_vec(b"SECRET\xff".to_vec())),
                "TWELVELABS_API_KEY" => Some("k".into()),
                _ => None,
            })
        };
        for name in ["TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY", BASE_URL_VARIABLE, "HTTPS_PROXY", "no_proxy"] {
            let error = build(TwelveLabs::builder(), name).expect_err(name);
            assert_eq!(error.to_string(), format!("the environment variable {name} is not UTF-8"));
        }
        // Variables that are not used do not matter.
        let own = || TwelveLabs::builder().api_key("k").base_url("https://example.com");
        for name in ["TWELVE_LABS_API_KEY", BASE_URL_VARIABLE] {
            assert!(build(own(), name).is_ok(), "{name}");
        }
        assert!(build(own().no_proxy(), "HTTPS_PROXY").is_ok());
        assert!(build(own().proxy("http://127.0.0.1:9"), "HTTPS_PROXY").is_ok());
    }
}
