//! The token endpoint: for a code, for a refresh token, for a device code.
//! <https://www.rfc-editor.org/rfc/rfc6749#section-5>

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{
    aadsts::OauthError,
    apps::App,
    device,
    form::Form,
    grants::{Grant, RefreshReuse},
    issue,
    resources::Scope,
    steps,
    tenants::Asked,
};
use crate::simulator::{Account, Fault, Mfa, answers, faults::Place, world::World};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(super) async fn give(
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
    let operation = match form.get("grant_type") {
        "authorization_code" => "token/authorization_code",
        "refresh_token" => "token/refresh_token",
        DEVICE_CODE => "token/device_code",
        _ => "token",
    };
    let login = holder(&world, &form).unwrap_or_default();
    let account = world.account(&login);
    let tenant = account.as_ref().map(|account| account.tenant.clone()).or_else(|| world.tenant(&name));
    let place = Place {
        mailbox: account.as_ref().and_then(|account| account.mailbox.as_deref()).unwrap_or_default(),
        operation,
        login: &login,
        client: form.get("client_id"),
        tenant: &tenant.unwrap_or_default(),
    };
    if let Some(answer) = answers::spoilt(&world, &place).await {
        return answer;
    }
    if let Some(error) = steps::struck(&world, &place) {
        return error.answer(now);
    }
    match judge(&world, &name, &form, &place) {
        Ok(tokens) => {
            ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(tokens)).into_response()
        }
        Err(error) => error.answer(now),
    }
}

/// Whose grant the form holds, so that faults for one login find it.
fn holder(world: &World, form: &Form) -> Option<String> {
    let grants = world.authority.grants();
    let grant = match form.get("grant_type") {
        "authorization_code" => grants.codes.get(form.get("code")).map(|code| &code.grant),
        "refresh_token" => grants.refresh.get(form.get("refresh_token")).map(|refresh| &refresh.grant),
        _ => grants.devices.get(form.get("device_code")).and_then(|device| device.answer.as_ref()?.as_ref().ok()),
    };
    grant.map(|grant| grant.login.clone())
}

fn judge(world: &World, name: &str, form: &Form, place: &Place<'_>) -> Result<Value, OauthError> {
    let tenant = Asked::find(world, name)?;
    let app = App::find(world, form.need("client_id")?, &tenant)?;
    if !form.get("client_secret").is_empty() || !form.get("client_assertion").is_empty() {
        return Err(OauthError::new(700_025));
    }
    let (mut grant, nonce) = match form.need("grant_type")? {
        "authorization_code" => for_code(world, form)?,
        "refresh_token" => (for_refresh(world, form, place)?, String::new()),
        DEVICE_CODE => (device::answer(world, &app, form)?, String::new()),
        _ => return Err(OauthError::new(70_003)),
    };
    if !grant.client.eq_ignore_ascii_case(&app.client_id) || !tenant.includes(&grant.tenant) {
        return Err(OauthError::new(70_000));
    }
    let account = still_there(world, &grant)?;
    if !form.get("scope").is_empty() {
        grant.scope = narrowed(world, &grant, form.get("scope"))?;
    }
    issue::answer(world, &grant, &account, &nonce).map_err(|error| OauthError::new(90_033).because(&error.to_string()))
}

fn for_code(world: &World, form: &Form) -> Result<(Grant, String), OauthError> {
    let (sent, redirect) = (form.need("code")?, form.need("redirect_uri")?);
    let verifier = form.need("code_verifier")?;
    let mut grants = world.authority.grants();
    let code = grants.codes.get_mut(sent).ok_or_else(|| OauthError::new(70_000))?;
    if code.used {
        // A code that comes twice was stolen by one of the two. <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2>
        let family = code.grant.family;
        grants.revoke_family(family);
        return Err(OauthError::new(54_005));
    }
    code.used = true;
    if code.expires <= world.settings.clock.now() {
        return Err(OauthError::new(70_008));
    }
    if code.redirect != redirect {
        return Err(OauthError::new(50_011).because("It is another one than the code was sent to."));
    }
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let long = (43..=128).contains(&verifier.len());
    if !long || !bool::from(challenge.as_bytes().ct_eq(code.challenge.as_bytes())) {
        return Err(OauthError::new(501_481));
    }
    Ok((code.grant.clone(), code.nonce.clone()))
}

fn for_refresh(world: &World, form: &Form, place: &Place<'_>) -> Result<Grant, OauthError> {
    let sent = form.need("refresh_token")?;
    let rules = world.settings.tokens;
    let mut grants = world.authority.grants();
    let refresh = grants.refresh.get_mut(sent).ok_or_else(|| OauthError::new(70_000))?;
    let grant = refresh.grant.clone();
    if refresh.expires <= world.settings.clock.now() {
        return Err(OauthError::new(700_082));
    }
    if refresh.used && rules.reuse == RefreshReuse::RevokesFamily {
        grants.revoke_family(grant.family);
        return Err(OauthError::new(70_000).because("It was used already; everything that came from it is revoked."));
    }
    if grant.client.eq_ignore_ascii_case(form.get("client_id")) {
        refresh.used = true;
    }
    drop(grants);
    let blocked = |fault: &Fault| (*fault == Fault::DeviceCodeBlocked).then_some(());
    if grant.by_device_code && world.faults.strike(place, blocked).is_some() {
        return Err(OauthError::new(530_036));
    }
    Ok(grant)
}

/// The account of a grant, if it may still have what it was granted.
fn still_there(world: &World, grant: &Grant) -> Result<Account, OauthError> {
    if world.authority.grants().is_revoked(grant) {
        return Err(OauthError::new(50_173));
    }
    let account = world.account(&grant.login).ok_or_else(|| OauthError::new(50_034))?;
    // Conditional Access looks where a token is asked for from, not where it is used.
    if world.outside.keeps_out(&account.login) {
        return Err(OauthError::new(53_003));
    }
    match account.mfa {
        _ if account.disabled => Err(OauthError::new(50_057)),
        Mfa::Required if !grant.mfa => Err(OauthError::new(50_076)),
        Mfa::MustRegister => Err(OauthError::new(50_079)),
        _ => Ok(account),
    }
}

/// What the program wants this time, which may be for another resource, but nothing that nobody consented to.
fn narrowed(world: &World, grant: &Grant, scope: &str) -> Result<Scope, OauthError> {
    let mut scope = Scope::read(world, scope)?.one_resource()?;
    // These come with the grant whether they are named again or not.
    scope.general.extend(grant.scope.general.iter().cloned());
    if world.authority.grants().unconsented(&grant.client, &grant.login, &scope) {
        return Err(OauthError::new(65_001));
    }
    Ok(scope)
}
