//! A request as it was sent, alone or as a part of a batch: method, path, options, preferences, body.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method};
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{answer::Refused, times};

/// One request.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    /// `http://127.0.0.1:1234/v1.0`.
    pub(super) root: String,
    /// What stands after the version, as it was sent.
    pub(super) path: String,
    /// Its segments, decoded.
    pub(super) segments: Vec<String>,
    pub(super) options: BTreeMap<String, String>,
    pub(super) prefer: Prefer,
    pub(super) if_match: Option<String>,
    pub(super) body: Option<Value>,
}

/// What a client prefers. <https://learn.microsoft.com/graph/api/user-list-events#request-headers>
#[derive(Clone, Debug, Default)]
pub(super) struct Prefer {
    /// Name and zone in which times are given.
    pub(super) zone: Option<(String, TimeZone)>,
    /// `text` or `html`.
    pub(super) body: Option<String>,
    pub(super) page: Option<usize>,
    /// Ids that survive moves.
    pub(super) immutable: bool,
}

impl Prefer {
    fn read(headers: &HeaderMap) -> Result<Self, Refused> {
        let mut prefer = Self::default();
        let values = headers.get_all("prefer").into_iter().filter_map(|value| value.to_str().ok());
        for wish in values.flat_map(|value| value.split([',', ';'])) {
            let (name, value) = wish.split_once('=').unwrap_or((wish, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "outlook.timezone" => {
                    let (_, zone) = times::zone(value)?;
                    prefer.zone = Some((value.to_owned(), zone));
                }
                "outlook.body-content-type" if matches!(value, "text" | "html") => prefer.body = Some(value.to_owned()),
                "odata.maxpagesize" => prefer.page = value.parse().ok(),
                "idtype" => prefer.immutable = value.eq_ignore_ascii_case("ImmutableId"),
                _ => {}
            }
        }
        Ok(prefer)
    }

    /// What `Preference-Applied` says.
    pub(super) fn applied(&self) -> Option<String> {
        let zone = self.zone.as_ref().map(|(name, _)| format!("outlook.timezone=\"{name}\""));
        let body = self.body.as_ref().map(|body| format!("outlook.body-content-type=\"{body}\""));
        let ids = self.immutable.then(|| "IdType=\"ImmutableId\"".to_owned());
        let page = self.page.map(|page| format!("odata.maxpagesize={page}"));
        let all: Vec<String> = [zone, body, ids, page].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

impl Asked {
    /// `address` is path and query after the version.
    pub(super) fn read(
        method: Method,
        root: &str,
        address: &str,
        headers: &HeaderMap,
        body: Option<Value>,
    ) -> Result<Self, Refused> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let decoded = |text: &str| {
            percent_decode_str(text)
                .decode_utf8()
                .map(String::from)
                .map_err(|_| Refused::bad("BadRequest", "The request URI is not valid UTF-8."))
        };
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let segments = segments.map(decoded).collect::<Result<Vec<_>, _>>()?;
        let mut options = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if options.insert(name.to_string(), value.into_owned()).is_some() {
                let text = format!("Query option '{name}' was specified more than once.");
                return Err(Refused::bad("BadRequest", text));
            }
        }
        let if_match = headers.get("if-match").and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Self {
            method,
            root: root.to_owned(),
            path: path.to_owned(),
            segments,
            options,
            prefer: Prefer::read(headers)?,
            if_match,
            body,
        })
    }

    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// Refuses options that this request does not know.
    pub(super) fn knows(&self, known: &[&str]) -> Result<(), Refused> {
        match self.options.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => {
                Err(Refused::bad("ErrorInvalidUrlQuery", format!("The query option '{name}' is not supported here.")))
            }
            None => Ok(()),
        }
    }

    /// A number of items.
    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Refused> {
        let wrong = |_| Refused::bad("BadRequest", format!("Invalid value for query option '{name}'."));
        self.option(name).map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// The address of this request again, with other options.
    pub(super) fn again(&self, options: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(options);
        // What a form writes as `+` clients may take for a plus.
        let query = query.finish().replace('+', "%20").replace("%24", "$");
        format!("{}/{}?{query}", self.root, self.path.trim_start_matches('/'))
    }
}
