//! Moving from one EWS server to another, by a firm whose clock is turned: what was known is known there, and the way back is open
//! for fourteen days.

use jiff::SignedDuration;
use pocketdocket::{
    domain::{FolderId, Kind},
    ports::{MailboxIdentity, Owner},
    simulator::{self, PASSWORD, Running, Simulator},
    state::{ConfirmationWay, LinkState, Move, MoveStage, UserDetails, UserName},
};

use super::{
    doors::{Doors, is_of_ews_alone},
    firm::{Firm, address, name, text},
};

/// The same server by another name is another server, as far as anybody can tell.
fn other_name(url: &str) -> String {
    url.replace("127.0.0.1", "localhost")
}

impl Firm {
    /// A second way into the mailbox, proven and confirmed.
    fn enter_a_door(&self, user: &str) -> UserName {
        let mailbox = self.ledger.user(&name(user)).expect("known").mailbox.expect("proven");
        let here = self.ledger.mailbox_identity(mailbox).expect("known");
        let there = MailboxIdentity { server: "localhost".to_owned(), ..here };
        self.enter_a_door_to(user, &other_name(&self.sim.ews_url()), &there)
    }

    /// A way to this address, which was proven to lead into this mailbox, and confirmed.
    fn enter_a_door_to(&self, user: &str, url: &str, there: &MailboxIdentity) -> UserName {
        let (ledger, now) = (&self.ledger, self.now());
        let present = ledger.user(&name(user)).expect("known");
        let door = Move::door_name(&name(user)).expect("short enough");
        let details = UserDetails { url: Some(url.to_owned()), ..present.details };
        ledger.begin_move(&name(user), &door, &details, "test", now).expect("begun");
        ledger.give_password(&door, &PASSWORD.into(), "test", now).expect("kept");
        ledger.set_link_state(&door, LinkState::Confirming, "test", now).expect("a step");
        ledger.set_user_mailbox(&door, ledger.mailbox_for(there, now).expect("a number")).expect("kept");
        ledger.confirm(&door, ConfirmationWay::Mailbox, "test", now).expect("a step");
        door
    }

    /// A way into a mailbox of another server, into which nothing travelled.
    async fn enter_a_door_to_an_empty_mailbox(&self, user: &str) -> Running {
        let other = Simulator::start(simulator::Settings::default().with_mailbox(&address(user))).await;
        let other = other.expect("a simulator");
        let url = other_name(&other.ews_url());
        let mut there = self.ledger.user(&name(user)).expect("known");
        there.details.url = Some(url.clone());
        let identity = Doors::new(&other, &self.ledger).of(&other, &there).await.identity().await.expect("a mailbox");
        self.enter_a_door_to(user, &url, &identity);
        other
    }

    /// Somebody wants the switch, and it is not made: why not.
    async fn does_not_move(&self, user: &str) -> String {
        let (server, writes) = (self.server(user), self.writes(user));
        self.ledger.ask_move(&name(user), false, "test", self.now()).expect("asked");
        self.tick().await;
        let task = self.ledger.move_of(&name(user)).expect("readable").expect("there");
        assert_ne!(task.stage, MoveStage::Moved, "it went");
        assert_eq!((self.server(user), self.writes(user)), (server, writes), "nothing was changed");
        task.trouble.expect("it says why")
    }

    async fn moves(&self, user: &str) {
        self.ledger.ask_move(&name(user), false, "test", self.now()).expect("asked");
        self.tick().await;
        let task = self.ledger.move_of(&name(user)).expect("readable").expect("there");
        assert_eq!((task.stage, task.trouble), (MoveStage::Moved, None));
    }

    fn server(&self, user: &str) -> String {
        let mailbox = self.ledger.user(&name(user)).expect("known").mailbox.expect("proven");
        self.ledger.mailbox_identity(mailbox).expect("known").server
    }
}

