//! A server on loopback that answers by a script, for tests: real sockets, and full say over what goes wrong on them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::{LinkAddress, Settings};
use crate::ports::{Authenticator, Challenge, Failure, FailureKind, SignIn, Step};

/// One answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Status, headers (each with `\r\n`), body; the connection stays.
    Say(u16, String, String),
    /// The same; the connection is closed after that.
    SayAndClose(u16, String, String),
    /// A body that is announced in full, sent in half, and then nothing more.
    Half(String),
    /// A body of this length is announced, and does not come.
    Announce(usize),
    /// Nothing: the connection is closed.
    Close,
    /// Nothing: the connection stays.
    Hang,
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Which connection, from 0.
    pub(crate) connection: usize,
    /// Request line and headers.
    pub(crate) head: String,
    /// Body.
    pub(crate) body: String,
}

#[derive(Clone)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    pub(crate) settings: Settings,
    url: String,
}

impl Script {
    /// Starts. After the last answer it hangs up on everybody.
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::listen(answers, None, "127.0.0.1").await
    }

    /// The same behind TLS, called by this name.
    pub(crate) async fn start_tls(answers: impl IntoIterator<Item = Answer>, tls: TlsAcceptor, host: &str) -> Self {
        Self::listen(answers, Some(tls), host).await
    }

    async fn listen(answers: impl IntoIterator<Item = Answer>, tls: Option<TlsAcceptor>, host: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{host}:{}/EWS/Exchange.asmx", listener.local_addr().unwrap().port());
        let script = Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            asked: Arc::default(),
            settings: Settings { time_out_seconds: 2, ..Settings::default() },
            url,
        };
        let server = script.clone();
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (server, tls) = (server.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => server.serve(connection, stream).await,
                        Some(tls) => {
                            // A client that does not trust us hangs up here.
                            if let Ok(stream) = tls.accept(stream).await {
                                server.serve(connection, stream).await;
                            }
                        }
                    }
                });
            }
        });
        script
    }

    /// Everything that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn address(&self) -> LinkAddress {
        self.settings.link("weber@kanzlei.example", Some(&self.url), "Europe/Zurich").unwrap()
    }

    async fn serve(self, connection: usize, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut buffer = Vec::new();
        loop {
            let Some((head, body)) = Box::pin(read_request(&mut stream, &mut buffer)).await else { return };
            self.asked.lock().unwrap().push(Asked { connection, head, body });
            let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Answer::Close);
            let (text, close) = match answer {
                Answer::Say(status, headers, body) => (response(status, &headers, &body), false),
                Answer::SayAndClose(status, headers, body) => {
                    (response(status, &format!("{headers}Connection: close\r\n"), &body), true)
                }
                Answer::Half(body) => {
                    let whole = response(200, "", &body);
                    (whole[..whole.len() - body.len() / 2].to_owned(), true)
                }
                Answer::Announce(length) => (format!("HTTP/1.1 200 X\r\nContent-Length: {length}\r\n\r\n"), false),
                Answer::Close => return,
                Answer::Hang => return std::future::pending().await,
            };
            if stream.write_all(text.as_bytes()).await.is_err() || close {
                let _ = stream.shutdown().await;
                return;
            }
        }
    }
}

fn response(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<(String, String)> {
    loop {
        let text = String::from_utf8_lossy(buffer).into_owned();
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if rest.len() >= length {
                let body = rest[..length].to_owned();
                buffer.drain(..head.len() + 4 + length);
                return Some((head.to_owned(), body));
            }
        }
        let mut chunk = [0; 16 * 1024];
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        buffer.extend_from_slice(&chunk[..read]);
    }
}

/// Signs in with these values, leg by leg; with `?` in front, or nothing, without the request itself.
pub(crate) struct Legs {
    pub(crate) values: Vec<&'static str>,
    pub(crate) binds: bool,
    pub(crate) acting_as: Option<&'static str>,
}

impl Legs {
    pub(crate) fn basic() -> Arc<dyn Authenticator> {
        Arc::new(Self { values: vec!["Basic c2VjcmV0"], binds: false, acting_as: None })
    }
}

struct Signing(std::vec::IntoIter<&'static str>);

#[async_trait]
impl Authenticator for Legs {
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure> {
        Ok(Box::new(Signing(self.values.clone().into_iter())))
    }

    fn binds_connection(&self) -> bool {
        self.binds
    }

    fn acting_as(&self) -> Option<&str> {
        self.acting_as
    }
}

#[async_trait]
impl SignIn for Signing {
    async fn step(&mut self, challenge: &Challenge) -> Step {
        match self.0.next() {
            Some("") => Step::Ask(None),
            Some(leg) => match leg.strip_prefix('?') {
                Some(leg) => Step::Ask(Some(SecretString::from(leg.to_owned()))),
                None => Step::Send(SecretString::from(leg.to_owned())),
            },
            None => Step::Refused(
                Failure::new(FailureKind::Unauthorized, "sign in")
                    .because(format!("offered {}", challenge.offers.join(", "))),
            ),
        }
    }
}
