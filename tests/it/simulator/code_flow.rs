//! The authority's code flow, from the discovery document to EWS: what is given, what is refused.

use pocketdocket::simulator::{
    Account, AccountAction, App, CLIENT_ID, EWS_RESOURCE, GRAPH_RESOURCE, MFA_CODE, Mfa, RefreshReuse, Running,
    Settings, Simulator, TENANT, TokenRules,
};
use serde_json::json;

use super::person::{Person, REDIRECT, claims};

pub(super) const ANNA: &str = "anna@kanzlei.example";

async fn start(settings: Settings) -> (Running, Person) {
    let running = Simulator::start(settings.online().with_mailbox(ANNA)).await.expect("a simulator");
    let person = Person::new(&running, ANNA);
    (running, person)
}

#[tokio::test]
async fn the_discovery_document_leads_to_every_endpoint_and_to_keys() {
    let (_running, person) = start(Settings::default()).await;
    let document = person.get(&format!("/{TENANT}/v2.0/.well-known/openid-configuration")).await.json();
    assert_eq!(document["issuer"], format!("{}/{TENANT}/v2.0", person.base));
    for name in ["authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "jwks_uri"] {
        let address = document[name].as_str().expect("an address");
        assert!(address.starts_with(&format!("{}/{TENANT}/", person.base)), "{address}");
    }
    let by_domain = person.get("/kanzlei.example/v2.0/.well-known/openid-configuration").await.json();
    assert_eq!(by_domain, document, "a tenant may be called by a domain");
    let common = person.get("/common/v2.0/.well-known/openid-configuration").await.json();
    assert!(common["issuer"].as_str().is_some_and(|issuer| issuer.contains("{tenantid}")), "{common}");
    let unknown = person.get("/nobody.example/v2.0/.well-known/openid-configuration").await;
    assert_eq!((unknown.status, unknown.code_of_error()), (400, 90_002));
    let keys = person.get(&format!("/{TENANT}/discovery/v2.0/keys")).await.json();
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["alg"]), (&json!("RSA"), &json!("RS256")));
}

#[tokio::test]
async fn a_person_signs_in_step_by_step_and_the_tokens_are_right() {
    let settings = Settings::default().with_account(Account::simple("ben@kanzlei.example").with_mfa(Mfa::Required));
    let (_running, mut person) = start(settings).await;
    person.login = "ben@kanzlei.example".to_owned();
    let page = person.authorize(&[]).await;
    let page = person.next(&page, &[("login", &person.login), ("password", "falsch")]).await;
    assert!(page.body.contains("AADSTS50126"), "{}", page.body);
    let page = person.next(&page, &[("login", &person.login), ("password", "simulator")]).await;
    assert!(page.body.contains("second factor"), "{}", page.body);
    let page = person.next(&page, &[("code", "000000")]).await;
    assert!(page.body.contains("AADSTS500121"), "{}", page.body);
    let page = person.next(&page, &[("code", MFA_CODE)]).await;
    assert!(page.body.contains("EWS.AccessAsUser.All"), "{}", page.body);
    let back = person.next(&page, &[("consent", "accept")]).await;
    assert_eq!((back.status, back.returned("state").as_deref()), (302, Some("a-state")));
    assert!(back.location.as_ref().is_some_and(|location| location.starts_with(REDIRECT)));
    let tokens = person.redeem(&back.returned("code").expect("a code"), &[]).await.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let id = claims(&person, tokens["id_token"].as_str().expect("a token"), CLIENT_ID).await.expect("a good ID token");
    assert_eq!((&id["nonce"], &id["tid"], &id["amr"]), (&json!("a-nonce"), &json!(TENANT), &json!(["pwd", "mfa"])));
    assert_eq!(id["preferred_username"], "ben@kanzlei.example");
    let access = tokens["access_token"].as_str().expect("a token");
    let access = claims(&person, access, EWS_RESOURCE).await.expect("a good access token");
    assert_eq!((&access["scp"], &access["azp"]), (&json!("EWS.AccessAsUser.All"), &json!(CLIENT_ID)));
    assert_eq!(access["oid"], id["oid"]);
    assert!(access.get("nonce").is_none(), "the nonce belongs to the ID token");

    // Consent is remembered; without a second factor `amr` does not claim one.
    person.login = ANNA.to_owned();
    let tokens = person.tokens(&[]).await;
    let id = claims(&person, tokens["id_token"].as_str().expect("a token"), CLIENT_ID).await.expect("a good ID token");
    assert_eq!(id["amr"], json!(["pwd"]));
    let page = person.authorize(&[]).await;
    let back = person.next(&page, &[("login", ANNA), ("password", "simulator")]).await;
    assert!(back.returned("code").is_some(), "{back:?}");
}

