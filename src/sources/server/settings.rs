use std::{net::IpAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::sources::Connector;

/// Section `[practice.server]` of the configuration: a database server and who asks it. The password is not here: the ledger
/// keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Name or address of the machine.
    #[serde(default = "this_machine")]
    pub host: String,
    /// The port, where it is not the usual one (3306 for `mysql`, 5432 for `postgres`).
    #[serde(default)]
    pub port: Option<u16>,
    /// The name of the database.
    pub database: String,
    /// The account. One that can only read is enough.
    pub user: String,
    /// Whether the connection is encrypted and the server's certificate verified.
    #[serde(default)]
    pub tls: Tls,
    /// Certificates of the authority that vouches for the server (PEM), instead of those that the operating system trusts.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// A Unix socket instead of host and port: its file for `mysql`, the folder it is in for `postgres`.
    #[serde(default)]
    pub socket: Option<PathBuf>,
}

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Encrypted, and the server proves by its certificate that it is the one named `host`.
    #[default]
    Verify,
    /// In the clear. For this machine alone.
    Off,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            host: this_machine(),
            port: None,
            database: String::new(),
            user: String::new(),
            tls: Tls::default(),
            ca_file: None,
            socket: None,
        }
    }
}

fn this_machine() -> String {
    "localhost".to_owned()
}

impl ServerSettings {
    /// The first setting that cannot be, and what is wrong with it.
    pub fn wrong(&self) -> Option<(&'static str, String)> {
        let blank = |text: &str| text.trim().is_empty() || text.chars().any(char::is_control);
        for (setting, value) in [
            ("practice.server.host", &self.host),
            ("practice.server.database", &self.database),
            ("practice.server.user", &self.user),
        ] {
            if blank(value) {
                return Some((setting, "it is empty".to_owned()));
            }
        }
        if self.port == Some(0) {
            return Some(("practice.server.port", "0 is no port; leave it out for the usual one".to_owned()));
        }
        if self.tls == Tls::Off && self.socket.is_none() && !self.is_this_machine() {
            let what = format!(
                "`off` sends the password and clients' data readable for everybody on the way to `{}`; it is for this machine \
                 alone. Use `verify`, with `ca_file` where the server's certificate is one of your own",
                self.host
            );
            return Some(("practice.server.tls", what));
        }
        if self.ca_file.is_some() && self.tls == Tls::Off {
            return Some(("practice.server.ca_file", "with `tls = \"off\"` nothing is verified".to_owned()));
        }
        None
    }

    /// The host as it is asked for: an address of IPv6 without its brackets.
    pub(in crate::sources) fn address(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }

    fn is_this_machine(&self) -> bool {
        let host = self.address();
        host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The port to ask.
    pub(in crate::sources) fn port_of(&self, connector: Connector) -> u16 {
        self.port.unwrap_or_else(|| connector.usual_port())
    }

    /// Which database it is, for messages.
    pub(in crate::sources) fn place(&self) -> String {
        match (&self.socket, self.port) {
            (Some(socket), _) => format!("{} at {}", self.database, socket.display()),
            (None, Some(port)) => format!("{} on {}:{port}", self.database, self.host),
            (None, None) => format!("{} on {}", self.database, self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str, tls: Tls) -> ServerSettings {
        let (host, database, user) = (host.to_owned(), "practice".to_owned(), "reader".to_owned());
        ServerSettings { host, database, user, tls, ..ServerSettings::default() }
    }

    #[test]
    fn a_connection_in_the_clear_stays_on_this_machine() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.3.2.1", "::1", "[::1]"] {
            assert_eq!(settings(host, Tls::Off).wrong(), None, "{host}");
        }
        for host in ["db.kanzlei.example", "192.168.1.4", "localhost.example", "127.0.0.1.example"] {
            assert!(
                settings(host, Tls::Off).wrong().is_some_and(|(setting, _)| setting == "practice.server.tls"),
                "{host}"
            );
            assert_eq!(settings(host, Tls::Verify).wrong(), None, "{host}");
        }
        let by_socket = ServerSettings { socket: Some("/run/db".into()), ..settings("db.kanzlei.example", Tls::Off) };
        assert_eq!(by_socket.wrong(), None);
    }

    #[test]
    fn an_address_is_asked_for_without_brackets() {
        for (host, address) in [("[::1]", "::1"), ("::1", "::1"), ("db.kanzlei.example", "db.kanzlei.example")] {
            assert_eq!(settings(host, Tls::Verify).address(), address);
        }
    }

    #[test]
    fn what_is_empty_is_refused() {
        assert!(settings(" ", Tls::Verify).wrong().is_some());
        assert!(ServerSettings { user: String::new(), ..settings("db", Tls::Verify) }.wrong().is_some());
        assert!(ServerSettings { port: Some(0), ..settings("db", Tls::Verify) }.wrong().is_some());
    }
}
