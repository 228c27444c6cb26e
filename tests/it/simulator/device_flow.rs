//! The authority's device codes: what a program hears while a person takes their time.

use pocketdocket::simulator::{
    AccountAction, App, CLIENT_ID, EWS_RESOURCE, Fault, FaultRule, MFA_CODE, Mfa, PASSWORD, Running, Settings,
    Simulator, TENANT,
};
use serde_json::json;

use super::{
    code_flow::ANNA,
    person::{Person, claims},
};

async fn start(settings: Settings) -> (Running, Person) {
    let running = Simulator::start(settings.online().with_mailbox(ANNA)).await.expect("a simulator");
    let person = Person::new(&running, ANNA);
    (running, person)
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().expect("text").to_owned()
}

#[tokio::test]
async fn a_person_enters_the_code_and_the_program_gets_tokens() {
    let (running, person) = start(Settings::default()).await;
    running.administrator().act(ANNA, AccountAction::SetMfa { mfa: Mfa::Required }).expect("an account");
    let device = person.device_code().await;
    assert_eq!((&device["expires_in"], &device["interval"]), (&json!(900), &json!(5)));
    assert_eq!(device["verification_uri"], format!("{}/device", person.base));
    assert!(text(&device["message"]).contains(&text(&device["user_code"])));
    let code = text(&device["device_code"]);
    let pending = person.poll(&code).await;
    assert_eq!((pending.status, &pending.json()["error"]), (400, &json!("authorization_pending")));
    assert!(person.get("/device").await.body.contains("user-code"));
    assert_eq!(person.post("/device", &[("user-code", "ZZZZZZZZZ")]).await.status, 400);
    let page = person.post("/device", &[("user-code", &text(&device["user_code"]).to_lowercase())]).await;
    let fields = [("login", ANNA), ("password", PASSWORD), ("code", MFA_CODE), ("consent", "accept")];
    let done = person.next(&page, &fields).await;
    assert!(done.body.contains("go back to the program"), "{}", done.body);
    running.administrator().advance_clock(5);
    let tokens = person.poll(&code).await.json();
    let id = claims(&person, &text(&tokens["id_token"]), CLIENT_ID).await.expect("a good ID token");
    assert_eq!(id["amr"], json!(["pwd", "mfa"]));
    claims(&person, &text(&tokens["access_token"]), EWS_RESOURCE).await.expect("a good access token");
    running.administrator().advance_clock(5);
    assert_eq!(person.poll(&code).await.json()["error"], "bad_verification_code", "it is good once");
}

#[tokio::test]
async fn a_hasty_program_is_slowed_down_and_a_late_one_is_too_late() {
    let (running, person) = start(Settings::default()).await;
    let code = text(&person.device_code().await["device_code"]);
    let errors = async |after: i64| {
        running.administrator().advance_clock(after);
        text(&person.poll(&code).await.json()["error"])
    };
    assert_eq!(errors(0).await, "authorization_pending");
    assert_eq!(errors(1).await, "slow_down");
    assert_eq!(errors(6).await, "slow_down", "the interval is ten seconds now");
    assert_eq!(errors(15).await, "authorization_pending");
    assert_eq!(errors(900).await, "expired_token");
}

#[tokio::test]
async fn the_control_door_approves_and_declines() {
    let (running, person) = start(Settings::default()).await;
    let device = person.device_code().await;
    running.administrator().decline_device(&text(&device["user_code"])).expect("a code");
    assert_eq!(person.poll(&text(&device["device_code"])).await.json()["error"], "authorization_declined");
    let device = person.device_code().await;
    running.administrator().approve_device(&text(&device["user_code"]), ANNA, true).expect("a code");
    let tokens = person.poll(&text(&device["device_code"])).await.json();
    assert!(tokens["refresh_token"].is_string(), "{tokens}");
    assert!(running.administrator().approve_device("ZZZZZZZZZ", ANNA, true).is_err());
}

#[tokio::test]
async fn a_policy_against_device_codes_stops_new_ones_and_what_came_from_one() {
    let (running, person) = start(Settings::default()).await;
    let device = person.device_code().await;
    running.administrator().approve_device(&text(&device["user_code"]), ANNA, false).expect("a code");
    let by_device = text(&person.poll(&text(&device["device_code"])).await.json()["refresh_token"]);
    let by_browser = text(&person.tokens(&[]).await["refresh_token"]);
    running.faults().add(FaultRule::new(Fault::DeviceCodeBlocked));
    assert_eq!(person.refresh(&by_device).await.code_of_error(), 530_036);
    assert_eq!(person.refresh(&by_browser).await.status, 200);
    let device = person.device_code().await;
    let page = person.post("/device", &[("user-code", &text(&device["user_code"]))]).await;
    assert!(page.body.contains("AADSTS53003"), "{}", page.body);
    assert_eq!(person.poll(&text(&device["device_code"])).await.code_of_error(), 53_003);
}

#[tokio::test]
async fn a_program_that_is_not_public_gets_no_device_code() {
    let mut app = App::new(CLIENT_ID);
    app.public_flows = false;
    let (_running, person) = start(Settings { apps: vec![app], ..Settings::default() }).await;
    let fields = [("client_id", CLIENT_ID), ("scope", "openid")];
    let answer = person.post(&format!("/{TENANT}/oauth2/v2.0/devicecode"), &fields).await;
    assert_eq!((answer.status, answer.code_of_error()), (401, 7_000_218));
}
