use std::time::Duration;

use mysql_async::{Conn, DriverError, Error, IoError, OptsBuilder, SslOpts, prelude::Queryable};
use secrecy::ExposeSecret;

use crate::{
    ports::Failure,
    sources::{
        Connector, ServerSettings, Settings, Tls,
        server::{self, Cause, Pass, Waiter, authorities},
    },
};

/// How long a connection may be silent before the other end is asked whether it is there.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// Connects, signs in, and begins a read-only transaction on one state of the database.
pub(super) async fn begin(settings: &Settings, pass: &Pass, waiter: &Waiter) -> Result<Conn, Failure> {
    let failed = |error| trouble(waiter, error);
    let server = settings.server.clone().unwrap_or_default();
    let mut connection = Conn::new(options(&server, pass)?).await.map_err(failed)?;
    let version: Option<String> = connection.query_first("SELECT VERSION()").await.map_err(failed)?;
    let seconds = settings.time_out_seconds;
    let limit = if version.is_some_and(|version| version.contains("MariaDB")) {
        format!("SET SESSION max_statement_time = {seconds}, idle_transaction_timeout = {seconds}")
    } else {
        format!("SET SESSION max_execution_time = {}", u64::from(seconds) * 1000)
    };
    let beginning = [
        "SET NAMES utf8mb4",
        // Dates as they are: zero dates are values here, not errors; and quotes mean what they mean by default.
        "SET SESSION sql_mode = '', time_zone = '+00:00', group_concat_max_len = 1048576, lock_wait_timeout = 10",
        &format!("SET SESSION net_write_timeout = {}", seconds.max(60)),
        &limit,
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SET SESSION TRANSACTION READ ONLY",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ];
    for statement in beginning {
        connection.query_drop(statement).await.map_err(failed)?;
    }
    Ok(connection)
}

/// How to connect. The roots that come with the library are never believed.
fn options(server: &ServerSettings, pass: &Pass) -> Result<OptsBuilder, Failure> {
    let mut options = OptsBuilder::default()
        .user(Some(server.user.clone()))
        .pass(pass.password.as_ref().map(|password| password.expose_secret().to_owned()))
        .db_name(Some(server.database.clone()))
        .prefer_socket(false)
        .ip_or_hostname(server.address().to_owned())
        // A connection whose other end vanished without a word ends some time.
        .tcp_keepalive(Some(KEEPALIVE))
        .tcp_port(server.port_of(Connector::Mysql));
    if let Some(socket) = &server.socket {
        options = options.socket(Some(socket.to_string_lossy()));
    } else if server.tls == Tls::Verify {
        let believed = authorities(server.ca_file.as_deref())?;
        let believed = believed.iter().map(|certificate| certificate.to_vec().into()).collect();
        options = options.ssl_opts(SslOpts::default().with_disable_built_in_roots(true).with_root_certs(believed));
    }
    Ok(options)
}

/// What an error of the driver means. What the server quotes from rows is left out.
pub(super) fn trouble(waiter: &Waiter, error: Error) -> Failure {
    // What wraps an error only says it once more.
    let said = match error {
        Error::Server(said) => said,
        Error::Io(IoError::Io(error)) => return server::trouble(waiter.place(), Cause::Connection, error),
        Error::Io(error @ IoError::Tls(_)) => return server::trouble(waiter.place(), Cause::Connection, error),
        Error::Driver(error @ DriverError::NoClientSslFlagFromServer) => {
            return server::trouble(waiter.place(), Cause::NoTls, error);
        }
        Error::Driver(error) => return server::trouble(waiter.place(), Cause::Connection, error),
        error => return server::trouble(waiter.place(), Cause::Other, error),
    };
    let cause = match said.code {
        // max_statement_time and max_execution_time; a connection that idled in its transaction ends the same way.
        1969 | 3024 => return waiter.stopped_by_server(),
        1045 | 1698 | 1862 | 3118 | 4151 => Cause::SignIn,
        1142 | 1143 | 1227 | 1370 | 1130 => Cause::Right,
        1044 | 1049 => Cause::NoDatabase,
        1040 | 1053 | 1129 | 1203 | 1205 | 1226 => Cause::Busy,
        1054 | 1060 | 1064 | 1146 | 1305 | 1052 | 1222 | 1248 => Cause::Statement,
        _ => Cause::Other,
    };
    // Classes 22 and 23 of SQLSTATE are about values, and quote them.
    if said.state.starts_with("22") || said.state.starts_with("23") || cause == Cause::Other {
        return server::unquoted(waiter.place(), &format!("error {}, SQLSTATE {}", said.code, said.state));
    }
    let reserved = said.code == 1064 && said.message.to_ascii_lowercase().contains("near 'key");
    let failure = server::trouble(waiter.place(), cause, said);
    if reserved {
        failure.hint("`key` is a reserved word there: in the mapping write it in backticks, as in SELECT id AS `key`")
    } else {
        failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ports::FailureKind,
        sources::{SourceZone, server::Watch},
    };
    use mysql_async::ServerError;
    use secrecy::SecretString;

    #[tokio::test]
    async fn a_server_without_encryption_is_told_from_one_that_is_away() {
        let settings = Settings::on_server("sample", ServerSettings::default(), SourceZone::utc());
        let (sender, _listener) = tokio::sync::mpsc::channel::<()>(1);
        let waiter = Watch::begin(&settings, sender).waiter();
        let failure = trouble(&waiter, Error::Driver(DriverError::NoClientSslFlagFromServer));
        assert_eq!(failure.kind, FailureKind::Setting);
        assert!(failure.hint.as_ref().is_some_and(|hint| hint.contains("`tls = \"off\"`")), "{failure:?}");
        let away = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let failure = trouble(&waiter, Error::Io(IoError::Io(away)));
        assert_eq!(failure.kind, FailureKind::Source);
        assert_eq!(failure.chain().matches("refused").count(), 1, "{}", failure.chain());
        let said = ServerError { code: 1105, state: "HY000".to_owned(), message: "of `Müller`".to_owned() };
        let failure = trouble(&waiter, Error::Server(said));
        assert!(failure.chain().contains("1105") && !failure.chain().contains("Müller"), "{}", failure.chain());
    }

    #[test]
    fn roots_that_came_with_the_library_are_never_believed() {
        let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/src/exchange/transport/tests/authority.pem");
        let server = ServerSettings {
            host: "db.kanzlei.example".to_owned(),
            ca_file: Some(authority.into()),
            ..ServerSettings::default()
        };
        let pass = Pass { password: Some(SecretString::from("x")) };
        let options = mysql_async::Opts::from(options(&server, &pass).unwrap());
        let tls = options.ssl_opts().expect("TLS is on");
        assert!(tls.disable_built_in_roots() && !tls.accept_invalid_certs() && !tls.skip_domain_validation());
        assert_eq!(tls.root_certs().len(), 1);
        assert!(!options.prefer_socket());
    }
}
