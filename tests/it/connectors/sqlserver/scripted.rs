//! The little of a SQL Server that says what a test tells it to: the first exchange, TLS inside it, the login, and answers made of whole
//! numbers, text, bytes and errors. Written from MS-TDS alone, blocking, and with nothing of the connector's own code; it proves what
//! the connector does with an answer, not what a SQL Server answers.

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
    /// An error: number and words.
    Error(u32, &'static str),
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

type Script = Arc<dyn Fn(&str) -> Said + Send + Sync>;

/// A running server; it ends with the test's process.
pub(super) struct Scripted {
    pub(super) port: u16,
    /// Every statement that was sent to it.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    /// How often somebody connected.
    pub(super) connections: Arc<AtomicUsize>,
    /// The last login, as it came.
    pub(super) login: Arc<Mutex<Vec<u8>>>,
}

impl Scripted {
    pub(super) fn start(manner: Manner, script: impl Fn(&str) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (asked, connections, login) = (Arc::default(), Arc::new(AtomicUsize::new(0)), Arc::default());
        let served = Self { port, asked, connections, login };
        let seen = Served {
            manner,
            script: Arc::new(script),
            asked: Arc::clone(&served.asked),
            login: Arc::clone(&served.login),
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
            let answer = [error(number, state, words), done(2)].concat();
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
            let statement = statement(sort, &payload);
            self.asked.lock().expect("not poisoned").push(statement.clone());
            let answer = match (self.script)(&statement) {
                Said::Done => done(0),
                Said::Rows(columns, rows) => [table(&columns, &rows), done(0x10)].concat(),
                Said::Broken(columns, rows, number, words) => {
                    [table(&columns, &rows), error(number, 1, words), done(2)].concat()
                }
                Said::Error(number, words) => [error(number, 1, words), done(2)].concat(),
                Said::Gone => return Ok(()),
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

/// A whole message: its type and what its packets carry.
fn message(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut payload = Vec::new();
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header)?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]])) - 8;
        let begun = payload.len();
        payload.resize(begun + length, 0);
        stream.read_exact(&mut payload[begun..])?;
        if header[1] & 1 == 1 {
            return Ok((header[0], payload));
        }
    }
}

fn packet(sort: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 8).expect("short").to_be_bytes();
    [&[sort, 1, length[0], length[1], 0, 0, 1, 0], payload].concat()
}

/// The statement of a batch, or of a call of `sp_executesql`, whose first parameter it is.
fn statement(sort: u8, payload: &[u8]) -> String {
    let headers = usize::try_from(u32::from_le_bytes(payload[..4].try_into().expect("four bytes"))).expect("short");
    let rest = &payload[headers..];
    let text = if sort == 1 {
        rest
    } else {
        // 0xFFFF, the procedure's number and flags; the parameter's name, a status, its type with length and collation.
        let name = 1 + 2 * usize::from(rest[6]);
        let value = &rest[6 + name + 1 + 1 + 2 + 5..];
        let length = usize::from(u16::from_le_bytes([value[0], value[1]]));
        &value[2..2 + length]
    };
    let units: Vec<u16> = text.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).expect("UTF-16")
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn b_text(text: &str) -> Vec<u8> {
    [vec![u8::try_from(text.encode_utf16().count()).expect("short")], utf16(text)].concat()
}

fn us_text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.encode_utf16().count()).expect("short");
    [length.to_le_bytes().to_vec(), utf16(text)].concat()
}

fn done(status: u16) -> Vec<u8> {
    [&[0xfd][..], &status.to_le_bytes(), &[0; 10]].concat()
}

fn error(number: u32, state: u8, words: &str) -> Vec<u8> {
    let body =
        [&number.to_le_bytes()[..], &[state, 14], &us_text(words), &b_text("DB01"), &b_text(""), &1_u32.to_le_bytes()];
    let body = body.concat();
    [&[0xaa][..], &u16::try_from(body.len()).expect("short").to_le_bytes(), &body].concat()
}

fn table(columns: &[&str], rows: &[Vec<Value>]) -> Vec<u8> {
    const COLLATION: [u8; 5] = [0x09, 0x04, 0xd0, 0x00, 0x34];
    let count = u16::try_from(columns.len()).expect("few").to_le_bytes();
    let mut tokens = [&[0x81][..], &count].concat();
    for (place, column) in columns.iter().enumerate() {
        tokens.extend_from_slice(&[0, 0, 0, 0, 9, 0]);
        match rows.first().map(|row| &row[place]) {
            Some(Value::Number(_)) => tokens.extend_from_slice(&[0x26, 4]),
            Some(Value::Bytes(_)) => tokens.extend_from_slice(&[0xad, 8, 0]),
            _ => tokens.extend([&[0xe7, 0x40, 0x1f][..], &COLLATION].concat()),
        }
        tokens.extend(b_text(column));
    }
    for row in rows {
        tokens.push(0xd1);
        for value in row {
            match value {
                Value::Number(number) => tokens.extend([&[4][..], &number.to_le_bytes()].concat()),
                Value::Bytes(bytes) => tokens.extend([&[8, 0][..], bytes].concat()),
                Value::Text(text) => {
                    let text = utf16(text);
                    tokens.extend(u16::try_from(text.len()).expect("short").to_le_bytes());
                    tokens.extend(text);
                }
            }
        }
    }
    tokens
}
