//! Why a record is in a mailbox, or is not: asked of those who decide it at every tick. The practice database is read as the
//! engine reads it, the same intake says what the mailbox should have, and the same planner says what would be done: now, when
//! the record were gone, and when the user deleted the item.
//!
//! Nobody signs in to the mailbox for it. What lies there is what the last look showed; where an item was changed since it was
//! written, that is said, and the next pass reads it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    Engine, Parts,
    adoption::Paired,
    judged::fingerprint,
    overheard::Overheard,
    pending::{Batch, Facts},
    report::ReportedTrouble,
    room::Room,
};
use crate::{
    domain::{FolderId, Mirror, MirrorEntry, Observation, RecordKey, RowProblem, Seen},
    plan::{self, Desired, Plan, PlanningInput, Rewrites, adopt::Decision, unread},
    ports::{Failure, MailboxIdentity, Row},
    state::{ConfirmationWay, Ledger, LedgerError, LinkState, MailboxId, Pair, ParkedRecord, Shut, UserName},
};

/// What is known of some records in one user's mailbox.
#[derive(Debug)]
pub struct Explanation {
    /// When the practice database was read for it.
    pub at: Timestamp,
    /// Why it could not be read, or why the settings of the user cannot be used.
    pub trouble: Option<ReportedTrouble>,
    /// The records that were asked for, in order.
    pub records: Vec<Explained>,
}

/// What is known of one record in one user's mailbox, and what is made of it.
#[derive(Debug)]
pub struct Explained {
    /// Which record.
    pub key: RecordKey,
    /// Whether the mapping has a query of this name.
    pub known_query: bool,
    /// What the practice database says of it now.
    pub rows: Vec<Row>,
    /// What is wrong with its rows.
    pub problems: Vec<RowProblem>,
    /// What the mailbox should have of it; `None` where the practice database could not be asked.
    pub desired: Option<Desired>,
    /// Mailboxes that are to have it before it leaves this one.
    pub handed_to: BTreeSet<MailboxId>,
    /// The mailbox does not let us into its kind.
    pub shut: Option<Shut>,
    /// The server refused to store it as it is now.
    pub refused: Option<ParkedRecord>,
    /// What the ledger knows of its item.
    pub entry: Option<MirrorEntry>,
    /// The items that the last look at the mailbox showed.
    pub seen: Vec<Seen>,
    /// The item is in a version that nobody has read yet: the next pass reads it and decides then.
    pub unread: bool,
    /// An item of the user's looks like it, with what was decided.
    pub pair: Option<Pair>,
    /// What would be done now.
    pub next: Plan,
    /// What would be done if the record were gone from the practice database.
    pub if_gone: Plan,
    /// What would be done if the user deleted the item.
    pub if_deleted: Plan,
}

/// Explains records of one user.
pub struct Explainer {
    engine: Arc<Engine>,
    source: Arc<Overheard>,
    user: UserName,
    keys: BTreeSet<RecordKey>,
}

impl Explainer {
    /// Of parts whose ledger is a copy: what is done to explain something leaves no trace.
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn new(parts: Parts, user: UserName, keys: BTreeSet<RecordKey>) -> Result<Self, Failure> {
        let source = Arc::new(Overheard::new(Arc::clone(&parts.source), keys.clone()));
        let engine = Engine::new(Parts { source: Arc::clone(&source) as _, ..parts })?;
        Ok(Self { engine, source, user, keys })
    }

    /// Reads the practice database once, and asks the planner.
    ///
    /// # Errors
    /// The ledger's alone.
    pub async fn explain(&self) -> Result<Explanation, LedgerError> {
        let engine = &self.engine;
        let (ledger, at) = (&engine.context.ledger, engine.context.now());
        as_though_it_worked(ledger, &self.user, at)?;
        let mut reading = engine.reading.lock().await;
        let (served, changed) = engine.links(&reading.recipients)?;
        if let Some((recipients, book)) = changed {
            reading.recipients = recipients;
            reading.book = book;
        }
        engine.context.turns.begin(engine.context.policy.firm_meaning_per_tick);
        engine.hear_approvals(&mut reading)?;
        let mut links = served.iter();
        let Some(one) = links.find(|one| one.users.iter().any(|user| *user.name() == self.user)) else {
            let parked = ledger.user(&self.user)?.parked;
            let trouble = parked.map(|it| ReportedTrouble {
                cause: it.cause,
                remedy: Some(it.remedy),
                passes: false,
                kind: None,
                named: None,
            });
            return Ok(Explanation { at, trouble, records: Vec::new() });
        };
        let room = Arc::clone(&one.room);
        // Asked by name, so that the reading says something of them even if they look done.
        room.pending().meet(self.keys.clone());
        let trouble = engine.read(&mut reading, &served).await?.err().map(|failure| ReportedTrouble::of(&failure));
        let takers: BTreeMap<&RecordKey, BTreeSet<MailboxId>> =
            self.keys.iter().map(|key| (key, room.pending().takers(key))).collect();
        let batch = {
            let mut pending = room.pending();
            pending.settle_handovers(|_, _| true);
            pending.begin()
        };
        let mut records = Vec::new();
        for (key, handed_to) in takers {
            records.push(Explained { handed_to, ..self.one(key, &room, &batch)? });
        }
        Ok(Explanation { at, trouble, records })
    }

