//! The connection of one link alone, for sign-ins that hold for it. Once signed in, it carries the link's requests as they are, one
//! after the other, until the server closes it or wants to know again. It is never shared, and never found in a pool.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::Full;
use tokio::sync::{Mutex, MutexGuard};

use super::{LARGEST_ANSWER, Link, Outgoing, Reply, is_closed_unread};
use crate::ports::{
    Failure, FailureKind,
    web::{self, Dialer, Line, LineError},
};

/// What one link keeps of its connection.
pub(super) struct Own {
    dialer: Arc<Dialer>,
    /// Signed in, if there is one.
    line: Mutex<Option<Line>>,
    /// The server wants every request signed in (`authPersistSingleRequest` of IIS): one that comes as it is would go out twice.
    each_anew: AtomicBool,
}

/// The connection as one request has it.
pub(super) struct Turn<'a> {
    link: &'a Link,
    own: &'a Own,
    kept: MutexGuard<'a, Option<Line>>,
    line: Option<Line>,
}

impl Own {
    pub(super) fn new(dialer: Arc<Dialer>) -> Self {
        Self { dialer, line: Mutex::default(), each_anew: AtomicBool::new(false) }
    }

    /// Waits until nobody else of this link uses it. Whoever does not say [`Turn::signed_in`] at the end leaves none behind.
    pub(super) async fn turn<'a>(&'a self, link: &'a Link) -> Turn<'a> {
        let mut kept = self.line.lock().await;
        let signed_in = kept.take();
        Turn { link, own: self, kept, line: signed_in }
    }
}

impl Turn<'_> {
    /// Sends a request over the connection that is signed in; `None` if there is none, or if it was closed meanwhile.
    pub(super) async fn again(&mut self, doing: &str, outgoing: &Outgoing) -> Result<Option<Reply>, Failure> {
        let Some(line) = &mut self.line else { return Ok(None) };
        match line.send(request(outgoing, None), LARGEST_ANSWER).await {
            Ok(answer) if is_closed_unread(answer.status, &answer.headers) => {
                self.line = None;
                Ok(None)
            }
            Ok(answer) => {
                if answer.status == StatusCode::UNAUTHORIZED {
                    self.own.each_anew.store(true, Ordering::Relaxed);
                }
                Ok(Some(reply(answer)))
            }
            Err(LineError::Unsent(_)) => {
                self.line = None;
                Ok(None)
            }
            Err(error) => Err(self.failed(doing, &error)),
        }
    }

    /// Sends a leg of the sign-in. The first one opens a connection where there is none; the others must find the same one.
    pub(super) async fn leg(
        &mut self,
        doing: &str,
        outgoing: &Outgoing,
        authorization: Option<HeaderValue>,
        is_first: bool,
    ) -> Result<Reply, Failure> {
        let line = match &mut self.line {
            Some(line) => line,
            None if is_first => {
                let line = self.own.dialer.dial(&self.link.url).await.map_err(|error| self.failed(doing, &error))?;
                self.line.insert(line)
            }
            None => {
                return Err(Failure::new(FailureKind::Transient, doing)
                    .because(format!("`{}` closed the connection in the middle of the sign-in", self.link.host())));
            }
        };
        let answer = line.send(request(outgoing, authorization), LARGEST_ANSWER).await;
        answer.map(reply).map_err(|error| self.failed(doing, &error))
    }

    /// The certificate at the other end.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        self.line.as_ref().and_then(Line::certificate).map(<[u8]>::to_vec)
    }

    /// The server took the sign-in: the connection is kept for the next request.
    pub(super) fn signed_in(mut self, headers: &HeaderMap) {
        let ends = headers.get("persistent-auth").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"false"));
        if !ends && !self.own.each_anew.load(Ordering::Relaxed) {
            *self.kept = self.line.take();
        }
    }

    fn failed(&self, doing: &str, error: &LineError) -> Failure {
        let host = self.link.host();
        match error {
            LineError::TooLong(most) => Failure::new(FailureKind::TooMuch, doing)
                .because(format!("`{host}` sent an answer of more than {most} bytes")),
            error => web::no_answer_on_line(doing, host, "exchange", self.link.shared.time_out, error),
        }
    }
}

fn reply(answer: web::Answer) -> Reply {
    Reply { status: answer.status, headers: answer.headers, body: answer.body }
}

fn request(outgoing: &Outgoing, authorization: Option<HeaderValue>) -> Request<Full<hyper::body::Bytes>> {
    let length = outgoing.body.len();
    let mut request = Request::new(Full::from(outgoing.body.clone()));
    *request.method_mut() = outgoing.method.clone();
    let path = &outgoing.url[url::Position::BeforePath..url::Position::AfterQuery];
    // What the URL's own parser wrote is a path; were it none, the server would be asked for its root.
    *request.uri_mut() = path.parse().unwrap_or_default();
    *request.headers_mut() = outgoing.headers(authorization);
    // Said even if it is nothing: a server may want to know.
    request.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    request
}
