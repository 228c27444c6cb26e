//! What others take: pyspnego as the server judges the messages that we sign in with (tests/conformance/windows_server.py): the proof,
//! the integrity code, and the binding to the certificate.
//!
//! `tests/conformance/run` installs it and runs this; without it the test says so and is skipped.

use std::{
    io::{BufRead as _, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
};

use http::StatusCode;
use pocketdocket::{
    auth::windows::Windows,
    diagnosis::Cause,
    exchange::{LinkAddress, Settings, Shared, transport::Link},
    ports::FailureKind,
};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, SignatureAlgorithm};

use crate::conformance::python;

const PASSWORD: &str = "Sömmer-2026";

struct Server {
    child: Child,
    judgements: Lines<BufReader<ChildStdout>>,
    folder: tempfile::TempDir,
    url: String,
}

impl Server {
    /// `certificate`: its kind, over TLS. `bound_to`: see the script.
    fn start(python: &Path, word: &str, bound_to: &str, certificate: Option<&'static SignatureAlgorithm>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("accounts"), format!("KANZLEI:weber:{PASSWORD}\n:weber@kanzlei.example:{PASSWORD}\n"))
            .unwrap();
        make_certificate(&PKCS_ECDSA_P256_SHA256, &file("another.pem"), &file("another.key"));
        let bound_to =
            if bound_to == "another" { file("another.pem").display().to_string() } else { bound_to.to_owned() };
        let mut command = Command::new(python);
        command.arg("windows_server.py").args([word, &bound_to]).env("NTLM_USER_FILE", file("accounts"));
        if let Some(algorithm) = certificate {
            make_certificate(algorithm, &file("server.pem"), &file("server.key"));
            command.arg(file("server.pem")).arg(file("server.key"));
        }
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance"));
        let mut child = command.env("PYTHONDONTWRITEBYTECODE", "1").stdout(Stdio::piped()).spawn().unwrap();
        let mut judgements = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = judgements.next().expect("it says its port").unwrap();
        let scheme = if certificate.is_some() { "https" } else { "http" };
        Self { child, judgements, folder, url: format!("{scheme}://127.0.0.1:{port}/EWS/Exchange.asmx") }
    }

    fn link(&self, login: &str, password: &str) -> Link {
        let ca_file = Some(self.folder.path().join("server.pem")).filter(|file| file.exists());
        let settings = Settings { ca_file, time_out_seconds: 10, ..Settings::default() };
        let address = LinkAddress {
            url: self.url.parse().unwrap(),
            mailbox: "weber@kanzlei.example".to_owned(),
            zone: "UTC".to_owned(),
        };
        let windows = Windows::new(login, &password.to_owned().into(), "127.0.0.1").unwrap();
        Link::new(&address, Arc::new(windows), Arc::new(Shared::new(&settings).unwrap())).unwrap()
    }

    /// What it thought of the last sign-in.
    fn judgement(&mut self) -> String {
        self.judgements.next().expect("it judges").unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make_certificate(algorithm: &'static SignatureAlgorithm, certificate: &Path, key: &Path) {
    let pair = KeyPair::generate_for(algorithm).unwrap();
    let made = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&pair).unwrap();
    std::fs::write(certificate, made.pem()).unwrap();
    std::fs::write(key, pair.serialize_pem()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_sign_in_with_is_taken_by_a_server_that_others_wrote() {
    let Some(python) = python("pyspnego") else { return };
    for (word, bound_to, certificate, login) in [
        ("NTLM", "none", None, "KANZLEI\\weber"),
        ("NTLM", "own", Some(&PKCS_ECDSA_P256_SHA256), "KANZLEI\\weber"),
        ("Negotiate", "own", Some(&PKCS_ECDSA_P384_SHA384), "weber@kanzlei.example"),
    ] {
        let mut server = Server::start(&python, word, bound_to, certificate);
        let link = server.link(login, PASSWORD);
        for body in ["<one/>", "<two/>"] {
            let reply = link.post("test", body.as_bytes().to_vec()).await;
            let reply = reply.unwrap_or_else(|failure| panic!("{word}, {bound_to}: {}", failure.chain()));
            assert_eq!((reply.status, reply.body.as_slice()), (StatusCode::OK, body.as_bytes()));
        }
        assert_eq!(server.judgement(), format!("accepted {login}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_another_channel_are_refused_by_a_server_that_others_wrote() {
    let Some(python) = python("pyspnego") else { return };
    for (bound_to, password, why) in
        [("own", "wrong", "refused InvalidTokenError"), ("another", PASSWORD, "refused BadBindingsError")]
    {
        let mut server = Server::start(&python, "NTLM", bound_to, Some(&PKCS_ECDSA_P256_SHA256));
        let failure = server.link("KANZLEI\\weber", password).post("test", b"<q/>".to_vec()).await.unwrap_err();
        assert_eq!(server.judgement(), why);
        // A refusal is all that HTTP brings back.
        assert_eq!((failure.kind, failure.cause), (FailureKind::Unauthorized, Some(Cause::WrongPassword)));
    }
}
