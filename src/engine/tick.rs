//! The beat: read the practice database once for everybody, put what differs on the lists of mailboxes, start their passes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{
    Engine, Reading,
    intake::{Against, Intake, Told},
    links::Served,
    pending::Facts,
    recipients::Standing,
    report::{ReportedTrouble, TickReport},
    retest::Retests,
    room::Room,
};
use crate::{
    domain::{Kind, QueryName, RecordKey, RowProblem},
    plan::{Class, HoldReason},
    ports::{Failure, FailureKind, Portion, QueryRead, Row},
    state::{LedgerError, MailboxId, RunCounts, UserName},
};

/// Rows that a reading returned.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rows {
    read: u64,
    swept: u64,
}

/// What one reading gave.
struct Taken {
    told: Told,
    problems: Problems,
    rows: Rows,
    /// What was not read means something else than it did.
    stale: bool,
}

/// Rows with problems, and which rows were looked at: the problems of others stay listed.
#[derive(Default)]
struct Problems {
    found: BTreeMap<QueryName, Vec<RowProblem>>,
    read: BTreeMap<QueryName, Option<BTreeSet<RecordKey>>>,
}

impl Engine {
    /// One tick: reads, and starts the passes of mailboxes with something to do (of this user's alone, if one is named). Passes
    /// go on by themselves; [`Engine::idle`] waits for them.
    ///
    /// # Errors
    /// The ledger's alone. What is wrong with the practice database or a mailbox is in the report and in the ledger.
    pub async fn tick(self: &Arc<Self>, only: Option<&UserName>) -> Result<TickReport, LedgerError> {
        let report = async { self.start_moves(only).map(|()| self.beat(only, false))?.await }.await;
        self.ledger_served(None, report.as_ref().err());
        report
    }

    /// A rehearsal: everything up to the plan, nothing written into mailboxes. Meant for an engine on a copy of the ledger.
    ///
    /// # Errors
    /// As [`Engine::tick`].
    pub async fn rehearse(self: &Arc<Self>, only: Option<&UserName>) -> Result<TickReport, LedgerError> {
        let mut report = self.beat(only, true).await?;
        self.idle().await;
        report.cycles = self.take_reports();
        Ok(report)
    }

    /// What passes reported since the last call.
    pub fn take_reports(&self) -> Vec<super::CycleReport> {
        let mut reports = std::mem::take(&mut *self.reports());
        reports.sort_by(|one, other| one.user.cmp(&other.user));
        reports
    }

    async fn beat(self: &Arc<Self>, only: Option<&UserName>, rehearsal: bool) -> Result<TickReport, LedgerError> {
        let mut reading = self.reading.lock().await;
        let run = self.context.ledger.begin_run(None, self.context.now())?;
        self.mind_addresses(rehearsal).await;
        let (served, changed) = self.links(&reading.recipients)?;
        if let Some((mut recipients, book)) = changed {
            recipients.inherit_walls(&reading.recipients);
            reading.recipients = recipients;
            reading.book = book;
            reading.heard = false;
            reading.watch.forget();
        }
        if self.read_anew.swap(false, Ordering::Relaxed) {
            reading.watch.suspect();
        }
        self.context.turns.begin(self.context.policy.firm_meaning_per_tick);
        self.hear_approvals(&mut reading)?;
        let mut report = TickReport::default();
        let mut walls_unknown = false;
        match self.read(&mut reading, &served).await? {
            // With nobody to serve nothing was asked, and nothing is known.
            Ok(_) if served.is_empty() => {}
            Ok(rows) => {
                reading.heard = true;
                report.rows = rows.read;
                report.swept = rows.swept;
                self.context.ledger.source_read(self.context.now())?;
            }
            Err(failure) => {
                reading.watch.forget();
                // What waits was judged by the walls of an earlier reading: nothing of it is given to anybody before the next.
                walls_unknown = reading.recipients.keeps_walls() || (!reading.heard && reading.recipients.walled());
                let remedy =
                    failure.hint.clone().unwrap_or_else(|| "look at it: `pocketdocket practice probe`".to_owned());
                tracing::error!(cause = %failure.chain(), "the practice database cannot be read; nothing is concluded from that");
                self.context.ledger.source_trouble(&failure.chain(), &remedy, self.context.now())?;
                report.source_trouble = Some(ReportedTrouble { remedy: Some(remedy), ..ReportedTrouble::of(&failure) });
            }
        }
        if !walls_unknown {
            self.start_passes(served, only, rehearsal)?;
        }
        let trouble = report.source_trouble.as_ref().map(|trouble| trouble.cause.as_str());
        self.context.ledger.end_run(run, RunCounts::default(), trouble, self.context.now())?;
        Ok(report)
    }

