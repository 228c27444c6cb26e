//! The way of requests to the server: one queue for each mailbox, pauses to the letter, batches of bearable size.

use serde_json::Value as Json;
use tokio::sync::SemaphorePermit;

use super::GraphMailbox;
use crate::{
    exchange::{
        graph::{
            answer::{self, Page},
            ask::Ask,
            batch::{self, LONGEST_CHAIN, Part, SIDE_BY_SIDE},
        },
        patience::{self, is_short},
    },
    ports::{Failure, FailureKind, ItemOutcome},
};

/// So often in a row a batch is sent again after a short pause.
const MOST_SHORT_PAUSES: u8 = 5;
/// The most pages of one listing.
const MOST_PAGES: usize = 10_000;

impl GraphMailbox {
    /// Asks one thing, when the mailbox may be asked again.
    pub(super) async fn ask(&self, doing: &str, ask: &Ask) -> Result<Json, Failure> {
        let url = self.url(&ask.path)?;
        self.send(doing, ask, url, 1).await
    }

    /// All pages of a listing, or of what changed.
    pub(super) async fn pages(&self, doing: &str, first: Ask) -> Result<Page, Failure> {
        let page = self.so_many_pages(doing, first, MOST_PAGES).await?;
        if page.next.is_none() {
            return Ok(page);
        }
        Err(Failure::new(FailureKind::Malformed, doing)
            .because("the server says that there is more and does not go on"))
    }

    /// What stands on the first pages of a listing.
    pub(super) async fn first_pages(&self, doing: &str, first: Ask, most: usize) -> Result<Vec<Json>, Failure> {
        Ok(self.so_many_pages(doing, first, most).await?.entities)
    }

    /// Reads on to the last page, until the server does not go on, or until there were enough.
    async fn so_many_pages(&self, doing: &str, first: Ask, most: usize) -> Result<Page, Failure> {
        let mut url = self.url(&first.path)?;
        let mut all = Page::default();
        for _ in 0..most {
            let page = Page::read(self.send(doing, &first, url.clone(), 1).await?);
            all.entities.extend(page.entities);
            (all.next, all.delta) = (page.next, page.delta);
            let Some(next) = &all.next else { break };
            let next = next.parse().map_err(|error| Failure::new(FailureKind::Malformed, doing).because(error))?;
            if next == url {
                break;
            }
            url = next;
        }
        Ok(all)
    }

    /// What changed since: pages of an address that the server gave.
    pub(super) async fn pages_since(&self, doing: &str, link: &str) -> Result<Page, Failure> {
        let base = self.url("")?;
        // A token of another protocol or cloud: it means nothing here, and the sign-in is not sent after it.
        let known = link.parse::<url::Url>().ok().filter(|url| url.origin() == base.origin());
        let rest = known.as_ref().and_then(|url| url.as_str().strip_prefix(base.as_str().trim_end_matches('/')));
        let Some(rest) = rest else {
            return Err(Failure::new(FailureKind::TokenExpired, doing).because("the token is not one of Graph's"));
        };
        self.pages(doing, Ask::list(rest.to_owned())).await
    }

    async fn send(&self, doing: &str, ask: &Ask, url: url::Url, lanes: u32) -> Result<Json, Failure> {
        let _mine = self.lanes(doing, lanes).await?;
        self.wait(doing).await?;
        let reply = match self.link.send(doing, &ask.outgoing(url)).await {
            Ok(reply) => reply,
            Err(failure) => return Err(self.learn_from(failure, 1)),
        };
        match answer::read(doing, reply.status, &reply.headers, &reply.body) {
            Ok(answer) => Ok(answer),
            Err(failure) => {
                let failure = if self.by_app { answer::of_app(failure, &ask.path) } else { failure };
                Err(self.learn_from(self.link.diagnosed(failure, &reply, None), 1))
            }
        }
    }

