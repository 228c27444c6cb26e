//! A person at a browser: follows redirects with cookies, and fills in the simulator's page.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use pocketdocket::{
    auth::oauth::{Audience, Authority, BrowserSignIn, Granted, Landing, Settings},
    ports::Failure,
    simulator::{self, CLIENT_ID, MFA_CODE, PASSWORD, Running, Simulator, TENANT},
};
use url::Url;

pub(super) const ANNA: &str = "anna@kanzlei.example";
pub(super) const BEN: &str = "ben@kanzlei.example";

/// A simulator with two mailboxes that takes tokens, and the settings that lead to its authority.
pub(super) async fn online(more: simulator::Settings) -> (Running, Settings) {
    // Plain HTTP is allowed on this very machine; `over_https` tries the other.
    let settings = simulator::Settings { https: more.https, ..more.online() };
    let settings = settings.with_mailbox(ANNA).with_mailbox(BEN);
    let running = Simulator::start(settings).await.expect("a simulator");
    let settings = Settings {
        authority: running.authority_url(),
        tenant: Some(TENANT.to_owned()),
        client_id: Some(CLIENT_ID.to_owned()),
        ..Settings::default()
    };
    (running, settings)
}

pub(crate) fn browser() -> reqwest::Client {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    client.timeout(Duration::from_secs(20)).build().expect("a client")
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Signs in at the simulator's page, and yields where the browser is sent to.
pub(crate) async fn signs_in(url: &Url, login: &str) -> Url {
    let http = browser();
    let page = http.get(url.clone()).send().await.expect("a page").text().await.expect("text");
    let hidden = page.split("name=\"sign-in\" value=\"").nth(1).unwrap_or_else(|| panic!("no form in {page}"));
    let hidden = hidden.split('"').next().unwrap_or_default();
    let fields =
        [("sign-in", hidden), ("login", login), ("password", PASSWORD), ("code", MFA_CODE), ("consent", "accept")];
    let target = url.join(&format!("/{TENANT}/login")).expect("a URL");
    let request = http.post(target).header("content-type", "application/x-www-form-urlencoded").body(form(&fields));
    let answer = request.send().await.expect("an answer");
    let location = answer.headers().get("location").map(|value| value.to_str().expect("text").to_owned());
    let location = location.unwrap_or_else(|| panic!("is not sent back: {}", answer.status()));
    location.parse().expect("a URL")
}

/// The whole sign-in, the way back over the loopback address included.
pub(super) async fn granted(authority: &Authority, login: &str, hint: &str) -> Result<Granted, Failure> {
    granted_for(authority, login, hint, Audience::Ews).await
}

/// The same for a resource.
pub(crate) async fn granted_for(
    authority: &Authority,
    login: &str,
    hint: &str,
    audience: Audience,
) -> Result<Granted, Failure> {
    let landing = Landing::open(None).await?;
    let sign_in = authority.begin(&landing.redirect(), hint, audience).await?;
    let back = signs_in(sign_in.url(), login).await;
    let waiting = tokio::spawn(landing.wait(sign_in, Duration::from_secs(20)));
    let page = browser().get(back).send().await.expect("the landing answers");
    assert_eq!(page.status(), 200);
    authority.finish(waiting.await.expect("waits")?).await
}

/// One sign-in that has begun, and where it comes back to.
pub(super) async fn begun(authority: &Authority) -> (Landing, Arc<BrowserSignIn>) {
    let landing = Landing::open(None).await.expect("a free port");
    let sign_in = authority.begin(&landing.redirect(), ANNA, Audience::Ews).await.expect("begins");
    (landing, sign_in)
}

/// Follows redirects with cookies until the address begins so.
pub(super) async fn follow(start: &str, until: &str) -> Url {
    let http = browser();
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let mut url: Url = start.parse().expect("a URL");
    for _ in 0..20 {
        let jar = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let answer = http.get(url.clone()).header("cookie", jar).send().await.expect("an answer");
        for cookie in answer.headers().get_all("set-cookie") {
            let pair = cookie.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let status = answer.status();
        let Some(location) = answer.headers().get("location").map(|value| value.to_str().expect("text").to_owned())
        else {
            panic!("stopped at {url} with {status}: {}", answer.text().await.unwrap_or_default());
        };
        url = url.join(&location).expect("a URL");
        if url.as_str().starts_with(until) {
            return url;
        }
    }
    panic!("never came to {until}");
}
