//! Keeps secrets out of the file, and their values out of messages.

use std::path::Path;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{ConfigError, error::Located};

/// Parts of names under which people keep secrets, in English and German.
const WORDS: [&str; 9] =
    ["password", "passwd", "passphrase", "passwort", "kennwort", "secret", "token", "credential", "api_key"];

/// Words that say it when they stand alone; as parts of others they mean nothing.
const SHORT_WORDS: [&str; 10] = ["pass", "pin", "pw", "pwd", "otp", "totp", "mfa", "tan", "geheim", "code"];

/// Refuses a text with a key that names a secret, or with an address that holds a password. A text that is no TOML is left to
/// the caller, who says so.
pub(super) fn refuse(path: &Path, text: &str) -> Result<(), ConfigError> {
    let Ok(table) = DeTable::parse(text) else { return Ok(()) };
    match in_table(table.get_ref()) {
        Some((span, what)) => {
            Err(ConfigError::Secret { path: path.to_owned(), source: Located::new(text, Some(span), what) })
        }
        None => Ok(()),
    }
}

/// Whether somebody would keep a secret under this name.
pub fn names_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    is_secret(&name.replace(' ', "_"))
        || name.split(|letter: char| !letter.is_alphanumeric()).any(|word| SHORT_WORDS.contains(&word))
}

type Found = (std::ops::Range<usize>, String);

fn in_table(table: &DeTable<'_>) -> Option<Found> {
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref();
        if is_secret(name) {
            return Some((key.span(), format!("`{name}` would be a secret in a file that many can read")));
        }
        if holds_password(value) {
            return Some((key.span(), format!("the address in `{name}` holds a password")));
        }
        in_value(value)
    })
}

fn in_value(value: &Spanned<DeValue<'_>>) -> Option<Found> {
    match value.get_ref() {
        DeValue::Table(table) => in_table(table),
        DeValue::Array(array) => array.iter().find_map(in_value),
        _ => None,
    }
}

fn holds_password(value: &Spanned<DeValue<'_>>) -> bool {
    value.get_ref().as_str().and_then(|text| url::Url::parse(text).ok()).is_some_and(|url| url.password().is_some())
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    WORDS.iter().any(|word| name.contains(word))
}

/// The line without its value, if it looks as though the value were a secret.
pub(super) fn without_value(line: &str) -> String {
    let suspicious = is_secret(line) || (line.contains("://") && line.contains('@'));
    match line.split_once('=') {
        Some((name, _)) if suspicious => format!("{name}= …"),
        None if suspicious => "…".to_owned(),
        _ => line.to_owned(),
    }
}
