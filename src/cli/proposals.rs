//! `proposals`: what people changed on their phones in fields that come from the practice system, for the office to enter or
//! to reject. A user's own items and what they wrote beside ours are not in it.

mod csv;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{
    arguments::{Common, Proposals, ProposalsWanted},
    installation::{Installation, who},
    show::{self, Clock, table},
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::{
    domain::{Matter, MirrorEntry, RecordKey},
    sources::Preview,
    state::{MailboxId, ProposalEntry, ProposalId, User, Verdict},
};

pub(super) fn run(common: &Common, command: &Proposals, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    match command {
        Proposals::List { wanted, json } => {
            let listed = listed(&installation, wanted)?;
            if json.json { terminal.json(&listed)? } else { list(&installation, &listed, terminal)? }
        }
        Proposals::Export { wanted, csv: target, bom, semicolon } => {
            let listed = listed(&installation, wanted)?;
            let matters = matters(&installation, &listed, terminal);
            let separator = if *semicolon { b';' } else { b',' };
            let text = csv::write(&listed, &matters, &Clock::of(&installation), separator, *bom)?;
            csv::deliver(target, &text, terminal)?;
            terminal.say(format_args!(
                "{} proposed changes; close them with `pocketdocket proposals done ID…`",
                listed.len()
            ));
        }
        Proposals::Done { ids, rejected } => {
            let ids: Vec<ProposalId> = ids.iter().copied().map(ProposalId).collect();
            let verdict = if *rejected { Verdict::Rejected } else { Verdict::Entered };
            let closed = installation.ledger.close_proposals(&ids, verdict, &who(), Timestamp::now())?;
            terminal.say(format_args!("{} proposed changes are {verdict}", closed.len()));
            if closed.len() < ids.len() {
                terminal.say("the others were closed before");
            }
        }
    }
    Ok(Exit::Fine)
}

/// A proposed change with whom and what it is about.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    entry: ProposalEntry,
    /// Whose mailbox it is; several where several links feed it, nobody when they were removed.
    users: Vec<String>,
    /// What the phone shows of the record.
    title: String,
}

impl Listed {
    fn users(&self) -> String {
        if self.users.is_empty() { "(removed)".to_owned() } else { self.users.join(" ") }
    }

    fn state(&self) -> String {
        match &self.entry.closed {
            Some(closed) => closed.verdict.to_string(),
            None if self.entry.proposal.overwritten => "written over".to_owned(),
            None => "stands".to_owned(),
        }
    }
}

fn listed(installation: &Installation, wanted: &ProposalsWanted) -> anyhow::Result<Vec<Listed>> {
    let ledger = &installation.ledger;
    let only = wanted.user.as_ref().map(|name| ledger.user(name)).transpose()?;
    let zone: TimeZone = installation.zone();
    let since = wanted.since.map(|since| since.resolve(&zone, Timestamp::now()));
    let users = ledger.users()?;
    let entries: Vec<ProposalEntry> = ledger
        .proposals()?
        .into_iter()
        .filter(|entry| wanted.all || entry.closed.is_none())
        .filter(|entry| since.is_none_or(|since| entry.at >= since))
        .filter(|entry| only.as_ref().is_none_or(|user| user.mailbox == Some(entry.mailbox)))
        .collect();
    let titles = titles(installation, &entries)?;
    let listed = entries.into_iter().map(|entry| Listed {
        users: names(&users, entry.mailbox),
        title: titles.get(&(entry.mailbox, entry.proposal.key.clone())).cloned().unwrap_or_default(),
        entry,
    });
    Ok(listed.collect())
}

fn names(users: &[User], mailbox: MailboxId) -> Vec<String> {
    users.iter().filter(|user| user.mailbox == Some(mailbox)).map(|user| user.name.to_string()).collect()
}

fn titles(
    installation: &Installation,
    entries: &[ProposalEntry],
) -> anyhow::Result<BTreeMap<(MailboxId, RecordKey), String>> {
    let mut keys: BTreeMap<MailboxId, BTreeSet<RecordKey>> = BTreeMap::new();
    for entry in entries {
        keys.entry(entry.mailbox).or_default().insert(entry.proposal.key.clone());
    }
    let mut titles = BTreeMap::new();
    for (mailbox, keys) in keys {
        for (key, entry) in installation.ledger.mirror(mailbox, &keys)?.entries {
            if let Some(written) = MirrorEntry::certain(&entry) {
                titles.insert((mailbox, key), show::title(&written.shown()));
            }
        }
    }
    Ok(titles)
}

fn list(installation: &Installation, listed: &[Listed], terminal: &mut Terminal) -> anyhow::Result<()> {
    if listed.is_empty() {
        terminal.say("nobody changed anything on a phone that the office has not seen");
        return Ok(());
    }
    let clock = Clock::of(installation);
    let value = |value: &Option<_>| value.as_ref().map_or_else(|| "(nothing)".to_owned(), show::value);
    let rows = listed.iter().map(|one| {
        let proposal = &one.entry.proposal;
        [
            one.entry.id.to_string(),
            clock.time(one.entry.at),
            one.users(),
            proposal.key.to_string(),
            one.title.clone(),
            proposal.field.to_string(),
            value(&proposal.before),
            value(&proposal.after),
            one.state(),
        ]
    });
    terminal.line(table(["ID", "WHEN", "USER", "RECORD", "TITLE", "FIELD", "BEFORE", "AFTER", "STATE"], rows))?;
    Ok(())
}

/// The matters of the records, as the practice system names them now. Without it the export goes on, and says so.
fn matters(installation: &Installation, listed: &[Listed], terminal: &mut Terminal) -> BTreeMap<RecordKey, Matter> {
    let wanted: BTreeSet<&RecordKey> = listed.iter().map(|one| &one.entry.proposal.key).collect();
    if wanted.is_empty() {
        return BTreeMap::new();
    }
    let read = || -> anyhow::Result<Preview> {
        let app = installation.app()?;
        Ok(super::runtime()?.block_on(Preview::take(app.source.as_ref()))?)
    };
    match read() {
        Ok(preview) => {
            let records = preview.records.into_iter().filter(|record| wanted.contains(&record.key));
            records.map(|record| (record.key, record.matter)).collect()
        }
        Err(error) => {
            terminal.warn(format_args!("the matters are left empty: {error:#}"));
            BTreeMap::new()
        }
    }
}

/// A target that exists is not written over: somebody may be working with it.
fn exists(path: &std::path::Path) -> Refusal {
    Refusal::usage(format!("there is a file `{}` already", path.display()))
        .hint("choose another name, or remove that file when nobody needs it any more")
}
