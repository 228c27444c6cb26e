//! `user move`: the same mailbox reached another way, or a mailbox that travelled to another server, without a duplicate.

mod show;

pub(in crate::cli) use show::state;

use std::time::Duration;

use jiff::Timestamp;

use super::{details::can_be_reached, link};
use crate::{
    cli::{
        arguments::{LinkUser, MoveUser, NewPlaceOfUser},
        installation::{Installation, who},
        sync,
        terminal::Terminal,
        trouble::{Exit, Refusal, explain},
    },
    plan::moving::MoveReport,
    ports::Protocol,
    state::{AuthMethod, LinkState, Move, MoveStage, User, UserDetails, UserName},
};

/// How long a running service may take for a move.
const PATIENCE: Duration = Duration::from_hours(1);

pub(super) fn run(installation: &Installation, arguments: &MoveUser, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    match &arguments.name {
        Some(name) => one(installation, name, arguments, terminal),
        None => all(installation, arguments, terminal),
    }
}

/// Everybody who is not there yet. What fails is named, and the rest goes on.
fn all(installation: &Installation, arguments: &MoveUser, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let mut open: Vec<UserName> = Vec::new();
    let mut moved = 0_usize;
    for user in installation.ledger.users()? {
        let name = user.name.clone();
        if user.mailbox.is_none() || is_there(installation, &user, arguments) {
            continue;
        }
        match one(installation, &name, arguments, terminal) {
            Ok(Exit::Fine) => moved += 1,
            Ok(_) => open.push(name),
            Err(error) => {
                let explained = explain(&error);
                terminal.warn(format_args!("{name}: {}", explained.what));
                for cause in &explained.causes {
                    terminal.say(format_args!("  because {cause}"));
                }
                if let Some(hint) = explained.hint {
                    terminal.say(format_args!("  {hint}"));
                }
                open.push(name);
            }
        }
    }
    let what = if arguments.dry_run { "looked at" } else { "moved" };
    if open.is_empty() {
        terminal.say(format_args!("{what}: {moved} users; nobody is left"));
        return Ok(Exit::Fine);
    }
    let names = open.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Err(Refusal::needs_person(format!("{what}: {moved} users; not yet: {names}"))
        .hint("the same command goes on with them; `pocketdocket user move NAME` with one alone")
        .into())
}

/// Whether a user is where the others are to go.
fn is_there(installation: &Installation, user: &User, arguments: &MoveUser) -> bool {
    let Some(to) = &arguments.to else { return true };
    // What cannot be is said for each of them in turn.
    let Ok(details) = wanted(installation, &user.details, to, arguments) else { return false };
    let moved = installation.ledger.move_of(&user.name).ok().flatten();
    let begun = moved.is_some_and(|task| task.stage != MoveStage::Moved);
    !begun && is_same_place(&user.details, &details)
}

fn is_same_place(one: &UserDetails, other: &UserDetails) -> bool {
    (one.protocol, &one.url) == (other.protocol, &other.url)
}

/// What the link is to be there.
fn wanted(
    installation: &Installation,
    now: &UserDetails,
    to: &NewPlaceOfUser,
    arguments: &MoveUser,
) -> anyhow::Result<UserDetails> {
    let (protocol, url) = match to {
        NewPlaceOfUser::Configured(protocol) => (*protocol, None),
        NewPlaceOfUser::Server(url) => (Protocol::Ews, Some(url.clone())),
    };
    let usual = if protocol == Protocol::Graph { AuthMethod::OAuth } else { now.method };
    if let Some(account) = &arguments.sign_in.service_account {
        let details = installation.ledger.service_account(account)?.details;
        let goes_there = details.protocol == protocol && (url.is_none() || details.url == url);
        if !goes_there {
            let place =
                details.url.clone().unwrap_or_else(|| format!("the configured address, over {}", details.protocol));
            return Err(Refusal::usage(format!("service account `{account}` does not go there, but to {place}"))
                .hint(format!("`pocketdocket service-account show {account}`"))
                .into());
        }
        return Ok(now.clone().through(account, &details));
    }
    // Who goes through a service account has a login of their own there.
    let keeps = protocol == now.protocol && now.service_account.is_none();
    let login = arguments.sign_in.login.clone();
    let login = login.unwrap_or_else(|| if keeps { now.login.clone() } else { now.address.clone() });
    let method = arguments.sign_in.method.unwrap_or(usual);
    Ok(UserDetails { protocol, url, login, method, service_account: None, ..now.clone() })
}

