//! Confirmations that must be given again: the sync goes on, somebody is told, and then the link is parked.

use jiff::SignedDuration;
use pocketdocket::{
    engine::{AlertSettings, Engine, Parts, Webhook},
    simulator::{Fault, FaultRule},
    state::{ConfirmationWay, NOT_CONFIRMED_AGAIN},
};
use secrecy::SecretString;

use super::{
    doors::is_of_ews_alone,
    firm::{Firm, address, name},
};
use crate::cli::webhook;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_goes_on_until_its_date_and_then_the_link_is_parked_with_everything_in_place() {
    let firm = Firm::of(&["weber", "kaya"]).await;
    firm.event("1", "weber", "His", 3);
    firm.event("2", "kaya", "Hers", 3);
    firm.first_sync().await;
    let weber = name("weber");
    firm.sim.add_mailbox(&address("weber"), &address("weber"), "another".into()).expect("an account");
    firm.ledger.give_password(&weber, &SecretString::from("another"), "test", firm.now()).expect("kept");
    firm.pass_time(SignedDuration::from_hours(13 * 24));
    firm.sql("UPDATE events SET subject = subject || ' moved'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["His moved"], "it goes on meanwhile");
    assert!(firm.status("weber").user.parked.is_none());
    firm.pass_time(SignedDuration::from_hours(24));
    firm.sql("UPDATE events SET subject = subject || ' again'");
    firm.tick().await;
    let parked = firm.status("weber").user.parked.expect("its date has passed");
    assert_eq!(parked.cause, NOT_CONFIRMED_AGAIN);
    assert!(parked.remedy.contains("user confirm weber"), "{}", parked.remedy);
    assert_eq!(firm.subjects("weber"), ["His moved"], "nothing is written, nothing is deleted");
    assert_eq!(firm.subjects("kaya"), ["Hers moved again"], "one user's trouble stays with that user");
    // A new secret or a resume does not help; a confirmation does.
    firm.ledger.unpark(&weber, "test", firm.now()).expect("resumed");
    firm.ledger.give_password(&weber, &SecretString::from("another"), "test", firm.now()).expect("kept");
    firm.later().await;
    assert!(firm.status("weber").user.parked.is_some());
    assert_eq!(firm.subjects("weber"), ["His moved"]);
    firm.ledger.confirm(&weber, ConfirmationWay::Authenticator, "test", firm.now()).expect("confirmed");
    firm.later().await;
    assert_eq!(firm.subjects("weber"), ["His moved again"]);
}

/// What an engine tells about somebody that begins with things as they are.
async fn told(firm: &Firm, webhook: &webhook::Webhook, subject: &str) -> Vec<String> {
    let alerts =
        AlertSettings { webhook: Some(Webhook::new(&webhook.address).expect("loopback")), ..AlertSettings::default() };
    Engine::new(Parts { alerts, ..firm.parts_on_a_copy() }).expect("good settings").tell().await;
    webhook.raised_about(subject)
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_told_before_the_date_and_when_it_has_passed_even_while_the_server_fails_for_everybody() {
    let firm = Firm::of(&["weber", "kaya", "adam"]).await;
    firm.first_sync().await;
    let webhook = webhook::Webhook::open();
    firm.ledger.give_password(&name("weber"), &SecretString::from("another"), "test", firm.now()).expect("kept");
    firm.sim.add_mailbox(&address("weber"), &address("weber"), "another".into()).expect("an account");
    for (days, within) in [(7, "within 7 days"), (4, "within 3 days"), (2, "within a day")] {
        firm.pass_time(SignedDuration::from_hours(24 * days));
        firm.tick().await;
        let raised = told(&firm, &webhook, "weber").await;
        assert!(matches!(&raised[..], [cause] if cause.contains(within)), "{days}: {raised:?}");
    }
    // The whole server fails, in a way that EWS alone has.
    if is_of_ews_alone() {
        return;
    }
    firm.sim.faults().add(FaultRule::new(Fault::EwsOff));
    firm.tick().await;
    firm.pass_time(SignedDuration::from_hours(24));
    firm.tick().await;
    assert_eq!(told(&firm, &webhook, "weber").await, [NOT_CONFIRMED_AGAIN]);
    let raised = told(&firm, &webhook, "127.0.0.1").await;
    assert!(matches!(&raised[..], [cause] if cause.contains("EWS is switched off")), "{raised:?}");
}
