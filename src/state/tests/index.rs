//! The index of a mailbox: read at each tick, for every mailbox that has work.

use super::*;

/// What SQLite does for a statement with one parameter.
fn steps(ledger: &Ledger, statement: &str) -> Vec<String> {
    let explained = format!("EXPLAIN QUERY PLAN {statement}");
    let steps = ledger.read(|transaction| {
        let mut prepared = transaction.prepare(&explained)?;
        let steps = prepared.query_map([1], |row| row.get("detail"))?;
        Ok(steps.collect::<Result<_, _>>()?)
    });
    steps.expect("is explained")
}

#[test]
fn it_is_read_by_the_mailbox_alone_however_many_others_the_firm_has() {
    let steps = steps(&Desk::new().ledger, mirror::INDEX);
    assert!(steps.len() >= 2 && steps.iter().all(|step| step.starts_with("SEARCH")), "{steps:?}");
    assert!(steps.iter().all(|step| step.contains("mailbox=?")), "{steps:?}");
}

#[test]
fn it_has_each_item_of_the_mailbox_and_the_firm_has_those_of_all() {
    let desk = Desk::new();
    let filled = desk.ledger.write(|transaction| {
        transaction.execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
             INSERT INTO mailbox (id, server, root, known_since) SELECT i, 'mail', 'root' || i, 0 FROM n;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
             INSERT INTO mirror SELECT mailbox.id, 'event/meetings/' || i, 'event', 'meetings',
                hex(randomblob(60)), hex(randomblob(20)), '\"home\"', randomblob(32), 1, 0 FROM mailbox, n;
             INSERT INTO written (mailbox, key, sealed) SELECT mailbox, key, randomblob(500) FROM mirror;",
        )?;
        Ok(())
    });
    filled.expect("filled");
    let each: Vec<usize> = (1..=40).map(|id| desk.ledger.mirror_index(MailboxId(id)).expect("read").len()).collect();
    assert_eq!(each, vec![250; 40]);
    assert_eq!(desk.ledger.firm_spent(at(0)).expect("read")[&Kind::Event].size_at_start, 10_000);
}
