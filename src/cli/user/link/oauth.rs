//! `user link` for a user who signs in by OAuth: at the provider, with a browser or a device code; who signed in is verified and the
//! mailbox reached before anything is kept.

use std::{process::Command, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{keep, not_kept};
use crate::{
    app::{ByProvider, FirstUse, Mailboxes, audience},
    auth::{
        confirmation::provider::Evidence,
        oauth::{Audience, Authority, Granted, Identity, Landing, Session, Unkept},
    },
    cli::{
        arguments::{LinkUser, OauthWay},
        installation::{Installation, who},
        terminal::Terminal,
        trouble::Refusal,
    },
    ports::{Failure, MailboxIdentity},
    state::{ConfirmationWay, User},
};

/// How long a browser is waited for.
const PATIENCE: Duration = Duration::from_mins(10);
/// How often a wrong address may be pasted.
const PASTES: u8 = 3;

/// Signs in, verifies, and keeps the grant.
pub(super) async fn link(
    installation: &Installation,
    arguments: &LinkUser,
    mailboxes: &Mailboxes,
    user: &User,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let (ledger, name) = (&installation.ledger, &user.name);
    let authority = mailboxes.authority()?;
    let (login, wanted) = (&user.details.login, audience(&user.details));
    let granted = match sign_in(&authority, &arguments.way, login, wanted, terminal).await {
        Ok(granted) => granted,
        Err(failure) => {
            let event = format!("a sign-in did not work: {}", failure.chain());
            ledger.audit(&who(), Some(name), &event, Timestamp::now())?;
            return Err(not_kept(user, failure, terminal).into());
        }
    };
    if !granted.identity.is(&user.details.login, &user.details.address) {
        ledger.audit(&who(), Some(name), "somebody else signed in; nothing was kept", Timestamp::now())?;
        let other = granted.identity.logins.first().map_or("somebody without a name", String::as_str);
        return Err(Refusal::needs_person(format!("the sign-in of `{name}` was not kept"))
            .because(format!("`{}` signed in, and the link is for `{}`", shortened(other), user.details.login))
            .hint(format!(
                "sign out at that browser (or use a private window) and begin again: `pocketdocket user link {name}`; if this user signs in \
                 there by another name than the mailbox's address, enter that first: `pocketdocket user change {name} --login LOGIN`"
            ))
            .into());
    }
    let unkept = Arc::new(Unkept::new(granted.refresh.clone()));
    let session = Session::new(authority, Arc::clone(&unkept) as _, name.as_str());
    let session = session.with(granted.audience, granted.access.clone());
    let identity =
        if arguments.unverified { None } else { Some(reach(installation, mailboxes, user, session, terminal).await?) };
    let now = Timestamp::now();
    keep(installation, user, identity.as_ref(), now, |ledger| ledger.give_grant(name, &unkept.refresh(), &who(), now))?;
    terminal.say(match identity {
        Some(_) => format!("verified and kept the sign-in of `{name}`"),
        None => format!("kept the sign-in of `{name}`, its mailbox unverified; the first sync will tell"),
    });
    if identity.is_some() {
        confirm(installation, user, &granted, terminal)?;
    }
    Ok(())
}

/// The provider may have asked for a second factor of its own: then that is the confirmation.
fn confirm(installation: &Installation, user: &User, granted: &Granted, terminal: &mut Terminal) -> anyhow::Result<()> {
    let settings = installation.config.confirmation.clone();
    if !settings.accepts(ConfirmationWay::Provider) {
        return Ok(());
    }
    let first_use = FirstUse::new(installation.ledger.clone(), settings, user.name.clone(), who());
    let Identity { subject, amr, at, .. } = granted.identity.clone();
    match first_use.confirmed_by_provider(&Evidence { subject, amr, at }, Timestamp::now())? {
        ByProvider::Confirmed => terminal.say(format_args!("`{}` is confirmed by the provider's sign-in", user.name)),
        ByProvider::AnotherWay(why) => terminal.say(format_args!("not confirmed by that: {why}")),
    }
    Ok(())
}

async fn reach(
    installation: &Installation,
    mailboxes: &Mailboxes,
    user: &User,
    session: Session,
    terminal: &mut Terminal,
) -> anyhow::Result<MailboxIdentity> {
    match mailboxes.with_session(&user.details, session)?.identity().await {
        Ok(identity) => Ok(identity),
        Err(failure) => {
            let failure = mailboxes.explained(user, failure, Timestamp::now()).await;
            let event = format!("a new sign-in was tried and not kept: {}", failure.chain());
            installation.ledger.audit(&who(), Some(&user.name), &event, Timestamp::now())?;
            Err(not_kept(user, failure, terminal).into())
        }
    }
}

/// Lets whoever has this login sign in, and grant access to that.
pub(in crate::cli) async fn sign_in(
    authority: &Authority,
    way: &OauthWay,
    login: &str,
    audience: Audience,
    terminal: &mut Terminal,
) -> Result<Granted, Failure> {
    if way.device_code {
        let sign_in = authority.begin_on_device(audience).await?;
        let minutes = sign_in.life().as_secs() / 60;
        terminal.say(format_args!("let `{login}` open this page within {minutes} minutes, and enter the code:"));
        shown(terminal, &format!("{}  {}", sign_in.page(), sign_in.code()))?;
        terminal
            .say("if that page says that it is blocked, stop here and sign in with a browser, without `--device-code`");
        return authority.finish_on_device(&sign_in).await;
    }
    if way.paste {
        return pasted(authority, way, login, audience, terminal).await;
    }
    let landing = Landing::open(way.port).await?;
    let sign_in = authority.begin(&landing.redirect(), login, audience).await?;
    terminal.say(format_args!(
        "let `{login}` open this address with a browser on this machine, within {} minutes; a browser elsewhere reaches it through \
         `ssh -L {port}:localhost:{port}`, or take `--paste`:",
        PATIENCE.as_secs() / 60,
        port = landing.port(),
    ));
    shown(terminal, sign_in.url().as_str())?;
    if way.open {
        open(sign_in.url().as_str(), terminal);
    }
    let answered = landing.wait(sign_in, PATIENCE).await?;
    authority.finish(answered).await
}

/// The browser is on another machine: a person brings back the address that it was sent to.
async fn pasted(
    authority: &Authority,
    way: &OauthWay,
    login: &str,
    audience: Audience,
    terminal: &mut Terminal,
) -> Result<Granted, Failure> {
    let doing = "sign in with a browser";
    let port = way.port.unwrap_or(49152);
    let sign_in = authority.begin(&format!("http://localhost:{port}"), login, audience).await?;
    terminal.say(format_args!("let `{login}` open this address with a browser, anywhere:"));
    shown(terminal, sign_in.url().as_str())?;
    terminal
        .say("at the end the browser finds no page; copy the address that it shows, beginning with `http://localhost`");
    for _ in 0..PASTES {
        let address = terminal
            .ask("Address", None)
            .map_err(|error| Failure::new(crate::ports::FailureKind::Setting, doing).because(format!("{error:#}")))?;
        match sign_in.pasted(&address) {
            Ok(answered) => return authority.finish(answered).await,
            Err(why) => terminal.say(why),
        }
    }
    Err(Failure::new(crate::ports::FailureKind::Unauthorized, doing)
        .because("no address belonged to this sign-in")
        .hint("begin again; each sign-in has an address of its own"))
}

fn shown(terminal: &mut Terminal, text: &str) -> Result<(), Failure> {
    terminal
        .line(text)
        .map_err(|error| Failure::new(crate::ports::FailureKind::Setting, "show the address").because(error))
}

/// Nobody's trouble if there is no browser: the address was shown.
fn open(address: &str, terminal: &mut Terminal) {
    let mut command = if cfg!(windows) {
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else if cfg!(target_os = "macos") {
        Command::new("open")
    } else {
        Command::new("xdg-open")
    };
    if command.arg(address).spawn().is_err() {
        terminal.warn("no browser could be opened; open the address by hand");
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
