//! What went wrong with a SQL Server, in words, and who can put it right.

use std::{error::Error as StdError, io, net::SocketAddr};

use rustls::{AlertDescription, CertificateError};
use tiberius::error::{Error, IoErrorKind, TokenError};

use super::{
    browser::Unknown,
    prelogin::Silence,
    tls::{NotPinned, Shown, written},
};
use crate::{
    ports::{Failure, FailureKind},
    sources::server::{self, Cause, Waiter},
};

/// Its number as documented, what it comes to, and what to do, where that is more than the cause says.
const KNOWN: [(u32, Cause, &str); 37] = [
    (18456, Cause::SignIn, ""),
    (
        18452,
        Cause::SignIn,
        "the server lets Windows accounts in alone: whoever runs it switches SQL Server logins on (`SQL Server \
     and Windows Authentication mode`) and restarts it, or this program signs in with `sign_in = \"windows\"` on Windows",
    ),
    (18470, Cause::SignIn, "the login is disabled: whoever runs the server enables it"),
    (18486, Cause::SignIn, "the login is locked after too many tries: whoever runs the server unlocks it"),
    (
        18487,
        Cause::SignIn,
        "its password has expired: whoever runs the server sets a new one, without expiry; then \
     `pocketdocket practice password`",
    ),
    (
        18488,
        Cause::SignIn,
        "its password must be changed at the first sign-in: whoever runs the server sets one that need not \
     be; then `pocketdocket practice password`",
    ),
    (40615, Cause::Right, "the server's firewall does not let this machine in: whoever runs it adds its address"),
    (
        4060,
        Cause::NoDatabase,
        "check `database` under [practice.server]; if it is right, whoever runs the server makes a user for \
     the login in it: `pocketdocket handout sql-server` prints how",
    ),
    (4063, Cause::NoDatabase, ""),
    (
        4064,
        Cause::NoDatabase,
        "the login's default database cannot be opened: whoever runs the server sets another one",
    ),
    (
        916,
        Cause::NoDatabase,
        "the login has no user in a database that the mapping names: whoever runs the server makes one",
    ),
    (911, Cause::NoDatabase, ""),
    (229, Cause::Right, ""),
    (230, Cause::Right, ""),
    (262, Cause::Right, ""),
    (297, Cause::Right, ""),
    (300, Cause::Right, ""),
    (371, Cause::Right, ""),
    (102, Cause::Statement, ""),
    (
        156,
        Cause::Statement,
        "a word that T-SQL keeps for itself, such as `key` or `group`, is written in brackets: `[key]`",
    ),
    (195, Cause::Statement, ""),
    (207, Cause::Statement, ""),
    (208, Cause::Statement, ""),
    (209, Cause::Statement, ""),
    (1033, Cause::Statement, "a statement of a mapping has no ORDER BY"),
    (4104, Cause::Statement, ""),
    (8155, Cause::Statement, "every column needs a name: `... AS subject`"),
    (8156, Cause::Statement, ""),
    (
        1205,
        Cause::Busy,
        "the server ended this reading because it and a program that writes waited for each other; with snapshot \
     isolation readers wait for nobody: `pocketdocket handout sql-server` prints how it is allowed",
    ),
    (
        1222,
        Cause::Busy,
        "a program holds rows locked for longer than 10 seconds; with snapshot isolation readers wait for nobody: \
     `pocketdocket handout sql-server` prints how it is allowed",
    ),
    (3952, Cause::Busy, "snapshot isolation was switched off a moment ago; the next try reads without it"),
    (3960, Cause::Busy, "the table was changed while it was read; the next try is made by itself"),
    (40613, Cause::Busy, ""),
    (40501, Cause::Busy, ""),
    (10928, Cause::Busy, ""),
    (17142, Cause::Busy, "the server is paused: whoever runs it lets it go on"),
    (17187, Cause::Busy, "the server is starting; the next try is made by itself"),
];

