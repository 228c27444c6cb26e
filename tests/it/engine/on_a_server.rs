//! Practice databases on servers: what is on the phone, and what stays there while the server is away.

use jiff::SignedDuration;

use super::firm::Firm;
use crate::{
    connectors::practice::Practice,
    servers::{Server, Sort},
};

const TABLE: &str = "
    CREATE TABLE files (id INTEGER PRIMARY KEY, title VARCHAR(40), starts TIMESTAMP NULL, changed TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP);
    INSERT INTO files (id, title, starts) VALUES (1, 'Müller ./. Meier', '2026-12-01 10:00:00'), (2, 'Ortstermin', '2026-12-02 10:00:00');
";

fn query(server: &Server) -> String {
    let key = if server.sort == Sort::MariaDb { "`key`" } else { "key" };
    format!(
        "[[events]]\nsql = \"SELECT id AS {key}, 'weber' AS person, title AS subject, starts AS start, changed FROM files\"\n"
    )
}

async fn is_on_the_phone(sort: Sort) {
    let mut practice = Practice::on(sort, TABLE);
    let mut firm = Firm::of(&["weber"]).await;
    firm.source = Some(practice.source(&query(&practice.server)));
    firm.restart(true).await;
    firm.first_sync().await;
    assert_eq!(firm.subjects("weber"), ["Müller ./. Meier", "Ortstermin"]);
    firm.assert_quiet("weber").await;

    // The server is down for a day.
    practice.server.stop();
    let written = firm.writes("weber");
    for _ in 0..4 {
        firm.pass_time(SignedDuration::from_hours(6));
        let report = firm.tick().await;
        assert!(report.source_trouble.is_some());
    }
    let trouble = firm.ledger.source_health().expect("readable").trouble.expect("said in the status");
    assert!(trouble.remedy.contains("database server runs"), "{trouble:?}");
    assert_eq!(firm.writes("weber"), written, "nothing is written, nothing deleted");
    assert_eq!(firm.subjects("weber").len(), 2);

    // It comes back with news, and the sync goes on by itself.
    practice.server.start_again();
    practice.server.sql(
        "UPDATE files SET title = 'Ortstermin, verlegt', changed = CURRENT_TIMESTAMP WHERE id = 2;
         INSERT INTO files (id, title, starts) VALUES (3, 'Neu', '2026-12-03 10:00:00');",
    );
    let report = firm.later().await;
    assert!(report.source_trouble.is_none());
    assert_eq!(firm.subjects("weber"), ["Müller ./. Meier", "Neu", "Ortstermin, verlegt"]);
    assert_eq!(firm.ledger.source_health().expect("readable").trouble, None);
    firm.assert_quiet("weber").await;
}

#[tokio::test]
async fn a_practice_on_mariadb_is_on_the_phone_and_stays_there_while_the_server_is_away() {
    is_on_the_phone(Sort::MariaDb).await;
}

#[tokio::test]
async fn a_practice_on_postgresql_is_on_the_phone_and_stays_there_while_the_server_is_away() {
    is_on_the_phone(Sort::Postgres).await;
}
