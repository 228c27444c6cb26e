//! A service account: one credential, and the mailbox that it acts for.
//!
//! On an Exchange Server it acts as the mailbox's owner (`ExchangeImpersonation`), and then every mailbox has a budget of its own there:
//! <https://learn.microsoft.com/exchange/client-developer/exchange-web-services/impersonation-and-ews-in-exchange>. Where it has been
//! given access to the mailbox instead (`FullAccess`, in Exchange Online), requests name the mailbox and nobody is acted as.
//! How it signs in is another [`Authenticator`]'s affair; what that says to do is said of the account here, and not of the user.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    diagnosis::{is_exchange_online, of_account},
    ports::{Authenticator, Challenge, Failure, Protocol, SignIn, Step},
};

/// Whether a mailbox at this host is reached by acting as its owner. Exchange Online took impersonation away from accounts of people
/// in February 2025.
pub fn impersonates(protocol: Protocol, host: &str) -> bool {
    protocol == Protocol::Ews && !is_exchange_online(host)
}

/// A service account's way into one mailbox.
pub struct Through {
    inner: Arc<dyn Authenticator>,
    account: String,
    acting_as: Option<String>,
}

impl Through {
    /// The account of this name, which signs in so, acting as the owner of that mailbox if that is said.
    pub fn new(inner: Arc<dyn Authenticator>, account: &str, acting_as: Option<String>) -> Self {
        Self { inner, account: account.to_owned(), acting_as }
    }
}

#[async_trait]
impl Authenticator for Through {
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure> {
        let account = self.account.clone();
        match self.inner.begin().await {
            Ok(inner) => Ok(Box::new(ThroughSignIn { inner, account })),
            Err(failure) => Err(told(failure, &account)),
        }
    }

    fn binds_connection(&self) -> bool {
        self.inner.binds_connection()
    }

    fn acting_as(&self) -> Option<&str> {
        self.acting_as.as_deref()
    }
}

struct ThroughSignIn {
    inner: Box<dyn SignIn>,
    account: String,
}

#[async_trait]
impl SignIn for ThroughSignIn {
    async fn step(&mut self, challenge: &Challenge) -> Step {
        match self.inner.step(challenge).await {
            // Explained here already: what the transport adds to a refusal would speak of the user again.
            Step::Refused(failure) => Step::Refused(told(challenge.explain(failure), &self.account)),
            step @ (Step::Send(_) | Step::Ask(_)) => step,
        }
    }

    fn accepted(&mut self) {
        self.inner.accepted();
    }
}

fn told(mut failure: Failure, account: &str) -> Failure {
    failure.hint = failure.hint.map(|hint| of_account(&hint, account));
    failure
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::auth::password::Basic;

    #[tokio::test]
    async fn a_refusal_says_what_to_do_with_the_account_and_not_with_the_user() {
        let password = SecretString::from("geheim".to_owned());
        let Ok(basic) = Basic::new("dienst", &password) else { panic!("a good pair is taken") };
        let through = Through::new(Arc::new(basic), "exchange", Some("weber@kanzlei.example".to_owned()));
        assert_eq!(through.acting_as(), Some("weber@kanzlei.example"));
        assert!(!through.binds_connection());
        let Ok(mut sign_in) = through.begin().await else { panic!("begins without I/O") };
        assert!(matches!(sign_in.step(&Challenge::default()).await, Step::Send(_)));
        let challenge = Challenge { offers: vec!["Basic".to_owned()], ..Challenge::default() };
        let Step::Refused(failure) = sign_in.step(&challenge).await else { panic!("is not sent twice") };
        let hint = failure.hint.unwrap_or_default();
        assert!(hint.contains("`pocketdocket service-account link exchange`"), "{hint}");
    }

    #[test]
    fn only_a_server_of_ones_own_lets_an_account_act_as_others() {
        assert!(impersonates(Protocol::Ews, "mail.kanzlei.example"));
        assert!(!impersonates(Protocol::Ews, "outlook.office365.com"));
        assert!(!impersonates(Protocol::Graph, "graph.microsoft.com"));
    }
}
