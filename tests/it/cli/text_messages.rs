//! Confirming by text message from the command line, through the simulator's gateway: its phones show the codes.

use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use pocketdocket::{
    app::{FirstUse, TextFor, text_allowance, text_gateway},
    auth::confirmation::{Code, Refusal, Verdict},
    config::Config,
    simulator::{Fault, FaultRule, TEXT_ACCOUNT, TEXT_API_KEY, TEXT_SECRET, TEXT_SENDER, TEXT_SERVICE},
    state::{ConfirmationWay, LinkState, User, UserName},
};

use super::{
    Place,
    authenticator::{enrolled, shown},
    confirm::{Confirming, Exchange, PASSWORD, link, state},
};

const NUMBER: &str = "+491701234567";
const TEXT: &str = "user confirm weber --with text --code-stdin";

/// The settings of the simulator's gateway, in Twilio's form.
pub(super) fn twilio(exchange: &Exchange) -> String {
    let url = exchange.running.text_gateway_url();
    format!("url = \"{url}\"\naccount = \"{TEXT_ACCOUNT}\"\nfrom = \"{TEXT_SENDER}\"\n")
}

pub(super) fn configure(place: &Place, methods: &[&str], gateway: &str) {
    place.accepts(methods);
    let text = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("written");
    place.write("pocketdocket.toml", &format!("{text}\n[text_messages]\n{gateway}"));
}

fn give_secret(place: &Place, secret: &str) -> String {
    let command = &mut place.command("text-messages secret --secret-stdin");
    place.shown(&command.write_stdin(format!("{secret}\n")).output().expect("starts"))
}

/// An exchange, and a place whose user has a password and a number, with the gateway's secret kept.
fn ready(methods: &[&str]) -> (Exchange, Place) {
    let exchange = Exchange::start();
    let place = exchange.place();
    configure(&place, methods, &twilio(&exchange));
    assert!(link(&place, PASSWORD).starts_with("exit code: 0"));
    let kept = give_secret(&place, TEXT_SECRET);
    assert!(kept.starts_with("exit code: 0") && kept.contains("verified and kept"), "{kept}");
    let set = place.run(&format!("user set weber --mobile {NUMBER}"));
    assert!(set.starts_with("exit code: 0") && set.contains("kept +49…67"), "{set}");
    (exchange, place)
}

/// The code of the newest message, as its reader sees it on the phone.
pub(super) fn code_on_phone(exchange: &Exchange, number: &str) -> String {
    let messages = exchange.running.texts();
    let newest = messages.iter().rev().find(|message| message.to == number && message.arrived()).expect("a message");
    let digits: Vec<&str> = newest
        .body
        .split_whitespace()
        .filter(|word| word.len() == 3 && word.bytes().all(|sign| sign.is_ascii_digit()))
        .collect();
    assert_eq!(digits.len(), 2, "{}", newest.body);
    digits.join(" ")
}

/// Confirms by a text message; gives the code and what was said.
fn confirm_by_text(exchange: &Exchange, place: &Place) -> (String, String) {
    let mut confirming = Confirming::start(place, TEXT);
    confirming.heard("is good for");
    let code = code_on_phone(exchange, NUMBER);
    confirming.give(&code);
    let (exit, said) = confirming.end();
    assert_eq!((exit, state(place)), (Some(0), LinkState::Active), "{said}");
    (code, said)
}

fn weber(place: &Place) -> User {
    place.ledger().user(&"weber".parse().expect("a name")).expect("there")
}

/// How a command ends that gives nothing to read.
fn refused(place: &Place, line: &str) -> String {
    place.shown(&place.command(line).write_stdin("").output().expect("starts"))
}

