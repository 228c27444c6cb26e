//! An installation whose practice is on a server: from the answers of `init` to the kept password.

use std::{fs, path::Path};

use super::practice::Practice;
use crate::{
    cli::Place,
    servers::{PASSWORD, Sort},
};

fn holds(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).expect("is a folder").flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let bytes = fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn is_set_up(sort: Sort) {
    let practice = Practice::on(sort, "CREATE TABLE files (id INTEGER PRIMARY KEY, title VARCHAR(40));");
    let place = Place::empty();
    let key = if sort == Sort::MariaDb { "`key`" } else { "key" };
    place.write(
        "own.toml",
        &format!(
            "[practice]\nname = \"Own\"\nconnector = \"{}\"\n[people]\nsql = \"SELECT 'weber' AS id\"\n[[tasks]]\n\
             sql = \"SELECT id AS {key}, 'weber' AS person, title AS subject FROM files\"\n",
            practice.connector()
        ),
    );
    let answers = |ca_file: &str| {
        format!(
            "mapping = \"own.toml\"\nsource_zone = \"Europe/Berlin\"\n[server]\nport = {}\ndatabase = \"practice\"\n\
             user = \"reader\"\nca_file = \"{ca_file}\"\n",
            practice.server.port()
        )
    };
    place.write("clear.toml", &format!("{}tls = \"off\"\nhost = \"db.kanzlei.example\"\n", answers("x")));
    assert!(place.run("init --answers clear.toml").contains("practice.server.tls"));
    place.write("answers.toml", &answers(&practice.server.ca_file().display().to_string()));
    let shown = place.run("init --answers answers.toml");
    assert!(shown.contains("exit code: 0") && shown.contains("practice password"), "{shown}");
    let shown = place.run("check");
    assert!(shown.contains("exit code: 1") && shown.contains("none yet for the database server"), "{shown}");
    let shown = place.run("practice probe");
    assert!(shown.contains("no password is kept") && shown.contains("pocketdocket practice password"), "{shown}");

    let give = |password: &str, options: &str| {
        let line = format!("--log trace practice password --password-stdin{options}");
        place.shown(&place.command(&line).write_stdin(format!("{password}\n")).output().expect("starts"))
    };
    let shown = give("planted-wrong", "");
    assert!(shown.contains("exit code: 1") && shown.contains("was not kept"), "{shown}");
    assert!(!shown.contains("planted-wrong"));
    let shown = give(PASSWORD, "");
    assert!(shown.contains("exit code: 0") && shown.contains("verified and kept the password of `reader`"), "{shown}");
    assert!(!shown.contains(PASSWORD));

    let shown = place.run("--log trace practice probe");
    assert!(shown.contains("exit code: 0") && shown.contains("files") && shown.contains("over TLSv1"), "{shown}");
    assert!(!shown.contains("can write") && !shown.contains(PASSWORD), "{shown}");
    let shown = place.run("--log trace check --online");
    assert!(shown.contains("kept, sealed") && shown.contains("over TLSv1") && !shown.contains(PASSWORD), "{shown}");
    assert!(!holds(&place.path(""), PASSWORD) && !holds(&place.path(""), "planted-wrong"), "a file holds a password");

    let shown = give("planted-wrong", " --unverified");
    assert!(shown.contains("exit code: 0") && shown.contains("unverified"), "{shown}");
    let shown = place.run("practice probe");
    assert!(shown.contains("exit code: 1") && shown.contains("pocketdocket practice password"), "{shown}");
}

#[test]
fn a_practice_on_mariadb_is_set_up_with_a_sealed_password() {
    is_set_up(Sort::MariaDb);
}

#[test]
fn a_practice_on_postgresql_is_set_up_with_a_sealed_password() {
    is_set_up(Sort::Postgres);
}
