//! What comes over a socket: answers to our client, requests to our simulator. Over real connections on loopback, so that
//! nothing between the bytes and the code is left out.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, LazyLock, Mutex},
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pocketdocket::{
    auth::{password::Basic, windows::Windows},
    domain::{FirmId, FolderId, ItemId, Kind, Record, RecordKey, Stamp},
    exchange::{EwsMailbox, Settings, Shared},
    ports::{Authenticator, Challenge, Mailbox as _, NewItem, SyncToken},
    simulator::{self, Running, Simulator},
};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime starts"));

/// What the answering machine says next.
static ANSWER: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// A server that gives every request the same answer.
static MACHINE: LazyLock<SocketAddr> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            connection.set_nodelay(true).expect("a socket may be hasty");
            thread::spawn(move || serve(&connection));
        }
    });
    address
});

static SHARED: LazyLock<Arc<Shared>> =
    LazyLock::new(|| Arc::new(Shared::new(&Settings::default()).expect("default settings are fine")));

static SIMULATOR: LazyLock<Running> = LazyLock::new(|| {
    let settings = simulator::Settings::default().with_mailbox("weber@kanzlei.example");
    RUNTIME.block_on(Simulator::start(settings)).expect("the simulator starts")
});

/// Answers of a server to every question that a mailbox asks.
pub fn exchange(data: &[u8]) {
    data.clone_into(&mut ANSWER.lock().expect("nobody panics with it"));
    let settings = Settings { url: Some(format!("http://{}/EWS/Exchange.asmx", *MACHINE)), ..Settings::default() };
    let link = settings.link("weber@kanzlei.example", None, "Europe/Berlin").expect("loopback may be used");
    let authenticator = Arc::new(Basic::new("weber", &"simulator".into()).expect("a login and a password"));
    let ask = || {
        // A new one each time: a mailbox that was told to wait would wait.
        EwsMailbox::connect(
            &settings,
            link.clone(),
            Arc::clone(&authenticator) as Arc<dyn Authenticator>,
            Arc::clone(&SHARED),
        )
        .expect("connects")
    };
    let folder = FolderId("F=".to_owned());
    let stamp = Stamp { firm: FirmId([7; 16]), key: RecordKey::new(Kind::Task, "tasks", "1") };
    let new = NewItem { stamp: Some(stamp.clone()), record: Arc::new(Record::new(Kind::Task)), body: None, replaces: None };
    RUNTIME.block_on(async {
        let token = SyncToken("H4sI".to_owned());
        let _ = ask().identity().await;
        let _ = ask().changes(&folder, Some(&token)).await;
        let _ = ask().find_elsewhere(Kind::Task, &folder, Some(std::slice::from_ref(&stamp))).await;
        let _ = ask().create(&folder, std::slice::from_ref(&new)).await;
        for kind in [Kind::Contact, Kind::Event, Kind::Task] {
            let _ = ask().folder(kind).await;
            let _ = ask().read(kind, &[ItemId("A=".to_owned())]).await;
        }
    });
}

/// A server's challenge in Windows authentication.
pub fn windows(data: &[u8]) {
    let windows = Windows::new("KANZLEI\\weber", &"simulator".into(), "mail.example").expect("a login and a password");
    let offers = [Vec::new(), vec!["NTLM".to_owned()], vec![format!("NTLM {}", STANDARD.encode(data))]];
    RUNTIME.block_on(async {
        let mut sign_in = windows.begin().await.expect("begins without I/O");
        for offers in offers {
            let _ = sign_in.step(&Challenge { offers, ..Challenge::default() }).await;
        }
    });
}

/// Requests to the simulator: it answers each, whatever it says.
pub fn simulator(data: &[u8]) {
    let mut connection = TcpStream::connect(SIMULATOR.address()).expect("the simulator listens");
    let head = format!(
        "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/xml; charset=utf-8\r\n\
         Authorization: Basic {}\r\nContent-Length: {}\r\n\r\n",
        "d2ViZXJAa2FuemxlaS5leGFtcGxlOnNpbXVsYXRvcg==",
        data.len()
    );
    connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(data)).expect("the simulator listens");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).expect("the simulator answers");
    assert!(answer.starts_with(b"HTTP/1.1 "), "the simulator hung up");
}

fn serve(connection: &TcpStream) -> Option<()> {
    let mut reader = BufReader::new(connection);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line.is_empty() {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        let body = ANSWER.lock().ok()?.clone();
        // Faults come with either status; the body decides.
        let status = if body.len() % 2 == 0 { "200 OK" } else { "500 Internal Server Error" };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n", body.len());
        (&mut &*connection).write_all(head.as_bytes()).and_then(|()| (&mut &*connection).write_all(&body)).ok()?;
    }
}
