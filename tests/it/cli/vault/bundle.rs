//! From one machine to another.

use insta::assert_snapshot;
use pocketdocket::config::Config;

use super::{PASSPHRASE, Place};
use crate::cli::{confirm::Exchange, service::release_all};

fn export(place: &Place) {
    place.passphrase("words", PASSPHRASE);
    let shown = place.run("vault export firm.pdkt --bundle-passphrase-file words");
    assert!(shown.starts_with("exit code: 0"), "{shown}");
}

/// An empty machine with the export and its passphrase.
fn new_machine(old: &Place) -> Place {
    let place = Place::empty();
    std::fs::copy(old.path("firm.pdkt"), place.path("firm.pdkt")).expect("copied");
    place.passphrase("words", PASSPHRASE);
    place
}

fn import(place: &Place) -> String {
    place.run("vault import firm.pdkt --bundle-passphrase-file words")
}

/// What an import that failed has left: nothing but what was brought.
fn is_untouched(place: &Place) -> bool {
    !place.path("pocketdocket.toml").exists() && !place.path("master.key").exists() && !place.path("data").exists()
}

#[test]
fn the_new_machine_syncs_on_and_writes_nothing_new() {
    let exchange = Exchange::start();
    let old = exchange.place();
    exchange.make_active(&old);
    let held = old.run("sync");
    assert!(held.starts_with("exit code: 1"), "the first write is held: {held}");
    assert!(release_all(&old) >= 3);
    old.command("sync").assert().success();
    let quiet = old.run("sync --json");
    let before = exchange.items();
    assert!(before.0 + before.1 + before.2 > 0, "something was written: {quiet}");

    export(&old);
    let new = new_machine(&old);
    std::fs::copy(old.path("practice.db"), new.path("practice.db")).expect("copied");
    assert_snapshot!(redacted(&import(&new)), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    wrote the configuration `pocketdocket.toml`
    the master key of this machine: key file `master.key`
    brought the ledger, as it was at MOMENT, into `data`
    the old machine must not sync any more: two would disturb each other
    next: `pocketdocket check --online`, then `pocketdocket sync`
    ");
    assert_ne!(
        std::fs::read(new.path("master.key")).expect("a key"),
        std::fs::read(old.path("master.key")).expect("a key"),
        "each machine has a key of its own"
    );
    let checked = new.run("check --online");
    assert!(checked.starts_with("exit code: 0"), "the password came along: {checked}");
    let history = || new.run("history --json");
    let before_the_sync = history();
    let synced = new.run("sync");
    assert!(synced.starts_with("exit code: 0"), "{synced}");
    assert_eq!(history(), before_the_sync, "nothing was written");
    assert_eq!(exchange.items(), before);
    exchange.stop();
}

/// Without the moment, which has a form of its own here.
fn redacted(text: &str) -> String {
    let Some((before, rest)) = text.split_once("as it was at ") else { return text.to_owned() };
    let after = rest.split_once(',').map_or("", |(_, after)| after);
    format!("{before}as it was at MOMENT,{after}")
}

#[test]
fn an_export_holds_the_files_that_lie_beside_the_configuration() {
    let old = Place::with_secret();
    let text = std::fs::read_to_string(old.path("pocketdocket.toml")).expect("is there");
    std::fs::write(old.path("authority.pem"), "a certificate\n").expect("ours");
    old.write("pocketdocket.toml", &text.replace("[exchange]\n", "[exchange]\nca_file = \"authority.pem\"\n"));
    export(&old);
    let new = new_machine(&old);
    let shown = import(&new);
    assert!(shown.starts_with("exit code: 0"), "{shown}");
    assert_eq!(std::fs::read_to_string(new.path("authority.pem")).expect("came along"), "a certificate\n");
    assert!(new.opens_with("master.key"));
    let config = Config::load(&new.path("pocketdocket.toml")).expect("is right");
    assert_eq!(config.exchange.ca_file, Some(new.path("authority.pem")));
}

#[test]
fn the_new_machine_may_keep_its_key_elsewhere() {
    let old = Place::with_secret();
    export(&old);
    let new = new_machine(&old);
    new.passphrase("own", "the passphrase of the new machine");
    let shown = new.run("vault import firm.pdkt --bundle-passphrase-file words --key passphrase --passphrase-file own");
    assert!(shown.starts_with("exit code: 0"), "{shown}");
    assert!(new.run("user list --passphrase-file own").starts_with("exit code: 0"));
    assert!(!new.path("master.key").exists());
}

#[test]
fn each_thing_that_can_be_wrong_with_an_export_is_said_and_leaves_nothing() {
    let old = Place::with_secret();
    export(&old);
    let whole = std::fs::read(old.path("firm.pdkt")).expect("is there");
    let mut later = whole.clone();
    later[7] = 2;
    let mut changed = whole.clone();
    let middle = whole.len() / 2;
    changed[middle] ^= 1;
    for (name, bytes, about) in [
        ("truncated", whole[..whole.len() - 10].to_vec(), "it is cut off"),
        ("cut at a half", whole[..middle].to_vec(), "it is cut off"),
        ("changed", changed, "it is damaged"),
        ("later", later, "it is in format 2"),
        ("other", b"PK\x03\x04 an archive of something".to_vec(), "it is no export"),
        ("empty", Vec::new(), "it is no export"),
    ] {
        let new = Place::empty();
        new.passphrase("words", PASSPHRASE);
        std::fs::write(new.path("firm.pdkt"), bytes).expect("ours");
        let shown = import(&new);
        assert!(
            shown.starts_with("exit code: 2") && shown.contains(about) && shown.contains("hint: "),
            "{name}: {shown}"
        );
        assert!(is_untouched(&new), "{name}");
    }
    let new = new_machine(&old);
    new.passphrase("words", "not the right passphrase");
    assert_snapshot!(import(&new), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: the export `firm.pdkt` cannot be used
      Caused by: the passphrase is not the one it was made with, or its beginning is damaged
    hint: try again; nothing was changed
    ");
    assert!(is_untouched(&new));
    new.passphrase("words", PASSPHRASE);
    assert!(import(&new).starts_with("exit code: 0"), "and then it works");
}

#[test]
fn nothing_that_is_there_is_written_over() {
    let old = Place::with_secret();
    export(&old);
    let again = old.run("vault export firm.pdkt --bundle-passphrase-file words");
    assert!(again.contains("there is a file `firm.pdkt` already"), "{again}");
    // Another firm's installation.
    let other = Place::with_secret();
    std::fs::copy(old.path("firm.pdkt"), other.path("firm.pdkt")).expect("copied");
    other.passphrase("words", PASSPHRASE);
    assert_snapshot!(import(&other), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is a configuration file `pocketdocket.toml` already
      Caused by: it is of the firm FIRM, the export of FIRM
    hint: import into an empty folder: `--config FOLDER/pocketdocket.toml`
    ");
    assert!(other.opens_with("master.key"));
    // The same firm, whose ledger is there.
    let shown = import(&old);
    assert!(shown.starts_with("exit code: 2") && shown.contains("there is a ledger in `data` already"), "{shown}");
    assert!(old.opens_with("master.key"));
}
