//! The little of a SQL Server that says what a test tells it to: the first exchange, TLS inside it, the login, and answers made of
//! values of any type and of errors. Written from MS-TDS alone, blocking, and with nothing of the connector's own code; it proves
//! what the connector does with an answer, not what a SQL Server answers.

mod wire;

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    sign::{CertifiedKey, SingleCertAndKey},
};

pub(super) use self::wire::{
    Bound, COLLATION, Heading, OF_BIGINT, b_text, bigint, nvarchar, of_nvarchar, us_text, utf16,
};
use self::wire::{asked, done, error, message, packet, table};

/// How the server behaves until somebody is signed in.
#[derive(Clone)]
pub(super) struct Manner {
    /// What it says about encryption, as MS-TDS numbers it.
    pub(super) encryption: u8,
    /// Its certificate and key, in PEM.
    pub(super) certificate: Option<(&'static str, &'static str)>,
    /// The error that it answers the login with: number, state and words.
    pub(super) refuses: Option<(u32, u8, &'static str)>,
    /// The machine and port to which it sends whoever signed in.
    pub(super) sends_to: Option<(&'static str, u16)>,
}

impl Manner {
    /// Everything in the clear, and everybody is let in.
    pub(super) fn plain() -> Self {
        Self { encryption: 2, certificate: None, refuses: None, sends_to: None }
    }

    /// Encrypted, with this certificate.
    pub(super) fn encrypted(certificate: &'static str, key: &'static str) -> Self {
        Self { encryption: 1, certificate: Some((certificate, key)), ..Self::plain() }
    }
}

/// What it says to a statement.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// That it is done.
    Done,
    /// Columns, and the rows under them.
    Rows(Vec<&'static str>, Vec<Vec<Value>>),
    /// The same, and then an error.
    Broken(Vec<&'static str>, Vec<Vec<Value>>, u32, &'static str),
    /// Columns with their types, and rows of values as their bytes.
    Typed(Vec<Heading>, Vec<Vec<Vec<u8>>>),
    /// An error: number and words.
    Error(u32, &'static str),
    /// Nothing, for as long as somebody waits for it.
    Silence,
    /// Nothing: it is gone.
    Gone,
}

/// A value of a row. A column has the type of its first one, and text where there are no rows.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Number(i32),
    Text(&'static str),
    Bytes([u8; 8]),
}

type Script = Arc<dyn Fn(&str, &[Bound]) -> Said + Send + Sync>;

/// A running server; it ends with the test's process.
pub(super) struct Scripted {
    pub(super) port: u16,
    /// Every statement that was sent to it.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    /// How often somebody connected.
    pub(super) connections: Arc<AtomicUsize>,
    /// The last login, as it came.
    pub(super) login: Arc<Mutex<Vec<u8>>>,
    /// How often somebody went away while they were kept waiting, having said nothing more.
    pub(super) left: Arc<AtomicUsize>,
}

impl Scripted {
    pub(super) fn start(manner: Manner, script: impl Fn(&str) -> Said + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1", manner, move |statement, _| script(statement))
    }

    /// The same at another address of this machine, with a script that looks at what is bound to parameters.
    pub(super) fn at(
        address: &str,
        manner: Manner,
        script: impl Fn(&str, &[Bound]) -> Said + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let served = Self {
            port,
            asked: Arc::default(),
            connections: Arc::default(),
            login: Arc::default(),
            left: Arc::default(),
        };
        let seen = Served {
            manner,
            script: Arc::new(script),
            asked: Arc::clone(&served.asked),
            login: Arc::clone(&served.login),
            left: Arc::clone(&served.left),
        };
        let connections = Arc::clone(&served.connections);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::SeqCst);
                let seen = seen.clone();
                // Whoever goes away in the middle is the test's subject, not a fault.
                std::thread::spawn(move || drop(seen.serve(stream)));
            }
        });
        served
    }

    pub(super) fn was_asked(&self, part: &str) -> usize {
        self.asked.lock().expect("not poisoned").iter().filter(|statement| statement.contains(part)).count()
    }
}

#[derive(Clone)]
struct Served {
    manner: Manner,
    script: Script,
    asked: Arc<Mutex<Vec<String>>>,
    login: Arc<Mutex<Vec<u8>>>,
    left: Arc<AtomicUsize>,
}

