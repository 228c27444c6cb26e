use serde::{Deserialize, Serialize};

use crate::domain::{Field, ItemId, RecordKey, Value};

/// Something told about one record or item; nothing is done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which record.
    pub key: RecordKey,
    /// Which item, if one.
    pub item: Option<ItemId>,
    /// What was found.
    pub kind: FindingKind,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "finding")]
pub enum FindingKind {
    /// Stamped, record gone, unknown to the ledger.
    Orphan,
    /// A copy the user made.
    ForeignCopy,
    /// The user changed a field that we map: a proposed change for the office.
    Proposed {
        /// The field.
        field: Field,
        /// What we had written.
        before: Option<Value>,
        /// What the user made of it.
        after: Option<Value>,
        /// Whether the practice database's value is written over it.
        overwritten: bool,
    },
    /// Restored twice without the record changing: not restored again.
    RestoresExhausted,
    /// The row cannot be read while its item is due within 14 days.
    UnreadableAndDue,
    /// Our marker lines are missing, doubled or broken: all text is the user's.
    MarkersBroken,
    /// An item of the user's stands for this record, as a person decided: none is created.
    LeftToTheUser,
    /// The item lies in another folder now.
    Moved,
    /// The server stored another time than the one that was written: its time-zone rules may be out of date.
    StoredOtherwise {
        /// The field.
        field: Field,
        /// What was written.
        wrote: Option<Value>,
        /// What the server made of it.
        stored: Option<Value>,
    },
}