fn one(
    installation: &Installation,
    name: &UserName,
    arguments: &MoveUser,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let ledger = &installation.ledger;
    let user = ledger.user(name)?;
    super::is_no_door(ledger, name)?;
    if arguments.instead.forget {
        return forget(installation, name, terminal);
    }
    let task = match (ledger.move_of(name)?, &arguments.to) {
        (Some(task), None) => task,
        (Some(task), Some(to)) => {
            let wanted = wanted(installation, &user.details, to, arguments)?;
            let moved = task.stage == MoveStage::Moved && !arguments.instead.back;
            let has_moved_there = moved && is_same_place(&user.details, &wanted);
            if !has_moved_there && !is_same_place(&ledger.user(&task.door)?.details, &wanted) {
                return Err(Refusal::needs_person(format!("another move of `{name}` is not over"))
                    .hint(format!(
                        "`pocketdocket user move {name} --forget` gives up what is begun, or forgets the sign-in of before"
                    ))
                    .into());
            }
            if moved && !has_moved_there {
                return Err(Refusal::usage(format!("`{name}` came from there"))
                    .hint(format!("`pocketdocket user move {name} --back` goes back"))
                    .into());
            }
            task
        }
        (None, Some(to)) => begin(installation, &user, to, arguments, terminal)?,
        (None, None) => {
            let hint = format!("begin one: `pocketdocket user move {name} --to graph`");
            return Err(Refusal::usage(format!("`{name}` has no move to go on with")).hint(hint).into());
        }
    };
    if task.stage == MoveStage::Moved && !arguments.instead.back {
        let until = crate::cli::show::Clock::of(installation);
        let until = task.kept_until.map_or_else(String::new, |until_when| until.time(until_when));
        terminal
            .say(format_args!("`{name}` has moved; until {until} `pocketdocket user move {name} --back` leads back"));
        return Ok(Exit::Fine);
    }
    if arguments.instead.back && task.moved.is_none() {
        return Err(Refusal::usage(format!("`{name}` has not moved yet")).into());
    }
    if let Some(exit) = sign_in(installation, &task, arguments, terminal)? {
        return Ok(exit);
    }
    switch(installation, &task, arguments, terminal)
}

fn forget(installation: &Installation, name: &UserName, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let Some(task) = installation.ledger.move_of(name)? else {
        terminal.say(format_args!("`{name}` has no other way into the mailbox"));
        return Ok(Exit::Fine);
    };
    installation.ledger.forget_move(name, &who(), Timestamp::now())?;
    terminal.say(match task.moved {
        Some(_) => format!("the sign-in of `{name}` from before the move is forgotten"),
        None => format!("the move of `{name}` is given up; everything goes on as it was"),
    });
    Ok(Exit::Fine)
}

/// Enters the new way. Nothing of the present one changes.
fn begin(
    installation: &Installation,
    user: &User,
    to: &NewPlaceOfUser,
    arguments: &MoveUser,
    terminal: &mut Terminal,
) -> anyhow::Result<Move> {
    let (ledger, name) = (&installation.ledger, &user.name);
    let details = wanted(installation, &user.details, to, arguments)?;
    if is_same_place(&details, &user.details) {
        return Err(Refusal::usage(format!("`{name}` is there already: over {}", details.protocol)).into());
    }
    let Some(mailbox) = user.mailbox else {
        return Err(Refusal::needs_person(format!("`{name}` was never synced, so there is nothing to move"))
            .hint(format!("enter it otherwise: `pocketdocket user change {name} --protocol {}`", details.protocol))
            .into());
    };
    let others = ledger.users()?.into_iter().filter(|other| other.mailbox == Some(mailbox) && other.name != *name);
    let others: Vec<String> = others.map(|other| format!("`{}`", other.name)).collect();
    if !others.is_empty() {
        return Err(Refusal::needs_person(format!("the mailbox of `{name}` is fed by {} too", others.join(", ")))
            .hint("a mailbox moves with its only link; remove the other with `pocketdocket user remove NAME --keep` first")
            .into());
    }
    can_be_reached(&installation.config.exchange, &details)?;
    let door = Move::door_name(name).ok_or_else(|| {
        Refusal::usage(format!("`{name}` is too long a name for a move")).hint("its name with `.move` must be one too")
    })?;
    ledger.begin_move(name, &door, &details, &who(), Timestamp::now())?;
    terminal.say(format_args!(
        "the move of `{name}` is begun; the sync goes on as it is until the new sign-in works and everything is found there"
    ));
    let task = ledger.move_of(name)?;
    task.ok_or_else(|| Refusal::needs_person(format!("the move of `{name}` was given up meanwhile")).into())
}

