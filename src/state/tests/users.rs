use secrecy::{ExposeSecret, SecretString};

use super::*;

/// A desk with an active user.
pub(super) fn with_active_user() -> (Desk, UserName) {
    let (desk, weber) = (Desk::new(), name("weber"));
    let ledger = &desk.ledger;
    ledger.add_user(&weber, &details("weber@example.org"), "test", at(0)).expect("added");
    ledger.give_password(&weber, &SecretString::from("Sommer2026!"), "test", at(1)).expect("given");
    ledger.set_link_state(&weber, LinkState::Confirming, "test", at(2)).expect("one step");
    ledger.confirm(&weber, ConfirmationWay::Authenticator, "test", at(2)).expect("confirmed");
    ledger.set_user_mailbox(&weber, desk.mailbox()).expect("known");
    (desk, weber)
}

pub(super) fn active(desk: &Desk) -> Vec<UserName> {
    desk.ledger.active_users().expect("read").iter().map(|user| user.name().clone()).collect()
}

#[test]
fn names_are_plain_and_short() {
    for text in ["weber", "a.b_c-9", &"x".repeat(64)] {
        assert!(text.parse::<UserName>().is_ok(), "{text}");
    }
    for text in ["", "Weber", "we ber", "-x", ".x", "wéber", "a/b", &"x".repeat(65)] {
        assert!(text.parse::<UserName>().is_err(), "{text}");
    }
}

#[test]
fn only_a_confirmed_link_reaches_the_engine() {
    let (desk, weber) = (Desk::new(), name("weber"));
    let ledger = &desk.ledger;
    ledger.add_user(&weber, &details("weber@example.org"), "test", at(0)).expect("added");
    let state = || ledger.user(&weber).expect("there").link;
    assert_eq!(state(), LinkState::Invited);
    assert!(
        ledger.confirm(&weber, ConfirmationWay::Authenticator, "test", at(1)).is_err(),
        "with nothing to sign in with"
    );
    for leap in [LinkState::Confirming, LinkState::Active] {
        let refused = ledger.set_link_state(&weber, leap, "test", at(1));
        assert!(matches!(refused, Err(LedgerError::IllegalStep { .. })), "invited to {leap}");
    }
    ledger.give_password(&weber, &SecretString::from("Sommer2026!"), "test", at(1)).expect("given");
    assert_eq!(state(), LinkState::Linked);
    assert!(ledger.set_link_state(&weber, LinkState::Active, "test", at(1)).is_err(), "not without a code");
    assert_eq!(active(&desk), []);
    ledger.set_link_state(&weber, LinkState::Confirming, "test", at(2)).expect("one step");
    assert!(ledger.set_link_state(&weber, LinkState::Active, "test", at(2)).is_err(), "a confirmation alone does that");
    ledger.confirm(&weber, ConfirmationWay::Authenticator, "test", at(2)).expect("confirmed");
    assert_eq!(active(&desk), [weber]);
}

#[test]
fn parked_and_paused_users_stay_away_and_waiting_ones_say_until_when() {
    let (desk, weber) = with_active_user();
    let ledger = &desk.ledger;
    ledger.park(&weber, "wrong password", "give a new one", at(3)).expect("parked");
    assert_eq!(active(&desk), []);
    ledger.park(&weber, "wrong password", "give a new one", at(9)).expect("parked again");
    assert_eq!(ledger.user(&weber).expect("there").parked.map(|parked| parked.since), Some(at(3)), "the same trouble");
    ledger.park(&weber, "mailbox missing", "ask the administrator", at(9)).expect("another trouble");
    assert_eq!(ledger.user(&weber).expect("there").parked.map(|parked| parked.since), Some(at(9)));
    ledger.unpark(&weber, "test", at(10)).expect("unparked");
    ledger.pause(&weber, "test", at(11)).expect("paused");
    assert_eq!(active(&desk), []);
    ledger.resume(&weber, "test", at(12)).expect("resumed");
    let waiting = Waiting { until: at(60), cause: "the server is busy".into() };
    ledger.set_waiting(&weber, Some(&waiting)).expect("noted");
    let users = ledger.active_users().expect("read");
    assert_eq!(users.first().and_then(|user| user.user().waiting.as_ref()), Some(&waiting));
    ledger.set_waiting(&weber, None).expect("noted");
    assert_eq!(ledger.user(&weber).expect("there").waiting, None);
}

#[test]
fn settings_of_a_user_change_without_a_new_confirmation() {
    let (desk, weber) = with_active_user();
    let settings = serde_json::json!({"window": {"days-back": 30}});
    let details = UserDetails { settings: settings.clone(), ..details("weber@example.org") };
    desk.ledger.update_user(&weber, &details, "test", at(5)).expect("changed");
    assert_eq!(active(&desk), std::slice::from_ref(&weber));
    assert_eq!(desk.ledger.user(&weber).expect("there").details.settings, settings);
}