    /// Reads what is due. Nothing of it counts before it is complete.
    pub(super) async fn read(
        &self,
        reading: &mut Reading,
        served: &[Served],
    ) -> Result<Result<Rows, Failure>, LedgerError> {
        if served.is_empty() {
            return Ok(Ok(Rows::default()));
        }
        let limit = Duration::from_secs(u64::from(self.context.settings.read_minutes) * 60);
        let mut outcome = tokio::time::timeout(limit, self.take_in(reading, served)).await;
        if matches!(&outcome, Ok(Ok(complete)) if complete.stale) {
            // A wall, a tie or somebody's standing changed: rows that were not read mean something else now, and nobody waits for that.
            reading.watch.suspect();
            outcome = tokio::time::timeout(limit, self.take_in(reading, served)).await;
        }
        let Taken { mut told, problems, rows, .. } = match outcome {
            Ok(Ok(complete)) => complete,
            Ok(Err(failure)) => return Ok(Err(failure)),
            Err(_) => {
                return Ok(Err(Failure::new(FailureKind::Source, "read the practice database")
                    .because(format!("it took longer than {} minutes", limit.as_secs() / 60))
                    .hint("see what slows the database down, or raise `read_minutes` in `[sync]`")));
            }
        };
        self.note(problems)?;
        if reading.people != told.people {
            self.context.ledger.put_people(&told.people, self.context.now())?;
            reading.people = std::mem::take(&mut told.people);
        }
        self.note_origins(&told)?;
        reading.empty.hear(&told);
        let mut leaving = self.departures(&reading.recipients, served)?;
        for one in served {
            let facts = Facts {
                empty_queries: reading.empty.0.clone(),
                holds: link_holds(reading, one.room.id),
                leaving: leaving.remove(&one.room.id),
                contact_cap: None,
                scopes: reading.recipients.scopes(one.room.id),
            };
            one.room.hear(&mut told, one.contact_cap, facts, self.context.now());
        }
        Ok(Ok(rows))
    }

