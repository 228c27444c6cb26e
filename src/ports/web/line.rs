//! One connection to one server, and no other: for sign-ins that hold for the connection over which they were made.
//!
//! A pool gives out whatever connection is free. Here the caller holds the connection itself, knows which certificate was shown
//! on it, and knows whether a request that failed was sent. It is made of the same parts as the pooled clients: the system's
//! proxies, the system's trust, TLS verified always.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{
    body::{Body as _, Bytes},
    client::conn::http1,
};
use hyper_util::{
    client::{
        legacy::connect::{HttpConnector, proxy::Tunnel},
        proxy::matcher::Matcher,
    },
    rt::TokioIo,
};
use rustls::{ClientConfig, crypto::aws_lc_rs, pki_types::ServerName};
use rustls_platform_verifier::Verifier;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tower_service::Service as _;
use url::{Host, Url};

use super::{Authorities, USER_AGENT, is_loopback, to_connect};

/// Makes connections.
pub struct Dialer {
    tls: TlsConnector,
    proxies: Matcher,
    time_out: Duration,
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Dialer").field("time_out", &self.time_out).finish_non_exhaustive()
    }
}

/// A connection that nobody else has.
pub struct Line {
    sender: http1::SendRequest<Full<Bytes>>,
    certificate: Option<Vec<u8>>,
    host: HeaderValue,
    time_out: Duration,
    driver: JoinHandle<()>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// There is no connection, or no answer on it.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The other end closed it before anything of the request was sent.
    #[error("the connection was closed before the request was sent")]
    Unsent(#[source] hyper::Error),
    /// It broke; the request may have been executed.
    #[error("no answer on the connection")]
    Broken(#[source] hyper::Error),
    /// The same while the body of the answer came.
    #[error("the answer broke off")]
    BrokeOff(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No connection.
    #[error("no connection")]
    NotConnected(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Not in time.
    #[error("not in time")]
    TimedOut,
    /// The answer is larger than anything that could be meant.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

impl Dialer {
    /// Believes what the system believes, and these; an answer may take so long.
    ///
    /// # Errors
    /// When the system's certificates cannot be read.
    pub fn new(authorities: &Authorities, time_out: Duration) -> Result<Self, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Verifier::new_with_extra_roots(authorities.der.iter().cloned(), Arc::clone(&provider))?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            // Not less than usual: the verifier is the system's own.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), proxies: Matcher::from_system(), time_out })
    }

    /// A new connection to the server of this address.
    ///
    /// # Errors
    /// When there is none, or the other end's certificate is not trusted. Nothing was sent then.
    pub async fn dial(&self, url: &Url) -> Result<Line, LineError> {
        let dialled = timeout(to_connect(self.time_out), self.connect(url)).await;
        dialled.map_err(|_| LineError::TimedOut)?
    }

    async fn connect(&self, url: &Url) -> Result<Line, LineError> {
        let refused = |why: &str| LineError::NotConnected(why.into());
        let host = url.host().ok_or_else(|| refused("the address has no host"))?;
        let named = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let named = HeaderValue::from_str(&named).map_err(|error| LineError::NotConnected(error.into()))?;
        let stream = self.reach(url, &host).await.map_err(LineError::NotConnected)?;
        if url.scheme() != "https" {
            return Line::over(stream, None, named, self.time_out).await;
        }
        let name = match host {
            Host::Domain(name) => {
                ServerName::try_from(name.to_owned()).map_err(|error| LineError::NotConnected(error.into()))?
            }
            Host::Ipv4(address) => ServerName::from(std::net::IpAddr::from(address)),
            Host::Ipv6(address) => ServerName::from(std::net::IpAddr::from(address)),
        };
        let stream = self.tls.connect(name, stream).await.map_err(|error| LineError::NotConnected(error.into()))?;
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let certificate = shown.map(|certificate| certificate.to_vec());
        Line::over(stream, certificate, named, self.time_out).await
    }

    async fn reach(&self, url: &Url, host: &Host<&str>) -> Result<TcpStream, Box<dyn std::error::Error + Send + Sync>> {
        let port = url.port_or_known_default().unwrap_or(443);
        if is_loopback(url) {
            let here = [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))];
            let stream = match host {
                Host::Domain(_) => TcpStream::connect(&here[..]).await?,
                Host::Ipv4(address) => TcpStream::connect((*address, port)).await?,
                Host::Ipv6(address) => TcpStream::connect((*address, port)).await?,
            };
            stream.set_nodelay(true)?;
            return Ok(stream);
        }
        let there: Uri = format!("https://{host}:{port}").parse()?;
        let mut direct = HttpConnector::new();
        direct.enforce_http(false);
        direct.set_nodelay(true);
        let stream = match self.proxies.intercept(&there) {
            None => direct.call(there).await?,
            Some(proxy) if proxy.uri().scheme_str() == Some("http") => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), direct);
                if let Some(login) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(login.clone());
                }
                tunnel.call(there).await?
            }
            Some(_) => return Err("only a proxy whose address begins with `http://` can be used here".into()),
        };
        Ok(stream.into_inner())
    }
}

impl Line {
    async fn over(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        certificate: Option<Vec<u8>>,
        host: HeaderValue,
        time_out: Duration,
    ) -> Result<Self, LineError> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(LineError::Broken)?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection ended: {error}");
            }
        });
        Ok(Self { sender, certificate, host, time_out, driver })
    }

    /// The certificate that the other end showed, as DER; none without TLS.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    /// Sends a request, whose address is a path alone, and waits for the answer and all of its body, if it is not longer than that.
    ///
    /// # Errors
    /// [`LineError::Unsent`] if the connection was closed before; anything else if nobody knows what became of the request.
    pub async fn send(&mut self, mut request: Request<Full<Bytes>>, most: usize) -> Result<Answer, LineError> {
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.clone());
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        let answered = timeout(self.time_out, self.exchange(request, most)).await;
        answered.map_err(|_| LineError::TimedOut)?
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>, most: usize) -> Result<Answer, LineError> {
        self.sender.ready().await.map_err(LineError::Unsent)?;
        let response = self.sender.try_send_request(request).await.map_err(|mut error| match error.take_message() {
            Some(_) => LineError::Unsent(error.into_error()),
            None => LineError::Broken(error.into_error()),
        })?;
        let (head, body) = response.into_parts();
        if usize::try_from(body.size_hint().lower()).map_or(true, |length| length > most) {
            return Err(LineError::TooLong(most));
        }
        let body = Limited::new(body, most).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { LineError::TooLong(most) } else { LineError::BrokeOff(error) }
        })?;
        Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes().to_vec() })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
