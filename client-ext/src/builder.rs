//! Settings of a client.

use std::{fmt, time::Duration};

use reqwest::{Url, redirect};
use twelvelabs_api::runtime::Key;

use crate::{Error, ErrorKind, Result, TwelveLabs, client::Inner, transport::CallSettings};

/// Where a key is looked for when none is given; the first one set wins.
const KEY_VARIABLES: [&str; 2] = ["TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY"];
/// Where the base URL is looked for when none is given.
const BASE_URL_VARIABLE: &str = "TWELVELABS_BASE_URL";

/// Settings of a [`TwelveLabs`] client. An argument given here always wins over the environment.
#[must_use = "a builder does nothing until `build()`"]
pub struct TwelveLabsBuilder {
    api_key: Option<String>,
    base_url: Option<String>,
    user_agent: Option<String>,
    http: Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>,
    allow_plain_http: bool,
    connect_timeout: Duration,
    call: CallSettings,
}

impl Default for TwelveLabsBuilder {
    fn default() -> Self {
        Self {
            api_key: None,
            base_url: None,
            user_agent: None,
            http: Box::new(|http| http),
            allow_plain_http: false,
            connect_timeout: Duration::from_secs(10),
            call: CallSettings::default(),
        }
    }
}

impl TwelveLabsBuilder {
    /// The API key. Default: `TWELVE_LABS_API_KEY`, else `TWELVELABS_API_KEY`.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// The base URL, with the version of the API in its path. Default: `TWELVELABS_BASE_URL`, else the platform.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Text put in front of the `User-Agent`, such as `my-app/1.0`.
    pub fn user_agent(mut self, text: impl Into<String>) -> Self {
        self.user_agent = Some(text.into());
        self
    }

    /// Settings of the HTTP client underneath: proxies, certificates, the pool. Redirects, retries, the connect timeout and
    /// the user agent stay what this builder says. A total `timeout` set here would end long uploads.
    pub fn http(
        mut self,
        settings: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + 'static,
    ) -> Self {
        self.http = Box::new(settings);
        self
    }

