//! A password over HTTP Basic, and what a refusal of it means.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{
    diagnosis::Cause,
    ports::{Authenticator, Challenge, Failure, FailureKind, SignIn, Step},
};

/// A mailbox or app password over HTTP Basic ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)).
///
/// The password goes over the wire readable by the other end, so TLS is what protects it: the transport sends nothing over
/// plain HTTP except to loopback, and it guards that for every method alike.
pub struct Basic {
    header: Arc<SecretString>,
}

impl Basic {
    /// With this login (an e-mail address, `user`, or `DOMAIN\user`) and password.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] if the login is empty or holds a colon or a control character (Basic cannot carry them), or if
    /// the password is empty or holds a control character.
    pub fn new(login: &str, password: &SecretString) -> Result<Self, Failure> {
        check(login, password)?;
        if login.contains(':') {
            return Err(refuse(
                "the login holds a colon, which Basic cannot carry",
                "use the e-mail address or `DOMAIN\\user` as the login",
            ));
        }
        let secret = password.expose_secret();
        let pair = Zeroizing::new(format!("{login}:{secret}"));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        Ok(Self { header: Arc::new(SecretString::from(format!("Basic {}", encoded.as_str()))) })
    }
}

/// Refuses a login or password with which nobody can sign in, by whatever method.
///
/// # Errors
/// [`FailureKind::Setting`] if one is empty or holds a control character.
pub(super) fn check(login: &str, password: &SecretString) -> Result<(), Failure> {
    if login.is_empty() {
        return Err(refuse("the login is empty", "give the login with `pocketdocket user add NAME --login LOGIN`"));
    }
    if login.contains(char::is_control) {
        return Err(refuse(
            "the login holds a control character",
            "use the e-mail address or `DOMAIN\\user` as the login",
        ));
    }
    let secret = password.expose_secret();
    if secret.is_empty() {
        return Err(refuse("the password is empty", "set it with `pocketdocket user link NAME`"));
    }
    if secret.chars().any(char::is_control) {
        return Err(refuse(
            "the password holds a control character (a line break perhaps)",
            "set it again with `pocketdocket user link NAME`",
        ));
    }
    Ok(())
}

fn refuse(what: &str, hint: &str) -> Failure {
    Failure::new(FailureKind::Setting, "sign in with a password").because(what.to_owned()).hint(hint)
}

#[async_trait]
impl Authenticator for Basic {
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure> {
        Ok(Box::new(BasicSignIn { header: Arc::clone(&self.header), sent: false }))
    }
}

struct BasicSignIn {
    header: Arc<SecretString>,
    sent: bool,
}

#[async_trait]
impl SignIn for BasicSignIn {
    async fn step(&mut self, challenge: &Challenge) -> Step {
        let offers_basic = challenge.offers.iter().any(|offer| scheme(offer).eq_ignore_ascii_case("basic"));
        if !challenge.offers.is_empty() && !offers_basic {
            return Step::Refused(basic_is_off(&challenge.offers));
        }
        if self.sent {
            return Step::Refused(wrong_password());
        }
        self.sent = true;
        Step::Send(SecretString::from(self.header.expose_secret().to_owned()))
    }
}

/// The server answered 401 although it takes Basic: login or password are wrong, the password expired or the account is
/// locked; Basic cannot tell which.
fn wrong_password() -> Failure {
    Failure::new(FailureKind::Unauthorized, "sign in")
        .named(Cause::WrongPassword)
        .because("the server refused this login and password (wrong, expired or locked)")
        .hint("ask the user to sign in to webmail with the same login and password; then `pocketdocket user link NAME` with the one that works")
}

/// Windows authentication is the default of Exchange Server, Basic is switched on by an administrator:
/// <https://learn.microsoft.com/exchange/clients/default-virtual-directory-settings>.
fn basic_is_off(offers: &[String]) -> Failure {
    Failure::new(FailureKind::Unauthorized, "sign in with a password")
        .named(Cause::BasicOffOnServer)
        .because(format!("the server does not accept Basic; it offers {}", schemes(offers)))
        .hint(
            "where it offers `NTLM` or `Negotiate`, the same password works by Windows authentication: `pocketdocket user change NAME \
             --method windows`, then `pocketdocket user link NAME`; or the Exchange administrator switches Basic on for EWS: \
             `Set-WebServicesVirtualDirectory -BasicAuthentication $true`",
        )
}

/// The server's offers, for a message.
pub(super) fn schemes(offers: &[String]) -> String {
    offers.iter().map(|offer| format!("`{}`", scheme(offer))).collect::<Vec<_>>().join(", ")
}

/// The first word of a `WWW-Authenticate` value, cut short: it is the server's text and goes into messages.
fn scheme(offer: &str) -> &str {
    let word = offer.split([' ', ',']).next().unwrap_or_default();
    word.char_indices().nth(40).map_or(word, |(end, _)| &word[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offering(offers: &[&str]) -> Challenge {
        Challenge { offers: offers.iter().map(|&offer| offer.to_owned()).collect(), ..Challenge::default() }
    }

    async fn sign_in() -> Box<dyn SignIn> {
        let password = SecretString::from("pässword:1".to_owned());
        let Ok(basic) = Basic::new("weber@kanzlei.example", &password) else { panic!("a good pair is taken") };
        let Ok(sign_in) = basic.begin().await else { panic!("begins without I/O") };
        sign_in
    }

    #[tokio::test]
    async fn the_password_is_sent_once_as_utf_8_and_a_401_then_means_that_it_is_wrong() {
        let mut sign_in = sign_in().await;
        let Step::Send(header) = sign_in.step(&Challenge::default()).await else { panic!("sends") };
        let text = header.expose_secret().strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok());
        assert_eq!(text.as_deref(), Some("weber@kanzlei.example:pässword:1".as_bytes()));
        let Step::Refused(failure) = sign_in.step(&offering(&["Negotiate", "Basic realm=\"mail\""])).await else {
            panic!("is not sent twice")
        };
        assert_eq!(failure.kind, FailureKind::Unauthorized);
        assert!(failure.chain().contains("refused this login"), "{}", failure.chain());
    }

    #[tokio::test]
    async fn a_server_that_does_not_offer_basic_is_not_called_a_wrong_password() {
        let mut sign_in = sign_in().await;
        let Step::Refused(failure) = sign_in.step(&offering(&["Negotiate", "NTLM"])).await else { panic!("refuses") };
        assert_eq!(
            failure.chain(),
            "could not sign in with a password: the server does not accept Basic; it offers `Negotiate`, `NTLM`"
        );
        assert!(failure.hint.is_some_and(|hint| hint.contains("Set-WebServicesVirtualDirectory")));
    }

    #[tokio::test]
    async fn an_offer_of_any_length_or_alphabet_survives() {
        for offer in ["", " ", &"ü".repeat(500), "Bearer,Basic"] {
            let mut sign_in = sign_in().await;
            assert!(matches!(sign_in.step(&offering(&[offer])).await, Step::Refused(_)));
        }
    }

    #[test]
    fn what_basic_cannot_carry_is_refused_without_showing_the_password() {
        for (login, password) in
            [("", "x"), ("a:b", "x"), ("a\n", "x"), ("a", ""), ("a", "planted\n"), ("a:b", "planted")]
        {
            let Err(failure) = Basic::new(login, &SecretString::from(password.to_owned())) else {
                panic!("{login:?} is refused")
            };
            assert_eq!(failure.kind, FailureKind::Setting);
            assert!(!format!("{failure:?}").contains("planted"));
        }
    }
}
