//! The authority: where its endpoints and keys are, by its own discovery document, and what it takes for what.
//! <https://openid.net/specs/openid-connect-discovery-1_0.html>

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, DeviceAuthorizationUrl, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, ExtraTokenFields, PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::{
    Audience, Settings,
    id_token::{self, Expected, Identity},
    refusal::{self, Refused},
    wire::Wire,
};
use crate::{
    diagnosis::Cause,
    ports::{Failure, FailureKind, web},
};

/// How long what the authority says of itself is believed without asking anew.
const FRESH: Duration = Duration::from_hours(12);
/// How long a token lives whose life the authority does not tell.
const SHORT_LIFE: Duration = Duration::from_mins(10);

/// Where users sign in, for our app.
#[derive(Debug)]
pub struct Authority {
    settings: Settings,
    wire: Arc<Wire>,
    read: Mutex<Option<(Instant, Arc<Metadata>)>>,
    keys: Mutex<Option<(Instant, Arc<JwkSet>)>>,
}

/// What the discovery document says, as far as we need it.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    #[serde(default)]
    device_authorization_endpoint: Option<Url>,
    jwks_uri: Url,
}

/// What comes beside an access token.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Beside {
    #[serde(default)]
    id_token: Option<String>,
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Beside(..)")
    }
}

impl ExtraTokenFields for Beside {}

pub(super) type Tokens = StandardTokenResponse<Beside, BasicTokenType>;

pub(super) type Protocol = Client<
    Refused,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointMaybeSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// An access token, and until when it is good.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token.
    pub secret: SecretString,
    /// It is to be replaced then: some time before it ends.
    pub good_until: Instant,
}

/// What a sign-in brought. Nothing of it is kept yet.
#[derive(Debug)]
pub struct Granted {
    /// Who signed in, verified.
    pub identity: Identity,
    /// Worth new tokens, again and again.
    pub refresh: SecretString,
    /// The first token.
    pub access: AccessToken,
    /// What it is for.
    pub audience: Audience,
}

/// What a refresh brought.
#[derive(Debug)]
pub struct Refreshed {
    /// The token.
    pub access: AccessToken,
    /// The next refresh token, where it is another one.
    pub refresh: Option<SecretString>,
}

impl Authority {
    /// As the settings say. Nobody is asked yet.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when no app is set, or a setting cannot be used.
    pub fn new(settings: Settings) -> Result<Self, Failure> {
        settings.client()?;
        let wire = Arc::new(Wire::new(&settings)?);
        Ok(Self { settings, wire, read: Mutex::default(), keys: Mutex::default() })
    }

    pub(super) fn wire(&self) -> &Arc<Wire> {
        &self.wire
    }

    /// Asks the authority where its endpoints are, if that is not known.
    ///
    /// # Errors
    /// What the network says; [`FailureKind::Setting`] for a document that is not of this authority.
    pub async fn metadata(&self) -> Result<(), Failure> {
        self.described().await.map(|_| ())
    }

