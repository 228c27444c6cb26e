//! `user remove`: the person leaves, or moves on. What becomes of the items is asked, never assumed.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use crate::{
    auth::mailbox_proof,
    cli::{
        arguments::RemoveUser,
        installation::{Installation, who},
        sync,
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    plan::HoldReason,
    state::{HoldSummary, LinkState, User, WhatRemains},
};

/// How long a running service may take for each step.
const PATIENCE: Duration = Duration::from_mins(15);
/// How many passes a withdrawal may take: one that is held, and one that was released.
const PASSES: u8 = 4;

pub(super) fn run(
    installation: &Installation,
    arguments: &RemoveUser,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let ledger = &installation.ledger;
    let name = &arguments.name;
    let user = ledger.user(name)?;
    let remains = match &arguments.items {
        Some(items) if items.withdraw => WhatRemains::Nothing,
        Some(items) if items.keep => WhatRemains::Mirror,
        _ => asked(&user, terminal)?,
    };
    if user.link == LinkState::Confirming {
        crate::cli::runtime()?.block_on(take_back_proof(installation, &user, terminal))?;
    }
    if remains == WhatRemains::Nothing {
        withdraw(installation, &user, terminal)?;
    }
    ledger.remove_user(name, remains, &who(), Timestamp::now())?;
    terminal.say(match remains {
        WhatRemains::Nothing => format!("`{name}` is removed; nothing of ours is left in {}", user.details.address),
        WhatRemains::Mirror => format!("`{name}` is removed; what we wrote stays in {}", user.details.address),
    });
    Ok(Exit::Fine)
}

fn asked(user: &User, terminal: &mut Terminal) -> anyhow::Result<WhatRemains> {
    let question = format!("Our items in {}: withdraw or keep", user.details.address);
    match terminal.ask(&question, None)?.to_lowercase().as_str() {
        "withdraw" => Ok(WhatRemains::Nothing),
        "keep" => Ok(WhatRemains::Mirror),
        _ => Err(Refusal::usage("neither `withdraw` nor `keep`: nothing was removed")
            .hint(format!("`pocketdocket user remove {} --keep` leaves the items where they are", user.name))
            .into()),
    }
}

/// Switches every kind off for this user and lets the sync do what it does then: the same plan, journal and witnesses as always.
/// What the brakes hold of it was asked for just now, and is released.
fn withdraw(installation: &Installation, user: &User, terminal: &mut Terminal) -> anyhow::Result<()> {
    let ledger = &installation.ledger;
    let name = &user.name;
    let Some(mailbox) = user.mailbox else { return Ok(()) };
    let left = || -> anyhow::Result<u64> { Ok(ledger.mirror_counts(mailbox)?.by_kind.values().sum()) };
    if left()? == 0 {
        return Ok(());
    }
    if user.link != LinkState::Active || user.parked.is_some() || user.paused.is_some() {
        return Err(Refusal::needs_person(format!("`{name}` is not being synced, so nothing can be withdrawn"))
            .hint(format!(
                "mend the link first (`pocketdocket user show {name}`), or leave the items with `pocketdocket user remove {name} --keep`"
            ))
            .into());
    }
    let mut details = user.details.clone();
    details.settings = json!({ "kinds": [] });
    ledger.update_user(name, &details, &who(), Timestamp::now())?;
    let brakes = |hold: &HoldSummary| {
        matches!(hold.reason, HoldReason::Budget { .. } | HoldReason::FirmBudget { .. } | HoldReason::PersonLeft { .. })
    };
    // A running service may answer with a pass that was under way already; then the next one counts.
    for _ in 0..PASSES {
        sync::now(&installation.app()?, Some(name), PATIENCE, terminal)?;
        if left()? == 0 {
            break;
        }
        for hold in ledger.holds()?.iter().filter(|hold| hold.user == *name && hold.mailbox == mailbox && brakes(hold))
        {
            ledger.release(hold.id, &who(), Timestamp::now())?;
        }
    }
    // What another link wants in the same mailbox stays there.
    if ledger.users()?.iter().any(|other| other.name != *name && other.mailbox == Some(mailbox)) {
        return Ok(());
    }
    match left()? {
        0 => Ok(()),
        left => Err(Refusal::needs_person(format!("{left} items could not be withdrawn; `{name}` was not removed"))
            .hint(format!("`pocketdocket history --user {name}` shows why; run the command again when that is mended"))
            .into()),
    }
}

/// A code may still lie in the mailbox, from a confirmation that was cut off.
async fn take_back_proof(installation: &Installation, user: &User, terminal: &mut Terminal) -> anyhow::Result<()> {
    if user.parked.is_some() {
        return Ok(());
    }
    let withdrawn = match installation.app()?.mailboxes.of(user).await {
        Ok(mailbox) => mailbox_proof::withdraw(mailbox.as_ref(), installation.ledger.firm(), user.name.as_str()).await,
        Err(failure) => Err(failure),
    };
    if let Err(failure) = withdrawn {
        terminal.warn(format_args!("a task with a (useless) code may be left in the mailbox: {}", failure.chain()));
    }
    Ok(())
}
