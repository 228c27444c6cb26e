//! The whole answer, as a script may read it: what the engine says, and what the ledger remembers.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::verdict::{Known, Verdict, audiences};
use crate::{
    cli::{
        installation::Installation,
        show::{Clock, title},
    },
    domain::{Field, ItemId, MirrorEntry, Place, Presence, Record, RecordKey, RowProblem, Value},
    engine::{Explained, Explanation},
    plan::{Desired, Finding, Hold, Operation, Plan},
    ports::Row,
    state::{
        AccountName, HistoryEntry, HistoryFilter, HoldSummary, MailboxId, Proof, ProposalEntry, RunId, User, UserName,
    },
};

/// How far back the history of one record is looked through.
const ENTRIES: u32 = 200;

/// How many entries of the history are in the answer.
const SHOWN: usize = 5;

#[derive(Serialize)]
pub(super) struct Answer {
    pub(super) user: UserName,
    /// The service account through which the mailbox is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_account: Option<AccountName>,
    pub(super) key: RecordKey,
    pub(super) title: String,
    pub(super) verdict: Verdict,
    pub(super) why: Vec<String>,
    pub(super) practice: Practice,
    pub(super) item: Option<Item>,
    /// When the mailbox was last proven.
    pub(super) proven: Option<Proof>,
    /// When the folder was last looked into.
    pub(super) observed: Option<Timestamp>,
    /// The last time that something of it was written.
    pub(super) written: Option<HistoryEntry>,
    pub(super) differences: Vec<Difference>,
    pub(super) next: Planned,
    /// If the record were deleted in the practice database; nothing where there is no item.
    pub(super) if_record_deleted: Option<Planned>,
    /// If the user deleted the item.
    pub(super) if_user_deletes: Option<Planned>,
    pub(super) holds: Vec<HoldSummary>,
    pub(super) proposals: Vec<ProposalEntry>,
    /// The run by which the last change was undone, if that still stands.
    pub(super) undone_by: Option<RunId>,
    pub(super) history: Vec<HistoryEntry>,
    /// What the mirror has of the record, for showing operations.
    #[serde(skip)]
    pub(super) entry: Option<MirrorEntry>,
}

/// What the practice database says.
#[derive(Serialize)]
pub(super) struct Practice {
    /// When it was read; nothing where it could not be.
    pub(super) read: Option<Timestamp>,
    pub(super) rows: usize,
    /// For whom the rows are.
    pub(super) audience: Vec<String>,
    pub(super) problems: Vec<RowProblem>,
}

/// Our item, as far as it is known.
#[derive(Serialize)]
pub(super) struct Item {
    pub(super) id: ItemId,
    pub(super) place: Place,
    pub(super) presence: Presence,
    /// Whether the last look showed it.
    pub(super) seen: bool,
}

/// A field about which the practice database, the ledger and the mailbox do not agree.
#[derive(Serialize)]
pub(super) struct Difference {
    pub(super) field: Field,
    /// As the record is now, rendered for this user.
    pub(super) now: Option<Value>,
    /// As it was last written.
    pub(super) written: Option<Value>,
    /// As the mailbox gave it back.
    pub(super) shown: Option<Value>,
}

#[derive(Serialize)]
pub(super) struct Planned {
    pub(super) operations: Vec<Operation>,
    pub(super) holds: Vec<Hold>,
    pub(super) findings: Vec<Finding>,
}

impl From<&Plan> for Planned {
    fn from(plan: &Plan) -> Self {
        let holds = plan.holds.iter().filter(|hold| !hold.operations.is_empty()).cloned().collect();
        let operations = plan.operations.iter().chain(&plan.later).cloned().collect();
        Self { operations, holds, findings: plan.findings.clone() }
    }
}

/// What the ledger remembers of one record in one mailbox.
#[derive(Default)]
struct Remembered {
    proven: Option<Proof>,
    observed: Option<Timestamp>,
    history: Vec<HistoryEntry>,
    holds: Vec<HoldSummary>,
    proposals: Vec<ProposalEntry>,
    undone: Option<RunId>,
}

impl Remembered {
    fn of(installation: &Installation, mailbox: MailboxId, key: &RecordKey) -> anyhow::Result<Self> {
        let ledger = &installation.ledger;
        let filter = HistoryFilter { key: Some(key.clone()), limit: Some(ENTRIES), ..HistoryFilter::default() };
        let mut history = ledger.history(&filter)?;
        history.retain(|entry| entry.mailbox == mailbox);
        let mut holds = Vec::new();
        for hold in ledger.holds_of(mailbox)? {
            // A hold without operations closes the folder.
            let waits =
                hold.operations == 0 || ledger.hold(hold.id)?.waiting.iter().any(|operation| operation.key == *key);
            if hold.kind == key.kind && hold.released.is_none() && waits {
                holds.push(hold);
            }
        }
        let proposals = ledger.proposals()?.into_iter();
        Ok(Self {
            proven: ledger.proven(mailbox)?,
            observed: ledger.folder(mailbox, key.kind)?.and_then(|folder| folder.observed_at),
            history,
            holds,
            proposals: proposals.filter(|entry| entry.mailbox == mailbox && entry.proposal.key == *key).collect(),
            undone: ledger.undone_since(mailbox, key)?,
        })
    }
}

