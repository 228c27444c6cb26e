//! `user set`: what one user gets to see, where it is not what the firm gets; and the number of a user's mobile phone.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    mobile,
    scope::{at, words},
};
use crate::{
    cli::{
        arguments::SetUser,
        installation::{Installation, who},
        plan, report,
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    domain::Behind,
    plan::{ContactCircle, ScopeSettings},
    sources::mapping::Mapping,
    state::{LinkState, User, UserDetails},
};

pub(super) fn run(installation: &Installation, arguments: &SetUser, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    if let Some(number) = &arguments.mobile {
        mobile::set(installation, &arguments.name, number, terminal)?;
        return Ok(Exit::Fine);
    }
    let firm = &installation.config.scope;
    let user = installation.ledger.user(&arguments.name)?;
    let known = serde_json::to_value(firm)?;
    let mut own = match &user.details.settings {
        Value::Object(_) => user.details.settings.clone(),
        _ => Value::Object(Map::new()),
    };
    for assignment in &arguments.settings {
        let (path, value) = assigned(assignment, &known)?;
        put(&mut own, &path, value);
    }
    let settings = firm.with(&own).map_err(|error| {
        Refusal::usage(format!("these settings of `{}` cannot be used", user.name))
            .because(error)
            .hint("the settings are those of `[scope]` in docs/reference/settings.md, such as `window.past_days=60`")
    })?;
    for remark in remarks(installation, &settings) {
        terminal.warn(remark);
    }
    let details = UserDetails { settings: own, ..user.details.clone() };
    if details == user.details {
        terminal.say(format_args!("that is how it is already; `pocketdocket user show {}` shows it", user.name));
        return Ok(Exit::Fine);
    }
    let exit = foresee(installation, &user, &details, arguments.dry_run, terminal)?;
    if arguments.dry_run {
        terminal.say("nothing was changed");
        return Ok(exit);
    }
    installation.ledger.update_user(&user.name, &details, &who(), Timestamp::now())?;
    terminal.say(format_args!("kept; it holds from the next sync on: `pocketdocket user show {}`", user.name));
    Ok(Exit::Fine)
}

/// What the next sync would do with the new settings: a rehearsal on a copy of the ledger.
fn foresee(
    installation: &Installation,
    user: &User,
    details: &UserDetails,
    in_full: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    if user.link != LinkState::Active || user.parked.is_some() || user.paused.is_some() {
        terminal.say(format_args!("`{}` is not synced now, so nothing changes in the mailbox yet", user.name));
        return Ok(Exit::Fine);
    }
    let engine = installation
        .app()?
        .rehearsal_after(|copy| copy.update_user(&user.name, details, "rehearsal", Timestamp::now()))?;
    let rehearsed = crate::cli::runtime()?.block_on(engine.rehearse(Some(&user.name)))?;
    for cycle in &rehearsed.cycles {
        if in_full {
            plan::show(&installation.ledger, cycle, terminal)?;
        } else {
            terminal.say(format_args!("with the next sync: {}", plan::counts(cycle)));
        }
    }
    let summary = serde_json::to_value(&rehearsed)?;
    report::troubles(&summary, terminal);
    Ok(report::exit(&summary))
}

/// One `setting=value`, with the value in the form that the setting has. Nothing after the sign takes the user's own value away.
fn assigned(assignment: &str, known: &Value) -> anyhow::Result<(String, Value)> {
    let Some((path, text)) = assignment.split_once('=') else {
        return Err(Refusal::usage(format!("`{assignment}` sets nothing"))
            .hint("write `setting=value`, such as `contacts=matters`; `contacts=` goes back to the firm's")
            .into());
    };
    let (path, text) = (path.trim(), text.trim());
    if path.is_empty() || path.split('.').any(str::is_empty) {
        return Err(Refusal::usage(format!("`{path}` is no setting"))
            .hint("`pocketdocket user show NAME` lists the settings of a user")
            .into());
    }
    let list = |text: &str| {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
    };
    let value = match at(known, path) {
        _ if text.is_empty() => Value::Null,
        Some(Value::Array(_)) if text == "-" => Value::Array(Vec::new()),
        Some(Value::Array(_)) => list(text),
        Some(Value::String(_)) => Value::String(text.replace("\\n", "\n")),
        _ => match text.parse::<u64>() {
            Ok(number) => Value::from(number),
            Err(_) => Value::String(text.replace("\\n", "\n")),
        },
    };
    Ok((path.to_owned(), value))
}

/// Puts a value at a path; a missing one is taken out, with the tables that are empty then.
fn put(settings: &mut Value, path: &str, value: Value) {
    let Value::Object(table) = settings else { return };
    match path.split_once('.') {
        None if value.is_null() => {
            table.remove(path);
        }
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((name, rest)) => {
            let inner = table.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            put(inner, rest, value);
            if inner.as_object().is_some_and(Map::is_empty) {
                table.remove(name);
            }
        }
    }
}

/// What the mapping cannot do for these settings.
fn remarks(installation: &Installation, settings: &ScopeSettings) -> Vec<String> {
    let Ok(mapping) = Mapping::load(&installation.config.practice) else { return Vec::new() };
    let mut remarks = Vec::new();
    if settings.walls.iter().any(|behind| matches!(behind, Behind::Matter(_))) {
        for query in mapping.silent_about_matters() {
            remarks.push(format!(
                "the query `{query}` does not say to which matter a row belongs: behind a wall nothing new of it is given; \
                 select `matter_number`, or say `matter = \"none\"`"
            ));
        }
    }
    if matches!(settings.contacts, ContactCircle::Mine | ContactCircle::Matters) {
        for query in mapping.without_ties() {
            let circle = words(&serde_json::to_value(settings.contacts).unwrap_or_default());
            remarks.push(format!(
                "the query `{query}` is for everyone and has no `links_sql`: with `contacts={circle}` the user gets nothing of it"
            ));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_take_the_form_of_their_setting() {
        let firm = ScopeSettings::for_office(jiff::tz::TimeZone::UTC);
        let known = serde_json::to_value(&firm).expect("JSON");
        let mut own = json!({});
        for assignment in ["window.past_days=60", "kinds=event,task", "contacts=matters", "walls=2026-114, contact/c/7"]
        {
            let (path, value) = assigned(assignment, &known).expect("a setting");
            put(&mut own, &path, value);
        }
        let settings = firm.with(&own).expect("good settings");
        assert_eq!((settings.window.past_days, settings.window.future_days), (60, 365));
        assert_eq!((settings.kinds.len(), settings.walls.len()), (2, 2));
        assert_eq!(settings.contacts, ContactCircle::Matters);
        for assignment in ["window.past_days=", "kinds=", "contacts=", "walls="] {
            let (path, value) = assigned(assignment, &known).expect("a setting");
            put(&mut own, &path, value);
        }
        assert_eq!(own, json!({}), "back to the firm's");
        assert!(assigned("contacts", &known).is_err() && assigned("=x", &known).is_err());
        assert!(assigned(".x=1", &known).is_err());
    }
}