    async fn lanes(&self, doing: &str, lanes: u32) -> Result<SemaphorePermit<'_>, Failure> {
        let permit = self.lanes.acquire_many(lanes).await;
        permit.map_err(|error| Failure::new(FailureKind::Transient, doing).because(error))
    }

    /// Asks many things and yields what became of each, in order.
    ///
    /// If the first batch fails as a whole, the call fails. If a later one does, what is known of the earlier ones is kept: each
    /// write of the failed batch gets its failure as one whose outcome is unknown, what was not sent any more says so.
    pub(super) async fn all(&self, doing: &str, asks: &[Ask]) -> Result<Vec<ItemOutcome<Json>>, Failure> {
        let mut outcomes: Vec<Option<ItemOutcome<Json>>> = asks.iter().map(|_| None).collect();
        let writes = asks.iter().any(|ask| ask.method != http::Method::GET);
        let (mut in_a_chain, mut pauses) = (true, 0);
        loop {
            let open: Vec<usize> =
                outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_none()).map(|(place, _)| place).collect();
            if open.is_empty() {
                break;
            }
            let most = if in_a_chain { LONGEST_CHAIN } else { SIDE_BY_SIDE };
            let size = self.learned().throttle.batch(most.min(open.len()));
            let (sent, later) = open.split_at_checked(size).unwrap_or((&open, &[]));
            let failure =
                match self.one_batch(doing, sent.iter().filter_map(|place| asks.get(*place)), in_a_chain).await {
                    Ok(parts) => {
                        let mut settled = 0;
                        for (place, part) in sent.iter().zip(parts) {
                            let outcome = match part {
                                Part::Done(entity) => Some(Ok(entity)),
                                Part::Refused(failure) => self.refused(failure, writes, &mut pauses).map(Err),
                                Part::NotTried => None,
                            };
                            in_a_chain &= matches!(outcome, Some(Ok(_)));
                            settled += usize::from(outcome.is_some());
                            if let Some(slot) = outcomes.get_mut(*place) {
                                *slot = outcome;
                            }
                        }
                        if settled > 0 {
                            pauses = 0;
                        } else if pauses == 0 || pauses > MOST_SHORT_PAUSES {
                            // Nothing came of it, and nobody said to wait.
                            let failure =
                                Failure::new(FailureKind::Malformed, doing).because("no part of the batch was tried");
                            fill(&mut outcomes, &open, &failure, failure.kind);
                        }
                        continue;
                    }
                    // Reading again changes nothing, and the throttle has halved the batch.
                    Err(failure) if !writes && sent.len() > 1 && failure.kind == FailureKind::TooMuch => continue,
                    Err(failure) if was_put_off(&failure) && is_short(&failure) && pauses < MOST_SHORT_PAUSES => {
                        pauses += 1;
                        continue;
                    }
                    Err(failure) => failure,
                };
            if !writes || outcomes.iter().all(Option::is_none) {
                return Err(failure);
            }
            let kind = match failure.kind {
                kind @ (FailureKind::Unauthorized | FailureKind::TooMuch | FailureKind::Malformed) => kind,
                FailureKind::Throttled if was_put_off(&failure) => FailureKind::Throttled,
                // A gateway may say anything after the server behind it has stored everything.
                _ => FailureKind::Transient,
            };
            fill(&mut outcomes, sent, &failure, kind);
            let unsent = Failure::new(FailureKind::Transient, doing).because("not sent any more");
            fill(&mut outcomes, later, &unsent, unsent.kind);
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    async fn one_batch<'a>(
        &self,
        doing: &str,
        asks: impl Iterator<Item = &'a Ask>,
        in_a_chain: bool,
    ) -> Result<Vec<Part>, Failure> {
        let asks: Vec<&Ask> = asks.collect();
        let lanes = if in_a_chain { 1 } else { u32::try_from(asks.len()).unwrap_or(1) };
        let answer = match asks.as_slice() {
            // One thing needs no batch; what the server says to it is said to it alone.
            [one] => {
                let url = self.url(&one.path)?;
                return match self.send(doing, one, url, 1).await {
                    Ok(entity) => Ok(vec![Part::Done(entity)]),
                    Err(failure) if answer::said(&failure).is_some() && is_of_one(failure.kind) => {
                        Ok(vec![Part::Refused(failure)])
                    }
                    Err(failure) => Err(failure),
                };
            }
            several => {
                let body = batch::request(several.iter().copied(), in_a_chain);
                let url = self.url("/$batch")?;
                self.send(doing, &Ask::post(String::new(), body), url, lanes).await?
            }
        };
        self.learned().throttle.answered(asks.len());
        Ok(batch::read(doing, &answer, asks.len()))
    }

    /// One part was refused: for good, or (nothing) to be tried again after a short pause.
    fn refused(&self, failure: Failure, writes: bool, pauses: &mut u8) -> Option<Failure> {
        if failure.kind != FailureKind::Throttled {
            return Some(failure);
        }
        let mut failure = self.learn_from(failure, 1);
        if writes && !was_put_off(&failure) {
            failure.kind = FailureKind::Transient;
            return Some(failure);
        }
        *pauses = pauses.saturating_add(1);
        (!is_short(&failure) || *pauses > MOST_SHORT_PAUSES).then_some(failure)
    }

    /// Sits out a short pause that the server asked for; reports a long one.
    async fn wait(&self, doing: &str) -> Result<(), Failure> {
        patience::sit_out(doing, || self.learned().throttle.pause(self.link.now())).await
    }

    /// Remembers what a failure says about the server's patience.
    fn learn_from(&self, failure: Failure, items: usize) -> Failure {
        let wants_less = failure.kind == FailureKind::TooMuch;
        patience::learn(&mut self.learned().throttle, failure, items, wants_less, self.link.now())
    }
}

/// Whether nothing was done for certain: the server said 429, or was not asked at all.
fn was_put_off(failure: &Failure) -> bool {
    failure.kind == FailureKind::Throttled && answer::said(failure).is_none_or(|said| said.status == 429)
}

/// Whether a refusal concerns the one thing that was asked for and not the mailbox as a whole.
fn is_of_one(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::NotFound
            | FailureKind::Conflict
            | FailureKind::Rejected
            | FailureKind::Full
            | FailureKind::TooMuch
    )
}

/// These got no answer of their own.
fn fill(outcomes: &mut [Option<ItemOutcome<Json>>], places: &[usize], failure: &Failure, kind: FailureKind) {
    for place in places {
        let Some(slot) = outcomes.get_mut(*place).filter(|slot| slot.is_none()) else { continue };
        let mut copy = Failure::new(kind, "ask Graph").because(failure.chain());
        (copy.cause, copy.retry_after) = (failure.cause, failure.retry_after);
        copy.hint.clone_from(&failure.hint);
        *slot = Some(Err(copy));
    }
}
