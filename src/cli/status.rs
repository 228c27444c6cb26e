//! `status`: how everything is, and who is needed.

mod parked;

use jiff::{SignedDuration, Timestamp};

use super::{
    arguments::{Common, Json},
    installation::Installation,
    show::{Clock, counted, held_reason, reconfirm_by, table, trouble_line, user_state},
    terminal::Terminal,
    trouble::Exit,
    user::moving_state,
};
use crate::{
    domain::Kind,
    engine::{ConfirmationSettings, app_warnings, how_to_confirm, warning},
    plan::meaning,
    state::{AppStatus, LinkState, Rollout, ServiceAccount, Status, UserStatus},
};

/// How many people without a link are named; the others are counted.
const NAMED: usize = 4;
/// So many days before a sign-in ends somebody is told.
const SOON_DAYS: i64 = 14;

pub(super) fn run(common: &Common, arguments: &Json, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    let status = installation.ledger.status()?;
    if arguments.json {
        terminal.json(&status)?;
    } else {
        let accounts = installation.ledger.service_accounts()?;
        show(&status, &accounts, &installation.config.confirmation, &Clock::of(&installation), terminal)?;
    }
    let patience = SignedDuration::from_hours(installation.config.sync.unproven_hours.into());
    let silent: Vec<&UserStatus> =
        status.users.iter().filter(|user| user.is_silent(Timestamp::now(), patience)).collect();
    for user in &silent {
        let cause = user.user.waiting.as_ref().map_or("see its history", |waiting| waiting.cause.as_str());
        terminal.warn(format_args!("{}: the mailbox was not proven for too long: {cause}", user.user.name));
    }
    let now = Timestamp::now();
    let ending: Vec<(&UserStatus, i64)> =
        status.users.iter().filter_map(|user| Some((user, ends_soon(user, now)?))).collect();
    for (user, days) in &ending {
        let name = &user.user.name;
        terminal.warn(format_args!(
            "{name}: the sign-in ends in {days} days if nobody uses it; `{}` renews it",
            user.user.link_command()
        ));
    }
    let warned = status.users.iter().any(|user| warning(&user.user, now).is_some());
    let warned = warned || status.apps.iter().any(|app| !app_warnings(app, now).is_empty());
    let needed = status.needs_person() || warned || !ending.is_empty() || !silent.is_empty();
    Ok(if needed { Exit::NeedsPerson } else { Exit::Fine })
}

/// Days until a grant ends that is not used, where that is soon. A link that is synced uses it every hour.
fn ends_soon(user: &UserStatus, now: Timestamp) -> Option<i64> {
    let days = user.grant.as_ref()?.days_left(now);
    (days < SOON_DAYS).then_some(days)
}

