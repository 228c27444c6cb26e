use super::*;
use crate::{
    cli::user::import::sheet::Sheet,
    domain::Personal,
    ports::Protocol,
    state::{AccountDetails, LinkState},
};

fn person(id: &str, email: Option<&str>, active: bool) -> Person {
    Person { id: PersonId(id.to_owned()), name: None, email: email.map(Personal::from), active }
}

fn practice() -> Vec<Person> {
    vec![
        person("HW", Some("weber@k.example"), true),
        person("AK", Some("office@k.example"), true),
        person("TM", Some("office@k.example"), true),
        person("GONE", None, false),
    ]
}

fn user(name: &str, person: &str, address: &str) -> User {
    User {
        name: name.parse().expect("a name"),
        details: UserDetails {
            person: PersonId(person.to_owned()),
            address: address.to_owned(),
            login: address.to_owned(),
            url: Some("https://own.k.example/EWS/Exchange.asmx".to_owned()),
            protocol: Protocol::Ews,
            method: AuthMethod::Password,
            service_account: None,
            settings: serde_json::json!({ "privacy": "busy" }),
        },
        link: LinkState::Active,
        parked: None,
        paused: None,
        waiting: None,
        mailbox: None,
        refused_sign_ins: 0,
        confirmed: None,
        reconfirm: None,
        recovered: None,
        door_of: None,
    }
}

fn service_account() -> ServiceAccount {
    ServiceAccount {
        name: "exchange".parse().expect("a name"),
        details: AccountDetails {
            login: "K\\dienst".to_owned(),
            method: AuthMethod::Windows,
            protocol: Protocol::Ews,
            url: None,
        },
        added: jiff::Timestamp::UNIX_EPOCH,
        secret_given: None,
    }
}

/// What becomes of each row, or what is wrong with it.
fn drafted(list: &str, people: Option<&[Person]>, users: &[User]) -> (Vec<Fate>, Vec<String>) {
    let sheet = Sheet::open(list.as_bytes()).unwrap_or_else(|unusable| panic!("{unusable:?}"));
    let settings = exchange::Settings::default();
    let accounts = [service_account()];
    let entered = Entered { people, users, accounts: &accounts };
    let mut drafts = Drafts::new(&sheet.columns, &settings, &entered);
    for row in &sheet.rows {
        drafts.take(row);
    }
    let troubles = drafts.troubles.iter().map(ToString::to_string).collect();
    (drafts.done.into_iter().map(|one| one.fate).collect(), troubles)
}

#[test]
fn every_bad_cell_is_told_with_line_and_column() {
    let list = "name,person,mailbox,url,method,kinds\n\
        weber,HW,weber@k.example,,password,event task\n\
        We ber,XX,weber,,telepathy,letters\n\
        weber,office@k.example,a@k.example,,,\n\
        kaya,HW,b@k.example,https://u:planted@k.example/,,\n\
        ,,,,,\n\
        x,AK,,,,\n";
    let (fates, troubles) = drafted(list, Some(&practice()), &[]);
    assert_eq!(fates, [Fate::Add]);
    insta::assert_snapshot!(troubles.join("\n"), @r"
    line 3, column name: `We ber` cannot be a user's name: it takes 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`
    line 3, column person: the practice system has no person `XX`
    line 3, column mailbox: `weber` is not an e-mail address
    line 3, column method: this is no way to sign in that we know; there are `password`, `oauth` and `windows`
    line 3, column kinds: `letters` is no kind; there are `event`, `task` and `contact`, or `none`
    line 4, column name: `weber` stands in line 2 already
    line 4, column person: several people have this address: AK, TM; say which
    line 5, column url: the address of the web service holds a user or a password
    line 7, column mailbox: it is empty
    ");
}

#[test]
fn an_e_mail_address_says_who_is_meant() {
    let (fates, troubles) = drafted("name,person,mailbox\nweber,Weber@K.example,w@k.example\n", Some(&practice()), &[]);
    assert_eq!((fates, troubles), (vec![Fate::Add], Vec::new()));
    let (_, troubles) = drafted("name,person,mailbox\nweber,weber@k.example,w@k.example\n", None, &[]);
    assert_eq!(
        troubles,
        ["line 2, column person: an e-mail address can be looked up only while the practice system can be read"]
    );
}

#[test]
fn the_same_list_again_changes_nothing_and_keeps_what_it_has_no_column_for() {
    let users = [user("weber", "HW", "weber@k.example")];
    let (fates, _) = drafted("name,person,mailbox\nweber,HW,weber@k.example\n", Some(&practice()), &users);
    assert_eq!(fates, [Fate::Same]);
    let (fates, _) = drafted("name,person,mailbox,kinds\nweber,HW,w@k.example,event\n", Some(&practice()), &users);
    let [Fate::Change { fields }] = fates.as_slice() else { panic!("{fates:?}") };
    let changed: Vec<_> = fields.iter().map(|field| (field.what, field.after.as_str())).collect();
    assert_eq!(changed, [("mailbox", "w@k.example"), ("login", "w@k.example"), ("kinds", r#"["event"]"#)]);
}

#[test]
fn a_service_account_says_how_everybody_signs_in() {
    let list = "name,person,mailbox,login,service account\n\
        weber,HW,weber@k.example,,exchange\n\
        kaya,AK,kaya@k.example,kaya,exchange\n\
        tom,TM,tom@k.example,,exchagne\n";
    let users = [user("weber", "HW", "weber@k.example")];
    let (fates, troubles) = drafted(list, Some(&practice()), &users);
    let [Fate::Change { fields }] = fates.as_slice() else { panic!("{fates:?}") };
    let changed: Vec<_> = fields.iter().map(|field| (field.what, field.after.as_str())).collect();
    assert!(changed.contains(&("login", "K\\dienst")), "{changed:?}");
    assert!(changed.contains(&("method", "windows, through service account exchange")), "{changed:?}");
    assert_eq!(
        troubles,
        [
            "line 3, column service account: `login` is the service account's to say, and is given too",
            "line 4, column service account: there is no service account `exchagne`; did you mean `exchange`?",
        ]
    );
}

#[test]
fn a_list_that_says_nothing_of_the_way_leaves_users_with_their_service_account() {
    let mut through = user("weber", "HW", "weber@k.example");
    let account = service_account();
    through.details = through.details.through(&account.name, &account.details);
    let (fates, _) = drafted("name,person,mailbox\nweber,HW,weber@k.example\n", Some(&practice()), &[through.clone()]);
    assert_eq!(fates, [Fate::Same]);
    let list = "name,person,mailbox,method\nweber,HW,weber@k.example,windows\n";
    let (fates, _) = drafted(list, Some(&practice()), &[through]);
    let [Fate::Change { fields }] = fates.as_slice() else { panic!("{fates:?}") };
    assert!(fields.iter().any(|field| (field.what, field.after.as_str()) == ("method", "windows")), "{fields:?}");
}

#[test]
fn kinds_are_told_apart_from_none() {
    let of = |cell: &str| kinds(cell);
    assert_eq!(of("Events, tasks"), Ok(vec![Kind::Event, Kind::Task]));
    assert_eq!(of("calendar+contacts"), Ok(vec![Kind::Event, Kind::Contact]));
    assert_eq!(of("none"), Ok(Vec::new()));
    assert!(of("letters").is_err());
}
