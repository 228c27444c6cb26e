use std::{fmt, sync::Arc};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand::Rng;
use zeroize::Zeroizing;

/// First byte of everything sealed in this format: a nonce of 24 bytes follows, then the cipher text with its tag.
const FORMAT: u8 = 1;
const NONCE: usize = 24;
const TAG: usize = 16;

/// A key, and what is done with it. Clones share it.
#[derive(Clone)]
pub struct Vault {
    key: Arc<Zeroizing<[u8; 32]>>,
}

impl Vault {
    /// A vault under this key.
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self { key: Arc::new(key) }
    }

    /// A vault under a fresh random key, which nothing keeps.
    pub fn with_random_key() -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rand::rng().fill_bytes(key.as_mut_slice());
        Self::new(key)
    }

    /// Seals a text for what it belongs to; 41 bytes longer than the text.
    ///
    /// # Errors
    /// [`VaultError::TooLong`] above the cipher's limit of 256 GB.
    pub fn seal(&self, belongs_to: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let cipher = XChaCha20Poly1305::new((&**self.key).into());
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: belongs_to.as_bytes() })
            .map_err(|_| VaultError::TooLong)?;
        let mut all = Vec::with_capacity(1 + NONCE + sealed.len());
        all.push(FORMAT);
        all.extend_from_slice(&nonce);
        all.extend_from_slice(&sealed);
        Ok(all)
    }

    /// Opens what was sealed for the same thing under the same key.
    ///
    /// # Errors
    /// [`VaultError::UnknownFormat`] for a format of a later version, [`VaultError::Refused`] when the key is another one, the
    /// piece belongs to something else, or it was changed: the cipher cannot tell these apart.
    pub fn open(&self, belongs_to: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let refused = || VaultError::Refused { belongs_to: belongs_to.to_owned() };
        let (format, rest) = sealed.split_first().ok_or_else(refused)?;
        if *format != FORMAT {
            return Err(VaultError::UnknownFormat { belongs_to: belongs_to.to_owned(), format: *format });
        }
        let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or_else(refused)?;
        if text.len() < TAG {
            return Err(refused());
        }
        XChaCha20Poly1305::new((&**self.key).into())
            .decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: belongs_to.as_bytes() })
            .map(Zeroizing::new)
            .map_err(|_| refused())
    }

    /// Seals another vault's key.
    ///
    /// # Errors
    /// None in practice: a key is short.
    pub fn wrap(&self, belongs_to: &str, other: &Self) -> Result<Vec<u8>, VaultError> {
        self.seal(belongs_to, other.key())
    }

    /// Opens another vault's key.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn unwrap(&self, belongs_to: &str, sealed: &[u8]) -> Result<Self, VaultError> {
        let plain = self.open(belongs_to, sealed)?;
        let mut key = Zeroizing::new([0; 32]);
        if plain.len() != key.len() {
            return Err(VaultError::Refused { belongs_to: belongs_to.to_owned() });
        }
        key.copy_from_slice(&plain);
        Ok(Self::new(key))
    }

    /// The key itself, for where it is kept.
    pub(super) fn key(&self) -> &[u8; 32] {
        &self.key
    }
}

/// Compared in constant time.
impl PartialEq for Vault {
    fn eq(&self, other: &Self) -> bool {
        subtle::ConstantTimeEq::ct_eq(&self.key[..], &other.key[..]).into()
    }
}

impl Eq for Vault {}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Vault(<key>)")
    }
}

/// Why something could not be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Another key, another owner, or damage.
    #[error("`{belongs_to}` does not open: it was sealed with another key, for something else, or it is damaged")]
    Refused {
        /// What it should belong to.
        belongs_to: String,
    },
    /// Written by a later version.
    #[error("`{belongs_to}` is sealed in format {format}, which this version does not know")]
    UnknownFormat {
        /// What it belongs to.
        belongs_to: String,
        /// The format byte.
        format: u8,
    },
    /// More than the cipher can seal at once.
    #[error("the text is too long to be sealed")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_sealed_opens_for_its_owner_alone() {
        let vault = Vault::with_random_key();
        let sealed = vault.seal("secret/weber/password", b"Sommer2026!").expect("short");
        assert_eq!(vault.open("secret/weber/password", &sealed).expect("same key").as_slice(), b"Sommer2026!");
        assert!(vault.open("secret/huber/password", &sealed).is_err(), "it belongs to weber");
        assert!(Vault::with_random_key().open("secret/weber/password", &sealed).is_err(), "another key");
        assert_eq!(sealed.len(), 11 + 41);
    }

    #[test]
    fn sealing_the_same_text_twice_shows_nothing_equal() {
        let vault = Vault::with_random_key();
        let (first, second) = (vault.seal("a", b"same").expect("short"), vault.seal("a", b"same").expect("short"));
        assert_ne!(first[1..], second[1..]);
    }

    #[test]
    fn a_later_format_is_named() {
        let vault = Vault::with_random_key();
        let mut sealed = vault.seal("a", b"text").expect("short");
        sealed[0] = 9;
        assert_eq!(vault.open("a", &sealed), Err(VaultError::UnknownFormat { belongs_to: "a".into(), format: 9 }));
    }

    #[test]
    fn the_key_cannot_be_printed() {
        let vault = Vault::new(Zeroizing::new([0xab; 32]));
        assert_eq!(format!("{vault:?}"), "Vault(<key>)");
    }

    proptest! {
        #[test]
        fn a_changed_byte_is_noticed(text: Vec<u8>, place: prop::sample::Index, bit in 0..8_u8) {
            let vault = Vault::with_random_key();
            let mut sealed = vault.seal("x", &text).expect("short");
            let place = place.index(sealed.len());
            sealed[place] ^= 1 << bit;
            prop_assert!(vault.open("x", &sealed).is_err());
        }

        #[test]
        fn arbitrary_bytes_are_refused_without_panic(bytes: Vec<u8>) {
            prop_assert!(Vault::with_random_key().open("x", &bytes).is_err());
        }
    }
}
