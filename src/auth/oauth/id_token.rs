//! Who signed in, by the ID token: nothing of it is believed before its signature and everything it is bound to were checked.
//!
//! RS256 alone is taken, so that neither `none` nor a public key used as a shared secret can pass.
//! <https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation>,
//! <https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference>

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::{
    diagnosis::Cause,
    ports::{Failure, FailureKind},
};

/// Two clocks may differ by this much.
const LEEWAY: SignedDuration = SignedDuration::from_mins(5);
/// No ID token is longer.
const LONGEST: usize = 32 * 1024;

/// What the token must be for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who issues tokens here.
    pub issuer: &'a str,
    /// Our app.
    pub client: &'a str,
    /// What was drawn for this sign-in; a device code has none.
    pub nonce: Option<&'a str>,
}

/// Who signed in, how and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider's own identifier of the user.
    pub subject: String,
    /// Names by which the user signs in, as the provider vouches for them.
    pub logins: Vec<String>,
    /// How the user was authenticated (`amr`, RFC 8176).
    pub amr: Vec<String>,
    /// When.
    pub at: Timestamp,
}

impl Identity {
    /// Whether this is the user who signs in with that login or has that mailbox.
    pub fn is(&self, login: &str, address: &str) -> bool {
        let wanted = [login.to_lowercase(), address.to_lowercase()];
        self.logins.iter().any(|login| wanted.contains(&login.to_lowercase()))
    }
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: Audiences,
    #[serde(default)]
    azp: Option<String>,
    sub: String,
    exp: i64,
    iat: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    auth_time: Option<i64>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    tid: Option<String>,
    #[serde(default)]
    oid: Option<String>,
    #[serde(default)]
    preferred_username: Option<String>,
    #[serde(default)]
    upn: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: Option<bool>,
    #[serde(default)]
    amr: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Many(Vec<String>),
}

/// The key that the token names is not among these: they may have been changed since they were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKey;

/// The name of the key that signed the token, if these are without it.
///
/// # Errors
/// [`UnknownKey`], and the keys should be read anew once.
pub fn known_key(token: &str, keys: &JwkSet) -> Result<(), UnknownKey> {
    let named = decode_header(token).ok().and_then(|header| header.kid);
    match named {
        Some(name) if keys.find(&name).is_none() => Err(UnknownKey),
        _ => Ok(()),
    }
}

/// Checks a token and yields who signed in.
///
/// # Errors
/// [`FailureKind::Unauthorized`]; [`Cause::ClockSkew`] where a wrong clock is what stands against it.
pub fn verify(token: &str, keys: &JwkSet, expected: &Expected<'_>, now: Timestamp) -> Result<Identity, Failure> {
    let refused = |why: &str| {
        Failure::new(FailureKind::Unauthorized, "verify who signed in")
            .named(Cause::TokenRefused)
            .because(format!("the ID token is not to be trusted: {why}"))
            .hint("nothing was kept; let the user sign in once more: `pocketdocket user link NAME`")
    };
    let claims = signed(token, keys).map_err(refused)?;
    if claims.iss != expected.issuer {
        return Err(refused("another issuer made it"));
    }
    // Entra writes its tenant into the issuer and beside it.
    if claims.tid.as_ref().is_some_and(|tenant| !claims.iss.split('/').any(|part| part == tenant)) {
        return Err(refused("it is of another tenant"));
    }
    let for_us = match &claims.aud {
        Audiences::One(one) => one == expected.client,
        Audiences::Many(many) => many.len() == 1 && many.iter().all(|one| one == expected.client),
    };
    if !for_us || claims.azp.as_ref().is_some_and(|party| party != expected.client) {
        return Err(refused("it is for another app"));
    }
    if let Some(nonce) = expected.nonce {
        let said = claims.nonce.as_deref().unwrap_or_default();
        if !bool::from(said.as_bytes().ct_eq(nonce.as_bytes())) {
            return Err(refused("it is of another sign-in"));
        }
    }
    in_time(&claims, now).map_err(|why| {
        Failure::new(FailureKind::Unauthorized, "verify who signed in")
            .named(Cause::ClockSkew)
            .because(format!("the ID token is new, and {why}: this machine's clock or the authority's is wrong"))
            .hint("set this machine's clock (`timedatectl` shows it), then `pocketdocket user link NAME`")
    })?;
    let at = Timestamp::from_second(claims.auth_time.unwrap_or(claims.iat));
    Ok(Identity {
        subject: claims.oid.unwrap_or(claims.sub),
        logins: [claims.preferred_username, claims.upn, claims.email.filter(|_| claims.email_verified == Some(true))]
            .into_iter()
            .flatten()
            .collect(),
        amr: claims.amr,
        at: at.map_err(|_| refused("its times cannot be"))?,
    })
}

/// The claims, if one of the authority's keys signed them.
fn signed(token: &str, keys: &JwkSet) -> Result<Claims, &'static str> {
    if token.len() > LONGEST {
        return Err("it is too long");
    }
    let header = decode_header(token).map_err(|_| "it cannot be read, or is signed in a way that we do not take")?;
    if header.alg != Algorithm::RS256 {
        return Err("it is signed in a way that we do not take");
    }
    let name = header.kid.ok_or("it does not say which key signed it")?;
    let key = keys.find(&name).ok_or("a key signed it that is not the authority's")?;
    let key = DecodingKey::from_jwk(key).map_err(|_| "the authority's key cannot be used")?;
    // Times and names are checked by ourselves, by a clock that is an argument.
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    let token =
        decode::<Claims>(token, &key, &validation).map_err(|_| "its signature is wrong, or claims are missing")?;
    Ok(token.claims)
}

fn in_time(claims: &Claims, now: Timestamp) -> Result<(), &'static str> {
    let (now, leeway) = (now.as_second(), LEEWAY.as_secs());
    if claims.exp.saturating_add(leeway) <= now {
        return Err("it has expired already");
    }
    if claims.iat.saturating_sub(leeway) > now || claims.nbf.is_some_and(|from| from.saturating_sub(leeway) > now) {
        return Err("it is of the future");
    }
    Ok(())
}
