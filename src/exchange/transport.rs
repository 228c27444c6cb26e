//! The only file that touches the network for mailboxes, with the clients of [`web`].
//!
//! A request has a length and is plain UTF-8, because some servers refuse anything else. An answer is bounded in time and size. One link
//! has at most two requests in flight, all links together as many as the settings say. What an answer means is not judged
//! here, except for the sign-in, which may take several legs on one connection.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use reqwest::{Client, tls::TlsInfo};
use secrecy::ExposeSecret;
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use super::{LinkAddress, Settings, patience::Watch};
use crate::{
    diagnosis::Scheme,
    ports::{
        Authenticator, Challenge, Failure, FailureKind, SignIn, Step,
        web::{self, Authorities, BodyError, Dialer, check_url, is_loopback, no_answer},
    },
};

const LARGEST_ANSWER: usize = 64 * 1024 * 1024;
/// Exchange allows an account some ten open requests; the user's own devices need most of them.
const IN_FLIGHT_PER_LINK: usize = 2;
/// NTLM has two legs, Negotiate up to three.
const MOST_LEGS: usize = 5;
/// Exchange answers 401 under load too: how long to wait before the one further try.
const BREATH: Duration = Duration::from_secs(1);
/// How long after a server asked for patience a 401 may mean that it is overburdened.
const LOAD_LASTS: Duration = Duration::from_mins(10);

mod observe;
mod outgoing;
mod own;

pub use outgoing::Outgoing;
use outgoing::secret_header;
use own::{Own, Turn};

/// Connections and limits that all links share.
#[derive(Debug)]
pub struct Shared {
    outside: Clients,
    loopback: Clients,
    authorities: Authorities,
    /// Made when a link needs a connection of its own.
    dialer: Mutex<Option<Arc<Dialer>>>,
    time_out: Duration,
    in_flight: Semaphore,
    /// By what pauses are kept.
    watch: Watch,
    /// Hosts that asked for patience, and when.
    busy: Mutex<HashMap<String, Instant>>,
}

#[derive(Debug)]
struct Clients {
    pooled: Client,
    fresh: Client,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, unpacked.
    pub body: Vec<u8>,
}

impl Shared {
    /// Connections as the settings want them. Opens none yet.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] if `ca_file` cannot be read, or if this system's certificates cannot.
    pub fn new(settings: &Settings) -> Result<Self, Failure> {
        Self::by(settings, Watch::default())
    }

    /// The same, with pauses kept by another time than the machine's.
    ///
    /// # Errors
    /// As [`Shared::new`].
    pub fn by(settings: &Settings, watch: Watch) -> Result<Self, Failure> {
        let authorities = Authorities::read(settings.ca_file.as_deref(), "exchange")?;
        let time_out = Duration::from_secs(settings.time_out_seconds.max(1));
        let clients = |loopback| -> Result<Clients, Failure> {
            let build = || web::client(&authorities, time_out, loopback);
            Ok(Clients {
                pooled: build().build().map_err(|error| unprepared(error.into()))?,
                fresh: build().pool_max_idle_per_host(0).build().map_err(|error| unprepared(error.into()))?,
            })
        };
        let (outside, loopback) = (clients(false)?, clients(true)?);
        let in_flight = Semaphore::new(settings.max_in_flight.clamp(1, Semaphore::MAX_PERMITS));
        let (dialer, busy) = (Mutex::default(), Mutex::default());
        Ok(Self { outside, loopback, authorities, dialer, time_out, in_flight, watch, busy })
    }
}

impl Shared {
    fn dialer(&self) -> Result<Arc<Dialer>, Failure> {
        let mut kept = self.dialer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dialer) = &*kept {
            return Ok(Arc::clone(dialer));
        }
        let dialer = Dialer::new(&self.authorities, self.time_out).map_err(|error| unprepared(error.into()))?;
        Ok(Arc::clone(kept.insert(Arc::new(dialer))))
    }

    /// A server asked for patience.
    fn note_load(&self, host: &str) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.insert(host.to_ascii_lowercase(), Instant::now());
    }

    fn is_under_load(&self, host: &str) -> bool {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.get(&host.to_ascii_lowercase()).is_some_and(|since| since.elapsed() < LOAD_LASTS)
    }
}

fn unprepared(error: Box<dyn std::error::Error + Send + Sync>) -> Failure {
    Failure::new(FailureKind::Setting, "prepare connections to mailboxes")
        .because(error)
        .hint("check `ca_file` in section `[exchange]`: a PEM file with one or more certificates")
}

/// The way to one mailbox.
pub struct Link {
    url: Url,
    anchor: HeaderValue,
    authenticator: Arc<dyn Authenticator>,
    shared: Arc<Shared>,
    /// For sign-ins that hold for a connection: no other link may ever use it.
    own: Option<Own>,
    in_flight: Semaphore,
    /// Some request was answered: a connection may be reused.
    used: AtomicBool,
    /// This credential was accepted before.
    accepted: AtomicBool,
}

