use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Finding, MeaningChange};
use crate::domain::{
    Body, Field, Fingerprint, ItemContent, ItemId, ItemRef, Kind, Place, QueryName, Record, RecordKey, RemovalManner,
    Value,
};

/// One step, decided. The executor adds nothing but the user's own text around our block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// For which record.
    pub key: RecordKey,
    /// When somebody counts on it: what is due first is written first.
    pub due: Option<Timestamp>,
    /// Why it is done.
    pub why: Why,
    /// What is done.
    pub action: Action,
}

/// What is done to an item or to the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Write a new, stamped item.
    Create {
        /// What it shall hold.
        record: Arc<Record>,
    },
    /// Write fields of an item that is ours; the server refuses if `item.change_key` is stale.
    Update {
        /// Which version was seen.
        item: ItemRef,
        /// Where it lies.
        place: Place,
        /// Of the record as desired, for the mirror.
        fingerprint: Fingerprint,
        /// Everything the item holds of ours afterwards, for the mirror.
        record: Arc<Record>,
        /// Fields to set (`notes`: our block; `categories`: ours).
        set: BTreeMap<Field, Value>,
        /// Fields to clear, each written by us before.
        clear: BTreeSet<Field>,
    },
    /// Stamp an item that an earlier sync left behind and write our fields into it; the server refuses if its version is not
    /// the one that consent was given for.
    Adopt {
        /// The item as it is: the image before, and the version that was seen.
        before: Box<ItemContent>,
        /// Of the record as desired, for the mirror.
        fingerprint: Fingerprint,
        /// Everything the item holds of ours afterwards, for the mirror.
        record: Arc<Record>,
        /// Fields to set: those that the item shows otherwise.
        set: BTreeMap<Field, Value>,
    },
    /// Remove an item that is ours.
    Delete {
        /// Which version was seen.
        item: ItemRef,
        /// Where it lies.
        place: Place,
        /// Into Deleted Items or for good.
        manner: RemovalManner,
    },
    /// Write an item without our stamp, as the user's own: what an undone removal gives back.
    GiveBack {
        /// What it shall hold.
        record: Arc<Record>,
        /// Its whole body, our lines around the notes taken out.
        body: Option<Body>,
    },
    /// Make an item that was taken over its user's again: it gets back what it held before, and loses our stamp.
    HandBack {
        /// Which version was seen.
        item: ItemRef,
        /// The item as it was before it was taken over.
        before: Box<ItemContent>,
        /// The record for which it stood.
        record: Arc<Record>,
        /// Fields to set, except `notes`.
        set: BTreeMap<Field, Value>,
        /// Fields to clear, each written by us.
        clear: BTreeSet<Field>,
        /// Its whole body, without our block, if that changes.
        body: Option<Body>,
    },
    /// Ledger only: this item is ours and holds what it should (taken over, moved, recovered, acknowledged). `returned` is
    /// what the server now shows of fields that differ from `record`.
    Own {
        /// Which version was seen.
        item: ItemRef,
        /// Where it lies.
        place: Place,
        /// Of the record as desired.
        fingerprint: Fingerprint,
        /// Everything the item holds of ours.
        record: Arc<Record>,
        /// Fields as the server shows them, where they differ.
        returned: BTreeMap<Field, Option<Value>>,
    },
    /// Ledger only: the user deleted the item and that is respected until the record changes.
    Respect,
    /// Ledger only: record and item are both gone.
    Forget,
}

/// The budget an operation is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// New items.
    Create,
    /// Changed items.
    Update,
    /// Removed items, on absence alone.
    Delete,
    /// Removed items, on positive evidence (closed matter, re-assignment, person who left).
    Withdraw,
    /// Items of an earlier sync that are taken over: consent is given one by one, so that no budget limits them.
    Adopt,
    /// Removed items of somebody who left the firm.
    Leave,
    /// New items in place of ones that were ours: what a changed key or query name would do.
    Replace,
    /// Items of records that are the same and mean something else now. They have no budget: a person agrees to them by name.
    Rewrite,
}

impl Operation {
    /// The budget this is charged to; `None` for what touches no mailbox, and for what a person asked to be undone.
    pub fn class(&self) -> Option<Class> {
        if self.why == Why::Undone {
            return None;
        }
        match (&self.action, &self.why) {
            (Action::Create { .. }, Why::Restored) => Some(Class::Replace),
            (Action::Create { .. }, _) => Some(Class::Create),
            (Action::Update { .. }, Why::Rewritten(_)) => Some(Class::Rewrite),
            (Action::Update { .. }, _) => Some(Class::Update),
            (Action::Adopt { .. }, _) => Some(Class::Adopt),
            (Action::Delete { .. }, Why::Withdrawn(_)) => Some(Class::Withdraw),
            (Action::Delete { .. }, Why::PersonLeft) => Some(Class::Leave),
            (Action::Delete { .. }, _) => Some(Class::Delete),
            _ => None,
        }
    }

