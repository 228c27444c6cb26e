//! Tokens are made and, where EWS or Graph gets them, looked at.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    apps::CLIENT_ID,
    grants::{Grant, Refresh, secret},
    jwt,
    keys::Key,
    resources::{EWS_RESOURCE, GRAPH_ID, GRAPH_RESOURCE, is_own},
    tenants::issuer,
};
use crate::simulator::{Account, Fault, SimulatorError, TokenFlaw, account::id_of, faults::Place, world::World};

/// What a program gets for a grant. `nonce` is what it sent when the sign-in began.
pub(super) fn answer(world: &World, grant: &Grant, account: &Account, nonce: &str) -> Result<Value, SimulatorError> {
    let now = world.settings.clock.now();
    let (resource, names) = grant.scope.first_resource();
    let rules = world.settings.tokens;
    let lifetime = i64::from(rules.access_seconds);
    let place = Place {
        mailbox: account.mailbox.as_deref().unwrap_or_default(),
        operation: "token",
        login: &account.login,
        client: &grant.client,
        tenant: &account.tenant,
    };
    let mut shared = json!({
        "iss": issuer(world, &account.tenant),
        "tid": account.tenant,
        "oid": account.object_id().to_string(),
        "sub": id_of(&["subject", &grant.client, &account.tenant, &account.login.to_lowercase()]).to_string(),
        "preferred_username": account.principal(),
        "name": account.principal(),
        "amr": if grant.mfa { json!(["pwd", "mfa"]) } else { json!(["pwd"]) },
        "auth_time": grant.signed_in.as_second(),
        "iat": now.as_second(),
        "nbf": now.as_second(),
        "exp": now.as_second() + lifetime,
        "uti": secret(),
        "ver": "2.0",
    });
    let mut access = shared.clone();
    access["aud"] = resource.into();
    access["azp"] = grant.client.clone().into();
    access["upn"] = account.principal().into();
    access["scp"] = if names.is_empty() { "User.Read".into() } else { names.join(" ").into() };
    let flawed = |fault: &Fault| match fault {
        Fault::AccessTokenFlaw { flaw } => Some(*flaw),
        _ => None,
    };
    let mut answer = json!({
        "token_type": "Bearer",
        "scope": grant.scope.words().join(" "),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": spoilt(world, access, world.faults.strike(&place, flawed))?,
    });
    if grant.scope.has("openid") {
        shared["aud"] = grant.client.clone().into();
        if !nonce.is_empty() {
            shared["nonce"] = nonce.into();
        }
        if grant.scope.has("email") {
            shared["email"] = account.principal().into();
        }
        let flawed = |fault: &Fault| match fault {
            Fault::IdTokenFlaw { flaw } => Some(*flaw),
            _ => None,
        };
        answer["id_token"] = spoilt(world, shared, world.faults.strike(&place, flawed))?.into();
    }
    if grant.scope.has("offline_access") {
        let token = secret();
        let days = SignedDuration::from_hours(24 * i64::from(rules.refresh_days));
        let expires = now.checked_add(days).unwrap_or(Timestamp::MAX);
        let refresh = Refresh { grant: grant.clone(), used: false, expires };
        world.authority.grants().refresh.insert(token.clone(), refresh);
        answer["refresh_token"] = token.into();
    }
    Ok(answer)
}

