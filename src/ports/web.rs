//! HTTP clients of one making, for all who speak to servers over it.
//!
//! TLS is verified always; plain HTTP goes to this very machine and nowhere else; redirects are never followed, and nothing is
//! repeated by itself. A [`Line`] is one connection in the caller's own hand. What became of a request that got no answer is told in the words of the diagnosis.

mod line;
mod trouble;

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use hyper_util::client::proxy::matcher::Matcher;
pub use line::{Answer, Dialer, Line, LineError};
use reqwest::{Certificate, Client, ClientBuilder, Response, redirect};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
pub use trouble::{TimedOut, no_answer, no_answer_on_line};
use url::{Host, Url};

use super::{Failure, FailureKind};

/// Constant: administrators may allow or block EWS clients by this text.
/// <https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-control-access-to-ews-in-exchange>
pub const USER_AGENT: &str = "PocketDocket";

/// Refuses an address to which a secret must not be sent.
///
/// # Errors
/// [`FailureKind::Setting`] unless it is HTTPS, or HTTP to this very machine.
pub fn check_url(url: &Url) -> Result<(), Failure> {
    let refused = |why: &str| {
        Err(Failure::new(FailureKind::Setting, format!("use the server address `{}`", shown(url)))
            .because(why.to_owned())
            .hint("give the address with `https://`"))
    };
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => Ok(()),
        ("http", Some(_)) if is_loopback(url) => Ok(()),
        ("http", Some(_)) => {
            refused("plain HTTP is allowed to this very machine only: it would show passwords and clients' data")
        }
        _ => refused("it is not an `https://` address"),
    }
}

/// Scheme, host and path: what may stand in a message.
fn shown(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// Whether the address leads to this very machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        // The clients for loopback resolve this name by themselves.
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

/// Whether a request to this address goes through a proxy that the system names.
pub fn goes_by_proxy(url: &Url) -> bool {
    let uri = url.as_str().parse::<http::Uri>();
    uri.is_ok_and(|uri| Matcher::from_system().intercept(&uri).is_some())
}

/// Authorities to trust besides those of the system.
#[derive(Clone, Debug, Default)]
pub struct Authorities {
    certificates: Vec<Certificate>,
    der: Vec<CertificateDer<'static>>,
}

impl Authorities {
    /// The certificates of a PEM file, none without one. `section` is that of the configuration.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] if the file cannot be read or holds no certificate.
    pub fn read(ca_file: Option<&Path>, section: &str) -> Result<Self, Failure> {
        let Some(path) = ca_file else { return Ok(Self::default()) };
        let trouble = |why: String| {
            Failure::new(FailureKind::Setting, format!("read `ca_file` of section `[{section}]`"))
                .because(format!("`{}`: {why}", path.display()))
                .hint(format!("check `ca_file` in section `[{section}]`: a PEM file with one or more certificates"))
        };
        let bytes = std::fs::read(path).map_err(|error| trouble(error.to_string()))?;
        let der = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
        let der = der.map_err(|error| trouble(error.to_string()))?;
        let certificates = der.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| trouble(error.to_string()))?;
        if certificates.is_empty() {
            return Err(trouble("there is no certificate in it".to_owned()));
        }
        Ok(Self { certificates, der })
    }
}

/// A client as all of ours are; `loopback` says that it speaks to this very machine, without a proxy, and over plain HTTP if need
/// be.
pub fn client(authorities: &Authorities, time_out: Duration, loopback: bool) -> ClientBuilder {
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .timeout(time_out)
        .connect_timeout(to_connect(time_out))
        .tls_info(true)
        .tls_certs_merge(authorities.certificates.iter().cloned());
    if loopback {
        let here = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
        builder.no_proxy().resolve_to_addrs("localhost", &here)
    } else {
        builder.https_only(true)
    }
}

/// How long a connection may take to come about, where an answer may take so long.
fn to_connect(time_out: Duration) -> Duration {
    time_out.min(Duration::from_secs(30))
}

/// Why the body of an answer was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The connection.
    #[error(transparent)]
    Broken(#[from] reqwest::Error),
    /// It is larger than anything that could be meant.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// Reads the body of an answer, unpacked, if it is not longer than that.
///
/// # Errors
/// When the connection breaks, or the body is longer.
pub async fn body(response: &mut Response, most: usize) -> Result<Vec<u8>, BodyError> {
    if response.content_length().is_some_and(|length| usize::try_from(length).map_or(true, |length| length > most)) {
        return Err(BodyError::TooLong(most));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > most {
            return Err(BodyError::TooLong(most));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
