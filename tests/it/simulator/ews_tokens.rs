//! EWS and tokens: which are taken, and what is said about those that are not.

use pocketdocket::simulator::{
    Account, AccountAction, EWS_RESOURCE, Fault, FaultRule, GRAPH_RESOURCE, Licence, Lockout, PASSWORD, Running,
    Settings, SignInOffer, Simulator, TENANT, TokenFlaw,
};

use super::{
    code_flow::ANNA,
    person::{Person, trusting},
};

const FIND: &str = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
     xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
     xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><s:Body><m:GetFolder><m:FolderShape>\
     <t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"contacts\"/>\
     </m:FolderIds></m:GetFolder></s:Body></s:Envelope>";

#[derive(Debug)]
struct Said {
    status: u16,
    offers: Vec<String>,
    diagnostics: String,
    headers: reqwest::header::HeaderMap,
    body: String,
}

async fn ask(running: &Running, authorization: &str) -> Said {
    let mut request = trusting(running).post(running.ews_url()).header("content-type", "text/xml; charset=utf-8");
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    let sent = request.body(FIND).send().await.expect("an answer");
    let headers = sent.headers().clone();
    let text = |value: &reqwest::header::HeaderValue| value.to_str().expect("text").to_owned();
    Said {
        status: sent.status().as_u16(),
        offers: headers.get_all("www-authenticate").iter().map(text).collect(),
        diagnostics: headers.get("x-ms-diagnostics").map(text).unwrap_or_default(),
        headers,
        body: sent.text().await.expect("text"),
    }
}

async fn start(settings: Settings) -> (Running, Person) {
    let running = Simulator::start(settings.with_mailbox(ANNA)).await.expect("a simulator");
    let person = Person::new(&running, ANNA);
    (running, person)
}

async fn bearer(person: &Person) -> String {
    format!("Bearer {}", person.tokens(&[]).await["access_token"].as_str().expect("a token"))
}

fn basic(password: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{ANNA}:{password}")))
}

#[tokio::test]
async fn a_good_token_is_taken_and_an_empty_one_is_told_who_gives_them() {
    let (running, person) = start(Settings::default().online()).await;
    let good = ask(&running, &bearer(&person).await).await;
    assert_eq!(good.status, 200, "{good:?}");
    assert!(good.body.contains("NoError"), "{}", good.body);
    for nothing in ["Bearer", "Bearer ", ""] {
        let told = ask(&running, nothing).await;
        assert_eq!((told.status, told.offers.len(), told.body.as_str()), (401, 1, ""), "{nothing:?}");
        assert!(told.offers[0].starts_with("Bearer client_id="), "{told:?}");
        assert!(told.offers[0].contains(&format!("authorization_uri=\"{}/common/", person.base)), "{told:?}");
    }
}

#[tokio::test]
async fn tokens_are_refused_for_what_is_wrong_with_them() {
    let (running, person) = start(Settings::default().online()).await;
    for (flaw, number) in [
        (TokenFlaw::AlgNone, 2_000_000),
        (TokenFlaw::UnknownKey, 2_000_000),
        (TokenFlaw::BadSignature, 2_000_000),
        (TokenFlaw::Audience, 2_000_003),
        (TokenFlaw::Issuer, 2_000_004),
        (TokenFlaw::Tenant, 2_000_004),
        (TokenFlaw::Expired, 2_000_002),
        (TokenFlaw::NotYet, 2_000_001),
        (TokenFlaw::OtherUser, 2_000_005),
    ] {
        running.faults().add(FaultRule::new(Fault::AccessTokenFlaw { flaw }).times(1));
        let said = ask(&running, &bearer(&person).await).await;
        assert_eq!(said.status, 401, "{flaw:?}");
        assert!(said.diagnostics.starts_with(&format!("{number};reason=\"")), "{flaw:?}: {}", said.diagnostics);
        assert!(said.diagnostics.contains(";error_category=\"invalid_") || flaw == TokenFlaw::Expired, "{said:?}");
        assert!(said.offers[0].contains("error=\"invalid_token\""), "{said:?}");
    }
    let nonsense = ask(&running, "Bearer abc.def").await;
    assert!(nonsense.diagnostics.starts_with("2000001;"), "{nonsense:?}");
    let token = bearer(&person).await;
    running.administrator().advance_clock(3601);
    assert!(ask(&running, &token).await.diagnostics.starts_with("2000002;"));
    let page = person.authorize(&[("scope", &format!("openid {GRAPH_RESOURCE}/Contacts.ReadWrite"))]).await;
    let back = person.next(&page, &[("login", ANNA), ("password", PASSWORD), ("consent", "accept")]).await;
    let graph = person.redeem(&back.returned("code").expect("a code"), &[]).await.json();
    let graph = ask(&running, &format!("Bearer {}", graph["access_token"].as_str().expect("a token"))).await;
    assert!(graph.diagnostics.starts_with("2000003;"), "a token for Graph is none for {EWS_RESOURCE}: {graph:?}");
    for reason in 0..9 {
        running.faults().add(FaultRule::new(Fault::TokenRefused { reason }).times(1));
        let said = ask(&running, &bearer(&person).await).await;
        assert!(said.diagnostics.starts_with(&format!("200000{reason};")), "{said:?}");
    }
}

