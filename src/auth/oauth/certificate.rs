//! Signing in as an app: a certificate in place of a password, and no user who signs in.
//!
//! An [`AppCertificate`] is a certificate with its private key: [`made`] by us, or [`read`] from files that somebody brought. What
//! is signed with it ([`assertion`]) is worth a token at the authority that knows the certificate; an [`AppSession`] gets such
//! tokens for everybody who shares the app. The key never leaves this machine, and nobody can do anything with the certificate.
//! <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>

mod assertion;
mod made;
mod read;
mod session;
mod unfit;

use aws_lc_rs::{
    digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256},
    encoding::{AsDer, Pkcs8V1Der},
    rsa::KeyPair,
    signature::KeyPair as _,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use jsonwebtoken::EncodingKey;
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use secrecy::{ExposeSecret as _, SecretString};
use x509_cert::{
    Certificate,
    der::{Decode as _, Reader as _, SliceReader, asn1::UintRef},
    spki::ObjectIdentifier,
};
use zeroize::Zeroizing;

pub use made::make;
pub use read::{is_pem, pem, pfx};
pub use session::AppSession;
pub use unfit::Unfit;

/// `rsaEncryption`: PS256 takes no other key. <https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1>
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// Shorter keys are no longer safe, and Entra takes none.
const SHORTEST_KEY: usize = 2048;
/// How many characters a line of PEM has. <https://www.rfc-editor.org/rfc/rfc7468#section-2>
const LINE: usize = 64;

/// A certificate of an app with its private key, which belong together.
pub struct AppCertificate {
    der: Vec<u8>,
    key: EncodingKey,
    key_pem: SecretString,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl std::fmt::Debug for AppCertificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("AppCertificate");
        shown.field("thumbprint", &self.thumbprint()).field("not_after", &self.not_after).finish_non_exhaustive()
    }
}

impl AppCertificate {
    /// A certificate as DER, and its private key as PEM: PKCS#8, or the older form that is for RSA alone.
    ///
    /// # Errors
    /// When one of the two cannot be used, or they do not belong together. Whether it is valid now is another question: see
    /// [`Self::usable`].
    pub fn new(der: &[u8], key_pem: &SecretString) -> Result<Self, Unfit> {
        let certificate = Certificate::from_der(der).map_err(|_| Unfit::Certificate)?.tbs_certificate;
        let public = &certificate.subject_public_key_info;
        if public.algorithm.oid != RSA {
            return Err(Unfit::NotRsa);
        }
        let public = public.subject_public_key.raw_bytes();
        let bits = modulus_bits(public).ok_or(Unfit::Certificate)?;
        if bits < SHORTEST_KEY {
            return Err(Unfit::Short(bits));
        }
        let pair = private_key(key_pem)?;
        if pair.public_key().as_ref() != public {
            return Err(Unfit::NotItsKey);
        }
        let pkcs8 = AsDer::<Pkcs8V1Der>::as_der(&pair).map_err(|_| Unfit::Key)?;
        let key_pem = armoured("PRIVATE KEY", pkcs8.as_ref());
        let key = EncodingKey::from_rsa_pem(key_pem.as_bytes()).map_err(|_| Unfit::Key)?;
        let moment = |time: x509_cert::time::Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| Unfit::Certificate)?;
            Timestamp::from_second(seconds).map_err(|_| Unfit::Certificate)
        };
        Ok(Self {
            der: der.to_vec(),
            key,
            key_pem: SecretString::from(key_pem.as_str()),
            not_before: moment(certificate.validity.not_before)?,
            not_after: moment(certificate.validity.not_after)?,
        })
    }

    /// The certificate: what the other side is to know.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The same as text, for a file.
    pub fn pem(&self) -> String {
        pem_of(&self.der)
    }

    /// The private key, as PEM (PKCS#8): what nobody else is to know.
    pub fn key(&self) -> &SecretString {
        &self.key_pem
    }

    /// SHA-256 over the certificate, in hexadecimal digits: what identifies it.
    pub fn thumbprint(&self) -> String {
        hexadecimal(digest::digest(&SHA256, &self.der).as_ref())
    }

    /// See [`listed_as`].
    pub fn listed_as(&self) -> String {
        listed_as(&self.der)
    }

    /// When it becomes valid.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// When it ends.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether it is valid at this time.
    ///
    /// # Errors
    /// When it is not yet, or not any more.
    pub fn usable(&self, now: Timestamp) -> Result<(), Unfit> {
        if now < self.not_before {
            return Err(Unfit::NotYet(self.not_before));
        }
        if now > self.not_after {
            return Err(Unfit::Expired(self.not_after));
        }
        Ok(())
    }
}

/// The SHA-1 thumbprint that an app registration lists a certificate by. Nothing rests on it.
pub fn listed_as(der: &[u8]) -> String {
    hexadecimal(digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref())
}

/// A certificate as text, for a file.
pub fn pem_of(der: &[u8]) -> String {
    armoured("CERTIFICATE", der).as_str().to_owned()
}

/// The pair that a private key is one half of.
fn private_key(pem: &SecretString) -> Result<KeyPair, Unfit> {
    let pem = pem.expose_secret().as_bytes();
    match PrivateKeyDer::from_pem_slice(pem).map_err(|_| Unfit::Key)? {
        PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| Unfit::Key),
        PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()).map_err(|_| Unfit::Key),
        _ => Err(Unfit::NotRsa),
    }
}

/// How long the key is, by its `RSAPublicKey`. <https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1>
fn modulus_bits(public: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(public).ok()?;
    let bits = reader.sequence(|inside| {
        let modulus = UintRef::decode(inside)?;
        UintRef::decode(inside)?;
        let modulus = modulus.as_bytes();
        let unused = modulus.first().map_or(0, |first| first.leading_zeros());
        Ok((modulus.len() * 8).saturating_sub(usize::try_from(unused).unwrap_or_default()))
    });
    bits.ok()
}

/// DER as PEM.
fn armoured(label: &str, der: &[u8]) -> Zeroizing<String> {
    let text = Zeroizing::new(STANDARD.encode(der));
    // With room for everything, so that no copy is left behind where the text grew.
    let mut pem = Zeroizing::new(String::with_capacity(text.len() + text.len() / LINE + 2 * label.len() + 64));
    let mut rest = text.as_str();
    pem.push_str("-----BEGIN ");
    pem.push_str(label);
    pem.push_str("-----\n");
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem.push_str("-----END ");
    pem.push_str(label);
    pem.push_str("-----\n");
    pem
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests;
