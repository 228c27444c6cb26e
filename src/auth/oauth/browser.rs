//! Sign-in with a browser: authorization code with PKCE, and an address on this very machine to come back to.
//!
//! Whatever comes back must carry the `state` that was drawn for this sign-in; a code of another one, or one that somebody else
//! brings, is refused, and the waiting goes on.
//! <https://www.rfc-editor.org/rfc/rfc8252>, <https://www.rfc-editor.org/rfc/rfc7636>, <https://www.rfc-editor.org/rfc/rfc9207>

use std::{borrow::Cow, net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use oauth2::{AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl};
use subtle::ConstantTimeEq;
use tokio::{net::TcpListener, sync::mpsc};
use url::{Url, form_urlencoded};

use super::{Audience, Authority, Granted, refusal::Refused};
use crate::ports::{Failure, FailureKind};

/// One sign-in that is under way.
#[derive(Debug)]
pub struct BrowserSignIn {
    url: Url,
    redirect: RedirectUrl,
    state: CsrfToken,
    nonce: CsrfToken,
    verifier: PkceCodeVerifier,
    issuer: String,
    audience: Audience,
}

/// What came back.
enum Returned {
    Code(AuthorizationCode),
    Refused(Refused),
}

/// It is not the answer to this sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTheAnswer {
    /// `state` is missing, there twice, or another one.
    #[error("this does not belong to the sign-in that was begun here")]
    State,
    /// `iss` names another authority.
    #[error("another authority answered")]
    Issuer,
    /// There is neither a code nor an error.
    #[error("there is no answer in this address")]
    Empty,
}

