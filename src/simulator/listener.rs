//! Connections that can be cut: how a lost reply is played. A handler that holds the [`Cut`] of its connection pulls it, and
//! nothing that is written afterwards reaches the other side, encrypted or not. What a handler knows of its connection is its
//! [`Wire`]: that, and who is signed in over it.
//!
//! Over TLS each handshake runs by itself, so that whoever connects and says nothing keeps nobody else waiting.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{tls::Tls, windows};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// So many connections may wait, their handshakes done, until somebody answers them.
const WAITING: usize = 64;

/// Cuts one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut(Arc<AtomicBool>);

impl Cut {
    /// Nothing more is sent over this connection.
    pub(crate) fn pull(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_pulled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What a handler knows of its connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire {
    pub(crate) cut: Cut,
    /// Who is signed in over it.
    pub(crate) windows: windows::Connection,
}

/// Accepts connections that can be cut.
pub(crate) enum CuttableListener {
    /// As they come.
    Plain(TcpListener),
    /// After their handshakes.
    Tls(SocketAddr, mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>),
}

impl CuttableListener {
    /// Accepts as the server is reached: with TLS, or without.
    pub(crate) fn of(socket: TcpListener, tls: Option<&Tls>) -> io::Result<Self> {
        match tls {
            Some(tls) => Self::tls(socket, Arc::clone(&tls.config)),
            None => Ok(Self::Plain(socket)),
        }
    }

    /// Accepts with TLS. The work is done by a task that ends when the listener is dropped.
    fn tls(socket: TcpListener, config: Arc<ServerConfig>) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let (done, ready) = mpsc::channel(WAITING);
        tokio::spawn(accept(socket, TlsAcceptor::from(config), done));
        Ok(Self::Tls(address, ready))
    }
}

async fn accept(
    mut socket: TcpListener,
    acceptor: TlsAcceptor,
    done: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    loop {
        let (stream, address) = tokio::select! {
            accepted = accept_plain(&mut socket) => accepted,
            () = done.closed() => return,
        };
        let (acceptor, done) = (acceptor.clone(), done.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                // Whoever waits for it is gone when the simulator stops.
                Ok(Ok(stream)) => drop(done.send((stream, address)).await),
                Ok(Err(error)) => tracing::debug!("a handshake failed: {error}"),
                Err(_) => tracing::debug!("a handshake took too long"),
            }
        });
    }
}

async fn accept_plain(socket: &mut TcpListener) -> (TcpStream, SocketAddr) {
    let (stream, address) = Listener::accept(socket).await;
    // Answers are small and written at once; waiting for more would only slow every test down.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("a connection keeps Nagle's algorithm: {error}");
    }
    (stream, address)
}

/// A connection that can be cut.
pub(crate) struct Connection {
    stream: Stream,
    wire: Wire,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// What carries the bytes; the bare connection once it is cut, so that TLS says no goodbye.
    fn inner(&mut self) -> Pin<&mut dyn Duplex> {
        match (&mut self.stream, self.wire.cut.is_pulled()) {
            (Stream::Plain(stream), _) => Pin::new(stream),
            (Stream::Tls(stream), true) => Pin::new(stream.get_mut().0),
            (Stream::Tls(stream), false) => Pin::new(stream.as_mut()),
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl Listener for CuttableListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = match self {
            Self::Plain(socket) => {
                let (stream, address) = accept_plain(socket).await;
                (Stream::Plain(stream), address)
            }
            Self::Tls(_, ready) => match ready.recv().await {
                Some((stream, address)) => (Stream::Tls(Box::new(stream)), address),
                // The accepting task ends only with its runtime: nobody will come any more.
                None => std::future::pending().await,
            },
        };
        (Connection { stream, wire: Wire::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Plain(socket) => socket.local_addr(),
            Self::Tls(address, _) => Ok(*address),
        }
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Wire {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().wire.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.wire.cut.is_pulled() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        self.inner().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner().poll_shutdown(context)
    }
}