/// Proves and confirms the new way, as any link. Says how to end if that is not done yet.
fn sign_in(
    installation: &Installation,
    task: &Move,
    arguments: &MoveUser,
    terminal: &mut Terminal,
) -> anyhow::Result<Option<Exit>> {
    let ledger = &installation.ledger;
    let door = ledger.user(&task.door)?;
    if door.link == LinkState::Invited || door.mailbox.is_none() {
        if arguments.all && door.details.service_account.is_none() {
            let name = &task.user;
            terminal.say(format_args!(
                "`{name}` signs in there first: `pocketdocket user move {name}`, with the user at hand"
            ));
            return Ok(Some(Exit::NeedsPerson));
        }
        let link = LinkUser {
            name: task.door.clone(),
            password_stdin: arguments.sign_in.password_stdin,
            unverified: false,
            way: arguments.sign_in.way.clone(),
        };
        link::run(installation, &link, terminal)?;
    }
    let door = ledger.user(&task.door)?;
    if door.link == LinkState::Active && door.mailbox.is_some() {
        return Ok(None);
    }
    terminal.say(format_args!(
        "the new sign-in must be confirmed: `pocketdocket user confirm {}`, then `pocketdocket user move {}`",
        task.door, task.user
    ));
    Ok(Some(Exit::NeedsPerson))
}

fn switch(
    installation: &Installation,
    task: &Move,
    arguments: &MoveUser,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let (ledger, name) = (&installation.ledger, &task.user);
    let app = installation.app()?;
    let found = crate::cli::runtime()?.block_on(async { app.rehearsal()?.preview_move(name).await })?;
    let Some(report) = found else {
        return Err(Refusal::needs_person(format!("the new sign-in of `{name}` is not ready"))
            .hint(format!("`pocketdocket user show {}`", task.door))
            .into());
    };
    let (now, then) = (ledger.user(name)?, ledger.user(&task.door)?);
    terminal.say(format_args!("`{name}`: from {} to {}", show::place(&now), show::place(&then)));
    if arguments.json.json {
        terminal.json(&report)?;
    } else {
        show::report(&report, terminal)?;
    }
    if arguments.dry_run {
        return Ok(if report.missing.is_empty() { Exit::Fine } else { Exit::NeedsPerson });
    }
    if !report.missing.is_empty() && !arguments.instead.fresh {
        return Err(incomplete(name, &report).into());
    }
    if !arguments.yes && !terminal.confirms("Move now?")? {
        return Err(Refusal::needs_person(format!("`{name}` stays where it is"))
            .hint(format!("`pocketdocket user move {name}` goes on with it"))
            .into());
    }
    ledger.ask_move(name, arguments.instead.fresh, &who(), Timestamp::now())?;
    sync::now(&app, Some(name), PATIENCE, terminal)?;
    let after = ledger.move_of(name)?;
    match after {
        Some(after) if after.stage == MoveStage::Moved && after.trouble.is_none() && after.moved != task.moved => {
            show::moved(installation, &after, terminal);
            Ok(Exit::Fine)
        }
        Some(after) => {
            let passes = after.stage == MoveStage::Asked;
            let exit = if passes { Exit::Passes } else { Exit::NeedsPerson };
            let refusal = Refusal::new(exit, format!("`{name}` is not moved"));
            let refusal = match after.trouble {
                Some(trouble) => refusal.because(trouble),
                None => refusal,
            };
            let hint = if passes {
                "the next sync tries again by itself".to_owned()
            } else {
                format!("`pocketdocket user move {name} --dry-run` shows more; nothing was changed")
            };
            Err(refusal.hint(hint).into())
        }
        None => Err(Refusal::needs_person(format!("the move of `{name}` was given up meanwhile")).into()),
    }
}

/// Not everything is there.
fn incomplete(name: &UserName, report: &MoveReport) -> Refusal {
    let what = if report.is_empty_place() {
        format!("nothing of what `{name}` has was found there")
    } else {
        format!("{} items of `{name}` were not found there", report.missing.len())
    };
    Refusal::needs_person(what)
        .because("the mailbox there is another one, or these items did not travel with it")
        .hint(format!(
            "wait until they have arrived; or have them pushed anew: `pocketdocket user move {name} --fresh`, which shows its plan first"
        ))
}
