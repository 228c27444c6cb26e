use std::collections::BTreeSet;

use jiff::{civil::date, tz::TimeZone};

use super::*;
use crate::domain::{Matter, Personal, PostalAddress, RecordKey, Reminder, Sensitivity, ShowAs};

mod rendering;
mod walls;

const SECRET: &str = "Planted";

fn settings() -> ScopeSettings {
    ScopeSettings::for_office(TimeZone::get("Europe/Zurich").expect("bundled"))
}

fn now() -> Timestamp {
    "2026-11-23T08:00:00Z".parse().expect("valid")
}

/// What somebody without walls gets of a row.
fn scope(source: &SourceRecord, settings: &ScopeSettings, hint: Option<&MirrorHint>, now: Timestamp) -> Desired {
    let (person, walls) = (PersonId("AB".to_owned()), Walls::default());
    super::scope(source, &Viewer { person: &person, settings, walls: &walls }, hint, now)
}

fn source(record: Record) -> SourceRecord {
    SourceRecord {
        key: RecordKey::new(record.kind, "main", "1"),
        audience: Audience::Everyone,
        record,
        matter: Matter { number: Some("2026/12".into()), name: Some("Planted ./. Muster".into()), unclear: false },
        group: None,
        private: false,
        done: false,
        cancelled: false,
        withdrawn: None,
    }
}

fn span(start: &str, end: &str) -> Value {
    let instant = |text: &str| text.parse().expect("valid");
    Value::Span(Span::Timed { start: instant(start), end: instant(end), zone: "UTC".into() })
}

fn event() -> SourceRecord {
    source(
        Record::new(Kind::Event)
            .with(Field::Subject, Value::text("Hearing"))
            .with(Field::Span, span("2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z")),
    )
}

fn task(due: i8) -> SourceRecord {
    source(
        Record::new(Kind::Task)
            .with(Field::Subject, Value::text("Appeal"))
            .with(Field::DueDate, Value::Date(date(2026, 11, due))),
    )
}

fn wanted(source: &SourceRecord, settings: &ScopeSettings) -> Record {
    match scope(source, settings, None, now()) {
        Desired::Wanted(record) => (*record).clone(),
        other => panic!("{other:?}"),
    }
}

fn reason(desired: Desired) -> String {
    match desired {
        Desired::Withdrawn(withdrawal) => withdrawal.reason,
        other => panic!("{other:?}"),
    }
}

/// A record of a kind with the planted word in every field that can hold words.
fn planted(kind: Kind) -> SourceRecord {
    let mut record = Record::new(kind);
    for field in Field::ALL.iter().filter(|field| field.belongs_to(kind)) {
        let value = match field {
            Field::Span => span("2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z"),
            Field::Birthday | Field::StartDate | Field::DueDate => Value::Date(date(2026, 11, 24)),
            Field::Categories => Value::Categories([SECRET.to_owned()].into()),
            Field::BusinessAddress | Field::HomeAddress | Field::OtherAddress => {
                Value::Address(Personal::new(PostalAddress { city: SECRET.into(), ..PostalAddress::default() }))
            }
            Field::Reminder => Value::Reminder(Reminder::MinutesBefore(30)),
            Field::ShowAs => Value::ShowAs(ShowAs::Away),
            Field::Sensitivity => Value::Sensitivity(Sensitivity::Normal),
            Field::Status => Value::Status(TaskStatus::InProgress),
            Field::PercentComplete => Value::Percent(50),
            Field::Importance => Value::Importance(crate::domain::Importance::High),
            Field::MobilePhone => Value::text("0171 1"),
            _ => Value::text(format!("{SECRET} {field}")),
        };
        record = record.with(*field, value);
    }
    source(record)
}

/// Fields of what is shown that still say the planted word.
fn leaks(record: &Record) -> BTreeSet<Field> {
    let says = |value: &Value| serde_json::to_string(value).expect("JSON").contains(SECRET);
    record.fields.iter().filter(|(_, value)| value.as_ref().is_some_and(says)).map(|(field, _)| *field).collect()
}

