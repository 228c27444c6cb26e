//! Whom to believe about a SQL Server's certificate: an authority, or one certificate by its fingerprint.
//!
//! Many servers show a certificate that they made for themselves, and some of those are of a form that only its fingerprint can
//! vouch for: version 1, or marked as an authority. What was shown is remembered, so that a refusal can say it.

use std::sync::{Arc, OnceLock};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest, Sha256};
use x509_cert::{
    Certificate,
    der::{Decode, Encode},
};

use crate::{
    ports::{Failure, FailureKind},
    sources::{ServerSettings, server::authorities},
};

/// The certificate that a server showed.
pub(super) type Shown = Arc<OnceLock<[u8; 32]>>;

/// The certificate is not the one that the settings name.
#[derive(Debug, thiserror::Error)]
#[error("the server shows another certificate than the one whose `fingerprint` is set")]
pub(super) struct NotPinned;

/// A fingerprint as people compare it.
pub(super) fn written(fingerprint: &[u8; 32]) -> String {
    fingerprint.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// A TLS client that believes what the settings say. TLS begins inside TDS in versions up to 1.2 alone; 1.3 is for TDS 8.
pub(super) fn client_config(server: &ServerSettings) -> Result<(ClientConfig, Shown), Failure> {
    let doing = || Failure::new(FailureKind::Setting, "prepare TLS for the database server");
    let provider = Arc::new(aws_lc_rs::default_provider());
    let trust = match server.pinned() {
        Some(fingerprint) => Trust::Pinned(fingerprint),
        None => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(authorities(server.ca_file.as_deref())?);
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
            Trust::Authorities(verifier.map_err(|error| doing().because(error))?)
        }
    };
    let shown = Shown::default();
    let algorithms = provider.signature_verification_algorithms;
    let verifier = Verifier { trust, algorithms, shown: Arc::clone(&shown) };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .map_err(|error| doing().because(error))?;
    let config = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth();
    Ok((config, shown))
}

#[derive(Debug)]
enum Trust {
    Authorities(Arc<WebPkiServerVerifier>),
    Pinned([u8; 32]),
}

#[derive(Debug)]
struct Verifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
    shown: Shown,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let fingerprint: [u8; 32] = Sha256::digest(certificate).into();
        // The first one counts; there is one connection for each verifier.
        let _ = self.shown.set(fingerprint);
        match &self.trust {
            Trust::Authorities(verifier) => verifier.verify_server_cert(certificate, others, name, ocsp, now),
            Trust::Pinned(pinned) if *pinned == fingerprint => Ok(ServerCertVerified::assertion()),
            Trust::Pinned(_) => {
                Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(NotPinned)))))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.trust {
            Trust::Authorities(_) => verify_tls12_signature(message, certificate, signed, &self.algorithms),
            Trust::Pinned(_) => signed_by_its_key(message, certificate, signed, &self.algorithms),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// That the server holds the key of the certificate it shows, whatever the certificate's version: rustls reads version 3 alone.
fn signed_by_its_key(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let garbled = || Error::InvalidCertificate(CertificateError::BadEncoding);
    let certificate = Certificate::from_der(certificate).map_err(|_| garbled())?;
    let key = &certificate.tbs_certificate.subject_public_key_info;
    // The algorithm as rustls knows it: without the header of its sequence, two bytes for what is this short.
    let sort = key.algorithm.to_der().map_err(|_| garbled())?;
    let sort = sort.get(2..).ok_or_else(garbled)?;
    let key = key.subject_public_key.raw_bytes();
    let verifies = algorithms
        .mapping
        .iter()
        .filter(|(scheme, _)| *scheme == signed.scheme)
        .flat_map(|(_, algorithms)| algorithms.iter())
        .filter(|algorithm| algorithm.public_key_alg_id().as_ref() == sort)
        .any(|algorithm| algorithm.verify_signature(key, message, signed.signature()).is_ok());
    if verifies {
        Ok(HandshakeSignatureValid::assertion())
    } else {
        Err(Error::InvalidCertificate(CertificateError::BadSignature))
    }
}