    async fn take_in(&self, reading: &mut Reading, served: &[Served]) -> Result<Taken, Failure> {
        let now = self.context.now();
        let (generation, chosen) = reading.watch.choose(now, &self.context.settings);
        self.index().begin(generation);
        let depth: HashMap<(Kind, QueryName), QueryRead> =
            chosen.iter().map(|(kind, name, read)| ((*kind, name.clone()), read.clone())).collect();
        let rooms: HashMap<MailboxId, Arc<Room>> =
            served.iter().map(|served| (served.room.id, Arc::clone(&served.room))).collect();
        let mentioned =
            |mailbox: MailboxId, key: &RecordKey| rooms.get(&mailbox).is_some_and(|room| room.pending().mentions(key));
        let mut problems = Problems::default();
        for (_, name, read) in &chosen {
            let whole = matches!(read, QueryRead::Content);
            problems.read.insert(name.clone(), if whole { None } else { Some(BTreeSet::new()) });
        }
        let mut rows = Rows::default();
        let mut intake = Intake::new(&reading.recipients, now);
        let mut ended = Vec::new();
        let mut stale = false;
        let everything = chosen.iter().all(|(_, _, read)| *read == QueryRead::Content);
        let mut portions = self.source.read(chosen).await?;
        loop {
            match portions.recv().await {
                Some(Ok(Portion::People(people))) => {
                    // Somebody came, left or came back: what their rows mean is known when all were read.
                    stale |= reading.recipients.meet(&people) && !everything;
                    intake.met(people);
                }
                Some(Ok(Portion::Walls(walls))) => {
                    problems.read.insert(QueryName("walls".to_owned()), None);
                    stale |= reading.recipients.wall_off(walls) && !everything;
                }
                Some(Ok(Portion::Ties { kind, name, digest })) => {
                    let query = (kind, name);
                    stale |= reading.watch.tied(&query, digest) && depth.get(&query) != Some(&QueryRead::Content);
                }
                Some(Ok(Portion::Rows(kind, name, portion))) => {
                    let query = (kind, name);
                    for row in &portion {
                        match row {
                            Row::Record { record, mark } => {
                                reading.watch.saw(&query, &record.key, &record.audience, *mark);
                                problems.looked_at(&query.1, &record.key);
                            }
                            Row::Unreadable { key, audience, mark, .. } => {
                                reading.watch.saw(&query, key, audience, *mark);
                                problems.looked_at(&query.1, key);
                            }
                            Row::Key { key, audience, mark } => reading.watch.swept(&query, key, audience, *mark),
                        }
                    }
                    let mut index = self.index();
                    let mut against = Against {
                        index: &mut index,
                        recipients: &reading.recipients,
                        book: &mut reading.book,
                        mentioned: &mentioned,
                    };
                    for row in &portion {
                        intake.row(row, &mut against);
                    }
                }
                Some(Ok(Portion::Problems(found))) => {
                    for problem in found {
                        problems.found.entry(problem.query.clone()).or_default().push(problem);
                    }
                }
                Some(Ok(Portion::QueryDone { kind, name, rows: read, swept, cursor })) => {
                    rows.read += read;
                    rows.swept += swept.unwrap_or(0);
                    let query = (kind, name);
                    let every_key = match depth.get(&query) {
                        Some(QueryRead::Content) => Some(read),
                        Some(QueryRead::Sweep(_)) => swept,
                        _ => None,
                    };
                    if depth.get(&query) == Some(&QueryRead::Content) {
                        intake.read_in_full(kind, &query.1);
                    }
                    if let Some(count) = every_key {
                        let mut index = self.index();
                        let against = Against {
                            index: &mut index,
                            recipients: &reading.recipients,
                            book: &mut reading.book,
                            mentioned: &mentioned,
                        };
                        intake.every_key_seen(kind, &query.1, count, &against);
                    }
                    ended.push((query, cursor));
                }
                Some(Ok(Portion::Complete)) => break,
                Some(Err(failure)) => return Err(failure),
                None => {
                    return Err(Failure::new(FailureKind::Source, "read the practice database")
                        .because("the reading ended before it was complete"));
                }
            }
        }
        if let Some((kind, name)) = depth.keys().find(|query| !ended.iter().any(|(ended, _)| ended == *query)) {
            return Err(Failure::new(FailureKind::Source, "read the practice database")
                .because(format!("the query `{name}` ({kind}s) was not read to its end")));
        }
        for (query, cursor) in ended {
            if let Some(read) = depth.get(&query) {
                reading.watch.done(&query, read, cursor, now);
            }
        }
        let mut told = intake.complete();
        for problem in std::mem::take(&mut told.differing) {
            problems.found.entry(problem.query.clone()).or_default().push(problem);
        }
        Ok(Taken { told, problems, rows, stale })
    }

    /// Lists what is wrong with rows.
    fn note(&self, mut problems: Problems) -> Result<(), LedgerError> {
        for (query, read) in problems.read {
            let found = problems.found.remove(&query).unwrap_or_default();
            if found.is_empty() && read.as_ref().is_some_and(BTreeSet::is_empty) {
                continue;
            }
            self.context.ledger.put_row_problems(&query, read.as_ref(), &found, self.context.now())?;
        }
        Ok(())
    }