#[test]
fn what_is_shown_in_full_holds_every_field_and_the_offices_zone() {
    for kind in Kind::ALL {
        let source = planted(kind);
        let shown = wanted(&source, &settings());
        assert!(source.record.fields.keys().all(|field| shown.get(*field).is_some()), "{kind}");
    }
    let Some(Span::Timed { zone, start, .. }) = wanted(&event(), &settings()).span().cloned() else { panic!() };
    assert_eq!(zone, "Europe/Zurich");
    assert_eq!(start.to_string(), "2026-11-24T09:00:00Z");
}

#[test]
fn a_long_title_gives_way_to_the_file_number_and_fits_into_a_subject() {
    let mut long = event();
    long.record = long.record.with(Field::Subject, Value::text("x".repeat(255)));
    long.matter = Matter { number: Some("2026-114".into()), ..Matter::default() };
    let record = wanted(&long, &settings());
    let subject = record.text(Field::Subject).unwrap_or_default();
    assert_eq!(subject.chars().count(), 255);
    assert!(subject.contains("x…") && subject.contains("2026-114"), "{subject}");
    long.cancelled = true;
    let keeping = ScopeSettings { cancelled: CancelledPolicy::Keep, ..settings() };
    assert_eq!(wanted(&long, &keeping).text(Field::Subject).map(|subject| subject.chars().count()), Some(255));
}

#[test]
fn a_private_row_says_when_and_nothing_else() {
    for kind in [Kind::Event, Kind::Task] {
        let source = SourceRecord { private: true, ..planted(kind) };
        for privacy in [PrivacyMode::Full, PrivacyMode::Initials, PrivacyMode::MatterNumber, PrivacyMode::Busy] {
            let shown = wanted(&source, &ScopeSettings { privacy, ..settings() });
            assert_eq!(leaks(&shown), BTreeSet::new(), "{kind}");
            assert!(!format!("{:?}", shown.text(Field::Subject)).contains("2026/12"));
            assert!(shown.text(Field::Subject).is_some_and(|text| text.starts_with("Private")));
            assert_eq!(shown.get(Field::Sensitivity), Some(&Value::Sensitivity(Sensitivity::Private)));
            // Withheld, not left out: what is left out would keep its last value on the phone.
            for field in [Field::Notes, Field::Categories] {
                assert_eq!(shown.fields.get(&field), Some(&None), "{field}");
            }
        }
    }
    assert_eq!(
        wanted(&SourceRecord { private: true, ..planted(Kind::Event) }, &settings()).fields.get(&Field::Location),
        Some(&None)
    );
    let contact = SourceRecord { private: true, ..planted(Kind::Contact) };
    assert_eq!(reason(scope(&contact, &settings(), None, now())), "private");
}

#[test]
fn each_privacy_mode_withholds_every_field_that_names_somebody() {
    for (privacy, subject) in [
        (PrivacyMode::Initials, "P. M. (2026/12)"),
        (PrivacyMode::MatterNumber, "2026/12"),
        (PrivacyMode::Busy, "Appointment"),
    ] {
        let settings = ScopeSettings { privacy, ..settings() };
        let event = wanted(&planted(Kind::Event), &settings);
        assert_eq!(leaks(&event), BTreeSet::new());
        assert_eq!(event.text(Field::Subject), Some(subject));
        assert!(event.span().is_some() && event.get(Field::ShowAs).is_some());
        let task = wanted(&planted(Kind::Task), &settings);
        assert_eq!(leaks(&task), BTreeSet::new());
        assert!(task.date(Field::DueDate).is_some());
    }
    let busy = ScopeSettings { privacy: PrivacyMode::Busy, ..settings() };
    assert_eq!(wanted(&planted(Kind::Task), &busy).text(Field::Subject), Some("Task"));
    assert_eq!(reason(scope(&planted(Kind::Contact), &busy, None, now())), "not shown in this privacy mode");
}