#[test]
fn a_text_message_confirms_and_nobody_but_its_reader_sees_code_or_number() {
    let (exchange, place) = ready(&["text"]);
    let mut confirming = Confirming::start(&place, TEXT);
    confirming.heard("was sent to +49…67");
    assert_eq!(state(&place), LinkState::Confirming);
    let code = code_on_phone(&exchange, NUMBER);
    confirming.give(&code);
    let (exit, said) = confirming.end();
    assert_eq!((exit, state(&place)), (Some(0), LinkState::Active), "{said}");
    assert_eq!(weber(&place).confirmed.expect("confirmed").how, ConfirmationWay::Text);
    assert!(exchange.is_empty(), "nothing was written into the mailbox");
    let message = exchange.running.texts().pop().expect("sent");
    assert_eq!((message.to.as_str(), message.from.as_str()), (NUMBER, TEXT_SENDER));
    for words in ["Pocket Docket", "Nobody calls"] {
        assert!(message.body.contains(words), "{}", message.body);
    }
    for data in ["weber", "Weber", "kanzlei"] {
        assert!(!message.body.contains(data), "{}", message.body);
    }
    let user = place.run("user show weber");
    assert!(user.contains("+49…67, proven") && user.contains("confirmed by a text message"), "{user}");
    let json = place.run("user show weber --json");
    assert!(json.contains("\"number\": \"+49…67\""), "{json}");
    let said = said + &user + &json + &place.run("status --json") + &place.run("check");
    for planted in [NUMBER, "1701234567", &code, &code.replace(' ', "")] {
        assert!(!said.contains(planted), "{planted}: {said}");
    }
    exchange.stop();
}

#[test]
fn an_api_key_and_a_messaging_service_send_as_well() {
    let exchange = Exchange::start();
    let place = exchange.place();
    let url = exchange.running.text_gateway_url();
    let gateway = format!(
        "url = \"{url}/\"\naccount = \"{TEXT_ACCOUNT}\"\nlogin = \"{TEXT_API_KEY}\"\nservice = \"{TEXT_SERVICE}\"\n"
    );
    configure(&place, &["text"], &gateway);
    assert!(give_secret(&place, TEXT_SECRET).contains("verified and kept"));
    let tried = place.run(&format!("text-messages try {NUMBER}"));
    assert!(tried.starts_with("exit code: 0") && tried.contains("arrived"), "{tried}");
    assert_eq!(exchange.running.texts().pop().expect("sent").from, TEXT_SERVICE);
    exchange.stop();
}

#[test]
fn a_gateway_of_another_form_is_asked_as_its_template_says() {
    let exchange = Exchange::start();
    let place = exchange.place();
    let url = exchange.running.text_gateway_url();
    let gateway = |value: &str| {
        format!(
            "login = \"{TEXT_ACCOUNT}\"\n[text_messages.template]\nurl = \"{url}/2010-04-01/Accounts/{TEXT_ACCOUNT}/Messages.json\"\n\
             body = \"To={{number}}&From=%2B{}&Body={{text}}\"\nsuccess = [201]\npointer = \"/status\"\nvalue = \"{value}\"\n",
            TEXT_SENDER.trim_start_matches('+')
        )
    };
    configure(&place, &["text"], &gateway("queued"));
    assert!(link(&place, PASSWORD).starts_with("exit code: 0"));
    assert!(give_secret(&place, TEXT_SECRET).contains("kept, unverified"));
    place.command(&format!("user set weber --mobile {NUMBER}")).assert().success();
    confirm_by_text(&exchange, &place);
    // What the answer must say is looked at.
    configure(&place, &["text"], &gateway("accepted"));
    let shown = refused(&place, TEXT);
    assert!(shown.starts_with("exit code: 1") && shown.contains("refused"), "{shown}");
    exchange.stop();
}

