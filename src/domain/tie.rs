use serde::{Deserialize, Serialize};

use super::{Matter, PersonId, Personal};

/// How close a person of the firm is to a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Circle {
    /// It is the person's own contact.
    Mine,
    /// The person works on a matter in which the contact plays a part.
    #[default]
    Matters,
}

/// What connects a contact of the firm's address book with one person.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tie {
    /// Who. `None` where the practice system names nobody we know: such a tie gives the contact to nobody, and says only in
    /// which matter it plays a part.
    pub person: Option<PersonId>,
    /// How close.
    pub circle: Circle,
    /// What the contact is in the matter: "opposing counsel".
    pub role: Option<Personal<String>>,
    /// In which matter.
    pub matter: Matter,
}
