//! Our own rendering, pinned: text that changes without anybody saying so would be new text on every phone of every firm.

use super::*;

/// A row of each kind in each way to show it.
fn rendered() -> String {
    let mut lines = Vec::new();
    let mut show = |what: &str, source: &SourceRecord, settings: &ScopeSettings| {
        let desired = scope(source, settings, None, now());
        let shown = match &desired {
            Desired::Wanted(record) => serde_json::to_string(record).expect("JSON"),
            other => format!("{other:?}"),
        };
        lines.push(format!("{what} {}: {shown}", source.key.kind));
    };
    for kind in Kind::ALL {
        for privacy in [PrivacyMode::Full, PrivacyMode::Initials, PrivacyMode::MatterNumber, PrivacyMode::Busy] {
            show(&format!("{privacy:?}"), &planted(kind), &ScopeSettings { privacy, ..settings() });
        }
        show("private", &SourceRecord { private: true, ..planted(kind) }, &settings());
        show("done", &SourceRecord { done: true, ..planted(kind) }, &settings());
        let keep = ScopeSettings { cancelled: CancelledPolicy::Keep, ..settings() };
        show("cancelled", &SourceRecord { cancelled: true, ..planted(kind) }, &keep);
    }
    show("plain", &event(), &settings());
    show("plain", &task(24), &settings());
    let names = [("Erika", "Mustermann"), ("", "Muster GmbH"), ("Erika", "")];
    for (given, surname) in names {
        let record = Record::new(Kind::Contact)
            .with(Field::GivenName, Value::text(given))
            .with(Field::Surname, Value::text(surname))
            .with(Field::Company, Value::text("Muster AG"));
        show("named", &source(record), &settings());
    }
    let long = event().record.with(Field::Subject, Value::text("Long ".repeat(80)));
    show("cut", &source(long), &settings());
    lines.join("\n")
}

#[test]
fn the_same_rows_make_the_same_text_until_the_revision_is_raised() {
    // If this fails, phones would show other text of the same rows: raise `RENDERING_REVISION`, accept the new snapshot, and
    // remove the one of the old revision. Then every firm is asked before it is written.
    insta::assert_snapshot!(format!("rendering_revision_{RENDERING_REVISION}"), rendered());
}
