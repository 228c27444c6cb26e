//! A firm with one mailbox in Exchange Online and one on its own server, by one service; and what happens when one of them is moved.

use jiff::{SignedDuration, Timestamp};
use pocketdocket::{
    app::Mailboxes,
    auth::oauth,
    config::Config,
    diagnosis::Cause,
    simulator::{
        self, Account, AccountAction, CLIENT_ID, Fault, FaultRule, Home, PASSWORD, Running, SignInOffer, Simulator,
        TENANT,
    },
    state::{ConfirmationWay, Ledger, LinkState, UserName},
    vault::KeySource,
};
use tokio::runtime::Runtime;

use super::{
    by_command::link,
    person::{ANNA, BEN},
};
use crate::cli::Place;

struct Firm {
    runtime: Runtime,
    running: Running,
    place: Place,
}

impl Firm {
    /// Anna's mailbox is in Exchange Online, Ben's on the firm's server.
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let mut settings = simulator::Settings::default()
            .with_account(Account::simple(ANNA).at(Home::Online))
            .with_account(Account::simple(BEN).at(Home::OnPremises));
        settings.offer = SignInOffer::BasicAndOauth;
        let running = runtime.block_on(Simulator::start(settings)).expect("a simulator");
        let place = Place::installed();
        place.asks(&[running.autodiscover_url()], &running.graph_url());
        let authority = running.authority_url();
        place.configure(&format!(
            "[sign_in]\nauthority = \"{authority}\"\ntenant = \"{TENANT}\"\nclient_id = \"{CLIENT_ID}\"\n"
        ));
        Self { runtime, running, place }
    }

    /// The same with both linked, confirmed, and their first plans released.
    fn linked() -> Self {
        let firm = Self::new();
        firm.add("anna", "HW", ANNA);
        firm.add("ben", "TM", BEN);
        for name in ["anna", "ben"] {
            // So many contacts at once would wait for a person.
            firm.place.command(&format!("user set {name} kinds=event,task")).assert().success();
        }
        let shown = link(&firm.runtime, &firm.place, "", ANNA);
        assert!(shown.starts_with("exit code: 0"), "{shown}");
        firm.place.command("user link ben --password-stdin").write_stdin(PASSWORD).assert().success();
        let ledger = firm.ledger();
        for name in ["anna", "ben"] {
            let (name, now): (UserName, _) = (name.parse().expect("a name"), Timestamp::now());
            if ledger.user(&name).expect("known").link != LinkState::Active {
                ledger.set_link_state(&name, LinkState::Confirming, "test", now).expect("a step");
                ledger.confirm(&name, ConfirmationWay::Provider, "test", now).expect("a step");
            }
            let mailbox = ledger.user(&name).expect("known").mailbox.expect("was reached");
            ledger.set_first_write_released(mailbox, true).expect("kept");
        }
        firm
    }

    fn ledger(&self) -> Ledger {
        let key = KeySource::File(self.place.path("master.key")).open(None).expect("the key");
        Ledger::open(&self.place.path("data"), key).expect("the ledger")
    }

    fn add(&self, name: &str, person: &str, mailbox: &str) -> String {
        self.place.run(&format!("user add {name} --person {person} --mailbox {mailbox}"))
    }

    fn items(&self, mailbox: &str) -> (usize, u64) {
        let view = self.running.mailbox(mailbox).expect("a mailbox");
        (view.items.iter().filter(|item| !item.deleted).count(), view.counts.writes())
    }

    fn goes(&self, mailbox: &str, home: Home) {
        self.running.administrator().act(mailbox, AccountAction::SetHome { home }).expect("moved");
    }
}

