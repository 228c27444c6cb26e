//! HTTPS on loopback: an authority of our own, made at each start, and the certificate that it signs. The authority's key is
//! forgotten at once, so trusting it lets nobody sign anything else.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// Which certificate is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificate {
    /// A valid one for `localhost`, 127.0.0.1 and `::1`.
    #[default]
    Valid,
    /// One that expired yesterday.
    Expired,
    /// One for another name.
    WrongName,
}

/// No certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate itself.
    #[error("it cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// The connection's settings.
    #[error("it cannot be used")]
    Settings(#[from] rustls::Error),
}

/// What a listener needs, and what its clients must trust.
#[derive(Debug)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    /// The authority's certificate.
    pub(crate) ca_pem: String,
    /// The certificate that is shown, as DER.
    pub(crate) shown: Vec<u8>,
}

const DAY: i64 = 24 * 60 * 60;

impl Tls {
    pub(crate) fn make(certificate: Certificate) -> Result<Self, TlsError> {
        let mut authority = parameters("Pocket Docket simulator authority", &[], -2 * DAY, 90 * DAY)?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate()?;
        let ca_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let names: &[&str] = match certificate {
            Certificate::Valid | Certificate::Expired => &["localhost", "127.0.0.1", "::1"],
            Certificate::WrongName => &["elsewhere.example"],
        };
        let until = if certificate == Certificate::Expired { -DAY } else { 30 * DAY };
        let mut leaf = parameters("Pocket Docket simulator", names, -2 * DAY, until)?;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let leaf = leaf.signed_by(&key, &issuer)?;

        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), ca_pem, shown: leaf.der().to_vec() })
    }
}

/// Valid from midnight of one day to midnight of another, both in seconds from now.
fn parameters(name: &str, names: &[&str], from: i64, until: i64) -> Result<CertificateParams, TlsError> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    let [not_before, not_after] = [from, until].map(|seconds| {
        let moment = Timestamp::now().checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::UNIX_EPOCH);
        let day = TimeZone::UTC.to_datetime(moment).date();
        rcgen::date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs())
    });
    parameters.not_before = not_before;
    parameters.not_after = not_after;
    Ok(parameters)
}
