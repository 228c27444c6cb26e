use std::{error::Error, io};

use crate::ports::{Failure, FailureKind};

/// What the trouble with a server comes to, as far as its connector can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sources) enum Cause {
    /// The account or its password was refused.
    SignIn,
    /// The account may not use or see something.
    Right,
    /// There is no such database.
    NoDatabase,
    /// A statement does not fit the tables.
    Statement,
    /// The server took no more connections, or is starting or stopping.
    Busy,
    /// The connection could not be made, or broke.
    Connection,
    /// The server offers no encryption.
    NoTls,
    /// Something else that the server said.
    Other,
}

/// A failure from what went wrong. `error` holds no values of rows: the connector sees to that.
pub(in crate::sources) fn trouble(
    place: &str,
    cause: Cause,
    error: impl Into<Box<dyn Error + Send + Sync>>,
) -> Failure {
    let error = error.into();
    let certificate = certificate_trouble(error.as_ref());
    let kind = match cause {
        Cause::SignIn => FailureKind::Unauthorized,
        Cause::NoTls => FailureKind::Setting,
        _ if certificate => FailureKind::Setting,
        _ => FailureKind::Source,
    };
    let hint = match cause {
        _ if certificate => {
            "the server's certificate is not one that this machine trusts for that name: check `host`, and set `ca_file` under \
             [practice.server] to the certificate of the authority that gave it out"
        }
        Cause::SignIn => {
            "check `user` under [practice.server], then give the password anew: `pocketdocket practice password`"
        }
        Cause::Right => "grant the account what it lacks; `pocketdocket practice probe` shows what it may see",
        Cause::NoDatabase => "check `database` under [practice.server], and that the account may use it",
        Cause::NoTls => {
            "switch TLS on at the database server; where it runs on this very machine, its `socket` or `tls = \"off\"` under \
             [practice.server] does without"
        }
        Cause::Statement => {
            "`pocketdocket practice probe` lists the tables; docs/reference/mapping.md explains the mapping"
        }
        Cause::Busy => "the next try is made by itself; if it stays so, ask who runs the database server",
        Cause::Connection => {
            "check that the database server runs and can be reached from here under `host` and `port` of [practice.server]; the \
             next try is made by itself"
        }
        Cause::Other => {
            "the database server's log says more; `pocketdocket practice probe` tries the database and the mapping"
        }
    };
    Failure::new(kind, format!("read the practice database `{place}`")).because(error).hint(hint)
}

/// What the server said may quote values of rows: only its number is passed on.
pub(in crate::sources) fn unquoted(place: &str, number: &str) -> Failure {
    trouble(
        place,
        Cause::Other,
        format!("the database reports an error ({number}); what it says may quote clients' data"),
    )
}

/// Nobody answered.
pub(in crate::sources) fn silent(place: &str, seconds: u64) -> Failure {
    trouble(place, Cause::Connection, format!("the server did not let us in within {seconds} seconds"))
}

/// The time was up.
pub(in crate::sources) fn late(place: &str, seconds: u32) -> Failure {
    Failure::new(FailureKind::Source, format!("read the practice database `{place}`"))
        .because(format!("it took longer than {seconds} seconds"))
        .hint("look at `pocketdocket practice probe` for queries that scan whole tables, or raise `time_out_seconds`")
}

/// Whether TLS itself, the certificate above all, is what is wrong.
fn certificate_trouble(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let inner = inner.map(|inner| inner as &(dyn Error + 'static));
        for candidate in [Some(error), inner].into_iter().flatten() {
            if let Some(error) = candidate.downcast_ref::<rustls::Error>() {
                return matches!(error, rustls::Error::InvalidCertificate(_));
            }
        }
        next = error.source();
    }
    false
}
