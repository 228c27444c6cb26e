//! Confirming by a text message: a code to the user's mobile phone. The same phone stands in for a lost authenticator app, if it was
//! proven while that was at hand.
//!
//! A number is entered by an administrator, so it proves nothing by itself. It never gets past an authenticator app: as long as one
//! is in use its code comes first, and one that was given up for lost is replaced only through a number that was proven before.

use jiff::{Timestamp, civil::Date};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::{FirstUse, FirstUseError, authenticator::kept_app, codes, judged, salt, subject};
use crate::{
    auth::{
        confirmation::{Code, LIFE, Refusal, Verdict},
        text_messages::{Delivery, Gateway, Receipt},
    },
    domain::MobileNumber,
    ports::Failure,
    state::{ANOTHER_NUMBER, Attempt, ConfirmationWay, Effect, KeptState, Mobile, TextAllowance, User},
};

/// How many messages one number, and one user, may get within an hour and within 24.
const PER_HOUR: usize = 3;
const PER_DAY: usize = 10;

/// How many text messages may be sent, where the firm sends so many a day.
pub fn text_allowance(firm_per_day: u32) -> TextAllowance {
    let firm_per_day = usize::try_from(firm_per_day).unwrap_or(usize::MAX);
    TextAllowance { per_hour: PER_HOUR, per_day: PER_DAY, firm_per_day }
}

/// What a code in a text message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFor {
    /// Confirming the link.
    Confirming,
    /// Switching off an authenticator app that is lost.
    Recovering,
}

impl TextFor {
    fn word(self) -> &'static str {
        match self {
            Self::Confirming => "confirming",
            Self::Recovering => "recovering",
        }
    }

    /// The message: who sends it, what it is for, and that nobody asks for it. Nothing of anybody's data.
    fn message(self, code: &Code) -> SecretString {
        let code = code.readable();
        let code = code.expose_secret();
        let text = match self {
            Self::Confirming => format!("Pocket Docket: {code} confirms the link with your mailbox"),
            Self::Recovering => format!("Pocket Docket: {code} switches off your lost authenticator app"),
        };
        let text = Zeroizing::new(text);
        let rest = "10 minutes. It is for the screen where you set this up. Nobody calls you and asks for it.";
        SecretString::from(format!("{}, for {rest}", text.as_str()))
    }
}

/// What became of a number that was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberEntered {
    /// It is the same as before.
    Same,
    /// It is another, and nothing depended on the one before.
    Kept,
    /// The one before confirmed the link, which must be confirmed anew.
    TakenBack {
        /// The one before.
        before: MobileNumber,
    },
}

