//! The Graph face: `/v1.0/…` with a bearer token, over the same mailboxes as EWS. What is written through one face is seen
//! through the other.
//!
//! A request (alone or as a part of a batch) is let in by [`limits`], its sender known by [`caller`], its address read by
//! [`route`], its body held to Graph's own metadata by [`schema`], and then answered from the mailbox model. It is as strict
//! as the metadata are: a name that nobody knows, a value of another type, a word in another case are refused.

mod answer;
mod asked;
mod attendees;
mod batch;
mod call;
mod caller;
mod categories;
mod contact;
mod delta;
mod event;
mod extended;
mod extensions;
mod fields;
mod filter;
mod folders;
mod identity;
mod items;
mod limits;
mod linked;
mod recurrence;
mod route;
mod schema;
mod task;
mod times;
mod view;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
    routing::any,
};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{
    answers,
    faults::{Fault, Place},
    listener::Wire,
    world::World,
};
use answer::{Answer, Refused};
use asked::Asked;
use batch::Batch;
use call::Call;
use caller::Caller;

pub(crate) use limits::Limits;
pub use limits::{GraphLimits, GraphUse};

/// As large as Graph takes them.
const MAX_REQUEST: usize = 4 * 1024 * 1024;

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new().route("/v1.0/{*path}", any(serve)).with_state(world)
}

/// One request, before anybody has looked at it.
struct Part {
    method: Method,
    /// Path and query after the version.
    address: String,
    headers: HeaderMap,
    body: Option<Value>,
}

/// Names by which a request is known afterwards.
struct Ids {
    request: String,
    client: String,
}

async fn serve(State(world): State<Arc<World>>, ConnectInfo(wire): ConnectInfo<Wire>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // Who stands in between does not know whose mailbox it is: that is asked of the token.
    let struck = match caller::of(&world, &parts.headers) {
        Ok(caller) => answers::in_between(&world, &caller.place(caller.own_mailbox(), "Graph")),
        Err(_) => answers::in_between(&world, &Place::default()),
    };
    if let Some(response) = struck {
        return response;
    }
    let request = Uuid::new_v4().to_string();
    let client = parts.headers.get("client-request-id").and_then(|id| id.to_str().ok()).unwrap_or(&request).to_owned();
    let ids = Ids { request, client };
    let address = parts.uri.path_and_query().map(axum::http::uri::PathAndQuery::as_str).unwrap_or_default();
    let address = address.strip_prefix("/v1.0/").unwrap_or_default().to_owned();
    let answer = match read(&parts.headers, body).await {
        Ok(body) => answer(&world, &ids, Part { method: parts.method, address, headers: parts.headers, body }).await,
        Err(refused) => refused.answer(&ids.request, &ids.client, world.settings.clock.now()),
    };
    if answer.cut {
        wire.cut.pull();
    }
    respond(answer, &ids)
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Option<Value>, Refused> {
    let bytes = to_bytes(body, MAX_REQUEST).await.map_err(|_| {
        Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "The request is larger than 4 MB.")
    })?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("application/json") {
        let text = "The Content-Type of a request with a body must be application/json.";
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", text));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|_| {
        Refused::bad("BadRequest", "Unable to read JSON request payload. Please ensure that it is valid JSON.")
    })
}

async fn answer(world: &World, ids: &Ids, part: Part) -> Answer {
    let refused = |refused: &Refused| refused.answer(&ids.request, &ids.client, world.settings.clock.now());
    let caller = match caller::of(world, &part.headers) {
        Ok(caller) => caller,
        Err(why) => return refused(&why),
    };
    let root = format!("{}/v1.0", world.base);
    if !part.address.eq_ignore_ascii_case("$batch") {
        let answers = round(world, ids, &caller, &root, vec![part]).await;
        return answers.into_iter().next().unwrap_or_else(Answer::done);
    }
    if part.method != Method::POST {
        return refused(&Refused::bad("BadRequest", "A batch is posted."));
    }
    let mut batch = match Batch::read(part.body.as_ref()) {
        Ok(batch) => batch,
        Err(why) => return refused(&why),
    };
    while let Some(parts) = batch.round() {
        let answers = round(world, ids, &caller, &root, parts).await;
        batch.answered(answers);
    }
    batch.finish()
}

/// A request that was let in.
struct Prepared<'w> {
    asked: Asked,
    mailbox: String,
    operation: &'static str,
    /// As long as this is there, it takes one of the places that its program has.
    _entered: limits::Entered<'w>,
}

