//! The mailbox that an app must not reach: is it refused? A scope that nobody set, or a consent too many, opens every mailbox of the
//! tenant, and nothing else would tell.

use std::sync::Arc;

use jiff::Timestamp;

use super::reaching;
use crate::{
    app::Mailboxes,
    cli::{
        installation::Installation,
        terminal::Terminal,
        trouble::{Exit, Refusal, explain},
    },
    ports::FailureKind,
    state::ServiceAccount,
};

/// A mailbox that the app is to reach proves nothing by being refused, and nothing by being reached.
///
/// # Errors
/// When the mailbox is the one that is tried in the same breath, or that of a user who goes through the account.
pub(super) fn is_no_mailbox_of_its_own(
    installation: &Installation,
    account: &ServiceAccount,
    tried_on: Option<&str>,
    outside: &str,
) -> anyhow::Result<()> {
    let name = &account.name;
    let is_it = |mailbox: &str| mailbox.trim().eq_ignore_ascii_case(outside);
    let users = installation.ledger.users_through(name)?;
    let whose = if tried_on.is_some_and(is_it) {
        "it is the one of `--mailbox`".to_owned()
    } else if let Some(user) = users.iter().find(|user| is_it(&user.details.address)) {
        format!("it is the mailbox of `{}`, who goes through service account `{name}`", user.name)
    } else {
        return Ok(());
    };
    Err(Refusal::usage(format!("{outside} cannot show that the app of service account `{name}` is limited"))
        .because(whose)
        .hint("name the mailbox of somebody whom the app must not reach")
        .into())
}

/// Tries the mailbox that was named for it, and notes what came of it.
pub(in crate::cli) async fn look(
    installation: &Installation,
    mailboxes: &Mailboxes,
    account: &ServiceAccount,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let (ledger, name) = (&installation.ledger, &account.name);
    let Some(outside) = ledger.outside(name)? else {
        terminal.warn(format_args!(
            "nobody has proven yet that the app of service account `{name}` is limited to the firm's users: name a mailbox that it must not \
             reach, `pocketdocket service-account link {name} --outside ADDRESS`"
        ));
        return Ok(Exit::NeedsPerson);
    };
    let Some(in_use) = ledger.certificates(name)?.into_iter().find(|kept| kept.proven.is_some()) else {
        return Ok(Exit::Fine);
    };
    let session = Arc::new(mailboxes.app_session(account, &in_use)?);
    let (details, address) = (reaching(name, &account.details, &outside.address), &outside.address);
    match mailboxes.reached_outside(name, &details, &session).await {
        Ok(reached) => {
            let reached: Vec<String> = reached.into_iter().map(|kind| format!("{kind}s")).collect();
            ledger.note_outside(name, &reached, Timestamp::now())?;
            if reached.is_empty() {
                terminal
                    .say(format_args!("the app of service account `{name}` is refused at {address}, as it must be"));
                return Ok(Exit::Fine);
            }
            terminal.warn(format_args!(
                "the app of service account `{name}` reaches the {} of {address}, which must lie outside: it is not limited to the \
                 firm's users, and may reach every mailbox of the tenant",
                reached.join(" and ")
            ));
            terminal.say(
                "hint: in Entra, take back the consent to application permissions for contacts and calendars; in Exchange Online, give \
                 its roles a scope (`Get-ManagementRoleAssignment -RoleAssigneeType ServicePrincipal` lists them)",
            );
            Ok(Exit::NeedsPerson)
        }
        Err(failure) if failure.kind == FailureKind::MailboxMissing => {
            terminal.warn(format_args!(
                "there is no mailbox {address}, so that it was refused proves nothing; name one that there is: `pocketdocket \
                 service-account link {name} --outside ADDRESS`"
            ));
            Ok(Exit::NeedsPerson)
        }
        Err(failure) => {
            let error = anyhow::Error::new(failure).context(format!("{address} was not tried, which must lie outside"));
            terminal.trouble(&explain(&error));
            Ok(Exit::of(&error))
        }
    }
}
