//! Another key, and what is left when the change is cut off.

use insta::assert_snapshot;
use pocketdocket::{engine::crash_point, state::Ledger, vault::KeySource};

use super::{PASSPHRASE, Place};

#[test]
fn a_rotated_key_opens_everything_and_the_old_one_nothing() {
    let place = Place::with_secret();
    std::fs::copy(place.path("master.key"), place.path("old.key")).expect("copied");
    assert_snapshot!(place.run("vault rotate"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    drew a new master key, key file `master.key`, and sealed everything anew
    copies of the ledger from before open with the old key alone: keep both together, or make a new `pocketdocket vault export FILE`
    ");
    assert!(place.opens_with("master.key") && !place.opens_with("old.key"));
    std::fs::rename(place.path("old.key"), place.path("master.key")).expect("ours");
    assert_snapshot!(place.run("status"), @r"
    exit code: 1
    ----- stdout
    ----- stderr
    error: the master key is not the one this ledger was sealed with
    hint: bring back the key that belongs to this ledger; nothing was changed. After `vault rotate` the key of an older copy opens older copies of the ledger alone
    ");
}

#[test]
fn a_key_is_not_rotated_while_the_service_runs() {
    let place = Place::with_secret();
    let lock = place.ledger().lock_engine().expect("free");
    let shown = place.run("vault rotate");
    assert!(shown.starts_with("exit code: 3") && shown.contains("another Pocket Docket runs"), "{shown}");
    drop(lock);
    assert!(place.run("vault rotate").starts_with("exit code: 0"));
}

/// Ended at each step: the key that the configuration names opens everything, and the same command goes through afterwards.
#[test]
fn a_change_that_is_cut_off_anywhere_loses_nothing() {
    let mut reached = std::collections::BTreeSet::new();
    for line in [
        "vault rotate",
        "vault move --to file --key-file other.key",
        "vault move --to passphrase --passphrase-file words",
    ] {
        for point in crash_point::OF_KEYS {
            let place = Place::with_secret();
            place.passphrase("words", PASSPHRASE);
            let ended = place.command(line).env("POCKETDOCKET_CRASH_AT", point).output().expect("starts");
            if ended.status.code().is_some() {
                continue;
            }
            reached.insert((line, *point));
            let checked = place.run("check --passphrase-file words");
            assert!(checked.contains("ledger         ok"), "{line} ended at {point}: {checked}");
            assert!(opens(&place), "{line} ended at {point}");
            // Once more, or where the configuration knows the new place already, only the rest of it.
            let again = place.run(line);
            let rest = place.run("vault rotate --finish --passphrase-file words");
            assert!(
                again.starts_with("exit code: 0") || again.contains("is there already"),
                "{line} after {point}: {again}"
            );
            assert!(rest.starts_with("exit code: 0"), "{line} after {point}: {rest}");
            let checked = place.run("check --passphrase-file words");
            assert!(checked.starts_with("exit code: 0"), "{line} after {point}: {checked}");
            assert!(opens(&place), "{line} after {point}");
        }
    }
    let told = reached.iter().filter(|(_, point)| *point == "key-told").count();
    assert_eq!((reached.len(), told), (11, 2), "every point was reached: {reached:?}");
}

/// Whether the key that the configuration names opens what is sealed.
fn opens(place: &Place) -> bool {
    let config = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("is there");
    let source = if config.contains("key = \"passphrase\"") {
        KeySource::Passphrase(place.path("master.passphrase"))
    } else if config.contains("other.key") {
        KeySource::File(place.path("other.key"))
    } else {
        KeySource::File(place.path("master.key"))
    };
    let key = source.open(Some(&secrecy::SecretString::from(PASSPHRASE))).expect("the key is there");
    let ledger = Ledger::open(&place.path("data"), &key).expect("the ledger opens");
    ledger.open_secret("gateway").expect("can be read").is_some()
}

#[test]
fn a_key_moves_to_another_place_and_the_configuration_with_it() {
    let place = Place::with_secret();
    place.passphrase("words", PASSPHRASE);
    assert_snapshot!(place.run("vault move --to passphrase --passphrase-file words"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    the master key is now: file `master.passphrase`, opened by a passphrase; everything was sealed anew
    changed [firm] in `pocketdocket.toml`
    the old one, key file `master.key`, opens nothing any more but older copies of the ledger: delete it when you do not need those
    ");
    assert!(!place.opens_with("master.key"));
    let rotated = place.run("vault rotate --passphrase-file words");
    assert!(rotated.starts_with("exit code: 0"), "{rotated}");
    place.passphrase("other-words", "another planted passphrase");
    let rotated = place.run("vault rotate --passphrase-file words --new-passphrase-file other-words");
    assert!(rotated.starts_with("exit code: 0"), "{rotated}");
    assert!(place.run("user list --passphrase-file words").contains("does not open"));
    assert!(place.run("user list --passphrase-file other-words").starts_with("exit code: 0"));
    let back = place.run("vault move --to file --passphrase-file other-words");
    assert!(back.contains("there is a key file") && back.contains("never written over"), "{back}");
    std::fs::remove_file(place.path("master.key")).expect("ours");
    let back = place.run("vault move --to file --passphrase-file other-words");
    assert!(back.starts_with("exit code: 0") && place.opens_with("master.key"), "{back}");
}

#[test]
fn a_key_that_cannot_be_put_there_changes_nothing() {
    let place = Place::with_secret();
    let before = std::fs::read(place.path("pocketdocket.toml")).expect("is there");
    for (line, about) in [
        ("vault move --to file", "is there already"),
        ("vault move --to file --key-file nowhere/other.key", "could not write the key file"),
        ("vault move --to systemd", "cannot change it"),
        #[cfg(not(windows))]
        ("vault move --to dpapi", "it is a part of Windows"),
        ("vault move --to moon", "none of systemd"),
    ] {
        let shown = place.run(line);
        assert!(shown.starts_with("exit code: 2") && shown.contains(about), "{line}: {shown}");
        assert_eq!(std::fs::read(place.path("pocketdocket.toml")).expect("is there"), before, "{line}");
        assert!(place.opens_with("master.key"), "{line}");
    }
}
