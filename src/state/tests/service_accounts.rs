//! Service accounts: one truth for everybody who goes through one.

use super::*;
use crate::state::{AccountDetails, AccountName, ConfirmationWay, GrantClaim, LedgerError, LinkState, ReconfirmWhy};

fn account(text: &str) -> AccountName {
    text.parse().expect("a name")
}

fn dienst() -> AccountDetails {
    AccountDetails {
        login: "KANZLEI\\dienst".into(),
        method: AuthMethod::Windows,
        protocol: Protocol::Ews,
        url: Some("https://mail.example.org/EWS/Exchange.asmx".into()),
    }
}

/// A ledger with a service account and these users through it, active.
fn with_users(names: &[&str]) -> (Desk, AccountName) {
    let desk = Desk::new();
    let exchange = account("exchange");
    desk.ledger.add_service_account(&exchange, &dienst(), "test", at(0)).expect("added");
    desk.ledger.give_account_password(&exchange, &"one".into(), "test", at(0)).expect("given");
    for (number, user) in names.iter().enumerate() {
        let user = name(user);
        let details = details(&format!("{user}@example.org")).through(&exchange, &dienst());
        desk.ledger.add_user(&user, &details, "test", at(1)).expect("added");
        let identity = identity(&number.to_string());
        let mailbox = desk.ledger.mailbox_for(&identity, at(1)).expect("known");
        desk.ledger.verified(&user, mailbox, "test", at(1)).expect("reached");
        desk.ledger.reached_through_account(&user, "test", at(1)).expect("linked");
        desk.ledger.confirm(&user, ConfirmationWay::Mailbox, "test", at(2)).expect("confirmed");
    }
    (desk, exchange)
}

fn identity(root: &str) -> crate::ports::MailboxIdentity {
    crate::ports::MailboxIdentity { server: "mail.example.org".into(), root: crate::domain::FolderId(root.into()) }
}

#[test]
fn a_user_has_login_method_and_address_of_the_account_and_no_secret_of_their_own() {
    let (desk, exchange) = with_users(&["weber"]);
    let weber = desk.ledger.user(&name("weber")).expect("there");
    assert_eq!((weber.details.login.as_str(), weber.details.method), ("KANZLEI\\dienst", AuthMethod::Windows));
    assert_eq!(weber.details.url, dienst().url);
    assert_eq!(weber.link, LinkState::Active);
    assert_eq!(weber.link_command(), "pocketdocket service-account link exchange");
    assert!(weber.details.way().contains("through service account exchange"));
    assert!(desk.ledger.password(&name("weber")).expect("read").is_none());
    let secret = desk.ledger.password_of(&weber).expect("read").expect("the account's");
    assert_eq!(secrecy::ExposeSecret::expose_secret(&secret), "one");
    assert_eq!(desk.ledger.users_through(&exchange).expect("read"), [weber]);
}

#[test]
fn a_new_secret_serves_everybody_and_asks_nobody_to_confirm_anew() {
    let (desk, exchange) = with_users(&["kaya", "weber"]);
    let ledger = &desk.ledger;
    for user in ["kaya", "weber"] {
        ledger.count_refused_sign_in(&name(user), at(3)).expect("counted");
        ledger.park(&name(user), "wrong password", "give the right one", at(3)).expect("parked");
    }
    assert_eq!(ledger.active_users().expect("read"), []);
    ledger.give_account_password(&exchange, &"two".into(), "test", at(4)).expect("given");
    for user in ledger.users().expect("read") {
        assert_eq!((user.link, user.refused_sign_ins, user.reconfirm), (LinkState::Active, 0, None), "{}", user.name);
        assert!(user.parked.is_none() && user.confirmed.is_some(), "{}", user.name);
    }
    assert_eq!(ledger.service_account(&exchange).expect("there").secret_given, Some(at(4)));
}