#[test]
fn each_user_of_a_hybrid_firm_is_reached_where_autodiscover_says() {
    let firm = Firm::new();
    let anna = firm.add("anna", "HW", ANNA);
    assert!(anna.contains("found: `127.0.0.1` says that the mailbox is at Exchange Online; it is reached over Microsoft Graph, by oauth"), "{anna}");
    assert!(anna.contains("`pocketdocket user change anna --protocol ews --method password`"), "{anna}");
    let ben = firm.add("ben", "TM", BEN);
    assert!(ben.contains("the Exchange server `127.0.0.1`; it is reached over EWS, by password"), "{ben}");
    let shown = firm.place.run("user show anna");
    assert!(shown.contains("reached   over graph (found by autodiscover), by oauth"), "{shown}");
    assert!(shown.contains("found     MOMENT: `127.0.0.1` says"), "{shown}");
    let shown = firm.place.run("user show ben");
    assert!(shown.contains(&format!("service   {}", firm.running.ews_url())), "{shown}");
    let refused = firm.place.run(&format!("user add anna2 --person HW --mailbox {ANNA} --method password"));
    assert!(refused.starts_with("exit code: 2") && refused.contains("takes no password"), "{refused}");
}

#[test]
fn one_sync_serves_both_protocols() {
    let firm = Firm::linked();
    let synced = firm.place.run("sync");
    assert!(synced.starts_with("exit code: 0"), "{synced}");
    let (anna, ben) = (firm.items(ANNA), firm.items(BEN));
    assert!(anna.0 > 10 && ben.0 > 10, "{anna:?} {ben:?}");
    assert!(firm.running.graph_use(ANNA).requests > 0, "over Graph");
    assert_eq!(firm.running.graph_use(BEN).requests, 0, "over EWS");
    let again = firm.place.run("sync");
    assert!(again.starts_with("exit code: 0"), "{again}");
    assert_eq!((firm.items(ANNA), firm.items(BEN)), (anna, ben), "and then there is nothing to do");
}

#[test]
fn a_mailbox_that_was_migrated_is_noticed_and_waits_for_a_person() {
    let firm = Firm::linked();
    firm.place.command("sync").assert().success();
    let before = (firm.items(ANNA), firm.items(BEN));
    firm.goes(BEN, Home::Online);
    let looked = firm.place.run("user check ben");
    assert!(looked.contains("cause     the mailbox was moved to another place (mailbox-moved)"), "{looked}");
    assert!(looked.contains("evidence  `127.0.0.1` says that the mailbox is at Exchange Online"), "{looked}");
    assert!(looked.contains("`pocketdocket user move ben --to graph`"), "{looked}");
    assert!(looked.starts_with("exit code: 1"), "{looked}");
    let status = firm.place.run("status");
    assert!(status.starts_with("exit code: 1") && status.contains("the mailbox was moved"), "{status}");
    firm.place.run("sync");
    assert_eq!((firm.items(ANNA), firm.items(BEN)), before, "nothing is created, changed or deleted meanwhile");

    firm.goes(BEN, Home::OnPremises);
    let looked = firm.place.run("user check ben");
    assert!(looked.starts_with("exit code: 0") && looked.contains("sign-in   works"), "{looked}");
    let synced = firm.place.run("sync");
    assert!(synced.starts_with("exit code: 0"), "{synced}");
    assert_eq!(firm.items(BEN), before.1);
}

#[test]
fn a_mailbox_that_came_back_from_the_cloud_is_noticed_too_and_only_that_one() {
    let firm = Firm::linked();
    firm.place.command("sync").assert().success();
    let before = firm.items(ANNA);
    firm.goes(ANNA, Home::OnPremises);
    firm.place.run("sync");
    let shown = firm.place.run("user show anna");
    assert!(shown.contains("(mailbox-moved)"), "{shown}");
    let move_there = format!("`pocketdocket user move anna --to {}`", firm.running.ews_url());
    let synced = firm.place.run("user check anna --json");
    assert!(synced.contains("the Exchange server `127.0.0.1`"), "{synced}");
    assert!(firm.place.run("check --online").contains(&move_there), "{}", firm.place.run("check --online"));
    assert_eq!(firm.items(ANNA), before);
    let ben = firm.place.run("user check ben");
    assert!(ben.starts_with("exit code: 0"), "{ben}");
}

