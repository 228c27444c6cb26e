use std::{fmt, ops::Range, sync::Arc};

/// A mapping file as it was read: for saying where something stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its path, or the preset's name.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// A part of a mapping file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub origin: Arc<Origin>,
    /// Bytes of its text.
    pub range: Range<usize>,
}

impl Place {
    /// The place of a word within this one, or this one.
    #[must_use]
    pub fn of_word(&self, word: &str) -> Self {
        let text = self.origin.text.get(self.range.clone()).unwrap_or_default();
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        // The last mention is the alias: `e.subject AS subject`.
        let found = text.rmatch_indices(word).find(|(at, _)| {
            let before = text.get(..*at).and_then(|text| text.chars().next_back());
            let after = text.get(at + word.len()..).and_then(|text| text.chars().next());
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        });
        match found {
            Some((at, _)) if !word.is_empty() => {
                let start = self.range.start + at;
                Self { origin: Arc::clone(&self.origin), range: start..start + word.len() }
            }
            _ => self.clone(),
        }
    }

    /// Line and column, counted from 1; columns count characters.
    fn line_and_column(&self) -> (usize, usize) {
        let before = self.origin.text.get(..self.range.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// An error that stands here.
    pub fn error(&self, what: impl Into<String>) -> MappingError {
        MappingError { place: self.clone(), what: what.into() }
    }
}

/// A mapping that cannot be used: where, what, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingError {
    place: Place,
    what: String,
}

impl fmt::Display for MappingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.place.line_and_column();
        write!(formatter, "{}, line {line}, column {column}: {}", self.place.origin.file, self.what)
    }
}

impl std::error::Error for MappingError {}
