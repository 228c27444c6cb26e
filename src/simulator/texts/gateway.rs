use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret as _;
use serde_json::json;
use subtle::ConstantTimeEq as _;

use super::{TEXT_ACCOUNT, TEXT_API_KEY, TEXT_SECRET, TEXT_SENDER, TEXT_SERVICE, TextMessage};
use crate::simulator::{Fault, answers, faults::Place, world::World};

/// What it is called where faults strike.
const OPERATION: &str = "texts";
/// The most letters of a message. <https://www.twilio.com/docs/api/errors/21617>
const LONGEST: usize = 1600;

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/2010-04-01/Accounts/{account}/Messages.json", post(create))
        .route("/2010-04-01/Accounts/{account}/Messages/{message}", get(fetch))
        .with_state(world)
}

/// A refusal in the gateway's form.
struct Refused(StatusCode, u32, &'static str);

impl Refused {
    fn of(code: u32, message: &'static str) -> Self {
        let status = match code {
            20003 => StatusCode::UNAUTHORIZED,
            20403 => StatusCode::FORBIDDEN,
            20404 => StatusCode::NOT_FOUND,
            20429 => StatusCode::TOO_MANY_REQUESTS,
            20500 => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self(status, code, message)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        let more = format!("https://www.twilio.com/docs/errors/{code}");
        (status, Json(json!({ "code": code, "message": message, "more_info": more, "status": status.as_u16() })))
            .into_response()
    }
}

async fn create(
    State(world): State<Arc<World>>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = form(&headers, &body);
    let number = fields.get("To").map(String::as_str).unwrap_or_default();
    let place = Place { mailbox: number, operation: OPERATION, ..Place::default() };
    match answers::spoilt(&world, &place).await {
        Some(spoilt) => spoilt,
        None => created(&world, &place, &headers, &account, &fields).unwrap_or_else(IntoResponse::into_response),
    }
}

fn created(
    world: &World,
    place: &Place<'_>,
    headers: &HeaderMap,
    account: &str,
    fields: &BTreeMap<String, String>,
) -> Result<Response, Refused> {
    may(world, headers, account)?;
    let message = taken(fields)?;
    let refused = world.faults.strike(place, |fault| match fault {
        Fault::TextRefused { code } => Some(*code),
        _ => None,
    });
    if let Some(code) = refused {
        return Err(Refused::of(code, "The message was refused."));
    }
    let undelivered = world.faults.strike(place, |fault| match fault {
        Fault::TextUndelivered { code } => Some(*code),
        _ => None,
    });
    let message = TextMessage { error_code: undelivered, ..message };
    world.texts.add(message.clone());
    Ok((StatusCode::CREATED, Json(shown(&message))).into_response())
}

async fn fetch(
    State(world): State<Arc<World>>,
    Path((account, message)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let place = Place { operation: OPERATION, ..Place::default() };
    match answers::spoilt(&world, &place).await {
        Some(spoilt) => spoilt,
        None => fetched(&world, &headers, &account, &message).unwrap_or_else(IntoResponse::into_response),
    }
}

fn fetched(world: &World, headers: &HeaderMap, account: &str, message: &str) -> Result<Response, Refused> {
    may(world, headers, account)?;
    let sid = message.strip_suffix(".json").unwrap_or(message);
    match world.texts.looked_at(sid) {
        Some(message) => Ok(Json(shown(&message)).into_response()),
        None => Err(Refused::of(20404, "The requested resource was not found")),
    }
}

/// The account signs in with its own secret, or with that of its API key.
fn may(world: &World, headers: &HeaderMap, account: &str) -> Result<(), Refused> {
    let refused = || Refused::of(20003, "Authenticate");
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(refused)?;
    let pair = sent.strip_prefix("Basic ").and_then(|pair| STANDARD.decode(pair).ok()).ok_or_else(refused)?;
    let pair = String::from_utf8(pair).map_err(|_| refused())?;
    let (login, secret) = pair.split_once(':').ok_or_else(refused)?;
    let right = world.settings.text_secret.as_ref().map_or(TEXT_SECRET, |secret| secret.expose_secret());
    let known = login == TEXT_ACCOUNT || login == TEXT_API_KEY;
    if !known || !bool::from(secret.as_bytes().ct_eq(right.as_bytes())) {
        return Err(refused());
    }
    if account == TEXT_ACCOUNT { Ok(()) } else { Err(Refused::of(20404, "The requested resource was not found")) }
}

/// The fields of a form; none, if it is no form or a field is there twice.
fn form(headers: &HeaderMap, body: &[u8]) -> BTreeMap<String, String> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let mut fields = BTreeMap::new();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return fields;
    }
    for (name, value) in url::form_urlencoded::parse(body) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return BTreeMap::new();
        }
    }
    fields
}

fn taken(fields: &BTreeMap<String, String>) -> Result<TextMessage, Refused> {
    let field = |name: &str| fields.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let to = field("To").ok_or_else(|| Refused::of(21604, "A 'To' phone number is required."))?;
    let digits = to.strip_prefix('+').unwrap_or_default();
    if !(7..=15).contains(&digits.len())
        || digits.starts_with('0')
        || !digits.bytes().all(|digit| digit.is_ascii_digit())
    {
        return Err(Refused::of(21211, "The 'To' number is not a valid phone number."));
    }
    let from = match (field("MessagingServiceSid"), field("From")) {
        (Some(service), _) if service == TEXT_SERVICE => service,
        (Some(_), _) => return Err(Refused::of(21703, "The messaging service has no sender.")),
        (None, Some(from)) if from == TEXT_SENDER => from,
        (None, Some(_)) => return Err(Refused::of(21606, "The 'From' number is not one of the account's.")),
        (None, None) => return Err(Refused::of(21603, "A 'From' phone number is required.")),
    };
    let body = field("Body").ok_or_else(|| Refused::of(21602, "Message body is required."))?;
    if body.chars().count() > LONGEST {
        return Err(Refused::of(21617, "The message body is too long."));
    }
    Ok(TextMessage {
        sid: format!("SM{:032x}", rand::random::<u128>()),
        to: to.to_owned(),
        from: from.to_owned(),
        body: body.to_owned(),
        status: "queued".to_owned(),
        error_code: None,
    })
}

/// A message as the gateway tells of it.
fn shown(message: &TextMessage) -> serde_json::Value {
    let uri = format!("/2010-04-01/Accounts/{TEXT_ACCOUNT}/Messages/{}.json", message.sid);
    let by_service = message.from == TEXT_SERVICE;
    let now = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    // Why it does not arrive is told when it did not.
    let error = message.error_code.filter(|_| message.status != "queued");
    json!({
        "account_sid": TEXT_ACCOUNT,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": now,
        "date_sent": (message.status != "queued").then_some(&now),
        "date_updated": now,
        "direction": "outbound-api",
        "error_code": error,
        "error_message": null,
        "from": (!by_service).then_some(&message.from),
        "messaging_service_sid": by_service.then_some(&message.from),
        "num_media": "0",
        "num_segments": "1",
        "price": null,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": { "media": uri.replace(".json", "/Media.json") },
        "to": message.to,
        "uri": uri,
    })
}