impl FirstUse {
    /// The user's mobile phone, if it is known.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn mobile(&self) -> Result<Option<Mobile>, FirstUseError> {
        Ok(self.ledger.confirmation(&self.name)?.mobile)
    }

    /// Enters another number of the user's mobile phone, or none. It is not proven then; a link that the one before confirmed goes
    /// back at once.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn set_mobile(&self, number: Option<MobileNumber>, now: Timestamp) -> Result<NumberEntered, FirstUseError> {
        self.step(now, |user, kept| {
            let before = kept.mobile.as_ref().map(|mobile| mobile.number.clone());
            if before == number {
                return Ok(Attempt { kept, effect: Effect::Nothing, event: None, verdict: NumberEntered::Same });
            }
            let event = match &number {
                Some(number) => format!("the mobile number {number} was entered"),
                None => "the mobile number was taken away".to_owned(),
            };
            let by_text = user.confirmed.as_ref().is_some_and(|confirmed| confirmed.how == ConfirmationWay::Text);
            let (effect, verdict) = match before.filter(|_| by_text) {
                Some(before) => (Effect::Recovers(ANOTHER_NUMBER.to_owned()), NumberEntered::TakenBack { before }),
                None => (Effect::Nothing, NumberEntered::Kept),
            };
            let kept = KeptState { mobile: number.map(|number| Mobile { number, proven: None }), ..kept };
            Ok(Attempt { kept, effect, event: Some(event), verdict })
        })
    }

    /// Sends a fresh code to the user's mobile phone, once. Earlier codes are worth nothing. It is counted before it is sent.
    ///
    /// # Errors
    /// [`FirstUseError::TooManyTexts`] and what speaks against the number; [`FirstUseError::Gateway`] for what the gateway says.
    pub async fn send_text(
        &self,
        gateway: &Gateway,
        what_for: TextFor,
        now: Timestamp,
    ) -> Result<(MobileNumber, Receipt), FirstUseError> {
        let code = Code::draw(&mut rand::rng());
        let number = self.issue_text(gateway.per_day(), what_for, &code, now)?;
        let receipt = gateway.send(&number, &what_for.message(&code)).await.map_err(FirstUseError::Gateway)?;
        let event = format!("a code was sent to {number}");
        self.ledger.audit(&self.by, Some(&self.name), &event, now)?;
        Ok((number, receipt))
    }

    fn issue_text(
        &self,
        firm_per_day: u32,
        what_for: TextFor,
        code: &Code,
        now: Timestamp,
    ) -> Result<MobileNumber, FirstUseError> {
        self.accepted(ConfirmationWay::Text, now)?;
        let (user, kept) = (self.ledger.user(&self.name)?, self.ledger.confirmation(&self.name)?);
        let number = usable(&user, &kept, what_for, now)?.number.clone();
        self.count(&number, firm_per_day, now)?;
        let salt = salt();
        self.step(now, |user, kept| {
            // As the ledger has it now.
            let number = usable(user, &kept, what_for, now)?.number.clone();
            let state = codes(&kept)?.issue(&text_subject(user, &number, what_for), code, salt, now);
            let kept = KeptState { codes: Some(serde_json::to_value(state)?), ..kept };
            let effect = match what_for {
                TextFor::Confirming => Effect::Begins,
                TextFor::Recovering => Effect::Nothing,
            };
            Ok(Attempt { kept, effect, event: None, verdict: number })
        })
    }

    fn count(&self, number: &MobileNumber, firm_per_day: u32, now: Timestamp) -> Result<(), FirstUseError> {
        let allowance = text_allowance(firm_per_day);
        Ok(self.ledger.count_text_message(Some(&self.name), number, allowance, &self.by, now)??)
    }

    /// One try of a code that was in a text message, stored before anybody hears of its outcome. A right code makes the link active,
    /// and its phone a proven one. Where an authenticator app is in use it only proves the phone: the app's code confirmed.
    ///
    /// # Errors
    /// What the ledger says; a wrong code is no error but a [`Verdict`].
    pub fn attempt_text(&self, code: &Code, now: Timestamp) -> Result<Verdict, FirstUseError> {
        self.accepted(ConfirmationWay::Text, now)?;
        self.step(now, |user, kept| {
            let (kept, verdict) = tried(user, kept, TextFor::Confirming, code, now)?;
            if verdict != Verdict::Confirmed {
                return judged(kept, verdict, ConfirmationWay::Text);
            }
            let mobile = kept.mobile.clone().map(|mobile| Mobile { proven: Some(now), ..mobile });
            let kept = KeptState { mobile, ..kept };
            if kept_app(&kept)?.is_some_and(|app| app.is_enrolled()) {
                let event = Some("the mobile phone was proven".to_owned());
                return Ok(Attempt { kept, effect: Effect::Nothing, event, verdict });
            }
            judged(kept, verdict, ConfirmationWay::Text)
        })
    }

    /// One try of a code in a text message that was sent for [`TextFor::Recovering`]. A right one switches the authenticator app off.
    ///
    /// # Errors
    /// As [`Self::attempt_text`].
    pub fn recover_by_text(&self, code: &Code, now: Timestamp) -> Result<Verdict, FirstUseError> {
        self.accepted(ConfirmationWay::Text, now)?;
        self.step(now, |user, kept| {
            let (kept, verdict) = tried(user, kept, TextFor::Recovering, code, now)?;
            Ok(match verdict {
                Verdict::Confirmed => Attempt {
                    kept: KeptState { authenticator: None, ..kept },
                    effect: Effect::Recovers("a text message".to_owned()),
                    event: Some("the authenticator app was switched off with a text message".to_owned()),
                    verdict,
                },
                Verdict::Refused(refusal) => {
                    let too_soon = matches!(refusal, Refusal::TooSoon { .. });
                    let event = (!too_soon).then(|| format!("a recovery was refused: {refusal}"));
                    Attempt { kept, effect: Effect::Nothing, event, verdict }
                }
            })
        })
    }

    /// Tells whoever has the number of before that it was replaced, by a text message.
    ///
    /// # Errors
    /// As [`Self::send_text`].
    pub async fn tell_number(
        &self,
        gateway: &Gateway,
        before: &MobileNumber,
        today: Date,
        now: Timestamp,
    ) -> Result<Receipt, FirstUseError> {
        self.count(before, gateway.per_day(), now)?;
        let whom = self.settings.support.as_ref();
        let whom =
            whom.map_or_else(|| "your administrator".to_owned(), |support| format!("your administrator ({support})"));
        let text = format!(
            "Pocket Docket: this number no longer confirms the link with your mailbox since {today}. If you know nothing of it, tell {whom}."
        );
        let receipt = gateway.send(before, &SecretString::from(text)).await.map_err(FirstUseError::Gateway)?;
        let event = format!("{before} was told that it was replaced");
        self.ledger.audit("pocketdocket", Some(&self.name), &event, now)?;
        Ok(receipt)
    }

    /// How far a message is. That one does not arrive is in the audit trail.
    ///
    /// # Errors
    /// What the gateway or the ledger says.
    pub async fn delivery(
        &self,
        gateway: &Gateway,
        receipt: &Receipt,
        now: Timestamp,
    ) -> Result<(Delivery, Option<Failure>), FirstUseError> {
        let delivery = gateway.delivery(receipt).await.map_err(FirstUseError::Gateway)?;
        let failure = delivery.failure();
        if let Some(failure) = &failure {
            let event = format!("a text message did not arrive: {}", failure.chain());
            self.ledger.audit("pocketdocket", Some(&self.name), &event, now)?;
        }
        Ok((delivery, failure))
    }
}

