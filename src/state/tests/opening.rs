use super::*;

#[test]
fn what_a_ledger_knows_is_there_after_a_restart() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(1));
    let id = desk.ledger.ledger_id().to_owned();
    let Desk { folder, vault, ledger } = desk;
    drop(ledger);
    let ledger = Ledger::open(folder.path(), &vault).expect("opens");
    assert_eq!((ledger.ledger_id(), ledger.firm()), (id.as_str(), FIRM));
    let mirror = ledger.mirror_all(mailbox).expect("read");
    assert_eq!(mirror.entries[&key("1")].written, Some(written(&record("Hearing"))));
}

#[test]
fn a_second_ledger_is_not_made_over_the_first() {
    let desk = Desk::new();
    let again = Ledger::create(desk.folder.path(), Vault::with_random_key(), FIRM);
    assert!(matches!(again, Err(LedgerError::Exists { .. })));
    assert_eq!(desk.ledger.users().expect("unharmed"), []);
}

#[test]
fn a_half_made_ledger_does_not_stand_in_the_way() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("ledger.new"), "half").expect("ours");
    assert!(matches!(Ledger::open(folder.path(), Vault::with_random_key()), Err(LedgerError::Missing { .. })));
    Ledger::create(folder.path(), Vault::with_random_key(), FIRM).expect("made");
}

#[test]
fn a_wrong_key_is_said_and_loses_nothing() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(1));
    let wrong = Ledger::open(desk.folder.path(), Vault::with_random_key());
    assert!(matches!(&wrong, Err(error @ LedgerError::WrongKey) if error.hint().is_some()));
    assert_eq!(desk.ledger.mirror_all(mailbox).expect("the right key still opens it").entries.len(), 1);
}

#[test]
fn a_ledger_of_a_later_version_is_refused_with_a_hint_and_left_alone() {
    let desk = Desk::new();
    desk.ledger
        .write(|transaction| {
            transaction.execute("INSERT INTO migration (number, applied_at) VALUES (99, 0)", [])?;
            Ok(())
        })
        .expect("written");
    let error = Ledger::open(desk.folder.path(), &desk.vault).expect_err("too new");
    assert!(matches!(error, LedgerError::NewerVersion { found: 99, .. }));
    assert!(error.hint().is_some_and(|hint| hint.contains("version")));
}

#[test]
fn a_file_that_is_no_ledger_is_called_damaged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let vault = Vault::with_random_key();
    for bytes in [&b""[..], b"this is not a database, but it is long enough to look like something at all"] {
        std::fs::write(folder.path().join("ledger.db"), bytes).expect("ours");
        let opened = Ledger::open(folder.path(), &vault);
        assert!(matches!(opened, Err(LedgerError::Corrupt { .. })), "{opened:?}");
    }
}

#[test]
fn a_column_that_holds_nonsense_is_damage_and_no_panic() {
    let desk = Desk::new();
    desk.ledger.add_user(&name("weber"), &details("weber@example.org"), "test", at(0)).expect("added");
    desk.ledger
        .write(|transaction| {
            transaction.execute("UPDATE user SET link = 'nonsense'", [])?;
            Ok(())
        })
        .expect("written");
    assert!(matches!(desk.ledger.users(), Err(LedgerError::Corrupt { .. })));
}

#[cfg(unix)]
#[test]
fn files_and_directory_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let directory = folder.path().join("data");
    let vault = Vault::with_random_key();
    let ledger = Ledger::create(&directory, &vault, FIRM).expect("made");
    let _lock = ledger.lock_engine().expect("free");
    ledger.begin_epoch(at(0)).expect("written");
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let files: Vec<_> = std::fs::read_dir(&directory).expect("ours").map(|entry| entry.expect("ours").path()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    drop(ledger);
    let file = directory.join("ledger.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("ours");
    Ledger::open(&directory, &vault).expect("opens");
    assert_eq!(mode(&file), 0o600, "a file brought back with wider rights is narrowed");
}

#[test]
fn only_one_engine_at_a_time() {
    let desk = Desk::new();
    let other = Ledger::open(desk.folder.path(), &desk.vault).expect("commands may open it too");
    assert_eq!(other.running_engine().expect("asked"), None);
    let lock = desk.ledger.lock_engine().expect("free");
    let pid = std::process::id();
    assert_eq!(other.running_engine().expect("asked"), Some(Some(pid)));
    let error = other.lock_engine().expect_err("taken");
    assert!(matches!(error, LedgerError::Locked { pid: Some(found) } if found == pid));
    assert!(error.to_string().contains(&pid.to_string()));
    drop(lock);
    other.lock_engine().expect("free again");
}

#[test]
fn a_stop_is_clean_only_when_it_was_said() {
    let desk = Desk::new();
    assert!(desk.ledger.was_clean_stop().expect("read"), "a new ledger has nothing unsettled");
    desk.ledger.mark_running(at(1)).expect("written");
    let (_folder, after_crash) = desk.copied();
    assert!(!after_crash.was_clean_stop().expect("read"));
    desk.ledger.mark_stopped(at(2)).expect("written");
    assert!(desk.ledger.was_clean_stop().expect("read"));
}

#[test]
fn a_full_disk_is_unwritable_changes_nothing_and_passes() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    let limit = |pages: i64| {
        desk.ledger
            .read(|transaction| {
                transaction.query_one(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))?;
                Ok(())
            })
            .expect("set");
    };
    limit(1);
    let operations: Vec<_> = (0..500).map(|number| create(&key(&number.to_string()), "Hearing")).collect();
    let error = desk.ledger.begin(mailbox, RunId(1), &operations, at(1)).expect_err("full");
    assert!(matches!(error, LedgerError::Unwritable(_)), "{error}");
    assert_eq!(desk.ledger.open_intents(mailbox).expect("read"), []);
    limit(1_000_000);
    assert_eq!(desk.ledger.begin(mailbox, RunId(1), &operations, at(2)).expect("room again").len(), 500);
}

#[test]
fn commands_and_engine_write_at_the_same_time_without_losing_anything() {
    let desk = Desk::new();
    let threads: Vec<_> = (0..3)
        .map(|writer| {
            let ledger = Ledger::open(desk.folder.path(), &desk.vault).expect("opens");
            std::thread::spawn(move || {
                for number in 0..20 {
                    ledger.audit("test", None, &format!("{writer}/{number}"), at(number)).expect("waits its turn");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
    let events: std::collections::BTreeSet<_> =
        desk.ledger.audit_trail(None, 1_000).expect("read").into_iter().map(|entry| entry.event).collect();
    assert_eq!(events.len(), 60);
}

#[test]
fn what_is_rehearsed_leaves_the_ledger_as_it_was() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(1));
    let rehearsal = desk.ledger.rehearsal().expect("copied");
    let removed = settled(None, delete(&key("1"), item("a", 1)), Outcome::Removed);
    rehearsal.settle(mailbox, RunId(2), &[removed], at(2)).expect("settled in the copy");
    assert_eq!(rehearsal.mirror_index(mailbox).expect("read"), []);
    assert_eq!(desk.ledger.mirror_all(mailbox).expect("read").entries.len(), 1);
    assert_eq!(desk.ledger.history(&HistoryFilter::default()).expect("read").len(), 1);
}
