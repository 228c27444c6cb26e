//! Moving a mailbox from EWS to Graph and back, by the commands, with the process ended at every point on the way: the same items
//! before and after, nothing created, nothing removed.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use pocketdocket::{
    domain::Kind,
    engine::crash_point,
    simulator::{
        self, AccountAction, Fault, FaultRule, GraphLimits, ItemView, Mfa, Property, Running, SignInOffer, Simulator,
    },
    state::{MoveStage, UserName},
};

use super::office::{ADDRESS, Office, shown};
use crate::{
    engine::doors::is_of_ews_alone,
    sign_in::person::{browser, signs_in},
};

/// A server that takes passwords over EWS and tokens over both.
fn exchange() -> simulator::Settings {
    // A move that is cut off at every point looks more often within minutes than any firm does in a day.
    let graph = GraphLimits { requests: 1_000_000, ..GraphLimits::default() };
    simulator::Settings { offer: SignInOffer::BasicAndOauth, graph, ..simulator::Settings::default() }
}

fn weber() -> UserName {
    "weber".parse().expect("a name")
}

/// What is removed or created, as the server counts it.
fn made_and_removed(office: &Office) -> (u64, u64) {
    let counts = office.mailbox().counts;
    let of = |operation: &str| counts.items.get(operation).copied().unwrap_or_default();
    (of("CreateItem"), of("DeleteItem") + of("MoveItem") + of("CopyItem"))
}

/// Everything that a person could see of the items, by what the server calls each.
fn items(office: &Office) -> BTreeMap<String, BTreeMap<String, Property>> {
    // Where our stamp stands, and what To Do adds of its own, is nothing that anybody sees.
    let seen = |item: &ItemView| {
        let properties =
            item.properties.iter().filter(|(path, _)| !path.starts_with("extended:") && !path.starts_with("kept:"));
        properties.map(|(path, value)| (path.clone(), value.clone())).collect()
    };
    office.mailbox().items.iter().map(|item| (item.id.clone(), seen(item))).collect()
}

impl Office {
    /// An office whose mailbox can be reached over Graph too, synced.
    fn of_both(count: usize, batch: usize) -> Self {
        let office = Self::with_records_at(count, exchange());
        let path = office.path("pocketdocket.toml");
        let config = std::fs::read_to_string(&path).expect("readable");
        std::fs::write(path, config.replace("write_batch = 2", &format!("write_batch = {batch}"))).expect("written");
        office.release_the_first_write();
        office.sync();
        office.assert_as_the_practice_wants("after the first sync");
        office
    }

