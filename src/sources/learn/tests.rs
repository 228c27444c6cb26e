use std::{collections::BTreeMap, path::Path};

use proptest::prelude::*;

use super::*;
use crate::sources::mapping::Mapping;

const VERSION_8: &str = include_str!("../../../tests/practice/metadata/tm8user.tsv");
const VERSION_11: &str = include_str!("../../../tests/practice/metadata/lntmu11.tsv");
const LATER: &str = include_str!("../../../tests/practice/metadata/lntmuid.tsv");
const HOSTILE: &str = include_str!("../../../tests/practice/metadata/hostile.tsv");
const OTHER: &str = include_str!("../../../tests/practice/metadata/other.tsv");
const ANSWERS: &str = include_str!("../../../tests/practice/time-matters.answers.toml");

const DIALECTS: [Dialect; 4] = [Dialect::Sqlite, Dialect::Mysql, Dialect::Postgres, Dialect::SqlServer];

/// What was recorded of a database's metadata.
fn recorded(text: &str) -> Catalogue {
    let mut catalogue = Catalogue::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let [schema, table, column, sort] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        catalogue.add(schema, table, column, sort);
    }
    catalogue
}

fn findings(text: &str, dialect: Dialect) -> Findings {
    Findings::of_catalogue(dialect, recorded(text))
}

fn answers(text: &str) -> Answers {
    Answers::parse(Path::new("answers.toml"), text).unwrap_or_else(|error| panic!("{error}"))
}

