//! Every statement for SQL Server is T-SQL: what learning asks, and what a learned mapping asks. The judge is sqlglot from PyPI
//! (tests/conformance/tsql.py), which `tests/conformance/run` installs; without it the test says so and is skipped.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use pocketdocket::sources::{
    learn::{self, Answers, Catalogue, Dialect, Findings, can_be_carried},
    mapping::Mapping,
};
use serde_json::{Value, json};

use crate::repository;

const DIALECT: Dialect = Dialect::SqlServer;

fn file(name: &str) -> String {
    std::fs::read_to_string(repository::root().join("tests/practice").join(name)).expect("a file of tests/practice")
}

fn case(what: &str, sql: &str, names: &[&str], texts: &[&str]) -> Value {
    json!({"what": what, "sql": sql, "names": names, "texts": texts, "quoted": what != "catalogue"})
}

/// What learning asks of every table, whatever its names are.
fn questions(metadata: &str, cases: &mut Vec<Value>) -> Findings {
    let mut catalogue = Catalogue::default();
    for line in file(&format!("metadata/{metadata}")).lines().filter(|line| !line.starts_with('#')) {
        let [schema, table, column, sort] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        catalogue.add(schema, table, column, sort);
    }
    for table in &catalogue.tables {
        let (columns, sql) = DIALECT.some_rows(table);
        let mut names: Vec<&str> = columns.iter().map(String::as_str).collect();
        names.extend([table.name.as_str(), table.schema.as_str()]);
        cases.push(case("some rows", &sql, &names, &[]));
        for column in &table.columns {
            let names = [table.name.as_str(), table.schema.as_str(), column.name.as_str()];
            cases.push(case("codes", &DIALECT.codes(table, &column.name), &names, &[]));
        }
    }
    Findings::of_catalogue(DIALECT, catalogue)
}

/// What a learned mapping asks.
fn mapping(findings: &Findings, answers: &str, names: &[&str], texts: &[&str], cases: &mut Vec<Value>) {
    let answers = Answers::parse(Path::new("answers.toml"), answers).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(learn::check(findings, &answers), Ok(()));
    for choice in ["staff", "everyone"] {
        let text = learn::mapping(findings, &answers);
        let chosen = BTreeMap::from([("contacts_for".to_owned(), choice.to_owned())]);
        let mapping = Mapping::parse("learned", &text, &chosen).unwrap_or_else(|error| panic!("{error}"));
        cases.push(case("people", &mapping.people.sql, &[], &[]));
        for query in &mapping.queries {
            let (names, texts) = if query.name.0 == "contacts" { (names, texts) } else { (&[][..], &[][..]) };
            cases.push(case(&query.name.0, &query.sql, names, texts));
            // As the connector reads it: the query becomes a table.
            for columns in ["*", "q.[key], q.person"] {
                let wrapped = format!("SELECT {columns} FROM (\n{}\n) AS q WHERE q.changed >= @P1", query.sql);
                cases.push(case(&query.name.0, &wrapped, names, texts));
            }
        }
    }
}

#[test]
fn every_statement_for_sql_server_is_t_sql() {
    let Some(python) = super::python("sqlglot") else { return };
    let mut cases = vec![case("catalogue", DIALECT.catalogue(), &[], &[])];
    let answers = file("time-matters.answers.toml");
    let usual = questions("tm8user.tsv", &mut cases);
    mapping(&usual, &answers, &["con1_02_04", "tm8user"], &["CLIENT", "O"], &mut cases);
    // A login's own table for the addresses, rows that are linked by their words, no groups, and odd codes.
    let other = answers
        .replace("email = \"e_mail\"", "email = \"userid.first_name\"")
        .replace("link = \"linked_to\"", "link = \"alike\"")
        .replace("WEST = [\"AB\", \"EF\"]", "WEST = \"none\"")
        .replace("[contacts.CLIENT]", "[contacts.\"O'Brien Ä--\"]");
    mapping(&usual, &other, &[], &["O'Brien Ä--"], &mut cases);
    let later = questions("lntmu11.tsv", &mut cases);
    let of_later = format!("schema = \"lntmu11\"\n{}", answers.replace("\"appt\"", "\"calevent\""));
    mapping(&later, &of_later, &["CON1_02_04", "lntmu11"], &[], &mut cases);
    let hostile = questions("hostile.tsv", &mut cases);
    let of_hostile = answers.replace("\"appt\"", "\"my appointments\"").replace("\"e_mail\"", "\"e-mail\"");
    mapping(&hostile, &of_hostile, &["Firma Müller & Söhne"], &[], &mut cases);

    let mut child = Command::new(python)
        .arg("tsql.py")
        .current_dir(repository::root().join("tests/conformance"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let input = serde_json::to_vec(&cases).expect("JSON");
    child.stdin.take().expect("a pipe").write_all(&input).expect("is read");
    let output = child.wait_with_output().expect("ends");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(cases.len() > 500 && said.contains("0 wrong"), "{said}");
    let names_that_cannot_be_carried = hostile.catalogue.tables.iter().filter(|table| !can_be_carried(&table.name));
    assert_eq!(names_that_cannot_be_carried.count(), 3, "they were quoted all the same");
}