/// A token, spoilt in one way if that is wanted.
fn spoilt(world: &World, mut claims: Value, flaw: Option<TokenFlaw>) -> Result<String, SimulatorError> {
    let elsewhere = id_of(&["somebody else"]).to_string();
    let number = |claims: &Value, name: &str| claims[name].as_i64().unwrap_or_default();
    let day = 24 * 60 * 60;
    match flaw {
        None | Some(TokenFlaw::AlgNone | TokenFlaw::UnknownKey | TokenFlaw::BadSignature) => {}
        Some(TokenFlaw::Audience) => claims["aud"] = elsewhere.into(),
        Some(TokenFlaw::Issuer) => claims["iss"] = issuer(world, &elsewhere).into(),
        Some(TokenFlaw::Tenant) => {
            claims["iss"] = issuer(world, &elsewhere).into();
            claims["tid"] = elsewhere.into();
        }
        Some(TokenFlaw::Expired) => {
            for name in ["iat", "nbf", "exp"] {
                claims[name] = (number(&claims, name) - day).into();
            }
        }
        Some(TokenFlaw::NotYet) => {
            for name in ["iat", "nbf", "exp"] {
                claims[name] = (number(&claims, name) + day).into();
            }
        }
        Some(TokenFlaw::Nonce) => claims["nonce"] = elsewhere.into(),
        Some(TokenFlaw::NoNonce) => {
            claims.as_object_mut().and_then(|claims| claims.remove("nonce"));
        }
        Some(TokenFlaw::OtherUser) => {
            claims["oid"] = elsewhere.clone().into();
            claims["sub"] = elsewhere.into();
            for name in ["preferred_username", "upn", "email", "name"] {
                if claims.get(name).is_some() {
                    claims[name] = "somebody@elsewhere.example".into();
                }
            }
        }
    }
    let key = world.authority.keys.current()?;
    match flaw {
        Some(TokenFlaw::AlgNone) => Ok(jwt::alg_none(&claims)),
        Some(TokenFlaw::UnknownKey) => jwt::sign(&Key::make()?, &claims),
        Some(TokenFlaw::BadSignature) => {
            let (token, other) = (jwt::sign(&key, &claims)?, jwt::sign(&key, &json!({}))?);
            let (signed, _) = token.rsplit_once('.').unwrap_or_default();
            let (_, signature) = other.rsplit_once('.').unwrap_or_default();
            Ok(format!("{signed}.{signature}"))
        }
        _ => jwt::sign(&key, &claims),
    }
}

/// Why EWS does not take a token; the numbers are those of `x-ms-diagnostics`.
/// <https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/instrumenting-client-requests-for-ews-and-rest-in-exchange>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRefused {
    Signature,
    Token,
    Expired,
    Audience,
    Tenant,
    User,
    Client,
    Internal,
    Grant,
}

impl TokenRefused {
    /// All, in the order of their numbers.
    pub(crate) const ALL: [Self; 9] = [
        Self::Signature,
        Self::Token,
        Self::Expired,
        Self::Audience,
        Self::Tenant,
        Self::User,
        Self::Client,
        Self::Internal,
        Self::Grant,
    ];

    /// Number, name of the category and reason.
    pub(crate) fn told(self) -> (u32, &'static str, &'static str) {
        match self {
            Self::Signature => (2_000_000, "invalid_signature", "The signature of the token is not right."),
            Self::Token => (2_000_001, "invalid_token", "This is not a token."),
            Self::Expired => (2_000_002, "token_expired", "The token has expired."),
            Self::Audience => (2_000_003, "invalid_resource", "The token is for another resource."),
            Self::Tenant => (2_000_004, "invalid_tenant", "The tenant of the token is not known here."),
            Self::User => (2_000_005, "invalid_user", "The user of the token is not known here."),
            Self::Client => (2_000_006, "invalid_client", "The program of the token may not do this."),
            Self::Internal => (2_000_007, "internal_error", "The token could not be looked at."),
            Self::Grant => (2_000_008, "invalid_grant", "The token does not grant this."),
        }
    }
}

/// What a token that a face takes says.
pub(crate) struct Taken {
    /// Whose it is.
    pub(crate) account: Account,
    /// Id of the program.
    pub(crate) application: String,
    /// A program by itself, and no user with it.
    pub(crate) app_only: bool,
    /// Names of what it may do.
    pub(crate) permissions: Vec<String>,
}

