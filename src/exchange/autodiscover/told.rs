//! What an answer comes to, whatever its form.

use http::{StatusCode, header};
use url::Url;

use crate::exchange::transport::Reply;

/// What one address said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The mailbox's EWS service is here, it says.
    At(Url),
    /// Ask there instead.
    Elsewhere(String),
    /// Ask for this e-mail address instead.
    Readdressed(String),
    /// It tells only to who signs in.
    SignIn,
    /// Nothing of use.
    Nothing {
        /// Why, in our own words.
        why: String,
        /// Whether the same question may be answered later.
        passes: bool,
    },
}

impl Told {
    pub(super) fn nothing(why: impl Into<String>) -> Self {
        Self::Nothing { why: why.into(), passes: false }
    }
}

/// An answer that is not in the form of the question.
pub(super) fn other(reply: &Reply) -> Told {
    let status = reply.status;
    if status.is_redirection() {
        let location = reply.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
        return match location {
            Some(location) => Told::Elsewhere(location.to_owned()),
            None => Told::nothing(format!("HTTP {}, and it does not say where to", status.as_u16())),
        };
    }
    let passes = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    let why = match status {
        StatusCode::UNAUTHORIZED if reply.headers.contains_key(header::WWW_AUTHENTICATE) => return Told::SignIn,
        StatusCode::OK if is_page(&reply.body) => "a web page came instead of an answer".to_owned(),
        StatusCode::OK => "what came is no answer of autodiscover".to_owned(),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE => {
            format!("HTTP {}: there is no autodiscover", status.as_u16())
        }
        _ => format!("HTTP {}", status.as_u16()),
    };
    Told::Nothing { why, passes }
}

fn is_page(body: &[u8]) -> bool {
    let begin = String::from_utf8_lossy(body.get(..512).unwrap_or(body)).to_ascii_lowercase();
    begin.contains("<html") || begin.contains("<!doctype html")
}
