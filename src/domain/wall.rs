use serde::{Deserialize, Serialize};

use super::{PersonId, Personal, RecordKey};

/// What an ethical wall keeps away from somebody: a whole matter, or one record.
///
/// As text a record is its key (`contact/contacts/17`) and everything else is the number of a matter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Behind {
    /// Every record of the matter with this number.
    Matter(MatterNumber),
    /// This record.
    Record(RecordKey),
}

/// The number of a matter, in the one form in which two of them are compared: case, blanks and the kind of dash do not count, for
/// a wall that misses its matter by a blank is no wall.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatterNumber(Personal<String>);

/// Dashes that word processors put in place of a hyphen.
const DASHES: [char; 7] = ['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2212}', '\u{ff0d}'];
/// What nobody sees: soft hyphen, zero-width marks, byte-order mark.
const UNSEEN: [char; 6] = ['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'];

impl MatterNumber {
    /// The number in a text; `None` for a blank one, which is the number of no matter.
    pub fn of(text: &str) -> Option<Self> {
        let visible = text.chars().filter(|letter| !letter.is_whitespace() && !UNSEEN.contains(letter));
        let plain: String = visible.map(|letter| if DASHES.contains(&letter) { '-' } else { letter }).collect();
        let plain = plain.to_lowercase();
        (!plain.is_empty()).then(|| Self(plain.into()))
    }
}

/// A wall that the practice system itself keeps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PracticeWall {
    /// From whom. `None` where the practice system names nobody we know: in doubt it is a wall for everybody.
    pub person: Option<PersonId>,
    /// What.
    pub behind: Behind,
}

/// The text names neither a matter nor a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a wall names the number of a matter or the key of a record, such as `2026-114` or `contact/contacts/17`")]
pub struct BehindError;

impl TryFrom<String> for Behind {
    type Error = BehindError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.trim().parse() {
            Ok(key) => Ok(Self::Record(key)),
            Err(_) => MatterNumber::of(&text).map(Self::Matter).ok_or(BehindError),
        }
    }
}

impl From<Behind> for String {
    fn from(behind: Behind) -> Self {
        match behind {
            Behind::Matter(MatterNumber(number)) => number.into_inner(),
            Behind::Record(key) => key.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    #[test]
    fn a_wall_names_a_record_or_a_matter_however_it_is_written() {
        let behind = |text: &str| Behind::try_from(text.to_owned());
        assert_eq!(behind("contact/contacts/17"), Ok(Behind::Record(RecordKey::new(Kind::Contact, "contacts", "17"))));
        for text in ["2026-114A", " 2026-114a ", "2026 - 114 a", "2026\u{2013}114a", "2026\u{a0}\u{2011}\u{200b}114a"] {
            assert_eq!(behind(text), behind("2026-114a"), "{text}");
        }
        assert_eq!(behind("2026/12").map(String::from).as_deref(), Ok("2026/12"));
        assert_eq!(behind("  "), Err(BehindError));
        assert!(!format!("{:?}", behind("2026-114")).contains("114"), "the number of a matter is personal");
    }
}