/// Whose token this is, and which program's, if EWS takes it.
pub(crate) fn check_access_token(world: &World, token: &str) -> Result<(Account, String), TokenRefused> {
    let said = check(world, token, |audience| audience == EWS_RESOURCE || is_own(world, audience))?;
    let may = said.permissions.iter().any(|name| name == "EWS.AccessAsUser.All" || name == ".default");
    if may { Ok((said.account, said.application)) } else { Err(TokenRefused::Grant) }
}

/// What a token says, if Graph takes it.
pub(crate) fn check_graph_token(world: &World, token: &str) -> Result<Taken, TokenRefused> {
    check(world, token, |audience| audience == GRAPH_RESOURCE || audience == GRAPH_ID)
}

fn check(world: &World, token: &str, is_audience: impl Fn(&str) -> bool) -> Result<Taken, TokenRefused> {
    let claims = jwt::verify(&world.authority.keys, token)
        .map_err(|read| if read.is_some() { TokenRefused::Signature } else { TokenRefused::Token })?;
    let text = |name: &str| claims[name].as_str().unwrap_or_default();
    let now = world.settings.clock.now().as_second();
    let moment = |name: &str| claims[name].as_i64();
    if !is_audience(text("aud").trim_end_matches('/')) {
        return Err(TokenRefused::Audience);
    }
    match (moment("nbf"), moment("exp")) {
        (Some(from), Some(until)) if from <= now && now < until => {}
        (Some(from), Some(_)) if now < from => return Err(TokenRefused::Token),
        (Some(_), Some(_)) => return Err(TokenRefused::Expired),
        _ => return Err(TokenRefused::Token),
    }
    let tenant = world.tenant(text("tid")).filter(|tenant| text("iss") == issuer(world, tenant));
    let tenant = tenant.ok_or(TokenRefused::Tenant)?;
    let permissions = |claim: &str| match &claims[claim] {
        Value::Array(names) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        names => names.as_str().unwrap_or_default().split(' ').map(str::to_owned).collect::<Vec<_>>(),
    };
    let (application, app_only) = (text("azp").to_owned(), text("idtyp") == "app");
    if app_only && claims["upn"].is_null() {
        // Nobody's account: the app's own.
        let account = Account { impersonates: false, ..Account::service(&application, secret().into()) };
        return Ok(Taken {
            account: account.in_tenant(&tenant),
            application,
            app_only,
            permissions: permissions("roles"),
        });
    }
    let account = world.account(text("upn")).filter(|account| account.object_id().to_string() == text("oid"));
    let account = account.filter(|account| account.tenant == tenant && !account.disabled).ok_or(TokenRefused::User)?;
    let permissions = permissions(if app_only { "roles" } else { "scp" });
    Ok(Taken { account, application, app_only, permissions })
}

/// A token for Graph without a sign-in, for who wants to try the Graph face and not the sign-in: the user's own, or one for a
/// program that may act as every mailbox by itself.
pub(crate) fn graph_token(world: &World, account: &Account, app_only: bool) -> Result<String, SimulatorError> {
    let now = world.settings.clock.now().as_second();
    let mut claims = json!({
        "aud": GRAPH_RESOURCE,
        "iss": issuer(world, &account.tenant),
        "tid": account.tenant,
        "oid": account.object_id().to_string(),
        "upn": account.principal(),
        "azp": CLIENT_ID,
        "iat": now,
        "nbf": now,
        "exp": now + i64::from(world.settings.tokens.access_seconds),
        "ver": "2.0",
    });
    if app_only {
        claims["idtyp"] = "app".into();
        claims["roles"] =
            json!(["Contacts.ReadWrite", "Calendars.ReadWrite", "Tasks.ReadWrite.All", "MailboxSettings.ReadWrite"]);
    } else {
        claims["scp"] = "Contacts.ReadWrite Contacts.ReadWrite.Shared Calendars.ReadWrite Calendars.ReadWrite.Shared \
             Tasks.ReadWrite MailboxSettings.ReadWrite User.Read"
            .into();
    }
    let key = world.authority.keys.current()?;
    jwt::sign(&key, &claims)
}
