use std::{net::IpAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::sources::Connector;

/// Section `[practice.server]` of the configuration: a database server and who asks it. The password is not here: the ledger
/// keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Name or address of the machine; for `sqlserver` with the instance behind a backslash where it has a name of its own.
    #[serde(default = "this_machine")]
    pub host: String,
    /// The port, where it is not the usual one (3306 for `mysql`, 5432 for `postgres`, 1433 for `sqlserver`).
    #[serde(default)]
    pub port: Option<u16>,
    /// The name of the database.
    pub database: String,
    /// The account. One that can only read is enough. Left out where Windows signs in.
    #[serde(default)]
    pub user: String,
    /// Who signs in (`sqlserver` alone).
    #[serde(default)]
    pub sign_in: SignIn,
    /// Whether the connection is encrypted and the server's certificate verified.
    #[serde(default)]
    pub tls: Tls,
    /// Certificates of the authority that vouches for the server (PEM), instead of those that the operating system trusts.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// SHA-256 of the server's certificate, which is then the only one believed (`sqlserver` alone).
    #[serde(default)]
    pub fingerprint: Option<String>,
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

/// Who signs in to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignIn {
    /// `user`, with the kept password.
    #[default]
    Password,
    /// The Windows account that this program runs as.
    Windows,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            host: this_machine(),
            port: None,
            database: String::new(),
            user: String::new(),
            sign_in: SignIn::default(),
            tls: Tls::default(),
            ca_file: None,
            fingerprint: None,
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
            if blank(value) && !(self.sign_in == SignIn::Windows && setting == "practice.server.user") {
                return Some((setting, "it is missing or empty".to_owned()));
            }
        }
        if let Some(what) = self.wrong_host() {
            return Some(("practice.server.host", what));
        }
        if self.sign_in == SignIn::Windows && !self.user.is_empty() {
            let what =
                "with `sign_in = \"windows\"` the account is the one that this program runs as; leave `user` out";
            return Some(("practice.server.user", what.to_owned()));
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
        self.wrong_instance().or_else(|| self.wrong_fingerprint())
    }

    /// What is a name of a server in the tools of Microsoft and none of a machine.
    fn wrong_host(&self) -> Option<String> {
        if let Some((machine, port)) = self.host.split_once(',') {
            return Some(format!(
                "`{}` names a port as well: write `{machine}` alone, and {port} as `port`",
                self.host
            ));
        }
        if let Some((protocol @ ("tcp" | "np" | "lpc" | "admin"), machine)) = self.host.split_once(':') {
            return Some(format!("leave out `{protocol}:` before `{machine}`: TCP is spoken anyway"));
        }
        self.address().is_empty().then(|| format!("`{}` names no machine", self.host))
    }

    fn wrong_instance(&self) -> Option<(&'static str, String)> {
        let instance = self.instance()?;
        let fits = |letter: char| letter.is_alphanumeric() || "_$#-".contains(letter);
        if instance.is_empty() || instance.len() > 32 || !instance.chars().all(fits) {
            return Some(("practice.server.host", format!("`{instance}` is no name of an instance")));
        }
        let what = "an instance is found by its name or by its port: leave out one of them";
        self.port.map(|_| ("practice.server.port", what.to_owned()))
    }

    fn wrong_fingerprint(&self) -> Option<(&'static str, String)> {
        let text = self.fingerprint.as_ref()?;
        let what = if self.pinned().is_none() {
            format!("`{text}` is no SHA-256 fingerprint: that is 64 hexadecimal digits, with or without colons")
        } else if self.tls == Tls::Off {
            "with `tls = \"off\"` nothing is verified".to_owned()
        } else {
            return None;
        };
        Some(("practice.server.fingerprint", what))
    }

    /// The first setting that this connector does not know, and why.
    pub(in crate::sources) fn unfit(&self, connector: Connector) -> Option<(&'static str, &'static str)> {
        let here = connector == Connector::SqlServer;
        let windows = self.sign_in == SignIn::Windows;
        [
            (here && self.socket.is_some(), "socket", "SQL Server has no Unix socket: name it by `host`"),
            (!here && self.instance().is_some(), "host", "only SQL Server has instances behind a backslash"),
            (
                !here && self.fingerprint.is_some(),
                "fingerprint",
                "here a certificate is believed by its authority: `ca_file`",
            ),
            (!here && windows, "sign_in", "only SQL Server lets Windows sign in"),
            (
                windows && !cfg!(windows),
                "sign_in",
                "Windows signs in where this program runs on Windows; here give `user` a login of SQL Server itself",
            ),
        ]
        .into_iter()
        .find_map(|(wrong, setting, what)| wrong.then_some((setting, what)))
    }

    /// The certificate's fingerprint as bytes.
    pub(in crate::sources) fn pinned(&self) -> Option<[u8; 32]> {
        let digits: Vec<char> = self.fingerprint.as_ref()?.chars().filter(|letter| !":- ".contains(*letter)).collect();
        let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).ok();
        let all_digits = digits.iter().all(char::is_ascii_hexdigit);
        digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>()?.try_into().ok().filter(|_| all_digits)
    }

    /// Whether nobody is let in without a password: a socket may know who asks, and Windows does.
    pub fn needs_password(&self) -> bool {
        self.socket.is_none() && self.sign_in == SignIn::Password
    }

    /// The host as it is asked for: an address of IPv6 without its brackets, and this machine by its usual name.
    pub(in crate::sources) fn address(&self) -> &str {
        let machine = self.host.split_once('\\').map_or(self.host.as_str(), |(machine, _)| machine);
        match machine {
            "." | "(local)" => "localhost",
            _ => machine.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(machine),
        }
    }

    /// The instance by its name.
    pub(in crate::sources) fn instance(&self) -> Option<&str> {
        self.host.split_once('\\').map(|(_, instance)| instance)
    }

    /// Whether it is on this very machine, where nobody is on the way.
    pub(in crate::sources) fn is_this_machine(&self) -> bool {
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
    fn an_instance_is_told_from_its_machine() {
        for (host, address, instance) in [
            ("DB01\\SQLEXPRESS", "DB01", Some("SQLEXPRESS")),
            (".\\TM", "localhost", Some("TM")),
            ("(local)", "localhost", None),
            ("[::1]\\TM", "::1", Some("TM")),
        ] {
            let settings = settings(host, Tls::Verify);
            assert_eq!((settings.address(), settings.instance(), settings.wrong()), (address, instance, None));
        }
        assert_eq!(settings(".\\TM", Tls::Off).wrong(), None, "this machine");
        assert!(settings("DB01\\TM", Tls::Off).wrong().is_some());
        for host in ["DB01\\", "DB01\\a;b", "DB01\\a\\b"] {
            assert!(settings(host, Tls::Verify).wrong().is_some(), "{host}");
        }
        for (host, told) in [
            ("DB01,1433", "write `DB01` alone, and 1433 as `port`"),
            ("DB01\\TM,50001", "write `DB01\\TM` alone, and 50001 as `port`"),
            ("tcp:DB01", "leave out `tcp:` before `DB01`"),
            ("\\TM", "names no machine"),
        ] {
            let wrong = settings(host, Tls::Verify).wrong();
            assert!(
                wrong.as_ref().is_some_and(|(setting, what)| *setting == "practice.server.host" && what.contains(told)),
                "{host}: {wrong:?}"
            );
        }
        let both = ServerSettings { port: Some(1433), ..settings("DB01\\TM", Tls::Verify) };
        assert!(both.wrong().is_some_and(|(setting, _)| setting == "practice.server.port"));
    }

    #[test]
    fn a_fingerprint_is_read_as_people_copy_it() {
        let plain = "00ff".repeat(16);
        let colons = plain.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).to_uppercase());
        let colons = colons.collect::<Vec<_>>().join(":");
        for text in [plain.as_str(), &colons] {
            let pinned = ServerSettings { fingerprint: Some(text.to_owned()), ..settings("db", Tls::Verify) };
            assert_eq!(pinned.wrong(), None, "{text}");
            assert_eq!(pinned.pinned().map(|bytes| (bytes[0], bytes[1])), Some((0, 255)));
            assert!(ServerSettings { tls: Tls::Off, host: "localhost".to_owned(), ..pinned }.wrong().is_some());
        }
        for text in ["", "00ff", "no", &"+f".repeat(32), &"0g".repeat(32)] {
            let pinned = ServerSettings { fingerprint: Some(text.to_owned()), ..settings("db", Tls::Verify) };
            assert!(pinned.wrong().is_some_and(|(setting, _)| setting == "practice.server.fingerprint"), "{text}");
        }
    }

    #[test]
    fn each_connector_says_what_it_does_not_know() {
        let plain = settings("db", Tls::Verify);
        let by_socket = ServerSettings { socket: Some("/run/db".into()), ..plain.clone() };
        let named = settings("db\\TM", Tls::Verify);
        let pinned = ServerSettings { fingerprint: Some("00".repeat(32)), ..plain.clone() };
        let windows = ServerSettings { sign_in: SignIn::Windows, user: String::new(), ..plain.clone() };
        assert!(by_socket.unfit(Connector::SqlServer).is_some() && by_socket.unfit(Connector::Mysql).is_none());
        for only_there in [&named, &pinned] {
            assert!(only_there.unfit(Connector::SqlServer).is_none() && only_there.unfit(Connector::Mysql).is_some());
        }
        assert_eq!(windows.wrong(), None);
        assert!(ServerSettings { user: "me".to_owned(), ..windows.clone() }.wrong().is_some());
        assert!(!windows.needs_password() && plain.needs_password());
        assert!(windows.unfit(Connector::Postgres).is_some());
        assert_eq!(windows.unfit(Connector::SqlServer).is_some(), !cfg!(windows));
    }

    #[test]
    fn what_is_empty_is_refused() {
        assert!(settings(" ", Tls::Verify).wrong().is_some());
        assert!(ServerSettings { user: String::new(), ..settings("db", Tls::Verify) }.wrong().is_some());
        assert!(ServerSettings { port: Some(0), ..settings("db", Tls::Verify) }.wrong().is_some());
    }
}
