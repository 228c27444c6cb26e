//! What becomes of a record in a mailbox, in a word and in sentences.

use serde::Serialize;

use crate::{
    cli::show::{Clock, finding, held_reason, pair_decision},
    domain::{Audience, Presence},
    engine::{Explained, Explanation},
    plan::{Action, Desired, FindingKind, ScopeSettings, adopt::Decision},
    ports::Row,
    state::{HoldSummary, LinkState, RunId, User},
};

/// What becomes of a record in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    OnThePhone,
    ToBeWritten,
    ToBeRemoved,
    Held,
    Refused,
    ToBeTakenOver,
    KeptAsItIs,
    LeftOut,
    Unreadable,
    ChangedInTheMailbox,
    DeletedByUser,
    CreationUndone,
    LeftToTheUser,
    NotHere,
}

impl Verdict {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::OnThePhone => "on the phone, as it should be",
            Self::ToBeWritten => "the next sync writes it",
            Self::ToBeRemoved => "the next sync removes it",
            Self::Held => "waits for a person",
            Self::Refused => "the mail server refused it",
            Self::ToBeTakenOver => "the next sync takes over an item that is there already",
            Self::LeftOut => "left out: the mailbox does not let us into its kind",
            Self::KeptAsItIs => "on the phone, kept as it is",
            Self::Unreadable => "left as it is: its row cannot be read or judged",
            Self::ChangedInTheMailbox => "changed in the mailbox since it was written",
            Self::DeletedByUser => "not on the phone: its user deleted it",
            Self::CreationUndone => "not on the phone: its creation was undone",
            Self::LeftToTheUser => "an item of the user's stands for it",
            Self::NotHere => "not on the phone",
        }
    }

    /// By what the planner would do; where that is nothing, by what is known of record and item.
    pub(super) fn of(explained: &Explained, held: bool, undone: Option<RunId>) -> Self {
        if explained.shut.is_some() {
            return Self::LeftOut;
        }
        let waits = explained.next.holds.iter().any(|hold| !hold.operations.is_empty());
        if explained.refused.is_some() {
            return Self::Refused;
        }
        if held || waits {
            return Self::Held;
        }
        if explained.unread {
            return Self::ChangedInTheMailbox;
        }
        match explained.next.operations.iter().chain(&explained.next.later).next().map(|operation| &operation.action) {
            Some(
                Action::Create { .. }
                | Action::Update { .. }
                | Action::Adopt { .. }
                | Action::GiveBack { .. }
                | Action::HandBack { .. },
            ) => {
                return Self::ToBeWritten;
            }
            Some(Action::Delete { .. }) => return Self::ToBeRemoved,
            Some(Action::Own { .. }) => return Self::OnThePhone,
            Some(Action::Respect) => return Self::DeletedByUser,
            Some(Action::Forget) => return Self::NotHere,
            None => {}
        }
        match (explained.entry.as_ref().map(|entry| entry.presence), &explained.desired) {
            (Some(Presence::DeletedByUser), _) if undone.is_some() => Self::CreationUndone,
            (Some(Presence::DeletedByUser), _) => Self::DeletedByUser,
            (_, Some(Desired::Unreadable)) => Self::Unreadable,
            (Some(Presence::Kept), Some(Desired::Frozen | Desired::Left)) => Self::KeptAsItIs,
            (Some(Presence::Kept), _) => Self::OnThePhone,
            (None, _) if taken_over(explained) => Self::ToBeTakenOver,
            (None, Some(Desired::Wanted(_) | Desired::Succeeds { .. })) => Self::LeftToTheUser,
            (None, _) => Self::NotHere,
        }
    }
}

fn taken_over(explained: &Explained) -> bool {
    explained.pair.as_ref().is_some_and(|pair| matches!(pair.decided, Some((Decision::Adopt, ..))))
}

/// What the sentences are made from.
pub(super) struct Known<'a> {
    pub(super) explained: &'a Explained,
    pub(super) explanation: &'a Explanation,
    pub(super) user: &'a User,
    pub(super) scope: &'a ScopeSettings,
    /// Holds of the ledger in which it waits.
    pub(super) holds: &'a [HoldSummary],
    pub(super) undone: Option<RunId>,
    /// Users who are to have it before it leaves.
    pub(super) takers: &'a [String],
    pub(super) clock: &'a Clock,
}

