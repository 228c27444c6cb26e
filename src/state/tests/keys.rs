use std::collections::BTreeSet;

use rusqlite::params;
use secrecy::{ExposeSecret as _, SecretString};

use super::*;
use crate::state::keys::SEALED;

/// Columns of bytes that are no secret: digests, and the slots themselves.
const PLAIN: &[(&str, &str)] = &[
    ("app_certificate", "certificate"),
    ("key_slot", "sealed"),
    ("mirror", "fingerprint"),
    ("origin", "noticed_source"),
    ("origin", "source"),
    ("parked_record", "fingerprint"),
    ("refused_credential", "mark"),
    ("release", "digest"),
    ("text_message", "phone"),
    ("undo", "shown"),
];

fn secret_of(ledger: &Ledger) -> Option<String> {
    ledger.open_secret("gateway").expect("readable").map(|secret| secret.expose_secret().to_owned())
}

fn with_secret() -> Desk {
    let desk = Desk::new();
    desk.ledger.seal_secret("gateway", &SecretString::from("planted-secret")).expect("sealed");
    desk
}

#[test]
fn every_column_that_may_be_sealed_is_resealed_or_known_to_be_plain() {
    let desk = Desk::new();
    let found: BTreeSet<(String, String)> = desk
        .ledger
        .read(|transaction| {
            let mut statement = transaction.prepare(
                "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
                 WHERE t.type = 'table' AND (c.type = 'BLOB' OR c.name LIKE '%sealed%')",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .expect("read");
    let known: BTreeSet<(String, String)> = SEALED
        .iter()
        .map(|(table, column, _)| (*table, *column))
        .chain(PLAIN.iter().copied())
        .map(|(table, column)| (table.to_owned(), column.to_owned()))
        .collect();
    assert_eq!(
        found, known,
        "left: columns of the tables; right: those that `SEALED` reseals, and those that hold no secret"
    );
}

/// Each name in `SEALED` is the one that the room which writes the column binds to: a row of every table is written by its own
/// method, resealed, and read by its own method.
#[test]
fn what_every_room_sealed_it_opens_after_a_change_of_keys() {
    let desk = super::sealing::everything_sealed();
    let filled: BTreeSet<&str> = SEALED
        .iter()
        .filter(|(table, column, _)| {
            desk.ledger
                .read(|transaction| {
                    let query = format!("SELECT count(*) FROM {table} WHERE {column} IS NOT NULL");
                    Ok(transaction.query_one(&query, [], |row| row.get::<_, i64>(0))? > 0)
                })
                .expect("read")
        })
        .map(|(table, _, _)| *table)
        .collect();
    let all: BTreeSet<&str> = SEALED.iter().map(|(table, _, _)| *table).collect();
    assert_eq!(filled, all, "left: tables with something sealed; `everything_sealed` fills every one");

    let next = Vault::with_random_key();
    let old = desk.ledger.data_key().clone();
    desk.ledger.change_keys(&desk.vault, &next, at(9)).expect("changed");
    let ledger = Ledger::open(desk.folder.path(), &next).expect("opens");
    for (table, column, name) in SEALED {
        let rows: Vec<(String, Vec<u8>)> = ledger
            .read(|transaction| {
                let query = format!("SELECT {name}, {column} FROM {table} WHERE {column} IS NOT NULL");
                let mut statement = transaction.prepare(&query)?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .expect("read");
        for (name, sealed) in rows {
            assert!(ledger.data_key().open(&name, &sealed).is_ok(), "{table}: {name}");
            assert!(old.open(&name, &sealed).is_err(), "{table}: {name} still opens with the old key");
        }
    }
    let desk = Desk { folder: desk.folder, vault: next, ledger };
    super::sealing::everything_opens(&desk);
}

#[test]
fn both_keys_open_until_the_old_one_is_taken_away() {
    let desk = with_secret();
    let next = Vault::with_random_key();
    desk.ledger.change_keys(&desk.vault, &next, at(1)).expect("changed");
    for key in [&desk.vault, &next] {
        let ledger = Ledger::open(desk.folder.path(), key).expect("opens");
        assert_eq!(secret_of(&ledger).as_deref(), Some("planted-secret"));
        assert_eq!(ledger.key_slots(key).expect("read").iter().filter(|slot| slot.is_this).count(), 1);
        assert_eq!(ledger.key_slots(key).expect("read").len(), 2);
    }
    let ledger = Ledger::open(desk.folder.path(), &next).expect("opens");
    assert!(matches!(ledger.accept_only(&Vault::with_random_key()), Err(LedgerError::WrongKey)));
    assert_eq!(ledger.accept_only(&next).expect("taken away"), 1);
    assert!(matches!(Ledger::open(desk.folder.path(), &desk.vault), Err(LedgerError::WrongKey)));
    assert_eq!(secret_of(&Ledger::open(desk.folder.path(), &next).expect("opens")).as_deref(), Some("planted-secret"));
}

#[test]
fn a_change_that_finds_damage_changes_nothing() {
    let desk = with_secret();
    desk.ledger
        .write(|transaction| {
            transaction.execute("INSERT INTO secret (name, sealed) VALUES ('odd', ?1)", params![vec![1_u8; 60]])?;
            Ok(())
        })
        .expect("written");
    let error = desk.ledger.change_keys(&desk.vault, &Vault::with_random_key(), at(1)).expect_err("damage");
    assert!(matches!(error, LedgerError::Database(_)), "{error}");
    assert_eq!(secret_of(&desk.ledger).as_deref(), Some("planted-secret"), "and it works on");
    assert_eq!(desk.ledger.key_slots(&desk.vault).expect("read").len(), 1);
}

#[test]
fn who_has_the_ledger_open_meanwhile_neither_reads_nor_writes_with_the_old_key() {
    let desk = with_secret();
    let other = Ledger::open(desk.folder.path(), &desk.vault).expect("a command that waits for an answer");
    desk.ledger.change_keys(&desk.vault, &Vault::with_random_key(), at(1)).expect("changed");
    let kept = other.seal_secret("gateway", &SecretString::from("newer"));
    assert!(matches!(kept, Err(LedgerError::KeyChanged)), "{kept:?}");
    assert!(matches!(other.open_secret("gateway"), Err(LedgerError::KeyChanged)));
}

#[test]
fn nothing_of_before_can_be_opened_with_the_old_key_in_any_file() {
    let desk = with_secret();
    let old = desk.ledger.data_key().clone();
    let sealed: Vec<u8> = desk
        .ledger
        .read(|transaction| Ok(transaction.query_one("SELECT sealed FROM secret", [], |row| row.get(0))?))
        .expect("read");
    assert!(old.open("secret/gateway", &sealed).is_ok());
    desk.ledger.change_keys(&desk.vault, &Vault::with_random_key(), at(1)).expect("changed");
    for entry in std::fs::read_dir(desk.folder.path()).expect("ours") {
        let path = entry.expect("ours").path();
        let bytes = std::fs::read(&path).expect("ours");
        assert!(!bytes.windows(sealed.len()).any(|window| window == sealed), "`{}` still holds it", path.display());
    }
}

/// As versions before the slots made it: everything is sealed by the master key itself.
#[test]
fn a_ledger_from_before_there_were_slots_opens_and_gets_one() {
    let desk = with_secret();
    let (folder, ledger) = desk.copied();
    let data_key = ledger.data_key().clone();
    ledger
        .write(|transaction| {
            // Later versions changed other tables too; what matters here is that nothing is in this one.
            transaction.execute("DELETE FROM key_slot", [])?;
            Ok(())
        })
        .expect("taken back");
    drop(ledger);
    assert!(matches!(Ledger::open(folder.path(), Vault::with_random_key()), Err(LedgerError::WrongKey)));
    let ledger = Ledger::open(folder.path(), &data_key).expect("the master key of then");
    assert_eq!(secret_of(&ledger).as_deref(), Some("planted-secret"));
    assert_eq!(ledger.key_slots(&data_key).expect("read").len(), 1);
    let next = Vault::with_random_key();
    ledger.change_keys(&data_key, &next, at(1)).expect("changed");
    let ledger = Ledger::open(folder.path(), &next).expect("opens");
    assert!(*ledger.data_key() != data_key, "the old master key seals nothing any more");
    assert_eq!(secret_of(&ledger).as_deref(), Some("planted-secret"));
}

#[test]
fn a_copy_becomes_a_ledger_elsewhere_and_never_over_another_one() {
    let desk = with_secret();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let master = Vault::with_random_key();
    let restore = |data_key: &Vault, firm| {
        Ledger::restore(folder.path(), data_key, firm, || Ok::<_, LedgerError>(master.clone()))
    };
    let put = || desk.ledger.copy_to(&Ledger::place_for_copy(folder.path())?);
    put().expect("copied");
    assert!(matches!(restore(&desk.vault, FIRM), Err(LedgerError::WrongKey)), "the old master key is not the data key");
    assert!(
        matches!(restore(desk.ledger.data_key(), FirmId([9; 16])), Err(LedgerError::Corrupt { .. })),
        "another firm"
    );
    let ledger = restore(desk.ledger.data_key(), FIRM).expect("restored");
    assert_eq!(secret_of(&ledger).as_deref(), Some("planted-secret"));
    assert!(!ledger.was_clean_stop().expect("read"), "every mailbox is looked at in full");
    assert!(matches!(Ledger::open(folder.path(), &desk.vault), Err(LedgerError::WrongKey)), "the old machine's key");
    assert!(matches!(put(), Err(LedgerError::Exists { .. })));
    assert!(matches!(restore(desk.ledger.data_key(), FIRM), Err(LedgerError::Exists { .. })));
}
