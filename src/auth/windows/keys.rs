//! The keys of NTLMv2, MS-NLMP section 3.3.2: <https://learn.microsoft.com/openspecs/windows_protocols/ms-nlmp/b38c36ed-2804-4868-a9ff-8dd3182128e4>.
//!
//! MD4 and MD5 are what the protocol is made of, and what TLS around it makes up for.

use hmac::{Hmac, KeyInit as _, Mac as _};
use md4::{Digest as _, Md4};
use md5::Md5;
use zeroize::Zeroizing;

/// The length of every key and digest here.
pub(super) const LENGTH: usize = 16;

/// `NTOWFv2`: what stands for the password, for this user in this domain. It is as good as the password, towards NTLM.
pub(super) fn password_key(user: &str, domain: &str, password: &str) -> Zeroizing<[u8; LENGTH]> {
    let password = Zeroizing::new(utf_16(password));
    let hash: Zeroizing<[u8; LENGTH]> = Zeroizing::new(Md4::digest(password.as_slice()).into());
    Zeroizing::new(digest(&hash, &[&utf_16(&upper(user)), &utf_16(domain)]))
}

/// HMAC-MD5 of these bytes, one after the other.
pub(super) fn digest(key: &[u8; LENGTH], parts: &[&[u8]]) -> [u8; LENGTH] {
    // A key that is shorter than the block counts as filled up with zeros, so says RFC 2104.
    let mut block = Zeroizing::new([0; 64]);
    block[..LENGTH].copy_from_slice(key);
    let mut mac = Hmac::<Md5>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Text as NTLM writes it: UTF-16, low byte first.
pub(super) fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Upper case as Windows makes it, letter by letter: one that would become two (`ß`) stays as it is.
fn upper(text: &str) -> String {
    text.chars()
        .map(|letter| {
            let mut upper = letter.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(one), None) => one,
                _ => letter,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_stays_one_letter_in_upper_case() {
        assert_eq!(upper("Großmüller.ǰ"), "GROßMÜLLER.ǰ");
    }
}