#[test]
fn what_a_person_says_wins_over_autodiscover() {
    let firm = Firm::linked();
    // Autodiscover errs: the mailbox is reached where it was all the time.
    firm.place.command("sync").assert().success();
    let ledger = firm.ledger();
    let name: UserName = "ben".parse().expect("a name");
    let found = pocketdocket::ports::Found {
        at: pocketdocket::ports::Whereabouts { protocol: pocketdocket::ports::Protocol::Graph, url: None },
        reason: "`127.0.0.1` says that the mailbox is at Exchange Online".to_owned(),
        evidence: Vec::new(),
    };
    ledger.note_whereabouts(&name, &found, true, Timestamp::now()).expect("kept");
    // It is asked again before that is believed.
    let looked = firm.place.run("user check ben");
    assert!(looked.starts_with("exit code: 0"), "{looked}");
    let configuration = std::fs::read_to_string(firm.place.path("pocketdocket.toml")).expect("is there");
    let nobody = configuration.replace(&format!("{:?}", [firm.running.autodiscover_url()]), "[]");
    firm.place.write("pocketdocket.toml", &nobody);
    ledger.note_whereabouts(&name, &found, true, Timestamp::now()).expect("kept");
    let looked = firm.place.run("user check ben");
    assert!(looked.contains("(mailbox-moved)"), "{looked}");
    let kept = firm.place.run("user change ben --protocol ews");
    assert!(kept.contains("goes where it is set to from now on"), "{kept}");
    let looked = firm.place.run("user check ben");
    assert!(looked.starts_with("exit code: 0") && looked.contains("protocol  ews (as set)"), "{looked}");
}

#[test]
fn what_autodiscover_said_is_asked_again_when_it_is_a_week_old() {
    let firm = Firm::new();
    firm.add("ben", "TM", BEN);
    let (ledger, name): (_, UserName) = (firm.ledger(), "ben".parse().expect("a name"));
    let exchange = Config::load(&firm.place.path("pocketdocket.toml")).expect("good").exchange;
    let mailboxes =
        Mailboxes::new(exchange, oauth::Settings::default(), ledger.clone(), "UTC".to_owned()).expect("good");
    let user = ledger.user(&name).expect("known");
    let found = ledger.whereabouts(&name).expect("readable").expect("was found").found;
    let minded = |days: i64| {
        let later = found + SignedDuration::from_hours(24 * days) + SignedDuration::from_secs(1);
        (firm.runtime.block_on(mailboxes.mind_whereabouts(&user, later)), later)
    };
    let known = || ledger.whereabouts(&name).expect("readable").expect("is known");
    firm.goes(BEN, Home::Online);
    assert!(minded(6).0.is_ok(), "nobody is asked before a week is over");
    assert_eq!(known().found, found);
    let (moved, later) = minded(7);
    let moved = moved.expect_err("it is elsewhere");
    assert_eq!(moved.cause, Some(Cause::MailboxMoved));
    assert_eq!(moved.hint.as_deref(), Some("move the link there: `pocketdocket user move ben --to graph`"));
    assert_eq!(known().found, later);
    firm.goes(BEN, Home::OnPremises);
    assert!(minded(7).0.is_ok(), "a contradiction is asked about each time");
    // Where nobody can tell, what was known stays.
    firm.running.faults().add(FaultRule::new(Fault::NoAutodiscover));
    let (minded, _) = minded(30);
    assert!(minded.is_ok());
    assert_eq!(known().at.words(), "the Exchange server `127.0.0.1`");
}

#[test]
fn a_server_that_sends_us_on_or_knows_nothing_is_a_reason_to_ask_too() {
    let firm = Firm::linked();
    firm.goes(BEN, Home::Online);
    for fault in
        [Fault::Moved { location: "https://outlook.office365.com/EWS/Exchange.asmx".to_owned() }, Fault::MailboxMissing]
    {
        firm.running.faults().clear();
        firm.running.faults().add(FaultRule::new(fault).on("GetFolder"));
        let looked = firm.place.run("user check ben");
        assert!(looked.contains("(mailbox-moved)"), "{looked}");
    }
    // Nobody follows by itself: not one request went to Graph for this mailbox.
    assert_eq!(firm.running.graph_use(BEN).requests, 0);
}

