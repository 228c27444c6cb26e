//! What a sync did, as a table. The report comes as JSON, because a running service may have made it.

use serde_json::Value;

use super::{
    show::{counted, table},
    terminal::Terminal,
    trouble::Exit,
};

pub(super) fn show(report: &Value, as_json: bool, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    if as_json {
        terminal.json(report)?;
        return Ok(exit(report));
    }
    let count = |cycle: &Value, what: &str| cycle["counts"][what].as_u64().unwrap_or(0).to_string();
    let rows: Vec<_> = cycles(report)
        .map(|cycle| {
            [
                text(&cycle["user"]),
                count(cycle, "created"),
                count(cycle, "updated"),
                count(cycle, "deleted"),
                count(cycle, "held"),
                count(cycle, "failed"),
            ]
        })
        .collect();
    if rows.is_empty() {
        terminal.say("no mailbox had anything to do");
    } else {
        terminal.line(table(["USER", "CREATED", "UPDATED", "DELETED", "HELD", "FAILED"], rows))?;
    }
    let adopted =
        |cycle: &Value| cycle["counts"]["adopted"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    for cycle in cycles(report).filter(|cycle| adopted(cycle) > 0) {
        let items = counted(adopted(cycle), "item");
        terminal.say(format_args!("{}: {items} of an earlier sync taken over", text(&cycle["user"])));
    }
    troubles(report, terminal);
    if cycles(report).any(|cycle| waiting(cycle) > 0) {
        terminal.say("something waits for a person: `pocketdocket holds list`");
    }
    Ok(exit(report))
}

/// What went wrong, of the practice database and of each mailbox.
pub(super) fn troubles(report: &Value, terminal: &mut Terminal) {
    let source = Some(("practice database".to_owned(), &report["source_trouble"]));
    let mailboxes = cycles(report).map(|cycle| (text(&cycle["user"]), &cycle["trouble"]));
    for (subject, trouble) in source.into_iter().chain(mailboxes) {
        if trouble.is_object() {
            terminal.warn(format_args!("{subject}: {}", text(&trouble["cause"])));
            if let Some(remedy) = trouble["remedy"].as_str() {
                terminal.say(format_args!("  {remedy}"));
            }
        }
    }
}

/// What a report means for the shell: a person is needed, or only patience.
pub(super) fn exit(report: &Value) -> Exit {
    let troubles: Vec<&Value> = cycles(report)
        .map(|cycle| &cycle["trouble"])
        .chain([&report["source_trouble"]])
        .filter(|trouble| trouble.is_object())
        .collect();
    let waits = cycles(report).any(|cycle| waiting(cycle) + cycle["counts"]["failed"].as_u64().unwrap_or(0) > 0);
    if waits || troubles.iter().any(|trouble| trouble["passes"] != true) {
        Exit::NeedsPerson
    } else if troubles.is_empty() {
        Exit::Fine
    } else {
        Exit::Passes
    }
}

/// Holds of a mailbox. One that closes a whole folder (another Pocket Docket writes there) need not name any operation.
fn waiting(cycle: &Value) -> u64 {
    cycle["holds"].as_u64().unwrap_or(0)
}

fn cycles(report: &Value) -> impl Iterator<Item = &Value> {
    report["cycles"].as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_exit_code_tells_patience_from_a_person() {
        let cycle = |held: u64, trouble: Value| json!({ "user": "weber", "holds": held, "trouble": trouble });
        let of = |cycle: Value, source: Value| exit(&json!({ "cycles": [cycle], "source_trouble": source }));
        let passing = json!({ "cause": "busy", "passes": true });
        let lasting = json!({ "cause": "password", "passes": false });
        assert_eq!(of(cycle(0, Value::Null), Value::Null), Exit::Fine);
        assert_eq!(of(cycle(1, Value::Null), Value::Null), Exit::NeedsPerson);
        assert_eq!(of(cycle(0, passing.clone()), Value::Null), Exit::Passes);
        assert_eq!(of(cycle(0, lasting.clone()), Value::Null), Exit::NeedsPerson);
        assert_eq!(of(cycle(0, passing), lasting), Exit::NeedsPerson);
        assert_eq!(exit(&Value::Null), Exit::Fine, "a report of another version is no trouble");
    }
}
