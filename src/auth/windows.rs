//! Windows authentication for Exchange Server: NTLMv2, bound to the channel, with an integrity code.
//!
//! It is what Exchange Server takes where nobody changed anything, while Basic has to be switched on. The password stays here; what
//! goes out proves that we know it. The proof holds for one connection, so the transport keeps one for each link, and for the
//! certificate that the server showed on it, so nobody in between can pass it on.
//!
//! First the server is asked what it offers, without the request: that decides between `NTLM` and `Negotiate`, in which the same messages
//! travel as they are. The request itself goes out once, with the last message. No Kerberos: this machine need not be
//! in the domain.

mod binding;
mod keys;
mod message;

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rand::Rng as _;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use self::message::{Challenge as Second, Identity, Occasion, Place};
use super::password;
use crate::{
    diagnosis::Cause,
    ports::{Authenticator, Challenge, Failure, FailureKind, SignIn, Step},
};

/// From 1601 to 1970, in tenths of a microsecond.
const EPOCH: i128 = 116_444_736_000_000_000;

/// A login and its password, for Windows authentication at one host.
pub struct Windows {
    identity: Arc<Known>,
}

/// What is kept of login and password.
struct Known {
    user: String,
    domain: String,
    key: Zeroizing<[u8; keys::LENGTH]>,
    /// The service that is signed in to.
    target: String,
}

impl Windows {
    /// With this login (`DOMAIN\user`, or `user@domain`) and password, at this host.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] if login or password are empty or hold a control character, or if there is no user behind the domain.
    pub fn new(login: &str, password: &SecretString, host: &str) -> Result<Self, Failure> {
        password::check(login, password)?;
        // A name with an at sign goes whole: the server finds the domain to it.
        let (domain, user) = login.split_once('\\').unwrap_or(("", login));
        if user.is_empty() {
            return Err(Failure::new(FailureKind::Setting, "sign in with a password")
                .because("the login has a domain and no user")
                .hint("use the e-mail address or `DOMAIN\\user` as the login"));
        }
        let key = keys::password_key(user, domain, password.expose_secret());
        let target = format!("HTTP/{host}");
        let (user, domain) = (user.to_owned(), domain.to_owned());
        Ok(Self { identity: Arc::new(Known { user, domain, key, target }) })
    }
}

#[async_trait]
impl Authenticator for Windows {
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure> {
        Ok(Box::new(Signing { identity: Arc::clone(&self.identity), said: Said::Nothing }))
    }

    fn binds_connection(&self) -> bool {
        true
    }
}

struct Signing {
    identity: Arc<Known>,
    said: Said,
}

/// How far the sign-in is.
enum Said {
    Nothing,
    /// The first message, under this word.
    First(&'static str, Vec<u8>),
    /// Everything.
    All,
}

#[async_trait]
impl SignIn for Signing {
    async fn step(&mut self, challenge: &Challenge) -> Step {
        match std::mem::replace(&mut self.said, Said::All) {
            Said::Nothing if challenge.offers.is_empty() && challenge.diagnosis.is_none() => {
                self.said = Said::Nothing;
                Step::Ask(None)
            }
            Said::Nothing => match word(&challenge.offers) {
                Some(word) => {
                    let first = message::negotiate();
                    let value = header(word, &first);
                    self.said = Said::First(word, first);
                    Step::Ask(Some(value))
                }
                None => Step::Refused(windows_is_off(&challenge.offers)),
            },
            Said::First(word, first) => match second(word, &challenge.offers) {
                Some(Ok(second)) => {
                    Step::Send(header(word, &self.third(&first, &second, challenge.certificate.as_deref())))
                }
                Some(Err(why)) => Step::Refused(no_challenge(why)),
                None => Step::Refused(no_challenge("there is none in its answer to the first message".into())),
            },
            Said::All => Step::Refused(refused()),
        }
    }
}

impl Signing {
    fn third(&self, first: &[u8], second: &Second, certificate: Option<&[u8]>) -> Vec<u8> {
        let Known { user, domain, key, target } = &*self.identity;
        let now = Timestamp::now().as_nanosecond() / 100 + EPOCH;
        let mut nonce = [0; 8];
        rand::rng().fill_bytes(&mut nonce);
        let occasion = Occasion { time: u64::try_from(now).unwrap_or_default().to_le_bytes(), nonce };
        let place = Place { target, bindings: certificate.and_then(binding::to_server) };
        message::authenticate(first, second, &Identity { user, domain, key }, &place, &occasion)
    }
}

/// Each offer of the server: its word, and what follows it. Some servers put several into one header.
fn offered(offers: &[String]) -> impl Iterator<Item = (&str, &str)> {
    let each = offers.iter().flat_map(|offer| offer.split(','));
    each.map(|offer| {
        let offer = offer.trim();
        offer.split_once(' ').unwrap_or((offer, ""))
    })
}

/// The word to answer under.
fn word(offers: &[String]) -> Option<&'static str> {
    ["NTLM", "Negotiate"].into_iter().find(|word| offered(offers).any(|(offer, _)| offer.eq_ignore_ascii_case(word)))
}

