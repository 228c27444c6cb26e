//! Why a text message did not arrive, by name, with who can do what about it.
//!
//! The numbers are Twilio's, from its dictionary of errors: <https://www.twilio.com/docs/api/errors>. Twilio says that causes and
//! numbers change over time, so a number that is not known here is told as it is, with its kind.
//! <https://www.twilio.com/en-us/changelog/updates-to-the-error-code-dictionary-to-clarify-number-validatio>

use std::{fmt, time::Duration};

use crate::{
    diagnosis::Fixer,
    ports::{Failure, FailureKind},
};

/// Why a text message did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// The gateway does not take login and secret.
    WrongCredentials,
    /// The gateway knows no such account.
    UnknownAccount,
    /// The account is suspended or closed; its balance is used up, usually.
    AccountStandsStill,
    /// This is no telephone number.
    InvalidNumber,
    /// The number is none that takes text messages.
    NotMobile,
    /// An account on trial sends to numbers that were verified, and this one was not.
    Unverified,
    /// The account may not send to this country.
    RegionNotPermitted,
    /// The user answered STOP to an earlier message.
    OptedOut,
    /// The sender is none of the account's, or cannot send text messages.
    WrongSender,
    /// The gateway has no way from this sender to this number.
    NoRoute,
    /// The phone is off, without reception, or takes nothing from such senders.
    Unreachable,
    /// The network does not know the number any more.
    UnknownHandset,
    /// The network blocked the message.
    Blocked,
    /// The network took the message for spam.
    Filtered,
    /// The sender is not registered for programs that send to the United States or Canada.
    Unregistered,
    /// Too many messages at once.
    Throttled,
    /// The gateway is in trouble itself.
    GatewayDown,
    /// Whatever answered, it is no gateway in this form.
    NotUnderstood,
    /// The gateway or the network refused, for a reason of its own.
    Refused,
}

impl Trouble {
    /// Every one, for the reference and its test.
    pub const ALL: [Self; 19] = [
        Self::WrongCredentials,
        Self::UnknownAccount,
        Self::AccountStandsStill,
        Self::InvalidNumber,
        Self::NotMobile,
        Self::Unverified,
        Self::RegionNotPermitted,
        Self::OptedOut,
        Self::WrongSender,
        Self::NoRoute,
        Self::Unreachable,
        Self::UnknownHandset,
        Self::Blocked,
        Self::Filtered,
        Self::Unregistered,
        Self::Throttled,
        Self::GatewayDown,
        Self::NotUnderstood,
        Self::Refused,
    ];

    /// What one of Twilio's numbers means.
    pub fn of_code(code: u32) -> Self {
        match code {
            20003 => Self::WrongCredentials,
            20404 => Self::UnknownAccount,
            10001 | 20005 | 20403 | 30002 => Self::AccountStandsStill,
            21211 => Self::InvalidNumber,
            21614 | 30006 => Self::NotMobile,
            21608 => Self::Unverified,
            21408 => Self::RegionNotPermitted,
            21610 => Self::OptedOut,
            21212 | 21603 | 21606 | 21659 | 21660 | 21703 => Self::WrongSender,
            21612 => Self::NoRoute,
            30003 => Self::Unreachable,
            30004 => Self::Blocked,
            30005 => Self::UnknownHandset,
            30007 => Self::Filtered,
            30032 | 30034 => Self::Unregistered,
            20429 | 21611 | 30001 => Self::Throttled,
            20500 | 20503 => Self::GatewayDown,
            _ => Self::Refused,
        }
    }

