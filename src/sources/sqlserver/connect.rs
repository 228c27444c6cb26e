use std::{net::SocketAddr, sync::Arc, time::Duration};

use secrecy::ExposeSecret;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, Row, error::Error};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

use super::{
    browser, error,
    prelogin::{self, Admitted, Encryption, Wrapped},
    statements, tls,
};
use crate::{
    ports::Failure,
    sources::{
        Connector, ServerSettings, Settings, SignIn, Tls,
        server::{Pass, Waiter},
    },
};

/// How long a connection that was kept may take to answer: one whose other end is gone would be waited for in vain.
const KEPT: Duration = Duration::from_secs(5);

/// Whatever lies below the driver.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection on which somebody is signed in.
pub(super) struct Line {
    pub(super) client: Client<Compat<Admitted<Box<dyn Stream>>>>,
    /// How the way is protected.
    pub(super) way: &'static str,
}

/// How much of the database a transaction sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// One state, from beginning to end.
    Snapshot,
    /// What is committed at the moment when a row is read.
    Committed,
}

/// What a session begins with.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) sight: Sight,
    /// The lowest rowversion that a change may carry which was not committed then.
    pub(super) rowversion: Option<Vec<u8>>,
    /// The last version of change tracking then.
    pub(super) tracked: Option<i64>,
}

/// Where to connect.
struct Place {
    machine: String,
    port: u16,
}

/// Connects and signs in.
pub(super) async fn connect(settings: &Settings, pass: &Pass, waiter: &Waiter) -> Result<Line, Failure> {
    let server = settings.server.clone().unwrap_or_default();
    let mut place = place(&server, waiter).await?;
    // A server may name another one that has a copy to be read: once, for one that names a third has lost its way.
    for _ in 0..2 {
        match sign_in(settings, &server, &place, pass, waiter).await? {
            Ok(line) => return Ok(line),
            Err(Error::Routing { host, port }) => {
                let there = ServerSettings { host: host.clone(), ..server.clone() };
                if server.tls == Tls::Off && !there.is_this_machine() {
                    return Err(error::sent_away(waiter, &host));
                }
                place = Place { machine: host, port };
            }
            Err(error) => return Err(error::trouble(waiter, error)),
        }
    }
    Err(error::sent_on(waiter, &place.machine))
}

/// The machine and the port, which the SQL Server Browser knows where the instance is named.
async fn place(server: &ServerSettings, waiter: &Waiter) -> Result<Place, Failure> {
    let machine = server.address().to_owned();
    let Some(instance) = server.instance() else {
        return Ok(Place { machine, port: server.port_of(Connector::SqlServer) });
    };
    let addresses = lookup_host((machine.as_str(), browser::PORT)).await;
    let addresses: Vec<SocketAddr> = addresses.map_err(|error| error::nameless(waiter, &machine, error))?.collect();
    let mut addresses = addresses.into_iter();
    let first =
        addresses.next().ok_or_else(|| error::nameless(waiter, &machine, std::io::ErrorKind::NotFound.into()))?;
    let port = match browser::port_of(first, instance).await {
        Ok(port) => port,
        // A name may have addresses of both kinds, of which one is dead.
        Err(unknown) => match addresses.find(|other: &SocketAddr| other.is_ipv4() != first.is_ipv4()) {
            Some(other) => {
                browser::port_of(other, instance).await.map_err(|_| error::no_instance(waiter, first, unknown))?
            }
            None => return Err(error::no_instance(waiter, first, unknown)),
        },
    };
    Ok(Place { machine, port })
}

/// Connects to a place, in TLS if the settings say so, and signs in. What the server says about it is the inner error.
async fn sign_in(
    settings: &Settings,
    server: &ServerSettings,
    place: &Place,
    pass: &Pass,
    waiter: &Waiter,
) -> Result<Result<Line, Error>, Failure> {
    let Place { machine, port } = place;
    let addresses: Vec<SocketAddr> = lookup_host((machine.as_str(), *port))
        .await
        .map_err(|error| error::nameless(waiter, machine, error))?
        .collect();
    let stream = TcpStream::connect(addresses.as_slice())
        .await
        .map_err(|error| error::unreachable(waiter, machine, *port, error))?;
    stream.set_nodelay(true).map_err(|error| error::unreachable(waiter, machine, *port, error))?;
    let (stream, way) = protected(stream, server, place, waiter).await?;
    let config = config(settings, server, place, pass);
    let client = Client::connect(config, stream.compat()).await;
    Ok(client.map(|client| Line { client, way }))
}

