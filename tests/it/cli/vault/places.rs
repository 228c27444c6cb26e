//! Where the key may lie.

use std::{path::Path, time::Instant};

use insta::assert_snapshot;

use super::{PASSPHRASE, Place};

#[test]
fn show_names_the_place_and_no_secret() {
    let place = Place::with_secret();
    let output = place.command("vault show --json").output().expect("starts");
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    assert_eq!(shown["source"], "file");
    assert_eq!(shown["keys_that_open_the_ledger"], 1);
    let sources: Vec<_> =
        shown["sources"].as_array().expect("a list").iter().map(|one| one["source"].clone()).collect();
    assert_eq!(sources, ["systemd", "dpapi", "keyring", "file", "passphrase"]);
    let text = place.run("vault show");
    assert!(text.contains("key file `master.key`") && text.contains("4. file        in use"), "{text}");
}

#[test]
fn a_server_without_a_keyring_says_so_and_does_not_hang() {
    let place = Place::with_secret();
    let begun = Instant::now();
    let nowhere = |line: &str| {
        let mut command = place.command(line);
        command.env("XDG_RUNTIME_DIR", place.path("nothing"));
        place.shown(&command.output().expect("starts"))
    };
    let moved = nowhere("vault move --to keyring");
    if cfg!(feature = "keyring") {
        assert!(
            moved.contains("there is no keyring that this account could use") && moved.contains("hint: "),
            "{moved}"
        );
    } else {
        assert!(moved.contains("built without it"), "{moved}");
    }
    assert!(moved.starts_with(if cfg!(feature = "keyring") { "exit code: 3" } else { "exit code: 2" }), "{moved}");
    let checked = nowhere("check");
    assert!(checked.starts_with("exit code: 0") && !checked.contains("better place"), "{checked}");
    assert!(place.opens_with("master.key"));
    // Not a measurement: the limit of a keyring that never answers is ten seconds each.
    assert!(begun.elapsed().as_secs() < 30);
}

