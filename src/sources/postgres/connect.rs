use secrecy::ExposeSecret;
use tokio_postgres::{Client, Config, Error, NoTls, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    ports::Failure,
    sources::{
        Connector, ServerSettings, Settings, Tls,
        server::{self, Cause, Pass, Waiter, authorities, client_config},
    },
};

/// What the driver says about a server that offers no encryption.
const NO_TLS: &str = "server does not support TLS";

/// Connects, signs in, and begins a read-only transaction on one state of the database.
pub(super) async fn begin(
    settings: &Settings,
    pass: &Pass,
    waiter: &Waiter,
) -> Result<(Client, AbortOnDropHandle<()>), Failure> {
    let failed = |error| trouble(waiter, error);
    let server = settings.server.clone().unwrap_or_default();
    let mut config = config(&server, pass);
    let (client, driver) = if server.tls == Tls::Verify && server.socket.is_none() {
        let tls = MakeRustlsConnect::new(client_config(authorities(server.ca_file.as_deref())?)?);
        let (client, connection) = config.ssl_mode(SslMode::Require).connect(tls).await.map_err(failed)?;
        // What the connection has to say, it says to whoever asks next.
        (client, tokio::spawn(async move { drop(connection.await) }))
    } else {
        let (client, connection) = config.ssl_mode(SslMode::Disable).connect(NoTls).await.map_err(failed)?;
        (client, tokio::spawn(async move { drop(connection.await) }))
    };
    let millis = u64::from(settings.time_out_seconds) * 1000;
    let beginning = format!(
        "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET bytea_output = 'hex'; \
         SET lc_monetary = 'C'; SET lock_timeout = '10s'; SET statement_timeout = {millis}; \
         SET idle_in_transaction_session_timeout = {millis}; SET default_transaction_read_only = on; \
         BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    );
    client.batch_execute(&beginning).await.map_err(failed)?;
    Ok((client, AbortOnDropHandle::new(driver)))
}

fn config(server: &ServerSettings, pass: &Pass) -> Config {
    let mut config = Config::new();
    config.user(&server.user).dbname(&server.database).application_name("pocketdocket");
    config.port(server.port_of(Connector::Postgres));
    match &server.socket {
        Some(folder) => config.host(folder.to_string_lossy()),
        None => config.host(server.address()),
    };
    if let Some(password) = &pass.password {
        config.password(password.expose_secret());
    }
    config
}

/// What an error of the driver means. What the server quotes from rows is left out.
pub(super) fn trouble(waiter: &Waiter, error: Error) -> Failure {
    let Some(said) = error.as_db_error() else {
        let no_tls = std::error::Error::source(&error).is_some_and(|source| source.to_string() == NO_TLS);
        return server::trouble(waiter.place(), if no_tls { Cause::NoTls } else { Cause::Connection }, error);
    };
    let code = said.code().code().to_owned();
    let cause = match code.as_str() {
        // statement_timeout and idle_in_transaction_session_timeout.
        "57014" | "25P03" => return waiter.stopped_by_server(),
        "42501" => Cause::Right,
        "3D000" => Cause::NoDatabase,
        "25006" => Cause::Statement,
        _ => match code.get(..2) {
            Some("28") => Cause::SignIn,
            Some("42") => Cause::Statement,
            Some("53" | "55" | "57") => Cause::Busy,
            _ => Cause::Other,
        },
    };
    // Messages about values quote them; those that nobody knows beforehand may.
    if cause == Cause::Other {
        return server::unquoted(waiter.place(), &format!("SQLSTATE {code}"));
    }
    server::trouble(waiter.place(), cause, format!("{} (SQLSTATE {code})", said.message()))
}
