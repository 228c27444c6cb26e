//! `service-account check`: asks every mailbox that is reached through an account, and says whether it is the account or single users.

use serde::Serialize;

use crate::{
    app::App,
    cli::{
        installation::Installation,
        show::counted,
        terminal::Terminal,
        trouble::Exit,
        user::check::{Asked, ask},
    },
    diagnosis::{Cause, cohort::Cohort},
    ports::FailureKind,
    state::{AccountName, ServiceAccount, User, UserName},
};

/// What came of it.
#[derive(Serialize)]
struct Checked {
    account: ServiceAccount,
    /// Whether it signs in; nobody knows where no mailbox was asked.
    signs_in: Option<bool>,
    /// What the users have in common.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<String>,
    users: Vec<OfMailbox>,
}

/// One user's mailbox.
#[derive(Serialize)]
struct OfMailbox {
    user: UserName,
    mailbox: String,
    reached: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    /// Why it was not reached, or not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Whether the trouble goes away by itself.
    #[serde(skip)]
    passes: bool,
    /// What it says of the account: it signed in, or it did not.
    #[serde(skip)]
    signs_in: Option<bool>,
}

pub(super) fn run(
    installation: &Installation,
    name: &AccountName,
    as_json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let ledger = &installation.ledger;
    let account = ledger.service_account(name)?;
    let app = installation.app()?;
    let users = ledger.users_through(name)?;
    let asked = crate::cli::runtime()?.block_on(everybody(installation, &app, &users))?;
    let cohorts = ledger.status()?.cohorts;
    let of_us = cohorts.iter().find(|cohort| cohort.is_of(cohort.host(), Some(name.as_str())));
    let said = asked.iter().filter_map(|one| one.signs_in);
    let signs_in = said.reduce(|one, other| one && other);
    let checked = Checked { account, signs_in, first: of_us.map(Cohort::words), users: asked };
    if as_json {
        terminal.json(&checked)?;
    } else {
        show(&checked, terminal)?;
    }
    let failing: Vec<&OfMailbox> = checked.users.iter().filter(|one| !one.reached).collect();
    let passes = failing.iter().all(|one| one.passes);
    Ok(match (failing.is_empty(), passes) {
        (true, _) if checked.account.secret_given.is_none() => Exit::NeedsPerson,
        (true, _) => Exit::Fine,
        (false, true) => Exit::Passes,
        (false, false) => Exit::NeedsPerson,
    })
}

/// One after the other. What the server said to the account itself it is not asked again: the credential remembers.
async fn everybody(installation: &Installation, app: &App, users: &[User]) -> anyhow::Result<Vec<OfMailbox>> {
    let mut reached = Vec::new();
    for user in users {
        let one = |reached, cause, why, passes, signs_in| OfMailbox {
            user: user.name.clone(),
            mailbox: user.details.address.clone(),
            reached,
            cause,
            why,
            passes,
            signs_in,
        };
        reached.push(match ask(installation, app, user).await? {
            Asked::Works { .. } => one(true, None, None, false, Some(true)),
            Asked::Skipped(why) => one(false, None, Some(why), false, (user.refused_sign_ins > 0).then_some(false)),
            Asked::Failed(failure) => {
                let signs_in = match (failure.cause, failure.kind) {
                    // Nobody tried.
                    (Some(Cause::AddressNotAllowed), _) => None,
                    (Some(Cause::BlockedByPolicy | Cause::DevicePolicy), _) | (_, FailureKind::Unauthorized) => {
                        Some(false)
                    }
                    // It got as far as the mailbox.
                    (_, FailureKind::Forbidden | FailureKind::MailboxMissing) => Some(true),
                    _ => None,
                };
                one(false, failure.cause, Some(failure.chain()), failure.kind.passes(), signs_in)
            }
        });
    }
    Ok(reached)
}

fn show(checked: &Checked, terminal: &mut Terminal) -> anyhow::Result<()> {
    let Checked { account, signs_in, first, users } = checked;
    if let Some(first) = first {
        terminal.line(format_args!("first     {first}"))?;
    }
    let details = &account.details;
    terminal.line(format_args!("account   {}: `{}` by {}", account.name, details.login, details.method))?;
    terminal.line(format_args!(
        "sign-in   {}",
        match (signs_in, account.secret_given) {
            (Some(true), _) => "works",
            (Some(false), _) => "fails",
            (None, None) => "nothing was given yet to sign in with",
            (None, Some(_)) => "not known: no mailbox could be asked",
        }
    ))?;
    let reached = users.iter().filter(|one| one.reached).count();
    terminal.line(format_args!("users     {reached} of {} reached", counted(users.len(), "user")))?;
    for one in users {
        let why = match (one.reached, &one.cause, &one.why) {
            (true, _, _) => "reached".to_owned(),
            (false, Some(cause), why) => {
                let title = cause.entry().title;
                let more = why.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
                format!("{title} ({cause}){more}; `pocketdocket user check {}`", one.user)
            }
            (false, None, Some(why)) => why.clone(),
            (false, None, None) => "not reached".to_owned(),
        };
        terminal.line(format_args!("  {}, {}: {why}", one.user, one.mailbox))?;
    }
    Ok(())
}
