//! `serve`: the local server.

use twelvelabs_local::LocalServer;

use crate::{
    args::Serve,
    exit::{Exit, Failure, Outcome},
    output,
    signals::Signals,
};

pub(crate) async fn run(arguments: Serve) -> Outcome {
    if !arguments.listen.ip().is_loopback() {
        let message =
            format!("--listen must be a loopback address (got {}): use the program twelvelabs-local", arguments.listen);
        return Err(Failure::new(Exit::Usage, message));
    }
    let mut builder = LocalServer::builder().listen(arguments.listen).speed(arguments.speed).allow_violations();
    if let Some(data) = &arguments.data {
        builder = builder.data(data);
    }
    let cannot = |error| Failure::new(Exit::Usage, format!("cannot start on {}: {error}", arguments.listen));
    let signals = Signals::listen();
    let server = builder.start().await.map_err(cannot)?;
    output::line("Its vectors are NOT those of Marengo: use them for tests only.");
    output::line(&format!("export TWELVELABS_BASE_URL={}", server.base_url()));
    output::line("export TWELVE_LABS_API_KEY=local");
    output::line(&format!("dashboard: {}/", server.dashboard_url()));
    // Without signals, it runs until it is killed.
    match signals {
        Ok(mut signals) => drop(signals.next().await),
        Err(_) => std::future::pending().await,
    }
    let _ = server.finish().await;
    Ok(Exit::Done)
}