#[test]
fn without_gateway_secret_or_number_the_command_says_what_is_missing() {
    let exchange = Exchange::start();
    let place = exchange.place();
    configure(&place, &["text"], "");
    assert!(link(&place, PASSWORD).starts_with("exit code: 0"));
    let shown = refused(&place, TEXT);
    assert!(shown.starts_with("exit code: 2") && shown.contains("no gateway of text messages"), "{shown}");
    let check = place.run("check");
    assert!(check.starts_with("exit code: 2") && check.contains("no gateway of text messages"), "{check}");
    configure(&place, &["text"], &twilio(&exchange));
    let shown = refused(&place, TEXT);
    assert!(shown.starts_with("exit code: 2") && shown.contains("`pocketdocket text-messages secret`"), "{shown}");
    assert!(place.run("check").contains("text-messages secret"));
    let wrong = give_secret(&place, "planted-wrong");
    assert!(wrong.starts_with("exit code: 1") && wrong.contains("wrong-credentials"), "{wrong}");
    assert!(!wrong.contains("planted"), "{wrong}");
    assert!(refused(&place, TEXT).contains("nobody gave the gateway's secret"), "it was not kept");
    assert!(give_secret(&place, TEXT_SECRET).starts_with("exit code: 0"));
    let shown = refused(&place, TEXT);
    assert!(shown.starts_with("exit code: 1") && shown.contains("user set weber --mobile"), "{shown}");
    for typed in ["0170", "+49170&To=+1900", "+49(0)170123456"] {
        let shown = place.run(&format!("user set weber --mobile {typed}"));
        assert!(shown.starts_with("exit code: 2") && !shown.contains(typed), "{shown}");
    }
    assert!(exchange.running.texts().is_empty());
    exchange.stop();
}

#[test]
fn a_phone_is_not_flooded_by_whomever_and_whatever_becomes_of_the_user() {
    let (exchange, place) = ready(&["text"]);
    for _ in 0..3 {
        let shown = refused(&place, TEXT);
        assert!(shown.contains("was sent to"), "{shown}");
    }
    let shown = refused(&place, TEXT);
    assert!(shown.starts_with("exit code: 3") && shown.contains("the next one is possible at"), "{shown}");
    // Neither another user with the same number, nor the same user entered anew, nor the trial of the gateway.
    place.command("user remove weber --keep").assert().success();
    let line =
        format!("user add weber --person HW --mailbox weber@kanzlei.example --url {}", exchange.running.ews_url());
    place.command(&line).assert().success();
    link(&place, PASSWORD);
    place.command(&format!("user set weber --mobile {NUMBER}")).assert().success();
    assert!(refused(&place, TEXT).starts_with("exit code: 3"));
    assert!(refused(&place, &format!("text-messages try {NUMBER}")).starts_with("exit code: 3"));
    assert_eq!(exchange.running.texts().len(), 3);
    assert!(place.run("user show weber").contains("no text message was sent"), "the audit trail tells");
    exchange.stop();
}

#[test]
fn the_firm_has_a_limit_for_a_day() {
    let exchange = Exchange::start();
    let place = exchange.place();
    configure(&place, &["text"], &format!("{}per_day = 2\n", twilio(&exchange)));
    assert!(give_secret(&place, TEXT_SECRET).starts_with("exit code: 0"));
    for last in 0..2 {
        assert!(place.run(&format!("text-messages try +4917012345{last}0")).starts_with("exit code: 0"));
    }
    let shown = place.run("text-messages try +491701234599");
    assert!(shown.starts_with("exit code: 3") && shown.contains("the firm got 2"), "{shown}");
    exchange.stop();
}

#[test]
fn guessing_is_slow_and_a_code_of_before_is_worth_nothing() {
    let (exchange, place) = ready(&["text", "mailbox"]);
    let mut confirming = Confirming::start(&place, TEXT);
    confirming.heard("is good for");
    let first = code_on_phone(&exchange, NUMBER);
    let wrong = if first.starts_with('1') { "200 000" } else { "100 000" };
    confirming.give(wrong);
    confirming.heard("4 more for this code");
    confirming.give(&first);
    confirming.heard("the next try is possible at");
    assert_ne!(confirming.end().0, Some(0));
    // Another message makes it void; the right one still has to wait out the pause of before.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let mut confirming = Confirming::start(&place, TEXT);
    confirming.heard("is good for");
    if code_on_phone(&exchange, NUMBER) != first {
        confirming.give(&first);
        confirming.heard("4 more for this code");
    }
    assert_ne!(confirming.end().0, Some(0));
    // A code for the mailbox is none for the phone, and the other way round.
    let sent = code_on_phone(&exchange, NUMBER);
    std::thread::sleep(std::time::Duration::from_millis(4100));
    let mut confirming = Confirming::start(&place, "user confirm weber --with mailbox --code-stdin");
    confirming.heard("is good for");
    confirming.give(&sent);
    confirming.heard("the code is wrong");
    assert_ne!(confirming.end().0, Some(0));
    assert_ne!(state(&place), LinkState::Active);
    exchange.stop();
}

