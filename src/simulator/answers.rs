//! What comes instead of the right answer, from EWS and from the authority alike: somebody in between who answers, a server
//! that has no time, and answers that are meant to harm whoever reads them.

use std::{convert::Infallible, fmt::Write as _, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};

use super::{Fault, faults::Place, world::World};

/// Entities, each ten times the one before.
const GENERATIONS: usize = 12;
/// Deeper than any stack.
const DEPTH: usize = 200_000;
/// What an answer without an end consists of.
static PIECE: [u8; 64 * 1024] = [b'a'; 64 * 1024];

/// A body, broken off after so many bytes.
pub(super) fn body(bytes: Bytes, truncate: Option<usize>) -> Body {
    match truncate {
        Some(most) if most < bytes.len() => {
            let part = bytes.slice(..most);
            let broken = Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
            Body::from_stream(futures_util::stream::iter([Ok(part), broken]))
        }
        _ => Body::from(bytes),
    }
}

/// The answer that a fault gives here, if one strikes; a slow one has been waited for.
pub(super) async fn spoilt(world: &World, place: &Place<'_>) -> Option<Response> {
    let slow = world.faults.strike(place, |fault| match fault {
        Fault::Slow { milliseconds } => Some(*milliseconds),
        _ => None,
    });
    if let Some(milliseconds) = slow {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    // The authority's operations are written small, those of EWS large.
    let authority = place.operation.starts_with(|first: char| first.is_ascii_lowercase());
    world.faults.strike(place, |fault| match fault {
        Fault::Unavailable { retry_after_seconds: None } => Some(StatusCode::SERVICE_UNAVAILABLE.into_response()),
        Fault::Unavailable { retry_after_seconds: Some(seconds) } => {
            Some(later(StatusCode::SERVICE_UNAVAILABLE, *seconds))
        }
        Fault::TooManyRequests { retry_after_seconds } => {
            Some(later(StatusCode::TOO_MANY_REQUESTS, *retry_after_seconds))
        }
        fault => answer(world, fault, authority),
    })
}

/// The answer of somebody in between, or of somebody who means harm, if such a fault strikes here: of a service that speaks JSON.
pub(super) fn in_between(world: &World, place: &Place<'_>) -> Option<Response> {
    world.faults.strike(place, |fault| answer(world, fault, true))
}

fn answer(world: &World, fault: &Fault, json: bool) -> Option<Response> {
    let moved = |location: &str| (StatusCode::FOUND, [(header::LOCATION, location.to_owned())]).into_response();
    Some(match fault {
        Fault::CaptivePortal => {
            Html("<!doctype html><html><title>Welcome</title><p>Agree to the terms to use this network.</html>")
                .into_response()
        }
        Fault::ProxyLogin => {
            let realm = [(header::PROXY_AUTHENTICATE, "Basic realm=\"proxy\"")];
            (StatusCode::PROXY_AUTHENTICATION_REQUIRED, realm, Html("<html><p>The proxy wants a login.</html>"))
                .into_response()
        }
        Fault::BadGateway => {
            (StatusCode::BAD_GATEWAY, Html("<html><h1>502 Bad Gateway</h1><p>proxy</html>")).into_response()
        }
        Fault::Moved { location } => moved(location),
        Fault::Downgrade => moved(&world.base.replacen("https://", "http://", 1)),
        Fault::XmlBomb => ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], xml_bomb()).into_response(),
        Fault::JsonBomb => ([(header::CONTENT_TYPE, "application/json")], "[".repeat(DEPTH)).into_response(),
        Fault::Endless => endless(json),
        _ => return None,
    })
}

fn later(status: StatusCode, seconds: u64) -> Response {
    (status, [(header::RETRY_AFTER, seconds.to_string())]).into_response()
}

/// <https://en.wikipedia.org/wiki/Billion_laughs_attack>
fn xml_bomb() -> String {
    let mut text = String::from("<?xml version=\"1.0\"?><!DOCTYPE bomb [<!ENTITY e0 \"boom\">");
    for generation in 1..GENERATIONS {
        let before = format!("&e{};", generation - 1).repeat(10);
        let _ = write!(text, "<!ENTITY e{generation} \"{before}\">");
    }
    let last = GENERATIONS - 1;
    text + &format!(
        "]><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>&e{last};</s:Body></s:Envelope>"
    )
}

fn endless(json: bool) -> Response {
    let token = ("application/json", "{\"access_token\":\"");
    let soap =
        ("text/xml; charset=utf-8", "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><a>");
    let (kind, begin) = if json { token } else { soap };
    let pieces = std::iter::once(begin.as_bytes()).chain(std::iter::repeat(PIECE.as_slice()));
    let stream = futures_util::stream::iter(pieces.map(|piece| Ok::<_, Infallible>(Bytes::from_static(piece))));
    ([(header::CONTENT_TYPE, kind)], Body::from_stream(stream)).into_response()
}

/// Gives answers a wrong date while a fault wants it.
pub(super) async fn misdated(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let skew = world.faults.strike(&Place::default(), |fault| match fault {
        Fault::ClockSkew { seconds } => Some(*seconds),
        _ => None,
    });
    if let Some(moment) = skew.and_then(|seconds| Timestamp::now().checked_add(SignedDuration::from_secs(seconds)).ok())
    {
        // <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>
        let date = moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Ok(date) = HeaderValue::from_str(&date) {
            response.headers_mut().insert(header::DATE, date);
        }
    }
    response
}