async fn settled() -> Firm {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 20);
    firm.sql("INSERT INTO tasks (id, person, subject, due) VALUES ('t', 'weber', 'File the appeal', '2026-12-01')");
    firm.first_sync().await;
    firm
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_known_is_known_on_the_other_server_and_on_the_way_back_after_thirteen_days() {
    if is_of_ews_alone() {
        return;
    }
    let firm = settled().await;
    firm.enter_a_door("weber");
    let before = firm.writes("weber");
    firm.moves("weber").await;
    assert_eq!(firm.server("weber"), "localhost");
    firm.assert_quiet("weber").await;
    assert_eq!(firm.writes("weber"), before, "nothing was written for it");
    firm.sql("UPDATE events SET subject = 'Another' WHERE id = 'e1'");
    firm.tick().await;
    assert_eq!(firm.writes("weber"), before + 1, "the same item is changed");

    firm.pass_time(SignedDuration::from_hours(13 * 24));
    firm.tick().await;
    let before = firm.writes("weber");
    firm.moves("weber").await;
    assert_eq!(firm.server("weber"), "127.0.0.1");
    firm.assert_quiet("weber").await;
    assert_eq!(firm.writes("weber"), before);
    firm.assert_nothing_doubled("weber");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_fifteen_days_the_service_has_forgotten_the_way_before() {
    if is_of_ews_alone() {
        return;
    }
    let firm = settled().await;
    let door = firm.enter_a_door("weber");
    firm.moves("weber").await;
    let kept = |firm: &Firm| firm.ledger.open_secret(&format!("user/{door}/password")).expect("readable").is_some();
    firm.pass_time(SignedDuration::from_hours(13 * 24));
    firm.tick().await;
    assert!(kept(&firm), "on the thirteenth day");
    firm.pass_time(SignedDuration::from_hours(2 * 24));
    firm.tick().await;
    assert!(!kept(&firm) && firm.ledger.move_of(&name("weber")).expect("readable").is_none());
    firm.assert_quiet("weber").await;
    assert_eq!(firm.server("weber"), "localhost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_parked_moves_all_the_same_and_goes_on_there() {
    if is_of_ews_alone() {
        return;
    }
    let firm = settled().await;
    firm.enter_a_door("weber");
    firm.ledger.park(&name("weber"), "EWS is switched off", "move", firm.now()).expect("parked");
    firm.moves("weber").await;
    assert_eq!(firm.ledger.user(&name("weber")).expect("known").parked, None);
    firm.event("new", "weber", "After the move", 5);
    firm.tick().await;
    assert!(firm.subjects("weber").contains(&"After the move".to_owned()));
    firm.assert_nothing_doubled("weber");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_mailbox_than_the_confirmed_one_is_not_moved_into() {
    if is_of_ews_alone() {
        return;
    }
    let firm = settled().await;
    let another = MailboxIdentity { server: "localhost".to_owned(), root: FolderId("another".to_owned()) };
    firm.enter_a_door_to("weber", &other_name(&firm.sim.ews_url()), &another);
    let why = firm.does_not_move("weber").await;
    assert!(why.contains("another mailbox answers than the one that was confirmed"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_to_the_same_place_is_no_move() {
    if is_of_ews_alone() {
        return;
    }
    let firm = settled().await;
    let mailbox = firm.ledger.user(&name("weber")).expect("known").mailbox.expect("proven");
    let here = firm.ledger.mailbox_identity(mailbox).expect("known");
    firm.enter_a_door_to("weber", &firm.sim.ews_url(), &here);
    let why = firm.does_not_move("weber").await;
    assert!(why.contains("leads to the very place where it is now"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_mailbox_is_not_moved_into_whoever_asks_the_engine() {
    if is_of_ews_alone() {
        return;
    }
    let firm = settled().await;
    let other = firm.enter_a_door_to_an_empty_mailbox("weber").await;
    let why = firm.does_not_move("weber").await;
    assert!(why.contains("none of our items is in the new place"), "{why}");
    assert_eq!(other.mailbox(&address("weber")).expect("a mailbox").items.len(), 0);
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_another_ledger_writes_nobody_moves_into() {
    if is_of_ews_alone() {
        return;
    }
    let firm = settled().await;
    firm.enter_a_door("weber");
    let user = firm.ledger.user(&name("weber")).expect("known");
    let mailbox = Doors::new(&firm.sim, &firm.ledger).of(&firm.sim, &user).await;
    let tasks = mailbox.folder(Kind::Task).await.expect("a folder");
    mailbox.claim(&tasks.id, Kind::Task, &Owner("of/somebody/else".to_owned())).await.expect("claimed");
    let why = firm.does_not_move("weber").await;
    assert!(why.contains("another Pocket Docket (`of/somebody/else`) writes there"), "{why}");
}

/// A firm in which the user moved an event of ours into a folder of hers.
async fn with_a_hearing_in_another_folder() -> Firm {
    let firm = Firm::of(&["weber"]).await;
    firm.event("1", "weber", "Hearing", 3);
    firm.first_sync().await;
    let phone = firm.sim.phone(&address("weber"));
    phone.make_folder("Court dates", Kind::Event).expect("made");
    let view = firm.mailbox("weber");
    let hearing = view.events().into_iter().find(|event| text(event, "item:Subject") == "Hearing").expect("is there");
    phone.move_to(&hearing.id, "Court dates").expect("moved");
    firm.later().await;
    firm
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_user_moved_into_another_folder_is_found_there_after_the_move() {
    if is_of_ews_alone() {
        return;
    }
    let firm = with_a_hearing_in_another_folder().await;
    firm.enter_a_door("weber");
    firm.moves("weber").await;
    firm.assert_quiet("weber").await;
    firm.assert_nothing_doubled("weber");
    firm.sql("UPDATE events SET subject = 'Hearing, room 9' WHERE id = '1'");
    firm.later().await;
    assert_eq!(firm.subjects("weber"), ["Hearing, room 9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_user_moved_into_another_folder_is_not_taken_for_deleted() {
    if is_of_ews_alone() {
        return;
    }
    let firm = with_a_hearing_in_another_folder().await;
    let _other = firm.enter_a_door_to_an_empty_mailbox("weber").await;
    let why = firm.does_not_move("weber").await;
    assert!(why.contains("none of our items is in the new place"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_mailbox_at_the_present_address_does_not_hold_is_not_taken_for_deleted() {
    if is_of_ews_alone() {
        return;
    }
    let firm = settled().await;
    let _other = firm.enter_a_door_to_an_empty_mailbox("weber").await;
    // The provider put another mailbox in its place: the ledger knows one that does not answer any more, and items that nobody has.
    let ledger = rusqlite::Connection::open(firm.folder.path().join("data/ledger.db")).expect("the ledger");
    ledger.busy_timeout(std::time::Duration::from_secs(5)).expect("a setting");
    ledger.execute("UPDATE mailbox SET root = 'before' WHERE server = '127.0.0.1'", []).expect("changed");
    let phone = firm.sim.phone(&address("weber"));
    for item in firm.mailbox("weber").items.iter().filter(|item| item.stamp.is_some()) {
        phone.delete_for_good(&item.id).expect("deleted");
    }
    let why = firm.does_not_move("weber").await;
    assert!(why.contains("none of our items is in the new place"), "{why}");
}