/// The first exchange, and TLS.
async fn protected(
    mut stream: TcpStream,
    server: &ServerSettings,
    place: &Place,
    waiter: &Waiter,
) -> Result<(Admitted<Box<dyn Stream>>, &'static str), Failure> {
    let wanted = if server.tls == Tls::Verify { Encryption::All } else { Encryption::None };
    let asked = prelogin::ask(&mut stream, wanted).await;
    let answer = asked.map_err(|silence| error::silence(waiter, place.port, silence))?;
    match (wanted, answer.is_encrypted()) {
        (Encryption::None, true) => Err(error::insists(waiter)),
        (Encryption::None, false) => {
            let stream: Box<dyn Stream> = Box::new(stream);
            Ok((Admitted::new(stream, &answer), "not encrypted, on this machine"))
        }
        (Encryption::All, false) => Err(error::no_tls(waiter)),
        (Encryption::All, true) => {
            let (config, shown) = tls::client_config(server)?;
            let name = rustls::pki_types::ServerName::try_from(place.machine.clone())
                .map_err(|error| error::nameless(waiter, &place.machine, std::io::Error::other(error)))?;
            let connecting = TlsConnector::from(Arc::new(config)).connect(name, Wrapped::new(stream));
            let mut stream = connecting.await.map_err(|error| error::tls(waiter, &shown, error))?;
            stream.get_mut().0.unwrap_from_now();
            let stream: Box<dyn Stream> = Box::new(stream);
            Ok((Admitted::new(stream, &answer), "over TLSv1.2"))
        }
    }
}

fn config(settings: &Settings, server: &ServerSettings, place: &Place, pass: &Pass) -> Config {
    let mut config = Config::new();
    config.host(&place.machine);
    config.port(place.port);
    config.database(&server.database);
    config.application_name("pocketdocket");
    // Encryption lies below the driver.
    config.encryption(EncryptionLevel::NotSupported);
    config.readonly(true);
    config.lossy_utf16_decoding(true);
    config.handshake_timeout(None);
    config.command_timeout(Some(Duration::from_secs(settings.time_out_seconds.into())));
    config.authentication(authentication(server, pass));
    config
}

fn authentication(server: &ServerSettings, pass: &Pass) -> AuthMethod {
    #[cfg(windows)]
    if server.sign_in == SignIn::Windows {
        return AuthMethod::Integrated;
    }
    debug_assert!(server.sign_in == SignIn::Password || cfg!(windows), "refused where the mapping is loaded");
    AuthMethod::sql_server(&server.user, pass.password.as_ref().map_or("", |password| password.expose_secret()))
}

/// Begins on a connection that was kept; `None` if it is not good any more.
pub(super) async fn resume(mut line: Line, waiter: &Waiter) -> Option<(Line, Begun)> {
    let begun = waiter.answer(timeout(KEPT, begin(&mut line))).await.ok()?.ok()?.ok()?;
    Some((line, begun))
}

/// Begins to read: one state of the database if it allows that. What may still be committed is asked before anything is seen.
pub(super) async fn begin(line: &mut Line) -> Result<Begun, Error> {
    run(line, statements::SETTINGS).await?;
    let state = if_known(one(line, statements::ALLOWS_SNAPSHOT, |row| row.try_get::<i32, _>(0)).await)?;
    let rowversion =
        one(line, statements::LOWEST_ROWVERSION, |row| Ok(row.try_get::<&[u8], _>(0)?.map(<[u8]>::to_vec)));
    let rowversion = if_known(rowversion.await)?;
    let tracked = if_known(one(line, statements::TRACKED_VERSION, |row| row.try_get::<i64, _>(0)).await)?;
    let sight = if state == Some(1) { Sight::Snapshot } else { Sight::Committed };
    start(line, sight).await?;
    Ok(Begun { sight, rowversion, tracked })
}

/// The only value of a statement's only row.
async fn one<T>(
    line: &mut Line,
    statement: &str,
    value: impl FnOnce(&Row) -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    let row = line.client.simple_query(statement).await?.into_row().await?;
    row.as_ref().map_or(Ok(None), value)
}

/// What an older or another server does not know, it answers with an error; the connection is as good as before.
fn if_known<T>(answer: Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    match answer {
        Err(Error::Server(_)) => Ok(None),
        answer => answer,
    }
}

/// Starts a transaction.
pub(super) async fn start(line: &mut Line, sight: Sight) -> Result<(), Error> {
    let statement = match sight {
        Sight::Snapshot => statements::BEGIN_SNAPSHOT,
        Sight::Committed => statements::BEGIN_COMMITTED,
    };
    run(line, statement).await
}

/// Ends the transaction; whether the connection is good for another one.
pub(super) async fn leave(line: &mut Line) -> bool {
    matches!(timeout(KEPT, run(line, statements::LEAVE)).await, Ok(Ok(())))
}

/// Runs a statement that gives nothing.
async fn run(line: &mut Line, statement: &str) -> Result<(), Error> {
    line.client.simple_query(statement).await?.into_results().await.map(drop)
}
