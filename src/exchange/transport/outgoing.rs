//! A request as it goes out.

use http::{HeaderName, HeaderValue, Method, header};
use url::Url;

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
}
