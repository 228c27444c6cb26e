//! What proves to the authority that we hold the key: a short statement, signed anew for every token.

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, Header, encode};
use serde::Serialize;
use uuid::Uuid;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::AppCertificate;
use crate::ports::{Failure, FailureKind};

/// How long a statement is good altogether: Entra advises 5 to 10 minutes.
const GOOD: SignedDuration = SignedDuration::from_mins(10);
/// It begins so much before it is made: another clock may be behind ours by that, and the authority's own tolerance comes on top.
const BEFORE: SignedDuration = SignedDuration::from_mins(2);

/// <https://www.rfc-editor.org/rfc/rfc7523#section-3>
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    /// Never the same twice: whoever catches one cannot use it after us.
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// States to this token endpoint that the app is the one of that certificate.
pub(super) fn sign(
    certificate: &AppCertificate,
    client: &str,
    endpoint: &str,
    now: Timestamp,
) -> Result<String, Failure> {
    let begin = now - BEFORE;
    let claims = Claims {
        aud: endpoint,
        iss: client,
        sub: client,
        jti: Uuid::new_v4().to_string(),
        iat: begin.as_second(),
        nbf: begin.as_second(),
        exp: (begin + GOOD).as_second(),
    };
    let mut header = Header::new(Algorithm::PS256);
    header.x5t_s256 = Some(URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate.der)));
    encode(&header, &claims, &certificate.key)
        .map_err(|error| Failure::new(FailureKind::Setting, "sign with the app's certificate").because(error))
}