#[tokio::test]
async fn an_exchange_server_takes_both_and_says_so() {
    let resource = "https://mail.kanzlei.example";
    let settings = Settings {
        https: true,
        offer: SignInOffer::BasicAndOauth,
        resources: vec![resource.to_owned()],
        ..Settings::default()
    };
    let (running, person) = start(settings).await;
    assert_eq!(ask(&running, &basic(PASSWORD)).await.status, 200);
    let scope = format!("openid {resource}/EWS.AccessAsUser.All");
    let page = person.authorize(&[("scope", &scope)]).await;
    let back = person.next(&page, &[("login", ANNA), ("password", PASSWORD), ("consent", "accept")]).await;
    let tokens = person.redeem(&back.returned("code").expect("a code"), &[]).await.json();
    let token = format!("Bearer {}", tokens["access_token"].as_str().expect("a token"));
    assert_eq!(ask(&running, &token).await.status, 200, "its own address is an audience too");
    let offers = ask(&running, &basic("falsch")).await.offers;
    assert!(offers[0].starts_with("Bearer ") && offers[1].starts_with("Basic "), "{offers:?}");
    running.faults().add(FaultRule::new(Fault::BasicOff));
    let off = ask(&running, &basic(PASSWORD)).await;
    assert_eq!((off.status, off.offers.len()), (401, 1), "{off:?}");
    assert!(off.offers[0].starts_with("Bearer "), "{off:?}");
    assert_eq!(running.refused_sign_ins(ANNA), 1, "a password that nobody looks at is not a wrong one");
    assert_eq!(ask(&running, &token).await.status, 200);
}

#[tokio::test]
async fn a_server_that_offers_passwords_only_takes_no_token() {
    let (running, person) = start(Settings { https: true, ..Settings::default() }).await;
    let said = ask(&running, &bearer(&person).await).await;
    assert_eq!((said.status, said.offers), (401, vec!["Basic realm=\"127.0.0.1\"".to_owned()]));
}

#[tokio::test]
async fn ews_is_off_for_tenants_programs_and_licences() {
    let elsewhere = "4b1d3c52-8a0b-4f7e-9d42-5be1c07a9e14";
    let settings =
        Settings::default().online().with_account(Account::simple("cem@elsewhere.example").in_tenant(elsewhere));
    let (running, person) = start(settings).await;
    let token = bearer(&person).await;
    running.faults().add(FaultRule::new(Fault::EwsOff).in_tenant(elsewhere));
    assert_eq!(ask(&running, &token).await.status, 200, "it is another tenant");
    running.faults().add(FaultRule::new(Fault::EwsOff).in_tenant(TENANT));
    let off = ask(&running, &token).await;
    assert_eq!((off.status, off.offers.len()), (403, 0));
    assert_eq!(off.headers["x-ews-policy-reason"], "EWS is disabled for this user or tenant");
    assert_eq!(ask(&running, "Bearer abc").await.status, 401, "a bad token is refused first");
    running.faults().clear();
    let allowed = |ids: &str| FaultRule::new(Fault::EwsApps { allowed: ids.to_owned() });
    running.faults().add(allowed("11111111-2222-4333-8444-555555555555"));
    let listed = ask(&running, &token).await;
    assert_eq!(listed.status, 403);
    assert_eq!(listed.headers["x-ews-policy-reason"], "EWS is blocked by policy for this user or tenant");
    running.faults().clear();
    running.faults().add(allowed(pocketdocket::simulator::CLIENT_ID));
    assert_eq!(ask(&running, &token).await.status, 200);
    for licence in [Licence::F1, Licence::F3, Licence::Kiosk] {
        running.administrator().act(ANNA, AccountAction::SetLicence { licence }).expect("an account");
        assert_eq!(ask(&running, &token).await.status, 403, "{licence:?}");
    }
}

