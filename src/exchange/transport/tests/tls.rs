//! Certificates are checked. The ones here are made for these tests alone: `server.pem` is for `localhost`, given out by
//! `authority.pem`, whose key was thrown away. They are valid for a hundred years.

use std::{path::PathBuf, sync::Mutex};

use async_trait::async_trait;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use super::*;
use crate::ports::SignIn;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/exchange/transport/tests").join(name)
}

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file("server.pem")).unwrap()
}

async fn server(answers: impl IntoIterator<Item = Answer>, host: &str, ca_file: Option<&str>) -> Script {
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate()], key).unwrap();
    let mut script = Script::start_tls(answers, TlsAcceptor::from(Arc::new(config)), host).await;
    script.settings.ca_file = ca_file.map(file);
    script
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_a_setting_to_be_mended_and_nothing_is_sent() {
    let script = server([say(200)], "localhost", None).await;
    let failure = post(&link(&script, Legs::basic())).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Setting, "{}", failure.chain());
    assert_eq!(failure.cause, Some(crate::diagnosis::Cause::CertificateNotTrusted));
    assert!(failure.hint.is_some_and(|hint| hint.contains("ca_file")));
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_even_from_a_trusted_authority() {
    let script = server([say(200)], "127.0.0.1", Some("authority.pem")).await;
    let failure = post(&link(&script, Legs::basic())).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Setting, "{}", failure.chain());
    assert!(script.asked().is_empty());
}

#[test]
fn a_file_without_certificates_is_a_setting_to_be_mended() {
    for name in ["server.key", "missing.pem"] {
        let settings = Settings { ca_file: Some(file(name)), ..Settings::default() };
        assert_eq!(Shared::new(&settings).unwrap_err().kind, FailureKind::Setting, "{name}");
    }
}

/// Asks twice, and keeps what it was told of the other end.
struct Curious(Arc<Mutex<Vec<Challenge>>>);

struct Asking(Arc<Mutex<Vec<Challenge>>>);

#[async_trait]
impl Authenticator for Curious {
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure> {
        Ok(Box::new(Asking(Arc::clone(&self.0))))
    }

    fn binds_connection(&self) -> bool {
        true
    }
}

#[async_trait]
impl SignIn for Asking {
    async fn step(&mut self, challenge: &Challenge) -> Step {
        self.0.lock().unwrap().push(challenge.clone());
        Step::Send("NTLM b25l".to_owned().into())
    }
}

#[tokio::test]
async fn an_own_authority_is_trusted_and_a_sign_in_learns_the_certificate_it_can_bind_to() {
    let script = server([unauthorized("NTLM dHdv"), say(200)], "localhost", Some("authority.pem")).await;
    let challenges = Arc::default();
    let reply = post(&link(&script, Arc::new(Curious(Arc::clone(&challenges))))).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK);
    let challenges = challenges.lock().unwrap();
    assert_eq!(challenges[0].certificate, None);
    assert_eq!(challenges[1].offers, ["NTLM dHdv"]);
    assert_eq!(challenges[1].certificate.as_deref(), Some(certificate().as_ref()));
}
