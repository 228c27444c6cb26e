//! Setting up: `init` and `check`.

use insta::assert_snapshot;
use pocketdocket::sources::sample;

use super::Place;

/// The answers that `init` would ask for.
pub(crate) const ANSWERS: &str = "mapping = \"sample\"\ndatabase = \"practice.db\"\nsource_zone = \"Europe/Berlin\"\n";

impl Place {
    /// A sample firm with a fresh installation.
    pub(crate) fn installed() -> Self {
        let place = Self::empty();
        let today = jiff::civil::date(2026, 11, 22);
        sample::create(&place.path("practice.db"), 7, today, sample::Size::default()).expect("the sample firm is made");
        place.write("answers.toml", ANSWERS);
        place.command("init --answers answers.toml").assert().success();
        // Nothing here may ask anybody outside this machine where a mailbox is.
        place.configure("[exchange]\nautodiscover = []\n");
        place
    }

    /// Adds to the configuration.
    pub(crate) fn configure(&self, more: &str) {
        let file = self.path("pocketdocket.toml");
        let text = std::fs::read_to_string(&file).expect("was written");
        std::fs::write(&file, format!("{text}\n{more}")).expect("the folder is ours");
    }

    /// Autodiscover is asked at these addresses, and Graph is there.
    pub(crate) fn asks(&self, autodiscover: &[String], graph: &str) {
        let file = self.path("pocketdocket.toml");
        let text = std::fs::read_to_string(&file).expect("was written");
        let text =
            text.replace("autodiscover = []", &format!("autodiscover = {autodiscover:?}\ngraph_url = \"{graph}\""));
        std::fs::write(&file, text).expect("the folder is ours");
    }

    /// The administrator chooses how first uses are confirmed.
    pub(crate) fn accepts(&self, methods: &[&str]) {
        let file = self.path("pocketdocket.toml");
        let text = std::fs::read_to_string(&file).expect("was written");
        let before = text.split("\n[confirmation]").next().expect("there is a beginning");
        std::fs::write(&file, format!("{before}\n[confirmation]\nmethods = {methods:?}\n"))
            .expect("the folder is ours");
    }
}