fn show(
    status: &Status,
    accounts: &[ServiceAccount],
    confirmation: &ConfirmationSettings,
    clock: &Clock,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let engine = match (status.running, status.pid) {
        (true, Some(pid)) => format!("running (process {pid})"),
        (true, None) => "running".to_owned(),
        (false, _) => "not running".to_owned(),
    };
    terminal.line(format_args!("engine    {engine}"))?;
    let tick = match &status.last_tick {
        None => "never".to_owned(),
        Some(run) => match (&run.ended, &run.trouble) {
            (_, Some(trouble)) => format!("{}: {trouble}", clock.time(run.begun)),
            (None, None) => format!("{}, not finished", clock.time(run.begun)),
            (Some(ended), None) => clock.time(*ended),
        },
    };
    terminal.line(format_args!("last sync {tick}"))?;
    let source = match (&status.source.trouble, status.source.last_read) {
        (Some(trouble), _) => format!("unhealthy since {}: {}", clock.time(trouble.since), trouble.cause),
        (None, Some(read)) => format!("read {}", clock.time(read)),
        (None, None) => "not read yet".to_owned(),
    };
    terminal.line(format_args!("practice  {source}"))?;
    if status.row_problems > 0 {
        terminal
            .line(format_args!("rows      {} with problems: `pocketdocket practice preview`", status.row_problems))?;
    }
    for rollout in &status.rollouts {
        terminal.line(rollout_line(rollout))?;
    }
    for account in accounts {
        terminal.line(account_line(account, status))?;
    }
    if let Some(joiners) = joiners(status) {
        terminal.line(joiners)?;
    }
    if status.users.is_empty() {
        terminal.say("there is nobody yet; `pocketdocket user add NAME --person ID --mailbox ADDRESS` begins");
        return Ok(());
    }
    let rows = status.users.iter().map(|user| {
        let items = |kind: Kind| user.items.get(&kind).copied().unwrap_or(0).to_string();
        let again = reconfirm_by(&user.user, clock);
        let proven = user.proven.map_or_else(|| "never".to_owned(), |proof| clock.time(proof.at));
        let held: u64 = user.holds.iter().map(|hold| hold.operations).sum();
        [
            user.user.name.to_string(),
            user_state(&user.user),
            proven,
            again,
            items(Kind::Event),
            items(Kind::Task),
            items(Kind::Contact),
            held.to_string(),
        ]
    });
    terminal.line("")?;
    terminal
        .line(table(["USER", "STATE", "LAST PROVEN", "CONFIRM AGAIN", "EVENTS", "TASKS", "CONTACTS", "HELD"], rows))?;
    for user in status.users.iter().filter(|user| user.holds.is_empty()) {
        if let Some(left) = left(user, clock) {
            terminal.line(left)?;
        }
    }
    for user in &status.users {
        if let Some(resting) = resting(user, clock) {
            terminal.line(resting)?;
        }
    }
    for cohort in &status.cohorts {
        terminal.line("")?;
        terminal.line(format_args!("First: {}.", cohort.words()))?;
    }
    let of_accounts = accounts.iter().filter_map(|account| account_needs(account, status));
    let one_by_one = status.users.iter().flat_map(|user| needs(user, confirmation, clock));
    let apps = status.apps.iter().flat_map(app_needs);
    let parked = parked::needs(&status.users, clock).into_iter();
    let others = one_by_one.chain(meaning_needs(status)).chain(source_needs(status));
    let needs: Vec<String> = of_accounts.chain(apps).chain(parked).chain(others).collect();
    if !needs.is_empty() {
        terminal.line("")?;
        terminal.line("Needs a person:")?;
        for need in needs {
            terminal.line(format_args!("  {need}"))?;
        }
    }
    Ok(())
}

/// A service account, and how many go through it.
fn account_line(account: &ServiceAccount, status: &Status) -> String {
    let through = status.users.iter().filter(|user| user.user.details.service_account.as_ref() == Some(&account.name));
    let (all, active) = through.fold((0, 0), |(all, active), user| {
        (all + 1, active + usize::from(user.user.link == LinkState::Active && user.user.parked.is_none()))
    });
    let (name, details) = (&account.name, &account.details);
    format!("account   {name}: `{}` by {}, {active} of {} active", details.login, details.method, counted(all, "user"))
}

/// A service account that has users and nothing to sign in with.
fn account_needs(account: &ServiceAccount, status: &Status) -> Option<String> {
    let name = &account.name;
    let used = status.users.iter().any(|user| user.user.details.service_account.as_ref() == Some(name));
    (used && account.secret_given.is_none()).then(|| {
        let lacking = account.details.method.lacking();
        format!("service account {name}: {lacking}; `pocketdocket service-account link {name}`")
    })
}

/// People without a link. That is a suggestion and needs nobody.
fn joiners(status: &Status) -> Option<String> {
    let names: Vec<&str> = status
        .not_linked
        .iter()
        .map(|one| one.name.as_ref().map_or(one.person.0.as_str(), |name| name.reveal().as_str()))
        .collect();
    let people = match names.len() {
        0 => return None,
        1 => "one person".to_owned(),
        count => format!("{count} people"),
    };
    let more = if names.len() > NAMED { ", …" } else { "" };
    let first = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    Some(format!("no link   {people} ({first}{more}): `pocketdocket practice people`"))
}

/// A user for whom nothing happens now and nobody is needed: paused by a person, waiting for its time, or working again.
fn resting(user: &UserStatus, clock: &Clock) -> Option<String> {
    let name = &user.user.name;
    if let Some(since) = user.user.paused {
        return Some(format!(
            "{name}: paused since {}, by a person; `pocketdocket user resume {name}` goes on",
            clock.time(since)
        ));
    }
    if let Some(over) = user.diagnosis.as_ref().filter(|diagnosed| diagnosed.over.is_some()) {
        let at = over.over.filter(|at| Timestamp::now().duration_since(*at) < SignedDuration::from_hours(24))?;
        return Some(format!("{name}: works again since {}; it was: {}", clock.time(at), over.cause.entry().title));
    }
    let waiting = user.user.waiting.as_ref().filter(|_| user.user.parked.is_none() && !user.needs_person())?;
    Some(match user.trouble() {
        Some(trouble) => format!("{name}: waiting: {}", trouble_line(&user.user, trouble, clock)),
        None => format!("{name}: waiting until {}: {}", clock.time(waiting.until), waiting.cause),
    })
}

