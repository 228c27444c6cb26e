//! The phone is lost: a recovery code or the backup key switches the authenticator app off. Without either, the app is given up,
//! and only another way that the firm accepts confirms the link again. An administrator alone gets past neither.

use jiff::{Timestamp, civil::Date};

use super::{
    FirstUse, FirstUseError,
    authenticator::{kept_app, text},
};
use crate::{
    auth::{
        confirmation::{Refusal, Used, spare::Spare},
        mailbox_proof::{self, Lost},
    },
    ports::Mailbox,
    state::{Attempt, Effect, KeptState},
};

impl FirstUse {
    /// One try of a recovery code or backup key, stored before anybody hears of its outcome. A right one switches the app off: the
    /// link is to be confirmed anew, with another app.
    ///
    /// # Errors
    /// What the ledger says; a wrong one is no error.
    pub fn recover(&self, spare: &Spare, now: Timestamp) -> Result<Result<Used, Refusal>, FirstUseError> {
        self.step(now, |_, kept| {
            let Some(app) = kept_app(&kept)? else {
                return Ok(Attempt { kept, effect: Effect::Nothing, event: None, verdict: Err(Refusal::SwitchedOff) });
            };
            let (app, verdict) = app.recover(spare, now);
            Ok(match verdict {
                Ok(used) => Attempt {
                    kept: KeptState { authenticator: None, ..kept },
                    effect: Effect::Recovers(used.word().to_owned()),
                    event: Some(format!("the authenticator app was switched off with a {}", used.word())),
                    verdict,
                },
                Err(refusal) => {
                    let too_soon = matches!(refusal, Refusal::TooSoon { .. });
                    let event = (!too_soon).then(|| format!("a recovery was refused: {refusal}"));
                    let kept = KeptState { authenticator: Some(text(&app)?), ..kept };
                    Attempt { kept, effect: Effect::Nothing, event, verdict }
                }
            })
        })
    }

    /// Gives the app up for lost, with nothing at hand. Nothing is switched off by that but the sync: the link is confirmed anew by
    /// another way, and only then may another app be enrolled. Gives whether there was an app.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn give_up(&self, now: Timestamp) -> Result<bool, FirstUseError> {
        self.step(now, |_, kept| {
            let Some(app) = kept_app(&kept)?.filter(|app| app.is_enrolled() || app.is_lost()) else {
                return Ok(Attempt { kept, effect: Effect::Nothing, event: None, verdict: false });
            };
            let kept = KeptState { authenticator: Some(text(&app.given_up())?), ..kept };
            let event = Some("the authenticator app was given up for lost, without a recovery code".to_owned());
            Ok(Attempt { kept, effect: Effect::Recovers("nothing at hand".to_owned()), event, verdict: true })
        })
    }

    /// Tells the user, by a note in the mailbox. Only for a link that was active until then.
    ///
    /// # Errors
    /// What the mailbox or the ledger says.
    pub async fn tell_user(
        &self,
        mailbox: &dyn Mailbox,
        lost: Lost,
        today: Date,
        now: Timestamp,
    ) -> Result<(), FirstUseError> {
        let firm = self.ledger.firm();
        let support = self.settings.support.as_deref();
        mailbox_proof::note_recovery(mailbox, firm, self.name.as_str(), lost, support, today).await?;
        self.ledger.audit("pocketdocket", Some(&self.name), "a note about it was saved in the mailbox", now)?;
        Ok(())
    }
}
