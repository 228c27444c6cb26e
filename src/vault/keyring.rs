//! The keyring of the system: Secret Service on Linux, Credential Manager on Windows. It holds the master key and nothing else.
//!
//! A keyring may ask somebody to unlock it, on a screen that nobody looks at. So it is asked on a thread of its own, and after
//! [`PATIENCE`] we go on without it. Where there is none (a server without a desktop), it says so within milliseconds.

use super::{KeyError, Vault};

/// How long a keyring may take.
#[cfg(feature = "keyring")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
/// The name of the program in the keyring.
#[cfg(feature = "keyring")]
const SERVICE: &str = "pocketdocket";

#[cfg(not(feature = "keyring"))]
const NOT_BUILT: KeyError =
    KeyError::NotHere { kind: super::KeyKind::Keyring, why: "this program was built without it" };

pub(super) fn at_hand() -> Result<(), String> {
    #[cfg(feature = "keyring")]
    return asked("", |_| Ok(())).map_err(|error| match error {
        KeyError::NoKeyring { why } => why,
        other => other.to_string(),
    });
    #[cfg(not(feature = "keyring"))]
    Err("this program was built without it".to_owned())
}

/// The key in the entry of this account.
pub(super) fn open(account: &str) -> Result<Vault, KeyError> {
    #[cfg(feature = "keyring")]
    return {
        let bytes = asked(account, |entry| entry.get_secret().map(zeroize::Zeroizing::new))?;
        let path = std::path::PathBuf::from(account);
        super::key_file::as_key(&path, &bytes).map_err(|_| KeyError::KeyringRefused {
            account: account.to_owned(),
            why: "what it holds is no key of 32 bytes".to_owned(),
        })
    };
    #[cfg(not(feature = "keyring"))]
    {
        let _ = account;
        Err(NOT_BUILT)
    }
}

/// Puts a key into the entry of this account, whatever it held.
pub(super) fn put(account: &str, key: &Vault) -> Result<(), KeyError> {
    #[cfg(feature = "keyring")]
    return {
        let key = zeroize::Zeroizing::new(key.key().to_vec());
        asked(account, move |entry| entry.set_secret(&key))
    };
    #[cfg(not(feature = "keyring"))]
    {
        let _ = (account, key);
        Err(NOT_BUILT)
    }
}

/// Asks the keyring, and waits no longer than [`PATIENCE`]. An empty account only looks whether there is a keyring.
#[cfg(feature = "keyring")]
fn asked<T: Send + 'static>(
    account: &str,
    question: impl FnOnce(&keyring::Entry) -> keyring::Result<T> + Send + 'static,
) -> Result<T, KeyError> {
    let (answers, answer) = std::sync::mpsc::channel();
    let name = if account.is_empty() { "probe".to_owned() } else { account.to_owned() };
    let asked_for = name.clone();
    // The thread is not waited for: it may never end.
    let thread = std::thread::Builder::new().name("keyring".to_owned()).spawn(move || {
        let entry = match keyring::Entry::store_status() {
            Ok(()) => keyring::Entry::new(SERVICE, &name),
            Err(error) => {
                let _ = answers.send(Err(KeyError::NoKeyring { why: said(error) }));
                return;
            }
        };
        let answered = entry.and_then(|entry| question(&entry)).map_err(|error| in_words(&name, &error));
        // Who gave up waiting does not listen any more.
        let _ = answers.send(answered);
    });
    thread.map_err(|error| KeyError::NoKeyring { why: error.to_string() })?;
    match answer.recv_timeout(PATIENCE) {
        Ok(answered) => answered,
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => Err(KeyError::KeyringSilent { seconds: PATIENCE.as_secs() }),
        Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
            Err(KeyError::KeyringRefused { account: asked_for, why: "it failed".to_owned() })
        }
    }
}

#[cfg(feature = "keyring")]
fn in_words(account: &str, error: &keyring::Error) -> KeyError {
    match error {
        keyring::Error::NoEntry => KeyError::KeyringEmpty { account: account.to_owned() },
        keyring::Error::NoDefaultStore => KeyError::NoKeyring { why: said(error) },
        error => KeyError::KeyringRefused { account: account.to_owned(), why: said(error) },
    }
}

/// The error without what it quotes: some of its variants hold the bytes that were read.
#[cfg(feature = "keyring")]
fn said(error: &keyring::Error) -> String {
    match error {
        keyring::Error::BadEncoding(_) | keyring::Error::BadDataFormat(..) => {
            "its entry cannot be understood".to_owned()
        }
        other => other.to_string(),
    }
}
