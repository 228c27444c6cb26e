//! A request as it goes out.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::ports::{Failure, FailureKind};

/// Method, address, what the protocol says in headers, and a body.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Vec<u8>,
}

impl Outgoing {
    /// A request of EWS.
    pub fn soap(url: Url, anchor: HeaderValue, body: Vec<u8>) -> Self {
        let headers = vec![
            (header::CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8")),
            (header::ACCEPT, HeaderValue::from_static("text/xml")),
            (HeaderName::from_static("x-anchormailbox"), anchor),
        ];
        Self { method: Method::POST, url, headers, body }
    }

    /// A request of Graph; `body` is JSON, or nothing.
    pub fn json(method: Method, url: Url, body: Option<Vec<u8>>) -> Self {
        let json = HeaderValue::from_static("application/json");
        let mut headers = vec![(header::ACCEPT, json.clone())];
        headers.extend(body.is_some().then_some((header::CONTENT_TYPE, json)));
        Self { method, url, headers, body: body.unwrap_or_default() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same without its body: what is sent to learn how to sign in.
    pub(super) fn head(&self) -> Self {
        Self { body: Vec::new(), ..self.clone() }
    }

    /// All headers that this request has, with an id of its own.
    pub(super) fn headers(&self, authorization: Option<HeaderValue>) -> HeaderMap {
        let mut headers: HeaderMap = self.headers.iter().cloned().collect();
        headers.extend(authorization.map(|value| (header::AUTHORIZATION, value)));
        if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
            headers.insert("client-request-id", id);
        }
        headers.insert("return-client-request-id", HeaderValue::from_static("true"));
        headers
    }
}

/// What signs a request in, as a header that is never printed.
pub(super) fn secret_header(doing: &str, value: &SecretString) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| {
        Failure::new(FailureKind::Setting, doing).because("the sign-in cannot be written into a header")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