#[tokio::test]
async fn a_number_is_approved_on_the_phone() {
    let (running, person) = start(Settings::default()).await;
    let administrator = running.administrator();
    administrator.act(ANNA, AccountAction::SetMfa { mfa: Mfa::MustRegister }).expect("an account");
    let page = person.authorize(&[]).await;
    let page = person.next(&page, &[("login", ANNA), ("password", "simulator"), ("consent", "accept")]).await;
    assert!(page.body.contains("has none yet"), "{}", page.body);
    let page = person.next(&page, &[("register", "yes")]).await;
    let number: u8 = page.between("<strong id=\"number\">", "<").parse().expect("a number");
    assert_eq!(administrator.number(ANNA), Some(number));
    let waiting = person.next(&page, &[("consent", "accept")]).await;
    assert!(waiting.location.is_none(), "nobody has approved yet");
    administrator.act(ANNA, AccountAction::ApproveNumber { number: Some(number) }).expect("a phone");
    let back = person.next(&waiting, &[("consent", "accept")]).await;
    let tokens = person.redeem(&back.returned("code").expect("a code"), &[]).await.json();
    let id = claims(&person, tokens["id_token"].as_str().expect("a token"), CLIENT_ID).await.expect("a good ID token");
    assert_eq!(id["amr"], json!(["pwd", "mfa"]));
}