impl Link {
    /// A way to this mailbox. Connects with the first request.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] if the address is not one that may be used.
    pub fn new(
        address: &LinkAddress,
        authenticator: Arc<dyn Authenticator>,
        shared: Arc<Shared>,
    ) -> Result<Self, Failure> {
        check_url(&address.url)?;
        let setting = |what: &str| {
            Failure::new(FailureKind::Setting, format!("reach mailbox `{}`", address.mailbox)).because(what.to_owned())
        };
        let anchor = authenticator.acting_as().unwrap_or(&address.mailbox);
        let anchor =
            HeaderValue::from_str(anchor).map_err(|_| setting("the mailbox's address has a control character"))?;
        let binds = authenticator.binds_connection();
        let own = if binds { Some(Own::new(shared.dialer()?)) } else { None };
        let in_flight = Semaphore::new(if binds { 1 } else { IN_FLIGHT_PER_LINK });
        let (used, accepted) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { url: address.url.clone(), anchor, authenticator, shared, own, in_flight, used, accepted })
    }

    /// The host at the other end.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The moment, as pauses go by it.
    pub fn now(&self) -> Instant {
        self.shared.watch.now()
    }

    /// The server asked for patience: a 401 may mean no more than that, for a while.
    pub fn note_load(&self) {
        self.shared.note_load(self.host());
    }

    /// Whom the service account acts as, if it is one.
    pub fn acting_as(&self) -> Option<&str> {
        self.authenticator.acting_as()
    }

    /// Posts a request of EWS, signed in, and yields the answer, whatever it is. `doing` is for messages.
    ///
    /// # Errors
    /// Only for what is no answer: the network, the sign-in, an answer without end.
    pub async fn post(&self, doing: &str, body: Vec<u8>) -> Result<Reply, Failure> {
        self.send(doing, &Outgoing::soap(self.url.clone(), self.anchor.clone(), body)).await
    }

    /// Sends a request, signed in, and yields the answer, whatever it is.
    ///
    /// # Errors
    /// As [`Link::post`]; and for an address of another server than this link's, which must never see the sign-in.
    pub async fn send(&self, doing: &str, outgoing: &Outgoing) -> Result<Reply, Failure> {
        if outgoing.url.origin() != self.url.origin() {
            return Err(Failure::new(FailureKind::Malformed, doing)
                .because(format!("`{}` names an address of another server", self.host())));
        }
        let _mine = place(&self.in_flight, doing).await?;
        let began = Instant::now();
        let mut reply = self.signed_in(doing, outgoing).await?;
        if let Attempt::Refused { under_load, .. } = &reply
            && self.accepted.swap(false, Ordering::Relaxed)
            && *under_load
        {
            // A credential that worked is refused: that may be load. Once more, and then it is refused indeed.
            tokio::time::sleep(BREATH).await;
            reply = self.signed_in(doing, outgoing).await?;
        }
        match reply {
            Attempt::Answered(reply) => {
                match reply.status {
                    // Perhaps from before anybody looked at the sign-in.
                    StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => self.note_load(),
                    _ => self.accepted.store(true, Ordering::Relaxed),
                }
                let request_id = reply.headers.get("request-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
                let (status, milliseconds) = (reply.status.as_u16(), began.elapsed().as_millis());
                tracing::debug!(
                    host = self.host(),
                    status,
                    milliseconds,
                    request_id,
                    bytes = reply.body.len(),
                    "{doing}"
                );
                Ok(reply)
            }
            Attempt::Refused { failure, .. } => Err(failure),
        }
    }

    /// The same failure with its named cause, as far as an answer shows it.
    pub fn diagnosed(&self, failure: Failure, reply: &Reply, response_code: Option<&str>) -> Failure {
        observe::diagnosed(failure, reply, self.host(), response_code)
    }

    async fn signed_in(&self, doing: &str, outgoing: &Outgoing) -> Result<Attempt, Failure> {
        let mut sign_in = self.authenticator.begin().await?;
        // Only now: whoever waits for others of its own credential keeps nobody else waiting.
        let _global = place(&self.shared.in_flight, doing).await?;
        let mut turn = match &self.own {
            Some(own) => Some(own.turn(self).await),
            None => None,
        };
        let mut challenge = Challenge::default();
        let before = match &mut turn {
            Some(turn) => turn.again(doing, outgoing).await?.map(|reply| (reply, turn.certificate())),
            None => None,
        };
        if let Some((reply, certificate)) = before {
            if reply.status != StatusCode::UNAUTHORIZED {
                return Ok(Self::answered(reply, &mut *sign_in, turn));
            }
            challenge = self.challenge(&reply, certificate, None);
        }
        for leg in 0..MOST_LEGS {
            let (authorization, is_all) = match sign_in.step(&challenge).await {
                Step::Send(authorization) => (Some(authorization), true),
                Step::Ask(authorization) => (authorization, false),
                Step::Refused(failure) => {
                    let under_load = challenge.under_load;
                    return Ok(Attempt::Refused { failure: challenge.explain(failure), under_load });
                }
            };
            let scheme = authorization.as_ref().and_then(|value| Scheme::of(value.expose_secret()));
            let authorization = authorization.map(|value| secret_header(doing, &value)).transpose()?;
            let asked;
            let outgoing = if is_all {
                outgoing
            } else {
                asked = outgoing.head();
                &asked
            };
            let (reply, certificate) = match &mut turn {
                Some(turn) => {
                    let reply = turn.leg(doing, outgoing, authorization, leg == 0).await?;
                    (reply, turn.certificate())
                }
                None => self.once_more_if_closed(doing, outgoing, authorization).await?,
            };
            if reply.status != StatusCode::UNAUTHORIZED {
                if !is_all {
                    return Ok(Attempt::Answered(reply));
                }
                return Ok(Self::answered(reply, &mut *sign_in, turn));
            }
            challenge = self.challenge(&reply, certificate, scheme);
        }
        let why = format!("the sign-in did not come to an end after {MOST_LEGS} answers");
        let failure = Failure::new(FailureKind::Unauthorized, doing).because(why);
        Ok(Attempt::Refused { failure, under_load: false })
    }

    /// The server answered a request that was signed in.
    fn answered(reply: Reply, sign_in: &mut dyn SignIn, turn: Option<Turn<'_>>) -> Attempt {
        if reply.status != StatusCode::SERVICE_UNAVAILABLE {
            sign_in.accepted();
            if let Some(turn) = turn {
                turn.signed_in(&reply.headers);
            }
        }
        Attempt::Answered(reply)
    }

    /// What a 401 says. `scheme` is how the request was signed in, if it was.
    fn challenge(&self, reply: &Reply, certificate: Option<Vec<u8>>, scheme: Option<Scheme>) -> Challenge {
        let scheme = if self.own.is_some() { Some(Scheme::Windows) } else { scheme };
        let diagnosis = Some(observe::refusal(reply, self.host(), scheme));
        // A token is not locked by being sent once more, and where they are taken 401 is a usual answer under load.
        let under_load = scheme == Some(Scheme::Bearer) || self.shared.is_under_load(self.host());
        Challenge { offers: observe::offers(&reply.headers), certificate, diagnosis, under_load }
    }

    async fn once_more_if_closed(
        &self,
        doing: &str,
        outgoing: &Outgoing,
        authorization: Option<HeaderValue>,
    ) -> Result<(Reply, Option<Vec<u8>>), Failure> {
        let clients = if is_loopback(&self.url) { &self.shared.loopback } else { &self.shared.outside };
        let answer = self.exchange(doing, &clients.pooled, outgoing, authorization.clone()).await?;
        let reused = self.used.swap(true, Ordering::Relaxed);
        if reused && is_closed_unread(answer.0.status, &answer.0.headers) {
            return self.exchange(doing, &clients.fresh, outgoing, authorization).await;
        }
        Ok(answer)
    }

    async fn exchange(
        &self,
        doing: &str,
        client: &Client,
        outgoing: &Outgoing,
        authorization: Option<HeaderValue>,
    ) -> Result<(Reply, Option<Vec<u8>>), Failure> {
        let failed = |error| no_answer(doing, self.host(), "exchange", self.shared.time_out, error);
        let request = client
            .request(outgoing.method.clone(), outgoing.url.clone())
            .headers(outgoing.headers(authorization))
            .body(outgoing.body.clone());
        let mut response = request.send().await.map_err(failed)?;
        let certificate =
            response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate).map(<[u8]>::to_vec);
        let too_large = || {
            Failure::new(FailureKind::TooMuch, doing)
                .because(format!("`{}` sent an answer of more than {LARGEST_ANSWER} bytes", self.host()))
        };
        let bytes = web::body(&mut response, LARGEST_ANSWER).await.map_err(|error| match error {
            BodyError::Broken(error) => failed(error),
            BodyError::TooLong(_) => too_large(),
        })?;
        let reply = Reply { status: response.status(), headers: std::mem::take(response.headers_mut()), body: bytes };
        Ok((reply, certificate))
    }
}

/// Some servers answer so to a request on a connection that carried a large one before, without executing it.
fn is_closed_unread(status: StatusCode, headers: &HeaderMap) -> bool {
    let closes = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"close");
    status == StatusCode::BAD_REQUEST && headers.get(header::CONNECTION).is_some_and(closes)
}

async fn place<'a>(among: &'a Semaphore, doing: &str) -> Result<SemaphorePermit<'a>, Failure> {
    among.acquire().await.map_err(|error| Failure::new(FailureKind::Transient, doing).because(error))
}

enum Attempt {
    Answered(Reply),
    Refused {
        failure: Failure,
        /// It may mean nothing but load.
        under_load: bool,
    },
}

#[cfg(test)]
mod tests;