    /// Runs a command, and signs in at the address that it shows first.
    fn with_a_browser(&self, words: &[&str]) -> String {
        let mut command: Command = self.command(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut told = String::new();
        if let Some(Ok(address)) = lines.next() {
            self.block_on(async {
                let back = signs_in(&address.parse().expect("the first line is the address"), ADDRESS).await;
                browser().get(back).send().await.expect("a page").text().await.expect("text");
            });
        }
        for line in lines {
            told.push_str(&line.expect("text"));
            told.push('\n');
        }
        let output = child.wait_with_output().expect("ends");
        format!("{}\n{told}", shown(&output))
    }

    /// Signs in to Graph beside the present way, and shows what would be found there.
    fn begin_the_move(&self) -> String {
        let second_factor = AccountAction::SetMfa { mfa: Mfa::Required };
        self.sim.administrator().act(ADDRESS, second_factor).expect("an account");
        self.with_a_browser(&["user", "move", "weber", "--to", "graph", "--dry-run"])
    }

    fn run(&self, words: &[&str]) -> String {
        shown(&self.command(words).output().expect("the binary starts"))
    }

    fn stage(&self) -> Option<MoveStage> {
        self.ledger().move_of(&weber()).expect("readable").map(|task| task.stage)
    }

    /// A move that ends at a point; whether that was reached.
    fn move_ending_at(&self, words: &[&str], point: &str) -> bool {
        use std::os::unix::process::ExitStatusExt as _;
        let mut command = self.command(words);
        let output = command.env("POCKETDOCKET_CRASH_AT", point).output().expect("the binary starts");
        let aborted = output.status.signal().is_some();
        assert!(aborted || output.status.code() == Some(0), "{point}\n{}", shown(&output));
        aborted
    }

    fn over(&self) -> String {
        self.ledger().user(&weber()).expect("known").details.protocol.to_string()
    }
}

/// There and back with a crash at every point of both ways.
fn there_and_back(count: usize, batch: usize) {
    let office = Office::of_both(count, batch);
    let told = office.begin_the_move();
    assert!(told.contains("exit status: 0") && told.contains("BY STAMP"), "{told}");
    assert_eq!(office.stage(), Some(MoveStage::Begun), "nothing moves before somebody says so");
    let (before, counted) = (items(&office), made_and_removed(&office));
    office.assert_quiet("while the move is begun");

    let mut reached = Vec::new();
    for (words, place) in
        [(vec!["user", "move", "weber", "--yes"], "graph"), (vec!["user", "move", "weber", "--back", "--yes"], "ews")]
    {
        for point in crash_point::OF_MOVES {
            if office.over() == place {
                break;
            }
            if office.move_ending_at(&words, point) {
                reached.push(*point);
            }
            assert_eq!(items(&office), before, "after an end at {point} on the way to {place}");
            assert_eq!(made_and_removed(&office), counted, "after an end at {point} on the way to {place}");
        }
        // Whatever was cut off last, the next sync finishes.
        office.sync();
        assert_eq!(office.over(), place);
        office.assert_quiet(&format!("after the move to {place}"));
        assert_eq!(items(&office), before, "after the move to {place}");
        assert_eq!(made_and_removed(&office), counted, "after the move to {place}");
        office.assert_as_the_practice_wants(&format!("after the move to {place}"));
    }
    reached.sort_unstable();
    reached.dedup();
    let mut all = crash_point::OF_MOVES.to_vec();
    all.sort_unstable();
    assert_eq!(reached, all, "every point was visited");

    // The sync goes on as ever: what changes is written into the very same items.
    office
        .sql("UPDATE events SET place = 'Room 9' WHERE id = 'r0'; UPDATE tasks SET subject = 'Do it' WHERE id = 'r1'");
    office.sync();
    office.assert_as_the_practice_wants("after a change");
    assert_eq!(made_and_removed(&office), counted);
}

#[test]
fn there_and_back_with_an_end_at_every_point() {
    if is_of_ews_alone() {
        return;
    }
    there_and_back(12, 4);
}

#[test]
#[ignore = "takes minutes: a part of tests/run --all"]
fn five_hundred_of_each_there_and_back_with_an_end_at_every_point() {
    if is_of_ews_alone() {
        return;
    }
    there_and_back(500, 50);
}

#[test]
fn what_changes_after_the_move_is_written_over_the_new_way() {
    if is_of_ews_alone() {
        return;
    }
    let office = Office::of_both(3, 50);
    office.begin_the_move();
    let told = office.run(&["user", "move", "weber", "--yes"]);
    assert!(told.contains("has moved: 9 items are known there"), "{told}");
    let pages = |office: &Office| {
        let linked = |item: &ItemView| Some(item.properties.get("kept:LinkedResources")?.as_text());
        let leads = |linked: &String| linked.contains("https://practice.example/tasks/");
        office.mailbox().items.iter().filter_map(linked).filter(leads).count()
    };
    assert_eq!(pages(&office), 3, "each task leads to its page in the practice system");
    let counted = made_and_removed(&office);
    office.work(0);
    office.sync();
    office.assert_as_the_practice_wants("after the move");
    assert_eq!(pages(&office), 4);
    assert_eq!(made_and_removed(&office), (counted.0 + 3, counted.1), "three new records, and nothing else");
    office.assert_quiet("after that");
    // What was made over Graph is found on the way back.
    let told = office.run(&["user", "move", "weber", "--back", "--yes"]);
    assert!(told.contains("has moved: 12 items are known there"), "{told}");
    office.assert_quiet("after the way back");
    office.assert_as_the_practice_wants("after the way back");
    assert_eq!(made_and_removed(&office), (counted.0 + 3, counted.1));
}

#[test]
fn writes_cut_off_over_the_old_way_are_settled_over_the_new_one() {
    if is_of_ews_alone() {
        return;
    }
    let office = Office::of_both(3, 2);
    office.begin_the_move();
    for (round, point) in ["after-intent", "after-wire", "before-settle"].into_iter().enumerate() {
        office.work(round);
        office.sql("DELETE FROM contacts WHERE id = 'r1'");
        assert!(office.sync_ending_at(point, 2), "there was something to write");
        let words = if round == 0 {
            vec!["user", "move", "weber", "--yes"]
        } else {
            vec!["user", "move", "weber", "--back", "--yes"]
        };
        let told = office.run(&words);
        assert!(told.contains("exit status: 0"), "{point}: {told}");
        office.sync();
        office.assert_as_the_practice_wants(&format!("after an end at {point} and a move"));
        office.assert_quiet(&format!("after an end at {point} and a move"));
    }
}

#[test]
fn a_task_whose_creation_was_cut_off_is_known_by_the_old_place_after_its_user_changed_it() {
    if is_of_ews_alone() {
        return;
    }
    let office = Office::of_both(3, 50);
    office.begin_the_move();
    office.sql("INSERT INTO tasks VALUES ('cut', 'File the appeal', date('now', '+5 days'), 'By noon')");
    assert!(office.sync_ending_at("after-wire", 1), "the task is there, and nobody took note");
    let phone = office.phone();
    phone.edit(&office.item(Kind::Task, "cut"), "item:Subject", Some("Appeal!")).expect("edited");
    let counted = made_and_removed(&office);
    let told = office.run(&["user", "move", "weber", "--yes"]);
    assert!(told.contains("exit status: 0"), "{told}");
    office.sync();
    office.assert_as_the_practice_wants("after the move");
    assert_eq!(made_and_removed(&office), counted, "the task is there once");
    office.assert_quiet("after the move");
}

#[test]
fn an_edit_during_the_move_is_judged_as_ever_and_a_deletion_too() {
    if is_of_ews_alone() {
        return;
    }
    let office = Office::of_both(3, 50);
    office.begin_the_move();
    let phone = office.phone();
    phone.edit(&office.item(Kind::Event, "r1"), "item:Subject", Some("Edited on the phone")).expect("edited");
    phone.delete(&office.item(Kind::Contact, "r0")).expect("deleted");
    let told = office.run(&["user", "move", "weber", "--yes"]);
    assert!(told.contains("exit status: 0") && told.contains("differs   event/events/r1: subject"), "{told}");
    office.sync();
    office.assert_as_the_practice_wants("the edit and the deletion are undone, as everywhere");
    let proposals = office.ledger().proposals().expect("readable");
    assert_eq!(proposals.len(), 1, "and the office hears of the edit");
}

#[test]
fn tasks_that_cannot_be_told_apart_wait_for_a_person() {
    if is_of_ews_alone() {
        return;
    }
    let office = Office::of_both(3, 50);
    // Where nobody translates ids, a task is known by what it says alone.
    let refused = Fault::ItemRefused { text: "sourceIdType".to_owned(), code: "ErrorAccessDenied".to_owned() };
    office.sim.faults().add(FaultRule::new(refused).on("ConvertId"));
    office.sql("UPDATE tasks SET subject = 'Same', notes = 'Same' WHERE id IN ('r0', 'r1')");
    office.sync();
    let told = office.begin_the_move();
    assert!(told.contains("to decide task/tasks/r0") && told.contains("to decide task/tasks/r1"), "{told}");
    let counted = made_and_removed(&office);
    let told = office.run(&["user", "move", "weber", "--yes"]);
    assert!(told.contains("7 items are known there") && told.contains("2 tasks wait for you"), "{told}");

    for _ in 0..2 {
        let told = office.run(&["sync"]);
        assert!(told.contains("exit status: 1"), "{told}");
    }
    assert_eq!(made_and_removed(&office), counted, "nothing is created for what waits");
    let told = office.run(&["adopt", "show", "weber"]);
    assert!(told.contains("task/tasks/r0") && told.contains("task/tasks/r1"), "{told}");
    // One of the two is marked by its user: then each is one of a kind.
    let mine = office.item(Kind::Task, "r0");
    office.phone().edit(&mine, "item:Subject", Some("Same, for r0")).expect("edited");
    office.sql("UPDATE tasks SET subject = 'Same, for r0' WHERE id = 'r0'");
    office.run(&["sync"]);
    let told = office.run(&["adopt", "accept", "weber", "--all", "--yes"]);
    assert!(told.contains("exit status: 0"), "{told}");
    office.sync();
    assert_eq!(made_and_removed(&office), counted, "both were taken over");
    office.assert_quiet("after the decision");
}

#[test]
fn a_new_empty_mailbox_is_not_moved_into_and_is_filled_anew_when_a_person_says_so() {
    if is_of_ews_alone() {
        return;
    }
    let office = Office::of_both(3, 50);
    // The provider gave the user a new mailbox, into which nothing travelled.
    let other: Running = office.block_on(Simulator::start(exchange().with_mailbox(ADDRESS))).expect("a simulator");
    let path = office.path("pocketdocket.toml");
    let config = std::fs::read_to_string(&path).expect("readable");
    let line = |name: &str, url: &str| format!("{name} = \"{url}\"");
    let config = config
        .replace(&line("graph_url", &office.sim.graph_url()), &line("graph_url", &other.graph_url()))
        .replace(&line("authority", &office.sim.authority_url()), &line("authority", &other.authority_url()));
    std::fs::write(path, config).expect("written");
    other.administrator().act(ADDRESS, AccountAction::SetMfa { mfa: Mfa::Required }).expect("an account");
    let told = office.begin_the_move();
    assert!(told.contains("exit status: 1") && told.contains("missing   event/events/r0"), "{told}");
    let told = office.run(&["user", "move", "weber", "--yes"]);
    assert!(told.contains("nothing of what `weber` has was found there") && told.contains("--fresh"), "{told}");
    assert_eq!(office.over(), "ews");
    office.assert_quiet("nothing moved");

    let told = office.run(&["user", "move", "weber", "--fresh", "--yes"]);
    assert!(told.contains("exit status: 0") && told.contains("9 items are pushed anew"), "{told}");
    let items = |other: &Running| other.mailbox(ADDRESS).expect("a mailbox").items.len();
    assert_eq!(items(&other), 0);
    assert!(office.run(&["sync"]).contains("exit status: 1"), "the first write waits for a person");
    assert_eq!(items(&other), 0);
    assert!(office.release_all() > 0);
    office.sync();
    assert_eq!(items(&other), 9, "what the practice says, once");
}

#[test]
fn a_move_is_given_up_and_everything_goes_on() {
    if is_of_ews_alone() {
        return;
    }
    let office = Office::of_both(2, 50);
    office.begin_the_move();
    let told = office.run(&["user", "remove", "weber.move", "--keep"]);
    assert!(told.contains("is no user, but the other way into the mailbox of `weber`"), "{told}");
    assert!(office.run(&["status"]).contains("weber: move begun"), "{}", office.run(&["status"]));
    assert!(office.run(&["user", "move", "weber", "--forget"]).contains("is given up"));
    assert_eq!(office.stage(), None);
    office.assert_quiet("afterwards");
    assert!(office.run(&["user", "move", "weber"]).contains("has no move to go on with"));
    assert!(office.run(&["user", "move", "weber", "--to", "ews"]).contains("is there already"));
    assert!(office.run(&["user", "move", "weber", "--to", "nowhere"]).contains("say `graph`, `ews`, or an address"));
}

#[test]
fn everybody_goes_who_can_and_the_others_are_named() {
    if is_of_ews_alone() {
        return;
    }
    let office = Office::of_both(2, 50);
    let told = office.run(&["user", "move", "--all", "--to", "graph", "--yes"]);
    assert!(told.contains("exit status: 1") && told.contains("not yet: `weber`"), "{told}");
    assert!(told.contains("`pocketdocket user move weber`, with the user at hand"), "{told}");
    office.begin_the_move();
    let told = office.run(&["user", "move", "--all", "--to", "graph", "--yes"]);
    assert!(told.contains("exit status: 0") && told.contains("moved: 1 users; nobody is left"), "{told}");
    assert_eq!(office.over(), "graph");
    let told = office.run(&["user", "move", "--all", "--to", "graph", "--yes"]);
    assert!(told.contains("moved: 0 users; nobody is left"), "who is there stays there: {told}");
    let told = office.run(&["user", "move", "weber", "--to", "graph"]);
    assert!(
        told.contains("exit status: 0") && told.contains("`pocketdocket user move weber --back` leads back"),
        "{told}"
    );
    office.assert_quiet("afterwards");
}