#[test]
fn a_contact_in_initials_keeps_its_numbers_so_that_a_call_is_recognised() {
    let settings = ScopeSettings { privacy: PrivacyMode::Initials, ..settings() };
    let mut source = planted(Kind::Contact);
    source.record = source
        .record
        .with(Field::GivenName, Value::text("Erika"))
        .with(Field::MiddleName, None)
        .with(Field::Surname, Value::text("Planted-Muster"));
    let shown = wanted(&source, &settings);
    assert_eq!(shown.text(Field::DisplayName), Some("E. P."));
    assert_eq!(shown.text(Field::FileAs), Some("E. P."));
    assert_eq!(shown.text(Field::MobilePhone), Some("0171 1"));
    let phones: BTreeSet<Field> = leaks(&shown);
    assert!(
        phones
            .iter()
            .all(|field| field.word().contains("phone") || field.word().contains("fax") || *field == Field::Pager),
        "{phones:?}"
    );
    assert!(!phones.contains(&Field::AssistantPhone));
    for field in
        [Field::Email1, Field::Company, Field::BusinessAddress, Field::Birthday, Field::Notes, Field::NameTitle]
    {
        assert_eq!(shown.fields.get(&field), Some(&None), "{field}");
    }
}

#[test]
fn only_time_freezes_and_only_what_did_not_change() {
    let past = |days: i8| {
        let mut source = event();
        let day = date(2026, 11, 23).checked_sub(i64::from(days).days()).expect("valid");
        source.record = source.record.with(Field::Span, Value::Span(Span::AllDay { first: day, last: day }));
        source
    };
    let hint = |source: &SourceRecord| {
        let rendered = render::render(
            source,
            &Viewer { person: &PersonId("AB".to_owned()), settings: &settings(), walls: &Walls::default() },
        )
        .expect("shown");
        MirrorHint { fingerprint: Some(Fingerprint::of(&rendered)) }
    };
    let state = |source: &SourceRecord, hint: Option<MirrorHint>| scope(source, &settings(), hint.as_ref(), now());
    assert!(matches!(state(&past(30), None), Desired::Wanted(_)), "the last day of the window");
    assert_eq!(state(&past(31), Some(hint(&past(31)))), Desired::Frozen);
    assert_eq!(state(&past(31), None), Desired::Frozen, "nor is it put onto a phone now");
    assert!(matches!(state(&past(31), Some(hint(&past(30)))), Desired::Wanted(_)), "it was moved there");
    assert!(
        matches!(state(&past(31), Some(MirrorHint { fingerprint: None })), Desired::Wanted(_)),
        "not known what it holds"
    );

    let withdrawn = SourceRecord { withdrawn: Some("closed matter".into()), ..past(31) };
    assert_eq!(reason(state(&withdrawn, Some(hint(&past(31))))), "closed matter");
    let private = SourceRecord { private: true, ..past(31) };
    assert!(matches!(state(&private, Some(hint(&past(31)))), Desired::Wanted(_)), "tighter privacy overrides freezing");
    assert_eq!(state(&SourceRecord { audience: Audience::Nobody, ..past(31) }, None), Desired::Absent);
    let switched_off = ScopeSettings { kinds: [Kind::Contact].into(), ..settings() };
    assert_eq!(reason(scope(&past(1), &switched_off, None, now())), "events are switched off for this user");
}

