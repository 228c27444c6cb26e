//! Autodiscover: where a mailbox is, in both versions.
//!
//! `GET /autodiscover/autodiscover.json` answers anybody, as Exchange Online does for every mailbox of a hybrid firm: with the address of
//! Exchange Online itself for a mailbox that is there, and with the simulator's own EWS for one on premises. `POST
//! /autodiscover/autodiscover.xml` answers who signs in, as an Exchange Server does; of a mailbox that was moved it tells the address
//! under which the cloud knows it. Both are strict: what a client leaves out or makes up is refused.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;

use super::{Home, SignInOffer, answers, faults, sign_ins, world::World};
use crate::xml::{self, Element, Writer};

/// What Exchange Online says of its mailboxes.
const ONLINE: &str = "https://outlook.office365.com/EWS/Exchange.asmx";
/// What a mailbox's address ends with where a tenant's own domain does not lead to the cloud.
const ROUTING: &str = ".mail.onmicrosoft.com";
const REQUEST: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
const ERRORS: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
/// What the two are called where faults strike.
const JSON: &str = "autodiscover";
const XML: &str = "PoxAutodiscover";

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/autodiscover/autodiscover.json", get(by_query))
        .route("/autodiscover/autodiscover.json/v1.0/{address}", get(by_path))
        .route("/autodiscover/autodiscover.xml", post(pox))
        .route("/Autodiscover/Autodiscover.xml", post(pox))
        .with_state(world)
}

/// The address under which the cloud knows a mailbox that was moved there.
fn routing_address(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    format!("{local}@{}{ROUTING}", domain.replace('.', "-"))
}

/// The mailbox that is called so, by its own address or the one of the cloud.
fn mailbox(world: &World, asked: &str) -> Option<String> {
    let is_meant = |address: &String| {
        address.eq_ignore_ascii_case(asked)
            || (world.home(address) == Home::Online && routing_address(address).eq_ignore_ascii_case(asked))
    };
    world.addresses().into_iter().find(is_meant)
}

async fn by_query(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Response {
    let (mut email, mut protocol) = (None, None);
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match name.to_ascii_lowercase().as_str() {
            "email" => email = Some(value.into_owned()),
            "protocol" => protocol = Some(value.into_owned()),
            "redirectcount" if value.parse::<u8>().is_ok() => {}
            _ => return refused(StatusCode::BAD_REQUEST, "InvalidRequest", "A parameter is not known."),
        }
    }
    let (Some(email), Some(protocol)) = (email, protocol) else {
        return refused(StatusCode::BAD_REQUEST, "InvalidRequest", "Email and Protocol are required.");
    };
    told(&world, &email, &protocol).await
}

async fn by_path(State(world): State<Arc<World>>, Path(address): Path<String>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    match pairs.find(|(name, _)| name.eq_ignore_ascii_case("Protocol")) {
        Some((_, protocol)) => told(&world, &address, &protocol).await,
        None => refused(StatusCode::BAD_REQUEST, "InvalidRequest", "Protocol is required."),
    }
}

async fn told(world: &World, asked: &str, protocol: &str) -> Response {
    let found = mailbox(world, asked);
    if let Some(spoilt) = struck(world, found.as_deref().unwrap_or(asked), "", JSON).await {
        return spoilt;
    }
    let Some(mailbox) = found else {
        return refused(StatusCode::NOT_FOUND, "UserNotFound", "The given user is not found.");
    };
    let own = |path: &str| format!("{}{path}", world.base);
    let url = match (protocol.to_ascii_lowercase().as_str(), world.home(&mailbox)) {
        ("ews", Home::Online) => ONLINE.to_owned(),
        ("ews", Home::OnPremises | Home::Everywhere) => own("/EWS/Exchange.asmx"),
        ("autodiscoverv1", _) => own("/autodiscover/autodiscover.xml"),
        _ => return refused(StatusCode::BAD_REQUEST, "ProtocolNotSupported", "The given protocol is not supported."),
    };
    Json(json!({ "Protocol": protocol, "Url": url })).into_response()
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "ErrorCode": code, "ErrorMessage": message }))).into_response()
}