#[test]
fn a_passphrase_opens_every_command_from_a_file_or_standard_input() {
    let place = Place::empty();
    place.write("answers.toml", super::super::setup::ANSWERS);
    let file = place.passphrase("passphrase", PASSPHRASE);
    let file = file.to_str().expect("text");
    assert_snapshot!(place.run(&format!("init --answers answers.toml --key passphrase --passphrase-file {file}")), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    wrote the configuration `pocketdocket.toml`
    drew a master key: file `master.passphrase`, opened by a passphrase
    made the ledger in `data`
    warning: there is no database `FOLDER/practice.db` yet
    next: `pocketdocket practice probe`, then `pocketdocket user add NAME --person ID --mailbox ADDRESS`
    ");
    let config = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("was written");
    assert!(config.contains("key = \"passphrase\"\nkey_file = \"master.passphrase\"\n"), "{config}");
    assert_snapshot!(place.run("user list"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is no terminal to ask at
    hint: give it on standard input with `--passphrase-file -`
    ");
    place.command(&format!("user list --passphrase-file {file}")).assert().success();
    place.command("user list --passphrase-file -").write_stdin(format!("{PASSPHRASE}\n")).assert().success();
    let wrong =
        place.command("user list --passphrase-file -").write_stdin("another passphrase\n").output().expect("starts");
    assert_snapshot!(place.shown(&wrong), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: the passphrase does not open `master.passphrase`
    hint: try again; nothing was changed
    ");
}

#[test]
fn a_passphrase_that_is_short_or_that_others_can_read_is_refused() {
    let place = Place::empty();
    place.write("answers.toml", super::super::setup::ANSWERS);
    let init = "init --answers answers.toml --key passphrase --passphrase-file";
    let short = place.command(&format!("{init} -")).write_stdin("Sommer2026!\n").output().expect("starts");
    let shown = place.shown(&short);
    assert!(shown.contains("shorter than 12 letters") && !shown.contains("Sommer"), "{shown}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = place.passphrase("wide", PASSPHRASE);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("is ours");
        let shown = place.run(&format!("{init} wide"));
        assert!(shown.contains("hint: run `chmod 0600 'wide'`"), "{shown}");
    }
    assert!(!place.path("pocketdocket.toml").exists() && !place.path("data").exists());
}

/// As systemd makes them: a folder of its own, a file with mode 0400.
#[cfg(unix)]
fn credential(place: &Place, key: &Path) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = place.path("credentials");
    std::fs::create_dir(&folder).expect("ours");
    let file = folder.join("pocketdocket-key");
    std::fs::copy(key, &file).expect("copied");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o440)).expect("ours");
    folder
}

#[cfg(unix)]
#[test]
fn a_credential_of_systemd_is_the_key() {
    let place = Place::with_secret();
    let folder = credential(&place, &place.path("master.key"));
    let with = |line: &str| {
        let mut command = place.command(line);
        command.env("CREDENTIALS_DIRECTORY", &folder);
        place.shown(&command.output().expect("starts"))
    };
    let checked = with("check");
    assert!(
        checked.contains("a better place for the master key is at hand: `pocketdocket vault move --to systemd`"),
        "{checked}"
    );
    let moved = with("vault move --to systemd");
    assert!(moved.starts_with("exit code: 0"), "{moved}");
    std::fs::remove_file(place.path("master.key")).expect("is not needed any more");
    let checked = with("check");
    assert!(
        checked.starts_with("exit code: 0") && checked.contains("ok, systemd credential `pocketdocket-key`"),
        "{checked}"
    );
    assert!(!checked.contains("better place"), "{checked}");
    // Started by somebody else than systemd there is no key, and the error says how to get at it.
    let without = place.run("status");
    assert!(without.contains("error: systemd gave this process no credential `pocketdocket-key`"), "{without}");
    assert!(without.contains("hint: ") && without.contains("systemd-run"), "{without}");
}

#[cfg(unix)]
#[test]
fn a_key_that_systemd_gives_is_rotated_in_two_steps() {
    let place = Place::with_secret();
    let folder = credential(&place, &place.path("master.key"));
    let with = |line: &str| {
        let mut command = place.command(line);
        command.env("CREDENTIALS_DIRECTORY", &folder);
        place.shown(&command.output().expect("starts"))
    };
    assert!(with("vault move --to systemd").starts_with("exit code: 0"));
    let refused = with("vault rotate");
    assert!(refused.starts_with("exit code: 2") && refused.contains("--new-key FILE"), "{refused}");
    let first = with("vault rotate --new-key new.key");
    assert!(first.starts_with("exit code: 0") && first.contains("systemd-creds encrypt"), "{first}");
    // Both are good: the service can go on until the new credential is in its place.
    let between = with("check");
    assert!(between.starts_with("exit code: 1") && between.contains("2 keys open the ledger"), "{between}");
    assert!(place.opens_with("new.key") && place.opens_with("master.key"));
    std::fs::remove_dir_all(&folder).expect("ours");
    credential(&place, &place.path("new.key"));
    assert!(with("vault rotate --finish").starts_with("exit code: 0"));
    assert!(with("check").starts_with("exit code: 0"));
    assert!(place.opens_with("new.key") && !place.opens_with("master.key"));
}

/// The Secret Service itself, with a keyring of its own, where the machine has one.
#[cfg(all(target_os = "linux", feature = "keyring"))]
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn the_secret_service_keeps_the_key() {
    let have = |program: &str| std::process::Command::new(program).arg("--version").output().is_ok();
    if !have("dbus-run-session") || !have("gnome-keyring-daemon") {
        eprintln!("skipped: dbus-run-session and gnome-keyring-daemon are not installed; `tests/run` installs them");
        return;
    }
    let place = Place::with_secret();
    let program = assert_cmd::cargo::cargo_bin!("pocketdocket");
    let script = format!(
        "mkdir -p own/data run; chmod 0700 run
         export HOME=$PWD/own XDG_RUNTIME_DIR=$PWD/run XDG_DATA_HOME=$PWD/own/data
         printf unlocked | gnome-keyring-daemon --unlock --components=secrets >/dev/null
         '{0}' check && '{0}' vault move --to keyring && rm master.key && '{0}' check && '{0}' vault rotate && '{0}' vault show \
         && '{0}' vault move --to file --key-file other.key",
        program.display()
    );
    let output = std::process::Command::new("dbus-run-session")
        .args(["--", "bash", "-ec", &script])
        .current_dir(place.path(""))
        .env("USER", "tester")
        .output()
        .expect("starts");
    let shown = place.shown(&output);
    assert!(output.status.success(), "{shown}");
    assert!(
        shown.contains("better place for the master key is at hand: `pocketdocket vault move --to keyring`"),
        "{shown}"
    );
    assert!(shown.contains("master key     ok, keyring entry `pocketdocket-key`"), "{shown}");
    assert!(shown.contains("drew a new master key, keyring entry `pocketdocket-key`"), "{shown}");
    assert!(place.opens_with("other.key"));
}
