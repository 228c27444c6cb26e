use std::collections::BTreeSet;

use jiff::civil::date;

use super::*;
use crate::{
    domain::{Audience, Field, Kind, RecordKey},
    sources::{Preview, open as open_source},
};

fn today() -> Date {
    date(2026, 11, 22)
}

async fn preview(path: &Path) -> Preview {
    let source = open_source(&settings(path)).expect("the preset is right");
    Preview::take(source.as_ref()).await.expect("readable")
}

fn made(size: Size) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("sample.db");
    create(&path, 7, today(), size).expect("makes a firm");
    (directory, path)
}

#[tokio::test]
async fn the_sample_firm_is_as_large_as_promised_and_mostly_well() {
    let (_directory, path) = made(Size::default());
    let preview = preview(&path).await;
    assert_eq!(preview.people.len(), 12);
    assert!(preview.people.iter().any(|person| !person.active));
    assert!(preview.people.iter().any(|person| person.email.is_none()));
    let keys = |kind| {
        preview
            .records
            .iter()
            .filter(|record| record.key.kind == kind)
            .map(|record| &record.key)
            .collect::<BTreeSet<_>>()
            .len()
    };
    assert_eq!(keys(Kind::Contact), 400);
    assert_eq!(keys(Kind::Task), 200);
    // Three events have no start that could be read.
    assert_eq!(keys(Kind::Event), 597);
    assert_eq!(preview.unreadable.iter().map(|(key, _)| key).collect::<BTreeSet<_>>().len(), 3);
}

#[tokio::test]
async fn every_odd_row_is_either_understood_or_listed() {
    let (_directory, path) = made(Size::default());
    let preview = preview(&path).await;
    let listed = |kind, id: u32| {
        let key = RecordKey::new(kind, format!("{kind}s"), id.to_string());
        preview.problems.iter().any(|problem| problem.key.as_ref() == Some(&key))
    };
    for id in [10, 20, 30, 50, 60, 70, 80, 90, 100, 110, 120, 150, 160, 190, 230, 250] {
        assert!(listed(Kind::Event, id), "event {id}");
    }
    for id in [110, 120, 130, 140, 150] {
        assert!(listed(Kind::Contact, id), "contact {id}");
    }
    for id in [30, 40, 50, 80, 120] {
        assert!(listed(Kind::Task, id), "task {id}");
    }
    let nobody: BTreeSet<&str> = preview
        .records
        .iter()
        .filter(|record| record.audience == Audience::Nobody)
        .map(|record| record.key.record.as_str())
        .collect();
    assert_eq!(nobody, BTreeSet::from(["100", "110", "120", "50"]));
}

#[tokio::test]
async fn notes_in_html_become_text() {
    let (_directory, path) = made(Size::default());
    let preview = preview(&path).await;
    let contact = preview.records.iter().find(|record| record.key == RecordKey::new(Kind::Contact, "contacts", "70"));
    let notes = contact.and_then(|contact| contact.record.text(Field::Notes));
    assert_eq!(notes, Some("Vermerk\nHonorar: 5 < 10 €\neins\nzwei & drei"));
}

#[test]
fn the_same_seed_and_day_make_the_same_firm() {
    let (_one, first) = made(Size::default());
    let (_other, second) = made(Size::default());
    assert_eq!(std::fs::read(first).expect("a file"), std::fs::read(second).expect("a file"));
}

#[test]
fn an_existing_file_is_left_alone() {
    let (_directory, path) = made(Size::default());
    let before = std::fs::read(&path).expect("a file");
    let failure = create(&path, 8, today(), Size::default()).expect_err("the file exists");
    assert!(failure.hint.is_some());
    assert_eq!(std::fs::read(&path).expect("a file"), before);
}

#[tokio::test]
async fn every_change_changes_what_it_says_and_nothing_else() {
    let (_directory, path) = made(Size::default());
    let now = "2026-11-22T09:00:00Z".parse().expect("a timestamp");
    for step in 0..24 {
        let before = preview(&path).await;
        let change = change(&path, step, now).expect("an edit");
        let after = preview(&path).await;
        let rest = |preview: &Preview| {
            preview.records.iter().filter(|record| record.key != change.key).cloned().collect::<Vec<_>>()
        };
        let this = |preview: &Preview| {
            preview.records.iter().filter(|record| record.key == change.key).cloned().collect::<Vec<_>>()
        };
        assert_eq!(rest(&before), rest(&after), "{}", change.what);
        assert_ne!(this(&before), this(&after), "{}", change.what);
        assert!(change.what.ends_with('.'), "{}", change.what);
    }
}

#[tokio::test]
async fn a_large_firm_has_the_rows_that_were_asked_for() {
    let (_directory, path) = made(Size::of_rows(20_000, 50));
    let preview = preview(&path).await;
    assert_eq!(preview.people.len(), 50);
    assert!((19_900..=20_100).contains(&preview.records.len()), "{}", preview.records.len());
}
