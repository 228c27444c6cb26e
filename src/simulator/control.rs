//! The control door: what tests in other processes and curious people switch. JSON over HTTP, on loopback like the rest.
//!
//! | | |
//! | --- | --- |
//! | `GET /control/mailboxes` | addresses |
//! | `POST /control/mailboxes` | `{"address": …, "login": …, "password": …}` makes one |
//! | `GET /control/mailboxes/<address>` | everything in it, and what was counted |
//! | `POST /control/mailboxes/<address>/renumber` | moves it to another server, as it were |
//! | `GET`, `POST`, `DELETE /control/faults` | what is switched on; one more; none |
//! | `GET`, `POST /control/accounts/<login>` | the number its sign-in shows; `{"action": "lock"}` and the like |
//! | `POST`, `DELETE /control/device-codes/<code>` | `{"login": …, "mfa": true}` approves it; declines it |
//! | `POST /control/keys/rotate`, `POST /control/clock` | another key; `{"seconds": 3600}` puts the clock forward |
//! | `POST /control/extended-protection` | `{"mode": "require"}`, `allow` or `off`: whether Windows authentication must be bound to TLS |
//! | `POST /control/address` | `{"v4": "203.0.113.7"}`: the address that the outer world sees us come from |
//! | `POST /control/echo/<name>` | `{"manner": "says", "address": "198.51.100.9"}`, `honest`, `slow`, `down`, `huge`, `moved`, `page` |
//! | `POST /control/only-from` | `{"login": "sync", "networks": ["203.0.113.0/29"]}`: from where an account may sign in |
//! | `POST /control/phone/<address>` | plays the phone: `{"action": "complete", "item": "Brief an Meier"}` |

mod directory;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::json;

use super::{Account, FaultRule, PASSWORD, Phone, PhoneAction, SimulatorError, mailbox::Mailbox, world::World};

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/control/mailboxes", get(list).post(add))
        .route("/control/mailboxes/{address}", get(view))
        .route("/control/mailboxes/{address}/renumber", post(renumber))
        .route("/control/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/control/phone/{address}", post(play))
        .with_state(Arc::clone(&world))
        .merge(directory::router(world))
        .layer(from_fn(no_browser))
}

/// A web page that somebody has open on the same machine must not be able to press these switches.
async fn no_browser(request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::ORIGIN) {
        return (StatusCode::FORBIDDEN, "the control door is not for web pages\n").into_response();
    }
    next.run(request).await
}

impl IntoResponse for SimulatorError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoMailbox(_) | Self::NoItem(_) | Self::NoFolder(_) | Self::NoAccount(_) | Self::NoDeviceCode(_) => {
                StatusCode::NOT_FOUND
            }
            Self::SeveralItems(_) => StatusCode::CONFLICT,
            Self::Listen(..)
            | Self::Store(_)
            | Self::Content(_)
            | Self::Damaged(_)
            | Self::Tls(_)
            | Self::CaFile(..)
            | Self::Key => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

async fn list(State(world): State<Arc<World>>) -> Response {
    Json(world.addresses()).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMailbox {
    address: String,
    login: Option<String>,
    password: Option<String>,
}

async fn add(State(world): State<Arc<World>>, Json(new): Json<NewMailbox>) -> Result<StatusCode, SimulatorError> {
    let login = new.login.as_ref().unwrap_or(&new.address);
    let password = new.password.map_or_else(|| PASSWORD.into(), Into::into);
    world.add_account(Account::owner(&new.address, login, password))?;
    Ok(StatusCode::CREATED)
}

async fn view(State(world): State<Arc<World>>, Path(address): Path<String>) -> Result<Response, SimulatorError> {
    Ok(Json(world.view(&address)?).into_response())
}

async fn renumber(State(world): State<Arc<World>>, Path(address): Path<String>) -> Result<StatusCode, SimulatorError> {
    world.change(&address, Mailbox::renumber)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn faults(State(world): State<Arc<World>>) -> Response {
    Json(world.faults.active()).into_response()
}

async fn add_fault(State(world): State<Arc<World>>, Json(rule): Json<FaultRule>) -> StatusCode {
    world.faults.add(rule);
    StatusCode::CREATED
}

async fn clear_faults(State(world): State<Arc<World>>) -> StatusCode {
    world.faults.clear();
    StatusCode::NO_CONTENT
}

async fn play(
    State(world): State<Arc<World>>,
    Path(address): Path<String>,
    Json(action): Json<PhoneAction>,
) -> Result<Response, SimulatorError> {
    let item = Phone { world, address }.play(&action)?;
    Ok(Json(json!({ "item": item })).into_response())
}
