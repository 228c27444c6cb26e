//! The people of the practice system: suggested, dismissed, and entered from a list.

use insta::assert_snapshot;

use super::Place;

#[test]
fn people_are_suggested_written_as_a_list_and_entered_from_it() {
    let place = Place::installed();
    place.command("user add weber --person HW --mailbox weber@kanzlei.example").assert().success();
    let shown = place.run("practice people");
    assert!(shown.starts_with("exit code: 0") && shown.contains("linked as weber"), "{shown}");
    assert_snapshot!(place.run("practice people --csv people.csv"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    wrote 9 suggestions into `people.csv`
    next: look it through, then `pocketdocket user import people.csv --dry-run`
    ");
    assert_snapshot!(place.run("user import people.csv"), @r"
    exit code: 0
    ----- stdout
    add     moeller  TM in the practice system, mailbox moeller@kanzlei.example.org
    add     kaya  AK in the practice system, mailbox kaya@kanzlei.example.org
    add     sutherland  JS in the practice system, mailbox sutherland@kanzlei.example.org
    add     rossi  MR in the practice system, mailbox rossi@kanzlei.example.org
    add     gross  PG in the practice system, mailbox gross@kanzlei.example.org
    add     nguyen  LN in the practice system, mailbox nguyen@kanzlei.example.org
    add     brandt  SB in the practice system, mailbox brandt@kanzlei.example.org
    add     okafor  EO in the practice system, mailbox okafor@kanzlei.example.org
    add     fuchs  KF in the practice system, mailbox fuchs@kanzlei.example.org
    ----- stderr
    9 entered, 0 changed, 0 as they were
    next: `pocketdocket user link NAME` for each of them, beginning with `moeller`
    ");
    assert_snapshot!(place.run("user import people.csv"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    0 entered, 0 changed, 9 as they were
    ");
    let again = place.run("practice people --csv people.csv");
    assert!(again.starts_with("exit code: 2") && again.contains("does not exist yet"), "{again}");
}

#[test]
fn who_is_dismissed_is_suggested_no_more_and_the_status_needs_nobody_for_suggestions() {
    let place = Place::installed();
    assert_snapshot!(place.run("practice people --ignore TM --ignore AK"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    2 suggested no more, 0 suggested again
    ");
    assert_snapshot!(place.run("practice people --ignore NOBODY"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: the practice system has no person `NOBODY`
    hint: `pocketdocket practice people` lists them
    ");
    assert_snapshot!(place.run("status"), @r"
    exit code: 0
    ----- stdout
    engine    not running
    last sync never
    practice  not read yet
    no link   9 people (Empfang, Emeka Okafor, Dr. Hanna Weber, James Sutherland, …): `pocketdocket practice people`
    ----- stderr
    there is nobody yet; `pocketdocket user add NAME --person ID --mailbox ADDRESS` begins
    ");
    place.command("practice people --suggest TM").assert().success();
    let people = place.command("practice people --json").output().expect("starts");
    let people: serde_json::Value = serde_json::from_slice(&people.stdout).expect("is JSON");
    let link = |id: &str| {
        let all = people.as_array().expect("a list");
        all.iter().find(|one| one["person"] == id).map(|one| one["link"].clone()).expect("is listed")
    };
    assert_eq!((link("AK"), link("TM")), ("ignored".into(), "sure".into()));
    let audit = place.command("status --json").output().expect("starts");
    let status: serde_json::Value = serde_json::from_slice(&audit.stdout).expect("is JSON");
    assert!(status["not_linked"].as_array().is_some_and(|people| people.len() > 5), "{status}");
}

#[test]
fn a_list_with_troubles_enters_nobody_and_names_each() {
    let place = Place::installed();
    place.write("list.csv", "Name;E-Mail;Kürzel\nweber;weber@kanzlei.example;HW\nKaya;kaya;AKK\n");
    assert_snapshot!(place.run("user import list.csv"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    warning: line 3, column name: `Kaya` cannot be a user's name: it takes 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`
    warning: line 3, column person: the practice system has no person `AKK`; did you mean `AK`?
    warning: line 3, column mailbox: `kaya` is not an e-mail address
    error: `list.csv` has 3 troubles; nobody was entered or changed
    hint: mend the list and try again; `--dry-run` shows what it would do
    ");
    assert_snapshot!(place.run("user list"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    there is nobody yet; `pocketdocket user add NAME --person ID --mailbox ADDRESS` begins
    ");
    let json = place.command("user import list.csv --json").output().expect("starts");
    let answer: serde_json::Value = serde_json::from_slice(&json.stdout).expect("is JSON");
    assert_eq!(answer["troubles"][0]["line"], 3);
    assert_eq!(answer["written"], false);
    assert_eq!(json.status.code(), Some(2));
}

#[test]
fn a_list_with_passwords_is_refused_and_nothing_of_it_is_shown() {
    let place = Place::installed();
    place.write("list.csv", "name,mailbox,person,passwort\nweber,weber@kanzlei.example,HW,planted\n");
    for line in ["user import list.csv", "user import list.csv --json --dry-run"] {
        assert!(!place.run(line).contains("planted"));
    }
    assert_snapshot!(place.run("user import list.csv"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: `list.csv` cannot be used as a list of users
      Caused by: one of its columns seems to hold secrets; none of its rows was read
    hint: take that column out, and see who could read the file; `pocketdocket user link NAME` asks for each user's password
    ");
}

#[test]
fn who_differs_from_the_list_is_changed_only_when_that_is_asked_for() {
    let place = Place::installed();
    place.command("user add weber --person HW --mailbox old@kanzlei.example").assert().success();
    place.write(
        "list.csv",
        "name,person,mailbox,kinds\nweber,HW,weber@kanzlei.example,event task\nkaya,AK,kaya@kanzlei.example,\n",
    );
    assert_snapshot!(place.run("user import list.csv --dry-run"), @r#"
        exit code: 0
        ----- stdout
        change  weber
                  mailbox  old@kanzlei.example -> weber@kanzlei.example
                  login    old@kanzlei.example -> weber@kanzlei.example
                  kinds    as configured -> ["event","task"]
        add     kaya  AK in the practice system, mailbox kaya@kanzlei.example
        ----- stderr
        1 to enter, 1 to change, 0 as they are; a dry run, so nothing was done
        "#);
    assert_snapshot!(place.run("user import list.csv"), @r#"
    exit code: 2
    ----- stdout
    change  weber
              mailbox  old@kanzlei.example -> weber@kanzlei.example
              login    old@kanzlei.example -> weber@kanzlei.example
              kinds    as configured -> ["event","task"]
    add     kaya  AK in the practice system, mailbox kaya@kanzlei.example
    ----- stderr
    error: users who are entered already differ from the list: weber
      Caused by: nobody was entered or changed
    hint: `--update` changes them; one with another person or mailbox must be confirmed anew
    "#);
    let list = place.run("user list");
    assert!(list.contains("old@kanzlei.example") && !list.contains("kaya"), "all or nothing: {list}");
    assert_snapshot!(place.run("user import list.csv --update"), @r#"
    exit code: 0
    ----- stdout
    change  weber
              mailbox  old@kanzlei.example -> weber@kanzlei.example
              login    old@kanzlei.example -> weber@kanzlei.example
              kinds    as configured -> ["event","task"]
    add     kaya  AK in the practice system, mailbox kaya@kanzlei.example
    ----- stderr
    1 entered, 1 changed, 0 as they were
    next: `pocketdocket user link NAME` for each of them, beginning with `kaya`
    "#);
    let same = place.run("user import list.csv");
    assert!(same.contains("0 entered, 0 changed, 2 as they were"), "{same}");
}

#[test]
fn two_hundred_users_are_entered_in_one_step() {
    let place = Place::installed();
    let people = ["HW", "TM", "AK", "JS", "MR", "PG"];
    let rows = (0..200).zip(people.iter().cycle());
    let rows = rows.map(|(number, person)| format!("user{number}\tuser{number}@kanzlei.example\t{person}\r\n"));
    place.write("list.txt", &format!("name\tmailbox\tperson\r\n{}", rows.collect::<String>()));
    let shown = place.run("user import list.txt");
    assert!(shown.contains("200 entered, 0 changed, 0 as they were"), "{shown}");
    let users = place.command("user list --json").output().expect("starts");
    let users: serde_json::Value = serde_json::from_slice(&users.stdout).expect("is JSON");
    assert_eq!(users.as_array().map(Vec::len), Some(200));
    let again = place.run("user import list.txt");
    assert!(again.contains("0 entered, 0 changed, 200 as they were"), "{again}");
}

#[test]
fn a_file_that_is_no_list_is_refused() {
    let place = Place::installed();
    place.write("list.csv", "weber,HW,weber@kanzlei.example\n");
    assert_snapshot!(place.run("user import list.csv"), @r"
exit code: 2
----- stdout
----- stderr
error: `list.csv` cannot be used as a list of users
  Caused by: its first line names no column that we know
hint: it takes name, person, mailbox and, if wanted, login, url, protocol, method, service account, kinds and remark
");
    let missing = place.run("user import nowhere.csv");
    assert!(missing.starts_with("exit code: 2"), "{missing}");
}