impl Served {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let (sort, _) = message(&mut stream)?;
        assert_eq!(sort, 0x12, "the first exchange comes first");
        // The version, encryption, and the end of the table; places count from its beginning.
        let mut answer = vec![0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 0x10, 0, 0, 0];
        answer.push(self.manner.encryption);
        stream.write_all(&packet(4, &answer))?;
        match self.manner.certificate {
            None => self.converse(&mut stream),
            Some((certificate, key)) => {
                let mut connection = ServerConnection::new(config(certificate, key)).map_err(io::Error::other)?;
                while connection.is_handshaking() {
                    let (sort, payload) = message(&mut stream)?;
                    assert_eq!(sort, 0x12, "TLS begins inside the first exchange");
                    let mut payload = payload.as_slice();
                    while !payload.is_empty() {
                        connection.read_tls(&mut payload)?;
                        let processed = connection.process_new_packets();
                        let mut records = Vec::new();
                        while connection.wants_write() {
                            connection.write_tls(&mut records)?;
                        }
                        if !records.is_empty() {
                            stream.write_all(&packet(0x12, &records))?;
                        }
                        processed.map_err(io::Error::other)?;
                    }
                }
                self.converse(&mut StreamOwned::new(connection, stream))
            }
        }
    }

    fn converse(&self, stream: &mut (impl Read + Write)) -> io::Result<()> {
        let (sort, login) = message(stream)?;
        assert_eq!(sort, 0x10, "the login follows");
        *self.login.lock().expect("not poisoned") = login;
        if let Some((number, state, words)) = self.manner.refuses {
            // Of a database that cannot be opened a server says that the login failed as well.
            let also = if number == 4060 { error(18456, 1, "Login failed.") } else { Vec::new() };
            let answer = [error(number, state, words), also, done(2)].concat();
            return stream.write_all(&packet(4, &answer));
        }
        let name = b_text("Scripted");
        let length = u16::try_from(1 + 4 + name.len() + 4).expect("short").to_le_bytes();
        let acknowledged = [&[0xad][..], &length, &[1, 0x74, 0, 0, 4], &name, &[16, 0, 0x10, 0]].concat();
        let routed = self.manner.sends_to.map_or_else(Vec::new, |(machine, port)| {
            let there = [&[0][..], &port.to_le_bytes(), &us_text(machine)].concat();
            let value = [&u16::try_from(there.len()).expect("short").to_le_bytes()[..], &there, &[0, 0]].concat();
            let length = u16::try_from(value.len() + 1).expect("short").to_le_bytes();
            [&[0xe3][..], &length, &[20], &value].concat()
        });
        stream.write_all(&packet(4, &[acknowledged, routed, done(0)].concat()))?;
        loop {
            let (sort, payload) = message(stream)?;
            let (statement, values) = asked(sort, &payload);
            self.asked.lock().expect("not poisoned").push(statement.clone());
            let answer = match (self.script)(&statement, &values) {
                Said::Done => done(0),
                Said::Rows(columns, rows) => [table(&headings(&columns, &rows), &bytes(rows)), done(0x10)].concat(),
                Said::Typed(columns, rows) => [table(&columns, &rows), done(0x10)].concat(),
                Said::Broken(columns, rows, number, words) => {
                    [table(&headings(&columns, &rows), &bytes(rows)), error(number, 1, words), done(2)].concat()
                }
                Said::Error(number, words) => [error(number, 1, words), done(2)].concat(),
                Said::Gone => return Ok(()),
                Said::Silence => {
                    if matches!(stream.read(&mut [0; 8]), Ok(0) | Err(_)) {
                        self.left.fetch_add(1, Ordering::SeqCst);
                    }
                    return Ok(());
                }
            };
            for part in answer.chunks(4000) {
                let last = part.as_ptr_range().end == answer.as_ptr_range().end;
                let mut packet = packet(4, part);
                packet[1] = u8::from(last);
                stream.write_all(&packet)?;
            }
            stream.flush()?;
        }
    }
}

fn config(certificate: &str, key: &str) -> Arc<ServerConfig> {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).map(|one| one.expect("a certificate")).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    // Shown as it is: what a server may show is the client's to judge.
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).expect("a usable key");
    let certified = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    Arc::new(config.with_no_client_auth().with_cert_resolver(Arc::new(certified)))
}

/// Columns of the types that their first values have, and text where there are no rows.
fn headings(columns: &[&str], rows: &[Vec<Value>]) -> Vec<Heading> {
    let sort = |place: usize| match rows.first().map(|row| &row[place]) {
        Some(Value::Number(_)) => vec![0x26, 4],
        Some(Value::Bytes(_)) => vec![0xad, 8, 0],
        _ => of_nvarchar(),
    };
    columns.iter().enumerate().map(|(place, name)| ((*name).to_owned(), sort(place))).collect()
}

fn bytes(rows: Vec<Vec<Value>>) -> Vec<Vec<Vec<u8>>> {
    let value = |value: Value| match value {
        Value::Number(number) => [&[4][..], &number.to_le_bytes()].concat(),
        Value::Bytes(bytes) => [&[8, 0][..], &bytes].concat(),
        Value::Text(text) => nvarchar(Some(text)),
    };
    rows.into_iter().map(|row| row.into_iter().map(value).collect()).collect()
}
