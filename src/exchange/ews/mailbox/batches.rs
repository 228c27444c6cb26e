//! Many items in requests of bearable size, and an answer for each of them.

use super::EwsMailbox;
use crate::{
    exchange::ews::{response_code::said, soap::EwsCall},
    ports::{Failure, FailureKind, ItemOutcome},
};

/// So many items in a row may each make the server stumble.
const MOST_STUMBLES: u8 = 3;

/// The server refused with a code that says nothing to us: perhaps one item of the request is at fault.
pub(super) fn is_puzzling(failure: &Failure) -> bool {
    failure.kind == FailureKind::Malformed && said(failure).is_some()
}

/// Fewer items may work.
pub(super) fn wants_less(failure: &Failure) -> bool {
    failure.kind == FailureKind::TooMuch || is_puzzling(failure)
}

/// What the failure of a whole request means for each item that was to be written in it. A proxy may say 503 or show another
/// page after the server behind it has stored everything; only at the door, with a 401, is nothing stored for certain.
fn unless_written(kind: FailureKind) -> FailureKind {
    match kind {
        FailureKind::Unauthorized | FailureKind::TooMuch | FailureKind::Malformed => kind,
        _ => FailureKind::Transient,
    }
}

impl EwsMailbox {
    /// Sends items in requests of at most `largest`, fewer where the server finds that too much; `together` says which may
    /// share a request. Answers are in the order of the items.
    ///
    /// If the first request fails as a whole, the call fails. If a later one does, what is known of the earlier ones is kept:
    /// each item of the failed request gets its failure as one whose outcome is unknown, each item that was not sent any more says so. A request with one
    /// item that the server stumbles over fails for that item alone, and the others go on.
    pub(super) async fn in_batches<'a, I, C, T>(
        &self,
        items: &'a [I],
        largest: usize,
        together: fn(&I, &I) -> bool,
        call: impl Fn(&'a [I]) -> C + Send + Sync,
    ) -> Result<Vec<ItemOutcome<T>>, Failure>
    where
        I: Sync,
        C: EwsCall<Response = Vec<ItemOutcome<T>>> + Send + Sync,
        T: Send,
    {
        let mut outcomes: Vec<ItemOutcome<T>> = Vec::with_capacity(items.len());
        let mut stumbles = 0;
        while let Some(rest) = items.get(outcomes.len()..)
            && let Some(first) = rest.first()
        {
            let alike = rest.iter().take_while(|item| together(first, item)).count();
            let size = self.learned().throttle.batch(alike.min(largest));
            let (batch, later) = rest.split_at_checked(size).unwrap_or((rest, &[]));
            let failure = match self.send(&call(batch), batch.len()).await {
                Ok(answers) => {
                    outcomes.extend(answers.into_iter().map(|answer| self.note(answer)));
                    stumbles = 0;
                    continue;
                }
                // The throttle has halved the batch, and reading again changes nothing.
                Err(failure) if !C::WRITES && batch.len() > 1 && wants_less(&failure) => continue,
                // One item is at fault and is named; unless it happens again and again, then it is the server.
                Err(failure) if batch.len() == 1 && is_puzzling(&failure) && stumbles < MOST_STUMBLES => {
                    stumbles += 1;
                    outcomes.push(Err(failure));
                    continue;
                }
                Err(mut failure)
                    if batch.len() == 1 && items.len() > 1 && failure.kind == FailureKind::BatchRefused =>
                {
                    failure.kind = FailureKind::Rejected;
                    outcomes.push(Err(failure));
                    continue;
                }
                Err(failure) => failure,
            };
            if outcomes.is_empty() || !C::WRITES {
                return Err(failure);
            }
            let said = failure.chain();
            let again = |kind, why: &str| {
                let mut copy = Failure::new(kind, call(batch).doing()).because(why.to_owned());
                copy.retry_after = failure.retry_after;
                copy.hint.clone_from(&failure.hint);
                Err(copy)
            };
            let kind = unless_written(failure.kind);
            outcomes.extend(batch.iter().map(|_| again(kind, &said)));
            outcomes.extend(later.iter().map(|_| again(FailureKind::Transient, "not sent any more")));
        }
        Ok(outcomes)
    }

    /// A server may be busy for single items too.
    fn note<T>(&self, outcome: ItemOutcome<T>) -> ItemOutcome<T> {
        outcome.map_err(|failure| match failure.kind {
            FailureKind::Throttled => self.learn_from(failure, 1),
            _ => failure,
        })
    }
}
