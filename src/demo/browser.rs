//! The user at a browser: signs in at the simulator's page, with the second factor, and comes back.

use url::{Url, form_urlencoded};

use crate::{
    ports::{Failure, FailureKind},
    simulator::MFA_CODE,
};

const DOING: &str = "sign in at the page of the simulator";

/// Signs in with everything that the page asks for; gives the address that the browser is sent back to.
///
/// # Errors
/// When the page is not the simulator's, or says no.
pub(super) async fn sign_in(address: &Url, login: &str, password: &str) -> Result<Url, Failure> {
    let http = browser()?;
    let page = http.get(address.clone()).send().await.map_err(failed)?.text().await.map_err(failed)?;
    let (Some(mark), Some(target)) = (between(&page, "name=\"sign-in\" value=\""), between(&page, "action=\"")) else {
        return Err(Failure::new(FailureKind::Malformed, DOING).because("there is no form to fill in"));
    };
    let fields =
        [("sign-in", mark), ("login", login), ("password", password), ("code", MFA_CODE), ("consent", "accept")];
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let target = address.join(target).map_err(failed)?;
    let request = http.post(target).header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer = request.send().await.map_err(failed)?;
    let back = answer.headers().get("location").and_then(|value| value.to_str().ok());
    back.and_then(|back| back.parse().ok())
        .ok_or_else(|| Failure::new(FailureKind::Unauthorized, DOING).because("the page did not send the browser back"))
}

/// Opens the address that the browser was sent to.
///
/// # Errors
/// When nobody answers there.
pub(super) async fn come_back(address: Url) -> Result<(), Failure> {
    browser()?.get(address).send().await.map_err(failed)?;
    Ok(())
}

fn browser() -> Result<reqwest::Client, Failure> {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().map_err(failed)
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(FailureKind::Transient, DOING).because(error)
}

fn between<'t>(page: &'t str, before: &str) -> Option<&'t str> {
    page.split(before).nth(1)?.split('"').next()
}
