//! What a client or a browser sends: a form, each field at most once (<https://www.rfc-editor.org/rfc/rfc6749#section-3.1>).

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};

use super::aadsts::OauthError;

/// A form's fields.
#[derive(Debug)]
pub(super) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads the body of a request.
    pub(super) fn of_body(headers: &HeaderMap, body: &[u8]) -> Result<Self, OauthError> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(OauthError::new(900_144).because("The body must be a form."));
        }
        Self::read(body)
    }

    /// Reads a query or a body.
    pub(super) fn read(text: &[u8]) -> Result<Self, OauthError> {
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if fields.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(OauthError::new(900_144).because(&format!("`{name}` is there twice.")));
            }
        }
        Ok(Self(fields))
    }

    /// What a field holds; empty if it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// What a field holds that must hold something.
    pub(super) fn need(&self, name: &str) -> Result<&str, OauthError> {
        match self.get(name) {
            "" => Err(OauthError::new(900_144).because(&format!("`{name}` is missing."))),
            value => Ok(value),
        }
    }
}