    /// Names exactly this operation, so that a release covers what was shown and nothing else. The version of the item does
    /// not count: an edit in between is met by the change key.
    pub fn digest(&self) -> OperationDigest {
        use sha2::{Digest, Sha256};
        let what = match &self.action {
            Action::Create { record } => ("create", None, Some(Fingerprint::of(record)), None),
            Action::Update { item, fingerprint, .. } => ("update", Some(&item.id), Some(*fingerprint), None),
            Action::Adopt { before, fingerprint, .. } => ("adopt", Some(&before.item.id), Some(*fingerprint), None),
            Action::Delete { item, manner, .. } => ("delete", Some(&item.id), None, Some(*manner)),
            Action::GiveBack { record, .. } => ("give-back", None, Some(Fingerprint::of(record)), None),
            Action::HandBack { item, .. } => ("hand-back", Some(&item.id), None, None),
            Action::Own { item, fingerprint, .. } => ("own", Some(&item.id), Some(*fingerprint), None),
            Action::Respect => ("respect", None, None, None),
            Action::Forget => ("forget", None, None, None),
        };
        let mut bytes = serde_json::to_vec(&(&self.key, what)).unwrap_or_default();
        // What is undone is told by the fields that it brings back: the record stays the same.
        if let (Why::Undone, Action::Update { set, clear, .. }) = (&self.why, &self.action) {
            bytes.extend(serde_json::to_vec(&(set, clear)).unwrap_or_default());
        }
        if let Action::HandBack { set, clear, body, .. } = &self.action {
            bytes.extend(serde_json::to_vec(&(set, clear, body)).unwrap_or_default());
        }
        let full: [u8; 32] = Sha256::digest(bytes).into();
        OperationDigest(std::array::from_fn(|at| full[at]))
    }
}

/// Names one operation as it was shown to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OperationDigest(pub [u8; 16]);

/// Why an operation is done, as the plan prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// New in the practice database (or newly in scope).
    New,
    /// The record changed.
    Changed,
    /// Somebody edited or deleted our item and the practice database wins.
    Restored,
    /// The ledger did not know this item, its stamp says that it is ours.
    TakenOver,
    /// An earlier sync left this item, and a person said that it belongs to this record.
    Adopted,
    /// The item lies in another folder now.
    Moved,
    /// After a crash or a lost reply it is not known what the item holds.
    Recovered,
    /// Somebody edited our item and that is left as it is.
    Acknowledged,
    /// The record is gone from the practice database.
    Gone,
    /// The record exists and this mailbox may not have it any more, for this reason.
    Withdrawn(String),
    /// The person it was there for left the firm.
    PersonLeft,
    /// The user deleted it.
    DeletedByUser,
    /// A person asked for what was done to be undone.
    Undone,
    /// The record is the same, what it means changed: these parts.
    Rewritten(String),
    /// The item was written for this record, which is gone and meant the same.
    Succeeds(RecordKey),
}

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::New => "new",
            Self::Changed => "the record changed",
            Self::Restored => "restored: the practice database wins",
            Self::TakenOver => "taken over by its stamp",
            Self::Adopted => "left by an earlier sync, taken over with consent",
            Self::Moved => "followed into another folder",
            Self::Recovered => "settling an interrupted write",
            Self::Acknowledged => "edited by the user, left as it is",
            Self::Gone => "gone from the practice database",
            Self::DeletedByUser => "deleted by the user",
            Self::PersonLeft => "the person left the firm",
            Self::Undone => "undone",
            Self::Succeeds(from) => return write!(formatter, "takes the place of {from}, which is gone"),
            Self::Withdrawn(reason) => return write!(formatter, "withdrawn: {reason}"),
            Self::Rewritten(parts) => return write!(formatter, "written anew: {parts}"),
        };
        formatter.write_str(text)
    }
}

/// What will be done, what waits for a person, and what is only told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To be executed, in this order.
    pub operations: Vec<Operation>,
    /// Waiting for a person; none of these operations is in `operations`.
    pub holds: Vec<Hold>,
    /// An approved change of meaning whose turn comes at later ticks.
    pub later: Vec<Operation>,
    /// Told, not done.
    pub findings: Vec<Finding>,
    /// Stamped copies beside a known item: remembered as foreign, never touched.
    pub foreign: Vec<(RecordKey, ItemId)>,
}