#[test]
fn another_login_of_the_account_lets_every_link_stand_still_until_its_mailbox_was_seen() {
    let (desk, exchange) = with_users(&["kaya", "weber"]);
    let ledger = &desk.ledger;
    let other = AccountDetails { login: "KANZLEI\\anders".into(), method: AuthMethod::Password, ..dienst() };
    ledger.change_service_account(&exchange, &other, "test", at(3)).expect("changed");
    for user in ledger.users().expect("read") {
        assert_eq!((user.link, user.details.login.as_str()), (LinkState::Linked, "KANZLEI\\anders"));
        assert_eq!(user.reconfirm.map(|reconfirm| reconfirm.why), Some(ReconfirmWhy::NewAddress));
        let mailbox = user.mailbox.expect("known");
        ledger.verified(&user.name, mailbox, "test", at(4)).expect("seen");
        assert_eq!(ledger.user(&user.name).expect("there").link, LinkState::Active);
    }
    assert!(ledger.account_password(&exchange).expect("read").is_some(), "the same kind of secret is kept");
    let oauth = AccountDetails { method: AuthMethod::OAuth, ..other };
    ledger.change_service_account(&exchange, &oauth, "test", at(5)).expect("changed");
    assert!(ledger.account_password(&exchange).expect("read").is_none(), "a password is no grant");
    assert_eq!(ledger.service_account(&exchange).expect("there").secret_given, None);
}

#[test]
fn to_and_from_a_service_account_a_link_begins_anew() {
    let (desk, exchange) = with_users(&["weber"]);
    let (ledger, weber) = (&desk.ledger, name("weber"));
    ledger.update_user(&weber, &details("weber@example.org"), "test", at(3)).expect("changed");
    let user = ledger.user(&weber).expect("there");
    assert_eq!((user.link, user.confirmed, user.mailbox), (LinkState::Invited, None, None));
    ledger.give_password(&weber, &"own".into(), "test", at(4)).expect("given");
    let through = details("weber@example.org").through(&exchange, &dienst());
    ledger.update_user(&weber, &through, "test", at(5)).expect("changed");
    assert_eq!(ledger.user(&weber).expect("there").link, LinkState::Invited);
    assert!(ledger.password(&weber).expect("read").is_none(), "the own password is forgotten");
}

#[test]
fn an_account_that_somebody_goes_through_is_not_removed_and_an_unknown_one_is_named() {
    let (desk, exchange) = with_users(&["weber"]);
    let ledger = &desk.ledger;
    let removed = ledger.remove_service_account(&exchange, "test", at(3));
    assert!(matches!(removed, Err(LedgerError::ServiceAccountInUse { user, .. }) if user == name("weber")));
    ledger.remove_user(&name("weber"), WhatRemains::Mirror, "test", at(4)).expect("removed");
    ledger.remove_service_account(&exchange, "test", at(5)).expect("removed");
    assert!(ledger.account_password(&exchange).expect("read").is_none(), "its secret is forgotten");
    let through = details("weber@example.org").through(&exchange, &dienst());
    let nobody = ledger.add_user(&name("weber"), &through, "test", at(6));
    assert!(matches!(nobody, Err(LedgerError::NoSuchServiceAccount(_))));
    ledger.add_service_account(&exchange, &dienst(), "test", at(7)).expect("added");
    let again = ledger.add_service_account(&exchange, &dienst(), "test", at(8));
    assert!(matches!(again, Err(LedgerError::ServiceAccountExists(_))));
}

#[test]
fn the_grant_of_an_account_is_claimed_by_one_and_kept_apart_from_users_grants() {
    let desk = Desk::new();
    let (ledger, online) = (&desk.ledger, account("online"));
    let details = AccountDetails { method: AuthMethod::OAuth, protocol: Protocol::Graph, url: None, ..dienst() };
    ledger.add_service_account(&online, &details, "test", at(0)).expect("added");
    assert!(matches!(ledger.claim_grant(&online, "a", at(0), at(60)).expect("asked"), GrantClaim::Missing));
    ledger.give_account_grant(&online, &"first".into(), "test", at(1)).expect("given");
    assert!(matches!(ledger.claim_grant(&online, "a", at(1), at(60)).expect("asked"), GrantClaim::Taken { .. }));
    assert!(matches!(ledger.claim_grant(&online, "b", at(1), at(60)).expect("asked"), GrantClaim::Busy));
    assert!(ledger.renew_grant(&online, "a", Some(&"second".into()), at(2)).expect("renewed"));
    assert_eq!(ledger.grant_generation(&online).expect("read"), Some(2));
    assert_eq!(
        ledger.account_grant(&online).expect("read").map(|grant| (grant.given, grant.used)),
        Some((at(1), at(2)))
    );
    ledger.remove_service_account(&online, "test", at(3)).expect("removed");
    assert_eq!(ledger.grant_generation(&online).expect("read"), None);
}