/// A user whose person left and of whom nothing waits: the link can go.
fn left(user: &UserStatus, clock: &Clock) -> Option<String> {
    let (name, person) = (&user.user.name, &user.user.details.person);
    let since = clock.time(user.left?);
    Some(match user.items.values().sum::<u64>() {
        0 => format!(
            "{name}: person `{person}` left (inactive since {since}), nothing of ours is in the mailbox; `pocketdocket user remove {name} --withdraw`"
        ),
        items => {
            format!("{name}: person `{person}` left (inactive since {since}), {items} items are still in the mailbox")
        }
    })
}

/// How far a change of meaning is.
pub(super) fn rollout_line(rollout: &Rollout) -> String {
    let done = rollout.items.saturating_sub(rollout.left);
    format!("rollout   {}: {done} of {}", meaning::label(&rollout.changes), rollout.items)
}

/// What waits because its meaning changed, in one line for all mailboxes.
fn meaning_needs(status: &Status) -> Option<String> {
    let (items, users) = status.of_meaning();
    (items > 0).then(|| format!("{}; `pocketdocket meaning show`", meaning::waiting(items, users)))
}

/// An app whose certificate ends, or that reaches what it must not.
fn app_needs(app: &AppStatus) -> Vec<String> {
    let warnings = app_warnings(app, Timestamp::now()).into_iter();
    warnings.map(|warning| format!("service account {}: {}; {}", app.account, warning.cause, warning.remedy)).collect()
}

fn source_needs(status: &Status) -> Option<String> {
    let trouble = status.source.trouble.as_ref()?;
    Some(format!("practice database: {}; {}", trouble.cause, trouble.remedy))
}

fn needs(user: &UserStatus, confirmation: &ConfirmationSettings, clock: &Clock) -> Vec<String> {
    let name = &user.user.name;
    let mut needs = Vec::new();
    let parked = user.user.parked.is_some();
    if let Some(trouble) = user.trouble().filter(|trouble| !parked && trouble.needs_person()) {
        let line = trouble_line(&user.user, trouble, clock);
        needs.push(format!("{name}: waiting: {line}; what to do: `pocketdocket user check {name}`"));
    }
    match user.user.link {
        LinkState::Invited => {
            needs.push(format!("{name}: {}; `pocketdocket user link {name}`", user.user.details.lacking()));
        }
        LinkState::Linked if user.user.waits_to_be_reached(Timestamp::now()) => {
            needs.push(format!("{name}: changed, and its mailbox was not seen since; `pocketdocket user link {name}`"));
        }
        LinkState::Linked => needs.push(format!("{name}: not confirmed; {}", how_to_confirm(&user.user, confirmation))),
        LinkState::Confirming => {
            needs.push(format!("{name}: no code was given back; {}", how_to_confirm(&user.user, confirmation)));
        }
        LinkState::Active => {}
    }
    if let Some(warning) = warning(&user.user, Timestamp::now()) {
        needs.push(format!("{name}: {warning}; {}", how_to_confirm(&user.user, confirmation)));
    }
    if let Some(recovered) = &user.user.recovered {
        needs.push(format!(
            "{name}: {} at {}; if that was not wanted, find out who did it",
            recovered.words(),
            clock.time(recovered.at)
        ));
    }
    if let Some(moving) = user.moving.as_ref().filter(|moving| moving.needs_person()) {
        needs.push(format!("{name}: move {}", moving_state(moving, clock)));
    }
    for hold in user.holds.iter().filter(|hold| !hold.reason.is_of_meaning()) {
        needs.push(format!(
            "{name}: {}s are held: {}; `pocketdocket holds show {}`",
            hold.kind,
            held_reason(&hold.reason),
            hold.id
        ));
    }
    for shut in &user.shut {
        needs.push(format!(
            "{name}: since {} {}; asked again {}",
            clock.time(shut.since),
            shut.words(),
            clock.time(shut.next_try)
        ));
    }
    if user.parked_records > 0 {
        let count = user.parked_records;
        needs.push(format!("{name}: {count} records cannot be stored; `pocketdocket history --user {name}`"));
    }
    needs
}