/// Operations of one mailbox and kind that wait for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Which kind is held.
    pub kind: Kind,
    /// Why.
    pub reason: HoldReason,
    /// Exactly what waits. Releasing the hold lets these pass and no others, unless another hold has them too.
    pub operations: Vec<Operation>,
}

/// Why operations wait for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum HoldReason {
    /// Nothing was ever written into this mailbox: its first plan is shown first.
    FirstWrite,
    /// More than the budget of 24 hours allows.
    Budget {
        /// Which budget.
        class: Class,
        /// What the plan wants.
        wanted: u64,
        /// What was spent in the last 24 hours.
        spent: u64,
        /// What the budget allows in 24 hours.
        allowed: u64,
    },
    /// More than the whole firm's budget of 24 hours allows: the kind is held for every link.
    FirmBudget {
        /// Which budget.
        class: Class,
        /// What all plans together want.
        wanted: u64,
        /// What was spent in the last 24 hours.
        spent: u64,
        /// What the budget allows in 24 hours.
        allowed: u64,
    },
    /// A query returned no row although this mailbox holds items of it.
    QueryEmpty {
        /// The query.
        query: QueryName,
        /// Items of it that the mailbox holds.
        items: u64,
    },
    /// A large share of our items vanished from the mailbox at once.
    Vanished {
        /// How many vanished.
        vanished: u64,
        /// Of how many.
        of: u64,
    },
    /// Items without our stamp look like these records: an earlier sync may have left them.
    LooksAlreadyThere {
        /// How many records have a look-alike.
        matches: u64,
    },
    /// Items of this firm whose record is absent and which the ledger does not know: one approved clean-up.
    Orphans,
    /// The ledger is new and these keys are found only in Deleted Items: perhaps the user deleted them.
    OnlyInDeletedItems,
    /// Stamps of a firm id that is not ours.
    UnknownFirm {
        /// The firm id, as text.
        firm: String,
        /// How many items carry it.
        items: u64,
    },
    /// A folder is owned by another ledger, or by one that this ledger does not remember.
    AnotherWriter {
        /// The owner property found.
        owner: String,
    },
    /// The user's person is missing from `people`.
    PersonMissing {
        /// The person.
        person: String,
    },
    /// Somebody left the firm: a person decides before their items are removed for good.
    PersonLeft {
        /// Who, by the practice system's identifier.
        person: String,
        /// Since when they are known to be inactive.
        since: Option<Timestamp>,
        /// How many items of the kind would go.
        items: u64,
    },
    /// More firm-wide contacts than the cap allows.
    ContactCap {
        /// How many there would be.
        wanted: u64,
        /// The cap.
        cap: u64,
    },
    /// The records are the same; what they mean changed.
    MeaningChanged {
        /// What changed.
        changes: Vec<MeaningChange>,
    },
}

impl HoldReason {
    /// Whether it is decided for all mailboxes at once, by approving a change of meaning.
    pub fn is_of_meaning(&self) -> bool {
        matches!(self, Self::MeaningChanged { .. })
    }

    /// What makes it the same reason in the next plan: what it is about, not its numbers.
    pub fn name(&self) -> ReasonName {
        ReasonName(match self {
            Self::FirstWrite => "first-write".to_owned(),
            Self::Budget { class, .. } => format!("budget/{class:?}"),
            Self::FirmBudget { class, .. } => format!("firm-budget/{class:?}"),
            Self::QueryEmpty { query, .. } => format!("query-empty/{query}"),
            Self::Vanished { .. } => "vanished".to_owned(),
            Self::LooksAlreadyThere { .. } => "looks-already-there".to_owned(),
            Self::Orphans => "orphans".to_owned(),
            Self::OnlyInDeletedItems => "only-in-deleted-items".to_owned(),
            Self::UnknownFirm { firm, .. } => format!("unknown-firm/{firm}"),
            Self::AnotherWriter { owner } => format!("another-writer/{owner}"),
            Self::PersonMissing { person } => format!("person-missing/{person}"),
            Self::PersonLeft { person, .. } => format!("person-left/{person}"),
            Self::ContactCap { .. } => "contact-cap".to_owned(),
            Self::MeaningChanged { changes } => {
                use sha2::{Digest, Sha256};
                let digest = Sha256::digest(serde_json::to_vec(changes).unwrap_or_default());
                format!("meaning-changed/{}", Fingerprint(digest.into()))
            }
        })
    }
}

/// Names a reason, whatever its numbers are just now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReasonName(pub String);
