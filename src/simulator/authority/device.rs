//! Device codes: a program without a browser shows a code, a person enters it somewhere else, and the program asks until that
//! is done. <https://www.rfc-editor.org/rfc/rfc8628>

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    aadsts::OauthError,
    apps::App,
    form::Form,
    grants::{Device, Grant, Purpose, SignIn, secret},
    resources::Scope,
    steps,
    tenants::Asked,
};
use crate::simulator::{Fault, SimulatorError, answers, faults::Place, world::World};

/// Letters and digits that nobody takes for others.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// What a program must wait longer when it asked too early. <https://www.rfc-editor.org/rfc/rfc8628#section-3.5>
const SLOWER: u32 = 5;

pub(super) async fn begin(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now = world.settings.clock.now();
    let form = match Form::of_body(&headers, &body) {
        Ok(form) => form,
        Err(error) => return error.answer(now),
    };
    let tenant = world.tenant(&name).unwrap_or_default();
    let place = Place { operation: "devicecode", client: form.get("client_id"), tenant: &tenant, ..Place::default() };
    if let Some(answer) = answers::spoilt(&world, &place).await {
        return answer;
    }
    if let Some(error) = steps::struck(&world, &place) {
        return error.answer(now);
    }
    match make(&world, &name, &form) {
        Ok(device) => ([(header::CACHE_CONTROL, "no-store")], Json(device)).into_response(),
        Err(error) => error.answer(now),
    }
}

fn make(world: &World, name: &str, form: &Form) -> Result<Value, OauthError> {
    let tenant = Asked::find(world, name)?;
    let app = App::find(world, form.need("client_id")?, &tenant)?;
    if !app.public_flows {
        return Err(OauthError::new(7_000_218));
    }
    let scope = Scope::read(world, form.need("scope")?)?;
    let rules = world.settings.tokens;
    let (user_code, device_code) = (user_code(), secret());
    let device = Device {
        user_code: user_code.clone(),
        tenant,
        client: app.client_id,
        scope,
        answer: None,
        interval: rules.device_code_interval,
        asked: None,
        expires: world.settings.clock.now() + SignedDuration::from_secs(rules.device_code_seconds.into()),
    };
    world.authority.grants().devices.insert(device_code.clone(), device);
    let page = format!("{}/device", world.base);
    Ok(json!({
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": page,
        "expires_in": rules.device_code_seconds,
        "interval": rules.device_code_interval,
        "message": format!("To sign in, open the page {page} and enter the code {user_code}."),
    }))
}

fn user_code() -> String {
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    Uuid::new_v4().as_bytes().iter().take(6).chain(Uuid::new_v4().as_bytes().iter().take(3)).map(letter).collect()
}

/// What a program that asks about a device code gets.
pub(super) fn answer(world: &World, app: &App, form: &Form) -> Result<Grant, OauthError> {
    let sent = form.need("device_code")?;
    let now = world.settings.clock.now();
    let mut grants = world.authority.grants();
    let device = grants.devices.get_mut(sent).filter(|device| device.client == app.client_id);
    let device = device.ok_or_else(|| OauthError::new(70_018))?;
    if device.expires <= now {
        return Err(OauthError::new(70_020));
    }
    let soonest = device.asked.map(|asked| asked + SignedDuration::from_secs(device.interval.into()));
    device.asked = Some(now);
    if soonest.is_some_and(|soonest| now < soonest) {
        device.interval += SLOWER;
        return Err(OauthError::new(1_003_039));
    }
    match device.answer.clone() {
        None => Err(OauthError::new(70_016)),
        Some(answer) => {
            grants.devices.remove(sent);
            answer
        }
    }
}

pub(super) async fn page() -> Response {
    steps::ask_for_user_code(None)
}

/// Somebody enters a code: the sign-in begins.
pub(super) async fn enter(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    let form = match Form::of_body(&headers, &body) {
        Ok(form) => form,
        Err(error) => return steps::refused(&error),
    };
    match begun(&world, form.get("user-code")) {
        None => steps::ask_for_user_code(Some(&OauthError::new(70_018))),
        Some(sign_in) => {
            let (client, tenant) = (sign_in.client.clone(), sign_in.tenant.name().to_owned());
            let place = Place { operation: "authorize", client: &client, tenant: &tenant, ..Place::default() };
            let blocked = |fault: &Fault| (*fault == Fault::DeviceCodeBlocked).then_some(());
            if world.faults.strike(&place, blocked).is_some() {
                let error = OauthError::new(53_003).because("Device codes are not allowed.");
                return steps::end(&world, &sign_in, Err(error));
            }
            steps::show(&world, sign_in)
        }
    }
}

fn begun(world: &World, user_code: &str) -> Option<SignIn> {
    let now = world.settings.clock.now();
    let grants = world.authority.grants();
    let same = |device: &Device| device.user_code.eq_ignore_ascii_case(user_code.trim()) && now < device.expires;
    let (code, device) = grants.devices.iter().find(|(_, device)| same(device) && device.answer.is_none())?;
    let purpose = Purpose::Device { code: code.clone() };
    Some(SignIn::begin(device.tenant.clone(), &device.client, device.scope.clone(), purpose, now))
}

/// Answers a device code at once, as if its user had done so on the page; `None` declines.
///
/// # Errors
/// When there is no such code, or nobody is called that.
pub(crate) fn settle(world: &World, user_code: &str, approved: Option<(&str, bool)>) -> Result<(), SimulatorError> {
    let unknown = || SimulatorError::NoDeviceCode(user_code.to_owned());
    let mut sign_in = begun(world, user_code).ok_or_else(unknown)?;
    let answer = match approved {
        None => Err(OauthError::new(70_017)),
        Some((login, mfa)) => {
            let account = world.account(login).ok_or_else(|| SimulatorError::NoAccount(login.to_owned()))?;
            sign_in.mfa = mfa;
            world.authority.grants().consent(&sign_in.client, &account.login, &sign_in.scope);
            Ok(steps::grant(world, &sign_in, &account))
        }
    };
    let Purpose::Device { code } = &sign_in.purpose else { return Err(unknown()) };
    world.authority.grants().devices.get_mut(code).ok_or_else(unknown)?.answer = Some(answer);
    Ok(())
}
