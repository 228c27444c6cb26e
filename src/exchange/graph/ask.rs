//! One request of Graph, as a value: alone, or as a part of a batch.

use std::fmt::Write as _;

use http::{HeaderName, HeaderValue, Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value as Json, json};
use url::Url;

use crate::exchange::transport::Outgoing;

/// Ids that survive moves; times in UTC, where no hour comes twice; bodies as HTML, which is how a user's own formatting is kept
/// when our block in it is changed.
/// <https://learn.microsoft.com/graph/outlook-immutable-id>
const PREFERENCES: &str = r#"IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="html""#;
/// The same for a listing.
const PREFERENCES_OF_PAGES: &str =
    r#"IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="html", odata.maxpagesize=200"#;

/// Letters that may stand in an address as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    /// What follows the version in the address, encoded: `/me/events/AAMk`.
    pub(super) path: String,
    pub(super) body: Option<Json>,
    /// The version that must be the newest.
    pub(super) if_match: Option<String>,
    pages: bool,
}

impl Ask {
    pub(super) fn get(path: String) -> Self {
        Self { method: Method::GET, path, body: None, if_match: None, pages: false }
    }

    /// Several pages of something.
    pub(super) fn list(path: String) -> Self {
        Self { pages: true, ..Self::get(path) }
    }

    pub(super) fn post(path: String, body: Json) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(path) }
    }

    pub(super) fn patch(path: String, body: Json) -> Self {
        Self { method: Method::PATCH, body: Some(body), ..Self::get(path) }
    }

    pub(super) fn delete(path: String) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    /// The same, if this is still the newest version.
    #[must_use]
    pub(super) fn if_match(mut self, version: &str) -> Self {
        self.if_match = Some(version.to_owned()).filter(|version| !version.is_empty());
        self
    }

    fn preferences(&self) -> &'static str {
        if self.pages { PREFERENCES_OF_PAGES } else { PREFERENCES }
    }

    /// As a request of its own.
    pub(super) fn outgoing(&self, url: Url) -> Outgoing {
        let body = self.body.as_ref().map(|body| body.to_string().into_bytes());
        let prefer = (HeaderName::from_static("prefer"), HeaderValue::from_static(self.preferences()));
        let outgoing = Outgoing::json(self.method.clone(), url, body).with(prefer.0, prefer.1);
        match self.if_match.as_deref().and_then(|version| HeaderValue::from_str(version).ok()) {
            Some(version) => outgoing.with(header::IF_MATCH, version),
            None => outgoing,
        }
    }

    /// As a part of a batch; `after` is the part that must have succeeded before.
    pub(super) fn part(&self, id: &str, after: Option<&str>) -> Json {
        let mut headers = Map::new();
        headers.insert("Prefer".to_owned(), self.preferences().into());
        if self.body.is_some() {
            headers.insert("Content-Type".to_owned(), "application/json".into());
        }
        if let Some(version) = &self.if_match {
            headers.insert("If-Match".to_owned(), version.as_str().into());
        }
        let mut part = json!({ "id": id, "method": self.method.as_str(), "url": self.path, "headers": headers });
        if let Some(part) = part.as_object_mut() {
            part.extend(self.body.clone().map(|body| ("body".to_owned(), body)));
            part.extend(after.map(|after| ("dependsOn".to_owned(), json!([after]))));
        }
        part
    }
}

/// A segment of an address: an id, say.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// A path with options behind it.
pub(super) fn with_options(path: &str, options: &[(&str, String)]) -> String {
    let mut address = path.to_owned();
    for (place, (name, value)) in options.iter().enumerate() {
        let _ = write!(address, "{}{name}={}", if place == 0 { '?' } else { '&' }, segment(value));
    }
    address
}
