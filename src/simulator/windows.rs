//! Windows authentication as an Exchange Server does it: NTLMv2 for one connection, with Extended Protection.
//!
//! The server's side of MS-NLMP, written apart from the client's: a mistake that both made would be no proof. What is refused:
//! a last message on a connection that was not challenged, anything older than NTLMv2, a proof that the password does not give, an
//! integrity code that does not fit the three messages, and, as far as Extended Protection asks for it, a binding to another
//! channel than this one.
//! <https://learn.microsoft.com/openspecs/windows_protocols/ms-nlmp/b38c36ed-2804-4868-a9ff-8dd3182128e4>

mod message;
mod proof;

use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rand::Rng as _;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::{Account, lock, world::World};
use message::Third;
pub(super) use proof::channel;

/// Whether a sign-in has to be bound to the TLS connection. Over plain HTTP there is nothing to bind to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ExtendedProtection {
    /// It has to be: stricter than the setup of Exchange makes its web services.
    #[default]
    Require,
    /// A wrong binding is refused, none is taken: what setup makes of Exchange Web Services from Exchange 2019 CU14 on.
    Allow,
    /// Nobody looks.
    Off,
}

/// How far the sign-in of one connection is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Nobody,
    Challenged {
        first: Vec<u8>,
        second: Vec<u8>,
        nonce: [u8; 8],
    },
    SignedIn(String),
}

/// What a request shows of Windows authentication.
#[derive(Debug)]
pub(crate) enum Shown {
    /// The first message: this is to be answered.
    First(String),
    /// The last message, and whose it says it is: the account, if all of it is right.
    Last(String, Option<Account>),
    /// Nothing, on a connection that is signed in already.
    Before(Account),
}

impl Connection {
    /// Looks at a request that came over this connection. `None` if it has nothing to do with Windows authentication.
    pub(crate) fn look(&self, world: &World, headers: &HeaderMap) -> Option<Shown> {
        let mut state = lock(&self.0);
        let Some(value) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
            let State::SignedIn(login) = &*state else { return None };
            return world.account(login).map(Shown::Before);
        };
        let (scheme, message) = value.split_once(' ').unwrap_or((value, ""));
        let scheme = ["NTLM", "Negotiate"].into_iter().find(|known| known.eq_ignore_ascii_case(scheme))?;
        let message = STANDARD.decode(message.trim()).unwrap_or_default();
        // Whatever it is, it begins anew: what was proved before holds no longer.
        let before = std::mem::take(&mut *state);
        if message::is_first(&message) {
            let mut nonce = [0; 8];
            rand::rng().fill_bytes(&mut nonce);
            let second = message::second(nonce, world.settings.clock.now());
            let answer = format!("{scheme} {}", STANDARD.encode(&second));
            *state = State::Challenged { first: message, second, nonce };
            return Some(Shown::First(answer));
        }
        let Some(third) = Third::parse(&message) else { return Some(Shown::Last(String::new(), None)) };
        let login = third.login();
        let State::Challenged { first, second, nonce } = before else { return Some(Shown::Last(login, None)) };
        let mut proves = None;
        let account = world.sign_in_by(&login, |account| {
            proves = proof::of_password(&third, nonce, account.password.expose_secret());
            proves.is_some()
        });
        let fits = proves.is_some_and(|key| proof::fits(&third, &key, &[&first, &second], &message))
            && is_bound(&third, world.extended_protection(), world.channel);
        let account = account.ok().filter(|_| fits);
        if let Some(account) = &account {
            *state = State::SignedIn(account.login.clone());
        }
        Some(Shown::Last(login, account))
    }

    /// Whoever signed in over it is signed in no longer.
    pub(crate) fn forget(&self) {
        *lock(&self.0) = State::Nobody;
    }
}

/// Whether the binding is as good as Extended Protection wants it, for this channel.
fn is_bound(third: &Third, wanted: ExtendedProtection, channel: Option<[u8; 16]>) -> bool {
    let said = third.bindings().filter(|said| *said != [0; 16]);
    match (wanted, channel) {
        (ExtendedProtection::Off, _) | (_, None) => true,
        (ExtendedProtection::Allow, Some(channel)) => said.is_none_or(|said| said == channel),
        (ExtendedProtection::Require, Some(channel)) => said == Some(channel),
    }
}
