//! Finds a secret in whatever form it may have leaked, and is itself tested: a search that finds nothing proves nothing.

use std::{collections::BTreeMap, fmt::Write as _};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A secret under the name by which a failure is told, without being told itself.
pub(super) struct Secret {
    pub(super) name: &'static str,
    bytes: Vec<u8>,
}

impl Secret {
    pub(super) fn new(name: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        assert!(bytes.len() >= 6, "{name} would be found by chance");
        Self { name, bytes }
    }

    /// Every form, by its name.
    pub(super) fn forms(&self) -> BTreeMap<String, Vec<u8>> {
        let mut forms = BTreeMap::from([("as it is".to_owned(), self.bytes.clone())]);
        // In base64 a text looks different by its place: where it begins within a group of three bytes.
        for shift in 0..3 {
            let mut shifted = vec![0; shift];
            shifted.extend_from_slice(&self.bytes);
            // What depends on the bytes before and behind is left out.
            let (first, whole) = ([0, 2, 3][shift], shifted.len() * 8 / 6);
            for (alphabet, text) in
                [("base64", STANDARD_NO_PAD.encode(&shifted)), ("base64url", URL_SAFE_NO_PAD.encode(&shifted))]
            {
                forms.insert(format!("{alphabet}, shifted by {shift}"), text.as_bytes()[first..whole].to_vec());
            }
        }
        let hex = self.bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        forms.insert("HEX".to_owned(), hex.to_uppercase().into_bytes());
        forms.insert("hex".to_owned(), hex.into_bytes());
        // As `Debug` of bytes prints them.
        let numbers: Vec<_> = self.bytes.iter().map(ToString::to_string).collect();
        forms.insert("numbers".to_owned(), numbers.join(", ").into_bytes());
        forms.insert("numbers, close".to_owned(), numbers.join(",").into_bytes());
        if let Ok(text) = std::str::from_utf8(&self.bytes) {
            let escaped = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            forms.insert("URL".to_owned(), escaped.to_lowercase().into_bytes());
            let form: String = url::form_urlencoded::byte_serialize(&self.bytes).collect();
            forms.insert("form".to_owned(), form.into_bytes());
            forms.insert("URL, in capitals".to_owned(), escaped.into_bytes());
            let json = serde_json::to_string(text).expect("text");
            forms.insert("JSON".to_owned(), json.trim_matches('"').as_bytes().to_vec());
            let xml = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            forms.insert("XML".to_owned(), xml.into_bytes());
            let units: Vec<u16> = text.encode_utf16().collect();
            forms.insert("UTF-16".to_owned(), units.iter().flat_map(|unit| unit.to_le_bytes()).collect());
            forms
                .insert("UTF-16, big end first".to_owned(), units.iter().flat_map(|unit| unit.to_be_bytes()).collect());
        }
        forms
    }

    fn found_in(&self, bytes: &[u8]) -> Option<String> {
        Search::new(std::slice::from_ref(self)).first(bytes)
    }
}

/// All forms of several secrets, looked for in one walk.
pub(super) struct Search {
    /// What is told, and the form.
    forms: Vec<(String, Vec<u8>)>,
    /// By their first two bytes.
    beginnings: Vec<Vec<usize>>,
}

impl Search {
    pub(super) fn new(secrets: &[Secret]) -> Self {
        let mut search = Self { forms: Vec::new(), beginnings: vec![Vec::new(); 1 << 16] };
        for secret in secrets {
            for (name, form) in secret.forms() {
                search.beginnings[usize::from(form[0]) << 8 | usize::from(form[1])].push(search.forms.len());
                search.forms.push((format!("{} ({name})", secret.name), form));
            }
        }
        search
    }

    /// The first secret that stands there, and in which form. Digits alone count only where they stand by themselves: in a long
    /// number they may stand by chance.
    pub(super) fn first(&self, bytes: &[u8]) -> Option<String> {
        let beside = |place: Option<&u8>| place.is_some_and(u8::is_ascii_alphanumeric);
        for (at, pair) in bytes.windows(2).enumerate() {
            for number in &self.beginnings[usize::from(pair[0]) << 8 | usize::from(pair[1])] {
                let (name, form) = &self.forms[*number];
                if !bytes[at..].starts_with(form) {
                    continue;
                }
                let within = beside(bytes.get(at + form.len())) || at > 0 && beside(bytes.get(at - 1));
                if !(within && form.iter().all(u8::is_ascii_digit)) {
                    return Some(name.clone());
                }
            }
        }
        None
    }
}

#[test]
fn a_planted_secret_is_found_in_every_form_and_at_every_place() {
    let secrets = [
        Secret::new("password", "planted-Pa$$w\u{f6}rt <7> & \"8\""),
        Secret::new("code", "498213"),
        Secret::new("key", (0..32).map(|byte: u8| byte.wrapping_mul(37) ^ 0xa5).collect::<Vec<_>>()),
    ];
    for secret in &secrets {
        for (name, form) in secret.forms() {
            for before in 0..4 {
                let mut haystack = b"~~~~"[..before].to_vec();
                haystack.push(b' ');
                haystack.extend_from_slice(&form);
                haystack.extend_from_slice(b" and more");
                assert!(secret.found_in(&haystack).is_some(), "{}: {name}", secret.name);
            }
        }
        // As others would encode it, with something before it.
        for before in ["", "u", "us", "use", "user:", "login&"] {
            let text = [before.as_bytes(), &secret.bytes, b" behind"].concat();
            for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                assert!(secret.found_in(encoded.as_bytes()).is_some(), "{}: base64 after {before:?}", secret.name);
            }
        }
        assert_eq!(secret.found_in(b"nothing of the kind 498212 4982134 x498213"), None, "{}", secret.name);
        assert_eq!(secret.found_in(b""), None);
    }
}
