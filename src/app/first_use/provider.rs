//! The provider's own multi-factor sign-in: what a verified ID token shows is a confirmation, if the firm accepts it.

use jiff::Timestamp;

use super::{FirstUse, FirstUseError, authenticator::without_a_lost_one};
use crate::{
    auth::confirmation::provider::{Evidence, NoEvidence},
    state::{Attempt, ConfirmationWay, Effect},
};

/// What a provider's sign-in came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByProvider {
    /// The link is confirmed and active.
    Confirmed,
    /// It confirms nothing: another way is asked for.
    AnotherWay(NoEvidence),
}

impl FirstUse {
    /// A sign-in just went through whose ID token was verified and belongs to this link: its signature, issuer, audience, nonce and
    /// user. Called when the link has what it signs in with, and its mailbox was reached.
    ///
    /// # Errors
    /// [`FirstUseError::NotAccepted`] where the firm wants another way; [`FirstUseError::OfTheAccount`] where a service account signs in
    /// and not the user; what the ledger says. A sign-in that shows no second factor
    /// is no error but [`ByProvider::AnotherWay`].
    pub fn confirmed_by_provider(&self, evidence: &Evidence, now: Timestamp) -> Result<ByProvider, FirstUseError> {
        self.accepted(ConfirmationWay::Provider, now)?;
        self.step(now, |user, kept| {
            if user.details.service_account.is_some() {
                return Err(FirstUseError::OfTheAccount);
            }
            let verdict = match evidence.judge(now) {
                Ok(()) => ByProvider::Confirmed,
                Err(why) => ByProvider::AnotherWay(why),
            };
            Ok(match verdict {
                ByProvider::Confirmed => Attempt {
                    kept: without_a_lost_one(kept)?,
                    effect: Effect::Confirms(ConfirmationWay::Provider),
                    event: Some(format!(
                        "the provider signed in `{}` with {}",
                        evidence.subject,
                        evidence.amr.join(", ")
                    )),
                    verdict,
                },
                ByProvider::AnotherWay(why) => {
                    Attempt { kept, effect: Effect::Nothing, event: Some(format!("not confirmed: {why}")), verdict }
                }
            })
        })
    }
}