#[tokio::test]
async fn wrong_passwords_lock_the_account_everywhere_and_for_a_while() {
    let lockout = Some(Lockout { after: 3, seconds: Some(60) });
    let settings = Settings { https: true, offer: SignInOffer::BasicAndOauth, lockout, ..Settings::default() };
    let (running, person) = start(settings).await;
    for _ in 0..2 {
        assert_eq!(ask(&running, &basic("falsch")).await.body, "");
    }
    let page = person.authorize(&[]).await;
    let page = person.next(&page, &[("login", ANNA), ("password", "auch falsch")]).await;
    assert!(page.body.contains("AADSTS50126"), "{}", page.body);
    let locked = ask(&running, &basic(PASSWORD)).await;
    assert_eq!(locked.status, 401);
    assert!(locked.body.contains("The referenced account is currently locked out"), "{locked:?}");
    let page = person.next(&page, &[("login", ANNA), ("password", PASSWORD)]).await;
    assert!(page.body.contains("AADSTS50053"), "{}", page.body);
    running.administrator().advance_clock(60);
    assert_eq!(ask(&running, &basic(PASSWORD)).await.status, 200);
    running.administrator().act(ANNA, AccountAction::Lock).expect("an account");
    assert_eq!(ask(&running, &basic(PASSWORD)).await.status, 401);
    running.administrator().act(ANNA, AccountAction::Unlock).expect("an account");
    assert_eq!(ask(&running, &basic(PASSWORD)).await.status, 200);
}

#[tokio::test]
async fn a_lock_without_an_end_waits_for_somebody() {
    let settings = Settings { lockout: Some(Lockout { after: 1, seconds: None }), https: true, ..Settings::default() };
    let (running, _person) = start(settings).await;
    assert_eq!(ask(&running, &basic("falsch")).await.status, 401);
    running.administrator().advance_clock(365 * 24 * 60 * 60);
    assert_eq!(ask(&running, &basic(PASSWORD)).await.status, 401);
    running.administrator().act(ANNA, AccountAction::Unlock).expect("an account");
    assert_eq!(ask(&running, &basic(PASSWORD)).await.status, 200);
}

#[tokio::test]
async fn passwords_expire_and_accounts_are_switched_off() {
    let settings = Settings { https: true, offer: SignInOffer::BasicAndOauth, ..Settings::default() };
    let (running, person) = start(settings).await;
    let act = |action| running.administrator().act(ANNA, action).expect("an account");
    act(AccountAction::ExpirePassword);
    let expired = ask(&running, &basic(PASSWORD)).await;
    assert_eq!(expired.headers["x-ms-credential-service-credexpired"], "true");
    assert!(ask(&running, &basic("falsch")).await.headers.get("x-ms-credential-service-credexpired").is_none());
    let page = person.authorize(&[]).await;
    let page = person.next(&page, &[("login", ANNA), ("password", PASSWORD)]).await;
    assert!(page.body.contains("AADSTS50055"), "{}", page.body);
    act(AccountAction::SetPassword { password: "neu".to_owned() });
    assert_eq!(ask(&running, &basic("neu")).await.status, 200);
    act(AccountAction::Disable);
    assert_eq!(ask(&running, &basic("neu")).await.status, 401);
    let page = person.next(&page, &[("login", ANNA), ("password", "neu")]).await;
    assert!(page.body.contains("AADSTS50057"), "{}", page.body);
    let page = person.next(&page, &[("login", "nobody@kanzlei.example"), ("password", "neu")]).await;
    assert!(page.body.contains("AADSTS50034"), "{}", page.body);
}
