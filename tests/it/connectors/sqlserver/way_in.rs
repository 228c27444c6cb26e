//! The way in: what is believed about a certificate, and what is said when it does not come about.

use std::net::{TcpListener, UdpSocket};

use pocketdocket::{
    ports::{Failure, FailureKind},
    sources::{ServerSettings, Tls},
};

use super::{
    QUERY, open,
    scripted::{Manner, Scripted},
    settings, usual,
};
use crate::servers::stranger;

const FIRM: (&str, &str) = (
    include_str!("../../../../src/exchange/transport/tests/server.pem"),
    include_str!("../../../../src/exchange/transport/tests/server.key"),
);
/// Made by the server for itself, and marked as an authority, as many are.
const ITSELF: (&str, &str) = (include_str!("itself.pem"), include_str!("itself.key"));
/// Of version 1, as SQL Server makes them.
const OLD: (&str, &str) = (include_str!("old.pem"), include_str!("old.key"));

fn in_repository(path: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn fingerprint(certificate: &str) -> String {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    use sha2::{Digest, Sha256};
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate");
    Sha256::digest(&certificate).iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

async fn version(port: u16, change: impl FnOnce(&mut ServerSettings)) -> Result<String, Failure> {
    let (settings, _folder) = settings(port, QUERY, change);
    open(&settings).probe().await.map(|probe| probe.version)
}

async fn failure(port: u16, change: impl FnOnce(&mut ServerSettings)) -> Failure {
    version(port, change).await.expect_err("this must not come about")
}

fn hint(failure: &Failure) -> &str {
    failure.hint.as_deref().unwrap_or_default()
}

fn verified(server: &mut ServerSettings) {
    server.tls = Tls::Verify;
    server.ca_file = Some(in_repository("src/exchange/transport/tests/authority.pem"));
}

#[tokio::test]
async fn a_certificate_is_believed_by_its_authority_or_by_its_fingerprint_and_never_otherwise() {
    let firm = Scripted::start(Manner::encrypted(FIRM.0, FIRM.1), usual);
    let told = version(firm.port, verified).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(told.contains("16.0.4135.4 (Express Edition (64-bit)), over TLSv1.2, read as one state"), "{told}");

    let pinned = |certificate: &'static str| {
        move |server: &mut ServerSettings| {
            server.tls = Tls::Verify;
            server.fingerprint = Some(fingerprint(certificate));
        }
    };
    for (certificate, key) in [FIRM, ITSELF, OLD] {
        let server = Scripted::start(Manner::encrypted(certificate, key), usual);
        version(server.port, pinned(certificate)).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
        server.login.lock().expect("not poisoned").clear();
        let other = if certificate == OLD.0 { ITSELF.0 } else { OLD.0 };
        let failure = failure(server.port, pinned(other)).await;
        assert_eq!(failure.kind, FailureKind::Setting, "{}", failure.chain());
        assert!(
            failure.chain().contains("another certificate than the one whose `fingerprint`"),
            "{}",
            failure.chain()
        );
        assert!(failure.chain().contains(&fingerprint(certificate)), "it says which one it was: {}", failure.chain());
        assert!(server.login.lock().expect("not poisoned").is_empty(), "no password went there");
    }

    let unknown = failure(firm.port, |server| {
        verified(server);
        server.ca_file = Some(stranger());
    });
    let unknown = unknown.await;
    assert!(unknown.chain().contains("nobody whom this machine trusts"), "{}", unknown.chain());
    assert!(unknown.chain().contains(&fingerprint(FIRM.0)) && hint(&unknown).contains("`fingerprint`"), "{unknown:?}");
    let name = failure(firm.port, |server| {
        verified(server);
        server.host = "127.0.0.1".to_owned();
    });
    assert!(name.await.chain().contains("is for another name"));
}

#[tokio::test]
async fn a_certificate_that_no_client_may_take_for_a_servers_own_is_said_in_words() {
    let itself = Scripted::start(Manner::encrypted(ITSELF.0, ITSELF.1), usual);
    let refused = failure(itself.port, |server| {
        server.tls = Tls::Verify;
        server.ca_file = Some(in_repository("tests/it/connectors/sqlserver/itself.pem"));
    });
    let refused = refused.await;
    assert_eq!(refused.kind, FailureKind::Setting);
    assert!(refused.chain().contains("CA:TRUE") && hint(&refused).contains("`fingerprint`"), "{refused:?}");
    let old = Scripted::start(Manner::encrypted(OLD.0, OLD.1), usual);
    let refused = failure(old.port, verified).await;
    assert!(refused.chain().contains("version 1"), "{}", refused.chain());
}

#[tokio::test]
async fn nothing_travels_in_the_clear_unless_it_stays_here() {
    let plain = Scripted::start(Manner::plain(), usual);
    let refused = failure(plain.port, verified).await;
    assert_eq!(refused.kind, FailureKind::Setting, "{}", refused.chain());
    assert!(refused.chain().contains("does not encrypt"), "{}", refused.chain());
    let login_alone = Scripted::start(Manner { encryption: 0, ..Manner::plain() }, usual);
    assert!(failure(login_alone.port, verified).await.chain().contains("does not encrypt"));
    for server in [&plain, &login_alone] {
        assert!(server.login.lock().expect("not poisoned").is_empty(), "no password went there");
    }
    let told = version(plain.port, |_| {}).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(told.contains("not encrypted, on this machine"), "{told}");
    let insisting = Scripted::start(Manner { encryption: 3, ..Manner::plain() }, usual);
    let refused = failure(insisting.port, |_| {}).await;
    assert!(refused.chain().contains("insists on encryption") && hint(&refused).contains("tls"), "{refused:?}");
}

#[tokio::test]
async fn the_login_asks_for_reading_alone_and_hides_its_password() {
    let server = Scripted::start(Manner::plain(), usual);
    version(server.port, |_| {}).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    let login = server.login.lock().expect("not poisoned").clone();
    assert_eq!(login[26] & 0x20, 0x20, "read-only intent");
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let holds = |text: &str| login.windows(text.len() * 2).any(|window| window == utf16(text));
    assert!(holds("pocketdocket") && holds("practice") && holds("reader") && !holds("Drei Akten"));
}

#[tokio::test]
async fn a_login_that_is_refused_is_said_with_who_can_help() {
    for (number, words, kind, expected) in [
        (18456, "Login failed for user 'reader'.", FailureKind::Unauthorized, "practice password"),
        (18488, "The password must be changed.", FailureKind::Unauthorized, "whoever runs the server sets one"),
        (18452, "The login is from an untrusted domain.", FailureKind::Unauthorized, "SQL Server and Windows"),
        (4060, "Cannot open database \"practice\".", FailureKind::Source, "`database`"),
        (40613, "Database is not currently available.", FailureKind::Source, "the next try"),
    ] {
        let server = Scripted::start(Manner { refuses: Some((number, 1, words)), ..Manner::plain() }, usual);
        let failure = failure(server.port, |_| {}).await;
        assert_eq!(failure.kind, kind, "{}", failure.chain());
        assert!(failure.chain().contains(&format!("error {number}, state 1")), "{}", failure.chain());
        assert!(hint(&failure).contains(expected), "{number}: {}", hint(&failure));
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_is_none_is_said_with_where_to_look() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let failure_of = failure(closed, |_| {}).await;
    assert!(hint(&failure_of).contains("Configuration Manager"), "{failure_of:?}");
    let nameless = failure(1433, |server| {
        verified(server);
        server.host = "no-such-machine.invalid".to_owned();
    });
    assert!(hint(&nameless.await).contains("no machine of the name"));

    // A listener that answers as something else does, and one that hangs up inside TLS, as an old server does.
    let stranger = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = stranger.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for mut stream in stranger.incoming().flatten() {
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let garbage = failure(port, |_| {}).await;
    assert!(garbage.chain().contains("does not answer like a SQL Server"), "{}", garbage.chain());
    let hung_up = Scripted::start(Manner { encryption: 1, ..Manner::plain() }, usual);
    let too_old = failure(hung_up.port, verified).await;
    assert_eq!(too_old.kind, FailureKind::Setting, "{}", too_old.chain());
    assert!(hint(&too_old).contains("TLS 1.2"), "{too_old:?}");
}

#[tokio::test]
async fn an_instance_without_a_browser_is_said_with_both_ways_out() {
    // Where somebody runs a Browser here, its port is taken and this cannot be tried.
    let Ok(free) = UdpSocket::bind("127.0.0.1:1434") else { return };
    drop(free);
    let failure = failure(1433, |server| (server.host, server.port) = ("127.0.0.1\\TM".to_owned(), None)).await;
    assert!(failure.chain().contains("Browser"), "{}", failure.chain());
    assert!(hint(&failure).contains("UDP port 1434") && hint(&failure).contains("`port`"), "{failure:?}");
}

/// By the name of the instance alone: the Browser's port, TLS by a fingerprint, the login, and a look around.
#[tokio::test]
async fn an_instance_is_found_by_its_name_and_reached_over_tls() {
    // An address of this machine of its own, where no Browser of somebody else listens.
    let address = "127.0.0.2";
    let Ok(browser) = UdpSocket::bind((address, 1434)) else { return };
    let instance = Scripted::at(address, Manner::encrypted(FIRM.0, FIRM.1), |statement, _| usual(statement));
    let port = instance.port;
    std::thread::spawn(move || {
        let mut question = [0; 64];
        while let Ok((length, from)) = browser.recv_from(&mut question) {
            // One instance is asked for by 4, its name and a zero; all of them by 3. (MC-SQLR 2.2.)
            if question[..length] == *b"\x04SQLEXPRESS\0" || question[..length] == [3] {
                let words =
                    format!("ServerName;DB01;InstanceName;SQLEXPRESS;IsClustered;No;Version;16.0.1000.6;tcp;{port};;");
                let length = u16::try_from(words.len()).expect("short").to_le_bytes();
                let answer = [&[5][..], &length, words.as_bytes()].concat();
                browser.send_to(&answer, from).expect("sent");
            }
        }
    });
    let at = |name: &'static str| {
        move |server: &mut ServerSettings| {
            (server.host, server.port) = (format!("{address}\\{name}"), None);
            (server.tls, server.fingerprint) = (Tls::Verify, Some(fingerprint(FIRM.0)));
        }
    };
    let told = version(1, at("SQLEXPRESS")).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(told.contains("over TLSv1.2"), "{told}");
    let other = failure(1, at("OTHER")).await;
    assert!(other.chain().contains("no such instance") && other.chain().contains("SQLEXPRESS"), "{}", other.chain());
}

#[tokio::test]
async fn a_server_may_send_us_to_its_copy_but_not_out_into_the_clear() {
    let copy = Scripted::start(Manner::plain(), usual);
    let sending = Scripted::start(Manner { sends_to: Some(("127.0.0.1", copy.port)), ..Manner::plain() }, usual);
    version(sending.port, |_| {}).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(copy.was_asked("SERVERPROPERTY") == 1 && sending.was_asked("SERVERPROPERTY") == 0);
    let away = Scripted::start(Manner { sends_to: Some(("db.kanzlei.example", 1433)), ..Manner::plain() }, usual);
    let refused = failure(away.port, |_| {}).await;
    assert_eq!(refused.kind, FailureKind::Setting, "{}", refused.chain());
    let circle = Scripted::start(Manner { sends_to: Some(("127.0.0.1", sending.port)), ..Manner::plain() }, usual);
    assert!(failure(circle.port, |_| {}).await.chain().contains("sends us on"));
}

/// What python-tds, which others wrote, makes of the scripted server: it is a server for it, too.
#[test]
fn the_scripted_server_is_one_for_a_client_that_others_wrote() {
    use std::{io::Write as _, process::Stdio};
    let root = in_repository("");
    let python = root.join("target/conformance/bin/python");
    // What was installed before python-tds was among it does not count.
    let pinned = |place: &str| std::fs::read(root.join(place).join("requirements.txt")).ok();
    if !python.exists() || pinned("target/conformance") != pinned("tests/conformance") {
        let promised = std::env::var_os("POCKETDOCKET_CONFORMANCE").is_some();
        assert!(!promised, "tests/conformance/run promised that python-tds is installed");
        #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
        {
            eprintln!("skipped: needs python-tds, which `tests/conformance/run` installs");
        }
        return;
    }
    let authority = in_repository("src/exchange/transport/tests/authority.pem");
    for (manner, authority) in [(Manner::plain(), None), (Manner::encrypted(FIRM.0, FIRM.1), Some(authority))] {
        let server = Scripted::start(manner, usual);
        let question = serde_json::json!({"host": "localhost", "port": server.port, "login": "reader", "password": "Drei Akten",
            "database": "practice", "authority": authority, "statements": ["SELECT 1 FROM files"]});
        let mut child = std::process::Command::new(&python)
            .arg("sqlserver.py")
            .current_dir(root.join("tests/conformance"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let question = serde_json::to_vec(&question).expect("JSON");
        child.stdin.take().expect("a pipe").write_all(&question).expect("is read");
        let output = child.wait_with_output().expect("an end");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
        let rows: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(rows, serde_json::json!([[[7, "weber", "Müller ./. Maier"]]]));
    }
}
