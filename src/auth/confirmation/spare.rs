//! What stands in for an authenticator app that is lost: ten recovery codes, each good once, and one backup key. Drawn from the
//! letters and digits that are not mistaken for each other (Crockford's base 32), kept as salted hashes.

use rand::{CryptoRng, RngExt};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a recovery code: 60 bits.
const CODE: usize = 12;
/// Letters of a backup key: 120 bits.
const KEY: usize = 24;
/// How many recovery codes there are.
pub const CODES: usize = 10;

/// A recovery code or a backup key, as it is written down: groups of four.
#[derive(Clone, Debug)]
pub struct Spare(SecretString);

impl Spare {
    /// Draws a recovery code.
    pub fn draw_code(random: &mut impl CryptoRng) -> Self {
        Self::draw(random, CODE)
    }

    /// Draws a backup key.
    pub fn draw_key(random: &mut impl CryptoRng) -> Self {
        Self::draw(random, KEY)
    }

    fn draw(random: &mut impl CryptoRng, letters: usize) -> Self {
        let drawn = (0..letters).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]));
        Self(SecretString::from(drawn.collect::<String>()))
    }

    /// Reads what a person typed, in upper or lower case, grouped or not.
    ///
    /// # Errors
    /// [`NotASpare`] for anything else; the text itself is not repeated.
    pub fn parse(typed: &str) -> Result<Self, NotASpare> {
        let mut letters = Zeroizing::new(String::with_capacity(KEY));
        for letter in typed.trim().chars() {
            let letter = match letter.to_ascii_uppercase() {
                ' ' | '-' | '\u{a0}' => continue,
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let known = u8::try_from(letter).is_ok_and(|letter| ALPHABET.contains(&letter));
            if !known || letters.len() == KEY {
                return Err(NotASpare);
            }
            letters.push(letter);
        }
        match letters.len() {
            CODE | KEY => Ok(Self(SecretString::from(letters.as_str()))),
            _ => Err(NotASpare),
        }
    }

    /// As it is written down. For the one time that it is shown and for nothing else.
    pub fn readable(&self) -> SecretString {
        let mut text = Zeroizing::new(String::with_capacity(KEY + KEY / 4));
        for (number, letter) in self.0.expose_secret().chars().enumerate() {
            if number > 0 && number % 4 == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        SecretString::from(text.as_str())
    }

    pub(super) fn hashed(&self, salt: [u8; 16]) -> Hashed {
        Hashed { salt, hash: self.hash(&salt), used: false }
    }

    fn hash(&self, salt: &[u8; 16]) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(b"pocketdocket recovery v1");
        digest.update(salt);
        digest.update(self.0.expose_secret().as_bytes());
        digest.finalize().into()
    }
}

/// What was typed is neither a recovery code nor a backup key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a recovery code has twelve letters and digits, like 2F9K-7QXC-M4TD, and a backup key twenty-four")]
pub struct NotASpare;

/// What is kept of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hashed {
    salt: [u8; 16],
    hash: [u8; 32],
    used: bool,
}

impl Hashed {
    pub(super) fn is(&self, spare: &Spare) -> bool {
        bool::from(spare.hash(&self.salt).ct_eq(&self.hash)) && !self.used
    }

    pub(super) fn use_up(&mut self) {
        self.used = true;
    }

    pub(super) fn is_used(&self) -> bool {
        self.used
    }
}
