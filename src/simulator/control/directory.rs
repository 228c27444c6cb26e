//! The part of the control door where accounts and the authority are administered.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::json;

use crate::simulator::{
    AccountAction, Administrator, EchoManner, ExtendedProtection, OnlyFrom, OuterAddress, SimulatorError, world::World,
};

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/control/accounts/{login}", get(number).post(act))
        .route("/control/device-codes/{code}", post(approve).delete(decline))
        .route("/control/keys/rotate", post(rotate))
        .route("/control/clock", post(advance))
        .route("/control/extended-protection", post(protect))
        .route("/control/address", post(come_from))
        .route("/control/echo/{name}", post(behave))
        .route("/control/only-from", post(only_from))
        .with_state(Administrator { world })
}

async fn number(State(administrator): State<Administrator>, Path(login): Path<String>) -> Response {
    Json(json!({ "number": administrator.number(&login) })).into_response()
}

async fn act(
    State(administrator): State<Administrator>,
    Path(login): Path<String>,
    Json(action): Json<AccountAction>,
) -> Result<StatusCode, SimulatorError> {
    administrator.act(&login, action)?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    login: String,
    #[serde(default)]
    mfa: bool,
}

async fn approve(
    State(administrator): State<Administrator>,
    Path(code): Path<String>,
    Json(approval): Json<Approval>,
) -> Result<StatusCode, SimulatorError> {
    administrator.approve_device(&code, &approval.login, approval.mfa)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn decline(
    State(administrator): State<Administrator>,
    Path(code): Path<String>,
) -> Result<StatusCode, SimulatorError> {
    administrator.decline_device(&code)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn rotate(State(administrator): State<Administrator>) -> Result<StatusCode, SimulatorError> {
    administrator.rotate_keys()?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: i64,
}

async fn advance(State(administrator): State<Administrator>, Json(advance): Json<Advance>) -> Response {
    Json(json!({ "now": administrator.advance_clock(advance.seconds).to_string() })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Protection {
    mode: ExtendedProtection,
}

async fn protect(State(administrator): State<Administrator>, Json(protection): Json<Protection>) -> StatusCode {
    administrator.world.set_extended_protection(protection.mode);
    StatusCode::NO_CONTENT
}

async fn come_from(State(administrator): State<Administrator>, Json(address): Json<OuterAddress>) -> StatusCode {
    administrator.world.outside.come_from(address);
    StatusCode::NO_CONTENT
}

async fn behave(
    State(administrator): State<Administrator>,
    Path(name): Path<String>,
    Json(manner): Json<EchoManner>,
) -> StatusCode {
    administrator.world.outside.behave(&name, manner);
    StatusCode::NO_CONTENT
}

async fn only_from(State(administrator): State<Administrator>, Json(rule): Json<OnlyFrom>) -> StatusCode {
    administrator.world.outside.allow(rule);
    StatusCode::NO_CONTENT
}