/// The second message, if there is one under this word.
fn second(word: &str, offers: &[String]) -> Option<Result<Second, Box<dyn std::error::Error + Send + Sync>>> {
    let (_, told) = offered(offers).find(|(offer, told)| offer.eq_ignore_ascii_case(word) && !told.is_empty())?;
    Some(STANDARD.decode(told.trim()).map_err(Into::into).and_then(|whole| Ok(Second::parse(&whole)?)))
}

fn header(word: &str, message: &[u8]) -> SecretString {
    SecretString::from(format!("{word} {}", STANDARD.encode(message)))
}

fn windows_is_off(offers: &[String]) -> Failure {
    let offered = if offers.is_empty() { "nothing".to_owned() } else { password::schemes(offers) };
    Failure::new(FailureKind::Unauthorized, "sign in with Windows authentication")
        .named(Cause::WindowsOffOnServer)
        .because(format!("the server does not offer it; it offers {offered}"))
        .hint("where it offers Basic: `pocketdocket user change NAME --method password`, then `pocketdocket user link NAME`")
}

/// The password was not looked at. A device that spreads requests over several connections does this to NTLM.
fn no_challenge(why: Box<dyn std::error::Error + Send + Sync>) -> Failure {
    let mut failure = Failure::new(FailureKind::Unauthorized, "sign in with Windows authentication")
        .named(Cause::AnsweredByAnother)
        .because(why)
        .hint("let this machine reach the server without a device in between that shares connections among clients");
    failure.evidence.push("the server offers Windows authentication, and gave no challenge for it".to_owned());
    failure
}

/// NTLM has one answer for all that is wrong with an account.
fn refused() -> Failure {
    Failure::new(FailureKind::Unauthorized, "sign in with Windows authentication")
        .named(Cause::WrongPassword)
        .because("the server refused this login and password, and does not say why (wrong, expired, locked or switched off)")
        .hint("ask the user to sign in to webmail with the same login and password; then `pocketdocket user link NAME` with the one that works")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offering(offers: &[&str]) -> Challenge {
        Challenge { offers: offers.iter().map(|&offer| offer.to_owned()).collect(), ..Challenge::default() }
    }

    async fn signing(login: &str) -> Box<dyn SignIn> {
        let windows = Windows::new(login, &SecretString::from("pässword".to_owned()), "mail.kanzlei.example");
        let Ok(windows) = windows else { panic!("a good pair is taken") };
        let Ok(signing) = windows.begin().await else { panic!("begins without I/O") };
        signing
    }

    async fn asks(signing: &mut Box<dyn SignIn>, offers: &[&str]) -> Option<String> {
        let Step::Ask(value) = signing.step(&offering(offers)).await else { panic!("asks") };
        value.map(|value| value.expose_secret().to_owned())
    }

    async fn is_refused(signing: &mut Box<dyn SignIn>, offers: &[&str]) -> Failure {
        let Step::Refused(failure) = signing.step(&offering(offers)).await else { panic!("is refused") };
        failure
    }

    #[tokio::test]
    async fn the_servers_offer_decides_under_which_word_it_signs_in() {
        for (offers, word) in [
            (&["Negotiate", "NTLM"][..], "NTLM "),
            (&["Negotiate"], "Negotiate "),
            (&["negotiate, ntlm"], "NTLM "),
            (&["Basic realm=\"x\"", "Negotiate"], "Negotiate "),
        ] {
            let mut signing = signing("KANZLEI\\weber").await;
            assert_eq!(asks(&mut signing, &[]).await, None, "first it wants to know");
            let value = asks(&mut signing, offers).await.unwrap();
            assert!(value.starts_with(word), "{value}");
            assert!(value.ends_with("TlRMTVNTUAABAAAABYIIAAAAAAAAAAAAAAAAAAAAAAA="), "{value}");
        }
    }

    #[tokio::test]
    async fn a_server_that_does_not_offer_it_never_saw_the_password() {
        let mut signing = signing("weber@kanzlei.example").await;
        assert_eq!(asks(&mut signing, &[]).await, None);
        let failure = is_refused(&mut signing, &["Basic realm=\"x\""]).await;
        assert_eq!(failure.cause, Some(Cause::WindowsOffOnServer));
        assert!(failure.chain().contains("it offers `Basic`"), "{}", failure.chain());
    }

    #[tokio::test]
    async fn a_broken_or_missing_challenge_is_no_wrong_password() {
        for answer in ["NTLM", "NTLM !!", "NTLM TlRMTVNTUAACAAAA", "Negotiate"] {
            let mut signing = signing("weber").await;
            asks(&mut signing, &[]).await;
            asks(&mut signing, &["NTLM"]).await;
            let failure = is_refused(&mut signing, &[answer]).await;
            assert_eq!(failure.cause, Some(Cause::AnsweredByAnother), "{answer}");
            assert!(!failure.cause.is_some_and(Cause::judges_secret));
        }
    }

    #[test]
    fn what_cannot_be_signed_in_with_is_refused_without_showing_the_password() {
        for (login, password) in [("", "x"), ("KANZLEI\\", "x"), ("a\n", "x"), ("a", ""), ("a", "planted\n")] {
            let Err(failure) = Windows::new(login, &SecretString::from(password.to_owned()), "mail.example") else {
                panic!("{login:?} is refused")
            };
            assert_eq!(failure.kind, FailureKind::Setting);
            assert!(!format!("{failure:?}").contains("planted"));
        }
    }
}
