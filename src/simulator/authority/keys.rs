//! The keys that tokens are signed with. The first is made when it is first needed: it takes a moment, and most simulators
//! never need one.

use std::sync::{Arc, Mutex};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::simulator::{SimulatorError, lock};

/// So many keys are published: the one in use and the one before.
const PUBLISHED: usize = 2;

/// Keys, the one in use first.
#[derive(Debug, Default)]
pub(crate) struct Keys(Mutex<Vec<Arc<Key>>>);

/// A key that signs.
#[derive(Debug)]
pub(crate) struct Key {
    /// What the head of a token calls it.
    pub(crate) id: String,
    pair: KeyPair,
}

impl Key {
    pub(super) fn make() -> Result<Self, SimulatorError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| SimulatorError::Key)?;
        Ok(Self { id: Uuid::new_v4().simple().to_string(), pair })
    }

    /// Signs with RS256.
    pub(super) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, SimulatorError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
            .map_err(|_| SimulatorError::Key)?;
        Ok(signature)
    }

    /// Whether this key signed the text.
    pub(super) fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref());
        public.verify(text, signature).is_ok()
    }

    /// As others read it. <https://www.rfc-editor.org/rfc/rfc7517>
    fn published(&self) -> Option<Value> {
        let (modulus, exponent) = numbers(self.pair.public_key().as_ref())?;
        let text = |number: &[u8]| URL_SAFE_NO_PAD.encode(number);
        Some(json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": text(modulus), "e": text(exponent),
        }))
    }
}

impl Keys {
    /// The key in use.
    pub(crate) fn current(&self) -> Result<Arc<Key>, SimulatorError> {
        let mut keys = lock(&self.0);
        if let Some(key) = keys.first() {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(Key::make()?);
        keys.push(Arc::clone(&key));
        Ok(key)
    }

    /// Signs with a new key from now on. The one before stays published, so that tokens it signed are still good.
    pub(crate) fn rotate(&self) -> Result<(), SimulatorError> {
        let key = Arc::new(Key::make()?);
        let mut keys = lock(&self.0);
        keys.insert(0, key);
        keys.truncate(PUBLISHED);
        Ok(())
    }

    /// The key of this name, if it is published.
    pub(super) fn find(&self, id: &str) -> Option<Arc<Key>> {
        lock(&self.0).iter().find(|key| key.id == id).map(Arc::clone)
    }

    /// The set that clients check tokens with.
    pub(super) fn published(&self) -> Result<Value, SimulatorError> {
        self.current()?;
        let keys: Vec<Value> = lock(&self.0).iter().filter_map(|key| key.published()).collect();
        Ok(json!({ "keys": keys }))
    }
}

/// Modulus and exponent of an `RSAPublicKey`: a sequence of two whole numbers.
/// <https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1>
fn numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = part(der, 0x30)?;
    let (modulus, rest) = part(sequence, 0x02)?;
    let (exponent, _) = part(rest, 0x02)?;
    // A leading zero only says that the number is not negative.
    Some((modulus.strip_prefix(&[0]).unwrap_or(modulus), exponent.strip_prefix(&[0]).unwrap_or(exponent)))
}

/// The content of the first part, which must be of this kind, and what follows it.
fn part(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*length) {
        short if short < 0x80 => (short, rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
            (bytes.iter().fold(0_usize, |length, byte| (length << 8) | usize::from(*byte)), rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    (*first == kind).then_some((content, rest))
}