impl Known<'_> {
    /// Why it is so, the strongest reason first.
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut said = vec![self.scope_says()];
        said.extend(self.explained.problems.iter().map(|problem| match &problem.column {
            Some(column) => format!("column `{column}`: {}", problem.what),
            None => problem.what.clone(),
        }));
        said.extend(self.planner_says());
        said.extend(self.ledger_says());
        said.extend(self.link_says());
        said
    }

    fn scope_says(&self) -> String {
        let explained = self.explained;
        let window = &self.scope.window;
        match &explained.desired {
            Some(Desired::Wanted(_)) => "it is for this user, and within what they get to see".to_owned(),
            Some(Desired::Succeeds { from, .. }) => {
                format!("it is for this user, and takes over the item of `{from}`, a row of its group that is gone")
            }
            Some(Desired::Unchanged) => "nothing changed since it was written".to_owned(),
            Some(Desired::Frozen) => {
                let fate = if explained.entry.is_some() { "kept and no longer maintained" } else { "not written" };
                format!(
                    "it lies outside the window ({} days back, {} days ahead, done tasks {} days back) and is {fate}",
                    window.past_days, window.future_days, window.done_tasks_days
                )
            }
            Some(Desired::Unreadable) if explained.problems.iter().any(|problem| problem.unreadable) => {
                "its row cannot be read: it counts neither as there nor as gone".to_owned()
            }
            Some(Desired::Unreadable) => {
                "it cannot be told whether an ethical wall concerns it, or rows of it contradict each other".to_owned()
            }
            Some(Desired::Withdrawn(withdrawal)) => {
                let trace = if withdrawal.for_good { ", and leaves no trace in Deleted Items" } else { "" };
                format!("it may not be in this mailbox: {}{trace}", withdrawal.reason)
            }
            Some(Desired::Left) => "it is for somebody who left the firm".to_owned(),
            Some(Desired::Absent) => self.absent(),
            None => match &self.explanation.trouble {
                Some(trouble) => format!("the practice database cannot be asked now: {}", trouble.cause),
                None if !explained.known_query => {
                    format!("the mapping has no query `{}` of {}s", explained.key.query, explained.key.kind)
                }
                None => "the practice database said nothing of it".to_owned(),
            },
        }
    }

    fn absent(&self) -> String {
        let whom: Vec<String> = audiences(self.explained);
        match whom.as_slice() {
            [] => "the practice database has no such record".to_owned(),
            [one] if one == "nobody" => {
                "its row names nobody whom the practice system knows: in doubt it goes to nobody".to_owned()
            }
            whom => format!("it is for {}, and not for person `{}`", whom.join(", "), self.user.details.person),
        }
    }

    fn planner_says(&self) -> Vec<String> {
        let (explained, clock) = (self.explained, self.clock);
        let mut said = Vec::new();
        if explained.unread {
            said.push("somebody changed the item; the next sync reads it and decides".to_owned());
        }
        if !self.takers.is_empty() {
            said.push(format!("it stays until {} has it, for an hour at most", self.takers.join(", ")));
        }
        for hold in self.holds {
            said.push(format!(
                "held since {}: {}; `pocketdocket holds show {}`",
                clock.time(hold.since),
                held_reason(&hold.reason),
                hold.id
            ));
        }
        let known = |reason| self.holds.iter().any(|hold| hold.reason.name() == reason);
        let planned = explained.next.holds.iter().filter(|hold| !hold.operations.is_empty());
        said.extend(
            planned
                .filter(|hold| !known(hold.reason.name()))
                .map(|hold| format!("it would wait for a person: {}", held_reason(&hold.reason))),
        );
        // Proposed changes are listed by themselves.
        let told = explained.next.findings.iter().filter(|found| !matches!(found.kind, FindingKind::Proposed { .. }));
        said.extend(told.map(|found| finding(&found.kind)));
        said
    }

    fn ledger_says(&self) -> Vec<String> {
        let (explained, clock) = (self.explained, self.clock);
        let mut said = Vec::new();
        if let Some(shut) = &explained.shut {
            let (since, again) = (clock.time(shut.since), clock.time(shut.next_try));
            said.push(format!("since {since} {}; asked again {again}", shut.words()));
        }
        if let Some(refused) = &explained.refused {
            said.push(format!(
                "refused since {}: {}; it is tried again when the record changes",
                clock.time(refused.since),
                refused.cause
            ));
        }
        if let Some(pair) = &explained.pair {
            said.push(format!(
                "an item of the user's looks like it (pair {}, decided: {}); `pocketdocket adopt show {}`",
                pair.number,
                pair_decision(pair),
                self.user.name
            ));
        }
        let Some(entry) = &explained.entry else { return said };
        match (self.undone, entry.presence) {
            (Some(run), Presence::DeletedByUser) => {
                said.push(format!("run {run} undid its creation; it stays away until the record changes"));
            }
            (None, Presence::DeletedByUser) => {
                said.push("its user deleted the item, which is respected until the record changes".to_owned());
            }
            (Some(run), Presence::Kept) if entry.certain().is_some_and(|written| !written.returned.is_empty()) => {
                said.push(format!("pinned: run {run} undid what was written, which stays until the record changes"));
            }
            _ => {}
        }
        if entry.certain().is_none() {
            said.push(
                "a write was interrupted, and it is not known what the item holds; the next sync looks".to_owned(),
            );
        }
        if entry.restores > 0 {
            said.push(format!("restored {} times since the record last changed", entry.restores));
        }
        said
    }

    fn link_says(&self) -> Option<String> {
        let (user, clock) = (self.user, self.clock);
        let name = &user.name;
        if let Some(since) = user.paused {
            return Some(format!(
                "nothing is written now: paused since {}; `pocketdocket user resume {name}`",
                clock.time(since)
            ));
        }
        if let Some(parked) = &user.parked {
            return Some(format!("nothing is written now: {}; {}", parked.cause, parked.remedy));
        }
        if user.link != LinkState::Active {
            return Some(format!(
                "nothing is written yet: the link is {}; `pocketdocket status` says what next",
                user.link
            ));
        }
        let waiting = user.waiting.as_ref()?;
        Some(format!("the mailbox waits until {}: {}", clock.time(waiting.until), waiting.cause))
    }
}

/// For whom the rows are, each once.
pub(super) fn audiences(explained: &Explained) -> Vec<String> {
    let mut whom: Vec<String> = Vec::new();
    for row in &explained.rows {
        let audience = match row {
            Row::Record { record, .. } => &record.audience,
            Row::Unreadable { audience, .. } | Row::Key { audience, .. } => audience,
        };
        let words = match audience {
            Audience::Everyone => "everyone".to_owned(),
            Audience::Linked(_) => "whoever chose it from the address book".to_owned(),
            Audience::Person(person) => format!("person `{person}`"),
            Audience::Nobody => "nobody".to_owned(),
        };
        if !whom.contains(&words) {
            whom.push(words);
        }
    }
    whom
}