#[tokio::test]
async fn a_program_may_want_a_second_factor() {
    let (running, person) = start(Settings::default()).await;
    running.administrator().act(ANNA, AccountAction::SetMfa { mfa: Mfa::Registered }).expect("an account");
    assert!(person.sign_in(&[]).await.returned("code").is_some(), "nobody asked for one");
    let page =
        person.authorize(&[("claims", "{\"id_token\":{\"amr\":{\"essential\":true,\"values\":[\"mfa\"]}}}")]).await;
    let page = person.next(&page, &[("login", ANNA), ("password", "simulator")]).await;
    assert!(page.body.contains("second factor"), "{}", page.body);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_refused() {
    let (_running, person) = start(Settings::default()).await;
    for (changed, code) in [
        (("client_id", "00000000-0000-0000-0000-000000000000"), 700_016),
        (("redirect_uri", "http://localhost:49152/other"), 50_011),
        (("redirect_uri", "http://127.0.0.1:49152"), 50_011),
        (("redirect_uri", "http://[::1]:49152"), 50_011),
        (("redirect_uri", "https://localhost:49152"), 50_011),
        (("redirect_uri", "http://localhost.elsewhere.example"), 50_011),
        (("redirect_uri", "http://somebody@localhost"), 50_011),
        (("redirect_uri", ""), 900_144),
        (("client_id", ""), 900_144),
    ] {
        let page = person.authorize(&[changed]).await;
        assert_eq!((page.status, page.location.clone()), (400, None), "{changed:?} must not lead anywhere");
        assert!(page.body.contains(&format!("AADSTS{code}")), "{changed:?}: {}", page.body);
    }
    for (changed, error, code) in [
        (("response_type", "token"), "unsupported_response_type", 700_051),
        (("response_mode", "fragment"), "unsupported_response_type", 700_051),
        (("code_challenge", ""), "invalid_request", 50_147),
        (("code_challenge_method", "plain"), "invalid_request", 50_147),
        (("scope", "openid https://elsewhere.example/.default"), "invalid_resource", 500_011),
        (("scope", "Mail.Send"), "invalid_client", 650_053),
        (("prompt", "none"), "login_required", 50_058),
    ] {
        let back = person.authorize(&[changed]).await;
        assert_eq!(back.returned("error").as_deref(), Some(error), "{changed:?}: {back:?}");
        assert_eq!(back.returned("state").as_deref(), Some("a-state"));
        let description = back.returned("error_description").unwrap_or_default();
        assert!(description.starts_with(&format!("AADSTS{code}:")), "{description}");
    }
    let page = person.authorize(&[("redirect_uri", "http://localhost:9/")]).await;
    assert_eq!(page.status, 200, "any port will do");
    let twice = person.get(&format!("/{TENANT}/oauth2/v2.0/authorize?client_id=a&client_id=b")).await;
    assert_eq!(twice.status, 400);
}

#[tokio::test]
async fn a_code_is_good_once_for_whoever_asked_and_not_for_long() {
    let (running, person) = start(Settings::default()).await;
    let refused =
        async |changed: &[(&str, &str)]| person.redeem(&person.code(&[]).await, changed).await.code_of_error();
    assert_eq!(refused(&[("code_verifier", "another-verifier-that-is-long-enough-to-be-taken")]).await, 501_481);
    assert_eq!(refused(&[("redirect_uri", "http://localhost:49153")]).await, 50_011);
    assert_eq!(refused(&[("client_id", "b2c9f7a4-2d36-4e58-8f0b-3a7d9c5e6120")]).await, 700_016);
    assert_eq!(refused(&[("client_secret", "geheim")]).await, 700_025);
    assert_eq!(refused(&[("grant_type", "password")]).await, 70_003);
    assert_eq!(refused(&[("code", "made-up")]).await, 70_000);
    let code = person.code(&[]).await;
    running.administrator().advance_clock(601);
    assert_eq!(person.redeem(&code, &[]).await.code_of_error(), 70_008);
    let code = person.code(&[]).await;
    let tokens = person.redeem(&code, &[]).await.json();
    let again = person.redeem(&code, &[]).await;
    assert_eq!((again.status, again.code_of_error()), (400, 54_005));
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    assert_eq!(person.refresh(refresh).await.code_of_error(), 50_173, "a stolen code is worth nothing to either");
}

#[tokio::test]
async fn refresh_tokens_go_on_until_they_do_not() {
    let (running, person) = start(Settings::default()).await;
    let first = person.tokens(&[]).await["refresh_token"].as_str().expect("a token").to_owned();
    let second = person.refresh(&first).await.json()["refresh_token"].as_str().expect("a token").to_owned();
    assert_ne!(first, second);
    assert_eq!(person.refresh(&first).await.status, 200, "the old one stays good, as Entra has it");
    running.administrator().advance_clock(91 * 24 * 60 * 60);
    assert_eq!(person.refresh(&second).await.code_of_error(), 700_082);

    let tokens = person.tokens(&[]).await;
    let refresh = tokens["refresh_token"].as_str().expect("a token").to_owned();
    let graph = person
        .token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &refresh),
            ("scope", &format!("{GRAPH_RESOURCE}/Contacts.ReadWrite")),
        ])
        .await;
    assert_eq!((graph.code_of_error(), &graph.json()["suberror"]), (65_001, &json!("consent_required")));
    let act = |action| running.administrator().act(ANNA, action).expect("an account");
    act(AccountAction::SetMfa { mfa: Mfa::Required });
    let challenged = person.refresh(&refresh).await.json();
    assert_eq!(challenged["error"], "interaction_required");
    assert!(challenged["claims"].as_str().is_some_and(|claims| claims.contains("capolids")), "{challenged}");
    act(AccountAction::SetMfa { mfa: Mfa::MustRegister });
    assert_eq!(person.refresh(&refresh).await.code_of_error(), 50_079);
    act(AccountAction::SetMfa { mfa: Mfa::None });
    act(AccountAction::Disable);
    assert_eq!(person.refresh(&refresh).await.code_of_error(), 50_057);
    act(AccountAction::Enable);
    act(AccountAction::SetPassword { password: "neu".to_owned() });
    let revoked = person.refresh(&refresh).await;
    assert_eq!((revoked.code_of_error(), &revoked.json()["error"]), (50_173, &json!("invalid_grant")));
}

#[tokio::test]
async fn a_strict_authority_revokes_the_family_of_a_token_that_comes_twice() {
    let tokens = TokenRules { reuse: RefreshReuse::RevokesFamily, ..TokenRules::default() };
    let (_running, person) = start(Settings { tokens, ..Settings::default() }).await;
    let first = person.tokens(&[]).await["refresh_token"].as_str().expect("a token").to_owned();
    let second = person.refresh(&first).await.json()["refresh_token"].as_str().expect("a token").to_owned();
    assert_eq!(person.refresh(&first).await.code_of_error(), 70_000);
    assert_eq!(person.refresh(&second).await.code_of_error(), 50_173);
}

