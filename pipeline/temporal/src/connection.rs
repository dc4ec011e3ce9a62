//! The connection to Temporal.

use std::time::Duration;

use temporalio_client::{Client, ClientOptions, Connection, envconfig::LoadClientConfigProfileOptions};
use tokio::time::sleep;
use url::Url;

use crate::exit::{Exit, Failure};

/// Connects as the environment and `temporal.toml` say: `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`.
/// Waits for a server that cannot be reached as long as `is_patient` returns true.
///
/// # Errors
///
/// [`Exit::Usage`] for a wrong setting, [`Exit::Unreachable`] if the server cannot be reached.
pub async fn connect(
    address: &str,
    namespace: Option<&str>,
    mut is_patient: impl FnMut() -> bool,
) -> Result<Client, Failure> {
    let usage = |error: String| Failure::new(Exit::Usage, error);
    let (mut connection, mut client) = ClientOptions::load_from_config(LoadClientConfigProfileOptions::default())
        .map_err(|error| usage(format!("the settings of Temporal are not valid: {error}")))?;
    let is_secure = connection.tls_options.is_some() || connection.api_key.is_some();
    connection.target =
        parse(address, is_secure).ok_or_else(|| usage(format!("--temporal {address} is no address")))?;
    connection.identity = format!("{}@{}", std::process::id(), host());
    if let Some(namespace) = namespace {
        client.namespace = namespace.to_owned();
    }
    let mut pause = Duration::from_millis(500);
    loop {
        match Connection::connect(connection.clone()).await {
            Ok(connection) => {
                return Client::new(connection, client).map_err(|error| usage(error.to_string()));
            }
            Err(error) if !is_patient() => {
                let message = format!("the Temporal server {} cannot be reached: {error}", connection.target);
                return Err(Failure::new(Exit::Unreachable, message));
            }
            Err(error) => {
                eprintln!("the Temporal server {} cannot be reached yet: {error}", connection.target);
                sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(15));
            }
        }
    }
}

/// `host:port`, or a URL.
fn parse(address: &str, is_secure: bool) -> Option<Url> {
    let with_host = |text: &str| Url::parse(text).ok().filter(|url| url.host().is_some());
    let scheme = if is_secure { "https" } else { "http" };
    with_host(address).or_else(|| with_host(&format!("{scheme}://{address}")))
}

/// The name of this machine, for people.
fn host() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = if name.trim().is_empty() { std::env::var("HOSTNAME").unwrap_or_default() } else { name };
    name.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port_or_is_a_url() {
        let text = |address: &str, is_secure| parse(address, is_secure).map(String::from);
        assert_eq!(text("127.0.0.1:7233", false).as_deref(), Some("http://127.0.0.1:7233/"));
        assert_eq!(text("temporal.example:7233", true).as_deref(), Some("https://temporal.example:7233/"));
        assert_eq!(text("https://temporal.example", false).as_deref(), Some("https://temporal.example/"));
        assert_eq!(text("", false), None);
    }
}