#[test]
fn another_number_takes_the_confirmation_back_and_both_are_told() {
    let (exchange, place) = ready(&["text"]);
    confirm_by_text(&exchange, &place);
    let shown = place.run("user set weber --mobile +491709999999");
    assert!(shown.starts_with("exit code: 0") && shown.contains("+49…67 was told by a text message"), "{shown}");
    assert_eq!(state(&place), LinkState::Linked);
    let told = exchange.running.texts().pop().expect("sent");
    assert!(told.to == NUMBER && told.body.contains("no longer confirms"), "{told:?}");
    assert_eq!(exchange.subjects(), ["Pocket Docket: your mobile number was changed"]);
    let status = place.run("status");
    assert!(
        status.starts_with("exit code: 1")
            && status.contains("the mobile number that confirmed the link was changed by"),
        "{status}"
    );
    // The same number again does nothing.
    assert!(place.run("user set weber --mobile +491709999999").contains("that is how it is already"));
    exchange.stop();
}

#[test]
fn each_trouble_of_the_gateway_has_a_name_and_a_next_step() {
    let (exchange, place) = ready(&["text"]);
    let faults = exchange.running.faults();
    let mut number = 4_917_011_110_000_u64;
    let mut tried = |rule: Option<FaultRule>| {
        // A number each, so that no limit is met.
        number += 1;
        faults.clear();
        if let Some(rule) = rule {
            faults.add(rule);
        }
        place.run(&format!("text-messages try +{number}"))
    };
    assert!(tried(None).contains("arrived"));
    for (code, word, exit) in [
        (20003, "wrong-credentials", 1),
        (20404, "unknown-account", 1),
        (20005, "account-stands-still", 1),
        (21211, "invalid-number", 1),
        (21408, "region-not-permitted", 1),
        (21608, "unverified-number", 1),
        (21610, "opted-out", 1),
        (21606, "wrong-sender", 1),
        (21612, "no-route", 1),
        (20429, "throttled", 3),
        (20500, "gateway-down", 3),
        (29999, "(refused)", 1),
    ] {
        let shown = tried(Some(FaultRule::new(Fault::TextRefused { code })));
        assert!(shown.starts_with(&format!("exit code: {exit}")) && shown.contains(word), "{code}: {shown}");
        assert!(shown.contains("hint: ") && !shown.contains("491701111"), "{code}: {shown}");
    }
    for (code, word) in [
        (30002, "account-stands-still"),
        (30003, "phone-unreachable"),
        (30004, "message-blocked"),
        (30005, "unknown-phone"),
        (30006, "not-mobile"),
        (30007, "message-filtered"),
        (30034, "sender-unregistered"),
    ] {
        let shown = tried(Some(FaultRule::new(Fault::TextUndelivered { code })));
        assert!(shown.starts_with("exit code: 1") && shown.contains(word), "{code}: {shown}");
        assert!(shown.contains(&format!("error {code}")), "{shown}");
    }
    exchange.stop();
}

