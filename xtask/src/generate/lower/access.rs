//! The base URL and the credential of the generated client.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    document::METHODS,
    pointer::{Pointer, Remark},
    reference::follow,
};

/// How requests are authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Name of the header, in lower case.
    pub header: String,
    /// Precedes the key in the header.
    pub prefix: &'static str,
}

/// The credential of the first security scheme that operations use and that is sent in a header. Other schemes are
/// reported.
pub(super) fn credential(root: &Value, lost: &mut Vec<Remark>) -> Option<Credential> {
    let schemes = root["components"]["securitySchemes"].as_object()?;
    let used: BTreeSet<String> = requirements(root).into_iter().map(|(_, name)| name).collect();
    let place = Pointer::default().at("components").at("securitySchemes");
    let mut chosen: Option<Credential> = None;
    // A document that requires nothing still describes how to authenticate.
    let in_use = |name: &String| used.is_empty() || used.contains(name);
    for (name, scheme) in schemes {
        let here = place.at(name);
        let scheme = follow(root, scheme).unwrap_or(scheme);
        if !in_use(name) {
            lost.push(Remark::new(&here, "no operation uses this scheme"));
            continue;
        }
        match (read(scheme), &chosen) {
            (Some(credential), None) => chosen = Some(credential),
            (Some(credential), Some(earlier)) if credential == *earlier => {}
            (Some(_), Some(_)) => lost.push(Remark::new(&here, "the client authenticates by another scheme")),
            (None, _) => lost.push(Remark::new(&here, "only credentials in a header are generated")),
        }
    }
    chosen
}

fn read(scheme: &Value) -> Option<Credential> {
    let text = |key: &str| scheme[key].as_str().unwrap_or_default();
    let authorization = |prefix| Some(Credential { header: "authorization".into(), prefix });
    match text("type") {
        "apiKey" if text("in") == "header" => {
            let header = text("name").to_ascii_lowercase();
            reqwest::header::HeaderName::from_bytes(header.as_bytes()).ok().map(|_| Credential { header, prefix: "" })
        }
        "http" => match text("scheme").to_ascii_lowercase().as_str() {
            "bearer" => authorization("Bearer "),
            "basic" => authorization("Basic "),
            _ => None,
        },
        // Both end with an access token.
        "oauth2" | "openIdConnect" => authorization("Bearer "),
        _ => None,
    }
}

/// Names of the security schemes that the document or an operation requires, with the places.
fn requirements(root: &Value) -> Vec<(Pointer, String)> {
    let paths = Pointer::default().at("paths");
    let items = root["paths"].as_object().into_iter().flatten();
    let operations = items.flat_map(|(path, item)| {
        let place = paths.at(path);
        METHODS.iter().map(move |method| (place.at(method), &item[*method]))
    });
    let lists = operations.chain([(Pointer::default(), root)]);
    let mut all = Vec::new();
    for (place, list) in lists.map(|(place, holder)| (place.at("security"), &holder["security"])) {
        for (index, alternative) in list.as_array().into_iter().flatten().enumerate() {
            for (name, _) in alternative.as_object().into_iter().flatten() {
                all.push((place.at(index).at(name), name.clone()));
            }
        }
    }
    all
}

/// The places that name security schemes that do not exist.
pub(super) fn undefined_schemes(root: &Value) -> Vec<Remark> {
    let schemes = &root["components"]["securitySchemes"];
    let undefined = requirements(root).into_iter().filter(|(_, name)| schemes.get(name).is_none());
    undefined.map(|(place, _)| Remark::new(&place, "the security scheme does not exist")).collect()
}

/// The URL of the first server, with the defaults of its variables. `None` if it is relative.
pub(super) fn base_url(root: &Value, lost: &mut Vec<Remark>) -> Option<String> {
    let place = Pointer::default().at("servers");
    let url = first_server(&root["servers"], &place, "the base URL", lost)?;
    if !is_absolute(&url) {
        let text = format!("{url:?} is not an absolute URL; the client has no default base URL");
        lost.push(Remark::new(&place.at(0), text));
        return None;
    }
    Some(url.trim_end_matches('/').to_owned())
}

/// The URL of the server of an operation that has servers of its own, or whose path has. An error if it is relative.
pub(super) fn own_server(
    root: &Value,
    item: (&Value, &Pointer),
    operation: (&Value, &Pointer),
    lost: &mut Vec<Remark>,
) -> Result<Option<String>, Remark> {
    let lists = [operation, item].map(|(object, place)| (&object["servers"], place.at("servers")));
    // An empty list is as good as none.
    let Some((servers, place)) = lists.into_iter().find(|(servers, _)| servers.get(0).is_some()) else {
        return Ok(None);
    };
    let Some(url) = first_server(servers, &place, "the URL", lost) else { return Ok(None) };
    if !is_absolute(&url) {
        return Err(Remark::new(&place.at(0), format!("a relative URL is not supported here, and {url:?} is one")));
    }
    let base_url = first_server(&root["servers"], &place, "", &mut Vec::new());
    Ok(Some(url.trim_end_matches('/').to_owned())
        .filter(|url| base_url.is_none_or(|base| base.trim_end_matches('/') != url)))
}

/// The URL of the first of several servers. `what` it is appears in reports.
fn first_server(servers: &Value, place: &Pointer, what: &str, lost: &mut Vec<Remark>) -> Option<String> {
    let servers = servers.as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, _) in servers.iter().enumerate().skip(1) {
        lost.push(Remark::new(&place.at(index), format!("only the first server becomes {what}")));
    }
    let first = servers.first()?;
    let mut url = first["url"].as_str()?.to_owned();
    for (name, variable) in first["variables"].as_object().into_iter().flatten() {
        let default = variable["default"].as_str().unwrap_or_default();
        url = url.replace(&format!("{{{name}}}"), default);
        let place = place.at(0).at("variables").at(name);
        lost.push(Remark::new(&place, format!("{what} has the default {default:?}")));
    }
    Some(url)
}

fn is_absolute(url: &str) -> bool {
    !url.contains('{') && reqwest::Url::parse(url).is_ok()
}
