use jiff::{SignedDuration, Timestamp};
use p12_keystore::{Certificate as Bag, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use secrecy::{ExposeSecret as _, SecretString};

use super::*;

fn made(days: u16) -> AppCertificate {
    make("Pocket Docket of Kanzlei Weber", Timestamp::now(), days).expect("can be made")
}

/// As somebody would keep the two in one file.
fn both(certificate: &AppCertificate) -> String {
    format!("{}{}", certificate.pem(), certificate.key().expose_secret())
}

fn packed(certificate: &AppCertificate, passphrase: &str) -> Vec<u8> {
    let der = PrivateKeyDer::from_pem_slice(certificate.key().expose_secret().as_bytes()).expect("a key");
    let key = PrivateKey::from_der(der.secret_der()).expect("a key");
    let bag = Bag::from_der(certificate.der()).expect("a certificate");
    let mut store = KeyStore::new();
    store.add_entry("app", KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(b"1".to_vec(), key, [bag])));
    store.writer(passphrase).write().expect("can be written")
}

#[test]
fn what_is_made_is_valid_today_and_comes_back_out_of_both_kinds_of_file() {
    let certificate = made(365);
    let now = Timestamp::now();
    assert_eq!(certificate.usable(now), Ok(()));
    assert!(certificate.not_after() > now + SignedDuration::from_hours(24 * 363));
    let read = pem(both(&certificate).as_bytes()).expect("is read");
    assert_eq!((read.der(), read.thumbprint().len()), (certificate.der(), 64));
    assert_eq!(read.key().expose_secret(), certificate.key().expose_secret());
    let passphrase = SecretString::from("Öffne dich 7");
    let file = packed(&certificate, passphrase.expose_secret());
    assert!(!is_pem(&file) && is_pem(certificate.pem().as_bytes()));
    let read = pfx(&file, &passphrase).expect("is read");
    assert_eq!((read.thumbprint(), read.listed_as().len()), (certificate.thumbprint(), 40));
    assert!(!format!("{read:?}").contains("PRIVATE"));
}

#[test]
fn what_cannot_be_used_is_told_apart() {
    let (certificate, other) = (made(10), made(10));
    let key = certificate.key().expose_secret();
    let read = |text: &str| pem(text.as_bytes()).expect_err("cannot be used");
    assert_eq!(read(&format!("{}{key}", other.pem())), Unfit::NotItsKey);
    assert_eq!(read(&certificate.pem()), Unfit::NoKey);
    assert_eq!(read(key), Unfit::NoCertificate);
    assert_eq!(read("nothing"), Unfit::File);
    assert_eq!(
        read(&format!("{}{}", certificate.pem(), key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"))),
        Unfit::EncryptedKey
    );
    let curve = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
    let of_curve = CertificateParams::default().self_signed(&curve).expect("a certificate");
    assert_eq!(read(&format!("{}{}", of_curve.pem(), curve.serialize_pem())), Unfit::NotRsa);
    let file = packed(&certificate, "richtig");
    assert_eq!(pfx(&file, &"falsch".to_owned().into()).expect_err("is refused"), Unfit::Passphrase);
    let cut = file.get(..file.len() / 2).expect("half of it");
    assert_eq!(pfx(cut, &"richtig".to_owned().into()).expect_err("is refused"), Unfit::File);
    for unfit in [Unfit::Certificate, Unfit::Key, Unfit::Short(1024), Unfit::Protection, Unfit::NotMade] {
        assert!(!unfit.hint().is_empty() && !unfit.to_string().ends_with('.'));
    }
}

/// The one of the key is taken, wherever it stands among those of its issuers.
#[test]
fn the_certificate_of_the_key_is_found_among_others() {
    let (certificate, other) = (made(10), made(10));
    let text = format!("{}{}", other.pem(), both(&certificate));
    assert_eq!(pem(text.as_bytes()).expect("is read").thumbprint(), certificate.thumbprint());
}

#[test]
fn one_that_has_ended_or_not_begun_is_refused_by_its_dates() {
    let certificate = made(1);
    let hours = |hours| Timestamp::now() + SignedDuration::from_hours(hours);
    assert_eq!(certificate.usable(hours(48)), Err(Unfit::Expired(certificate.not_after())));
    assert_eq!(certificate.usable(hours(-48)), Err(Unfit::NotYet(certificate.not_before())));
}
