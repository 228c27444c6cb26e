use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

/// One value as a database gives it, whatever database that is. Not personal by type: cells live for one row and are never
/// stored, printed or put into an error.
#[derive(Clone, PartialEq)]
pub(super) enum Cell {
    /// NULL.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(String),
    /// Text whose bytes are not what the database says they are; unreadable characters are replaced.
    Garbled(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Cell {
    /// NULL, or text of blanks alone: databases use both for "nothing".
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) | Self::Garbled(text) => text.trim().is_empty(),
            Self::Integer(_) | Self::Real(_) | Self::Blob(_) => false,
        }
    }

    fn sort(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Integer(_) => "a whole number",
            Self::Real(_) => "a number with a fraction",
            Self::Text(_) => "text",
            Self::Garbled(_) => "text with a broken encoding",
            Self::Blob(_) => "bytes",
        }
    }
}

impl Cell {
    /// The value in the form in which value maps know it: trimmed and in lower case, "" for nothing. What cannot be read is in
    /// no map: it must not pass for "nothing".
    pub(super) fn in_value_maps(&self) -> Option<String> {
        match self {
            Self::Null => Some(String::new()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Real(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.trim().to_lowercase()),
            Self::Garbled(_) | Self::Blob(_) => None,
        }
    }
}

impl Cell {
    /// Text from its bytes.
    pub(super) fn text(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Garbled(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        }
    }
}

/// An exact number from its text: a whole one that fits is a number, any other stays the text that it is.
pub(super) fn number(text: &str) -> Cell {
    text.parse().map_or_else(|_| Cell::Text(text.to_owned()), Cell::Integer)
}

/// Shows of which sort it is, never what it says.
impl fmt::Debug for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.sort())
    }
}

impl Hash for Cell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Integer(number) => number.hash(state),
            Self::Real(number) => number.to_bits().hash(state),
            Self::Text(text) | Self::Garbled(text) => text.hash(state),
            Self::Blob(bytes) => bytes.hash(state),
        }
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        // Writing into a text cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// A digest that is never 0, which means "no digest". It lives as long as the process and is never stored.
pub(super) fn digest(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish().max(1)
}