/// A mapping as it is checked without a database.
fn parsed(text: &str, dialect: Dialect) -> Mapping {
    let mapping = Mapping::parse("learned", text, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(Dialect::of(mapping.connector), dialect);
    mapping
}

fn candidates(findings: &Findings, answers: &Answers, id: &str) -> Vec<String> {
    let question = questions(findings, answers).into_iter().find(|question| question.id == id);
    let question = question.unwrap_or_else(|| panic!("nothing asks {id}"));
    question.candidates.into_iter().map(|candidate| candidate.value).collect()
}

#[test]
fn time_matters_is_recognised_whatever_its_owner_is_called() {
    let homes = |text| recognise(&recorded(text));
    let version_8 = homes(VERSION_8);
    assert_eq!(version_8.len(), 1, "the tables of another program are not taken for its");
    assert_eq!((version_8[0].schema.as_str(), version_8[0].complete, version_8[0].likeness), ("tm8user", true, 100));
    assert!(version_8[0].version.starts_with("perhaps version 8"), "{}", version_8[0].version);
    let both = homes(VERSION_11);
    let names: Vec<&str> = both.iter().map(|home| home.schema.as_str()).collect();
    assert_eq!(names, ["lntmu11", "tm8user"], "the one of which more is there comes first");
    assert!(both[0].version.starts_with("perhaps version 11"), "{}", both[0].version);
    assert!(both[1].missing.contains(&"phone".to_owned()) && both[1].missing.contains(&"matter.archive".to_owned()));
    let later = homes(LATER);
    assert_eq!(later[0].schema, "lntmuid");
    assert!(later[0].version.contains("MatterView and ContactView"), "{}", later[0].version);
    assert_eq!(later[0].missing, ["userid"], "{:?}", later[0].missing);
    assert_eq!(homes(HOSTILE)[0].schema, "Firma Müller & Söhne");
    assert_eq!(homes(OTHER), []);
}

#[test]
fn what_is_half_there_is_told_and_cannot_be_learned() {
    let half: Vec<&str> = VERSION_8.lines().filter(|line| !line.contains("\tstaff\tinit\t")).collect();
    let half = half.join("\n");
    let homes = recognise(&recorded(&half));
    assert!(!homes[0].complete && homes[0].missing.contains(&"staff.init".to_owned()));
    assert!(homes[0].sentences().iter().any(|sentence| sentence.contains("too little")));
    let asked = questions(&findings(&half, Dialect::SqlServer), &Answers::default());
    assert_eq!(asked.iter().map(|question| question.id.as_str()).collect::<Vec<_>>(), ["schema"]);
}

#[test]
fn where_several_owners_have_the_tables_it_is_asked_and_nothing_else_before() {
    let findings = findings(VERSION_11, Dialect::SqlServer);
    let asked = questions(&findings, &Answers::default());
    assert_eq!(asked.len(), 1);
    assert_eq!(candidates(&findings, &Answers::default(), "schema"), ["lntmu11", "tm8user"]);
    let chosen = answers("schema = \"lntmu11\"");
    assert!(questions(&findings, &chosen).len() > 10);
    assert_eq!(candidates(&findings, &chosen, "events.table")[0], "CALEVENT");
    assert!(check(&findings, &answers("schema = \"dbo\"")).unwrap_err().starts_with("schema: there is no `dbo`"));
}

#[test]
fn the_likeliest_come_first_and_decoys_last_or_not_at_all() {
    let findings = findings(VERSION_8, Dialect::SqlServer);
    let table = candidates(&findings, &Answers::default(), "events.table");
    assert_eq!(table[0], "appt");
    for known in ["todo", "phone", "notes", "mail", "contact", "calendar_event"] {
        assert!(!table.contains(&known.to_owned()), "{known} is no candidate: {table:?}");
    }
    let chosen = answers("events.table = \"appt\"");
    let best = |id: &str| candidates(&findings, &chosen, id).into_iter().next().unwrap_or_default();
    for (id, column) in [
        ("events.start_date", "date"),
        ("events.start_time", "time"),
        ("events.end_date", "end_date"),
        ("events.end_time", "end_time"),
        ("events.subject", "desc"),
        ("events.notes", "memo"),
        ("events.location", "place"),
        ("events.all_day_column", "all_day"),
        ("events.public_column", "private"),
        ("events.cancelled_column", "cancelled"),
        ("events.link", "linked_to"),
        ("staff.email", "e_mail"),
        ("staff.left_column", "inactive"),
        ("matter.name", "caption"),
        ("tasks.done_column", "ccode"),
    ] {
        assert_eq!(best(id), column, "{id}");
    }
}

#[test]
fn an_answer_that_cannot_be_one_is_refused_with_its_question() {
    let findings = findings(VERSION_8, Dialect::SqlServer);
    for (given, wrong) in [
        ("events.table = \"appts\"", "events.table: there is no `appts`; did you mean `appt`?"),
        ("staff.email = [\"a\", \"b\"]", "staff.email: one name is wanted, not a list"),
        (
            "tasks.done_column = \"ccode\"\ntasks.done_values = []",
            "tasks.done_values: a list without a value says nothing",
        ),
        ("events.start_date = \"date\"", "nothing asks `events.start_date`, or not with the other answers"),
        ("contacts.for = \"none\"", "contacts.for: there is no `none`"),
        (
            "stuff.email = \"none\"",
            "nothing asks `stuff.email`, or not with the other answers; did you mean `staff.email`?",
        ),
        (
            "contacts.CLIENT.con1_02_04 = \"email_1\"\ncontacts.CLIENT.con1_02_05 = \"email_1\"",
            "contacts of `CLIENT`: `con1_02_04` and `con1_02_05` cannot both be `email_1`",
        ),
    ] {
        let told = check(&findings, &answers(given)).unwrap_err();
        assert!(told.starts_with(wrong), "{given}: {told}");
    }
    assert_eq!(check(&findings, &answers("groups.GONE = \"none\"")), Ok(()), "a code that is no longer there");
    assert!(Answers::parse(Path::new("a.toml"), "dates = 1").unwrap_err().to_string().contains("`dates`"));
    assert!(Answers::parse(Path::new("a.toml"), "dates = ").unwrap_err().to_string().starts_with("a.toml, line 1"));
}

#[test]
fn a_mapping_of_any_dialect_is_a_mapping_and_knows_what_is_open() {
    for dialect in DIALECTS {
        for text in [VERSION_8, VERSION_11, LATER, HOSTILE, OTHER] {
            let findings = findings(text, dialect);
            let (nothing, some) = (Answers::default(), answers(ANSWERS));
            for given in [&nothing, &some] {
                let written = mapping(&findings, given);
                let open: Vec<String> = open(&findings, given).into_iter().map(|question| question.id).collect();
                let told = parsed(&written, dialect).open_questions;
                let told: Vec<&str> = told.iter().filter_map(|line| line.split(": ").next()).collect();
                assert_eq!(told, open, "{written}");
                assert!(is_as_written(&written) && is_as_written(&written.replace('\n', "\r\n")));
                assert!(!is_as_written(&written.replace("Time Matters", "Time matters")));
            }
        }
        let complete = findings(VERSION_8, dialect);
        assert_eq!(open(&complete, &answers(ANSWERS)).len(), 0);
        let queries = parsed(&mapping(&complete, &answers(ANSWERS)), dialect).queries;
        let names: Vec<&str> = queries.iter().map(|query| query.name.0.as_str()).collect();
        assert_eq!(names, ["contacts", "appointments", "phone-calls", "to-dos"]);
    }
}

#[test]
fn what_another_version_lacks_is_left_out() {
    let findings = findings(LATER, Dialect::SqlServer);
    let given = answers(&ANSWERS.replace("table = \"appt\"", "table = \"events\""));
    let written = mapping(&findings, &given);
    assert!(!written.contains("middle_init") && written.contains("[lntmuid].[events]"), "{written}");
}

#[test]
fn names_that_would_break_something_are_no_candidates_and_all_others_are_quoted() {
    for dialect in DIALECTS {
        let findings = findings(HOSTILE, dialect);
        let given =
            answers(&ANSWERS.replace("table = \"appt\"", "table = \"my appointments\"").replace("e_mail", "e-mail"));
        assert_eq!(check(&findings, &given), Ok(()));
        for question in questions(&findings, &given) {
            for candidate in &question.candidates {
                assert!(can_be_carried(&candidate.value), "{}: {}", question.id, candidate.value);
            }
        }
        let written = mapping(&findings, &given);
        for name in ["my appointments", "e-mail", "Firma Müller & Söhne"] {
            assert!(written.contains(&dialect.name(name)), "{name}: {written}");
        }
        assert!(!written.contains("DROP TABLE"), "{written}");
        for table in &findings.catalogue.tables {
            let (columns, _) = dialect.some_rows(table);
            assert!(columns.iter().all(|column| can_be_carried(column)), "{columns:?}");
        }
    }
}

#[test]
fn a_template_of_answers_is_read_back_and_names_every_open_question() {
    let findings = findings(VERSION_8, Dialect::SqlServer);
    let given = answers("events.table = \"appt\"\ntasks.done_column = \"ccode\"\ntasks.done_values = [\"DONE\", \"\"]");
    let written = given.written(&questions(&findings, &given));
    assert_eq!(answers(&written), given);
    for question in open(&findings, &given) {
        assert!(written.contains(&format!("\n# {} = ", question.id)), "{}", question.id);
    }
    assert!(written.contains("#   \"date\" (int): its name says `date`"), "{written}");
}

/// What SQL Server calls a timestamp counts changes; PostgreSQL's is a time.
#[test]
fn days_and_times_of_the_databases_own_are_told_by_their_types() {
    let told = |sort: &str| {
        let column = ColumnInfo { name: "a".to_owned(), sort: sort.to_owned() };
        [column.is_day(), column.is_time(), column.is_bytes()]
    };
    for (sort, expected) in [
        ("date", [true, false, false]),
        ("time", [false, true, false]),
        ("time without time zone", [false, true, false]),
        ("datetime", [true, true, false]),
        ("smalldatetime", [true, true, false]),
        ("datetime2", [true, true, false]),
        ("timestamp without time zone", [true, true, false]),
        ("timestamp", [false, false, true]),
        ("int", [false, false, false]),
    ] {
        assert_eq!(told(sort), expected, "{sort}");
    }
}

fn shape() -> impl Strategy<Value = Shape> {
    (0_u32..500, prop::array::uniform14(0_u32..=500), 0_u32..400).prop_map(|(filled, counts, longest)| {
        let at = |place: usize| counts[place].min(filled);
        Shape {
            rows: filled + counts[0],
            filled,
            distinct: at(1),
            days: at(2),
            times: at(3),
            initials: at(4),
            keys: at(5),
            emails: at(6),
            phones: at(7),
            words: at(8),
            streets: at(9),
            postal_codes: at(10),
            states: at(11),
            written_days: at(12),
            longest,
        }
    })
}

fn column() -> impl Strategy<Value = ColumnInfo> {
    let name = "[a-z_]{0,12}|(start|end|m_|c_)?(date|time|desc|memo|email|done|private|linked_to)";
    (name, "int|smallint|varchar|ntext|datetime|image|bit").prop_map(|(name, sort)| ColumnInfo { name, sort })
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

proptest! {
    #[test]
    fn a_score_is_between_0_and_100_and_says_why(role in role(), column in column(), shape in shape()) {
        let found = score(role, &column, &shape);
        prop_assert!(found.points <= 100);
        prop_assert_eq!(found.points == 0, found.reasons.is_empty());
        prop_assert_eq!(&found, &score(role, &column, &shape), "the same for the same");
    }

    #[test]
    fn a_column_of_another_type_or_a_mark_of_change_is_never_a_day(name in "[a-z_]{0,8}date", shape in shape()) {
        for sort in ["varchar", "image", "time", "timestamp", "ntext"] {
            let column = ColumnInfo { name: name.clone(), sort: sort.to_owned() };
            prop_assert_eq!(score(Role::StartDate, &column, &shape).points, 0);
        }
        for mark in ["m_date", "C_DATE", "m_time"] {
            let column = ColumnInfo { name: mark.to_owned(), sort: "int".to_owned() };
            prop_assert_eq!(score(Role::StartDate, &column, &shape).points, 0);
        }
    }

    #[test]
    fn more_days_never_make_a_column_less_likely_the_day(column in column(), shape in shape(), more in 0_u32..100) {
        let richer = Shape { days: (shape.days + more).min(shape.filled), ..shape };
        for role in [Role::StartDate, Role::EndDate] {
            prop_assert!(score(role, &column, &richer).points >= score(role, &column, &shape).points);
        }
        let addressed = Shape { emails: (shape.emails + more).min(shape.filled), ..shape };
        prop_assert!(score(Role::Email, &column, &addressed).points >= score(Role::Email, &column, &shape).points);
        prop_assert!(field_score("email_1", &addressed).points >= field_score("email_1", &shape).points);
    }

    #[test]
    fn more_evidence_never_makes_a_table_less_likely(name in "[a-z_]{0,12}|rec_event|event", bits in 0_u8..32, day in 0_u32..=100, time in 0_u32..=100) {
        let evidence = |bits: u8| TableEvidence {
            key: bits & 1 > 0, staff: bits & 2 > 0, end: bits & 4 > 0, subject: bits & 8 > 0, marks: bits & 16 > 0, day, time,
        };
        let found = table_score(&name, &evidence(bits));
        prop_assert!(found.points <= 100);
        for bit in 0..5 {
            prop_assert!(table_score(&name, &evidence(bits | (1 << bit))).points >= found.points);
        }
        let later = TableEvidence { time: (time + 10).min(100), ..evidence(bits) };
        prop_assert!(table_score(&name, &later).points >= found.points);
    }

    #[test]
    fn candidates_come_in_one_order_whatever_order_they_are_found_in(mut values in prop::collection::vec(("[a-e]{1,2}", 0_u32..4), 0..12), seed in 0_usize..100) {
        let made = |values: &[(String, u32)]| {
            let all = values.iter().map(|(value, points)| Candidate {
                value: value.clone(), sort: String::new(), score: Score { points: *points, reasons: Vec::new() }, examples: Vec::new(),
            });
            question::ranked(all).into_iter().map(|one| (one.value, one.score.points)).collect::<Vec<_>>()
        };
        let first = made(&values);
        let turn = if values.is_empty() { 0 } else { seed % values.len() };
        values.rotate_left(turn);
        prop_assert_eq!(made(&values), first);
    }

    #[test]
    fn any_answer_is_written_and_read_back(code in "[^\\p{C}]{1,12}", value in "\\PC{0,20}", list in prop::collection::vec("\\PC{0,10}", 1..4)) {
        let mut given = Answers::default();
        given.give(&firm::group_id(&code), Answer::Many(list));
        given.give(&firm::field_id(&code, "con1_02_04"), Answer::One(value));
        let text: String = given.ids().filter_map(|id| Some(format!("{id} = {}\n", given.get(id)?.toml()))).collect();
        prop_assert_eq!(&answers(&text), &given, "{}", text);
        prop_assert_eq!(given.below("groups", 2), [[code.clone()]]);
        prop_assert_eq!(given.below("contacts", 3), [[code, "con1_02_04".to_owned()]]);
    }
}