/// What an error of the driver means. What the server quotes from rows is left out.
pub(super) fn trouble(waiter: &Waiter, error: Error) -> Failure {
    match error {
        Error::Server(said) => server_said(waiter, &said),
        Error::Io { kind: IoErrorKind::TimedOut, .. } => waiter.stopped_by_server(),
        Error::Io { message, .. } => server::trouble(waiter.place(), Cause::Connection, message),
        Error::Protocol(what) => {
            let failure =
                server::trouble(waiter.place(), Cause::Other, format!("the answer cannot be understood: {what}"));
            // One column may be of a type that the driver does not know; it says so by its number.
            if what.contains("type") && what.contains("column") {
                failure.hint("write CAST(… AS nvarchar(max)) around the column of an unusual type in the mapping, or leave it out")
            } else {
                failure
            }
        }
        // These may quote the value that they are about.
        Error::Utf8 | Error::Utf16 | Error::Encoding(_) | Error::Conversion(_) | Error::ParseInt(_) => {
            server::trouble(waiter.place(), Cause::Other, "a value is not encoded as its column says")
        }
        error => server::trouble(waiter.place(), Cause::Other, error),
    }
}

fn server_said(waiter: &Waiter, said: &TokenError) -> Failure {
    let (number, state) = (said.code(), said.state());
    let Some((_, cause, hint)) = KNOWN.iter().find(|(known, ..)| *known == number) else {
        return server::unquoted(waiter.place(), &format!("error {number}, state {state}"));
    };
    let words = match number {
        // The client is never told more than state 1.
        18456 => format!(
            "the login was refused (error 18456, state {state}); the server's own log has the reason, with the true state beside it"
        ),
        _ => format!("{} (error {number}, state {state})", said.message()),
    };
    let failure = server::trouble(waiter.place(), *cause, words);
    if hint.is_empty() { failure } else { failure.hint(*hint) }
}

/// Whether the server ended this reading so that another program could go on.
pub(super) fn is_deadlock(error: &Error) -> bool {
    error.is_deadlock()
}

/// The machine has no address, or nobody answers there.
pub(super) fn unreachable(waiter: &Waiter, machine: &str, port: u16, error: io::Error) -> Failure {
    let failure = server::trouble(waiter.place(), Cause::Connection, error);
    failure.hint(format!(
        "nothing answers on port {port} of `{machine}`: check `host` and `port` under [practice.server]; on the server, SQL Server \
         Configuration Manager shows whether the instance runs and takes connections over TCP/IP (Express editions do not at first), \
         and the firewall must let the port in; the next try is made by itself"
    ))
}

/// The machine's name is not known.
pub(super) fn nameless(waiter: &Waiter, machine: &str, error: io::Error) -> Failure {
    server::trouble(waiter.place(), Cause::Connection, error).hint(format!(
        "no machine of the name `{machine}` is known here: check `host` under [practice.server], or give its full name or address"
    ))
}

/// The server sends us to another machine, and the way there would be in the clear.
pub(super) fn sent_away(waiter: &Waiter, machine: &str) -> Failure {
    Failure::new(FailureKind::Setting, format!("read the practice database `{}`", waiter.place()))
        .because(format!("the server sends us on to `{machine}`, and `tls = \"off\"` is for this machine alone"))
        .hint("take `tls = \"off\"` out of [practice.server]")
}

/// The server sends us to another one, which sends us on.
pub(super) fn sent_on(waiter: &Waiter, machine: &str) -> Failure {
    server::trouble(waiter.place(), Cause::Connection, format!("it sends us to `{machine}`, and that one sends us on"))
}

/// The instance's port is not known.
pub(super) fn no_instance(waiter: &Waiter, browser: SocketAddr, unknown: Unknown) -> Failure {
    let hint = match &unknown {
        Unknown::NoInstance(_) => {
            "check the instance behind the backslash in `host` under [practice.server]".to_owned()
        }
        Unknown::NoTcp => {
            "whoever runs the server switches TCP/IP on for this instance (SQL Server Configuration Manager) and \
                           restarts it"
                .to_owned()
        }
        _ => format!(
            "the SQL Server Browser tells which port an instance has: whoever runs the server starts that service and lets UDP port \
             {} in; or give the machine alone as `host` and the instance's port as `port` under [practice.server]",
            browser.port()
        ),
    };
    server::trouble(waiter.place(), Cause::Connection, unknown).hint(hint)
}

