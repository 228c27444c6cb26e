//! `practice learn` at the command line: on a database of Time Matters' shape, with answers from a file and from standard input.

use std::sync::Arc;

use pocketdocket::sources::{
    self, Settings, SourceZone,
    learn::{self, Answer, Answers},
};

use super::Place;
use crate::repository;

const INIT: &str = "mapping = \"time-matters\"\ndatabase = \"practice.db\"\nsource_zone = \"Europe/Berlin\"\n";

fn file(name: &str) -> String {
    std::fs::read_to_string(repository::root().join("tests/practice").join(name)).expect("a file of tests/practice")
}

impl Place {
    /// An installation that is about to learn the fixture.
    fn learning() -> Self {
        let place = Self::empty();
        let database = rusqlite::Connection::open(place.path("practice.db")).expect("a database");
        database.execute_batch(&file("time-matters.sql")).expect("the fixture");
        place.write("init.toml", INIT);
        let said = place.run("init --answers init.toml");
        assert!(said.contains("began the mapping") && said.contains("next: `pocketdocket practice probe`"), "{said}");
        place.write("office.toml", &file("time-matters.answers.toml"));
        place
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn fails(&self, line: &str, code: i32) -> String {
        let said = self.run(line);
        assert!(said.starts_with(&format!("exit code: {code}\n")), "{line}\n{said}");
        said
    }

    /// What somebody at the terminal would type to give the answers of the fixture.
    fn typed(&self) -> String {
        let mapping = self.path("time-matters.toml").display().to_string();
        let zone = SourceZone::named("Europe/Berlin").expect("bundled");
        let settings = Settings::new(mapping, self.path("practice.db"), zone);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let found = runtime.block_on(sources::explore(&settings, Arc::new(|| Ok(None))));
        let found = found.unwrap_or_else(|failure| panic!("{}", failure.chain()));
        let prepared =
            Answers::parse("office.toml".as_ref(), &file("time-matters.answers.toml")).expect("good answers");
        let (mut given, mut lines) = (Answers::default(), Vec::new());
        while let Some(question) = learn::open(&found, &given).into_iter().find(|question| question.id != "dates") {
            let answer = prepared.get(&question.id).unwrap_or_else(|| panic!("nothing answers {}", question.id));
            lines.push(match answer {
                // The likeliest is chosen by its number.
                Answer::One(word) if question.candidates.first().is_some_and(|first| first.value == *word) => {
                    "1".to_owned()
                }
                Answer::One(word) => word.clone(),
                Answer::Many(values) => values.join(", "),
            });
            given.give(&question.id, answer.clone());
        }
        lines.join("\n") + "\nright\n"
    }
}

#[test]
fn a_probe_recognises_time_matters_and_says_what_is_open() {
    let place = Place::learning();
    let said = place.run("practice probe");
    for line in [
        "found     tables of Time Matters in the schema `main`: contact, matter, todo, staff, phone",
        "found     version: not known",
        "found     not there, although seen elsewhere: notes, mail, userid, relatea",
        "open      schema: Which schema",
        "next: `pocketdocket practice learn`",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let json: serde_json::Value = {
        let output = place.command("practice probe --json").output().expect("starts");
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    assert_eq!(json["open_questions"].as_array().map(Vec::len), Some(1));
    assert!(place.fails("check", 1).contains("open           schema: "));
}

#[test]
fn nothing_is_synced_before_the_answers_are_complete() {
    let place = Place::learning();
    for command in ["sync", "run"] {
        let said = place.fails(command, 2);
        assert!(said.contains("error: could not sync with a mapping that is not complete"), "{said}");
        assert!(said.contains("schema: Which schema") && said.contains("`pocketdocket practice learn`"), "{said}");
    }
    let some = file("time-matters.answers.toml").replace("link = \"alike\"\n", "").replace("dates = \"right\"\n", "");
    place.write("some.toml", &some);
    let said = place.fails("practice learn --answers some.toml", 1);
    assert!(said.contains("warning: 2 questions are open"), "{said}");
    let said = place.fails("sync", 2);
    assert!(said.contains("2 questions of") && said.contains("tasks.link: ") && said.contains("dates: "), "{said}");
    assert!(!said.contains("events.table"), "{said}");
    place.command("practice learn --answers office.toml").assert().success();
    place.command("sync").assert().success();
    place.command("check").assert().success();
}

#[test]
fn a_file_of_answers_is_written_and_taken_and_the_mapping_is_shown_as_on_a_phone() {
    let place = Place::learning();
    let said = place.run("practice learn --write-answers template.toml");
    assert!(said.contains("open questions into `template.toml`"), "{said}");
    let template = place.read("template.toml");
    assert!(template.contains("#   \"appt\" (20 columns): "), "{template}");
    let said = place.fails("practice learn --write-answers template.toml", 2);
    assert!(said.contains("could not write") && said.contains("hint: it is not written over"), "{said}");
    let said = place.run("practice learn --answers office.toml");
    assert!(said.starts_with("exit code: 0\n"), "{said}");
    for shown in [
        "82507, 3420001  Fri 20 Nov 2026 09:30:00, UTC+01:00  Hearing",
        "wrote the mapping",
        "People: 4",
        "Max Q Muster",
        "next: `pocketdocket practice preview`",
    ] {
        assert!(said.contains(shown), "{shown}\n{said}");
    }
    let preview = place.run("practice preview --limit 0");
    assert!(preview.contains("Fri 20 Nov 2026 09:30–10:00  Hearing · Court, room 3"), "{preview}");
    assert!(preview.contains("matter 2026-114 Smith v Jones"), "{preview}");
    place.write("wrong.toml", "events.table = \"apt\"\n");
    let said = place.fails("practice learn --answers wrong.toml", 2);
    assert!(said.contains("events.table: there is no `apt`; did you mean `appt`?"), "{said}");
}

#[test]
fn answers_at_the_terminal_give_the_same_mapping_and_what_rows_say_is_shown_there_alone() {
    let place = Place::learning();
    place.command("practice learn --answers office.toml").assert().success();
    let by_file = place.read("time-matters.toml");
    let typed = place.typed();
    let output = place.command("--log trace practice learn").write_stdin(typed).output().expect("starts");
    let (shown, messages) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{shown}\n{messages}");
    assert_eq!(place.read("time-matters.toml"), by_file);
    assert!(shown.contains("Which table holds the appointments?") && shown.contains(" · Of the group | "), "{shown}");
    let kept = place.read("time-matters.answers.toml");
    for word in ["Of the group", "Hearing", "Muster", "Settlement", "Main St"] {
        assert!(
            !messages.contains(word) && !kept.contains(word),
            "{word} is in a message, a log or a file\n{messages}\n{kept}"
        );
    }
    // Everything is answered: nothing is asked again.
    let again = place.command("practice learn").write_stdin("").output().expect("starts");
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
}

#[test]
fn who_stops_in_the_middle_goes_on_there() {
    let place = Place::learning();
    let typed = place.typed();
    let lines: Vec<&str> = typed.lines().collect();
    let (first, second) = lines.split_at(7);
    let output = place.command("practice learn").write_stdin(first.join("\n") + "\n").output().expect("starts");
    assert_eq!(output.status.code(), Some(2), "nobody answers any more");
    let before = place.read("time-matters.toml");
    assert!(before.contains("schema: Which schema"), "a mapping is written when the questions are through");
    let output = place.command("practice learn").write_stdin(second.join("\n") + "\n").output().expect("starts");
    let said = place.shown(&output);
    assert!(said.contains("going on with the answers in") && output.status.success(), "{said}");
    // What is put off stays open and is told.
    let place = Place::learning();
    let output = place.command("practice learn").write_stdin("later\n".repeat(60)).output().expect("starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(place.shown(&output).contains("questions are open"));
}

#[test]
fn a_wrong_answer_is_asked_again() {
    let place = Place::learning();
    let typed = place.typed();
    let output = place.command("practice learn").write_stdin(format!("nonsense\n\n{typed}")).output().expect("starts");
    let said = place.shown(&output);
    assert!(output.status.success() && said.contains("warning: there is no `nonsense`"), "{said}");
}

#[test]
fn a_mapping_that_somebody_edited_is_not_written_over_in_silence() {
    let place = Place::learning();
    place.command("practice learn --answers office.toml").assert().success();
    let edited = place.read("time-matters.toml").replace("Time Matters", "Our Time Matters");
    place.write("time-matters.toml", &edited);
    let said = place.fails("practice learn --answers office.toml", 2);
    assert!(said.contains("was edited since learning wrote it") && said.contains("--overwrite"), "{said}");
    assert_eq!(place.read("time-matters.toml"), edited);
    let said = place.run("practice learn --answers office.toml --overwrite");
    assert!(said.contains("kept the edited mapping as"), "{said}");
    assert_eq!(place.read("time-matters.edited-1.toml"), edited);
    assert!(!place.read("time-matters.toml").contains("Our Time Matters"));
    place.command("practice learn --answers office.toml").assert().success();
}

#[test]
fn another_program_s_database_is_refused_with_what_is_missing() {
    let place = Place::empty();
    let database = rusqlite::Connection::open(place.path("practice.db")).expect("a database");
    let schema = "CREATE TABLE contact (id, name); CREATE TABLE staff (id); CREATE TABLE todo (id, date);";
    database.execute_batch(schema).expect("tables");
    place.write("init.toml", INIT);
    place.command("init --answers init.toml").assert().success();
    let said = place.fails("practice learn", 1);
    assert!(said.contains("error: this is no database of Time Matters that can be learned"), "{said}");
    assert!(said.contains("of 3 tables"), "{said}");
    assert!(!place.run("practice probe").contains("found "));
}

#[cfg(target_os = "linux")]
#[test]
fn the_same_answers_lead_through_on_mariadb() {
    use crate::servers::{PASSWORD, Server, Sort};

    let server = Server::start(Sort::MariaDb);
    server.sql(&file("time-matters.sql"));
    let place = Place::empty();
    let (port, ca_file) = (server.port(), server.ca_file());
    place.write(
        "init.toml",
        &format!(
            "mapping = \"time-matters\"\nconnector = \"mysql\"\nsource_zone = \"Europe/Berlin\"\n[server]\nhost = \"localhost\"\n\
             port = {port}\ndatabase = \"practice\"\nuser = \"reader\"\nca_file = {:?}\n",
            ca_file.display().to_string()
        ),
    );
    place.command("init --answers init.toml").assert().success();
    place.command("practice password --password-stdin").write_stdin(PASSWORD).assert().success();
    assert!(place.run("practice probe").contains("found     tables of Time Matters in the schema `practice`"));
    place.write("office.toml", &file("time-matters.answers.toml"));
    let said = place.run("practice learn --answers office.toml");
    assert!(said.starts_with("exit code: 0\n") && said.contains("Max Q Muster"), "{said}");
    assert!(place.read("time-matters.toml").contains("`practice`.`appt`"));
    // At the terminal the questions come in the same order with the same candidates.
    let sqlite = Place::learning();
    let by_hand = place.command("practice learn").write_stdin(sqlite.typed()).output().expect("starts");
    assert!(by_hand.status.success(), "{}", place.shown(&by_hand));
}

/// The server is the scripted one, with the fixture behind it: the program and the driver are real, and so is every byte between them.
#[cfg(target_os = "linux")]
#[test]
fn the_same_answers_lead_through_on_sql_server() {
    let place = Place::empty();
    let database = rusqlite::Connection::open(place.path("behind.db")).expect("a database");
    database.execute_batch(&file("time-matters.sql")).expect("the fixture");
    let (port, _) = crate::connectors::sqlserver::backed::on_sqlite(place.path("behind.db"), "tm8user");
    place.write(
        "init.toml",
        &format!(
            "mapping = \"time-matters\"\nsource_zone = \"Europe/Berlin\"\n[server]\nhost = \"localhost\"\nport = {port}\n\
             database = \"TimeMatters\"\nuser = \"pocketdocket\"\ntls = \"off\"\n"
        ),
    );
    place.command("init --answers init.toml").assert().success();
    place.command("practice password --password-stdin").write_stdin("Drei Akten").assert().success();
    let said = place.run("practice probe");
    for line in [
        "Microsoft SQL Server 16.0.4135.4 (Express Edition (64-bit)), not encrypted, on this machine, read as one state",
        "found     tables of Time Matters in the schema `tm8user`: contact, matter, todo, staff, phone",
        "found     version: perhaps version 8",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    place.write("office.toml", &file("time-matters.answers.toml"));
    let said = place.run("practice learn --answers office.toml");
    assert!(said.starts_with("exit code: 0\n") && said.contains("Max Q Muster"), "{said}");
    assert!(said.contains("82507, 3420001  Fri 20 Nov 2026 09:30:00, UTC+01:00  Hearing"), "{said}");
    assert!(place.read("time-matters.toml").contains("[tm8user].[appt]"));
    let sqlite = Place::learning();
    let by_hand = place.command("practice learn").write_stdin(sqlite.typed()).output().expect("starts");
    assert!(by_hand.status.success(), "{}", place.shown(&by_hand));
}

#[test]
fn a_probe_shows_the_tables_to_whoever_has_to_mend_the_mapping() {
    let place = Place::learning();
    place.command("practice learn --answers office.toml").assert().success();
    let database = rusqlite::Connection::open(place.path("practice.db")).expect("a database");
    database.execute_batch("ALTER TABLE appt RENAME TO calevent").expect("an upgrade");
    let said = place.run("practice probe");
    assert!(said.contains("error: ") && said.contains("appt"), "{said}");
    assert!(said.contains("evidence  tables: billing, calevent, contact, matter"), "{said}");
    assert!(said.contains("evidence  tables of Time Matters in the schema `main`"), "{said}");
}