#[test]
fn init_makes_everything_from_a_file_of_answers() {
    let place = Place::empty();
    place.write("answers.toml", ANSWERS);
    assert_snapshot!(place.run("init --answers answers.toml"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    wrote the configuration `pocketdocket.toml`
    drew a master key: `master.key` (keep a copy in a safe)
    made the ledger in `data`
    warning: there is no database `FOLDER/practice.db` yet
    next: `pocketdocket practice probe`, then `pocketdocket user add NAME --person ID --mailbox ADDRESS`
    ");
    let config = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("was written");
    assert!(config.contains("mapping = \"sample\"") && config.contains("office_zone = \"Europe/Berlin\""), "{config}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name: &str| std::fs::metadata(place.path(name)).expect("is there").permissions().mode() & 0o777;
        assert_eq!((mode("master.key"), mode("data")), (0o600, 0o700));
    }
}

#[test]
fn init_asks_at_the_terminal_and_takes_answers_from_standard_input() {
    let place = Place::empty();
    let output = place.command("init").write_stdin("sample\npractice.db\nEurope/Vienna\n").output().expect("starts");
    assert_snapshot!(place.shown(&output), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    A few questions, then everything is in place. Nothing is sent anywhere.
    Practice system (the name of a built-in mapping, or a mapping file) [sample]: Database file of the practice system: Time zone of the office and of the times in the database [Europe/Berlin]: wrote the configuration `pocketdocket.toml`
    drew a master key: `master.key` (keep a copy in a safe)
    made the ledger in `data`
    warning: there is no database `FOLDER/practice.db` yet
    next: `pocketdocket practice probe`, then `pocketdocket user add NAME --person ID --mailbox ADDRESS`
    ");
}

#[test]
fn init_that_gets_no_answers_does_nothing() {
    let place = Place::empty();
    assert_snapshot!(place.run("init"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    A few questions, then everything is in place. Nothing is sent anywhere.
    Practice system (the name of a built-in mapping, or a mapping file) [sample]: error: no answer to: Practice system (the name of a built-in mapping, or a mapping file)
    hint: answer at a terminal, or see the command's `--help` for the way without questions
    ");
    assert_eq!(std::fs::read_dir(place.path("")).expect("is there").count(), 0);
}

#[test]
fn init_refuses_what_cannot_be_before_it_makes_anything() {
    let place = Place::empty();
    for (answers, about) in [
        ("mapping = \"sampel\"\ndatabase = \"x.db\"\nsource_zone = \"Europe/Berlin\"\n", "sampel"),
        ("mapping = \"sample\"\ndatabase = \"x.db\"\nsource_zone = \"Berlin\"\n", "Berlin"),
        ("mapping = \"sample\"\ndatabase = \"\"\nsource_zone = \"Europe/Berlin\"\n", "database"),
        ("mapping = \"sample\"\nsource_zone = \"Europe/Berlin\"\n", "database"),
        ("mapping = \"sample\"\npassword = \"planted\"\n", "secret"),
    ] {
        place.write("answers.toml", answers);
        let shown = place.run("init --answers answers.toml");
        assert!(shown.starts_with("exit code: 2") && shown.contains(about), "{shown}");
        assert!(!shown.contains("planted"), "{shown}");
        assert!(!place.path("pocketdocket.toml").exists() && !place.path("data").exists());
    }
}

#[test]
fn a_second_init_touches_nothing() {
    let place = Place::installed();
    let before = std::fs::read(place.path("pocketdocket.toml")).expect("is there");
    assert_snapshot!(place.run("init --answers answers.toml"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is a configuration file `pocketdocket.toml` already
    hint: `pocketdocket check` looks whether it is right; for another installation use `--config FILE` in another folder
    ");
    assert_eq!(std::fs::read(place.path("pocketdocket.toml")).expect("is there"), before);
}

#[test]
fn an_init_that_was_cut_off_goes_on_with_the_same_firm() {
    let place = Place::installed();
    let id = |place: &Place| {
        let text = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("is there");
        text.lines().find(|line| line.starts_with("id = ")).map(str::to_owned)
    };
    let before = id(&place);
    std::fs::remove_file(place.path("pocketdocket.toml")).expect("is ours");
    place.command("init --answers answers.toml").assert().success();
    assert_eq!(id(&place), before);
    place.command("check").assert().success();
}

#[test]
fn check_says_what_is_right_and_signs_in_nowhere() {
    assert_snapshot!(Place::installed().run("check"), @r"
    exit code: 0
    ----- stdout
    configuration  ok, `pocketdocket.toml`
    master key     ok, key file `master.key`: readable by the service's account alone; every backup of the file holds the key as it is
    ledger         ok, `data`
    mapping        ok, `sample` with 3 queries
    users          0 of 0 active
    ----- stderr
    ");
}

#[cfg(unix)]
#[test]
fn check_refuses_a_key_that_others_can_read_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::installed();
    std::fs::set_permissions(place.path("master.key"), std::fs::Permissions::from_mode(0o644)).expect("is ours");
    assert_snapshot!(place.run("check"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: others than its owner may use the key file `master.key` (mode 0644)
    hint: run `chmod 0600 'master.key'`
    ");
}

#[test]
fn check_notices_the_ledger_of_another_firm() {
    let place = Place::installed();
    let text = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("is there");
    let id = text.lines().find(|line| line.starts_with("id = ")).expect("has an id").to_owned();
    place.write("pocketdocket.toml", &text.replace(&id, "id = \"00112233445566778899aabbccddeeff\""));
    assert_snapshot!(place.run("check"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: configuration and ledger belong to different firms
      Caused by: the configuration says FIRM, the ledger FIRM
    hint: set `id` in `[firm]` to the ledger's, or choose the right `data` folder
    ");
}

#[test]
fn a_lost_key_is_named_and_nothing_is_made_in_its_place() {
    let place = Place::installed();
    std::fs::remove_file(place.path("master.key")).expect("is ours");
    assert_snapshot!(place.run("status"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is no key file `master.key`
    hint: a new installation gets its key from `pocketdocket init`; otherwise bring the file back from the backup: without it the ledger cannot be read
    ");
    assert!(!place.path("master.key").exists());
}

#[test]
fn probe_and_preview_show_the_practice_database() {
    let place = Place::installed();
    let probe = place.run("practice probe");
    assert!(probe.starts_with("exit code: 0") && probe.contains("SQLite"), "{probe}");
    let preview = place.command("practice preview --limit 2").output().expect("starts");
    assert!(preview.status.success() && !preview.stdout.is_empty(), "{}", place.shown(&preview));
}
