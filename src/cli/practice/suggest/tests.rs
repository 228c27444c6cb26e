use super::*;
use crate::{
    ports::Protocol,
    state::{AuthMethod, LinkState, UserDetails},
};

fn person(id: &str, name: &str, email: &str) -> Person {
    let personal = |text: &str| Some(text).filter(|text| !text.is_empty()).map(Personal::from);
    Person { id: PersonId(id.to_owned()), name: personal(name), email: personal(email), active: true }
}

fn user(name: &str, person: &str, address: &str) -> User {
    User {
        name: name.parse().expect("a name"),
        details: UserDetails {
            person: PersonId(person.to_owned()),
            address: address.to_owned(),
            login: address.to_owned(),
            url: None,
            protocol: Protocol::Ews,
            method: AuthMethod::Password,
            service_account: None,
            settings: serde_json::Value::Null,
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

fn shown(people: &[Person], users: &[User], ignored: &[&str]) -> String {
    let ignored = ignored.iter().map(|id| PersonId((*id).to_owned())).collect();
    let entries = suggestions(people, users, &ignored);
    let line = |entry: &Entry| format!("{}: {} | {}", entry.person, entry.words(), entry.next());
    entries.iter().map(|entry| line(entry).trim_end_matches(" | ").to_owned()).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_person_has_a_link_a_suggestion_or_a_reason() {
    let mut left = person("XX", "Xaver Left", "left@k.example");
    left.active = false;
    let people = [
        person("HW", "Dr. Helga Weber", "weber@k.example"),
        person("TM", "Tom Müller", "mueller@k.example"),
        person("AK", "Aylin Kaya", ""),
        person("A 1", "Olga O'Neill", "Office@k.example"),
        person("A2", "Paul Otto", "office@k.example"),
        person("JS", "", ""),
        person("LN", "Lena Nowak", ""),
        person("IG", "Ida Grün", "gruen@k.example"),
        left,
    ];
    let users = [user("weber", "HW", "weber@k.example"), user("lena", "LENA", "nowak@k.example")];
    insta::assert_snapshot!(shown(&people, &users, &["IG"]), @r"
    HW: linked as weber
    TM: mueller@k.example, as the practice system says | pocketdocket user add mueller --person TM --mailbox mueller@k.example
    AK: perhaps kaya@k.example, by the name | pocketdocket user add kaya --person AK --mailbox kaya@k.example
    A 1: several people have this e-mail address in the practice system
    A2: several people have this e-mail address in the practice system
    JS: the practice system knows neither an e-mail address nor a name
    LN: perhaps the one meant by `lena`, whose person does not exist | pocketdocket user show lena
    IG: none wanted | pocketdocket practice people --suggest IG
    ");
}

#[test]
fn a_name_is_not_suggested_twice_and_one_colleague_makes_no_habit() {
    let people = [person("A", "Anna Berg", "berg@a.example"), person("B", "Bert Berg", "berg@b.example")];
    insta::assert_snapshot!(shown(&people, &[], &[]), @r"
    A: berg@a.example, as the practice system says | pocketdocket user add berg --person A --mailbox berg@a.example
    B: berg@b.example, as the practice system says | pocketdocket user add b --person B --mailbox berg@b.example
    ");
    let people = [person("A", "Anna Berg", "berg@a.example"), person("C", "Cem Acar", "")];
    insta::assert_snapshot!(shown(&people, &[], &[]), @r"
    A: berg@a.example, as the practice system says | pocketdocket user add berg --person A --mailbox berg@a.example
    C: the practice system knows no e-mail address
    ");
}

#[test]
fn names_are_taken_apart_as_addresses_do_it() {
    let of = |name: &str| words(&person("X", name, ""));
    assert_eq!(of("Dr. Helga Weber"), ["helga", "weber"]);
    assert_eq!(of("Groß, Jörg"), ["joerg", "gross"]);
    assert_eq!(of("  "), [""; 0]);
}
