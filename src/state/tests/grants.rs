//! Grants: one at a time, the newer one wins, and what a person gave goes with them.

use secrecy::{ExposeSecret, SecretString};

use super::*;

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

fn by_oauth(address: &str) -> UserDetails {
    UserDetails { method: AuthMethod::OAuth, ..details(address) }
}

fn granted() -> (Desk, UserName) {
    let desk = Desk::new();
    let weber = name("weber");
    desk.ledger.add_user(&weber, &by_oauth("weber@example.org"), "test", at(0)).expect("added");
    desk.ledger.give_grant(&weber, &secret("first"), "test", at(1)).expect("given");
    (desk, weber)
}

/// The token that this claimer gets, if it gets one.
fn claim(ledger: &Ledger, name: &UserName, holder: &str, now: i64) -> Option<String> {
    match ledger.claim_grant(name, holder, at(now), at(now + 60)).expect("claimed") {
        GrantClaim::Taken { refresh, .. } => Some(refresh.expose_secret().to_owned()),
        GrantClaim::Busy | GrantClaim::Missing => None,
    }
}

#[test]
fn a_grant_links_and_is_claimed_by_one_at_a_time_also_from_another_process() {
    let (desk, weber) = granted();
    assert_eq!(desk.ledger.user(&weber).expect("there").link, LinkState::Linked);
    let other = Ledger::open(desk.folder.path(), &desk.vault).expect("opens");
    assert_eq!(claim(&desk.ledger, &weber, "daemon", 10).as_deref(), Some("first"));
    assert_eq!(claim(&other, &weber, "command", 11), None);
    assert!(desk.ledger.renew_grant(&weber, "daemon", Some(&secret("second")), at(12)).expect("renewed"));
    assert_eq!(claim(&other, &weber, "command", 13).as_deref(), Some("second"));
    other.release_grant(&weber, "command").expect("released");
    assert_eq!(other.grant(&weber).expect("read"), Some(Grant { given: at(1), used: at(12) }));
}

#[test]
fn a_claim_that_was_left_behind_ends_by_itself_even_if_the_clock_was_set_back() {
    let (desk, weber) = granted();
    assert!(claim(&desk.ledger, &weber, "died", 1000).is_some());
    assert_eq!(claim(&desk.ledger, &weber, "next", 1059), None);
    assert!(claim(&desk.ledger, &weber, "next", 1060).is_some());
    assert!(claim(&desk.ledger, &weber, "after the clock was set back", 100).is_some());
}

#[test]
fn a_newer_sign_in_wins_over_an_exchange_that_is_under_way() {
    let (desk, weber) = granted();
    assert!(claim(&desk.ledger, &weber, "daemon", 10).is_some());
    desk.ledger.give_grant(&weber, &secret("newer"), "test", at(11)).expect("given");
    assert!(!desk.ledger.renew_grant(&weber, "daemon", Some(&secret("late")), at(12)).expect("refused"));
    desk.ledger.release_grant(&weber, "daemon").expect("nothing to release");
    assert_eq!(claim(&desk.ledger, &weber, "next", 13).as_deref(), Some("newer"));
}

#[test]
fn another_method_or_account_forgets_what_was_given_and_a_removed_user_leaves_nothing() {
    let changes: [fn(&mut UserDetails); 3] = [
        |details| details.method = AuthMethod::Password,
        |details| details.login = "huber@example.org".into(),
        |details| details.address = "huber@example.org".into(),
    ];
    for change in changes {
        let (desk, weber) = granted();
        let mut details = by_oauth("weber@example.org");
        change(&mut details);
        desk.ledger.update_user(&weber, &details, "test", at(5)).expect("changed");
        assert_eq!(desk.ledger.user(&weber).expect("there").link, LinkState::Invited, "{details:?}");
        assert_eq!(desk.ledger.open_secret("user/weber/refresh").expect("read").map(|_| ()), None);
        assert_eq!(claim(&desk.ledger, &weber, "x", 10), None);
    }
    let (desk, weber) = granted();
    let person = UserDetails { person: PersonId("EH".into()), ..by_oauth("weber@example.org") };
    desk.ledger.update_user(&weber, &person, "test", at(5)).expect("changed");
    assert_eq!(desk.ledger.user(&weber).expect("there").link, LinkState::Linked, "the same account");
    desk.ledger.remove_user(&weber, WhatRemains::Nothing, "test", at(6)).expect("removed");
    assert_eq!(desk.ledger.open_secret("user/weber/refresh").expect("read").map(|_| ()), None);
    assert_eq!(desk.ledger.grant(&weber).expect("read"), None);
}

#[test]
fn days_left_slide_with_every_use() {
    let grant = Grant { given: at(0), used: at(0) };
    let day = 24 * 3600;
    assert_eq!(grant.days_left(at(0)), 90);
    assert_eq!(grant.days_left(at(80 * day + 1)), 9);
    assert_eq!(grant.days_left(at(200 * day)), 0);
}