#[test]
fn answers_that_are_no_gateways_are_bounded_and_not_followed() {
    let (exchange, place) = ready(&["text"]);
    let elsewhere = Exchange::start();
    let faults = exchange.running.faults();
    let location = format!("{}/2010-04-01/Accounts/{TEXT_ACCOUNT}/Messages.json", elsewhere.running.text_gateway_url());
    let mut number = 4_917_022_220_000_u64;
    for (fault, word, exit) in [
        (Fault::Moved { location }, "not-a-gateway", 1),
        (Fault::Endless, "longer than", 1),
        (Fault::JsonBomb, "not-a-gateway", 1),
        (Fault::CaptivePortal, "not-a-gateway", 1),
        (Fault::Unavailable { retry_after_seconds: None }, "gateway-down", 3),
        (Fault::BadGateway, "gateway-down", 3),
        (Fault::TooManyRequests { retry_after_seconds: 7 }, "wait 7 seconds", 3),
    ] {
        number += 1;
        faults.clear();
        faults.add(FaultRule::new(fault.clone()).on("texts"));
        let shown = place.run(&format!("text-messages try +{number}"));
        assert!(shown.starts_with(&format!("exit code: {exit}")) && shown.contains(word), "{fault:?}: {shown}");
        assert!(shown.contains("hint: "), "{fault:?}: {shown}");
    }
    assert!(exchange.running.texts().is_empty() && elsewhere.running.texts().is_empty());
    elsewhere.stop();
    exchange.stop();
}

/// A gateway that takes each message, and tells of none.
fn tells_nothing() -> String {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let (mut head, mut length) = (Vec::new(), 0);
            for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                let said = line.to_ascii_lowercase();
                length = said.strip_prefix("content-length: ").map_or(length, |said| said.parse().expect("a number"));
                head.push(line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("the body");
            let (status, body) = if head[0].starts_with("POST ") {
                ("201 Created", "{\"sid\": \"SM1\", \"status\": \"queued\"}")
            } else {
                ("503 Service Unavailable", "")
            };
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
            reader.get_mut().write_all(answer.as_bytes()).expect("it listens");
        }
    });
    format!("http://{address}")
}

#[test]
fn a_gateway_that_does_not_tell_of_a_message_has_sent_it_all_the_same() {
    let (exchange, place) = ready(&["text"]);
    let text = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("written");
    place.write("pocketdocket.toml", &text.replace(&exchange.running.text_gateway_url(), &tells_nothing()));
    let tried = place.run(&format!("text-messages try {NUMBER}"));
    assert!(tried.starts_with("exit code: 0") && tried.contains("look at the phone"), "{tried}");
    assert!(tried.contains("whether it arrives is not known") && tried.contains("gateway-down"), "{tried}");
    assert!(!tried.contains("no text message reached"), "{tried}");
    exchange.stop();
}

#[test]
fn a_message_that_does_not_arrive_ends_the_waiting_with_its_reason() {
    let (exchange, place) = ready(&["text"]);
    exchange.running.faults().add(FaultRule::new(Fault::TextUndelivered { code: 30005 }));
    let mut confirming = Confirming::start(&place, TEXT);
    confirming.heard("unknown-phone");
    confirming.heard("user set weber --mobile");
    let (exit, said) = confirming.end();
    assert_eq!(exit, Some(1), "{said}");
    assert!(place.run("user show weber").contains("a text message did not arrive"));
    exchange.stop();
}

#[test]
fn a_proven_phone_stands_in_for_a_lost_app_and_one_that_was_not_does_not() {
    let (exchange, place) = ready(&["authenticator", "text"]);
    let key = enrolled(&place, "--qr code.png");
    // Entered by an administrator, proven by nobody: neither recovers nor confirms beside the app.
    let shown = refused(&place, "user recover weber --text --code-stdin");
    assert!(shown.starts_with("exit code: 1") && shown.contains("never proven"), "{shown}");
    assert!(place.run("user recover weber --lost").contains("is not given up"));
    let shown = refused(&place, TEXT);
    assert!(shown.contains("its code comes first") && !shown.contains("was sent"), "{shown}");
    assert!(exchange.running.texts().is_empty());
    // With the app's code at hand the phone is proven.
    let mut confirming = Confirming::start(&place, TEXT);
    confirming.heard("its code comes first");
    confirming.give(&shown_next(&key));
    confirming.heard("was sent to");
    confirming.give(&code_on_phone(&exchange, NUMBER));
    let (exit, said) = confirming.end();
    assert_eq!((exit, state(&place)), (Some(0), LinkState::Active), "{said}");
    assert_eq!(
        weber(&place).confirmed.expect("confirmed").how,
        ConfirmationWay::Authenticator,
        "the stronger one counts"
    );
    // Now it recovers, and everybody is told.
    let mut recovering = Confirming::start(&place, "user recover weber --text --code-stdin");
    recovering.heard("was sent to");
    let message = exchange.running.texts().pop().expect("sent").body;
    assert!(message.contains("switches off your lost authenticator app"), "{message}");
    recovering.give(&code_on_phone(&exchange, NUMBER));
    let (exit, said) = recovering.end();
    assert_eq!((exit, state(&place)), (Some(0), LinkState::Linked), "{said}");
    assert!(place.run("status").contains("with a text message"));
    assert_eq!(exchange.subjects(), ["Pocket Docket: your authenticator app was switched off"]);
    exchange.stop();
}

