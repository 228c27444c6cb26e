use jiff::SignedDuration;
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use super::{
    users::{active, with_active_user},
    *,
};

const DAY: i64 = 24 * 60 * 60;

fn changed(change: fn(&mut UserDetails)) -> UserDetails {
    let mut details = details("weber@example.org");
    change(&mut details);
    details
}

fn keep(ledger: &Ledger, name: &UserName, codes: Option<serde_json::Value>, app: Option<&str>) {
    ledger
        .attempt_confirmation(name, "test", at(3), |_, _| {
            let kept = KeptState { codes, authenticator: app.map(SecretString::from), ..KeptState::default() };
            Ok::<_, LedgerError>(Attempt { kept, effect: Effect::Nothing, event: None, verdict: () })
        })
        .expect("kept");
}

#[test]
fn another_person_must_be_confirmed_anew_at_once_and_brings_an_app_of_their_own() {
    let (desk, weber) = with_active_user();
    keep(&desk.ledger, &weber, Some(serde_json::json!({"hash": "abc"})), Some("planted"));
    let details = changed(|details| details.person = PersonId("EH".into()));
    desk.ledger.update_user(&weber, &details, "test", at(5)).expect("changed");
    let user = desk.ledger.user(&weber).expect("there");
    assert_eq!((user.link, user.mailbox, user.confirmed), (LinkState::Linked, None, None));
    let kept = desk.ledger.confirmation(&weber).expect("read");
    assert!(kept.codes.is_none() && kept.authenticator.is_none());
    assert_eq!(active(&desk), []);
}

#[test]
fn another_address_login_or_service_stands_still_until_the_same_mailbox_is_found_there() {
    let changes: [fn(&mut UserDetails); 3] = [
        |details| details.address = "huber@example.org".into(),
        |details| details.login = "EXAMPLE\\huber".into(),
        |details| details.url = Some("https://other.example.org/EWS/Exchange.asmx".into()),
    ];
    for change in changes {
        let (desk, weber) = with_active_user();
        let (ledger, mailbox) = (&desk.ledger, desk.mailbox());
        keep(ledger, &weber, Some(serde_json::json!({"hash": "abc"})), Some("app"));
        ledger.update_user(&weber, &changed(change), "test", at(5)).expect("changed");
        assert_eq!((active(&desk).len(), ledger.user(&weber).expect("there").link), (0, LinkState::Linked));
        assert!(ledger.confirmation(&weber).expect("read").codes.is_none(), "a code was for another address");
        assert!(ledger.confirmation(&weber).expect("read").authenticator.is_some(), "it is the same person");
        ledger.give_password(&weber, &SecretString::from("another"), "test", at(6)).expect("given");
        assert_eq!(active(&desk), [], "a secret alone proves nothing");
        ledger.verified(&weber, mailbox, "test", at(7)).expect("verified");
        assert_eq!(active(&desk), std::slice::from_ref(&weber));
        let by = ledger.user(&weber).expect("there").reconfirm.map(|reconfirm| reconfirm.by);
        assert_eq!(by, Some(at(5 + 14 * DAY)));
    }
}

#[test]
fn another_mailbox_behind_a_changed_address_must_be_confirmed_anew() {
    let (desk, weber) = with_active_user();
    let ledger = &desk.ledger;
    let address = changed(|details| details.address = "huber@example.org".into());
    ledger.update_user(&weber, &address, "test", at(5)).expect("changed");
    let identity = MailboxIdentity { server: "other.example.org".into(), root: FolderId("other".into()) };
    let other = ledger.mailbox_for(&identity, at(6)).expect("a number");
    ledger.verified(&weber, other, "test", at(7)).expect("noted");
    let user = ledger.user(&weber).expect("there");
    assert_eq!((user.link, user.confirmed, user.reconfirm), (LinkState::Linked, None, None));
    ledger.verified(&weber, desk.mailbox(), "test", at(8)).expect("noted");
    assert_eq!(active(&desk), [], "and going back does not help");
}

#[test]
fn a_changed_address_that_is_verified_too_late_stays_away() {
    let (desk, weber) = with_active_user();
    let address = changed(|details| details.address = "huber@example.org".into());
    desk.ledger.update_user(&weber, &address, "test", at(5)).expect("changed");
    desk.ledger.verified(&weber, desk.mailbox(), "test", at(5 + 14 * DAY)).expect("noted");
    assert_eq!(active(&desk), []);
}

#[test]
fn another_mailbox_behind_a_confirmed_link_stops_it_at_once() {
    let (desk, weber) = with_active_user();
    let identity = MailboxIdentity { server: "mail.example.org".into(), root: FolderId("another".into()) };
    let other = desk.ledger.mailbox_for(&identity, at(6)).expect("a number");
    desk.ledger.set_user_mailbox(&weber, other).expect("noted");
    assert_eq!(active(&desk), []);
}

