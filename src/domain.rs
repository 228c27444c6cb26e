//! What things are. Pure: no I/O, no clock.
//!
//! A practice system's row means a [`Record`]; a mailbox folder holds items. Both are seen as a set of [`Field`]s with
//! [`Value`]s, so that drift, NULL, differences and undo are said once and hold for contacts, events and tasks alike.
//! A record is known by its [`RecordKey`]; the item that we wrote for it carries that key as its [`Stamp`].

pub mod drift;
pub mod notes;
pub mod zone;

mod address;
mod field;
mod fingerprint;
mod item;
mod key;
mod mirror;
mod mobile;
mod observation;
mod origin;
mod personal;
mod record;
mod source_record;
mod stamp;
mod tie;
mod value;
mod wall;
mod words;

pub use address::PostalAddress;
pub use field::Field;
pub use fingerprint::Fingerprint;
pub use item::{Body, BodyFormat, Bound, ChangeKey, FolderId, ItemContent, ItemId, ItemRef, Place, RemovalManner};
pub use key::{Kind, PersonId, QueryName, RecordKey, RecordKeyError};
pub use mirror::{Mirror, MirrorEntry, Presence, Written};
pub use mobile::{MobileNumber, MobileNumberError};
pub use observation::{Observation, Seen};
pub use origin::{MeaningId, Origin, SourceDigest};
pub use personal::Personal;
pub use record::Record;
pub use source_record::{Audience, Matter, RowProblem, SourceRecord};
pub use stamp::{FirmId, Stamp, StampError};
pub use tie::{Circle, Tie};
pub use value::{Importance, Reminder, Sensitivity, ShowAs, Span, TaskStatus, Value};
pub use wall::{Behind, BehindError, MatterNumber, PracticeWall};