#[test]
fn the_window_ends_in_a_year_and_open_tasks_have_none() {
    let at = |day: jiff::civil::Date| {
        let mut source = event();
        source.record = source.record.with(Field::Span, Value::Span(Span::AllDay { first: day, last: day }));
        scope(&source, &settings(), None, now())
    };
    assert!(matches!(at(date(2027, 11, 23)), Desired::Wanted(_)));
    assert_eq!(at(date(2027, 11, 24)), Desired::Frozen);
    let old = |done: bool, due: jiff::civil::Date| {
        let mut source = SourceRecord { done, ..task(1) };
        source.record = source.record.with(Field::DueDate, Value::Date(due));
        scope(&source, &settings(), None, now())
    };
    assert!(matches!(old(false, date(2019, 1, 1)), Desired::Wanted(_)));
    assert!(matches!(old(true, date(2026, 10, 24)), Desired::Wanted(_)));
    assert_eq!(old(true, date(2026, 10, 23)), Desired::Frozen);
    let long = Value::Span(Span::AllDay { first: date(2026, 1, 1), last: date(2026, 12, 31) });
    let mut source = event();
    source.record = source.record.with(Field::Span, long);
    assert!(matches!(scope(&source, &settings(), None, now()), Desired::Wanted(_)), "it goes on");
}

#[test]
fn days_are_the_offices_days() {
    // The window begins on 24 October: half past midnight in Zurich, still the 23rd in UTC.
    let mut source = event();
    source.record = source.record.with(Field::Span, span("2026-10-23T21:00:00Z", "2026-10-23T22:30:00Z"));
    assert!(
        matches!(scope(&source, &settings(), None, now()), Desired::Wanted(_)),
        "it ends on the 24th, half past midnight"
    );
    let utc = ScopeSettings::for_office(TimeZone::UTC);
    assert_eq!(scope(&source, &utc, None, now()), Desired::Frozen);
}

#[test]
fn done_and_cancelled_stay_or_leave_as_was_set() {
    let done = SourceRecord { done: true, ..task(30) };
    let shown = wanted(&done, &settings());
    assert_eq!(shown.get(Field::Status), Some(&Value::Status(TaskStatus::Completed)));
    assert_eq!(shown.get(Field::PercentComplete), Some(&Value::Percent(100)));
    let remove = ScopeSettings { done: DonePolicy::Remove, ..settings() };
    assert_eq!(reason(scope(&done, &remove, None, now())), "done");
    let mut by_status = task(30);
    by_status.record = by_status.record.with(Field::Status, Value::Status(TaskStatus::Completed));
    assert_eq!(reason(scope(&by_status, &remove, None, now())), "done");

    let cancelled = SourceRecord { cancelled: true, ..event() };
    assert_eq!(reason(scope(&cancelled, &settings(), None, now())), "cancelled");
    let keep = ScopeSettings { cancelled: CancelledPolicy::Keep, ..settings() };
    let shown = wanted(&cancelled, &keep);
    assert_eq!(shown.text(Field::Subject), Some("Cancelled: Hearing (2026/12)"));
    assert_eq!(shown.get(Field::ShowAs), Some(&Value::ShowAs(ShowAs::Free)));
    assert_eq!(shown.get(Field::Reminder), Some(&Value::Reminder(Reminder::Off)));
}

#[test]
fn a_field_that_is_not_selected_is_not_made_up() {
    let mut source = event();
    source.record.fields.remove(&Field::Subject);
    let shown = wanted(&source, &settings());
    assert!(!shown.fields.contains_key(&Field::Subject) && !shown.fields.contains_key(&Field::Notes));
    let mut null = event();
    null.record = null.record.with(Field::Subject, None).with(Field::Notes, None);
    null.matter = Matter::default();
    let shown = wanted(&null, &settings());
    assert_eq!(shown.fields.get(&Field::Subject), Some(&None));
    assert_eq!(shown.fields.get(&Field::Notes), Some(&None));
}

#[test]
fn a_file_number_that_the_subject_already_names_is_not_repeated() {
    let mut source = event();
    source.record = source.record.with(Field::Subject, Value::text("2026/12 Hearing"));
    assert_eq!(wanted(&source, &settings()).text(Field::Subject), Some("2026/12 Hearing"));
}

