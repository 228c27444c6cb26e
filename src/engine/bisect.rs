//! A batch that a server refuses as a whole is cut in halves until the one record at fault stands alone; the others are
//! written.

use std::{future::Future, ops::Range, pin::Pin};

use crate::ports::{Failure, FailureKind, ItemOutcome};

/// What is known of one item of a batch.
#[derive(Debug)]
pub(super) enum Sent<T> {
    /// The server answered for it.
    Answered(ItemOutcome<T>),
    /// It was sent and no answer came: look before writing again.
    Unknown,
    /// It was not sent.
    Unsent,
}

/// The answer to one request, under way.
pub(super) type Sending<'a, T> = Pin<Box<dyn Future<Output = Result<Vec<ItemOutcome<T>>, Failure>> + Send + 'a>>;

/// Sends `count` items through `send`, which takes a range of them. Gives what is known of each, and the trouble that ended the
/// sending early, if any.
pub(super) async fn bisect<'a, T>(
    count: usize,
    mut send: impl FnMut(Range<usize>) -> Sending<'a, T>,
) -> (Vec<Sent<T>>, Option<Failure>) {
    let mut known: Vec<Sent<T>> = (0..count).map(|_| Sent::Unsent).collect();
    let mut ranges: Vec<Range<usize>> = std::iter::once(0..count).collect();
    while let Some(range) = ranges.pop() {
        if range.is_empty() {
            continue;
        }
        match send(range.clone()).await {
            Ok(outcomes) => {
                let mut outcomes = outcomes.into_iter();
                for place in range {
                    known[place] = outcomes.next().map_or(Sent::Unknown, Sent::Answered);
                }
            }
            Err(failure) if failure.kind == FailureKind::BatchRefused && range.len() > 1 => {
                let middle = range.start + range.len() / 2;
                ranges.push(middle..range.end);
                ranges.push(range.start..middle);
            }
            Err(mut failure) if failure.kind == FailureKind::BatchRefused => {
                failure.kind = FailureKind::Rejected;
                known[range.start] = Sent::Answered(Err(failure));
            }
            Err(failure) => {
                for place in range {
                    known[place] = Sent::Unknown;
                }
                return (known, Some(failure));
            }
        }
    }
    (known, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_record_at_fault_is_named_and_the_others_are_written() {
        let mut requests = 0;
        let (known, trouble) = bisect(9, |range: Range<usize>| {
            requests += 1;
            Box::pin(async move {
                if range.contains(&6) {
                    return Err(Failure::new(FailureKind::BatchRefused, "create"));
                }
                Ok(range.map(Ok).collect::<Vec<ItemOutcome<usize>>>())
            })
        })
        .await;
        assert!(trouble.is_none());
        for (place, sent) in known.iter().enumerate() {
            match sent {
                Sent::Answered(Ok(answer)) => assert_eq!((*answer, place == 6), (place, false)),
                Sent::Answered(Err(failure)) => assert_eq!((place, failure.kind), (6, FailureKind::Rejected)),
                other => panic!("{place}: {other:?}"),
            }
        }
        assert!(requests <= 9, "{requests} requests");
    }

    #[tokio::test]
    async fn a_lost_reply_leaves_its_items_unknown_and_the_rest_unsent() {
        let (known, trouble) = bisect(4, |range: Range<usize>| {
            Box::pin(async move {
                let kind = if range.len() == 4 { FailureKind::BatchRefused } else { FailureKind::Transient };
                Err::<Vec<ItemOutcome<()>>, _>(Failure::new(kind, "create"))
            })
        })
        .await;
        assert!(matches!(known[..], [Sent::Unknown, Sent::Unknown, Sent::Unsent, Sent::Unsent]));
        assert_eq!(trouble.map(|failure| failure.kind), Some(FailureKind::Transient));
    }

    #[tokio::test]
    async fn too_few_answers_are_not_taken_for_success() {
        let (known, _) = bisect(2, |_| Box::pin(async { Ok(vec![Ok(1)]) })).await;
        assert!(matches!(known[..], [Sent::Answered(Ok(1)), Sent::Unknown]));
    }
}
