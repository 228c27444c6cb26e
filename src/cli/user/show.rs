use jiff::Timestamp;
use serde::Serialize;

use crate::{
    cli::{
        installation::Installation,
        show::{Clock, reconfirm_by, table, trouble_line, user_state},
        terminal::Terminal,
    },
    exchange,
    ports::Protocol,
    state::{AuditEntry, Diagnosed, Grant, KnownWhereabouts, Move, User, UserName},
};

use super::scope::{Effective, effective, words};

/// Entries of the audit trail that are shown with a user.
const AUDIT_ENTRIES: u32 = 10;

pub(super) fn list(installation: &Installation, as_json: bool, terminal: &mut Terminal) -> anyhow::Result<()> {
    let users = installation.ledger.users()?;
    let known = installation.ledger.diagnoses()?;
    if as_json {
        let listed = users.into_iter().map(|user| Listed { diagnosis: known.get(&user.name).cloned(), user });
        return terminal.json(&listed.collect::<Vec<_>>());
    }
    if users.is_empty() {
        terminal.say("there is nobody yet; `pocketdocket user add NAME --person ID --mailbox ADDRESS` begins");
        return Ok(());
    }
    let clock = Clock::of(installation);
    let rows = users.iter().map(|user| {
        [
            user.name.to_string(),
            user_state(user),
            user.details.person.to_string(),
            user.details.address.clone(),
            user.details.way(),
            user.confirmed.as_ref().map_or_else(|| "-".to_owned(), |confirmed| confirmed.how.to_string()),
            reconfirm_by(user, &clock),
        ]
    });
    terminal.line(table(["USER", "STATE", "PERSON", "MAILBOX", "METHOD", "CONFIRMED", "CONFIRM AGAIN"], rows))?;
    let failing = users.iter().filter_map(|user| Some((user, known.get(&user.name).filter(|one| one.is_open())?)));
    for (user, diagnosed) in failing {
        terminal.line(format_args!("{}: {}", user.name, trouble_line(user, diagnosed, &clock)))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    user: User,
    diagnosis: Option<Diagnosed>,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    user: User,
    grant: Option<Grant>,
    whereabouts: Option<KnownWhereabouts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moving: Option<Move>,
    diagnosis: Option<Diagnosed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile: Option<ShownMobile>,
    scope: Vec<Effective>,
    audit: Vec<AuditEntry>,
}

/// A mobile phone, its number masked.
#[derive(Serialize)]
struct ShownMobile {
    number: String,
    proven: Option<Timestamp>,
}

pub(super) fn one(
    installation: &Installation,
    name: &UserName,
    as_json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let user = installation.ledger.user(name)?;
    let grant = installation.ledger.grant(name)?;
    let whereabouts = installation.ledger.whereabouts(name)?;
    let audit = installation.ledger.audit_trail(Some(name), AUDIT_ENTRIES)?;
    let diagnosis = installation.ledger.diagnosis(name)?;
    let moving = installation.ledger.move_of(name)?;
    let mobile = installation.ledger.confirmation(name)?.mobile;
    let scope = effective(&installation.config.scope, &user.details.settings)?;
    if as_json {
        let mobile = mobile.map(|mobile| ShownMobile { number: mobile.number.to_string(), proven: mobile.proven });
        return terminal.json(&Shown { user, grant, whereabouts, moving, diagnosis, mobile, scope, audit });
    }
    let clock = Clock::of(installation);
    let mut lines = vec![
        ["user", user.name.as_str()].map(str::to_owned),
        ["person".to_owned(), user.details.person.to_string()],
        ["mailbox".to_owned(), user.details.address.clone()],
        ["login".to_owned(), user.details.login.clone()],
        ["reached".to_owned(), reached(&user, whereabouts.as_ref())],
        ["service".to_owned(), service(&installation.config.exchange, &user)],
    ];
    if let Some(known) = &whereabouts {
        let followed = if known.followed { "" } else { " (not what is set now)" };
        lines.push(["found".to_owned(), format!("{}: {}{followed}", clock.time(known.found), known.reason)]);
    }
    lines.push(["state".to_owned(), user_state(&user)]);
    if let Some(grant) = &grant {
        let (given, left) = (clock.time(grant.given), grant.days_left(Timestamp::now()));
        lines.push(["sign-in".to_owned(), format!("by OAuth, given {given}; good for {left} days without use")]);
    }
    if let Some(mobile) = &mobile {
        let proven =
            mobile.proven.map_or_else(|| "not proven yet".to_owned(), |at| format!("proven {}", clock.time(at)));
        lines.push(["mobile".to_owned(), format!("{}, {proven}", mobile.number)]);
    }
    if let Some(confirmed) = &user.confirmed {
        let at = clock.time(confirmed.at);
        lines.push(["confirmed".to_owned(), format!("{at}, by {}: {}", confirmed.by, confirmed.how.event())]);
    }
    if let Some(reconfirm) = &user.reconfirm {
        let by = clock.time(reconfirm.by);
        lines.push(["again by".to_owned(), format!("{by}, because {}", reconfirm.why.words())]);
    }
    if let Some(recovered) = &user.recovered {
        let at = clock.time(recovered.at);
        lines.push(["recovery".to_owned(), format!("{at}: {}", recovered.words())]);
    }
    if let Some(one) = &moving {
        lines.push(["move".to_owned(), super::moving::state(one, &clock)]);
    }
    if let Some(since) = user.paused {
        lines.push(["paused".to_owned(), format!("since {}", clock.time(since))]);
    }
    if let Some(parked) = &user.parked {
        lines.push(["parked".to_owned(), format!("since {}: {}", clock.time(parked.since), parked.cause)]);
        lines.push(["remedy".to_owned(), parked.remedy.clone()]);
    }
    if let Some(waiting) = &user.waiting {
        lines.push(["waiting".to_owned(), format!("until {}: {}", clock.time(waiting.until), waiting.cause)]);
    }
    match &diagnosis {
        Some(trouble) if trouble.is_open() => {
            lines.push(["cause".to_owned(), format!("{} ({})", trouble_line(&user, trouble, &clock), trouble.cause)]);
            lines.extend(trouble.evidence.iter().map(|line| ["evidence".to_owned(), line.clone()]));
        }
        Some(Diagnosed { over: Some(over), cause, .. }) => {
            lines.push(["before".to_owned(), format!("failed until {}: {}", clock.time(*over), cause.entry().title)]);
        }
        _ => {}
    }
    for entry in &audit {
        lines.push(["audit".to_owned(), format!("{}  {}: {}", clock.time(entry.at), entry.by, entry.event)]);
    }
    for [label, text] in lines {
        terminal.line(format_args!("{label:<9} {text}"))?;
    }
    let rows = scope.iter().map(|one| [one.setting.clone(), words(&one.value), one.from.words().to_owned()]);
    terminal.line(format_args!("\n{}", table(["SETTING", "VALUE", "FROM"], rows)))?;
    Ok(())
}

/// By which protocol, and who says so.
pub(super) fn reached(user: &User, whereabouts: Option<&KnownWhereabouts>) -> String {
    let says = if whereabouts.is_some_and(|known| known.followed) { "found by autodiscover" } else { "as set" };
    format!("over {} ({says}), by {}", user.details.protocol, user.details.way())
}

/// The address of the web service, and who says so.
fn service(settings: &exchange::Settings, user: &User) -> String {
    let details = &user.details;
    match (&details.url, details.protocol) {
        (Some(url), _) => url.clone(),
        (None, Protocol::Graph) => format!("{}, as configured", settings.graph_url),
        (None, Protocol::Ews) => match settings.link(&details.address, None, "UTC") {
            Ok(link) => format!("{}, as configured", link.url),
            Err(_) => "not known yet".to_owned(),
        },
    }
}