#[test]
fn a_new_secret_goes_on_for_a_while_and_the_same_one_for_good() {
    let (desk, weber) = with_active_user();
    let ledger = &desk.ledger;
    let give = |secret: &str, at: Timestamp| ledger.give_password(&weber, &SecretString::from(secret), "test", at);
    let by = || ledger.user(&weber).expect("there").reconfirm.map(|reconfirm| reconfirm.by);
    give("Sommer2026!", at(10)).expect("the same again");
    assert_eq!(by(), None);
    give("Winter2026!", at(20)).expect("given");
    assert_eq!((active(&desk).len(), by()), (1, Some(at(20 + 14 * DAY))));
    give("Herbst2026!", at(20 + 13 * DAY)).expect("given");
    assert_eq!(by(), Some(at(20 + 14 * DAY)), "another new secret gains no time");
    ledger.confirm(&weber, ConfirmationWay::Authenticator, "test", at(30)).expect("confirmed");
    assert_eq!(by(), None);
}

#[test]
fn a_late_confirmation_ends_the_parking_that_waited_for_it_and_no_other() {
    for (cause, goes_on) in [(NOT_CONFIRMED_AGAIN, true), ("the password is refused", false)] {
        let (desk, weber) = with_active_user();
        desk.ledger.park(&weber, cause, "do it", at(3)).expect("parked");
        desk.ledger.confirm(&weber, ConfirmationWay::Authenticator, "test", at(4)).expect("confirmed");
        assert_eq!(active(&desk).len(), usize::from(goes_on), "{cause}");
    }
}

#[test]
fn a_recovery_takes_the_link_back_and_is_remembered_until_it_is_confirmed() {
    let (desk, weber) = with_active_user();
    let ledger = &desk.ledger;
    ledger
        .attempt_confirmation(&weber, "anna", at(5), |_, _| {
            let effect = Effect::Recovers("recovery code".to_owned());
            Ok::<_, LedgerError>(Attempt { kept: KeptState::default(), effect, event: None, verdict: () })
        })
        .expect("recovered");
    let user = ledger.user(&weber).expect("there");
    assert_eq!((user.link, user.confirmed), (LinkState::Linked, None));
    assert_eq!(user.recovered.map(|recovered| (recovered.by, recovered.at)), Some(("anna".to_owned(), at(5))));
    ledger.confirm(&weber, ConfirmationWay::Authenticator, "test", at(6)).expect("confirmed");
    assert_eq!(ledger.user(&weber).expect("there").recovered, None);
}

#[test]
fn a_step_that_fails_changes_nothing_and_what_is_kept_is_sealed_and_survives() {
    let (desk, weber) = with_active_user();
    keep(&desk.ledger, &weber, Some(serde_json::json!({"wrong": 2})), Some("app"));
    let refused = desk.ledger.attempt_confirmation(&weber, "test", at(4), |_, _| {
        Err::<Attempt<()>, _>(LedgerError::NoSuchUser(weber.clone()))
    });
    assert!(refused.is_err());
    let again = Ledger::open(desk.folder.path(), desk.vault.clone()).expect("opens");
    let kept = again.confirmation(&weber).expect("read");
    assert_eq!(kept.codes, Some(serde_json::json!({"wrong": 2})));
    assert_eq!(kept.authenticator.map(|app| app.expose_secret().to_owned()).as_deref(), Some("app"));
    again.remove_user(&weber, WhatRemains::Mirror, "test", at(5)).expect("removed");
    assert!(again.open_secret("user/weber/authenticator").expect("read").is_none());
}

#[test]
fn the_ways_that_the_firm_accepts_are_audited_when_they_change_or_are_weak() {
    let desk = Desk::new();
    let note = |methods: &[ConfirmationWay]| {
        let methods = methods.iter().copied().collect();
        desk.ledger.note_confirmation_policy(&methods, "test", at(1)).expect("noted");
        desk.ledger.audit_trail(None, 100).expect("read").len()
    };
    let (strong, weak) = ([ConfirmationWay::Provider, ConfirmationWay::Authenticator], [ConfirmationWay::Mailbox]);
    assert_eq!((note(&strong), note(&strong)), (0, 0), "the default says nothing");
    assert_eq!((note(&weak), note(&weak), note(&strong)), (1, 1, 2));
    let fresh = Desk::new();
    fresh.ledger.note_confirmation_policy(&weak.into(), "test", at(1)).expect("noted");
    assert_eq!(fresh.ledger.audit_trail(None, 100).expect("read").len(), 1);
}

/// What may happen to a link.
#[derive(Clone, Copy, Debug)]
enum Event {
    Secret(u8),
    Address(u8),
    Person(u8),
    Mailbox(u8),
    Verified(u8),
    Back(LinkState),
    Begin,
    Confirm,
    Recover,
    Park,
    Resume,
    Days(u8),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..3_u8).prop_map(Event::Secret),
        (0..3_u8).prop_map(Event::Address),
        (0..2_u8).prop_map(Event::Person),
        (0..2_u8).prop_map(Event::Mailbox),
        (0..2_u8).prop_map(Event::Verified),
        prop_oneof![Just(LinkState::Linked), Just(LinkState::Confirming), Just(LinkState::Active)]
            .prop_map(Event::Back),
        Just(Event::Begin),
        Just(Event::Confirm),
        Just(Event::Recover),
        Just(Event::Park),
        Just(Event::Resume),
        (1..10_u8).prop_map(Event::Days),
    ]
}

