//! `user check`: asks once, and says in one named cause why it does not work, who can fix it, and when it is tried again.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    app::App,
    cli::{
        installation::{Installation, who},
        show::{Clock, user_state},
        terminal::Terminal,
        trouble::Exit,
    },
    diagnosis::cohort::Cohort,
    ports::{Failure, Mailbox, Protocol},
    state::{AccountName, Diagnosed, KnownWhereabouts, LedgerError, LinkState, User, UserName, UserStatus},
};

/// What came of asking, or why nobody asked.
pub(in crate::cli) enum Asked {
    /// The mailbox answered.
    Works {
        /// The host.
        server: String,
        /// The server's build, if it told it.
        version: Option<String>,
        /// What it was, if it did not work before.
        before: Option<Diagnosed>,
    },
    /// It did not.
    Failed(Failure),
    /// The server was not asked.
    Skipped(String),
}

/// Signs in once and notes what came of it, as the service would. A secret that was refused is not tried again, and one that was
/// never given cannot be.
pub(in crate::cli) async fn ask(installation: &Installation, app: &App, user: &User) -> Result<Asked, LedgerError> {
    let (ledger, name) = (&installation.ledger, &user.name);
    if user.refused_sign_ins > 0 && user.parked.is_some() {
        let why = "the server refused the password or token that is kept, and it is not tried again before there is a new one";
        return Ok(Asked::Skipped(why.to_owned()));
    }
    let invited = user.link == LinkState::Invited;
    if invited && user.details.service_account.is_none() {
        let lacking = user.details.lacking();
        return Ok(Asked::Skipped(format!("{lacking}: `{}`", user.link_command())));
    }
    if let Some(account) = &user.details.service_account
        && ledger.service_account(account)?.secret_given.is_none()
    {
        let why =
            format!("nothing was given yet to sign in with as service account {account}: `{}`", user.link_command());
        return Ok(Asked::Skipped(why));
    }
    let asked_at = Timestamp::now();
    let opened = match mailbox_of(app, user, asked_at).await {
        Ok(mailbox) => mailbox.identity().await.map(|identity| (identity, mailbox.server_version())),
        Err(failure) => Err(failure),
    };
    let opened = match opened {
        Ok(opened) => Ok(opened),
        Err(failure) => Err(app.mailboxes.explained(user, failure, asked_at).await),
    };
    let now = Timestamp::now();
    match opened {
        Ok((identity, version)) => {
            let before = ledger.note_success(name, now)?;
            // What is kept for a service account needs no `user link` that would look.
            if user.details.service_account.is_some() && user.link != LinkState::Active {
                ledger.verified(name, ledger.mailbox_for(&identity, now)?, &who(), now)?;
                ledger.reached_through_account(name, &who(), now)?;
            }
            if user.refused_sign_ins > 0 {
                ledger.forget_refused_sign_ins(name)?;
            }
            // What parked the link is over; what else a person has to look at stays.
            if before.is_some() && user.parked.is_some() {
                ledger.unpark(name, "pocketdocket", now)?;
            }
            if before.is_some() && user.waiting.is_some() {
                ledger.set_waiting(name, None)?;
            }
            Ok(Asked::Works { server: identity.server, version, before })
        }
        Err(failure) => {
            ledger.note_failure(name, &installation.host_of(user), &failure, now)?;
            Ok(Asked::Failed(failure))
        }
    }
}

async fn mailbox_of(app: &App, user: &User, now: Timestamp) -> Result<Arc<dyn Mailbox>, Failure> {
    app.mailboxes.mind_whereabouts(user, now).await?;
    app.mailboxes.of(user).await
}