async fn struck(world: &World, mailbox: &str, login: &str, operation: &str) -> Option<Response> {
    let place = faults::Place { mailbox, operation, login, ..faults::Place::default() };
    let off = world.faults.strike(&place, |fault| (*fault == faults::Fault::NoAutodiscover).then_some(()));
    match off {
        Some(()) => Some(StatusCode::NOT_FOUND.into_response()),
        None => answers::spoilt(world, &place).await,
    }
}

async fn pox(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    let credentials = sign_ins::basic(&headers);
    let document = xml::parse(&body);
    let asked = document.as_ref().ok().and_then(|document| document.at(&["Request", "EMailAddress"]));
    let asked = asked.map(|asked| asked.text().trim().to_owned()).unwrap_or_default();
    let found = mailbox(&world, &asked);
    let login = credentials.as_ref().map(|(login, _)| login.as_str()).unwrap_or_default();
    if let Some(spoilt) = struck(&world, found.as_deref().unwrap_or(&asked), login, XML).await {
        return spoilt;
    }
    let takes_passwords = world.settings.offer.takes_basic();
    let signed_in = credentials
        .filter(|_| takes_passwords)
        .is_some_and(|(login, password)| world.sign_in(&login, &password).is_ok());
    if !signed_in {
        return unauthorized(world.settings.offer);
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.starts_with("text/xml") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let is_sound = document.as_ref().is_ok_and(is_sound);
    let text = match (is_sound, found) {
        (false, _) => error("600", "Invalid Request"),
        (true, None) => error("500", "The email address can't be found."),
        (true, Some(address)) if world.home(&address) == Home::Online => {
            account(&[("Action", "redirectAddr"), ("RedirectAddr", &routing_address(&address))], None)
        }
        (true, Some(_)) => {
            let service = format!("{}/EWS/Exchange.asmx", world.base);
            account(&[("AccountType", "email"), ("Action", "settings"), ("MicrosoftOnline", "False")], Some(&service))
        }
    };
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
}

/// 401, and what would be taken. Windows authentication is offered as the server does, and nobody gets in by it here.
fn unauthorized(offer: SignInOffer) -> Response {
    let windows = offer.takes_windows().then_some(["Negotiate", "NTLM"]).into_iter().flatten();
    let basic = offer.takes_basic().then_some("Basic realm=\"127.0.0.1\"");
    let bearer = offer.takes_tokens().then_some("Bearer");
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    for value in windows.chain(basic).chain(bearer) {
        response.headers_mut().append(header::WWW_AUTHENTICATE, HeaderValue::from_static(value));
    }
    response
}

/// In its namespace, with what must be there and nothing besides, in order.
fn is_sound(document: &Element) -> bool {
    let [request] = document.children() else { return false };
    let [mailbox, schema] = request.children() else { return false };
    document.is(REQUEST, "Autodiscover")
        && request.is(REQUEST, "Request")
        && mailbox.is(REQUEST, "EMailAddress")
        && schema.is(REQUEST, "AcceptableResponseSchema")
        && schema.text() == RESPONSE
}

fn error(code: &str, message: &str) -> String {
    let mut writer = Writer::new();
    writer.element("Autodiscover", &[("xmlns", ERRORS)], |writer| {
        writer.element("Response", &[], |writer| {
            writer.element("Error", &[("Time", "21:25:04.8897083"), ("Id", "4130155072")], |writer| {
                writer.text("ErrorCode", code);
                writer.text("Message", message);
                writer.empty("DebugData", &[]);
            });
        });
    });
    writer.into_string()
}

fn account(said: &[(&str, &str)], service: Option<&str>) -> String {
    let mut writer = Writer::new();
    writer.element("Autodiscover", &[("xmlns", ERRORS)], |writer| {
        writer.element("Response", &[("xmlns", RESPONSE)], |writer| {
            writer.element("Account", &[], |writer| {
                for (name, text) in said {
                    writer.text(name, text);
                }
                let Some(service) = service else { return };
                for kind in ["EXCH", "EXPR"] {
                    writer.element("Protocol", &[], |writer| {
                        writer.text("Type", kind);
                        writer.text("ASUrl", service);
                        writer.text("EwsUrl", service);
                    });
                }
            });
        });
    });
    writer.into_string()
}