    pub(super) async fn described(&self) -> Result<Arc<Metadata>, Failure> {
        let mut read = self.read.lock().await;
        if let Some((at, metadata)) = &*read
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(metadata));
        }
        let doing = "read the sign-in authority's description";
        let address = format!("{}/{}.well-known/openid-configuration", self.settings.base(), self.version());
        let metadata: Metadata = self.fetch(doing, &address).await?;
        self.believe(doing, &metadata)?;
        let metadata = Arc::new(metadata);
        *read = Some((Instant::now(), Arc::clone(&metadata)));
        Ok(metadata)
    }

    /// Entra's endpoints of today are those of its version 2.
    fn version(&self) -> &'static str {
        if self.settings.tenant.is_some() { "v2.0/" } else { "" }
    }

    /// The document is of this authority, and sends nothing over an open line. Otherwise one authority could pass off another's
    /// sign-ins as its own.
    fn believe(&self, doing: &str, metadata: &Metadata) -> Result<(), Failure> {
        let refused = |why: String| {
            Err(Failure::new(FailureKind::Setting, doing)
                .named(Cause::TenantUnknown)
                .because(why)
                .hint("check `authority` and `tenant` in section `[sign_in]`"))
        };
        let issuer = &metadata.issuer;
        let authority = self.settings.authority.trim_end_matches('/');
        match &self.settings.tenant {
            None if issuer.trim_end_matches('/') != authority => {
                return refused("the description is another issuer's".to_owned());
            }
            // `https://login.microsoftonline.com/{tenant id}/v2.0`
            Some(tenant) => {
                let inside = issuer.strip_prefix(authority).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
                let parts: Vec<&str> = inside.split('/').collect();
                let own = match parts.as_slice() {
                    [id, "v2.0"] => id.parse::<uuid::Uuid>().is_ok() || id.eq_ignore_ascii_case(tenant),
                    _ => false,
                };
                let is_id = tenant.parse::<uuid::Uuid>().is_ok();
                if !own || (is_id && !parts.first().is_some_and(|id| id.eq_ignore_ascii_case(tenant))) {
                    return refused("the description is of another issuer or tenant".to_owned());
                }
            }
            None => {}
        }
        let device = metadata.device_authorization_endpoint.iter();
        let all =
            [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri].into_iter().chain(device);
        for endpoint in all {
            web::check_url(endpoint)?;
            if self.settings.authority.starts_with("https:") && endpoint.scheme() != "https" {
                return refused("an endpoint of an encrypted authority is not encrypted".to_owned());
            }
        }
        Ok(())
    }

    async fn fetch<T: serde::de::DeserializeOwned>(&self, doing: &str, address: &str) -> Result<T, Failure> {
        let malformed = || Failure::new(FailureKind::Malformed, doing).because("the answer cannot be understood");
        let request = http::Request::get(address).header(http::header::ACCEPT, "application/json").body(Vec::new());
        let request = request
            .map_err(|error| Failure::new(FailureKind::Setting, doing).because(format!("`{address}`: {error}")))?;
        let answer = self.wire.send(doing, request).await?;
        if !answer.status().is_success() {
            let refused = serde_json::from_slice::<Refused>(answer.body()).unwrap_or_default();
            return Err(refused.failure(doing).hint("check `authority` and `tenant` in section `[sign_in]`"));
        }
        serde_json::from_slice(answer.body()).map_err(|_| malformed())
    }

    /// The client of the library, for this authority.
    pub(super) async fn protocol(&self) -> Result<Protocol, Failure> {
        let metadata = self.described().await?;
        let client = self.settings.client()?;
        let device = metadata.device_authorization_endpoint.clone().map(DeviceAuthorizationUrl::from_url);
        Ok(Client::new(ClientId::new(client.to_owned()))
            .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
            .set_token_uri(TokenUrl::from_url(metadata.token_endpoint.clone()))
            .set_device_authorization_url_option(device))
    }

    /// Where tokens are got, to the letter.
    pub(super) async fn token_endpoint(&self) -> Result<String, Failure> {
        Ok(self.described().await?.token_endpoint.to_string())
    }

    pub(super) fn client(&self) -> Result<&str, Failure> {
        self.settings.client()
    }

    pub(super) fn everything(&self, audience: Audience) -> String {
        self.settings.everything(audience)
    }

    pub(super) fn scopes(&self, audience: Audience) -> Vec<Scope> {
        self.settings.scopes(audience).into_iter().map(Scope::new).collect()
    }

    /// A code for tokens. Who signed in is verified before anything is given out.
    pub(super) async fn redeem(
        &self,
        code: AuthorizationCode,
        verifier: PkceCodeVerifier,
        redirect: RedirectUrl,
        nonce: &str,
        audience: Audience,
    ) -> Result<Granted, Failure> {
        let doing = "exchange the sign-in for tokens";
        let protocol = self.protocol().await?.set_redirect_uri(redirect);
        let asked = Instant::now();
        let http = self.wire.asking(doing);
        let answer = protocol.exchange_code(code).set_pkce_verifier(verifier).request_async(&http).await;
        let tokens =
            answer.map_err(|error| refusal::failure(doing, error, |refused: &Refused| refused.failure(doing)))?;
        self.granted(tokens, asked, Some(nonce), audience).await
    }

    pub(super) async fn granted(
        &self,
        tokens: Tokens,
        asked: Instant,
        nonce: Option<&str>,
        audience: Audience,
    ) -> Result<Granted, Failure> {
        let lacks = |what: &str| {
            Failure::new(FailureKind::Setting, "exchange the sign-in for tokens")
                .named(Cause::AppMisconfigured)
                .because(format!("the authority gave no {what}"))
                .hint("the app registration must allow the permissions `openid` and `offline_access`")
        };
        let id_token = tokens.extra_fields().id_token.clone().ok_or_else(|| lacks("ID token"))?;
        let identity = self.verify(&id_token, nonce, Timestamp::now()).await?;
        let refresh = tokens.refresh_token().map(|token| SecretString::from(token.secret().as_str()));
        let access = access_token(&tokens, asked)?;
        Ok(Granted { identity, refresh: refresh.ok_or_else(|| lacks("refresh token"))?, access, audience })
    }

    /// A refresh token for an access token. The refresh token may be worth nothing afterwards.
    ///
    /// # Errors
    /// [`FailureKind::Unauthorized`] when the authority refuses; what the network says.
    pub async fn refresh(&self, refresh: SecretString, audience: Audience) -> Result<Refreshed, Failure> {
        use secrecy::ExposeSecret;
        let doing = "refresh the access token";
        let protocol = self.protocol().await?;
        let asked = Instant::now();
        let http = self.wire.asking(doing);
        let given = RefreshToken::new(refresh.expose_secret().to_owned());
        let mut request = protocol.exchange_refresh_token(&given);
        // Elsewhere than at Entra a grant is for what was asked first, and `offline_access` may be no part of it.
        if self.settings.tenant.is_some() {
            request = request.add_scopes(self.scopes(audience));
        }
        let answer = request.request_async(&http).await;
        let tokens =
            answer.map_err(|error| refusal::failure(doing, error, |refused: &Refused| refused.failure(doing)))?;
        let next = tokens.refresh_token().filter(|next| next.secret() != given.secret());
        let next = next.map(|next| SecretString::from(next.secret().as_str()));
        Ok(Refreshed { access: access_token(&tokens, asked)?, refresh: next })
    }

    /// Who an ID token says has signed in. The keys are read anew once if the token names one that is not known.
    async fn verify(&self, token: &str, nonce: Option<&str>, now: Timestamp) -> Result<Identity, Failure> {
        let metadata = self.described().await?;
        let mut keys = self.keys(&metadata, false).await?;
        if id_token::known_key(token, &keys).is_err() {
            keys = self.keys(&metadata, true).await?;
        }
        let expected = Expected { issuer: &metadata.issuer, client: self.settings.client()?, nonce };
        id_token::verify(token, &keys, &expected, now)
    }

    async fn keys(&self, metadata: &Metadata, anew: bool) -> Result<Arc<JwkSet>, Failure> {
        #[derive(Deserialize)]
        struct Listed {
            keys: Vec<serde_json::Value>,
        }
        let mut kept = self.keys.lock().await;
        if let Some((at, keys)) = kept.as_ref().filter(|(at, _)| !anew && at.elapsed() < FRESH) {
            let _ = at;
            return Ok(Arc::clone(keys));
        }
        let listed: Listed = self.fetch("read the sign-in authority's keys", metadata.jwks_uri.as_str()).await?;
        // Keys of kinds that we do not know are none of ours.
        let keys = listed.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok()).collect();
        let keys = Arc::new(JwkSet { keys });
        *kept = Some((Instant::now(), Arc::clone(&keys)));
        Ok(keys)
    }
}

/// The access token, to be replaced five minutes before it ends.
pub(super) fn access_token(tokens: &Tokens, asked: Instant) -> Result<AccessToken, Failure> {
    if *tokens.token_type() != BasicTokenType::Bearer {
        return Err(Failure::new(FailureKind::Malformed, "exchange the sign-in for tokens")
            .because("the authority gave a token of a kind that we do not take"));
    }
    let life = tokens.expires_in().unwrap_or(SHORT_LIFE).min(Duration::from_hours(48));
    let margin = (life / 4).min(Duration::from_mins(5));
    let secret = SecretString::from(tokens.access_token().secret().as_str());
    Ok(AccessToken { secret, good_until: asked + life.saturating_sub(margin) })
}