/// Answers requests that are on their way at the same time.
async fn round(world: &World, ids: &Ids, caller: &Caller, root: &str, parts: Vec<Part>) -> Vec<Answer> {
    let now = world.settings.clock.now();
    let prepared: Vec<Result<Prepared<'_>, Refused>> =
        parts.into_iter().map(|part| prepare(world, caller, root, part, now)).collect();
    let slow = prepared.iter().flatten().filter_map(|one| {
        world.faults.strike(&caller.place(&one.mailbox, one.operation), |fault| match fault {
            Fault::Slow { milliseconds } => Some(*milliseconds),
            _ => None,
        })
    });
    if let Some(milliseconds) = slow.max() {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    let mut answers = Vec::new();
    // Of a batch that ends in the middle, so many are carried out yet.
    let mut left: Option<usize> = None;
    for one in prepared {
        let carried = one.and_then(|one| {
            left = left.or_else(|| {
                world.faults.strike(&caller.place(&one.mailbox, one.operation), |fault| match fault {
                    Fault::HalfBatch { stored } => Some(*stored),
                    _ => None,
                })
            });
            match &mut left {
                Some(0) => return Ok(Answer { cut: true, ..Answer::done() }),
                Some(left) => *left -= 1,
                None => {}
            }
            let mut answer = carry_out(world, caller, &one, now)?;
            answer.cut |= left.is_some();
            Ok(answer)
        });
        answers.push(carried.unwrap_or_else(|refused| refused.answer(&ids.request, &ids.client, now)));
    }
    answers
}

fn prepare<'w>(
    world: &'w World,
    caller: &Caller,
    root: &str,
    part: Part,
    now: Timestamp,
) -> Result<Prepared<'w>, Refused> {
    let asked = Asked::read(part.method, root, &part.address, &part.headers, part.body)?;
    let (user, target) = route::target(&asked.segments)?;
    let operation = target.operation(asked.method.as_str());
    let mailbox = caller.mailbox(world, user, operation, target.is_of_tasks())?;
    if let Some(of) = target.permission() {
        caller.may(world, &mailbox, of, target.writes(&asked.method))?;
    }
    let entered = world.limits.enter(&world.settings.graph, &caller.application, &mailbox, now)?;
    Ok(Prepared { asked, mailbox, operation, _entered: entered })
}

fn carry_out(world: &World, caller: &Caller, one: &Prepared<'_>, now: Timestamp) -> Result<Answer, Refused> {
    let Prepared { asked, mailbox, operation, .. } = one;
    world.count(mailbox, |counts| *counts.requests.entry((*operation).to_owned()).or_default() += 1);
    if let Some(refused) = world.faults.strike(&caller.place(mailbox, operation), refusal) {
        return Err(refused);
    }
    let (_, target) = route::target(&asked.segments)?;
    let call = Call { world, caller, mailbox, operation, asked, now };
    let mut answer = world
        .change(mailbox, |mailbox| target.carry_out(&call, mailbox))
        .map_err(|error| Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", error.to_string()))??;
    answer.headers.extend(asked.prefer.applied().map(|applied| ("preference-applied", applied)));
    answer.cut = call.strike(|fault| (*fault == Fault::LostReply).then_some(())).is_some();
    answer.truncate = call.strike(|fault| match fault {
        Fault::TruncatedBody { bytes } => Some(*bytes),
        _ => None,
    });
    Ok(answer)
}

/// Faults that strike before anybody looks at the mailbox.
fn refusal(fault: &Fault) -> Option<Refused> {
    match fault {
        Fault::Busy { back_off_milliseconds } => {
            let text = "The server cannot service this request right now. Try again later.";
            let refused = Refused::new(StatusCode::TOO_MANY_REQUESTS, "ApplicationThrottled", text);
            Some(refused.after(back_off_milliseconds.div_ceil(1000)))
        }
        Fault::Unavailable { retry_after_seconds } => {
            let text = "The service is temporarily unavailable.";
            let refused = Refused::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", text);
            Some(retry_after_seconds.map_or(refused.clone(), |seconds| refused.after(seconds)))
        }
        Fault::TooManyRequests { retry_after_seconds } => {
            let text = "Application is over its request limit.";
            let refused = Refused::new(StatusCode::TOO_MANY_REQUESTS, "ApplicationThrottled", text);
            Some(refused.after(*retry_after_seconds))
        }
        Fault::UnauthorizedBecauseBusy => {
            Some(Refused::new(StatusCode::UNAUTHORIZED, "UnknownError", "Something went wrong while signing in."))
        }
        Fault::MailboxMoving => {
            let text = "The mailbox is in the process of being moved and is not available.";
            Some(Refused::new(StatusCode::SERVICE_UNAVAILABLE, "ErrorMailboxMoveInProgress", text))
        }
        _ => None,
    }
}

fn respond(answer: Answer, ids: &Ids) -> Response {
    let bytes = Bytes::from(answer.body.as_ref().map(Value::to_string).unwrap_or_default());
    let length = bytes.len();
    let body = answers::body(bytes, answer.truncate);
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    if answer.body.is_some() {
        headers.insert(header::CONTENT_LENGTH, length.into());
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json;odata.metadata=minimal;charset=utf-8"),
        );
    }
    let own = [("request-id", ids.request.clone()), ("client-request-id", ids.client.clone())];
    for (name, value) in own.into_iter().chain(answer.headers) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}
