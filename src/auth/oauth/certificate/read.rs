//! Certificates that somebody brings in files: PEM, or PFX (PKCS#12).

use p12_keystore::{Pkcs12Archive, error::Error};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::{AppCertificate, Unfit, armoured};

const KEYS: [&str; 3] = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];

/// Whether these bytes are PEM; PFX otherwise, if anything.
pub fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|window| window == b"-----BEGIN ")
}

/// Certificate and key out of PEM, in whatever order; where certificates of others are beside it, the one of the key.
///
/// # Errors
/// When either is missing or cannot be used, or the key is encrypted.
pub fn pem(bytes: &[u8]) -> Result<AppCertificate, Unfit> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unfit::File)?;
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(Unfit::EncryptedKey);
    }
    let certificates = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|_| Unfit::Certificate)?;
    if !KEYS.iter().any(|label| text.contains(&format!("-----BEGIN {label}-----"))) {
        return Err(if certificates.is_empty() { Unfit::File } else { Unfit::NoKey });
    }
    let certificates: Vec<&[u8]> = certificates.iter().map(AsRef::as_ref).collect();
    matching(&certificates, &[SecretString::from(text)])
}

/// Certificate and key out of a PFX file.
///
/// # Errors
/// When the passphrase is another one, or something is missing or cannot be used.
pub fn pfx(bytes: &[u8], passphrase: &SecretString) -> Result<AppCertificate, Unfit> {
    let archive = Pkcs12Archive::from_pkcs12(bytes, passphrase.expose_secret()).map_err(|error| match error {
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => Unfit::Passphrase,
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm | Error::UnsupportedContentType => {
            Unfit::Protection
        }
        Error::InvalidPrivateKey => Unfit::Key,
        Error::X509Error(_) | Error::UnsupportedCertificateType => Unfit::Certificate,
        _ => Unfit::File,
    })?;
    let certificates: Vec<&[u8]> = archive.certs.iter().map(|bag| bag.cert.as_der()).collect();
    let keys: Vec<SecretString> = archive
        .keys
        .iter()
        .map(|bag| {
            let pem: Zeroizing<String> = armoured("PRIVATE KEY", bag.key.as_der());
            SecretString::from(pem.as_str())
        })
        .collect();
    matching(&certificates, &keys)
}

/// The first pair that belongs together; where there is none, what is wrong with the first.
fn matching(certificates: &[&[u8]], keys: &[SecretString]) -> Result<AppCertificate, Unfit> {
    let mut wrong = None;
    for key in keys {
        for certificate in certificates {
            match AppCertificate::new(certificate, key) {
                Ok(fit) => return Ok(fit),
                Err(unfit) => wrong = wrong.or(Some(unfit)),
            }
        }
    }
    Err(wrong.unwrap_or(if certificates.is_empty() { Unfit::NoCertificate } else { Unfit::NoKey }))
}
