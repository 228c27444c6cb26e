//! Windows authentication at the simulator, message by message: what an Exchange Server refuses is refused.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pocketdocket::{
    auth::windows::Windows,
    ports::{Authenticator as _, Challenge, SignIn, Step},
    simulator::{PASSWORD, Running, Settings, SignInOffer, Simulator},
};
use secrecy::ExposeSecret as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::ANNA;

async fn start() -> Running {
    let settings = Settings { offer: SignInOffer::WindowsOnly, ..Settings::default() }.with_mailbox(ANNA);
    Simulator::start(settings).await.expect("a simulator")
}

/// One connection.
struct Wire(TcpStream);

impl Wire {
    async fn to(running: &Running) -> Self {
        Self(TcpStream::connect(running.address()).await.expect("a connection"))
    }

    /// The status of the answer, and what it offers.
    async fn ask(&mut self, authorization: Option<&str>) -> (u16, Vec<String>) {
        let authorization = authorization.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
        let request = format!(
            "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n{authorization}\r\n<q/>"
        );
        self.0.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        loop {
            let mut chunk = [0; 4096];
            let read = self.0.read(&mut chunk).await.expect("an answer");
            assert!(read > 0, "the connection stays");
            answer.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&answer);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let value = |line: &str, name: &str| {
                let (found, value) = line.split_once(':')?;
                found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            };
            let length = head.lines().find_map(|line| value(line, "content-length")).expect("a length");
            if body.len() >= length.parse().expect("a number") {
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
                return (status, head.lines().filter_map(|line| value(line, "www-authenticate")).collect());
            }
        }
    }

    /// Whether a request with this value is let in.
    async fn lets_in(&mut self, authorization: Option<&str>) -> bool {
        self.ask(authorization).await.0 != 401
    }
}

/// One sign-in, leg by leg.
struct Legs {
    sign_in: Box<dyn SignIn>,
    challenge: Challenge,
}

impl Legs {
    async fn begin() -> Self {
        let windows = Windows::new(ANNA, &PASSWORD.into(), "127.0.0.1").expect("a good pair");
        Self { sign_in: windows.begin().await.expect("begins"), challenge: Challenge::default() }
    }

    /// The next message, as it is sent.
    async fn next(&mut self) -> String {
        match self.sign_in.step(&self.challenge).await {
            Step::Send(value) | Step::Ask(Some(value)) => value.expose_secret().to_owned(),
            step => panic!("{step:?}"),
        }
    }

    /// The last message, after the first one went over this connection, changed on its way.
    async fn last(wire: &mut Wire, change: impl Fn(&mut Vec<u8>)) -> String {
        let mut legs = Self::begin().await;
        assert!(matches!(legs.sign_in.step(&legs.challenge).await, Step::Ask(None)));
        legs.challenge.offers = wire.ask(None).await.1;
        let first = changed(&legs.next().await, change);
        legs.challenge.offers = wire.ask(Some(&first)).await.1;
        legs.next().await
    }
}

/// The same message after somebody in between had it.
fn changed(value: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    let (word, message) = value.split_once(' ').expect("a word and a message");
    let mut message = STANDARD.decode(message).expect("base64");
    change(&mut message);
    format!("{word} {}", STANDARD.encode(message))
}

const AS_IT_IS: fn(&mut Vec<u8>) = |_| {};

#[tokio::test]
async fn who_signed_in_is_known_on_this_connection_and_on_no_other() {
    let running = start().await;
    let (mut wire, mut other) = (Wire::to(&running).await, Wire::to(&running).await);
    let last = Legs::last(&mut wire, AS_IT_IS).await;
    assert!(!wire.lets_in(None).await, "not yet; and the challenge still stands");
    assert!(wire.lets_in(Some(&last)).await);
    assert!(wire.lets_in(None).await && wire.lets_in(None).await);
    assert!(!other.lets_in(None).await);
    assert!(!wire.lets_in(Some(&last)).await, "a message is good once");
    assert!(!wire.lets_in(None).await, "and a refused one ends what was before");
    assert_eq!(running.refused_sign_ins(ANNA), 0, "no password was wrong");
}

#[tokio::test]
async fn what_is_changed_or_moved_is_refused_by_the_simulator() {
    let running = start().await;
    // In the first message: a flag that asks for less. In the last one: flags, the workstation, and the code itself.
    let weaker: fn(&mut Vec<u8>) = |message| message[12] |= 2;
    let flags: fn(&mut Vec<u8>) = |message| message[61] ^= 0x80;
    let workstation: fn(&mut Vec<u8>) = |message| *message.last_mut().expect("a byte") = 1;
    let no_code: fn(&mut Vec<u8>) = |message| message[72..88].fill(0);
    for (what, first, last) in [
        ("the first message", weaker, AS_IT_IS),
        ("the flags", AS_IT_IS, flags),
        ("the workstation", AS_IT_IS, workstation),
        ("the code", AS_IT_IS, no_code),
    ] {
        let mut wire = Wire::to(&running).await;
        let message = Legs::last(&mut wire, first).await;
        assert!(!wire.lets_in(Some(&changed(&message, last))).await, "{what} was changed");
        assert!(!wire.lets_in(None).await, "{what}");
    }
    assert_eq!(running.refused_sign_ins(ANNA), 0, "the password was right each time");

    let (mut wire, mut other) = (Wire::to(&running).await, Wire::to(&running).await);
    let last = Legs::last(&mut wire, AS_IT_IS).await;
    assert!(!other.lets_in(Some(&last)).await, "nobody was challenged on that connection");
    Legs::last(&mut other, AS_IT_IS).await;
    assert!(!other.lets_in(Some(&last)).await, "that connection has another challenge");
    assert_eq!(running.refused_sign_ins(ANNA), 1, "which is all the same as a wrong password");
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let running = start().await;
    for value in
        ["NTLM", "NTLM !", "Negotiate YII=", "NTLM TlRMTVNTUAADAAAA", "NTLM TlRMTVNTUAABAAAAAAAAAA==", "Basic YTpi"]
    {
        let mut wire = Wire::to(&running).await;
        let (status, offers) = wire.ask(Some(value)).await;
        assert_eq!((status, offers), (401, vec!["Negotiate".to_owned(), "NTLM".to_owned()]), "{value}");
    }
}
