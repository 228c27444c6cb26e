//! A key pair of our own with a certificate that it signs itself: all that an app registration wants to see.

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
    RsaKeySize,
};
use secrecy::SecretString;
use zeroize::{Zeroize as _, Zeroizing};

use super::{AppCertificate, Unfit};

/// A new key pair (RSA, 3072 bits), and a certificate of that name for so many days from today on (UTC).
///
/// # Errors
/// [`Unfit::NotMade`] when this machine can make none.
pub fn make(name: &str, now: Timestamp, days: u16) -> Result<AppCertificate, Unfit> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let today = TimeZone::UTC.to_datetime(now).date();
    let last = today.checked_add(i32::from(days).days()).map_err(|_| Unfit::NotMade)?;
    let midnight =
        |day: Date| rcgen::date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs());
    (parameters.not_before, parameters.not_after) = (midnight(today), midnight(last));
    let mut pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072).map_err(|_| Unfit::NotMade)?;
    let certificate = parameters.self_signed(&pair).map_err(|_| Unfit::NotMade)?;
    let key = Zeroizing::new(pair.serialize_pem());
    pair.zeroize();
    AppCertificate::new(certificate.der(), &SecretString::from(key.as_str()))
}
