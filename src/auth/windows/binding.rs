//! The channel that a sign-in is bound to: `tls-server-end-point` of [RFC 5929](https://www.rfc-editor.org/rfc/rfc5929#section-4),
//! in the form that NTLM carries.
//!
//! Whoever opens the TLS connection in between shows another certificate, so what is signed for it is of no use to them at the
//! server. Exchange looks at it from 2019 CU14 on (Extended Protection).

use md5::{Digest as _, Md5};
use sha2::{Sha256, Sha384, Sha512};
use x509_cert::{Certificate, der::Decode as _, spki::ObjectIdentifier};

const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
/// How a certificate can be signed, and with which digest; MD5 and SHA-1 count as SHA-256.
const SIGNATURES: [(ObjectIdentifier, Digest); 12] = [
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4"), Digest::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"), Digest::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.10040.4.3"), Digest::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"), Digest::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"), Digest::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"), Digest::Sha384),
    (ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"), Digest::Sha512),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.2"), Digest::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"), Digest::Sha256),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"), Digest::Sha384),
    (ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"), Digest::Sha512),
    (RSA_PSS, Digest::Sha256),
];
/// DER of the digests that the parameters of RSA-PSS may name.
const SHA_384: &[u8] = &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const SHA_512: &[u8] = &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

/// The binding to a connection whose other end showed this certificate. None for signatures for which none is defined (Ed25519).
pub(super) fn to_server(certificate: &[u8]) -> Option<[u8; 16]> {
    let hash = match digest_of(certificate)? {
        Digest::Sha256 => Sha256::digest(certificate).to_vec(),
        Digest::Sha384 => Sha384::digest(certificate).to_vec(),
        Digest::Sha512 => Sha512::digest(certificate).to_vec(),
    };
    Some(packed(&hash))
}

fn digest_of(certificate: &[u8]) -> Option<Digest> {
    let algorithm = Certificate::from_der(certificate).ok()?.signature_algorithm;
    let (_, digest) = SIGNATURES.iter().find(|(known, _)| *known == algorithm.oid)?;
    let parameters = algorithm.parameters.filter(|_| algorithm.oid == RSA_PSS);
    let named =
        |name: &[u8]| parameters.as_ref().is_some_and(|there| there.value().windows(name.len()).any(|at| at == name));
    Some(if named(SHA_384) {
        Digest::Sha384
    } else if named(SHA_512) {
        Digest::Sha512
    } else {
        *digest
    })
}

/// MD5 of the structure of [RFC 2744](https://www.rfc-editor.org/rfc/rfc2744#section-3.11) without addresses, as MS-NLMP wants it.
fn packed(hash: &[u8]) -> [u8; 16] {
    let mut data = b"tls-server-end-point:".to_vec();
    data.extend_from_slice(hash);
    let mut md5 = Md5::new();
    md5.update([0; 16]);
    md5.update(u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes());
    md5.update(&data);
    md5.finalize().into()
}

#[cfg(test)]
mod tests {
    use rcgen::{
        CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SignatureAlgorithm,
    };
    use x509_cert::der::{Any, Encode as _};

    use super::*;

    fn certificate(algorithm: &'static SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let parameters = CertificateParams::new(vec!["mail.kanzlei.example".to_owned()]).unwrap();
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    /// The same certificate, said to be signed otherwise; the signature is not looked at here.
    fn said_to_be(certificate: &[u8], before: &[u8], after: &[u8]) -> Vec<u8> {
        let mut changed = certificate.to_vec();
        let places: Vec<usize> =
            (0..certificate.len() - before.len()).filter(|at| certificate[*at..].starts_with(before)).collect();
        assert!(!places.is_empty());
        for place in places {
            changed[place..place + after.len()].copy_from_slice(after);
        }
        changed
    }

    /// The same certificate, said to be signed with RSA-PSS and this digest.
    fn said_to_be_pss(certificate: &[u8], digest: &[u8]) -> Vec<u8> {
        let holding = |tag: u8, inner: &[u8]| [&[tag, u8::try_from(inner.len()).unwrap()], inner].concat();
        let parameters = holding(0x30, &holding(0xa0, &holding(0x30, digest)));
        let mut changed = Certificate::from_der(certificate).unwrap();
        changed.signature_algorithm.oid = RSA_PSS;
        changed.signature_algorithm.parameters = Some(Any::from_der(&parameters).unwrap());
        changed.to_der().unwrap()
    }

    #[test]
    fn with_rsa_pss_the_digest_is_the_one_that_its_parameters_name() {
        const SHA_256: &[u8] = &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
        let usual = certificate(&PKCS_ECDSA_P256_SHA256);
        for (named, digest) in [(SHA_256, Digest::Sha256), (SHA_384, Digest::Sha384), (SHA_512, Digest::Sha512)] {
            assert_eq!(digest_of(&said_to_be_pss(&usual, named)), Some(digest), "{named:?}");
        }
    }

    #[test]
    fn the_digest_is_that_of_the_signature_and_never_a_weak_one() {
        let usual = certificate(&PKCS_ECDSA_P256_SHA256);
        assert_eq!(digest_of(&usual), Some(Digest::Sha256));
        assert_eq!(digest_of(&certificate(&PKCS_ECDSA_P384_SHA384)), Some(Digest::Sha384));
        // 1.2.840.10045.4.3.2 becomes .4 (SHA-512).
        let ecdsa = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
        let stronger = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04];
        assert_eq!(digest_of(&said_to_be(&usual, &ecdsa, &stronger)), Some(Digest::Sha512));
        assert_eq!(digest_of(&certificate(&PKCS_ED25519)), None, "none is defined");
        for weak in ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"] {
            let found = SIGNATURES.iter().find(|(known, _)| known.to_string() == weak).unwrap();
            assert_eq!(found.1, Digest::Sha256, "{weak}");
        }
        assert_eq!(to_server(b"no certificate"), None);
    }

    #[test]
    fn another_certificate_is_another_channel() {
        let (one, other) = (certificate(&PKCS_ECDSA_P256_SHA256), certificate(&PKCS_ECDSA_P256_SHA256));
        assert_eq!(to_server(&one), Some(packed(&Sha256::digest(&one))));
        assert_ne!(to_server(&one), to_server(&other));
    }
}
