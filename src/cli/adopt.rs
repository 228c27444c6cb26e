//! `adopt`: what an earlier sync left in mailboxes and looks like our records; taking it over, or leaving it to the user.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use super::{
    arguments::{Adopt, Chosen, Common, Refused},
    installation::{Installation, who},
    show::{Clock, called, counted, pair_decision, pair_reason, pair_verdict, portrait, table},
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::{
    plan::adopt::{Decision, MatchVerdict},
    state::{MailboxId, Pair, PairNumber, UserName},
};

pub(super) fn run(common: &Common, command: &Adopt, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    match command {
        Adopt::List { user, json } => list(&installation, user.as_ref(), json.json, terminal),
        Adopt::Show { user, json } => show(&installation, user, json.json, terminal),
        Adopt::Accept { user, chosen, yes } => accept(&installation, user, chosen, *yes, terminal),
        Adopt::Refuse { user, chosen, what } => refuse(&installation, user, chosen, what, terminal),
    }
}

/// Pairs of a user's mailbox.
fn pairs(installation: &Installation, user: &UserName) -> anyhow::Result<(Option<MailboxId>, Vec<Pair>)> {
    let mailbox = installation.ledger.user(user)?.mailbox;
    let pairs = mailbox.map(|mailbox| installation.ledger.adoptions(mailbox)).transpose()?.unwrap_or_default();
    Ok((mailbox, pairs))
}

fn list(
    installation: &Installation,
    only: Option<&UserName>,
    as_json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let users: Vec<UserName> = match only {
        Some(user) => vec![user.clone()],
        None => installation.ledger.users()?.into_iter().map(|user| user.name).collect(),
    };
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for user in users {
        let (mailbox, pairs) = pairs(installation, &user)?;
        // Several links may feed one mailbox: its pairs are listed once.
        if mailbox.is_some_and(|mailbox| seen.insert(mailbox)) {
            found.extend(pairs.into_iter().map(|pair| (user.clone(), pair)));
        }
    }
    if as_json {
        let rows: Vec<_> = found.iter().map(|(user, pair)| json!({ "user": user, "pair": pair })).collect();
        terminal.json(&rows)?;
        return Ok(Exit::Fine);
    }
    if found.is_empty() {
        terminal.say("nothing in the mailboxes looks like a record");
        return Ok(Exit::Fine);
    }
    let rows = found.iter().map(|(user, pair)| {
        [
            pair.number.to_string(),
            user.to_string(),
            pair.found.key.to_string(),
            called(&pair.portrait.record),
            pair_reason(&pair.found.by),
            pair_verdict(&pair.found),
            pair_decision(pair),
        ]
    });
    terminal.line(table(["PAIR", "USER", "RECORD", "WHAT", "SAME", "PAIRED", "DECIDED"], rows))?;
    Ok(Exit::Fine)
}

fn show(installation: &Installation, user: &UserName, as_json: bool, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let (mailbox, pairs) = pairs(installation, user)?;
    let leftovers = mailbox.map(|mailbox| installation.ledger.leftovers(mailbox)).transpose()?.unwrap_or_default();
    if as_json {
        terminal.json(&json!({ "user": user, "leftovers": leftovers, "pairs": pairs }))?;
        return Ok(Exit::Fine);
    }
    if leftovers.is_empty() {
        terminal.say(format_args!("the mailbox of `{user}` was not compared yet: `pocketdocket sync --user {user}`"));
        return Ok(Exit::Fine);
    }
    for (kind, counts) in &leftovers {
        let of_kind = || pairs.iter().filter(|pair| pair.found.key.kind == *kind);
        let one_to_one = of_kind().filter(|pair| pair.found.verdict == MatchVerdict::OneToOne).count();
        terminal.line(format_args!(
            "{kind}s: {} without our stamp, {}, {} refused, {} match nothing: they stay the user's",
            counts.items,
            counted(one_to_one, "pair"),
            of_kind().count() - one_to_one,
            counts.unmatched
        ))?;
    }
    show_pairs(installation, &pairs, terminal)?;
    Ok(Exit::Fine)
}

