//! Where mailboxes are, in both versions of autodiscover; what a client makes up is refused.

use pocketdocket::simulator::{Account, AccountAction, Home, PASSWORD, Running, Settings, Simulator};

use super::ANNA;

async fn running(home: Home) -> Running {
    Simulator::start(Settings::default().with_account(Account::simple(ANNA).at(home))).await.expect("a simulator")
}

async fn asked(running: &Running, path: &str) -> (u16, serde_json::Value) {
    let answer = reqwest::get(format!("{}{path}", running.autodiscover_url())).await.expect("an answer");
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default())
}

fn question(schema: &str) -> String {
    format!(
        "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\"><Request>\
         <EMailAddress>{ANNA}</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/\
         responseschema/{schema}</AcceptableResponseSchema></Request></Autodiscover>"
    )
}

async fn posted(running: &Running, password: Option<&str>, body: String) -> (u16, String) {
    let url = format!("{}/autodiscover/autodiscover.xml", running.autodiscover_url());
    let mut request = reqwest::Client::new().post(url).header("content-type", "text/xml; charset=utf-8").body(body);
    if let Some(password) = password {
        request = request.basic_auth(ANNA, Some(password));
    }
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

#[tokio::test]
async fn the_second_version_tells_anybody_and_follows_a_mailbox_that_moves() {
    let running = running(Home::OnPremises).await;
    let path = format!("/autodiscover/autodiscover.json?Email={ANNA}&Protocol=EWS&RedirectCount=1");
    let here = serde_json::json!({ "Protocol": "EWS", "Url": running.ews_url() });
    assert_eq!(asked(&running, &path).await, (200, here.clone()));
    assert_eq!(
        asked(&running, &format!("/autodiscover/autodiscover.json/v1.0/{ANNA}?Protocol=EWS")).await,
        (200, here)
    );
    running.administrator().act(ANNA, AccountAction::SetHome { home: Home::Online }).expect("moved");
    let (_, there) = asked(&running, &path).await;
    assert_eq!(there["Url"], "https://outlook.office365.com/EWS/Exchange.asmx");
}

#[tokio::test]
async fn what_is_left_out_or_made_up_is_refused() {
    let running = running(Home::Online).await;
    for (query, status, code) in [
        ("Protocol=EWS", 400, "InvalidRequest"),
        ("Email=anna@kanzlei.example", 400, "InvalidRequest"),
        ("Email=anna@kanzlei.example&Protocol=EWS&Redirects=1", 400, "InvalidRequest"),
        ("Email=anna@kanzlei.example&Protocol=EWS&RedirectCount=many", 400, "InvalidRequest"),
        ("Email=anna@kanzlei.example&Protocol=Telepathy", 400, "ProtocolNotSupported"),
        ("Email=ben@kanzlei.example&Protocol=EWS", 404, "UserNotFound"),
    ] {
        let (said, body) = asked(&running, &format!("/autodiscover/autodiscover.json?{query}")).await;
        assert_eq!((said, body["ErrorCode"].as_str()), (status, Some(code)), "{query}");
    }
}

#[tokio::test]
async fn the_first_version_tells_who_signs_in() {
    let running = running(Home::OnPremises).await;
    assert_eq!(posted(&running, None, question("2006a")).await.0, 401);
    assert_eq!(posted(&running, Some("wrong"), question("2006a")).await.0, 401);
    let (_, text) = posted(&running, Some(PASSWORD), question("2006a")).await;
    assert!(text.contains(&format!("<EwsUrl>{}</EwsUrl>", running.ews_url())), "{text}");
    let (_, text) = posted(&running, Some(PASSWORD), question("2011")).await;
    assert!(text.contains("<ErrorCode>600</ErrorCode>"), "{text}");
    let (_, text) = posted(&running, Some(PASSWORD), "<Autodiscover/>".to_owned()).await;
    assert!(text.contains("<ErrorCode>600</ErrorCode>"), "{text}");
    let (_, text) = posted(&running, Some(PASSWORD), question("2006a").replace("anna@", "ben@")).await;
    assert!(text.contains("<ErrorCode>500</ErrorCode>"), "{text}");
    running.administrator().act(ANNA, AccountAction::SetHome { home: Home::Online }).expect("moved");
    let (_, text) = posted(&running, Some(PASSWORD), question("2006a")).await;
    assert!(text.contains("<RedirectAddr>anna@kanzlei-example.mail.onmicrosoft.com</RedirectAddr>"), "{text}");
    let routed = "/autodiscover/autodiscover.json?Email=anna@kanzlei-example.mail.onmicrosoft.com&Protocol=EWS";
    let (_, there) = asked(&running, routed).await;
    assert_eq!(there["Url"], "https://outlook.office365.com/EWS/Exchange.asmx");
}

#[tokio::test]
async fn each_face_knows_only_the_mailboxes_that_are_there() {
    for (home, ews, graph) in
        [(Home::OnPremises, true, false), (Home::Online, false, true), (Home::Everywhere, true, true)]
    {
        let running = running(home).await;
        let client = super::Client::new(&running, ANNA, PASSWORD);
        let found = client.find("v1/x/contact/all/1").await;
        assert_eq!(found.code() != "ErrorNonExistentMailbox", ews, "{found:?}");
        let token = running.graph_token(ANNA).expect("a token");
        let url = format!("{}/me/contacts", running.graph_url());
        let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.expect("an answer");
        assert_eq!(answer.status().is_success(), graph);
        if !graph {
            assert!(answer.text().await.expect("a body").contains("MailboxNotEnabledForRESTAPI"));
        }
    }
}
