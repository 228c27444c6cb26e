//! What a row means for one recipient, and whether their mailbox has that already.

use std::sync::Arc;

use super::{index::Index, recipients::Recipient};
use crate::{
    domain::{Audience, Fingerprint, MeaningId, Presence, RecordKey, SourceRecord},
    plan::{Desired, MirrorHint},
    state::MailboxId,
};

/// What the ledger knows of the mailbox's item.
pub(super) fn hint(index: &Index, mailbox: MailboxId, key: &RecordKey) -> Option<MirrorHint> {
    index.holder(mailbox, key).map(|holder| MirrorHint { fingerprint: holder.fingerprint })
}

/// Of what is wanted, if something is.
pub(super) fn fingerprint(desired: &Desired) -> Option<Fingerprint> {
    match desired {
        Desired::Wanted(record) | Desired::Succeeds { record, .. } => Some(Fingerprint::of(record)),
        _ => None,
    }
}

/// What a row means for one recipient.
pub(super) struct Judged<'r> {
    pub(super) recipient: &'r Recipient,
    pub(super) hint: Option<MirrorHint>,
    pub(super) desired: Desired,
    /// Of what is wanted.
    pub(super) fingerprint: Option<Fingerprint>,
    /// What rows like this one mean for the recipient.
    pub(super) meaning: Option<MeaningId>,
}

impl Judged<'_> {
    /// Whether nothing in the record is about this person or that one: no wall, no tie.
    pub(super) fn nothing_personal(&self, record: &SourceRecord, other: &Recipient) -> bool {
        let untied = |person| match &record.audience {
            Audience::Linked(ties) => !ties.iter().any(|tie| tie.person.as_ref() == Some(person)),
            _ => true,
        };
        let unwalled = |one: &Recipient| one.viewer().walls.is_empty();
        unwalled(self.recipient) && unwalled(other) && untied(&self.recipient.person) && untied(&other.person)
    }

    /// Whether the same row means the same for somebody else.
    pub(super) fn holds_for(&self, other: &Recipient, hint: Option<MirrorHint>) -> bool {
        self.hint == hint
            && self.recipient.standing == other.standing
            && self.recipient.resting == other.resting
            && Arc::ptr_eq(&self.recipient.scope, &other.scope)
    }
}

/// Whether the mailbox has what it should have, as far as the ledger knows; `fingerprint` is that of what is wanted.
pub(super) fn is_done(
    index: &Index,
    mailbox: MailboxId,
    key: &RecordKey,
    desired: &Desired,
    fingerprint: Option<Fingerprint>,
) -> bool {
    let holder = index.holder(mailbox, key);
    match desired {
        Desired::Wanted(_) => holder.is_some_and(|holder| holder.fingerprint == fingerprint),
        Desired::Succeeds { .. } => false,
        Desired::Frozen | Desired::Unchanged => holder.is_none_or(|holder| holder.fingerprint.is_some()),
        // A row that cannot be read is worth a look as long as its item lies on a phone.
        Desired::Unreadable | Desired::Withdrawn(_) | Desired::Left | Desired::Absent => {
            holder.is_none_or(|holder| holder.presence == Presence::DeletedByUser && *desired == Desired::Unreadable)
        }
    }
}