    /// Keeps what items were made from, where nothing is to be written: in the ledger and in the index.
    fn note_origins(&self, told: &Told) -> Result<(), LedgerError> {
        self.context.ledger.note_origins(&told.origins)?;
        self.context.ledger.note_noticed(&told.noticed)?;
        let mut index = self.index();
        for (mailbox, key, origin) in &told.origins {
            index.comes_from(*mailbox, key, *origin);
        }
        for (mailbox, key, noticed) in &told.noticed {
            index.notice(*mailbox, key.clone(), *noticed);
        }
        Ok(())
    }

    /// Starts the pass of every mailbox that has something to do and is not in one already.
    fn start_passes(
        self: &Arc<Self>,
        served: Vec<Served>,
        only: Option<&UserName>,
        rehearsal: bool,
    ) -> Result<(), LedgerError> {
        let now = self.context.now();
        let open = self.context.ledger.open_intent_counts()?;
        let undo = self.context.ledger.undo_waits_in()?;
        let retests = Retests::choose(&self.context.ledger.diagnoses()?, now);
        for one in served {
            let named = only.is_none_or(|only| one.users.iter().any(|user| user.name() == only));
            let ready = one
                .users
                .into_iter()
                .filter(|user| !retests.rests(user.name()))
                .find(|user| user.user().waiting.as_ref().is_none_or(|waiting| waiting.until <= now));
            let (Some(user), true) = (ready, named) else { continue };
            let released = !self.context.ledger.released(one.room.id, now)?.operations.is_empty();
            let decided = self.context.ledger.adoptions_to_take_up(one.room.id)?;
            if released || decided {
                one.room.pending().wake();
            }
            self.settle_handovers(&one.room, rehearsal);
            let due = rehearsal
                || released
                || decided
                || one.room.pending().has_work()
                || open.contains_key(&one.room.id)
                || undo.contains(&one.room.id)
                || retests.is_due(user.name())
                || self.observation_due(&one.room);
            if !due {
                continue;
            }
            let engine = Arc::clone(self);
            let name = user.name().clone();
            let alone = rehearsal || only.is_some();
            self.passes.spawn(async move {
                let mailbox = one.room.id;
                engine.serve(one.room, name, rehearsal).await;
                if alone {
                    return;
                }
                if let Err(error) = engine.follow(mailbox) {
                    tracing::error!(%error, "what others wait to hand over waits for the next tick");
                }
            });
        }
        Ok(())
    }

    /// What all mailboxes but this one have on their lists, for the firm's budgets.
    pub(super) fn wanted_elsewhere(&self, room: &Room) -> BTreeMap<(Kind, Class), u64> {
        let rooms: Vec<Arc<Room>> = self.rooms().values().cloned().collect();
        let index = self.index();
        let mut wanted = BTreeMap::new();
        for other in rooms.iter().filter(|other| other.id != room.id) {
            for (name, count) in other.wants(&index) {
                *wanted.entry(name).or_default() += count;
            }
        }
        wanted
    }

    fn observation_due(&self, room: &Room) -> bool {
        // A mailbox whose memory is taken is in a pass, and will be looked at again when that is over.
        room.memory.try_lock().is_ok_and(|memory| memory.observation_due(self.context.now(), &self.context.settings))
    }
}

fn link_holds(reading: &Reading, mailbox: MailboxId) -> Vec<HoldReason> {
    reading
        .recipients
        .of_mailbox(mailbox)
        .filter(|one| one.standing == Standing::Missing)
        .map(|one| HoldReason::PersonMissing { person: one.person.0.clone() })
        .collect()
}

impl Problems {
    fn looked_at(&mut self, query: &QueryName, key: &RecordKey) {
        if let Some(Some(read)) = self.read.get_mut(query) {
            read.insert(key.clone());
        }
    }
}
