//! Keys from passphrases, by Argon2id (<https://www.rfc-editor.org/rfc/rfc9106>), and the file in which such a key wraps the
//! master key. The file holds the salt and the costs, so that a later version may raise them.

use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rand::Rng as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{KeyError, Vault, key_file};

/// The format of the file.
const FORMAT: u32 = 1;
/// What the wrapped key is bound to.
const NAME: &str = "master-key";

/// What a guess costs. Section 4 of the RFC recommends these for machines that have not two gigabytes to spare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cost {
    pub(super) memory_kib: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

impl Cost {
    pub(super) const USUAL: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

    /// The key of a passphrase; `None` for costs that nobody would choose: they come from a file.
    pub(super) fn key(self, passphrase: &SecretString, salt: &[u8; 16]) -> Option<Vault> {
        let bounded = self.memory_kib <= 1024 * 1024 && self.passes <= 16 && self.lanes <= 16;
        let params = bounded.then(|| Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()).flatten()?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose_secret().as_bytes(), salt, key.as_mut_slice())
            .ok()?;
        Some(Vault::new(key))
    }
}

pub(super) fn salt() -> [u8; 16] {
    let mut salt = [0; 16];
    rand::rng().fill_bytes(&mut salt);
    salt
}

#[derive(Serialize, Deserialize)]
struct Wrapped {
    format: u32,
    cost: Cost,
    salt: String,
    key: String,
}

/// The master key in the file.
pub(super) fn open(path: &Path, passphrase: &SecretString) -> Result<Vault, KeyError> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let bytes = key_file::read(path, true)?;
    let damaged = || KeyError::NotWrapped { path: path.to_owned() };
    let head: Head = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
    if head.format > FORMAT {
        return Err(KeyError::LaterFormat { path: path.to_owned(), format: head.format });
    }
    let wrapped: Wrapped = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
    let salt = STANDARD.decode(&wrapped.salt).ok().and_then(|salt| salt.try_into().ok()).ok_or_else(damaged)?;
    let sealed = STANDARD.decode(&wrapped.key).map_err(|_| damaged())?;
    let key = wrapped.cost.key(passphrase, &salt).ok_or_else(damaged)?;
    key.unwrap(NAME, &sealed).map_err(|_| KeyError::WrongPassphrase { path: path.to_owned() })
}

/// What the file holds for this key.
pub(super) fn wrapped(key: &Vault, passphrase: &SecretString) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (cost, salt) = (Cost::USUAL, salt());
    let none = || KeyError::NotHere { kind: super::KeyKind::Passphrase, why: "the key could not be wrapped" };
    let by = cost.key(passphrase, &salt).ok_or_else(none)?;
    let sealed = by.wrap(NAME, key).map_err(|_| none())?;
    let wrapped = Wrapped { format: FORMAT, cost, salt: STANDARD.encode(salt), key: STANDARD.encode(sealed) };
    let mut text = serde_json::to_vec_pretty(&wrapped).map_err(|_| none())?;
    text.push(b'\n');
    Ok(Zeroizing::new(text))
}
