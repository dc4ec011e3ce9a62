//! Servers and security.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One way to authenticate: security schemes by name, with the scopes that are needed. Empty: no authentication.
pub type Requirement = BTreeMap<String, BTreeSet<String>>;

/// The URLs at which the API is available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servers {
    /// The first server, with the defaults of its variables.
    pub first: String,
    /// All servers, with every listed value of their variables.
    pub all: BTreeSet<String>,
}

impl Default for Servers {
    fn default() -> Self {
        // The specification's default.
        Self { first: "/".into(), all: BTreeSet::from(["/".into()]) }
    }
}

/// More combinations of variables are left as a template.
const MOST_COMBINATIONS: usize = 100;

/// Reads a list of servers. `None` if there is none.
pub(super) fn servers(list: &Value) -> Option<Servers> {
    let list = list.as_array().filter(|list| !list.is_empty())?;
    let first = url(&list[0], |variable| variable["default"].as_str().map(str::to_owned));
    Some(Servers { first, all: list.iter().flat_map(urls).collect() })
}

/// The URL of a server with each variable replaced, or left as it is.
fn url(server: &Value, value: impl Fn(&Value) -> Option<String>) -> String {
    let mut url = server["url"].as_str().unwrap_or_default().to_owned();
    for (name, variable) in server["variables"].as_object().into_iter().flatten() {
        if let Some(value) = value(variable) {
            url = url.replace(&format!("{{{name}}}"), &value);
        }
    }
    match url.trim_end_matches('/') {
        "" => "/".into(),
        url => url.into(),
    }
}

/// The URLs of a server for every combination of the values of its variables.
fn urls(server: &Value) -> Vec<String> {
    let mut all = vec![url(server, |variable| match variable["enum"] {
        // Any value; the default is that of the first server.
        Value::Null => variable["default"].is_string().then(|| "{any}".to_owned()),
        _ => None,
    })];
    for (name, variable) in server["variables"].as_object().into_iter().flatten() {
        let values: Vec<&str> = variable["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if !values.is_empty() && all.len() * values.len() <= MOST_COMBINATIONS {
            let place = format!("{{{name}}}");
            all = all.iter().flat_map(|url| values.iter().map(|value| url.replace(&place, value))).collect();
        }
    }
    all
}

/// Reads a list of alternative requirements. `None` if there is none.
pub(super) fn security(list: &Value) -> Option<BTreeSet<Requirement>> {
    let alternatives: BTreeSet<Requirement> = list
        .as_array()?
        .iter()
        .map(|alternative| {
            let schemes = alternative.as_object().into_iter().flatten();
            let scopes = |scopes: &Value| {
                scopes.as_array().into_iter().flatten().filter_map(|scope| scope.as_str().map(str::to_owned)).collect()
            };
            schemes.map(|(name, needed)| (name.clone(), scopes(needed))).collect()
        })
        .collect();
    // An empty list is the same as no authentication.
    Some(if alternatives.is_empty() { BTreeSet::from([Requirement::new()]) } else { alternatives })
}

/// What a security scheme sends.
pub(super) fn scheme(scheme: &Value) -> String {
    let text = |key: &str| scheme[key].as_str().unwrap_or_default();
    match text("type") {
        "apiKey" if text("in") == "header" => format!("API key in header {}", text("name").to_ascii_lowercase()),
        "apiKey" => format!("API key in {} {}", text("in"), text("name")),
        "http" => format!("HTTP {}", text("scheme").to_ascii_lowercase()),
        "oauth2" => {
            let flows = scheme["flows"].as_object().into_iter().flatten();
            let flows = flows.map(|(name, flow)| {
                let urls = ["authorizationUrl", "tokenUrl", "refreshUrl"].iter().filter_map(|key| flow[*key].as_str());
                format!(" {name} {}", urls.collect::<Vec<_>>().join(" "))
            });
            format!("OAuth 2{}", flows.collect::<BTreeSet<_>>().into_iter().collect::<String>())
        }
        "openIdConnect" => format!("OpenID Connect {}", text("openIdConnectUrl")),
        other => other.to_owned(),
    }
}
