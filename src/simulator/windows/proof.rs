//! What a third message proves.

use hmac::{Hmac, KeyInit as _, Mac as _};
use md4::Md4;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::message::{Third, utf_16};

/// Where the integrity code is, in the third message.
const CODE: std::ops::Range<usize> = 72..88;

/// The key of the session, if whoever wrote this knows the password.
pub(super) fn of_password(third: &Third, nonce: [u8; 8], password: &str) -> Option<[u8; 16]> {
    let account = format!("{}{}", third.user.to_uppercase(), third.domain);
    let key = hmac(&Md4::digest(utf_16(password)), &[&utf_16(&account)]);
    let proof = hmac(&key, &[&nonce, &third.covered]);
    bool::from(proof.ct_eq(&third.proof)).then(|| hmac(&key, &[&proof]))
}

/// Whether the integrity code covers these messages; one that says it has none needs none.
pub(super) fn fits(third: &Third, key: &[u8; 16], before: &[&[u8]], message: &[u8]) -> bool {
    if !third.has_code() {
        return true;
    }
    let mut blank = message.to_vec();
    let Some(place) = blank.get_mut(CODE) else { return false };
    let code = place.to_vec();
    place.fill(0);
    let parts: Vec<&[u8]> = before.iter().copied().chain([blank.as_slice()]).collect();
    bool::from(hmac(key, &parts).ct_eq(code.as_slice()))
}

/// The channel of a server that shows this certificate. Ours are signed with SHA-256 always.
pub(crate) fn channel(certificate: &[u8]) -> [u8; 16] {
    let data = [b"tls-server-end-point:".as_slice(), &Sha256::digest(certificate)].concat();
    let length = u32::try_from(data.len()).unwrap_or_default();
    Md5::digest([[0; 16].as_slice(), &length.to_le_bytes(), &data].concat()).into()
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    let Ok(mut mac) = Hmac::<Md5>::new_from_slice(key) else { return [0; 16] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