    fn one(&self, key: &RecordKey, room: &Room, batch: &Batch) -> Result<Explained, LedgerError> {
        let ledger = &self.engine.context.ledger;
        let keys = BTreeSet::from([key.clone()]);
        let mirror = ledger.mirror(room.id, &keys)?;
        let observed = ledger.observed(room.id, &keys)?;
        let desired = batch.desired.get(key).cloned();
        let refused = ledger.parked_records(room.id)?.into_iter().find(|parked| {
            parked.key == *key && desired.as_ref().is_some_and(|desired| fingerprint(desired) == parked.fingerprint)
        });
        let pair = ledger.adoptions(room.id)?.into_iter().find(|pair| pair.found.key == *key);
        let views = Views { room, facts: &batch.facts, key, mirror: &mirror, pair: pair.as_ref() };
        let wanted = desired.clone().unwrap_or(Desired::Unchanged);
        // What the server refused is not tried again, and what is taken over is planned with a look at the item.
        let taken = pair.as_ref().is_some_and(|pair| matches!(pair.decided, Some((Decision::Adopt, ..))));
        let waits = refused.is_some() || (taken && !mirror.entries.contains_key(key));
        let traced = batch.traced.get(key).map(|traced| (key.clone(), traced.clone())).into_iter().collect();
        let rewrites = self.engine.context.rewrites(room.id, &traced)?;
        self.engine.context.turns.give_back(rewrites.at_most);
        let next = if waits { Plan::default() } else { self.plan(&views, wanted.clone(), &observed, &rewrites)? };
        let none = Rewrites::default();
        Ok(Explained {
            shut: ledger.shut_kinds(room.id)?.remove(&key.kind),
            key: key.clone(),
            known_query: self.engine.source.queries().iter().any(|it| (it.kind, &it.name) == (key.kind, &key.query)),
            rows: self.source.rows(key),
            problems: ledger.row_problems()?.into_iter().filter(|problem| problem.key.as_ref() == Some(key)).collect(),
            desired,
            handed_to: BTreeSet::new(),
            refused,
            entry: mirror.entries.get(key).cloned(),
            seen: observed.copies(key).to_vec(),
            unread: !unread(&mirror, &observed).is_empty(),
            next,
            if_gone: self.plan(&views, Desired::Absent, &observed, &none)?,
            if_deleted: self.plan(&views, wanted, &Observation::default(), &none)?,
            pair,
        })
    }

    fn plan(
        &self,
        views: &Views<'_>,
        wanted: Desired,
        observed: &Observation,
        rewrites: &Rewrites,
    ) -> Result<Plan, LedgerError> {
        let context = &self.engine.context;
        let (mailbox, now) = (views.room.id, context.now());
        let others = self.engine.wanted_elsewhere(views.room);
        let totals = context.totals(mailbox, views.facts, &others, context.unknown_firms(mailbox)?)?;
        let undecided = views.pair.filter(|pair| pair.decided.is_none()).map(|_| views.key.clone());
        Ok(plan::plan(&PlanningInput {
            desired: &BTreeMap::from([(views.key.clone(), wanted)]),
            complete: false,
            mirror: views.mirror,
            observed,
            totals: &totals,
            policy: &context.policy,
            released: &context.ledger.released(mailbox, now)?,
            look_alikes: &undecided.into_iter().collect(),
            adoptions: &Paired::from_then(views.pair.cloned().into_iter().collect()).adoptions,
            only_deleted: &BTreeSet::new(),
            rewrites,
            zone: &context.zone,
            now,
        }))
    }
}

/// What the planner is told about one record.
struct Views<'a> {
    room: &'a Room,
    facts: &'a Facts,
    key: &'a RecordKey,
    mirror: &'a Mirror,
    pair: Option<&'a Pair>,
}

/// On the copy of the ledger the link works, whatever keeps it from working: that is another question than the one that is
/// answered here. A mailbox that was never reached counts as an empty one.
fn as_though_it_worked(copy: &Ledger, user: &UserName, now: Timestamp) -> Result<(), LedgerError> {
    let by = "explain";
    copy.resume(user, by, now)?;
    copy.unpark(user, by, now)?;
    if copy.user(user)?.link == LinkState::Invited {
        copy.set_link_state(user, LinkState::Linked, by, now)?;
    }
    copy.confirm(user, ConfirmationWay::Provider, by, now)?;
    if copy.user(user)?.mailbox.is_none() {
        let nowhere = MailboxIdentity { server: String::new(), root: FolderId(String::new()) };
        let mailbox = copy.mailbox_for(&nowhere, now)?;
        copy.set_user_mailbox(user, mailbox)?;
    }
    Ok(())
}