#[test]
fn a_user_is_entered_once_and_an_unknown_one_is_named() {
    let (desk, weber) = with_active_user();
    let again = desk.ledger.add_user(&weber, &details("x@example.org"), "test", at(1));
    assert!(matches!(again, Err(LedgerError::UserExists(_))));
    let nobody = name("nobody");
    let errors = [
        desk.ledger.user(&nobody).err(),
        desk.ledger.pause(&nobody, "test", at(1)).err(),
        desk.ledger.set_waiting(&nobody, None).err(),
        desk.ledger.confirmation(&nobody).err(),
        desk.ledger.give_password(&nobody, &SecretString::from("x"), "test", at(1)).err(),
    ];
    for error in errors {
        assert!(matches!(&error, Some(LedgerError::NoSuchUser(name)) if *name == nobody), "{error:?}");
    }
    assert!(desk.ledger.password(&nobody).expect("read").is_none(), "nothing was kept for nobody");
}

#[test]
fn a_new_secret_ends_the_count_of_refusals_and_the_parking() {
    let (desk, weber) = with_active_user();
    let ledger = &desk.ledger;
    assert_eq!(ledger.count_refused_sign_in(&weber, at(3)).expect("counted"), 1);
    assert_eq!(ledger.count_refused_sign_in(&weber, at(4)).expect("counted"), 2);
    ledger.park(&weber, "wrong password", "give a new one", at(4)).expect("parked");
    let again = Ledger::open(desk.folder.path(), &desk.vault).expect("opens");
    assert_eq!(again.user(&weber).expect("there").refused_sign_ins, 2, "it survives a restart");
    again.give_password(&weber, &SecretString::from("Winter2026!"), "test", at(5)).expect("given");
    let user = ledger.user(&weber).expect("there");
    assert_eq!((user.refused_sign_ins, user.parked, user.link), (0, None, LinkState::Active));
    let password = ledger.password(&weber).expect("read").expect("given");
    assert_eq!(password.expose_secret(), "Winter2026!");
}

#[test]
fn a_removed_users_mirror_sleeps_until_the_mailbox_comes_back() {
    let (desk, weber) = with_active_user();
    let ledger = &desk.ledger;
    let mailbox = desk.mailbox();
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(1));
    ledger.remove_user(&weber, WhatRemains::Mirror, "test", at(2)).expect("removed");
    assert!(ledger.password(&weber).expect("read").is_none(), "the secret is forgotten");
    let size = |at_time| ledger.firm_spent(at_time).expect("read")[&Kind::Event].size_at_start;
    assert_eq!(size(at(100_000)), 0, "what sleeps does not count for the firm");
    ledger.add_user(&name("huber"), &details("huber@example.org"), "test", at(3)).expect("added");
    ledger.set_user_mailbox(&name("huber"), desk.mailbox()).expect("the same mailbox");
    assert_eq!(ledger.mirror_all(mailbox).expect("read").entries.len(), 1);
    assert_eq!(size(at(100_000)), 1);
}

#[test]
fn a_forgotten_mailbox_leaves_nothing_and_a_shared_one_stays() {
    let (desk, weber) = with_active_user();
    let ledger = &desk.ledger;
    let mailbox = desk.mailbox();
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(1));
    let huber = name("huber");
    ledger.add_user(&huber, &details("weber@example.org"), "test", at(3)).expect("added");
    ledger.set_user_mailbox(&huber, mailbox).expect("a second link into it");
    ledger.remove_user(&weber, WhatRemains::Nothing, "test", at(4)).expect("removed");
    assert_eq!(ledger.mirror_all(mailbox).expect("read").entries.len(), 1, "the other link feeds it");
    ledger.remove_user(&huber, WhatRemains::Nothing, "test", at(5)).expect("removed");
    assert!(matches!(ledger.mailbox_identity(mailbox), Err(LedgerError::NoSuchMailbox(_))));
    assert_eq!(ledger.mirror_all(mailbox).expect("read").entries.len(), 0);
    assert_ne!(desk.mailbox(), mailbox, "a number is never used again");
}

#[test]
fn everything_done_to_a_link_is_in_the_audit_trail_and_stays_there() {
    let (desk, weber) = with_active_user();
    desk.ledger.audit("anna", Some(&weber), "sent a code", at(8)).expect("added");
    desk.ledger.audit("anna", None, "looked around", at(9)).expect("added");
    let trail = desk.ledger.audit_trail(Some(&weber), 100).expect("read");
    let events: Vec<_> = trail.iter().rev().map(|entry| entry.event.as_str()).collect();
    assert_eq!(
        events,
        [
            "added, for person `AW` and mailbox `weber@example.org`",
            "gave a secret to sign in with",
            "link went from linked to confirming",
            "link went from confirming to active",
            "confirmed with an authenticator app",
            "sent a code",
        ]
    );
    assert_eq!(desk.ledger.audit_trail(None, 1).expect("read").first().map(|entry| entry.at), Some(at(9)));
    for statement in ["DELETE FROM audit", "UPDATE audit SET event = ''"] {
        let tried = desk.ledger.write(|transaction| Ok(transaction.execute(statement, [])?));
        assert!(tried.is_err(), "{statement}");
    }
}