/// What the last confirmation was of: this person, in this mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Proven {
    person: u8,
    mailbox: Option<u8>,
    /// When something changed since that only an administrator verified.
    doubted: Option<Timestamp>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever happens in whatever order: the engine sees a link only while this very person confirmed this very mailbox, and a
    /// change that was merely verified ends in time.
    #[test]
    fn no_history_leads_to_the_engine_without_a_confirmation(events in prop::collection::vec(event(), 1..40)) {
        let (desk, weber) = (Desk::new(), name("weber"));
        let ledger = &desk.ledger;
        let place = |number: u8| {
            let identity = MailboxIdentity { server: "mail.example.org".into(), root: FolderId(format!("root {number}")) };
            ledger.mailbox_for(&identity, at(0)).expect("a number")
        };
        let mailboxes = [place(0), place(1)];
        let mut details = details("0@example.org");
        details.person = PersonId("0".into());
        ledger.add_user(&weber, &details, "test", at(0)).expect("added");
        let (mut now, mut person, mut mailbox, mut proven) = (at(0), 0, None::<u8>, None::<Proven>);
        let mut secret = None;
        for event in events {
            now += SignedDuration::from_secs(1);
            let before = ledger.user(&weber).expect("there");
            match event {
                Event::Secret(number) => {
                    ledger.give_password(&weber, &SecretString::from(number.to_string()), "test", now).expect("given");
                    if secret.replace(number) != Some(number) {
                        proven = proven.map(|proven| Proven { doubted: proven.doubted.or(Some(now)), ..proven });
                    }
                }
                Event::Address(number) => {
                    let next = UserDetails { address: format!("{number}@example.org"), ..details.clone() };
                    if next != details {
                        proven = proven.map(|proven| Proven { doubted: proven.doubted.or(Some(now)), ..proven });
                        if proven.is_none() {
                            mailbox = None;
                        }
                    }
                    ledger.update_user(&weber, &next, "test", now).expect("changed");
                    details = next;
                }
                Event::Person(number) => {
                    if number != person {
                        (person, mailbox, proven) = (number, None, None);
                    }
                    details.person = PersonId(number.to_string());
                    ledger.update_user(&weber, &details, "test", now).expect("changed");
                }
                Event::Mailbox(number) | Event::Verified(number) => {
                    if mailbox.is_some_and(|before| before != number) {
                        proven = None;
                    }
                    mailbox = Some(number);
                    proven = proven.map(|proven| Proven { mailbox, ..proven });
                    let id = mailboxes[usize::from(number)];
                    match event {
                        Event::Mailbox(_) => ledger.set_user_mailbox(&weber, id).expect("noted"),
                        _ => ledger.verified(&weber, id, "test", now).expect("noted"),
                    }
                }
                Event::Back(to) => {
                    let done = ledger.set_link_state(&weber, to, "test", now);
                    prop_assert!(done.is_err() || to <= before.link || to < LinkState::Active, "{:?}", to);
                }
                Event::Begin | Event::Confirm | Event::Recover => {
                    let effect = match event {
                        Event::Begin => Effect::Begins,
                        Event::Confirm => Effect::Confirms(ConfirmationWay::Authenticator),
                        _ => Effect::Recovers("recovery code".to_owned()),
                    };
                    let done = ledger.attempt_confirmation(&weber, "test", now, |_, kept| {
                        Ok::<_, LedgerError>(Attempt { kept, effect, event: None, verdict: () })
                    });
                    match event {
                        Event::Confirm if done.is_ok() => proven = Some(Proven { person, mailbox, doubted: None }),
                        Event::Confirm => prop_assert_eq!(before.link, LinkState::Invited),
                        Event::Recover => proven = None,
                        _ => {}
                    }
                }
                Event::Park => ledger.park(&weber, "trouble", "mend it", now).expect("parked"),
                Event::Resume => ledger.unpark(&weber, "test", now).expect("resumed"),
                Event::Days(days) => now += SignedDuration::from_hours(24 * i64::from(days)),
            }
            let user = ledger.user(&weber).expect("there");
            let served = !ledger.active_users().expect("read").is_empty();
            prop_assert_eq!(user.confirmed.is_some(), proven.is_some(), "after {:?}", event);
            let is_proven = proven.is_some_and(|proven| proven.person == person && proven.mailbox == mailbox);
            prop_assert!(!served || is_proven, "after {:?}", event);
            let by = user.reconfirm.map(|reconfirm| reconfirm.by);
            let due = proven.and_then(|proven| proven.doubted).map(|since| since + GRACE);
            prop_assert_eq!(by, due, "after {:?}: what was only verified ends in time", event);
            if let (Some(earlier), Some(later)) = (before.reconfirm, user.reconfirm) {
                prop_assert!(later.by <= earlier.by || matches!(event, Event::Confirm), "no time is gained by {:?}", event);
            }
        }
    }
}