#[test]
fn what_is_rendered_is_never_longer_than_exchange_keeps_and_the_file_number_stays() {
    let long = "Long ".repeat(51);
    let mut event = event();
    event.record = event.record.with(Field::Subject, Value::text(long.trim()));
    event.cancelled = true;
    for cancelled in [CancelledPolicy::Keep, CancelledPolicy::Remove] {
        event.cancelled = cancelled == CancelledPolicy::Keep;
        let shown = wanted(&event, &ScopeSettings { cancelled, ..settings() });
        let subject = shown.text(Field::Subject).expect("a subject");
        assert!(
            subject.chars().count() <= 255 && subject.starts_with(if event.cancelled { "" } else { "Long Long" }),
            "{subject}"
        );
        assert!(event.cancelled || subject.ends_with("… (2026/12)"), "{subject}");
    }
    let contact = source(
        Record::new(Kind::Contact)
            .with(Field::GivenName, Value::text("G".repeat(200)))
            .with(Field::Surname, Value::text("S".repeat(200))),
    );
    let shown = wanted(&contact, &settings());
    for field in [Field::DisplayName, Field::FileAs] {
        assert_eq!(shown.text(field).map(|text| text.chars().count()), Some(255));
    }
}

#[test]
fn reminders_come_from_the_row_or_from_the_setting() {
    let reminder =
        |source: &SourceRecord, settings: &ScopeSettings| wanted(source, settings).get(Field::Reminder).cloned();
    assert_eq!(reminder(&event(), &settings()), Some(Value::Reminder(Reminder::MinutesBefore(15))));
    let mut all_day = event();
    let day = date(2026, 11, 25);
    all_day.record = all_day.record.with(Field::Span, Value::Span(Span::AllDay { first: day, last: day }));
    assert_eq!(reminder(&all_day, &settings()), Some(Value::Reminder(Reminder::Off)));
    let mut own = event();
    own.record = own.record.with(Field::Reminder, Value::Reminder(Reminder::MinutesBefore(60)));
    assert_eq!(reminder(&own, &settings()), Some(Value::Reminder(Reminder::MinutesBefore(60))));
    assert_eq!(reminder(&event(), &ScopeSettings { default_reminder_minutes: None, ..settings() }), None);
    assert_eq!(reminder(&task(30), &settings()), None);
}

#[test]
fn names_to_show_and_to_sort_by_are_made_where_the_mapping_gives_none() {
    let names = |fields: &[(Field, &str)]| {
        let record = fields
            .iter()
            .fold(Record::new(Kind::Contact), |record, (field, text)| record.with(*field, Value::text(*text)));
        let shown = wanted(&source(record), &settings());
        (shown.text(Field::DisplayName).map(str::to_owned), shown.text(Field::FileAs).map(str::to_owned))
    };
    let pair = |shown: &str, sorted: &str| (Some(shown.to_owned()), Some(sorted.to_owned()));
    let full = [
        (Field::NameTitle, "Dr."),
        (Field::GivenName, "Eva"),
        (Field::MiddleName, "M."),
        (Field::Surname, "Muster"),
        (Field::NameSuffix, "LL.M."),
    ];
    assert_eq!(names(&full), pair("Dr. Eva M. Muster LL.M.", "Muster, Eva M."));
    assert_eq!(names(&[(Field::Surname, "Muster")]), pair("Muster", "Muster"));
    assert_eq!(names(&[(Field::GivenName, "Eva")]), pair("Eva", "Eva"));
    assert_eq!(names(&[(Field::Company, "Court")]), pair("Court", "Court"));
    assert_eq!(names(&[(Field::Email1, "a@b.example")]), pair("a@b.example", "a@b.example"));
    assert_eq!(names(&[(Field::Surname, "Muster"), (Field::FileAs, "M"), (Field::DisplayName, "Me")]), pair("Me", "M"));
    assert_eq!(names(&[(Field::MobilePhone, "1")]), (None, None));
}