#[tokio::test]
async fn one_refresh_token_is_good_for_exchange_and_for_graph() {
    let (_running, person) = start(Settings::default()).await;
    let scope =
        format!("openid offline_access {EWS_RESOURCE}/EWS.AccessAsUser.All {GRAPH_RESOURCE}/Contacts.ReadWrite");
    let page = person.authorize(&[("scope", &scope)]).await;
    let back = person.next(&page, &[("login", ANNA), ("password", "simulator"), ("consent", "accept")]).await;
    let tokens = person.redeem(&back.returned("code").expect("a code"), &[]).await.json();
    let refresh = tokens["refresh_token"].as_str().expect("a token");
    for (resource, name) in [(EWS_RESOURCE, "EWS.AccessAsUser.All"), (GRAPH_RESOURCE, "Contacts.ReadWrite")] {
        let scope = format!("{resource}/{name}");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", &scope)];
        let tokens = person.token(&fields).await.json();
        let access = claims(&person, tokens["access_token"].as_str().expect("a token"), resource).await;
        assert_eq!(access.expect("a good token")["scp"], name);
    }
    let both = format!("{EWS_RESOURCE}/.default {GRAPH_RESOURCE}/.default");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", both.as_str())];
    assert_eq!(person.token(&fields).await.code_of_error(), 28_000);
}

#[tokio::test]
async fn keys_change_and_tokens_of_the_one_before_stay_good() {
    let (running, person) = start(Settings::default()).await;
    let token = person.tokens(&[]).await["id_token"].as_str().expect("a token").to_owned();
    running.administrator().rotate_keys().expect("a key");
    claims(&person, &token, CLIENT_ID).await.expect("still good");
    let newer = person.tokens(&[]).await["id_token"].as_str().expect("a token").to_owned();
    claims(&person, &newer, CLIENT_ID).await.expect("good");
    running.administrator().rotate_keys().expect("a key");
    assert!(claims(&person, &token, CLIENT_ID).await.is_err(), "its key is not published any more");
}

#[tokio::test]
async fn programs_are_known_where_they_are_registered() {
    let mut home = App::new("11111111-2222-4333-8444-555555555555");
    home.tenant = Some(TENANT.to_owned());
    home.redirects.push("http://127.0.0.1/callback".to_owned());
    let mut assigned = App::new("21111111-2222-4333-8444-555555555555");
    assigned.assigned_only = true;
    let mut administered = App::new("31111111-2222-4333-8444-555555555555");
    administered.admin_consent = true;
    let elsewhere = "4b1d3c52-8a0b-4f7e-9d42-5be1c07a9e14";
    let settings = Settings { apps: vec![home.clone(), assigned.clone(), administered.clone()], ..Settings::default() }
        .with_account(Account::simple("cem@elsewhere.example").in_tenant(elsewhere));
    let (_running, person) = start(settings).await;
    let query = |client: &str| {
        format!(
            "client_id={client}&response_type=code&redirect_uri=http%3A%2F%2F127.0.0.1%3A5%2Fcallback&scope=openid&\
             code_challenge={}&code_challenge_method=S256",
            super::person::challenge()
        )
    };
    let asked =
        async |tenant: &str| person.get(&format!("/{tenant}/oauth2/v2.0/authorize?{}", query(&home.client_id))).await;
    assert_eq!(asked(TENANT).await.status, 200);
    assert!(asked("common").await.body.contains("AADSTS50194"));
    assert!(asked(elsewhere).await.body.contains("AADSTS700016"));
    let sign_in = async |client: &str| {
        let page = person.authorize(&[("client_id", client)]).await;
        let back = person.next(&page, &[("login", ANNA), ("password", "simulator"), ("consent", "accept")]).await;
        back.returned("error_description").unwrap_or_default()
    };
    assert!(sign_in(&assigned.client_id).await.starts_with("AADSTS50105"));
    assert!(sign_in(&administered.client_id).await.starts_with("AADSTS90094"));
    let page = person.authorize(&[("client_id", &home.client_id)]).await;
    let page = person.next(&page, &[("login", "cem@elsewhere.example"), ("password", "simulator")]).await;
    assert!(page.body.contains("AADSTS50020"), "{}", page.body);
}

#[tokio::test]
async fn people_decline_and_cancel() {
    let (_running, person) = start(Settings::default()).await;
    let back = person.sign_in(&[("consent", "decline")]).await;
    assert_eq!(back.returned("error").as_deref(), Some("access_denied"));
    let page = person.authorize(&[]).await;
    assert_eq!(person.next(&page, &[("cancel", "yes")]).await.returned("error").as_deref(), Some("access_denied"));
    let gone = person.next(&page, &[("login", ANNA), ("password", "simulator")]).await;
    assert!(gone.body.contains("AADSTS50089"), "a sign-in that is over is over");
}
