use proptest::prelude::*;

use super::*;
use crate::sources::ServerSettings;

fn parse(text: &str) -> Result<Mapping, MappingError> {
    Mapping::parse("firm.toml", text, &BTreeMap::from([("schema".to_owned(), "dbo".to_owned())]))
}

fn with(queries: &str) -> String {
    format!(
        "[practice]\nname = \"Firm\"\nconnector = \"sqlite\"\n\n[people]\nsql = \"SELECT id FROM people\"\n\n{queries}"
    )
}

fn refusal(text: &str) -> String {
    parse(text).expect_err("refused").to_string()
}

#[test]
fn every_built_in_mapping_is_right() {
    for (name, text) in PRESETS {
        if let Err(error) = Mapping::parse(name, text, &BTreeMap::new()) {
            panic!("{error}");
        }
    }
}

#[test]
fn a_system_that_keeps_one_zone_is_not_read_in_another() {
    let server = ServerSettings { host: "db".to_owned(), ..ServerSettings::default() };
    let settings =
        |zone: &str| Settings::on_server("suitecrm", server.clone(), SourceZone::named(zone).expect("bundled"));
    let failure = crate::sources::open(&settings("Europe/Berlin")).err().expect("an hour off, or two");
    assert!(failure.chain().contains("keeps its times in UTC"), "{}", failure.chain());
    assert!(failure.hint.is_some_and(|hint| hint.contains("`source_zone = \"UTC\"`")));
    for same in ["UTC", "Etc/UTC", "Zulu"] {
        assert!(crate::sources::open(&settings(same)).is_ok(), "{same}");
    }
    assert!(refusal(&with("").replace("connector", "source_zone = \"Berlin\"\nconnector")).contains("Berlin"));
}

#[test]
fn a_word_that_does_not_exist_is_refused_by_place_and_with_its_neighbour() {
    let text = with(
        "[[contacts]]\naudience = \"everyone\"\nsql = \"\"\"\nSELECT id AS key,\n       f AS givenname\nFROM c\"\"\"\n",
    );
    assert_eq!(
        refusal(&text),
        "firm.toml, line 12, column 13: `givenname` is no word for contacts; did you mean `given_name`?"
    );
}

#[test]
fn a_query_says_for_whom_its_rows_are() {
    let text = with("[[tasks]]\nsql = \"SELECT id AS key, s AS subject FROM t\"\n");
    assert!(refusal(&text).contains("column `person`"), "{}", refusal(&text));
    let text = with("[[tasks]]\naudience = \"all\"\nsql = \"SELECT id AS key FROM t\"\n");
    assert!(refusal(&text).contains("`all` is no audience"));
}

#[test]
fn what_toml_refuses_is_said_with_its_line() {
    assert!(refusal("[practice]\nname = \n").starts_with("firm.toml, line 2"));
    let text = with("[[tasks]]\nsql = \"SELECT id AS key, p AS person FROM t\"\ncolour = 1\n");
    assert!(refusal(&text).starts_with("firm.toml, line 10, column 1: unknown field `colour`"), "{}", refusal(&text));
}

#[test]
fn placeholders_are_filled_in_or_refused() {
    let text = with("[[tasks]]\nsql = \"SELECT id AS key, p AS person FROM {schema}.t WHERE x = '{A}'\"\n");
    assert_eq!(parse(&text).expect("right").queries[0].sql, "SELECT id AS key, p AS person FROM dbo.t WHERE x = '{A}'");
    let text = with("[[tasks]]\nsql = \"SELECT id AS key, p AS person FROM {owner}.t\"\n");
    assert!(refusal(&text).contains("`{owner}` has no value"));
    let evil = BTreeMap::from([("schema".to_owned(), "t; DROP TABLE x".to_owned())]);
    let text = with("[[tasks]]\nsql = \"SELECT id AS key, p AS person FROM {schema}.t\"\n");
    assert!(Mapping::parse("firm.toml", &text, &evil).is_err());
}

#[test]
fn only_selects_are_taken() {
    for sql in ["DELETE FROM t", "SELECT 1 AS key; DROP TABLE t", "UPDATE t SET person = 1"] {
        assert!(parse(&with(&format!("[[tasks]]\naudience = \"everyone\"\nsql = \"{sql}\"\n"))).is_err(), "{sql}");
    }
}

#[test]
fn two_queries_of_one_kind_need_names() {
    let query = "[[tasks]]\nsql = \"SELECT id AS key, p AS person FROM t\"\n";
    assert!(refusal(&with(&format!("{query}{query}"))).contains("two task queries named `tasks`"));
    assert!(parse(&with(&format!("{query}name = \"deadlines\"\n{query}"))).is_ok());
    assert!(parse(&with(&format!("{query}name = \"a/b\"\n"))).is_err());
    assert!(refusal(&with(&format!("{query}name = \"confirmation\"\n"))).contains("kept for the codes"));
}

#[test]
fn converters_fit_their_columns() {
    let query = |convert: &str| {
        parse(&with(&format!(
            "[[tasks]]\nsql = \"SELECT id AS key, p AS person, d AS due_date FROM t\"\nconvert = {{ {convert} }}\n"
        )))
    };
    assert!(query("due_date = \"clarion-date\"").is_ok());
    for convert in ["due_date = \"clarion-time\"", "due_date = \"magic\"", "due = \"clarion-date\""] {
        assert!(query(convert).is_err(), "{convert}");
    }
}

