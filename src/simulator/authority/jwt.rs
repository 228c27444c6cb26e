//! Tokens as text: a head, claims and a signature. They are put together here by hand, so that what checks them in tests is
//! not what made them. <https://www.rfc-editor.org/rfc/rfc7519>

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::keys::{Key, Keys};
use crate::simulator::SimulatorError;

/// Signs claims with a key.
pub(super) fn sign(key: &Key, claims: &Value) -> Result<String, SimulatorError> {
    let text = unsigned(&json!({ "typ": "JWT", "alg": "RS256", "kid": key.id }), claims);
    let signature = key.sign(text.as_bytes())?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// A token that nobody signed: what an attacker would send who hopes that nobody looks.
pub(super) fn alg_none(claims: &Value) -> String {
    format!("{}.", unsigned(&json!({ "typ": "JWT", "alg": "none" }), claims))
}

fn unsigned(head: &Value, claims: &Value) -> String {
    let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", text(head), text(claims))
}

/// Claims of a token that one of these keys signed; `Err` holds the claims of one that none of them did, as far as it is a
/// token at all.
pub(super) fn verify(keys: &Keys, token: &str) -> Result<Value, Option<Value>> {
    let mut parts = token.split('.');
    let (Some(head), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(None);
    };
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let value = |part: &str| serde_json::from_slice::<Value>(&bytes(part)?).ok();
    let (Some(head), Some(read), Some(signature)) = (value(head), value(claims), bytes(signature)) else {
        return Err(None);
    };
    let key = head["kid"].as_str().filter(|_| head["alg"] == "RS256").and_then(|id| keys.find(id));
    let signed = token.rsplit_once('.').map(|(signed, _)| signed).unwrap_or_default();
    match key {
        Some(key) if key.signed(signed.as_bytes(), &signature) => Ok(read),
        _ => Err(Some(read)),
    }
}
