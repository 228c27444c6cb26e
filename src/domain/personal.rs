use std::fmt;

use serde::{Deserialize, Serialize};

/// Something about a client or a member of staff. It cannot be printed by accident: `Debug` shows no content and there is no
/// `Display`. Serialisation is the way into the vault and nowhere else.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal<T>(T);

impl<T> Personal<T> {
    /// Marks a value as personal.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The content, for encoding it or for showing it to somebody who may see it.
    pub fn reveal(&self) -> &T {
        &self.0
    }

    /// The content itself, given up by its wrapper.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Personal<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("<personal>")
    }
}

impl From<&str> for Personal<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl From<String> for Personal<String> {
    fn from(value: String) -> Self {
        Self(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_does_not_show_the_content() {
        let name = Personal::from("Erika Mustermann");
        assert!(!format!("{name:?} {:?}", Some(&name)).contains("Muster"));
    }
}
