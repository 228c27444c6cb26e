//! What clients read before anything else: where everything is, and the keys that tokens are checked with.
//! <https://openid.net/specs/openid-connect-discovery-1_0.html>

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::tenants::{Asked, issuer};
use crate::simulator::{SimulatorError, faults::Place, world::World};

pub(super) async fn document(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    let place = Place { operation: "discovery", tenant: &name, ..Place::default() };
    if let Some(answer) = super::super::answers::spoilt(&world, &place).await {
        return answer;
    }
    let tenant = match Asked::find(&world, &name) {
        Ok(tenant) => tenant,
        Err(error) => return error.called(Some("invalid_tenant"), None).answer(world.settings.clock.now()),
    };
    let issuer = match &tenant {
        Asked::One(id) => issuer(&world, id),
        // Which tenant it will be is not known yet, and Entra says so in this way.
        Asked::Any => issuer(&world, "{tenantid}"),
    };
    let at = |path: &str| format!("{}/{}/{path}", world.base, tenant.name());
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": at("oauth2/v2.0/authorize"),
        "token_endpoint": at("oauth2/v2.0/token"),
        "device_authorization_endpoint": at("oauth2/v2.0/devicecode"),
        "jwks_uri": at("discovery/v2.0/keys"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "amr", "nonce", "preferred_username", "name", "tid", "oid"],
    }))
    .into_response()
}

pub(super) async fn keys(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
) -> Result<Response, SimulatorError> {
    let place = Place { operation: "keys", tenant: &name, ..Place::default() };
    if let Some(answer) = super::super::answers::spoilt(&world, &place).await {
        return Ok(answer);
    }
    if let Err(error) = Asked::find(&world, &name) {
        return Ok(error.answer(world.settings.clock.now()));
    }
    Ok(Json(world.authority.keys.published()?).into_response())
}