impl BrowserSignIn {
    /// Where the user signs in, with any browser.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Understands the address that the browser was sent to, as a person pasted it.
    ///
    /// # Errors
    /// [`NotTheAnswer`] when it is another sign-in's or none.
    pub fn pasted(self: &Arc<Self>, address: &str) -> Result<Answered, NotTheAnswer> {
        let query = address.trim().split_once('?').map_or("", |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        Ok(Answered { returned: self.read(query)?, sign_in: Arc::clone(self) })
    }

    fn read(&self, query: &str) -> Result<Returned, NotTheAnswer> {
        let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(query.as_bytes()).collect();
        let only = |name: &str| {
            let mut found = pairs.iter().filter(|(known, _)| known == name);
            match (found.next(), found.next()) {
                (Some((_, value)), None) => Some(value.as_ref()),
                _ => None,
            }
        };
        let state = only("state").unwrap_or_default();
        if !bool::from(state.as_bytes().ct_eq(self.state.secret().as_bytes())) {
            return Err(NotTheAnswer::State);
        }
        if pairs.iter().any(|(name, issuer)| name == "iss" && *issuer != self.issuer) {
            return Err(NotTheAnswer::Issuer);
        }
        if let Some(error) = only("error") {
            return Ok(Returned::Refused(Refused::new(error, only("error_description"))));
        }
        let code = only("code").filter(|code| !code.is_empty()).ok_or(NotTheAnswer::Empty)?;
        Ok(Returned::Code(AuthorizationCode::new(code.to_owned())))
    }
}

/// A sign-in with its answer.
pub struct Answered {
    sign_in: Arc<BrowserSignIn>,
    returned: Returned,
}

impl Authority {
    /// Begins a sign-in that comes back to this address; `login` is suggested to the user, who
    /// consents to what tokens of this audience are for.
    ///
    /// # Errors
    /// When the authority cannot be asked where its pages are.
    pub async fn begin(&self, redirect: &str, login: &str, audience: Audience) -> Result<Arc<BrowserSignIn>, Failure> {
        let redirect = RedirectUrl::new(redirect.to_owned())
            .map_err(|error| Failure::new(FailureKind::Setting, "begin the sign-in").because(error))?;
        let protocol = self.protocol().await?.set_redirect_uri(redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let nonce = CsrfToken::new_random_len(32);
        let (url, state) = protocol
            .authorize_url(|| CsrfToken::new_random_len(32))
            .add_scopes(self.scopes(audience))
            .set_pkce_challenge(challenge)
            .add_extra_param("nonce", nonce.secret().clone())
            .add_extra_param("response_mode", "query")
            .add_extra_param("login_hint", login.to_owned())
            // Whoever is signed in at that browser already may be somebody else.
            .add_extra_param("prompt", "login")
            .url();
        let issuer = self.described().await?.issuer.clone();
        Ok(Arc::new(BrowserSignIn { url, redirect, state, nonce, verifier, issuer, audience }))
    }

    /// Exchanges the answer for tokens, and verifies who signed in.
    ///
    /// # Errors
    /// What the authority refuses, with its cause.
    pub async fn finish(&self, answered: Answered) -> Result<Granted, Failure> {
        let sign_in = &answered.sign_in;
        let verifier = PkceCodeVerifier::new(sign_in.verifier.secret().clone());
        match answered.returned {
            Returned::Code(code) => {
                let (redirect, nonce) = (sign_in.redirect.clone(), sign_in.nonce.secret());
                self.redeem(code, verifier, redirect, nonce, sign_in.audience).await
            }
            Returned::Refused(refused) => Err(refused.failure("sign in")),
        }
    }
}

/// An address on this very machine where one sign-in comes back to.
#[derive(Debug)]
pub struct Landing {
    listener: TcpListener,
    port: u16,
}

/// What the handler needs.
#[derive(Clone)]
struct Door {
    port: u16,
    sign_in: Arc<BrowserSignIn>,
    answers: mpsc::Sender<String>,
}

impl Landing {
    /// Listens on this port of the loopback address, or on any free one.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when the port is taken.
    pub async fn open(port: Option<u16>) -> Result<Self, Failure> {
        let trouble = |error: std::io::Error| {
            Failure::new(FailureKind::Setting, "listen for the browser on 127.0.0.1")
                .because(error)
                .hint("choose another port with `--port`, or none")
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await.map_err(trouble)?;
        let port = listener.local_addr().map_err(trouble)?.port();
        Ok(Self { listener, port })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the browser comes back to. Entra takes any port of this name, and no number in its place.
    /// <https://learn.microsoft.com/entra/identity-platform/reply-url#localhost-exceptions>
    pub fn redirect(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Waits for the answer to this sign-in. Whatever else comes is refused.
    ///
    /// # Errors
    /// [`FailureKind::Unauthorized`] when nobody came back in time.
    pub async fn wait(self, sign_in: Arc<BrowserSignIn>, patience: Duration) -> Result<Answered, Failure> {
        let (answers, mut answer) = mpsc::channel(1);
        let door = Door { port: self.port, sign_in: Arc::clone(&sign_in), answers };
        let router = Router::new().fallback(come_back).with_state(door);
        let stop = tokio_util::sync::CancellationToken::new();
        let stopped = stop.clone();
        let serving = tokio::spawn(async move {
            axum::serve(self.listener, router).with_graceful_shutdown(async move { stopped.cancelled().await }).await
        });
        let query = tokio::time::timeout(patience, answer.recv()).await;
        stop.cancel();
        // The browser gets its page before the door closes.
        let _ = tokio::time::timeout(Duration::from_secs(2), serving).await;
        let late = || {
            Failure::new(FailureKind::Unauthorized, "sign in with a browser")
                .because(format!("nobody came back within {} minutes", patience.as_secs() / 60))
                .hint("begin again: `pocketdocket user link NAME`; with `--paste` where the browser cannot reach this machine")
        };
        let query = query.ok().flatten().ok_or_else(late)?;
        let returned = sign_in.read(&query).map_err(|_| late())?;
        Ok(Answered { sign_in, returned })
    }
}

/// Answers the one request that is meant, and refuses all others.
async fn come_back(State(door): State<Door>, headers: HeaderMap, uri: Uri) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let ours = [format!("localhost:{}", door.port), format!("127.0.0.1:{}", door.port)];
    // A page of another name that was pointed at this machine has no business here.
    if !ours.iter().any(|own| own.eq_ignore_ascii_case(host)) || uri.path() != "/" {
        return page(StatusCode::NOT_FOUND, "There is nothing here.");
    }
    let query = uri.query().unwrap_or_default();
    match door.sign_in.read(query) {
        Err(why) => page(StatusCode::BAD_REQUEST, &format!("Not taken: {why}.")),
        Ok(returned) => {
            let taken = door.answers.try_send(query.to_owned()).is_ok();
            match (taken, returned) {
                (false, _) => page(StatusCode::GONE, "This sign-in was answered already."),
                (true, Returned::Code(_)) => {
                    page(StatusCode::OK, "Thank you. You can close this window; the command line says how it went.")
                }
                (true, Returned::Refused(_)) => page(
                    StatusCode::OK,
                    "The sign-in did not work. You can close this window; the command line says why.",
                ),
            }
        }
    }
}

/// A page of our own words.
fn page(status: StatusCode, words: &str) -> Response {
    let body = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Pocket Docket</title></head>\
         <body style=\"font-family:sans-serif;margin:4em\"><h1>Pocket Docket</h1><p>{words}</p></body></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        (header::CONNECTION, "close"),
    ];
    (status, headers, body).into_response()
}