fn show_pairs(installation: &Installation, pairs: &[Pair], terminal: &mut Terminal) -> anyhow::Result<()> {
    let clock = Clock::of(installation);
    for pair in pairs {
        terminal.line(format_args!("pair {}  {}  {}", pair.number, pair.found.key, portrait(&pair.portrait.record)))?;
        for item in &pair.portrait.items {
            terminal.line(format_args!("  in the mailbox  {}", portrait(item)))?;
        }
        let (verdict, why) = (pair_verdict(&pair.found), pair_reason(&pair.found.by));
        terminal.line(format_args!("  {why}: {verdict}"))?;
        if let Some((_, at, by)) = &pair.decided {
            terminal.line(format_args!("  decided: {}, {} by {by}", pair_decision(pair), clock.time(*at)))?;
        }
    }
    Ok(())
}

/// The pairs that were named, all of them or none.
fn chosen(pairs: Vec<Pair>, chosen: &Chosen, user: &UserName) -> anyhow::Result<Vec<Pair>> {
    if chosen.all {
        return Ok(pairs);
    }
    let wanted: BTreeSet<PairNumber> = chosen.pairs.iter().copied().map(PairNumber).collect();
    let found: Vec<Pair> = pairs.into_iter().filter(|pair| wanted.contains(&pair.number)).collect();
    let known: BTreeSet<PairNumber> = found.iter().map(|pair| pair.number).collect();
    if let Some(unknown) = wanted.difference(&known).next() {
        return Err(Refusal::needs_person(format!("`{user}` has no pair {unknown}"))
            .hint(format!("nothing was decided; look again: `pocketdocket adopt list {user}`"))
            .into());
    }
    Ok(found)
}

fn accept(
    installation: &Installation,
    user: &UserName,
    which: &Chosen,
    yes: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let (_, pairs) = pairs(installation, user)?;
    let named = chosen(pairs, which, user)?;
    let (mut fit, unfit): (Vec<Pair>, Vec<Pair>) =
        named.into_iter().partition(|pair| pair.found.verdict == MatchVerdict::OneToOne);
    if let Some(pair) = unfit.first().filter(|_| !which.all) {
        return Err(Refusal::needs_person(format!("pair {} cannot be taken over", pair.number))
            .because(pair_verdict(&pair.found))
            .hint(format!(
                "leave it to the user or give the record an item of its own: `pocketdocket adopt refuse {user} --pair {} --leave`",
                pair.number
            ))
            .into());
    }
    // With `--all` what was decided otherwise stays so.
    fit.retain(|pair| !which.all || pair.decided.is_none());
    if fit.is_empty() {
        terminal.say("there is nothing to take over");
        return Ok(Exit::Fine);
    }
    if !yes {
        show_pairs(installation, &fit, terminal)?;
        if !terminal.confirms("Take over exactly these?")? {
            return Err(Refusal::needs_person("nothing was taken over").hint("the pairs stay listed").into());
        }
    }
    installation.ledger.decide_adoptions(user, &fit, Decision::Adopt, &who(), Timestamp::now())?;
    terminal.say(format_args!(
        "{} will be taken over as shown; `pocketdocket sync --user {user}` plans anew",
        counted(fit.len(), "item")
    ));
    let refused = unfit.iter().filter(|pair| pair.decided.is_none()).count();
    if refused > 0 {
        terminal.say(format_args!(
            "{} without a pair: `pocketdocket adopt refuse {user} --all` with `--leave` or `--keep-both`",
            counted(refused, "record")
        ));
    }
    Ok(Exit::Fine)
}

fn refuse(
    installation: &Installation,
    user: &UserName,
    which: &Chosen,
    what: &Refused,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let (_, pairs) = pairs(installation, user)?;
    let mut named = chosen(pairs, which, user)?;
    named.retain(|pair| !which.all || pair.decided.is_none());
    if named.is_empty() {
        terminal.say("there is nothing to decide");
        return Ok(Exit::Fine);
    }
    let decision = if what.keep_both { Decision::KeepBoth } else { Decision::Leave };
    installation.ledger.decide_adoptions(user, &named, decision, &who(), Timestamp::now())?;
    terminal.say(match decision {
        Decision::KeepBoth => format!("{}: an item of ours beside the user's", counted(named.len(), "record")),
        _ => format!("{}: no item of ours, the user's stands for it", counted(named.len(), "record")),
    });
    Ok(Exit::Fine)
}
