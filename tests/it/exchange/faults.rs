//! Everything that the simulator can do wrong, and what the engine is told about it.

use std::time::Duration;

use pocketdocket::{
    diagnosis::Cause,
    ports::{Failure, FailureKind, ItemOutcome},
    simulator::{Fault, FaultRule, SignInOffer},
};

use super::*;

async fn create_three(place: &Place) -> Result<Vec<ItemOutcome<ItemRef>>, Failure> {
    let folder = place.mailbox.folder(Kind::Task).await.unwrap().id;
    let items: Vec<NewItem> = ["a", "b", "c"].map(|name| new_item(full(Kind::Task), name)).into();
    place.mailbox.create(&folder, &items).await
}

/// Creates three tasks while `CreateItem` goes wrong once. Yields what was said and how many tasks are there.
async fn create_amid(fault: Fault) -> (Result<Vec<ItemOutcome<ItemRef>>, Failure>, usize) {
    let place = Place::new(Dialect::Strict).await;
    place.simulator.faults().add(FaultRule::new(fault).on("CreateItem").times(1));
    let outcome = create_three(&place).await;
    let stored = place.simulator.mailbox(WEBER).unwrap().tasks().len();
    (outcome, stored)
}

#[tokio::test]
async fn a_lost_reply_a_half_batch_and_a_cut_answer_are_told_as_unknown_and_not_repeated() {
    for (fault, stored) in [
        (Fault::LostReply, 3),
        (Fault::HalfBatch { stored: 2 }, 2),
        (Fault::TruncatedBody { bytes: 200 }, 3),
        (Fault::Slow { milliseconds: 6000 }, 3),
    ] {
        let (outcome, there) = create_amid(fault.clone()).await;
        assert_eq!(outcome.unwrap_err().kind, FailureKind::Transient, "{fault:?}");
        // A slow server may still be at it.
        assert!(there == stored || matches!(fault, Fault::Slow { .. }), "{fault:?}: {there}");
    }
}

#[tokio::test]
async fn each_refusal_is_told_by_its_kind() {
    for (fault, kind) in [
        (Fault::Busy { back_off_milliseconds: 60_000 }, FailureKind::Throttled),
        (Fault::Unavailable { retry_after_seconds: Some(30) }, FailureKind::Throttled),
        (Fault::Unavailable { retry_after_seconds: None }, FailureKind::Throttled),
        (Fault::MailboxMoving, FailureKind::Transient),
        (Fault::EwsOff, FailureKind::Forbidden),
        (Fault::PoisonItem { text: "subject".to_owned() }, FailureKind::BatchRefused),
    ] {
        let (outcome, stored) = create_amid(fault.clone()).await;
        let failure = outcome.unwrap_err();
        assert_eq!((failure.kind, stored), (kind, 0), "{fault:?}: {}", failure.chain());
        match fault {
            Fault::Busy { .. } => assert_eq!(failure.retry_after, Some(Duration::from_mins(1))),
            Fault::Unavailable { retry_after_seconds: Some(seconds) } => {
                assert_eq!(failure.retry_after, Some(Duration::from_secs(seconds)));
            }
            Fault::Unavailable { .. } => assert!(failure.retry_after >= Some(Duration::from_mins(1))),
            Fault::EwsOff => assert!(failure.hint.is_some()),
            _ => {}
        }
    }
}

#[tokio::test]
async fn whoever_answers_in_between_is_named_alike_over_both_protocols() {
    for face in STRICT_FACES {
        let place = Place::of(face).await;
        for (fault, cause) in [
            (Fault::CaptivePortal, Cause::AnsweredByAnother),
            (Fault::ProxyLogin, Cause::AnsweredByAnother),
            (Fault::Downgrade, Cause::AnsweredByAnother),
            (Fault::BadGateway, Cause::ProviderTrouble),
        ] {
            place.simulator.faults().add(FaultRule::new(fault.clone()));
            let failure = place.mailbox.identity().await.unwrap_err();
            assert_eq!(failure.cause, Some(cause), "{fault:?} over {face:?}: {}", failure.chain());
            place.simulator.faults().clear();
        }
        for fault in [Fault::JsonBomb, Fault::XmlBomb, Fault::Endless] {
            place.simulator.faults().add(FaultRule::new(fault.clone()));
            let failure = place.mailbox.identity().await.unwrap_err();
            assert!(!failure.chain().is_empty(), "{fault:?} over {face:?}");
            place.simulator.faults().clear();
        }
        place.mailbox.identity().await.unwrap();
    }
}

