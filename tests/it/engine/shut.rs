//! A mailbox that does not let us into its tasks: they are left out and asked for again, the others go on.

use jiff::SignedDuration;
use pocketdocket::{
    domain::Kind,
    plan::HoldReason,
    simulator::{self, Fault, FaultRule},
    state::Shut,
};

use super::firm::{Firm, address, name, text};

fn shut(firm: &Firm) -> Vec<Shut> {
    firm.status("weber").shut
}

/// What tasks are called that are on the phone.
fn tasks(firm: &Firm) -> Vec<String> {
    firm.mailbox("weber").tasks().iter().map(|task| text(task, "item:Subject")).collect()
}

fn task(firm: &Firm, id: &str) {
    firm.sql(&format!("INSERT INTO tasks (id, person, subject, due) VALUES ('{id}', 'weber', '{id}', '2026-12-04')"));
}

async fn firm() -> Firm {
    let firm = Firm::over_graph(&["weber"], simulator::Settings::default()).await;
    firm.event("1", "weber", "Hearing", 3);
    task(&firm, "first");
    firm
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_the_tenant_forbids_are_left_out_and_the_others_go_on() {
    let firm = firm().await;
    firm.first_sync().await;
    assert_eq!((firm.subjects("weber").len(), tasks(&firm).len(), shut(&firm)), (1, 1, Vec::new()));
    firm.sim.faults().add(FaultRule::new(Fault::TasksForbidden));
    firm.sql("UPDATE events SET subject = 'Hearing moved'; UPDATE tasks SET subject = 'first changed'");
    let report = firm.later().await;
    assert_eq!(report.cycles[0].trouble, None, "the pass goes on");
    assert!(firm.subjects("weber").contains(&"Hearing moved".to_owned()));
    assert!(tasks(&firm).contains(&"first".to_owned()), "what is there stays");
    let told = shut(&firm);
    assert!(matches!(told.as_slice(), [Shut { kind: Kind::Task, tries: 1, .. }]), "{told:?}");
    let words = told[0].words();
    assert!(words.contains("tasks are left out") && words.contains("Tasks.ReadWrite"), "who can do what: {words}");
    assert!(firm.status("weber").needs_person() && firm.status("weber").diagnosis.is_none());
    // A quiet tick asks nothing; what lies in the forbidden kind does not keep the mailbox awake.
    let before = firm.mailbox("weber").counts.all_requests();
    firm.tick().await;
    assert_eq!(firm.mailbox("weber").counts.all_requests(), before);
    // Asked again with growing pauses.
    for (minutes, tries) in [(16, 2), (30, 2), (31, 3), (180, 3), (61, 4)] {
        firm.pass_time(SignedDuration::from_mins(minutes));
        firm.tick().await;
        assert_eq!(shut(&firm)[0].tries, tries, "after {minutes} more minutes");
    }
    assert_eq!(firm.holds(), []);
    let trail = firm.ledger.audit_trail(Some(&name("weber")), 50).expect("readable");
    assert_eq!(trail.iter().filter(|entry| entry.event.contains("left out")).count(), 1, "{trail:?}");
    firm.sim.faults().clear();
    firm.pass_time(SignedDuration::from_hours(25));
    firm.tick().await;
    assert_eq!(shut(&firm), []);
    assert!(tasks(&firm).contains(&"first changed".to_owned()), "{:?}", tasks(&firm));
    assert_eq!(firm.holds(), []);
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_are_let_in_later_show_their_first_plan_and_take_nothing_twice() {
    let firm = firm().await;
    firm.sim.faults().add(FaultRule::new(Fault::TasksForbidden));
    firm.first_sync().await;
    assert_eq!(firm.subjects("weber"), ["Hearing"]);
    // What an earlier sync left there must not be doubled when tasks are let in.
    let own = [("item:Subject", "first"), ("task:DueDate", "2026-12-04T00:00:00Z")];
    firm.sim.phone(&address("weber")).add(Kind::Task, &own).expect("added");
    firm.sim.faults().clear();
    firm.pass_time(SignedDuration::from_hours(1));
    firm.tick().await;
    assert_eq!(shut(&firm), []);
    let reasons = firm.hold_reasons();
    assert!(
        reasons.iter().any(|reason| matches!(reason, HoldReason::FirstWrite | HoldReason::LooksAlreadyThere { .. })),
        "{reasons:?}"
    );
    assert_eq!(firm.mailbox("weber").items.iter().filter(|item| item.stamp.is_some()).count(), 1, "the event alone");
    task(&firm, "second");
    firm.event("2", "weber", "Another hearing", 4);
    firm.tick().await;
    assert!(firm.subjects("weber").contains(&"Another hearing".to_owned()), "the others do not wait for it");
    assert!(!tasks(&firm).contains(&"second".to_owned()));
    firm.release_all();
    firm.tick().await;
    assert!(tasks(&firm).contains(&"second".to_owned()), "{:?}", tasks(&firm));
    task(&firm, "third");
    firm.tick().await;
    assert!(tasks(&firm).contains(&"third".to_owned()), "a first plan is shown once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_401_for_tasks_alone_is_no_bad_sign_in_and_a_kind_that_nobody_wants_is_no_news() {
    let mut firm = firm().await;
    firm.first_sync().await;
    firm.sim.faults().add(FaultRule::new(Fault::UnauthorizedBecauseBusy).on("FindFolder"));
    firm.later().await;
    assert!(matches!(shut(&firm).as_slice(), [Shut { kind: Kind::Task, .. }]), "{:?}", shut(&firm));
    assert_eq!(firm.status("weber").user.parked, None);
    firm.sim.faults().clear();
    firm.sim.faults().add(FaultRule::new(Fault::TasksForbidden));
    firm.set("weber", serde_json::json!({ "kinds": ["event", "contact"] }));
    firm.pass_time(SignedDuration::from_mins(16));
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(shut(&firm), []);
}
