//! Confirming with an authenticator app: enrolled once, then a code is enough.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{FirstUse, FirstUseError, judged};
use crate::{
    auth::confirmation::{Authenticator, Code, Enrolment, Verdict},
    state::{Attempt, ConfirmationWay, Effect, KeptState},
};

impl FirstUse {
    /// Whether an authenticator app is in use for this link.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn has_authenticator(&self) -> Result<bool, FirstUseError> {
        Ok(kept_app(&self.ledger.confirmation(&self.name)?)?.is_some_and(|app| app.is_enrolled()))
    }

    /// Begins to enrol an authenticator app; an enrolment that was begun before is void. What comes back is shown once and kept
    /// nowhere in the clear. The first right code completes it.
    ///
    /// # Errors
    /// [`FirstUseError::Enrolled`] and [`FirstUseError::GivenUp`] where there is an app already; what the ledger says.
    pub fn enrol(&self, now: Timestamp) -> Result<Enrolment, FirstUseError> {
        self.accepted(ConfirmationWay::Authenticator, now)?;
        self.step(now, |user, kept| {
            let earlier = kept_app(&kept)?;
            match &earlier {
                Some(app) if app.is_lost() => return Err(FirstUseError::GivenUp),
                Some(app) if app.is_enrolled() => return Err(FirstUseError::Enrolled),
                _ => {}
            }
            let (app, enrolment) = Authenticator::enrol(&user.details.address, &mut rand::rng(), now)
                .map_err(|_| FirstUseError::Account)?;
            let kept = KeptState { authenticator: Some(text(&app.after(earlier.as_ref()))?), ..kept };
            let event = Some("an authenticator app was offered".to_owned());
            Ok(Attempt { kept, effect: Effect::Begins, event, verdict: enrolment })
        })
    }

    /// Until when an enrolment that was begun can be completed; `None` if none is open.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn enrolment_open_until(&self, now: Timestamp) -> Result<Option<Timestamp>, FirstUseError> {
        Ok(kept_app(&self.ledger.confirmation(&self.name)?)?.and_then(|app| app.open_until(now)))
    }

    /// One try of a code of the authenticator app, stored before anybody hears of its outcome. A right code makes the link active.
    ///
    /// # Errors
    /// What the ledger says; a wrong code is no error but a [`Verdict`].
    pub fn attempt_authenticator(&self, code: &Code, now: Timestamp) -> Result<Verdict, FirstUseError> {
        self.accepted(ConfirmationWay::Authenticator, now)?;
        self.step(now, |_, kept| {
            let Some(app) = kept_app(&kept)? else {
                let verdict = Verdict::Refused(crate::auth::confirmation::Refusal::SwitchedOff);
                return judged(kept, verdict, ConfirmationWay::Authenticator);
            };
            let (app, verdict) = app.attempt(code, now);
            let kept = KeptState { authenticator: Some(text(&app)?), ..kept };
            judged(kept, verdict, ConfirmationWay::Authenticator)
        })
    }
}

/// The app that is kept, enrolled or not.
pub(super) fn kept_app(kept: &KeptState) -> Result<Option<Authenticator>, FirstUseError> {
    Ok(kept.authenticator.as_ref().map(|kept| serde_json::from_str(kept.expose_secret())).transpose()?)
}

pub(super) fn text(app: &Authenticator) -> Result<SecretString, FirstUseError> {
    let text = Zeroizing::new(serde_json::to_string(app)?);
    Ok(SecretString::from(text.as_str()))
}

/// Another way confirmed the link: an app that was given up for lost makes room for a new one.
pub(super) fn without_a_lost_one(kept: KeptState) -> Result<KeptState, FirstUseError> {
    let is_lost = kept_app(&kept)?.is_some_and(|app| app.is_lost());
    Ok(if is_lost { KeptState { authenticator: None, ..kept } } else { kept })
}
