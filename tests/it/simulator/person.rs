//! A person with a browser, and a program that signs them in: forms and redirects, without any client library.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use pocketdocket::simulator::{CLIENT_ID, EWS_RESOURCE, PASSWORD, Running, TENANT};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub(crate) const REDIRECT: &str = "http://localhost:49152";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-taken-by-anybody";
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

pub(crate) struct Person {
    pub(crate) http: reqwest::Client,
    pub(crate) base: String,
    pub(crate) login: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) location: Option<String>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }

    /// A word of the address that a browser is sent to.
    pub(crate) fn returned(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(self.location.as_ref()?).expect("an address");
        url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// A hidden field of the page, or the number that it shows.
    pub(crate) fn between(&self, before: &str, after: &str) -> String {
        let rest = self.body.split(before).nth(1).unwrap_or_else(|| panic!("no {before} in {}", self.body));
        rest.split(after).next().unwrap_or_default().to_owned()
    }

    pub(crate) fn code_of_error(&self) -> u64 {
        self.json()["error_codes"][0].as_u64().unwrap_or_else(|| panic!("no error in {}", self.body))
    }
}

pub(crate) fn trusting(running: &Running) -> reqwest::Client {
    let mut client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    if let Some(pem) = running.ca_pem() {
        client = client.tls_certs_only([reqwest::Certificate::from_pem(pem.as_bytes()).expect("a certificate")]);
    }
    client.build().expect("a client")
}

pub(crate) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Person {
    pub(crate) fn new(running: &Running, login: &str) -> Self {
        Self { http: trusting(running), base: running.authority_url(), login: login.to_owned() }
    }

    async fn answered(sent: reqwest::RequestBuilder) -> Answer {
        let sent = sent.send().await.expect("an answer");
        let location = sent.headers().get("location").map(|value| value.to_str().expect("text").to_owned());
        Answer { status: sent.status().as_u16(), location, body: sent.text().await.expect("text") }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Self::answered(self.http.get(format!("{}{path}", self.base))).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.http.post(format!("{}{path}", self.base));
        Self::answered(request.header("content-type", "application/x-www-form-urlencoded").body(form(fields))).await
    }

    /// What a program asks for, with some words changed; an empty one is left out.
    pub(crate) async fn authorize(&self, changed: &[(&str, &str)]) -> Answer {
        let scope = format!("openid profile offline_access {EWS_RESOURCE}/EWS.AccessAsUser.All");
        let challenge = challenge();
        let mut words: HashMap<&str, &str> = HashMap::from([
            ("client_id", CLIENT_ID),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("scope", &scope),
            ("state", "a-state"),
            ("nonce", "a-nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        words.extend(changed.iter().copied());
        let words: Vec<(&str, &str)> = words.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        self.get(&format!("/{TENANT}/oauth2/v2.0/authorize?{}", form(&words))).await
    }

    /// The next page: some fields of the form that the page before shows.
    pub(crate) async fn next(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let sign_in = page.between("name=\"sign-in\" value=\"", "\"");
        let mut fields = fields.to_vec();
        fields.push(("sign-in", &sign_in));
        self.post(&format!("/{TENANT}/login"), &fields).await
    }

    /// Signs in with everything at once.
    pub(crate) async fn sign_in(&self, more: &[(&str, &str)]) -> Answer {
        let page = self.authorize(&[]).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let mut fields = vec![("login", self.login.as_str()), ("password", PASSWORD), ("consent", "accept")];
        fields.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        fields.extend_from_slice(more);
        self.next(&page, &fields).await
    }

    pub(crate) async fn code(&self, more: &[(&str, &str)]) -> String {
        let answer = self.sign_in(more).await;
        answer.returned("code").unwrap_or_else(|| panic!("no code in {answer:?}"))
    }

    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        let mut words: HashMap<&str, &str> = HashMap::from([("client_id", CLIENT_ID)]);
        words.extend(fields.iter().copied());
        let words: Vec<(&str, &str)> = words.into_iter().collect();
        self.post(&format!("/{TENANT}/oauth2/v2.0/token"), &words).await
    }

    pub(crate) async fn redeem(&self, code: &str, changed: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        fields.retain(|(name, _)| !changed.iter().any(|(other, _)| other == name));
        fields.extend_from_slice(changed);
        self.token(&fields).await
    }

    /// Tokens for whoever signs in with everything at once.
    pub(crate) async fn tokens(&self, more: &[(&str, &str)]) -> Value {
        let answer = self.redeem(&self.code(more).await, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub(crate) async fn device_code(&self) -> Value {
        let scope = format!("openid offline_access {EWS_RESOURCE}/EWS.AccessAsUser.All");
        let fields = [("client_id", CLIENT_ID), ("scope", scope.as_str())];
        let answer = self.post(&format!("/{TENANT}/oauth2/v2.0/devicecode"), &fields).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    pub(crate) async fn poll(&self, device_code: &str) -> Answer {
        self.token(&[("grant_type", DEVICE_CODE), ("device_code", device_code)]).await
    }
}

/// Claims of a token whose signature, issuer and audience a client library has checked.
pub(crate) async fn claims(person: &Person, token: &str, audience: &str) -> Result<Value, jsonwebtoken::errors::Error> {
    let keys = person.get(&format!("/{TENANT}/discovery/v2.0/keys")).await;
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&keys.body).expect("a set of keys");
    let head = jsonwebtoken::decode_header(token)?;
    let key = keys.find(&head.kid.unwrap_or_default()).ok_or(jsonwebtoken::errors::ErrorKind::InvalidSignature)?;
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    rules.set_audience(&[audience]);
    rules.set_issuer(&[format!("{}/{TENANT}/v2.0", person.base)]);
    rules.validate_nbf = true;
    Ok(jsonwebtoken::decode::<Value>(token, &jsonwebtoken::DecodingKey::from_jwk(key)?, &rules)?.claims)
}
