//! ID tokens that we make ourselves, good and bad, judged by us and by PyJWT alike.

use std::process::Command;

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use pocketdocket::{
    auth::oauth::{Expected, known_key, verify},
    diagnosis::Cause,
};
use serde_json::{Value, json};

const ISSUER: &str = "https://login.example/11111111-2222-3333-4444-555555555555/v2.0";
const EXPECTED: Expected<'_> = Expected { issuer: ISSUER, client: "our-app", nonce: Some("a-nonce") };

const PYJWT: &str = "
import json, sys, jwt
case = json.load(sys.stdin)
for token in case['tokens']:
    try:
        name = jwt.get_unverified_header(token).get('kid')
        key = next(key for key in jwt.PyJWKSet.from_dict(case['keys']).keys if key.key_id == name)
        jwt.decode(token, key.key, algorithms=['RS256'], audience='our-app', issuer=case['issuer'], leeway=300,
                   options={'require': ['exp', 'iat', 'sub', 'aud', 'iss']})
        print('good')
    except (jwt.PyJWTError, StopIteration):
        print('bad')
";

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn key() -> KeyPair {
    KeyPair::generate(KeySize::Rsa2048).expect("a key")
}

/// Modulus and exponent of a key of 2048 bits, which stand at known places of its DER.
fn published(pair: &KeyPair, name: &str) -> Value {
    let der = pair.public_key().as_ref();
    let (modulus, exponent) = (&der[9..265], &der[der.len() - 3..]);
    let text = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
    json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": name, "n": text(modulus), "e": text(exponent)})
}

fn token(pair: &KeyPair, head: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", encoded(head), encoded(claims));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).expect("signs");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn claims(changed: &Value) -> Value {
    let now = Timestamp::now().as_second();
    let mut claims = json!({
        "iss": ISSUER, "aud": "our-app", "sub": "s", "tid": "11111111-2222-3333-4444-555555555555",
        "iat": now, "nbf": now, "exp": now + 3600, "nonce": "a-nonce", "preferred_username": "Anna@kanzlei.example",
    });
    let all = claims.as_object_mut().expect("an object");
    for (name, value) in changed.as_object().expect("an object") {
        if value.is_null() {
            all.remove(name)
        } else {
            all.insert(name.clone(), value.clone())
        };
    }
    claims
}