    /// What a status means where the answer does not say more.
    pub(super) fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::WrongCredentials,
            404 => Self::UnknownAccount,
            429 => Self::Throttled,
            500..=599 => Self::GatewayDown,
            400 | 402 | 405..=499 => Self::Refused,
            _ => Self::NotUnderstood,
        }
    }

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::WrongCredentials => "wrong-credentials",
            Self::UnknownAccount => "unknown-account",
            Self::AccountStandsStill => "account-stands-still",
            Self::InvalidNumber => "invalid-number",
            Self::NotMobile => "not-mobile",
            Self::Unverified => "unverified-number",
            Self::RegionNotPermitted => "region-not-permitted",
            Self::OptedOut => "opted-out",
            Self::WrongSender => "wrong-sender",
            Self::NoRoute => "no-route",
            Self::Unreachable => "phone-unreachable",
            Self::UnknownHandset => "unknown-phone",
            Self::Blocked => "message-blocked",
            Self::Filtered => "message-filtered",
            Self::Unregistered => "sender-unregistered",
            Self::Throttled => "throttled",
            Self::GatewayDown => "gateway-down",
            Self::NotUnderstood => "not-a-gateway",
            Self::Refused => "refused",
        }
    }

    /// What happened, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::WrongCredentials => "the gateway does not take login and secret",
            Self::UnknownAccount => "the gateway knows no such account or address",
            Self::AccountStandsStill => {
                "the account at the gateway is suspended or closed, often because its balance is used up"
            }
            Self::InvalidNumber => "the number is no telephone number",
            Self::NotMobile => "the number takes no text messages: a landline, or a network that cannot be reached",
            Self::Unverified => "the account is on trial and sends to verified numbers alone",
            Self::RegionNotPermitted => "the account may not send to this country",
            Self::OptedOut => "the user answered STOP to an earlier message and gets none any more",
            Self::WrongSender => "the sender is none of the account's, or cannot send text messages",
            Self::NoRoute => "the gateway has no way from this sender to this number",
            Self::Unreachable => "the phone is off, without reception, or takes nothing from such senders",
            Self::UnknownHandset => "the network does not know this number",
            Self::Blocked => "the network blocked the message",
            Self::Filtered => "the network took the message for spam",
            Self::Unregistered => "the sender is not registered for programs, as the United States and Canada want it",
            Self::Throttled => "the gateway was asked too often",
            Self::GatewayDown => "the gateway is in trouble",
            Self::NotUnderstood => "the answer is not one of such a gateway",
            Self::Refused => "the gateway or the network refused the message",
        }
    }

    /// Who can do something about it.
    pub fn fixer(self) -> Fixer {
        match self {
            Self::InvalidNumber | Self::NotMobile | Self::OptedOut | Self::Unreachable | Self::UnknownHandset => {
                Fixer::User
            }
            Self::Blocked | Self::Filtered => Fixer::Provider,
            Self::Throttled | Self::GatewayDown => Fixer::Nobody,
            _ => Fixer::FirmIt,
        }
    }

    /// What to do next.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::WrongCredentials => {
                "look up account, login and secret at the gateway; then `pocketdocket text-messages secret`"
            }
            Self::UnknownAccount => "compare `url` and `account` in `[text_messages]` with what the gateway shows",
            Self::AccountStandsStill => "look at the account at the gateway: balance, payment, notices; then try again",
            Self::InvalidNumber | Self::NotMobile | Self::UnknownHandset => {
                "ask the user for the number of a mobile phone; then `pocketdocket user set NAME --mobile NUMBER`"
            }
            Self::Unverified => "verify the number in the gateway's console, or upgrade the account",
            Self::RegionNotPermitted => {
                "permit the country in the gateway's console (at Twilio: Messaging, Geo permissions)"
            }
            Self::OptedOut => "the user sends START to the sender's number; then try again",
            Self::WrongSender => "set `from` or `service` in `[text_messages]` to one of the account's senders",
            Self::NoRoute => "take another sender (`from` or `service` in `[text_messages]`), or ask the gateway",
            Self::Unreachable => "ask the user to switch the phone on where there is reception; then try again",
            Self::Blocked | Self::Filtered => {
                "ask the gateway why, with the time of the message; meanwhile confirm another way"
            }
            Self::Unregistered => {
                "register the sender at the gateway (at Twilio: A2P 10DLC, or toll-free verification)"
            }
            Self::Throttled => "try again in a few minutes",
            Self::GatewayDown => "try again later; meanwhile confirm another way",
            Self::NotUnderstood => "compare `[text_messages]` with the gateway's own description: address and form",
            Self::Refused => "look the number of the error up at the gateway; meanwhile confirm another way",
        }
    }

    fn kind(self) -> FailureKind {
        match self {
            Self::WrongCredentials | Self::UnknownAccount => FailureKind::Unauthorized,
            Self::Throttled => FailureKind::Throttled,
            Self::GatewayDown => FailureKind::Transient,
            Self::NotUnderstood => FailureKind::Malformed,
            _ => FailureKind::Rejected,
        }
    }

    /// As a failure while doing that, with what shows it.
    pub(super) fn failure(self, doing: &str, evidence: String, after: Option<Duration>) -> Failure {
        let mut failure = Failure::new(self.kind(), doing)
            .because(Told { trouble: self, evidence: evidence.clone() })
            .hint(format!("{} can do something: {}", self.fixer().words(), self.remedy()));
        if self.fixer() == Fixer::Nobody {
            failure = failure.hint(self.remedy());
        }
        failure.evidence.push(evidence);
        match after {
            Some(after) => failure.after(after),
            None => failure,
        }
    }
}

/// What happened and what shows it; no number, no text.
#[derive(Debug)]
struct Told {
    trouble: Trouble,
    evidence: String,
}

impl fmt::Display for Told {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}): {}", self.trouble.title(), self.trouble.word(), self.evidence)
    }
}

impl std::error::Error for Told {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_trouble_has_a_name_of_its_own_a_fixer_and_a_next_step() {
        let names: BTreeSet<&str> = Trouble::ALL.iter().map(|trouble| trouble.word()).collect();
        assert_eq!(names.len(), Trouble::ALL.len());
        for trouble in Trouble::ALL {
            assert!(!trouble.title().ends_with('.') && !trouble.remedy().ends_with('.'), "{trouble:?}");
            let failure = trouble.failure("send a text message", "HTTP 400, error 1".to_owned(), None);
            assert!(failure.chain().contains(trouble.word()) && failure.hint.is_some(), "{trouble:?}");
            // Passing trouble is nobody's to fix.
            assert_eq!(failure.kind.passes(), trouble.fixer() == Fixer::Nobody, "{trouble:?}");
        }
    }

    #[test]
    fn the_numbers_of_the_dictionary_have_their_meaning() {
        for (code, trouble) in [
            (20003, Trouble::WrongCredentials),
            (21211, Trouble::InvalidNumber),
            (21408, Trouble::RegionNotPermitted),
            (21608, Trouble::Unverified),
            (30002, Trouble::AccountStandsStill),
            (30003, Trouble::Unreachable),
            (30004, Trouble::Blocked),
            (30005, Trouble::UnknownHandset),
            (30006, Trouble::NotMobile),
            (30007, Trouble::Filtered),
            (30034, Trouble::Unregistered),
            (99_999, Trouble::Refused),
        ] {
            assert_eq!(Trouble::of_code(code), trouble, "{code}");
        }
    }
}