/// What the app shows half a minute from now: the one of now was used for enrolling.
fn shown_next(key: &str) -> String {
    shown(key, Timestamp::now() + jiff::SignedDuration::from_secs(30))
}

#[test]
fn an_administrator_alone_does_not_get_past_an_app_with_a_number_of_their_own() {
    let (exchange, place) = ready(&["authenticator", "text", "mailbox"]);
    enrolled(&place, "--qr code.png");
    assert!(place.run("user recover weber --lost").starts_with("exit code: 0"));
    let set = place.run("user set weber --mobile +491705555555");
    assert!(set.starts_with("exit code: 0"), "{set}");
    let shown = refused(&place, TEXT);
    assert!(shown.starts_with("exit code: 1") && shown.contains("never proven"), "{shown}");
    assert_eq!((exchange.running.texts().len(), state(&place)), (0, LinkState::Linked));
    exchange.stop();
}

#[test]
fn a_code_lives_ten_minutes_works_once_and_only_for_its_number() {
    let (exchange, place) = ready(&["text"]);
    let config = Config::load(&place.path("pocketdocket.toml")).expect("good settings");
    let ledger = place.ledger();
    let gateway = text_gateway(&config, &ledger).expect("a gateway");
    let name: UserName = "weber".parse().expect("a name");
    let first_use = FirstUse::new(ledger, config.confirmation, name, "test");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let now = Timestamp::now();
    let minute = |minutes| now + SignedDuration::from_mins(minutes);
    let send = |at| runtime.block_on(first_use.send_text(&gateway, TextFor::Confirming, at)).expect("sent");
    let attempt = |at| {
        let code = Code::parse(&code_on_phone(&exchange, NUMBER)).expect("a code");
        first_use.attempt_text(&code, at).expect("judged")
    };
    send(now);
    assert_eq!(attempt(minute(10)), Verdict::Refused(Refusal::Expired));
    // With another number entered meanwhile the code proves nothing, and with its own again it does.
    send(minute(11));
    first_use.set_mobile(Some("+491709999999".parse().expect("a number")), minute(12)).expect("entered");
    assert!(matches!(attempt(minute(12)), Verdict::Refused(Refusal::Wrong { left: 4, .. })));
    first_use.set_mobile(Some(NUMBER.parse().expect("a number")), minute(13)).expect("entered");
    assert_eq!(attempt(minute(13)), Verdict::Confirmed);
    assert_eq!(attempt(minute(14)), Verdict::Refused(Refusal::Replayed));
    exchange.stop();
}

#[test]
fn the_limit_holds_for_those_who_ask_at_the_same_time() {
    let place = Place::installed();
    let sent = AtomicUsize::new(0);
    let ledgers: Vec<_> = (0..8).map(|_| place.ledger()).collect();
    std::thread::scope(|scope| {
        for ledger in &ledgers {
            scope.spawn(|| {
                let number = NUMBER.parse().expect("a number");
                let counted = ledger.count_text_message(None, &number, text_allowance(50), "test", Timestamp::now());
                sent.fetch_add(usize::from(counted.expect("counted").is_ok()), Ordering::SeqCst);
            });
        }
    });
    assert_eq!(sent.into_inner(), 3);
}
