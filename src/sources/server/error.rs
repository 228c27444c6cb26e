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
        Cause::NoDatabase => "check `database` under [practice.server]",
        Cause::Statement => {
            "`pocketdocket practice probe` lists the tables; docs/reference/mapping.md explains the mapping"
        }
        Cause::Busy => "the next try is made by itself; if it stays so, ask who runs the database server",
        Cause::Connection => {
            "check that the database server runs and can be reached from here; the next try is made by itself"
        }
        Cause::Other => "`pocketdocket practice probe` tries the database and the mapping",
    };
    Failure::new(kind, format!("read the practice database `{place}`")).because(error).hint(hint)
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
