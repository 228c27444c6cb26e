//! `user`: the people and their mailboxes.

mod add;
mod change;
pub(super) mod check;
mod confirm;
pub(super) mod details;
mod discover;
mod import;
pub(super) mod link;
mod moving;
mod recover;
mod remove;
mod scope;
mod set;
mod show;
pub(super) mod verify;

use jiff::Timestamp;

pub(super) use moving::state as moving_state;

use super::{
    arguments::{ChangeUser, Common, RemoveUser, SetUser, User},
    installation::{Installation, who},
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::{
    engine::how_to_confirm,
    state::{Ledger, NOT_CONFIRMED_AGAIN, UserName},
};

pub(super) fn run(common: &Common, command: &User, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    let ledger = &installation.ledger;
    if let User::Set(SetUser { name, .. })
    | User::Change(ChangeUser { name, .. })
    | User::Remove(RemoveUser { name, .. })
    | User::Check { name, .. }
    | User::Pause { name }
    | User::Resume { name } = command
    {
        is_no_door(ledger, name)?;
    }
    match command {
        User::Add(arguments) => add::run(&installation, arguments, terminal)?,
        User::Import(arguments) => import::run(&installation, arguments, terminal)?,
        User::List(as_json) => show::list(&installation, as_json.json, terminal)?,
        User::Show { name, json } => show::one(&installation, name, json.json, terminal)?,
        User::Change(arguments) => change::run(&installation, arguments, terminal)?,
        User::Check { name, json } => return check::run(&installation, name, json.json, terminal),
        User::Set(arguments) => return set::run(&installation, arguments, terminal),
        User::Link(arguments) => return link::run(&installation, arguments, terminal),
        User::Confirm(arguments) => return confirm::run(&installation, arguments, terminal),
        User::Recover(arguments) => return recover::run(&installation, arguments, terminal),
        User::Move(arguments) => return moving::run(&installation, arguments, terminal),
        User::Remove(arguments) => return remove::run(&installation, arguments, terminal),
        User::Pause { name } => {
            ledger.pause(name, &who(), Timestamp::now())?;
            terminal.say(format_args!("`{name}` is paused; `pocketdocket user resume {name}` goes on"));
        }
        User::Resume { name } => {
            let user = ledger.user(name)?;
            if user.parked.is_some() && user.refused_sign_ins > 0 {
                return Err(Refusal::needs_person(format!("the server refused the password of `{name}`"))
                    .because("the same password again would only bring the account closer to a lock")
                    .hint(format!(
                        "give a new one, or the same once it is known to work: `pocketdocket user link {name}`"
                    ))
                    .into());
            }
            if user.is_overdue(Timestamp::now()) {
                let settings = &installation.config.confirmation;
                return Err(Refusal::needs_person(format!("`{name}` must be confirmed again first"))
                    .because(NOT_CONFIRMED_AGAIN)
                    .hint(settings.with_support(how_to_confirm(&user, settings)))
                    .into());
            }
            ledger.resume(name, &who(), Timestamp::now())?;
            if user.parked.is_some() {
                ledger.unpark(name, &who(), Timestamp::now())?;
            }
            terminal.say(format_args!("`{name}` goes on with the next sync"));
        }
    }
    Ok(Exit::Fine)
}

/// The other way into a mailbox belongs to its user's move, and is nobody to pause, change or remove.
fn is_no_door(ledger: &Ledger, name: &UserName) -> anyhow::Result<()> {
    let Some(user) = ledger.user(name)?.door_of else { return Ok(()) };
    let what = format!("`{name}` is no user, but the other way into the mailbox of `{user}`, who moves or has moved");
    Err(Refusal::usage(what).hint(format!("`pocketdocket user move {user}` goes on, `--forget` gives it up")).into())
}
