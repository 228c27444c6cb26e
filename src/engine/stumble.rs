//! A server that stumbles whenever one record comes, without ever saying that it is the record: the others must not wait for it.

use super::{
    bisect::Sent,
    cycle::{Cycle, Done},
    memory::{STUMBLES, TOO_MANY_STUMBLES},
};
use crate::{
    domain::{ItemRef, RecordKey},
    ports::{Failure, FailureKind},
    state::Outcome,
};

impl Cycle<'_> {
    /// A record was sent alone and the server stumbled. When that happens again and again while others are written, the record
    /// is at fault, whatever the server calls it: it is parked and named.
    pub(super) fn blame(
        &mut self,
        key: &RecordKey,
        sent: &mut [Sent<Option<ItemRef>>],
        trouble: Option<Failure>,
        done: &Done,
    ) -> Option<Failure> {
        let Some(mut failure) = trouble else {
            if let Some(Sent::Answered(Ok(_))) = sent.first() {
                self.memory.stands(key);
            }
            return None;
        };
        if !stumbles(failure.kind) {
            return Some(failure);
        }
        let times = self.memory.stumbled(key);
        let others = done.counts.created + done.counts.updated + done.counts.deleted > 0;
        if times < TOO_MANY_STUMBLES && !(times > STUMBLES && others) {
            return Some(failure);
        }
        self.memory.stands(key);
        failure.kind = FailureKind::Rejected;
        if let Some(only) = sent.first_mut() {
            *only = Sent::Answered(Err(failure));
        }
        None
    }
}

/// Trouble that may be the server's or the record's.
pub(super) fn stumbles(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Transient | FailureKind::TooMuch | FailureKind::Malformed)
}

/// An item that the server refused.
pub(super) fn failed(failure: Failure, done: &mut Done) -> Outcome {
    let message = failure.chain();
    let outcome = match failure.kind {
        // An item that timed out may have been stored.
        FailureKind::Transient | FailureKind::TooMuch | FailureKind::Malformed => Outcome::Unknown,
        FailureKind::Rejected | FailureKind::BatchRefused => {
            done.failed += 1;
            Outcome::Failed { kind: "rejected".to_owned(), message, parked: true }
        }
        FailureKind::Conflict | FailureKind::NotFound => {
            done.look_again = true;
            Outcome::Failed { kind: "conflict".to_owned(), message, parked: false }
        }
        kind => {
            done.failed += 1;
            Outcome::Failed { kind: format!("{kind:?}").to_lowercase(), message, parked: false }
        }
    };
    if !matches!(
        failure.kind,
        FailureKind::Rejected | FailureKind::BatchRefused | FailureKind::Conflict | FailureKind::NotFound
    ) {
        done.trouble.get_or_insert(failure);
    }
    outcome
}