impl Answer {
    pub(super) fn of(
        installation: &Installation,
        user: &User,
        explained: &Explained,
        explanation: &Explanation,
    ) -> anyhow::Result<Self> {
        let key = explained.key.clone();
        let remembered = match user.mailbox {
            Some(mailbox) => Remembered::of(installation, mailbox, &key)?,
            None => Remembered::default(),
        };
        let users = installation.ledger.users()?;
        let names = |mailbox: &MailboxId| users.iter().find(|user| user.mailbox == Some(*mailbox));
        let takers: Vec<String> =
            explained.handed_to.iter().filter_map(names).map(|user| format!("`{}`", user.name)).collect();
        let known = Known {
            explained,
            explanation,
            user,
            scope: &installation.config.scope.with(&user.details.settings)?,
            holds: &remembered.holds,
            undone: remembered.undone,
            takers: &takers,
            clock: &Clock::of(installation),
        };
        let why = known.sentences();
        let kept = explained.entry.as_ref().is_some_and(|entry| entry.presence == Presence::Kept);
        let if_kept = |plan: &Plan| kept.then(|| Planned::from(plan));
        let is_write = |entry: &&HistoryEntry| {
            matches!(entry.what.as_str(), "create" | "update" | "adopt" | "undo-update")
                && matches!(entry.outcome.as_str(), "stored" | "owned" | "recovered")
        };
        Ok(Self {
            user: user.name.clone(),
            service_account: user.details.service_account.clone(),
            title: title_of(explained),
            verdict: Verdict::of(explained, !remembered.holds.is_empty(), remembered.undone),
            why,
            practice: Practice {
                read: explanation.trouble.is_none().then_some(explanation.at),
                rows: explained.rows.len(),
                audience: audiences(explained),
                problems: explained.problems.clone(),
            },
            item: explained.entry.as_ref().map(|entry| Item {
                id: entry.item.id.clone(),
                place: entry.place.clone(),
                presence: entry.presence,
                seen: explained.seen.iter().any(|seen| seen.item.id == entry.item.id),
            }),
            proven: remembered.proven,
            observed: remembered.observed,
            written: remembered.history.iter().find(is_write).cloned(),
            differences: differences(explained),
            next: Planned::from(&explained.next),
            if_record_deleted: if_kept(&explained.if_gone),
            if_user_deletes: if_kept(&explained.if_deleted),
            holds: remembered.holds,
            proposals: remembered.proposals,
            undone_by: remembered.undone,
            history: remembered.history.into_iter().take(SHOWN).collect(),
            entry: explained.entry.clone(),
            key,
        })
    }

    /// Whether nobody ever heard of such a record.
    pub(super) fn is_of_nothing(&self) -> bool {
        self.practice.rows == 0 && self.item.is_none() && self.history.is_empty() && self.holds.is_empty()
    }
}

/// By what people know the record: as the practice system has it, else as it was last written.
fn title_of(explained: &Explained) -> String {
    let row = explained.rows.iter().find_map(|row| match row {
        Row::Record { record, .. } => Some(title(&record.record)),
        _ => None,
    });
    let written = || explained.entry.as_ref().and_then(MirrorEntry::certain).map(|written| title(&written.shown()));
    row.or_else(written).unwrap_or_default()
}

/// Where the record as it is now, what was written, and what the mailbox made of it do not agree.
fn differences(explained: &Explained) -> Vec<Difference> {
    let Some(written) = explained.entry.as_ref().and_then(MirrorEntry::certain) else { return Vec::new() };
    let now = match &explained.desired {
        Some(Desired::Wanted(record) | Desired::Succeeds { record, .. }) => record.as_ref(),
        _ => written.record.as_ref(),
    };
    let shown = written.shown();
    let of = |record: &Record, field: Field| record.get(field).cloned();
    let fields: BTreeSet<Field> =
        [now, &written.record, &shown].into_iter().flat_map(|record| record.fields.keys().copied()).collect();
    let differs = |field: &Field| {
        // A field that is not selected keeps what was written.
        let selected = now.fields.contains_key(field);
        (selected && now.get(*field) != written.record.get(*field)) || shown.get(*field) != written.record.get(*field)
    };
    let all: BTreeMap<Field, Difference> = fields
        .into_iter()
        .filter(differs)
        .map(|field| {
            let now = if now.fields.contains_key(&field) { of(now, field) } else { of(&written.record, field) };
            (field, Difference { field, now, written: of(&written.record, field), shown: of(&shown, field) })
        })
        .collect();
    all.into_values().collect()
}