/// All that is said about one user.
#[derive(Serialize)]
struct Checked {
    user: UserName,
    method: &'static str,
    /// The service account through which the mailbox is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account: Option<AccountName>,
    protocol: Protocol,
    /// What autodiscover said, where it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    whereabouts: Option<KnownWhereabouts>,
    state: String,
    mailbox: String,
    /// What several users have in common: comes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<String>,
    works: bool,
    /// Why the server was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_asked: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worked_again_after: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Explained>,
    /// What was said, where the trouble is none of those that have names.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// One named cause, with all that is known of it.
#[derive(Serialize)]
pub(in crate::cli) struct Explained {
    #[serde(flatten)]
    diagnosed: Diagnosed,
    means: &'static str,
    who: &'static str,
    what_to_do: Vec<String>,
    expected_time: &'static str,
    tried_again: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<&'static str>,
}

impl Explained {
    pub(in crate::cli) fn of(user: &User, diagnosed: &Diagnosed) -> Self {
        let entry = diagnosed.cause.entry();
        Self {
            diagnosed: diagnosed.clone(),
            means: entry.title,
            who: entry.who(user.details.service_account.is_some()),
            what_to_do: user.steps(diagnosed.cause),
            expected_time: entry.time,
            tried_again: entry.next_try.words(),
            more: entry.reading,
        }
    }
}

pub(super) fn run(
    installation: &Installation,
    name: &UserName,
    as_json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let user = installation.ledger.user(name)?;
    let app = installation.app()?;
    let asked = crate::cli::runtime()?.block_on(ask(installation, &app, &user))?;
    let status = installation.ledger.status()?;
    let Some(now) = status.users.iter().find(|status| status.user.name == *name) else {
        return Err(LedgerError::NoSuchUser(name.clone()).into());
    };
    let first = now.trouble().and_then(|trouble| {
        let account = user.details.service_account.as_ref().map(AccountName::as_str);
        status.cohorts.iter().find(|cohort| cohort.is_of(&trouble.host, account)).map(Cohort::words)
    });
    let whereabouts = installation.ledger.whereabouts(name)?;
    let checked = checked(now, &asked, first, whereabouts);
    if as_json {
        terminal.json(&checked)?;
    } else {
        show(&checked, &asked, &Clock::of(installation), terminal)?;
    }
    Ok(match &asked {
        Asked::Works { .. } if now.needs_person() => Exit::NeedsPerson,
        Asked::Works { .. } => Exit::Fine,
        Asked::Failed(failure) if failure.kind.passes() => Exit::Passes,
        Asked::Skipped(_) | Asked::Failed(_) => Exit::NeedsPerson,
    })
}

fn checked(
    status: &UserStatus,
    asked: &Asked,
    first: Option<String>,
    whereabouts: Option<KnownWhereabouts>,
) -> Checked {
    let user = &status.user;
    Checked {
        user: user.name.clone(),
        method: user.details.method.word(),
        service_account: user.details.service_account.clone(),
        protocol: user.details.protocol,
        whereabouts,
        state: user_state(user),
        mailbox: user.details.address.clone(),
        first,
        works: matches!(asked, Asked::Works { .. }),
        not_asked: match asked {
            Asked::Skipped(why) => Some(why.clone()),
            _ => None,
        },
        worked_again_after: match asked {
            Asked::Works { before: Some(before), .. } => Some(before.cause.entry().title),
            _ => None,
        },
        trouble: status.trouble().map(|diagnosed| Explained::of(user, diagnosed)),
        message: match asked {
            Asked::Failed(failure) => Some(failure.chain()),
            _ => None,
        },
    }
}

fn show(checked: &Checked, asked: &Asked, clock: &Clock, terminal: &mut Terminal) -> anyhow::Result<()> {
    if let Some(first) = &checked.first {
        terminal.line(format_args!("first     {first}"))?;
    }
    terminal.line(format_args!("user      {}, mailbox {}", checked.user, checked.mailbox))?;
    let followed = checked.whereabouts.as_ref().is_some_and(|known| known.followed);
    let says = if followed { "found by autodiscover" } else { "as set" };
    terminal.line(format_args!("protocol  {} ({says})", checked.protocol))?;
    if let Some(known) = &checked.whereabouts {
        terminal.line(format_args!("found     {}: {}", clock.time(known.found), known.reason))?;
    }
    match &checked.service_account {
        Some(account) => {
            terminal.line(format_args!("method    {}, through service account {account}", checked.method))?;
        }
        None => terminal.line(format_args!("method    {}", checked.method))?,
    }
    terminal.line(format_args!("state     {}", checked.state))?;
    if let Asked::Works { server, version, before } = asked {
        let version = version.as_deref().unwrap_or("no version told");
        terminal.line(format_args!("sign-in   works, on {server} ({version})"))?;
        if let Some(before) = before {
            let since = clock.time(before.since);
            terminal.line(format_args!("before    failed since {since}: {}", before.cause.entry().title))?;
        }
        return Ok(());
    }
    if let Some(why) = &checked.not_asked {
        terminal.line(format_args!("sign-in   not tried: {why}"))?;
    }
    match (&checked.trouble, &checked.message) {
        (Some(trouble), _) => explain(trouble, clock, terminal),
        (None, Some(message)) => Ok(terminal.line(format_args!("sign-in   {message}"))?),
        (None, None) => Ok(()),
    }
}

/// A named cause, in lines.
pub(in crate::cli) fn explain(trouble: &Explained, clock: &Clock, terminal: &mut Terminal) -> anyhow::Result<()> {
    let diagnosed = &trouble.diagnosed;
    terminal.line(format_args!("cause     {} ({})", trouble.means, diagnosed.cause))?;
    for line in &diagnosed.evidence {
        terminal.line(format_args!("evidence  {line}"))?;
    }
    let times = if diagnosed.tries > 1 { format!(", {} times", diagnosed.tries) } else { String::new() };
    let (since, seen) = (clock.time(diagnosed.since), clock.time(diagnosed.seen));
    terminal.line(format_args!("since     {since}; last seen {seen}{times}"))?;
    terminal.line(format_args!("who       {}", trouble.who))?;
    for step in &trouble.what_to_do {
        terminal.line(format_args!("do        {step}"))?;
    }
    terminal.line(format_args!("takes     {}", trouble.expected_time))?;
    let next = match diagnosed.next_try {
        Some(at) => format!("{}; {}", clock.time(at), trouble.tried_again),
        None => trouble.tried_again.to_owned(),
    };
    terminal.line(format_args!("next try  {next}"))?;
    if let Some(link) = trouble.more {
        terminal.line(format_args!("more      {link}"))?;
    }
    Ok(())
}