#[test]
fn templates_leave_out_what_is_empty_tidily() {
    let number = |number: &'static str| template::Values {
        subject: "Hearing",
        notes: "Bring it\nall",
        matter_number: number,
        roles: "",
        matter_name: "A ./. B",
    };
    for (text, with, without) in [
        ("{subject} ({matter_number})", "Hearing (12)", "Hearing"),
        ("{matter_number}: {subject}", "12: Hearing", "Hearing"),
        ("{subject} - {matter_number} - {matter_name}", "Hearing - 12 - A ./. B", "Hearing - A ./. B"),
        ("{subject} [file {matter_number}, {matter_name}]", "Hearing [file 12, A ./. B]", "Hearing [file, A ./. B]"),
        ("{subject} (court) {matter_number}!", "Hearing (court) 12!", "Hearing (court) !"),
        ("{notes}\nFile: {matter_number}\n--", "Bring it\nall\nFile: 12\n--", "Bring it\nall\n--"),
        ("{subject} (", "Hearing (", "Hearing ("),
        ("always", "always", "always"),
    ] {
        let template: Template = text.parse().expect("a template");
        assert_eq!(template.render(&number("12")), with, "{text}");
        assert_eq!(template.render(&number("")), without, "{text}");
        assert_eq!(template.to_string(), text);
    }
    assert!(
        "{subjekt}".parse::<Template>().is_err_and(|error| error.to_string().contains("`{subjekt}` is no placeholder"))
    );
    assert!("{subject".parse::<Template>().is_err());
    assert_eq!(Template::subject_and_number(), "{subject} ({matter_number})".parse().expect("a template"));
    assert_eq!(Template::notes_alone(), "{notes}".parse().expect("a template"));
}

#[test]
fn settings_need_a_zone_and_nothing_else() {
    let read: ScopeSettings = serde_json::from_str(r#"{"office_zone":"Europe/Zurich"}"#).expect("settings");
    assert_eq!(read, settings());
    assert!(serde_json::from_str::<ScopeSettings>("{}").is_err());
    let written = serde_json::to_string(&read).expect("JSON");
    assert_eq!(serde_json::from_str::<ScopeSettings>(&written).expect("settings"), read);
}

#[test]
fn too_many_firm_wide_contacts_are_a_reason_to_hold() {
    assert_eq!(contact_cap(5_000, &settings()), None);
    assert_eq!(contact_cap(5_001, &settings()), Some(HoldReason::ContactCap { wanted: 5_001, cap: 5_000 }));
}

#[test]
fn two_links_do_not_write_over_each_other() {
    let wanted =
        |subject: &str| Desired::Wanted(Arc::new(Record::new(Kind::Task).with(Field::Subject, Value::text(subject))));
    let Desired::Wanted(held) = wanted("held") else { panic!() };
    let hint = MirrorHint { fingerprint: Some(Fingerprint::of(&held)) };
    assert_eq!(combined(wanted("other"), wanted("held"), Some(&hint)), wanted("held"));
    assert_eq!(combined(wanted("held"), wanted("other"), Some(&hint)), wanted("held"));
    assert_eq!(combined(wanted("one"), wanted("other"), Some(&hint)), wanted("one"));
    assert_eq!(combined(Desired::Frozen, wanted("other"), Some(&hint)), Desired::Frozen);
    assert_eq!(combined(Desired::Frozen, wanted("other"), None), wanted("other"));
    assert_eq!(combined(Desired::Absent, Desired::Unreadable, None), Desired::Unreadable);
    let withdrawn = Desired::Withdrawn(Withdrawal { reason: "closed".into(), for_good: false });
    assert_eq!(combined(withdrawn.clone(), wanted("one"), None), wanted("one"));
    assert_eq!(combined(Desired::Absent, withdrawn.clone(), None), withdrawn);
}