#[test]
fn a_server_that_tells_only_to_who_signs_in_is_asked_with_the_password_of_the_link() {
    let firm = Firm::new();
    firm.running.faults().add(FaultRule::new(Fault::NoAutodiscover).on("autodiscover"));
    let added = firm.add("ben", "TM", BEN);
    assert!(added.contains("wants a sign-in before it tells, as an Exchange server does"), "{added}");
    assert!(added.contains("`user link` asks there once more, with the user's password"), "{added}");
    let link = || firm.place.command("user link ben --password-stdin");
    let wrong = firm.place.shown(&link().write_stdin("wrong").output().expect("starts"));
    assert!(wrong.starts_with("exit code: 1") && wrong.contains("wrong-password"), "{wrong}");
    assert_eq!(firm.running.refused_sign_ins(BEN), 1);
    // The loopback address is not a server of kanzlei.example: a person says that it may have the password.
    let outside = firm.place.shown(&link().write_stdin(PASSWORD).output().expect("starts"));
    assert!(outside.contains("the web service is not at a server of kanzlei.example"), "{outside}");
    let next = format!("user change ben --url {}", firm.running.ews_url());
    assert!(outside.contains(&format!("`pocketdocket {next}`")), "{outside}");
    firm.place.command(&next).assert().success();
    link().write_stdin(PASSWORD).assert().success();
    assert!(firm.place.run("user show ben").contains("over ews (as set)"));
}

#[test]
fn nobody_is_entered_whose_mailbox_nobody_knows_and_a_protocol_needs_no_network() {
    let firm = Firm::new();
    firm.running.faults().add(FaultRule::new(Fault::NoAutodiscover).on("PoxAutodiscover"));
    let shown = firm.place.run("user add carla --person AK --mailbox carla@kanzlei.example");
    insta::assert_snapshot!(shown, @r"
    exit code: 1
    ----- stdout
    ----- stderr
    asked  `127.0.0.1` (JSON): it knows no such mailbox
    asked  `127.0.0.1` (XML): HTTP 404: there is no autodiscover
    error: nobody was entered: it is not known how carla@kanzlei.example is reached
      Caused by: could not find out where the mailbox carla@kanzlei.example is
      Caused by: 2 questions, and nobody could tell
    hint: name the protocol: `--protocol graph` for Exchange Online, or `--protocol ews --url https://SERVER/EWS/Exchange.asmx`
    ");
    assert!(!firm.place.run("user list").contains("carla"));
    let Firm { runtime, running, place } = firm;
    runtime.block_on(running.shutdown());
    let silent = place.run("user add carla --person AK --mailbox carla@kanzlei.example");
    assert!(silent.starts_with("exit code: 3") && silent.contains("took no connection"), "{silent}");
    let said = place.run("user add carla --person AK --mailbox carla@kanzlei.example --protocol graph");
    assert!(said.starts_with("exit code: 0"), "{said}");
    assert!(place.run("user show carla").contains("over graph (as set), by oauth"));
}

#[test]
fn a_list_is_asked_about_row_by_row_where_it_does_not_say_how() {
    let firm = Firm::new();
    let list = |third: &str| {
        let rows = format!("anna,HW,{ANNA},\nben,TM,{BEN},\n{third}\n");
        firm.place.write("list.csv", &format!("name,person,mailbox,protocol\n{rows}"));
    };
    firm.running.faults().add(FaultRule::new(Fault::NoAutodiscover).on("PoxAutodiscover"));
    list("carla,AK,carla@kanzlei.example,");
    let shown = firm.place.run("user import list.csv");
    assert!(shown.starts_with("exit code: 2") && shown.contains("line 4, column mailbox:"), "{shown}");
    assert!(shown.contains("`127.0.0.1` (JSON): it knows no such mailbox"), "{shown}");
    list("carla,AK,carla@kanzlei.example,graph");
    let shown = firm.place.run("user import list.csv");
    assert!(shown.contains("mailbox anna@kanzlei.example, over graph by oauth as autodiscover says"), "{shown}");
    assert!(shown.contains("mailbox ben@kanzlei.example, over ews by password as autodiscover says"), "{shown}");
    assert!(firm.place.run("user show ben").contains("over ews (found by autodiscover), by password"));
    assert!(firm.place.run("user show carla").contains("over graph (as set), by oauth"));
    let again = firm.place.run("user import list.csv");
    assert!(again.starts_with("exit code: 0") && again.contains("0 entered, 0 changed, 3 as they were"), "{again}");
}
