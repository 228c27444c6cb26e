//! What a preview of a practice database says, asked row by row.

use std::path::Path;

use pocketdocket::{
    domain::{Audience, Field, Kind, SourceRecord, Value},
    sources::{self, Preview, Settings, SourceZone},
};

/// A preview that is easy to ask.
pub(super) struct Read {
    pub(super) preview: Preview,
}

/// Settings for a mapping's file and an SQLite database in the same folder.
pub(super) fn in_folder(folder: &Path, zone: &str) -> Settings {
    let mapping = folder.join("mapping.toml").display().to_string();
    Settings::new(mapping, folder.join("practice.db"), SourceZone::named(zone).expect("bundled"))
}

impl Read {
    pub(super) async fn take(settings: &Settings) -> Self {
        let source = sources::open(settings).unwrap_or_else(|failure| panic!("{failure:?}"));
        let preview = Preview::take(source.as_ref()).await.unwrap_or_else(|failure| panic!("{failure:?}"));
        Self { preview }
    }

    /// The records with this key, one for each person who has one.
    pub(super) fn records(&self, kind: Kind, key: &str) -> Vec<&SourceRecord> {
        self.preview.records.iter().filter(|one| one.key.kind == kind && one.key.record == key).collect()
    }

    /// The only record with this key.
    pub(super) fn record(&self, kind: Kind, key: &str) -> &SourceRecord {
        let records = self.records(kind, key);
        assert_eq!(records.len(), 1, "{kind} {key}");
        records[0]
    }

    /// The persons who have a record with this key; "nobody" and "everyone" for what their names say.
    pub(super) fn people(&self, kind: Kind, key: &str) -> Vec<String> {
        let mut people: Vec<String> = self
            .records(kind, key)
            .into_iter()
            .map(|record| match &record.audience {
                Audience::Person(person) => person.0.clone(),
                Audience::Everyone => "everyone".to_owned(),
                Audience::Nobody => "nobody".to_owned(),
                Audience::Linked(ties) => format!("linked to {}", ties.len()),
            })
            .collect();
        people.sort();
        people
    }

    /// What is said about a row, each as `column: what`.
    pub(super) fn problems(&self, kind: Kind, key: &str) -> Vec<String> {
        let of_row = |problem: &&pocketdocket::domain::RowProblem| {
            problem.key.as_ref().is_some_and(|one| one.kind == kind && one.record == key)
        };
        let problems = self.preview.problems.iter().filter(of_row);
        problems.map(|problem| format!("{}: {}", problem.column.as_deref().unwrap_or("row"), problem.what)).collect()
    }

    /// Whether a row is neither present nor absent.
    pub(super) fn is_unreadable(&self, kind: Kind, key: &str) -> bool {
        self.preview.unreadable.iter().any(|(one, _)| one.kind == kind && one.record == key)
    }
}

/// A field as text, as far as tests compare it.
pub(super) fn shown(record: &SourceRecord, field: Field) -> String {
    match record.record.get(field) {
        None => String::new(),
        Some(Value::Text(text)) => text.reveal().clone(),
        Some(Value::Date(date)) => date.to_string(),
        Some(Value::Span(span)) => match span {
            pocketdocket::domain::Span::AllDay { first, last } => format!("{first}/{last}"),
            pocketdocket::domain::Span::Timed { start, end, .. } => format!("{start}/{end}"),
        },
        Some(Value::Categories(names)) => names.iter().cloned().collect::<Vec<_>>().join(","),
        Some(other) => format!("{other:?}"),
    }
}
