use http::{HeaderMap, HeaderValue, StatusCode, header};
use proptest::prelude::*;

use super::*;
use crate::exchange::any::reference;

const MAILBOX: &str = "weber@kanzlei.example";

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status: StatusCode::from_u16(status).expect("a status"),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
    }
}

fn with(mut reply: Reply, name: http::HeaderName, value: &'static str) -> Reply {
    reply.headers.insert(name, HeaderValue::from_static(value));
    reply
}

fn url(text: &str) -> Url {
    text.parse().expect("a URL")
}

fn why(told: Told) -> (String, bool) {
    match told {
        Told::Nothing { why, passes } => (why, passes),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_question_is_one_address_with_the_mailbox_in_it() {
    let asked = json::question(&url("https://outlook.office365.com"), "o'neill+x@kanzlei.example");
    assert_eq!(
        asked.as_str(),
        "https://outlook.office365.com/autodiscover/autodiscover.json?Email=o%27neill%2Bx%40kanzlei.example&Protocol=EWS&RedirectCount=1"
    );
    assert_eq!(pox::address(&url("https://mail.example/base/")).path(), "/base/autodiscover/autodiscover.xml");
}

#[test]
fn everybody_is_asked_in_json_and_then_servers_in_xml() {
    let settings = Settings::default();
    let autodiscover = Autodiscover::new(&settings).expect("can be made");
    let asked: Vec<String> = autodiscover
        .questions(MAILBOX)
        .expect("URLs")
        .into_iter()
        .map(|(form, url)| format!("{} {}", form.word(), redirect::host(&url)))
        .collect();
    assert_eq!(
        asked,
        [
            "JSON outlook.office365.com",
            "JSON autodiscover.kanzlei.example",
            "JSON kanzlei.example",
            "XML autodiscover.kanzlei.example",
            "XML kanzlei.example",
        ]
    );
}

#[test]
fn an_address_that_is_in_the_list_twice_is_asked_once() {
    let listed = ["https://{domain}", "https://kanzlei.example/", "https://KANZLEI.example"].map(str::to_owned);
    assert_eq!(bases(&listed, MAILBOX).expect("URLs"), [url("https://kanzlei.example")]);
}

#[test]
fn an_answer_in_json_names_a_service_or_says_why_not() {
    let online = reply(200, r#"{"Protocol":"EWS","Url":"https://outlook.office365.com/EWS/Exchange.asmx"}"#);
    let Told::At(service) = json::read(&online) else { panic!("a service") };
    assert_eq!(Whereabouts::of_service(service).protocol, Protocol::Graph);
    for (answer, said) in [
        (reply(404, r#"{"ErrorCode":"UserNotFound","ErrorMessage":"<script>"}"#), "it knows no such mailbox"),
        (reply(400, r#"{"ErrorCode":"ProtocolNotSupported"}"#), "it does not offer EWS for this mailbox"),
        (reply(404, ""), "HTTP 404: there is no autodiscover"),
        (reply(200, "<!DOCTYPE html><html>Welcome"), "a web page came instead of an answer"),
        (reply(200, "[]"), "what came is no answer of autodiscover"),
        (
            reply(200, r#"{"Protocol":"ActiveSync","Url":"https://x.example"}"#),
            "it names the service of another protocol than EWS",
        ),
        (reply(200, r#"{"Protocol":"EWS","Url":"somewhere"}"#), "it names a web service whose address is no URL"),
        (reply(302, ""), "HTTP 302, and it does not say where to"),
    ] {
        assert_eq!(why(json::read(&answer)), (said.to_owned(), false));
    }
    assert_eq!(why(json::read(&reply(503, "busy"))), ("HTTP 503".to_owned(), true));
    let moved = with(reply(302, ""), header::LOCATION, "https://mail.kanzlei.example/x");
    assert_eq!(json::read(&moved), Told::Elsewhere("https://mail.kanzlei.example/x".to_owned()));
    let nested = "[".repeat(200_000);
    assert!(matches!(json::read(&reply(200, &nested)), Told::Nothing { .. }));
}

#[test]
fn an_answer_in_xml_names_a_service_another_address_or_an_error() {
    let account = |inner: &str| {
        let text = format!(
            "<Autodiscover xmlns='http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006'><Response \
             xmlns='http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a'><Account>{inner}</Account></Response></Autodiscover>"
        );
        pox::read(&reply(200, &text))
    };
    let protocol = |kind: &str, url: &str| {
        format!("<Protocol><Type>{kind}</Type><ASUrl>https://old.example/</ASUrl><EwsUrl>{url}</EwsUrl></Protocol>")
    };
    let both = protocol("EXCH", "https://inside.example/") + &protocol("EXPR", "https://outside.example/");
    assert_eq!(account(&both), Told::At(url("https://outside.example/")), "the one for the outside");
    assert_eq!(account(&protocol("EXCH", "https://inside.example/")), Told::At(url("https://inside.example/")));
    assert_eq!(
        account("<Action>redirectAddr</Action><RedirectAddr>weber@kanzlei.mail.onmicrosoft.com</RedirectAddr>"),
        Told::Readdressed("weber@kanzlei.mail.onmicrosoft.com".to_owned())
    );
    assert_eq!(
        account("<Action>redirectUrl</Action><RedirectUrl>https://other.example/a.xml</RedirectUrl>"),
        Told::Elsewhere("https://other.example/a.xml".to_owned())
    );
    for bad in
        ["nobody", "@kanzlei.example", "a b@kanzlei.example", "a@kanzlei.example/x", "a@127.0.0.1", "a@[::1]", "a@x y"]
    {
        let told = account(&format!("<Action>redirectAddr</Action><RedirectAddr>{bad}</RedirectAddr>"));
        assert_eq!(why(told).0, "it sends us to another e-mail address that is none", "{bad}");
    }
    assert_eq!(
        why(account(&protocol("WEB", "https://x.example/"))).0,
        "it offers no Exchange Web Services for this mailbox"
    );
    let wants = with(reply(401, ""), header::WWW_AUTHENTICATE, "Basic");
    assert_eq!(pox::read(&wants), Told::SignIn);
    assert_eq!(why(pox::read(&reply(401, ""))).0, "HTTP 401", "that is no Exchange server");
    let entities =
        "<?xml version='1.0'?><!DOCTYPE b [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><Autodiscover>&b;</Autodiscover>";
    assert!(matches!(pox::read(&reply(200, entities)), Told::Nothing { .. }));
}

/// Answers as Microsoft's documentation shows them. They lie beside the repository.
#[test]
fn recorded_answers_are_understood() {
    let Some(folder) = reference("samples/autodiscover") else { return };
    let read = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).expect("is there");
        pox::read(&reply(200, text.trim_start_matches('\u{feff}')))
    };
    let service = url("https://mail.contoso.com/ews/exchange.asmx");
    assert_eq!(read("pox-autodiscover-response-for-exchange.01.xml"), Told::At(service));
    let found = read("how-to-get-user-settings-from-exchange-by-using-autodiscover.07.xml");
    assert_eq!(found, Told::At(url("https://mail.contoso.com/EWS/Exchange.asmx")));
    assert!(why(read("pox-autodiscover-response-for-exchange.02.xml")).0.contains("does not understand"));
    let moved = read("handling-autodiscover-error-messages.02.xml");
    assert_eq!(moved, Told::Readdressed("elvin@mail.contoso.com".to_owned()));
}

#[test]
fn the_question_in_xml_is_the_documented_one() {
    let Some(folder) = reference("samples/autodiscover") else { return };
    let text = std::fs::read(folder.join("pox-autodiscover-request-for-exchange.01.xml")).expect("is there");
    let shape = |bytes: &[u8]| {
        let document = crate::xml::parse(bytes).expect("XML");
        let texts: Vec<(String, String, String)> = document.children()[0]
            .children()
            .iter()
            .map(|one| (one.namespace().to_owned(), one.name().to_owned(), one.text().trim().to_owned()))
            .collect();
        (document.namespace().to_owned(), document.name().to_owned(), texts)
    };
    assert_eq!(shape(&pox::question("user@contoso.com")), shape(&text));
}

#[test]
fn redirects_lead_to_encrypted_addresses_outside_this_machine() {
    let from = url("https://autodiscover.kanzlei.example/autodiscover/autodiscover.json?Email=x");
    for good in ["https://mail.other.example/x", "/autodiscover/x.json", "https://autodiscover.kanzlei.example:8443/"] {
        assert!(redirect::next(&from, good).is_ok(), "{good}");
    }
    for bad in [
        "http://mail.kanzlei.example/",
        "http://autodiscover.kanzlei.example/",
        "https://127.0.0.1/",
        "http://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "ftp://mail.kanzlei.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://u:planted@mail.kanzlei.example/",
        "https://",
    ] {
        let refused = redirect::next(&from, bad).expect_err(bad);
        assert!(!refused.contains("planted"), "{refused}");
    }
    let long = format!("https://mail.kanzlei.example/{}", "x".repeat(5_000));
    assert!(redirect::next(&from, &long).is_err());
    let here = url("https://127.0.0.1:1/x");
    assert!(redirect::next(&here, "http://127.0.0.1:1/x").is_err(), "not without encryption, once there was some");
    assert!(redirect::next(&url("http://127.0.0.1:1/x"), "http://127.0.0.1:2/x").is_ok(), "for tests");
}

proptest! {
    #[test]
    fn anything_at_all_is_an_answer_of_some_kind(status in 100_u16..600, body in prop::collection::vec(any::<u8>(), 0..300)) {
        let reply = Reply { body, ..reply(status, "") };
        let _ = (json::read(&reply), pox::read(&reply));
    }

    #[test]
    fn anything_at_all_may_be_a_location(location in ".{0,60}") {
        let from = url("https://autodiscover.kanzlei.example/");
        if let Ok(next) = redirect::next(&from, &location) {
            prop_assert_eq!(next.scheme(), "https");
            prop_assert!(!is_loopback(&next));
        }
    }
}