#[test]
fn what_we_take_pyjwt_takes_and_what_we_refuse_it_refuses() {
    let (ours, theirs) = (key(), key());
    let keys = json!({"keys": [published(&ours, "ours")]});
    let head = json!({"alg": "RS256", "kid": "ours", "typ": "JWT"});
    let now = Timestamp::now().as_second();
    let good = token(&ours, &head, &claims(&json!({})));
    let signed = good.rsplit_once('.').expect("three parts").0;
    let tampered = format!(
        "{}.{}.{}",
        encoded(&head),
        encoded(&claims(&json!({"preferred_username": "x"}))),
        good.rsplit('.').next().expect("three parts")
    );
    let none = format!("{}.{}.", encoded(&json!({"alg": "none", "kid": "ours"})), encoded(&claims(&json!({}))));
    // The public key as a shared secret: the oldest trick.
    let hmac_text = format!("{}.{}", encoded(&json!({"alg": "HS256", "kid": "ours"})), encoded(&claims(&json!({}))));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, ours.public_key().as_ref()), hmac_text.as_bytes());
    let confused = format!("{hmac_text}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
    let with = |changed: Value| token(&ours, &head, &claims(&changed));
    let cases: Vec<(&str, String, Option<Cause>)> = vec![
        ("good", good.clone(), None),
        ("four minutes fast", with(json!({"iat": now + 240, "nbf": now + 240})), None),
        ("four minutes old", with(json!({"iat": now - 7200, "nbf": now - 7200, "exp": now - 240})), None),
        ("tampered", tampered, Some(Cause::TokenRefused)),
        ("none", none, Some(Cause::TokenRefused)),
        ("hmac with the public key", confused, Some(Cause::TokenRefused)),
        ("another's key under our name", token(&theirs, &head, &claims(&json!({}))), Some(Cause::TokenRefused)),
        (
            "an unknown key",
            token(&theirs, &json!({"alg": "RS256", "kid": "x"}), &claims(&json!({}))),
            Some(Cause::TokenRefused),
        ),
        ("without a signature", format!("{signed}."), Some(Cause::TokenRefused)),
        ("another app", with(json!({"aud": "their-app"})), Some(Cause::TokenRefused)),
        ("another issuer", with(json!({"iss": "https://login.example/other/v2.0"})), Some(Cause::TokenRefused)),
        ("expired", with(json!({"exp": now - 600})), Some(Cause::ClockSkew)),
        ("of the future", with(json!({"iat": now + 600, "nbf": now + 600})), Some(Cause::ClockSkew)),
        ("without an end", with(json!({"exp": null})), Some(Cause::TokenRefused)),
        ("not a token", "a.b.c".to_owned(), Some(Cause::TokenRefused)),
    ];
    let parsed: JwkSet = serde_json::from_value(keys.clone()).expect("keys");
    for (what, token, cause) in &cases {
        let judged = verify(token, &parsed, &EXPECTED, Timestamp::now());
        assert_eq!(judged.as_ref().err().map(|failure| failure.cause), cause.map(Some), "{what}: {judged:?}");
        if let Ok(identity) = judged {
            assert!(identity.is("anna@kanzlei.example", "x"));
        }
    }
    let tokens: Vec<&String> = cases.iter().map(|(_, token, _)| token).collect();
    let Some(verdicts) = pyjwt(&json!({"tokens": tokens, "keys": keys, "issuer": ISSUER})) else { return };
    let wanted: Vec<&str> = cases.iter().map(|(.., cause)| if cause.is_none() { "good" } else { "bad" }).collect();
    for ((what, ..), (said, wanted)) in cases.iter().zip(verdicts.iter().zip(wanted)) {
        assert_eq!(said, wanted, "PyJWT of {what}");
    }
    assert_eq!(verdicts.len(), cases.len());
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn pyjwt(case: &Value) -> Option<Vec<String>> {
    let there = Command::new("python3").args(["-c", "import jwt, cryptography"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: there is no PyJWT; `tests/run` installs it");
        return None;
    }
    let output = assert_cmd::Command::new("python3").args(["-c", PYJWT]).write_stdin(case.to_string()).output();
    let output = output.expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

#[test]
fn what_the_token_is_bound_to_must_be_ours_too() {
    let ours = key();
    let keys: JwkSet = serde_json::from_value(json!({"keys": [published(&ours, "ours")]})).expect("keys");
    let head = json!({"alg": "RS256", "kid": "ours"});
    let refused = |changed: Value| {
        let token = token(&ours, &head, &claims(&changed));
        verify(&token, &keys, &EXPECTED, Timestamp::now()).is_err()
    };
    assert!(!refused(json!({})));
    for changed in [
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"tid": "99999999-2222-3333-4444-555555555555"}),
        json!({"aud": ["our-app", "their-app"]}),
        json!({"azp": "their-app"}),
        json!({"sub": null}),
        json!({"exp": "never"}),
    ] {
        assert!(refused(changed.clone()), "{changed}");
    }
    // An address that nobody vouches for is nobody's.
    let claimed = claims(&json!({"preferred_username": "x", "email": "anna@kanzlei.example"}));
    let identity = verify(&token(&ours, &head, &claimed), &keys, &EXPECTED, Timestamp::now()).expect("is good");
    assert!(!identity.is("anna@kanzlei.example", "anna@kanzlei.example"));
    assert!(known_key(&token(&ours, &json!({"alg": "RS256", "kid": "new"}), &claimed), &keys).is_err());
}