    /// Lets the key travel over plain `http` to other machines than this one. Default: refused.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// How long to try to connect. Default: 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long the head of an answer may take, from the last byte of the request. Default: 60 s, and 5 min for a
    /// creation, which the platform answers after it has looked at the video.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.call.attempt_timeout = Some(limit);
        self
    }

    /// How long the next block of either body may take. Default: 60 s.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.call.idle_timeout = Some(limit);
        self
    }

    /// How long a call may take with all its attempts and pauses. Default: 15 min, and no limit for a creation, whose
    /// upload may take as long as it makes progress.
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.call.call_timeout = Some(limit);
        self
    }

    /// How often a request that failed harmlessly is sent again: 0 sends it exactly once. Default: 2.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.call.retry.max_retries = retries;
        self
    }

    /// Rules of the caller's own for what is repeated, within `max_retries`: `Some(true)` repeats after an error,
    /// `Some(false)` does not, `None` leaves it to the rules of this crate. A single call can have others.
    pub fn retry_if(mut self, rule: impl Fn(&Error) -> Option<bool> + Send + Sync + 'static) -> Self {
        self.call.rule = Some(std::sync::Arc::new(rule));
        self
    }

    /// How long to pause before a repetition: a random time up to `first`, which doubles with each further one up to `longest`.
    /// A longer pause that the server asks for is kept. Default: 0.5 s and 8 s.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.call.retry.base = first;
        self.call.retry.cap = longest;
        self
    }

    /// The longest pause that a server may ask for; past it the error comes at once, and its
    /// [`retry_after`](Error::retry_after) says when to come back. Default: 60 s; for a wait, its deadline.
    pub fn longest_retry_after(mut self, limit: Duration) -> Self {
        self.call.retry.longest_hint = Some(limit);
        self
    }

    /// How large an answer may be, in bytes. Default: 1 GiB. Four hours of video in clips of two seconds with three
    /// options make about 220 MB.
    pub fn response_limit(mut self, bytes: u64) -> Self {
        self.call.response_limit = bytes;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if there is no key, the key cannot stand in a header field (it is never shown), or the base
    /// URL is not an address that the key may be sent to.
    pub fn build(self) -> Result<TwelveLabs> {
        self.build_in(|name| std::env::var(name).ok())
    }

    fn build_in(self, variable: impl Fn(&str) -> Option<String>) -> Result<TwelveLabs> {
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let (key, from) = match self.api_key {
            Some(key) => (key, "the key given"),
            None => KEY_VARIABLES.iter().find_map(|name| Some((set(name)?, *name))).ok_or_else(|| {
                config(format!("there is no API key: give one, or set {} or {}", KEY_VARIABLES[0], KEY_VARIABLES[1]))
            })?,
        };
        let key = Key::new(key).ok_or_else(|| {
            config(format!(
                "{from} is not an API key: it must be printable ASCII without spaces ({} or {})",
                KEY_VARIABLES[0], KEY_VARIABLES[1]
            ))
        })?;
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
        let mut http = reqwest::Client::builder();
        if base_url.starts_with("http://") {
            // A proxy of the environment would be handed the key in the clear. One that the caller sets is the caller's word.
            http = http.no_proxy();
        }
        let http = (self.http)(http)
            // reqwest would hand the key to any host that a redirect names.
            .redirect(redirect::Policy::none())
            // This crate is the one owner of retries.
            .retry(reqwest::retry::never())
            .connect_timeout(self.connect_timeout)
            .user_agent(user_agent)
            .build()
            .map_err(|error| config("the HTTP client cannot be built").with_source(error))?;
        let api = twelvelabs_api::Client::new_with_client(&base_url, http, key);
        Ok(TwelveLabs::new(Inner { api, settings: self.call }))
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
    let Ok(url) = Url::parse(text) else { return refused("is not an address") };
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return refused("must have no user, query or fragment");
    }
    match url.scheme() {
        "https" => {}
        "http" if allow_plain_http || is_loopback(&url) => {}
        "http" => return refused("would send the key in the clear; use https, or allow_plain_http(true)"),
        _ => return refused("must start with https:// or http://"),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use twelvelabs_api::ClientInfo;

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
    fn an_argument_wins_over_the_environment() {
        let environment = [("TWELVE_LABS_API_KEY", "k"), (BASE_URL_VARIABLE, "http://127.0.0.1:1/v1.3/")];
        let client = build(TwelveLabs::builder(), &environment).expect("built");
        assert_eq!(client.api().baseurl(), "http://127.0.0.1:1/v1.3");
        let builder = TwelveLabs::builder().base_url("https://example.com/v9").api_key("other");
        assert_eq!(build(builder, &environment).expect("built").api().baseurl(), "https://example.com/v9");
        assert_eq!(
            Some(build(TwelveLabs::builder(), &[("TWELVELABS_API_KEY", "k")]).expect("built").api().baseurl()),
            twelvelabs_api::BASE_URL
        );
    }

    #[test]
    fn a_missing_or_unusable_key_names_the_variables_and_is_never_shown() {
        let missing = error(TwelveLabs::builder(), &[("TWELVE_LABS_API_KEY", "")]);
        assert_eq!(missing, "there is no API key: give one, or set TWELVE_LABS_API_KEY or TWELVELABS_API_KEY");
        for bad in ["tlk\nsecret", "tlksecret\n", "tlk sécret", "tlk\0secret", "   "] {
            let text = error(TwelveLabs::builder().api_key(bad), &[]);
            assert!(text.contains("TWELVE_LABS_API_KEY") && !text.contains("tlk"), "{text}");
            let text = error(TwelveLabs::builder(), &[("TWELVELABS_API_KEY", bad)]);
            assert!(text.starts_with("TWELVELABS_API_KEY") && !text.contains("tlk"), "{text}");
        }
        assert!(!format!("{:?}", TwelveLabs::builder().api_key("tlk_secret")).contains("tlk"));
    }

    #[test]
    fn the_key_does_not_travel_in_the_clear() {
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