/// The first exchange failed.
pub(super) fn silence(waiter: &Waiter, port: u16, silence: Silence) -> Failure {
    let failure = server::trouble(waiter.place(), Cause::Connection, silence);
    failure.hint(format!(
        "check that `port` {port} under [practice.server] is the SQL Server's; a server that takes nothing but strict encryption \
         (`Force Strict Encryption`, TDS 8) cannot be read by this version: whoever runs it switches that off"
    ))
}

/// The server encrypts nothing, or only the login.
pub(super) fn no_tls(waiter: &Waiter) -> Failure {
    server::trouble(waiter.place(), Cause::NoTls, "the server does not encrypt the connection")
}

/// The server takes nothing in the clear.
pub(super) fn insists(waiter: &Waiter) -> Failure {
    let failure = Failure::new(FailureKind::Setting, format!("read the practice database `{}`", waiter.place()));
    failure
        .because("the server insists on encryption")
        .hint("take `tls = \"off\"` out of [practice.server], and set `ca_file` or `fingerprint` for its certificate")
}

/// TLS did not come about.
pub(super) fn tls(waiter: &Waiter, shown: &Shown, error: io::Error) -> Failure {
    let said = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).cloned();
    let doing = format!("read the practice database `{}`", waiter.place());
    let too_old = |error: Box<dyn StdError + Send + Sync>| {
        Failure::new(FailureKind::Setting, doing.clone()).because(error).hint(
            "the server most likely speaks TLS 1.0 or 1.1 alone, as SQL Server 2008 to 2014 do without their updates; these are not \
             safe and not spoken here: whoever runs the server installs the update for TLS 1.2 and switches TLS 1.2 on in Windows",
        )
    };
    match said {
        Some(rustls::Error::InvalidCertificate(why)) => {
            let shown = shown.get().map_or_else(String::new, |shown| {
                format!("; it showed the one with the SHA-256 fingerprint {}", written(shown))
            });
            let (words, hint) = about_certificate(&why);
            Failure::new(FailureKind::Setting, doing).because(format!("{words}{shown}")).hint(hint)
        }
        Some(
            error @ (rustls::Error::AlertReceived(
                AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure,
            )
            | rustls::Error::PeerIncompatible(_)),
        ) => too_old(error.into()),
        None if matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
        ) =>
        {
            too_old("the server broke off while TLS was being agreed upon".into())
        }
        _ => server::trouble(waiter.place(), Cause::Connection, error),
    }
}

/// What is wrong with a certificate, and what to do.
fn about_certificate(why: &CertificateError) -> (String, &'static str) {
    const PIN: &str = "compare this fingerprint with the certificate at the server itself; if it is the same, set it as `fingerprint` \
         under [practice.server]; or whoever runs the server gives it a certificate from the firm's own authority, which `ca_file` names";
    let text = why.to_string();
    match why {
        CertificateError::Other(other) if other.0.downcast_ref::<NotPinned>().is_some() => (
            NotPinned.to_string(),
            "a server without a certificate of its own makes a new one whenever it starts: whoever runs it gives it a lasting one; if \
             it was changed on purpose, compare the fingerprint at the server and set the new one",
        ),
        _ if format!("{why:?}").contains("CaUsedAsEndEntity") => (
            "the server shows a certificate that is marked as an authority (CA:TRUE), which no client may take for a server's own, even \
             where it is given as `ca_file`"
                .to_owned(),
            PIN,
        ),
        _ if format!("{why:?}").contains("UnsupportedCertVersion") => {
            ("the server shows a certificate of an outdated version (X.509 version 1)".to_owned(), PIN)
        }
        CertificateError::UnknownIssuer => ("nobody whom this machine trusts vouches for the server's certificate".to_owned(), PIN),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            format!("the server's certificate is for another name: {text}"),
            "give `host` under [practice.server] the name that is in the certificate, or set `fingerprint`",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            format!("the server's certificate has expired: {text}"),
            "whoever runs the server gives it a new one; the clock of this machine may be wrong as well",
        ),
        CertificateError::BadSignature => (
            "the server's key does not fit its certificate, or is weaker than 2048 bits".to_owned(),
            "whoever runs the server gives it a new certificate",
        ),
        _ => (format!("the server's certificate is not believed: {text}"), PIN),
    }
}