#[test]
fn the_database_has_the_last_word_about_columns() {
    let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mapping = parse(&with("[[events]]\nsql = \"SELECT * FROM v\"\n")).expect("right as far as can be seen");
    let query = &mapping.queries[0];
    assert!(query.meanings(&columns(&["key", "person", "start"])).is_ok());
    for names in [
        &["key", "start"][..],
        &["person", "start"],
        &["key", "person"],
        &["key", "person", "start", "start_date"],
        &["key", "person", "start", "end", "duration_minutes"],
        &["key", "person", "start", "start_time"],
        &["key", "person", "start", "start"],
        &["key", "person", "start", "beginning"],
        &["key", "person", "start", "changed"],
    ] {
        assert!(query.meanings(&columns(names)).is_err(), "{names:?}");
    }
}

#[test]
fn a_missing_mapping_names_the_built_in_ones() {
    let zone = crate::sources::SourceZone::utc();
    let settings = Settings::new("nowhere.toml", "firm.db", zone);
    let failure = Mapping::load(&settings).expect_err("there is none");
    assert_eq!(failure.kind, FailureKind::Setting);
    assert!(failure.hint.is_some_and(|hint| hint.contains("`sample`")));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,80}", queries in "[a-z=\"\\[\\]{}'\\n ASELCTFROM,.;()]{0,120}") {
        let _ = parse(&text);
        let _ = parse(&with(&queries));
        let quoted = queries.replace(['"', '\\'], "");
        let _ = parse(&with(&format!("[[tasks]]\nsql = \"\"\"{quoted}\"\"\"\n")));
    }
}

#[test]
fn a_choice_takes_one_of_two_queries_of_a_name_and_keeps_the_keys() {
    let queries = "[practice.choices]\ncontacts_for = [\"own\", \"everyone\"]\n\
        [[contacts]]\nwhen = { contacts_for = \"own\" }\nsql = \"SELECT id AS key, p AS person FROM c\"\n\
        [[contacts]]\nwhen = { contacts_for = \"everyone\" }\naudience = \"everyone\"\n\
        sql = \"SELECT id AS key, '{contacts_for}' AS notes FROM c\"\n";
    let chosen = |settings: &[(&str, &str)]| {
        let settings = settings.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect();
        Mapping::parse("firm.toml", &with(queries), &settings)
    };
    let by_default = chosen(&[]).expect("right").queries;
    assert_eq!((by_default.len(), by_default[0].everyone), (1, false), "the first word is the default");
    let everyone = chosen(&[("contacts_for", "everyone")]).expect("right").queries;
    assert!(everyone[0].everyone && everyone[0].sql.contains("'everyone'"), "{}", everyone[0].sql);
    assert_eq!(everyone[0].name, by_default[0].name);
    let error = chosen(&[("contacts_for", "all")]).expect_err("refused").to_string();
    assert!(error.contains("`contacts_for = \"all\"`; this mapping offers `own`, `everyone`"), "{error}");
}

#[test]
fn a_choice_that_is_not_offered_is_refused_where_it_stands() {
    let query = |when: &str| {
        format!(
            "[practice.choices]\ncontacts_for = [\"own\"]\n[[contacts]]\nwhen = {when}\n\
             sql = \"SELECT id AS key, p AS person FROM c\"\n"
        )
    };
    let error = refusal(&with(&query("{ contact_for = \"own\" }")));
    assert!(error.contains("line 11") && error.contains("did you mean `contacts_for`?"), "{error}");
    let error = refusal(&with(&query("{ contacts_for = \"all\" }")));
    assert!(error.contains("`all` is no word of the choice `contacts_for`: `own`"), "{error}");
    assert!(refusal(&with("[practice.choices]\nx = []\n")).contains("the choice `x` offers nothing"));
}

#[test]
fn a_part_is_written_once_and_used_in_several_statements() {
    let queries = "[practice.parts]\ncolumns = \"id AS key, p AS person, s AS subject\"\nwhole = \"FROM {schema}.t\"\n\
        [[tasks]]\nname = \"one\"\nsql = \"SELECT {columns} {whole} WHERE x = 1\"\n\
        [[tasks]]\nname = \"two\"\nsql = \"SELECT {columns} {whole} WHERE x = 2\"\n";
    let mapping = parse(&with(queries)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(mapping.queries[1].sql, "SELECT id AS key, p AS person, s AS subject FROM dbo.t WHERE x = 2");
    let nested = queries.replace("\"FROM {schema}.t\"", "\"FROM {table}\"\ntable = \"{schema}.t\"");
    assert_eq!(parse(&with(&nested)).expect("right").queries[1].sql, mapping.queries[1].sql);
    let round = queries.replace("\"FROM {schema}.t\"", "\"FROM {whole}\"");
    assert!(refusal(&with(&round)).contains("the part `{whole}` is nested too deep"), "{}", refusal(&with(&round)));
}

#[test]
fn a_column_that_comes_twice_is_refused_at_its_second_place() {
    let text = with(
        "[[tasks]]\nsql = \"\"\"\nSELECT id AS key, p AS person, a AS subject,\n       b AS subject\nFROM t\"\"\"\n",
    );
    assert_eq!(refusal(&text), "firm.toml, line 11, column 13: the query gives the column `subject` twice");
}
