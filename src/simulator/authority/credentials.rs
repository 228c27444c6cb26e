//! Tokens for an app by itself: what it signed with a certificate is looked at, to the letter.
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>
//! <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>

use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    aadsts::OauthError,
    apps::App,
    form::Form,
    grants::secret,
    jwt,
    registrations::{Registered, Registration},
    resources::{EWS_RESOURCE, GRAPH_RESOURCE, is_own},
    tenants::{Asked, issuer},
};
use crate::simulator::{account::id_of, world::World};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What is borne between two clocks.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// No statement may be good for longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// What the app gets, if it is the one that it says.
pub(super) fn give(world: &World, name: &str, tenant: &Asked, app: &App, form: &Form) -> Result<Value, OauthError> {
    if !form.get("client_secret").is_empty() {
        return Err(OauthError::new(7_000_215));
    }
    if form.get("client_assertion").is_empty() {
        return Err(OauthError::new(7_000_218));
    }
    // An app is by itself in one tenant only.
    let Asked::One(tenant) = tenant else { return Err(OauthError::new(50_194)) };
    let resource = resource(world, form.need("scope")?)?;
    let now = world.settings.clock.now();
    let mut registrations = world.authority.registrations();
    let registration = registrations.find(tenant, &app.client_id).ok_or_else(|| OauthError::new(700_027))?;
    if registration.disabled {
        return Err(OauthError::new(7_000_112));
    }
    let endpoints = [name, tenant].map(|tenant| format!("{}/{tenant}/oauth2/v2.0/token", world.base));
    if form.get("client_assertion_type") != ASSERTION {
        return Err(OauthError::new(50_012).because("It is of a kind that is not taken."));
    }
    look_at(registration, form.get("client_assertion"), &app.client_id, &endpoints, now)?;
    let lifetime = i64::from(world.settings.tokens.access_seconds);
    let principal = id_of(&["service principal", tenant, &app.client_id.to_lowercase()]).to_string();
    let mut claims = json!({
        "aud": resource,
        "iss": issuer(world, tenant),
        "tid": tenant,
        "oid": principal,
        "sub": principal,
        "azp": app.client_id,
        "azpacr": "2",
        "idtyp": "app",
        "iat": now.as_second(),
        "nbf": now.as_second(),
        "exp": now.as_second() + lifetime,
        "uti": secret(),
        "ver": "2.0",
    });
    if !registration.roles.is_empty() {
        claims["roles"] = registration.roles.iter().cloned().collect();
    }
    drop(registrations);
    let trouble = |error: crate::simulator::SimulatorError| OauthError::new(90_033).because(&error.to_string());
    let key = world.authority.keys.current().map_err(trouble)?;
    let token = jwt::sign(&key, &claims).map_err(trouble)?;
    Ok(json!({ "token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token }))
}

/// The resource that everything is asked for: there is nothing else that an app could ask for.
fn resource(world: &World, scope: &str) -> Result<String, OauthError> {
    let unfit = || OauthError::new(70_011).because("An app by itself asks for one resource, and for its `.default`.");
    let resource = scope.strip_suffix("/.default").ok_or_else(unfit)?;
    let known = [GRAPH_RESOURCE, EWS_RESOURCE].contains(&resource) || is_own(world, resource);
    if known { Ok(resource.to_owned()) } else { Err(OauthError::new(500_011)) }
}

/// Whether a statement is of this app, for us, for now, for the first time, and signed with a certificate of this app.
fn look_at(
    registration: &mut Registration,
    stated: &str,
    client: &str,
    endpoints: &[String],
    now: Timestamp,
) -> Result<(), OauthError> {
    let unreadable = || OauthError::new(50_012).because("It is no signed statement.");
    let parts: Vec<&str> = stated.split('.').collect();
    let [head, claims, signature] = parts.as_slice() else { return Err(unreadable()) };
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| unreadable());
    let value = |part: &str| serde_json::from_slice::<Value>(&bytes(part)?).map_err(|_| unreadable());
    let (head, said, signature) = (value(head)?, value(claims)?, bytes(signature)?);
    if head["alg"] != "PS256" || head["typ"] != "JWT" {
        return Err(OauthError::new(50_012).because("It is to be a JWT that is signed with PS256."));
    }
    let thumbprint = head["x5t#S256"].as_str().unwrap_or_default();
    let certificate = registration.certificates.iter().find(|known| known.thumbprint == thumbprint);
    let certificate = certificate.ok_or_else(|| OauthError::new(700_027))?;
    let signed = stated.rsplit_once('.').map(|(signed, _)| signed).unwrap_or_default();
    if !is_signed(certificate, signed, &signature) {
        return Err(OauthError::new(700_027).because("The signature is by another key."));
    }
    if !(certificate.valid.0 <= now && now <= certificate.valid.1) {
        return Err(OauthError::new(1_000_502));
    }
    if !endpoints.iter().any(|endpoint| said["aud"] == endpoint.as_str()) {
        return Err(OauthError::new(700_023));
    }
    let is_app = |name: &str| said[name].as_str().is_some_and(|name| name.eq_ignore_ascii_case(client));
    if !is_app("iss") || !is_app("sub") {
        return Err(OauthError::new(50_012).because("It is of another program."));
    }
    let moment = |name: &str| said[name].as_i64().and_then(|second| Timestamp::from_second(second).ok());
    let (Some(from), Some(until)) = (moment("nbf"), moment("exp")) else { return Err(OauthError::new(700_024)) };
    if from > now + SKEW || until <= now - SKEW || until > now + LONGEST || from >= until {
        return Err(OauthError::new(700_024));
    }
    match said["jti"].as_str().filter(|id| !id.is_empty()) {
        Some(id) if registration.use_once(id, until + SKEW, now) => Ok(()),
        Some(_) => Err(OauthError::new(50_012).because("It was used already.")),
        None => Err(OauthError::new(50_012).because("It has no id.")),
    }
}

fn is_signed(certificate: &Registered, signed: &str, signature: &[u8]) -> bool {
    let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &certificate.public_key);
    public.verify(signed.as_bytes(), signature).is_ok()
}
