//! Every no of the authority, on demand: for everybody, for a login, for a program, at each of its endpoints.

use std::{collections::BTreeSet, fs};

use pocketdocket::simulator::{CLIENT_ID, Fault, FaultRule, Running, Settings, Simulator, TENANT};
use serde_json::{Value, json};

use super::{
    code_flow::ANNA,
    person::{Answer, Person},
};
use crate::repository;

/// The codes of our list of what an administrator may meet, and those of the device flow.
const CODES: [u32; 61] = [
    50126, 50034, 50053, 50055, 50144, 50057, 50076, 50074, 50079, 50072, 50078, 70043, 50158, 50105, 53000, 53001,
    530_003, 53003, 530_036, 530_032, 530_035, 65001, 90094, 650_056, 650_057, 65004, 700_016, 700_011, 7_000_112,
    70001, 7_000_215, 7_000_222, 700_027, 50012, 700_024, 7_000_218, 50173, 70008, 700_082, 54005, 50196, 90002,
    900_382, 900_432, 50194, 9_001_023, 90033, 50033, 90006, 90024, 50087, 90055, 70016, 70017, 70018, 70020,
    1_003_039, 50020, 50011, 500_121, 70000,
];

async fn start() -> (Running, Person) {
    let running = Simulator::start(Settings::default().online().with_mailbox(ANNA)).await.expect("a simulator");
    let person = Person::new(&running, ANNA);
    (running, person)
}

fn no(code: u32) -> FaultRule {
    FaultRule::new(Fault::OauthError { code, error: None, suberror: None })
}

/// Whether an answer has the shape that Entra gives it.
fn check(code: u32, answer: &Answer) -> Value {
    let body = answer.json();
    assert_eq!(body["error_codes"], json!([code]));
    let time = body["timestamp"].as_str().expect("a time").to_owned();
    assert!(time.ends_with('Z') && time.len() == 20, "{time}");
    let description = body["error_description"].as_str().expect("a description");
    assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
    for name in ["trace_id", "correlation_id"] {
        let id = body[name].as_str().expect("an id");
        assert!(uuid::Uuid::parse_str(id).is_ok() && description.contains(id), "{name} in {description}");
    }
    assert!(description.ends_with(&format!("Timestamp: {time}")), "{description}");
    let challenged = body["suberror"] == "basic_action";
    assert_eq!(body.get("claims").is_some(), challenged, "claims come with a challenge: {body}");
    let status = match body["error"].as_str().expect("a word") {
        "invalid_client" => 401,
        "temporarily_unavailable" => 503,
        _ => 400,
    };
    assert_eq!(answer.status, status, "{body}");
    body
}

#[tokio::test]
async fn every_code_is_said_at_every_endpoint_and_then_no_more() {
    let (running, person) = start().await;
    assert_eq!(BTreeSet::from(CODES).len(), CODES.len());
    for code in CODES {
        let rule = no(code).times(3);
        running.faults().add(rule);
        let device = person.post(&format!("/{TENANT}/oauth2/v2.0/devicecode"), &[("client_id", CLIENT_ID)]).await;
        let device = check(code, &device);
        let token = check(code, &person.refresh("whatever").await);
        assert_eq!((&device["error"], &device["suberror"]), (&token["error"], &token["suberror"]));
        let back = person.authorize(&[]).await;
        assert_eq!(back.returned("error").map(Value::from), Some(token["error"].clone()), "{code}: {back:?}");
        assert!(back.returned("error_description").is_some_and(|text| text.starts_with(&format!("AADSTS{code}:"))));
        assert_eq!(back.returned("state").as_deref(), Some("a-state"));
        assert!(back.returned("code").is_none());
    }
    assert!(running.faults().active().is_empty());
    assert!(person.tokens(&[]).await["access_token"].is_string());
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
async fn the_words_are_those_of_the_samples() {
    let folder = repository::root().join("../shared/domain/samples/oauth");
    let Ok(files) = fs::read_dir(&folder) else {
        eprintln!("skipped: `../shared/domain/samples` is not there");
        return;
    };
    let (running, person) = start().await;
    let mut compared = 0;
    for file in files {
        let path = file.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if !name.starts_with("token.error.") {
            continue;
        }
        let sample: Value = serde_json::from_str(&fs::read_to_string(&path).expect("a sample")).expect("JSON");
        let code = sample["error_codes"][0].as_u64().and_then(|code| u32::try_from(code).ok()).expect("a code");
        running.faults().add(no(code).times(1));
        let ours = person.refresh("whatever").await.json();
        let shape = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(shape(&ours), shape(&sample), "{name}");
        assert_eq!((&ours["error"], ours.get("suberror")), (&sample["error"], sample.get("suberror")), "{name}");
        compared += 1;
    }
    assert!(compared > 10, "the samples were not found");
}

#[tokio::test]
async fn a_no_is_for_everybody_for_a_login_or_for_a_program() {
    let (running, person) = start().await;
    let ben = "ben@kanzlei.example";
    running.add_mailbox(ben, ben, "simulator".into()).expect("a mailbox");
    let others = Person { login: ben.to_owned(), ..Person::new(&running, ben) };
    let refresh = |tokens: &Value| tokens["refresh_token"].as_str().expect("a token").to_owned();
    let (hers, his) = (refresh(&person.tokens(&[]).await), refresh(&others.tokens(&[]).await));

    running.faults().add(no(53003).for_login(ANNA));
    assert_eq!(person.refresh(&hers).await.code_of_error(), 53003);
    assert_eq!(others.refresh(&his).await.status, 200);
    let back = person.sign_in(&[]).await;
    assert!(back.returned("error_description").is_some_and(|text| text.starts_with("AADSTS53003")), "{back:?}");
    assert!(others.sign_in(&[]).await.returned("code").is_some());
    running.faults().clear();

    running.faults().add(no(7_000_112).for_client(CLIENT_ID));
    assert_eq!(others.refresh(&his).await.code_of_error(), 7_000_112);
    running.faults().clear();
    running.faults().add(no(7_000_112).for_client("11111111-2222-4333-8444-555555555555"));
    assert_eq!(others.refresh(&his).await.status, 200);
    running.faults().clear();

    running.faults().add(no(90033).on("token/refresh_token"));
    assert_eq!(others.refresh(&his).await.code_of_error(), 90033);
    assert!(others.code(&[]).await.len() > 20, "the page is not meant");
    running.faults().clear();

    // As on the command line, with words of another standard.
    let rule = "oauth-error,code=50126,error=invalid_request,suberror=odd,login=anna@kanzlei.example,operation=token";
    running.faults().add(rule.parse().expect("a fault"));
    let odd = person.refresh(&hers).await.json();
    assert_eq!((&odd["error"], &odd["suberror"]), (&json!("invalid_request"), &json!("odd")));
}

#[tokio::test]
async fn a_state_that_was_changed_comes_back_changed() {
    let (running, person) = start().await;
    running.faults().add(FaultRule::new(Fault::StateChanged).times(1));
    let back = person.sign_in(&[]).await;
    assert!(back.returned("code").is_some());
    assert!(back.returned("state").is_some_and(|state| state != "a-state"), "{back:?}");
    assert_eq!(person.sign_in(&[]).await.returned("state").as_deref(), Some("a-state"));
}
