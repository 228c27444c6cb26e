use std::time::Duration;

use super::LineError;
use crate::{
    diagnosis::{NetworkTrouble, Observation},
    ports::{Failure, FailureKind, chain},
};

/// No answer came in time. The request may have been executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {0} seconds")]
pub struct TimedOut(pub u64);

/// No answer: why, in the words of the libraries below us, which have no types for it.
///
/// `section` is that of the configuration that may name an own authority.
pub fn no_answer(doing: &str, host: &str, section: &str, time_out: Duration, error: reqwest::Error) -> Failure {
    let waited = error.is_timeout().then_some(time_out);
    because(doing, host, section, waited, &chain(&error.without_url()))
}

/// The same for a connection of our own.
pub fn no_answer_on_line(doing: &str, host: &str, section: &str, time_out: Duration, error: &LineError) -> Failure {
    let waited = matches!(error, LineError::TimedOut).then_some(time_out);
    because(doing, host, section, waited, &chain(error))
}

fn because(doing: &str, host: &str, section: &str, waited: Option<Duration>, chain: &str) -> Failure {
    let trouble = if waited.is_some() { NetworkTrouble::TimedOut } else { trouble(&chain.to_lowercase()) };
    let observed = Observation { host: host.to_owned(), network: Some(trouble), ..Observation::default() };
    let failure = match trouble {
        NetworkTrouble::TimedOut => {
            Failure::new(FailureKind::Transient, doing).because(TimedOut(waited.unwrap_or_default().as_secs()))
        }
        NetworkTrouble::Certificate | NetworkTrouble::CertificateOfTheFuture => {
            Failure::new(FailureKind::Setting, doing).because(format!("`{host}`: {chain}")).hint(
                format!("the server's certificate is not trusted; if it comes from an own authority, name its PEM file as `ca_file` in section `[{section}]`"),
            )
        }
        _ => Failure::new(FailureKind::Transient, doing).because(format!("`{host}`: {chain}")),
    };
    failure.diagnosed(observed.diagnose())
}

fn trouble(chain: &str) -> NetworkTrouble {
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| chain.contains(phrase));
    if says(&["not valid yet", "notvalidyet"]) {
        NetworkTrouble::CertificateOfTheFuture
    } else if says(&["certificate"]) {
        NetworkTrouble::Certificate
    } else if says(&["dns error", "failed to lookup address", "name or service not known", "no such host"]) {
        NetworkTrouble::NameNotFound
    } else if says(&["tunnel", "proxy"]) {
        NetworkTrouble::Proxy
    } else if says(&["corrupt message", "invalidcontenttype", "invalid message"]) {
        NetworkTrouble::NotTls
    } else {
        NetworkTrouble::NoConnection
    }
}