/// The phone, if a code may go there for this.
fn usable<'a>(
    user: &User,
    kept: &'a KeptState,
    what_for: TextFor,
    now: Timestamp,
) -> Result<&'a Mobile, FirstUseError> {
    let mobile = kept.mobile.as_ref().ok_or(FirstUseError::NoMobile)?;
    let app = kept_app(kept)?;
    let (in_use, lost) = app.as_ref().map_or((false, false), |app| (app.is_enrolled(), app.is_lost()));
    match what_for {
        TextFor::Confirming if in_use && !just_by_app(user, now) => Err(FirstUseError::AppFirst),
        TextFor::Confirming if lost && mobile.proven.is_none() => Err(FirstUseError::NotProven),
        TextFor::Recovering if !in_use => Err(FirstUseError::NoApp),
        TextFor::Recovering if mobile.proven.is_none() => Err(FirstUseError::NotProven),
        _ => Ok(mobile),
    }
}

/// Whether the app's code confirmed the link a moment ago.
fn just_by_app(user: &User, now: Timestamp) -> bool {
    user.confirmed.as_ref().is_some_and(|confirmed| {
        let age = now.duration_since(confirmed.at);
        // The text's own code lives as long again.
        confirmed.how == ConfirmationWay::Authenticator && age < LIFE + LIFE
    })
}

fn tried(
    user: &User,
    kept: KeptState,
    what_for: TextFor,
    code: &Code,
    now: Timestamp,
) -> Result<(KeptState, Verdict), FirstUseError> {
    // A code that went to another number, or for something else, proves nothing.
    let number = usable(user, &kept, what_for, now)?.number.clone();
    let (state, verdict) = codes(&kept)?.attempt(&text_subject(user, &number, what_for), code, now);
    Ok((KeptState { codes: Some(serde_json::to_value(state)?), ..kept }, verdict))
}

/// What a code proves: that this user has this phone at hand, for this.
fn text_subject(user: &User, number: &MobileNumber, what_for: TextFor) -> String {
    format!("{}\ntext for {}\n{}", subject(user), what_for.word(), number.e164())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_fits_into_one_and_says_who_what_for_and_that_nobody_asks() {
        let code = Code::parse("123456").expect("a code");
        for what_for in [TextFor::Confirming, TextFor::Recovering] {
            let text = what_for.message(&code);
            let text = text.expose_secret();
            // One message of 160 letters of the GSM alphabet: <https://www.3gpp.org/dynareport/23038.htm>
            assert!(text.len() <= 160 && text.is_ascii(), "{} letters: {text}", text.len());
            for words in ["Pocket Docket", "123 456", "Nobody calls", "10 minutes"] {
                assert!(text.contains(words), "{text}");
            }
        }
    }
}
