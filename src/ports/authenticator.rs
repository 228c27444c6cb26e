use async_trait::async_trait;
use secrecy::SecretString;

use super::{Failure, FailureKind};
use crate::diagnosis::{Cause, Diagnosis};

/// What the server said when it wants to know who we are.
#[derive(Clone, Debug, Default)]
pub struct Challenge {
    /// Values of `WWW-Authenticate`, in the server's order. Empty before the first answer.
    pub offers: Vec<String>,
    /// DER of the certificate at the other end of this very connection, for methods that bind to it.
    pub certificate: Option<Vec<u8>>,
    /// What the whole answer shows of why the last leg was refused.
    pub diagnosis: Option<Diagnosis>,
    /// The server is known to answer so under load, too, whatever was sent.
    pub under_load: bool,
}

impl Challenge {
    /// A refusal with its cause and evidence. How we sign in knows what it sent, the answer often shows better why that was
    /// refused; what the authority of a token said goes deeper than either.
    pub fn explain(&self, mut refusal: Failure) -> Failure {
        let Some(diagnosis) = &self.diagnosis else { return refusal };
        let unsaid = diagnosis.cause == Cause::Unknown && refusal.evidence.is_empty();
        if refusal.cause == Some(diagnosis.cause) || unsaid {
            refusal.evidence.clone_from(&diagnosis.evidence);
            return refusal;
        }
        let plain = [Cause::WrongPassword, Cause::BasicOffOnServer, Cause::TokenRefused, Cause::Unknown];
        if refusal.cause.is_some_and(|known| !plain.contains(&known)) || diagnosis.cause == Cause::Unknown {
            return refusal;
        }
        let entry = diagnosis.cause.entry();
        let explained = Failure::new(FailureKind::Unauthorized, "sign in").diagnosed(diagnosis.clone());
        explained
            .because(format!("{} ({})", entry.title, refusal.chain()))
            .hint(entry.steps.first().copied().unwrap_or_default())
    }
}

/// What to send next.
#[derive(Debug)]
pub enum Step {
    /// Send the request with this `Authorization` value.
    Send(SecretString),
    /// The request is to stay here for now: only its head goes out, with this value or without one, for the server's challenge.
    Ask(Option<SecretString>),
    /// There is nothing more to say: the server refused.
    Refused(Failure),
}

/// How a link proves who it is. One per link; asked anew for every request that needs it.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Begins the sign-in of one request (or of one connection, see [`Self::binds_connection`]).
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure>;

    /// Whether a sign-in holds for the connection and not for the request (NTLM). The transport then keeps one HTTP/1.1
    /// connection for this link alone, and sends all legs of a sign-in over it.
    fn binds_connection(&self) -> bool {
        false
    }

    /// The mailbox to act as, for a service account.
    fn acting_as(&self) -> Option<&str> {
        None
    }
}

/// One sign-in, of as many legs as the method needs.
#[async_trait]
pub trait SignIn: Send {
    /// The next leg. First called with an empty challenge, then after each 401 with what the server offered.
    async fn step(&mut self, challenge: &Challenge) -> Step;

    /// The server took what was sent, whatever it says to the request itself. Not called if there was no answer.
    fn accepted(&mut self) {}
}