#[tokio::test]
async fn single_items_are_refused_alone() {
    let (outcome, _) = create_amid(Fault::QuotaExceeded).await;
    assert!(
        outcome.unwrap().iter().all(|outcome| matches!(outcome, Err(failure) if failure.kind == FailureKind::Full))
    );
    let refused = Fault::ItemRefused { text: stamp(Kind::Task, "b").to_string(), code: "ErrorCorruptData".to_owned() };
    let (outcome, stored) = create_amid(refused).await;
    let kinds: Vec<_> = outcome.unwrap().into_iter().map(|outcome| outcome.err().map(|failure| failure.kind)).collect();
    assert_eq!((kinds, stored), (vec![None, Some(FailureKind::Rejected), None], 2));
}

#[tokio::test]
async fn an_invalid_sync_state_asks_for_a_full_observation() {
    let place = Place::new(Dialect::Strict).await;
    let folder = place.mailbox.folder(Kind::Task).await.unwrap().id;
    let token = place.mailbox.changes(&folder, None).await.unwrap().next;
    place.simulator.faults().add(FaultRule::new(Fault::InvalidSyncState));
    let failure = place.mailbox.changes(&folder, Some(&token)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TokenExpired);
}

#[tokio::test]
async fn a_401_under_load_is_ridden_out_and_a_wrong_password_is_tried_once() {
    let place = Place::new(Dialect::Strict).await;
    assert!(place.mailbox.identity().await.is_ok());
    let busy = Fault::Unavailable { retry_after_seconds: Some(0) };
    place.simulator.faults().add(FaultRule::new(busy).times(1));
    assert!(place.mailbox.identity().await.is_err());
    place.simulator.faults().add(FaultRule::new(Fault::UnauthorizedBecauseBusy).times(1));
    assert!(place.mailbox.identity().await.is_ok());
    let wrong = mailbox(&place.simulator, &Settings::default(), "wrong");
    for tries in 1..3 {
        let failure = wrong.identity().await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unauthorized);
        assert!(failure.hint.is_some() && !failure.chain().contains("wrong@"));
        assert_eq!(place.simulator.refused_sign_ins(WEBER), tries, "each call asks once");
    }
}

#[tokio::test]
async fn an_expired_password_and_a_server_without_basic_are_named() {
    let place = Place::new(Dialect::Strict).await;
    place.simulator.faults().add(FaultRule::new(Fault::PasswordExpired));
    let failure = place.mailbox.identity().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert!(failure.chain().contains("expired"), "{}", failure.chain());
    let settings = simulator::Settings {
        accounts: vec![Account::simple(WEBER)],
        offer: SignInOffer::WindowsOnly,
        ..simulator::Settings::default()
    };
    let windows = Simulator::start(settings).await.unwrap();
    let failure = mailbox(&windows, &Settings::default(), PASSWORD).identity().await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert!(failure.chain().contains("Negotiate") && failure.chain().contains("NTLM"), "{}", failure.chain());
}

#[tokio::test]
async fn a_login_for_another_mailbox_is_refused_and_not_led_to_its_own() {
    let place = Place::new(Dialect::Strict).await;
    let huber = "huber@kanzlei.example";
    place.simulator.add_mailbox(huber, huber, PASSWORD.into()).unwrap();
    let settings = Settings::default();
    let link = settings.link(WEBER, Some(&place.simulator.ews_url()), "Europe/Zurich").unwrap();
    let basic = Arc::new(Basic::new(huber, &PASSWORD.into()).unwrap());
    let stranger = EwsMailbox::connect(&settings, link, basic, Arc::new(Shared::new(&settings).unwrap())).unwrap();
    let failure = stranger.folder(Kind::Contact).await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Forbidden | FailureKind::NotFound), "{}", failure.chain());
}
