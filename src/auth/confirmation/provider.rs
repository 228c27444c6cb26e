//! Whether a provider's own sign-in shows more than one factor: the `amr` of a verified ID token.
//!
//! Values are those of RFC 8176; `ngcmfa` is Microsoft's for a strong sign-in that enrolled a credential. Some providers say `mfa`,
//! others list what was shown; two things of different kinds (known, owned, of the body) are two factors.

use jiff::{SignedDuration, Timestamp};

use super::{CLOCK_TOLERANCE, LIFE};

/// What a verified ID token says of a sign-in. Whoever makes this has checked signature, issuer, audience, nonce, and that the
/// user is the link's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The provider's own identifier of the user (`sub`, or `oid`).
    pub subject: String,
    /// How the user was authenticated (`amr`).
    pub amr: Vec<String>,
    /// When: `auth_time` if the token has one, else `iat`.
    pub at: Timestamp,
}

/// Why a sign-in confirms nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEvidence {
    /// It shows one factor, or says nothing of it.
    #[error("the provider's sign-in does not show a second factor")]
    OneFactor,
    /// It is not of now.
    #[error("the provider's sign-in is not of the last ten minutes")]
    Stale,
}

impl Evidence {
    /// Whether this sign-in, made just now, was a multi-factor one.
    ///
    /// # Errors
    /// Why it confirms nothing.
    pub fn judge(&self, now: Timestamp) -> Result<(), NoEvidence> {
        let age = now.duration_since(self.at);
        if age >= LIFE || age < SignedDuration::ZERO.saturating_sub(CLOCK_TOLERANCE) {
            return Err(NoEvidence::Stale);
        }
        if shows_two_factors(&self.amr) { Ok(()) } else { Err(NoEvidence::OneFactor) }
    }
}

fn shows_two_factors(amr: &[String]) -> bool {
    let any = |of: &[&str]| amr.iter().any(|value| of.contains(&value.as_str()));
    if any(&["mfa", "ngcmfa"]) {
        return true;
    }
    let known = any(&["pwd", "pin", "kba"]);
    let owned = any(&["otp", "sms", "tel", "hwk", "swk", "pop", "sc", "fido"]);
    let of_the_body = any(&["face", "fpt", "iris", "retina", "vbm"]);
    u8::from(known) + u8::from(owned) + u8::from(of_the_body) >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_700_000_000 + seconds)
    }

    fn judged(amr: &[&str], signed_in: i64) -> Result<(), NoEvidence> {
        let amr = amr.iter().map(|value| (*value).to_owned()).collect();
        Evidence { subject: "s".to_owned(), amr, at: at(signed_in) }.judge(at(0))
    }

    #[test]
    fn two_factors_show_and_one_does_not() {
        for two in
            [&["pwd", "mfa"][..], &["mfa"], &["ngcmfa"], &["pwd", "otp"], &["hwk", "fpt"], &["pin", "sc", "user"]]
        {
            assert_eq!(judged(two, 0), Ok(()), "{two:?}");
        }
        for one in [
            &[][..],
            &["pwd"],
            &["otp"],
            &["otp", "sms"],
            &["pwd", "pin"],
            &["MFA"],
            &["wia"],
            &["rsa", "user"],
            &["xmfa"],
        ] {
            assert_eq!(judged(one, 0), Err(NoEvidence::OneFactor), "{one:?}");
        }
    }

    #[test]
    fn a_sign_in_of_another_time_is_no_evidence() {
        for fresh in [0, -599, 60] {
            assert_eq!(judged(&["mfa"], fresh), Ok(()), "{fresh}");
        }
        for stale in [-600, -86_400, 61] {
            assert_eq!(judged(&["mfa"], stale), Err(NoEvidence::Stale), "{stale}");
        }
    }
}
