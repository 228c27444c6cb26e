//! Errors: what happened, why, and what to do next.

use insta::assert_snapshot;

use super::Place;

#[test]
fn a_command_that_does_not_exist_is_a_usage_error() {
    assert_snapshot!(Place::empty().run("sing"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: unrecognized subcommand 'sing'

    Usage: pocketdocket [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn without_a_configuration_the_error_names_the_way_to_make_one() {
    assert_snapshot!(Place::empty().run("status"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is no configuration file `pocketdocket.toml`
    hint: make one with `pocketdocket init`, or say where it is with `--config FILE` (or POCKETDOCKET_CONFIG)
    ");
}

#[test]
fn a_wrong_line_of_the_configuration_is_shown_with_its_place() {
    let place = Place::empty();
    place.write("pocketdocket.toml", "[firm]\nid = \"00112233445566778899aabbccddeeff\"\n[sync]\nshedule = \"*\"\n");
    assert_snapshot!(place.run("check"), @r#"
    exit code: 2
    ----- stdout
    ----- stderr
    error: the file `pocketdocket.toml` cannot be used
      Caused by: line 4, column 1: unknown field `shedule`, expected one of `schedule`, `jitter_seconds`, `parallel_mailboxes`, `observe_minutes`, `audit_days`, `sweep_minutes`, `content_minutes`, `urgent_hours`, `write_batch`, `unproven_hours`, `read_minutes`
                   |
                 4 | shedule = "*"
                   | ^^^^^^^
    hint: correct the file and run `pocketdocket check`; every setting is explained in `docs/reference/settings.md`
    "#);
}

#[test]
fn a_secret_in_the_configuration_is_refused_and_not_repeated() {
    let place = Place::empty();
    place.write("pocketdocket.toml", "[firm]\nid = \"00112233445566778899aabbccddeeff\"\npassword = \"planted\"\n");
    let shown = place.run("check");
    assert!(!shown.contains("planted"), "{shown}");
    assert_snapshot!(shown, @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: the file `pocketdocket.toml` holds a secret
      Caused by: line 3, column 1: `password` would be a secret in a file that many can read
                   |
                 3 | password = …
                   | ^^^^^^^^
    hint: take the line out; secrets are read from a prompt or from standard input and kept sealed: `pocketdocket user link NAME`. If others could read the file, change the secret as well
    ");
}

#[test]
fn a_log_filter_that_cannot_be_used_is_a_usage_error() {
    assert_snapshot!(Place::empty().run("--log =/= status"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: the log filter cannot be used
      Caused by: invalid filter directive
    hint: one looks like `info` or `pocketdocket::engine=debug` (`--log` or POCKETDOCKET_LOG)
    ");
}

#[test]
fn a_name_that_cannot_be_is_refused_before_anything_else() {
    assert_snapshot!(Place::empty().run("user show Weber"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: invalid value 'Weber' for '<NAME>': `Weber` cannot be a user's name: it takes 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`

    For more information, try '--help'.
    ");
}

#[test]
fn the_password_cannot_be_given_as_an_argument() {
    let shown = Place::empty().run("user link weber --password planted");
    assert!(shown.starts_with("exit code: 2"), "{shown}");
}

#[test]
fn help_and_version_are_data() {
    let place = Place::empty();
    for line in ["--help", "--version", "user add --help"] {
        let output = place.command(line).output().expect("the binary starts");
        assert!(output.status.success() && output.stderr.is_empty() && !output.stdout.is_empty(), "{line}");
    }
}

#[test]
fn colour_is_for_terminals_only() {
    for variable in ["CLICOLOR_FORCE", "FORCE_COLOR"] {
        let place = Place::empty();
        let output = place.command("status").env(variable, "1").output().expect("the binary starts");
        assert!(!output.stderr.contains(&0x1b));
    }
}
