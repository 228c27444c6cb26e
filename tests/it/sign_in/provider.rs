//! Against `oidc-provider`, an OpenID provider that others wrote: code flow with PKCE, device code, rotation, reuse, and an app with
//! a certificate (`private_key_jwt`).
//!
//! It needs Node and its packages (`tests/openid`, which `tests/run` installs); without them the tests say so and do nothing.

use std::{
    io::{BufRead as _, BufReader, Lines},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use pocketdocket::{
    auth::oauth::{Audience, Authority, Granted, Landing, Settings},
    diagnosis::Cause,
    ports::{Failure, FailureKind},
};
use secrecy::ExposeSecret as _;

use super::{
    certificate::certificate,
    person::{ANNA, BEN, browser, follow},
};
use crate::repository;

/// The provider, as long as the test runs.
struct Provider {
    process: Child,
    /// It writes there until it ends.
    _said: Lines<BufReader<ChildStdout>>,
    issuer: String,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts it, with this user at the browser.
fn provider(login: &str, amr: &str) -> Option<Provider> {
    started(&[login, amr])
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn started(arguments: &[&str]) -> Option<Provider> {
    let packages = PathBuf::from(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    let packages = repository::root().join(packages).join("openid");
    if !packages.join("node_modules/oidc-provider").exists() {
        eprintln!("skipped: `{}` has no oidc-provider; `tests/run` installs it", packages.display());
        return None;
    }
    let process = Command::new("node")
        .arg(packages.join("provider.mjs"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut process = process.expect("node starts");
    let mut said = BufReader::new(process.stdout.take().expect("a pipe")).lines();
    let issuer = said.next().expect("it says where it is").expect("text");
    Some(Provider { process, _said: said, issuer })
}

impl Provider {
    fn authority(&self) -> Authority {
        self.authority_for("pocketdocket")
    }

    fn authority_for(&self, client: &str) -> Authority {
        let settings =
            Settings { authority: self.issuer.clone(), client_id: Some(client.to_owned()), ..Settings::default() };
        Authority::new(settings).expect("good settings")
    }
}

async fn granted(authority: &Authority) -> Result<Granted, Failure> {
    let landing = Landing::open(None).await?;
    let sign_in = authority.begin(&landing.redirect(), ANNA, Audience::Ews).await?;
    let back = follow(sign_in.url().as_str(), &landing.redirect()).await;
    let waiting = tokio::spawn(landing.wait(sign_in, Duration::from_secs(20)));
    assert_eq!(browser().get(back).send().await.expect("answers").status(), 200);
    authority.finish(waiting.await.expect("waits")?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_signs_in_with_a_code_and_pkce_and_the_second_factor_is_seen() {
    let Some(provider) = provider(ANNA, "pwd,mfa") else { return };
    let granted = granted(&provider.authority()).await.expect("signs in");
    assert!(granted.identity.is(ANNA, ANNA), "{:?}", granted.identity);
    assert_eq!(granted.identity.amr, ["pwd", "mfa"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_user_at_the_browser_is_recognised() {
    let Some(provider) = provider(BEN, "pwd") else { return };
    let granted = granted(&provider.authority()).await.expect("signs in");
    assert!(!granted.identity.is(ANNA, ANNA), "{:?}", granted.identity);
    assert_eq!(granted.identity.amr, ["pwd"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_rotate_and_one_that_is_sent_twice_ends_the_grant() {
    let Some(provider) = provider(ANNA, "pwd") else { return };
    let authority = provider.authority();
    let granted = granted(&authority).await.expect("signs in");
    let first = authority.refresh(granted.refresh.clone(), Audience::Ews).await.expect("works");
    let second = first.refresh.clone().expect("it rotates");
    let failure = authority.refresh(granted.refresh, Audience::Ews).await.expect_err("reuse is noticed");
    assert_eq!(failure.kind, FailureKind::Unauthorized, "{}", failure.chain());
    assert!(authority.refresh(second, Audience::Ews).await.is_err(), "and ends the whole grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_code_is_entered_and_the_answer_waited_for() {
    let Some(provider) = provider(ANNA, "pwd") else { return };
    let authority = provider.authority();
    let sign_in = authority.begin_on_device(Audience::Ews).await.expect("a code");
    let approve = format!("{}/approve?user_code={}", provider.issuer, sign_in.code());
    let (granted, approved) = tokio::join!(authority.finish_on_device(&sign_in), browser().post(approve).send());
    assert!(approved.expect("answers").status().is_success());
    assert!(granted.expect("signs in").identity.is(ANNA, ANNA));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_known_by_its_certificate_and_by_no_other() {
    let (ours, theirs) = (certificate(30), certificate(30));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), ours.pem()).expect("is written");
    let Some(provider) = started(&[ANNA, "pwd", &file.path().display().to_string()]) else { return };
    let authority = provider.authority_for("pocketdocket-app");
    let first = authority.by_certificate(&ours, Audience::Graph).await.expect("a token");
    let second = authority.by_certificate(&ours, Audience::Graph).await.expect("each is signed anew");
    assert_ne!(first.secret.expose_secret(), second.secret.expose_secret());
    let failure = authority.by_certificate(&theirs, Audience::Graph).await.expect_err("is another's");
    assert_eq!((failure.kind, failure.cause), (FailureKind::Unauthorized, Some(Cause::AppUnknown)));
}
