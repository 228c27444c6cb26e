//! What can be made to go wrong, for one mailbox or all, for one operation or all, a number of times or until it is cleared.

use std::{str::FromStr, sync::Mutex};

use serde::{Deserialize, Serialize};

/// One way in which a server can fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Fault {
    /// `ErrorServerBusy` with the time it wants to be left alone.
    Busy {
        /// What `BackOffMilliseconds` says.
        back_off_milliseconds: u64,
    },
    /// HTTP 503.
    Unavailable {
        /// What `Retry-After` says, if it is sent.
        #[serde(default)]
        retry_after_seconds: Option<u64>,
    },
    /// HTTP 401 although the password is right, as servers answer under load.
    UnauthorizedBecauseBusy,
    /// The request is carried out and stored, and then the connection is closed without an answer.
    LostReply,
    /// Of a batch that writes, only the first are stored; then the connection is closed without an answer.
    HalfBatch {
        /// How many items are stored.
        stored: usize,
    },
    /// The request is carried out, and the answer ends in the middle.
    TruncatedBody {
        /// How many bytes of it are sent.
        bytes: usize,
    },
    /// The answer takes its time.
    Slow {
        /// How long it waits before it begins.
        milliseconds: u64,
    },
    /// `ErrorMailboxMoveInProgress`.
    MailboxMoving,
    /// `ErrorInvalidSyncStateData` for any sync state.
    InvalidSyncState,
    /// `ErrorQuotaExceeded` for every item that would be created or changed.
    QuotaExceeded,
    /// A field is accepted and silently not stored.
    FieldDropped {
        /// Its EWS path (`item:ReminderIsSet`, `contacts:PhoneNumber#Pager`).
        field: String,
    },
    /// The server itself touches every item once more after it was written: the change key that was answered is stale.
    ServerTouches,
    /// A batch with an item in which this text occurs is refused as a whole, by a fault that does not name the item.
    PoisonItem {
        /// The text, anywhere in the item.
        text: String,
    },
    /// A single item is refused: every item in which this text occurs answers with this response code.
    ItemRefused {
        /// The text, anywhere in the item.
        text: String,
        /// For instance `ErrorCorruptData`.
        code: String,
    },
    /// HTTP 403: EWS is switched off.
    EwsOff,
    /// The password is refused, whatever it is.
    WrongPassword,
    /// The password is refused because it has expired, and the server says so in its headers.
    PasswordExpired,
}

/// A fault, and where and how often it strikes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FaultRule {
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: Fault,
    /// The mailbox it strikes; all if `None`.
    #[serde(default)]
    pub mailbox: Option<String>,
    /// The operation it strikes (`CreateItem`); all if `None`.
    #[serde(default)]
    pub operation: Option<String>,
    /// How many requests it strikes; until it is cleared if `None`.
    #[serde(default)]
    pub times: Option<u32>,
}

impl FaultRule {
    /// A fault that strikes everywhere until it is cleared.
    pub fn new(fault: Fault) -> Self {
        Self { fault, mailbox: None, operation: None, times: None }
    }

    /// Only in this mailbox.
    #[must_use]
    pub fn in_mailbox(mut self, address: &str) -> Self {
        self.mailbox = Some(address.to_owned());
        self
    }

    /// Only this operation.
    #[must_use]
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Only so many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn strikes(&self, mailbox: &str, operation: &str) -> bool {
        self.mailbox.as_ref().is_none_or(|known| known.eq_ignore_ascii_case(mailbox))
            && self.operation.as_ref().is_none_or(|known| known == operation)
            && self.times != Some(0)
    }
}

/// The text is not a fault.
#[derive(Debug, thiserror::Error)]
#[error("`{text}` is not a fault; write for instance `busy,back-off-milliseconds=5000,operation=CreateItem,times=3`")]
pub struct FaultError {
    text: String,
    source: serde_json::Error,
}

/// `name,setting=value,…`: the same words as in JSON, for the command line.
impl FromStr for FaultRule {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split(',');
        let mut rule = serde_json::Map::new();
        rule.insert("fault".to_owned(), words.next().unwrap_or_default().into());
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            let value = value.parse::<u64>().map_or_else(|_| value.into(), serde_json::Value::from);
            rule.insert(name.to_owned(), value);
        }
        serde_json::from_value(rule.into()).map_err(|source| FaultError { text: text.to_owned(), source })
    }
}

/// The faults that are switched on.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<FaultRule>>);

impl Faults {
    /// Switches a fault on, after those that are on already.
    pub fn add(&self, rule: FaultRule) {
        super::lock(&self.0).push(rule);
    }

    /// Switches all faults off.
    pub fn clear(&self) {
        super::lock(&self.0).clear();
    }

    /// What is switched on and not used up.
    pub fn active(&self) -> Vec<FaultRule> {
        super::lock(&self.0).clone()
    }

    /// The first fault of that sort that strikes here; counts it as used.
    pub(crate) fn strike<T>(&self, mailbox: &str, operation: &str, of: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut rules = super::lock(&self.0);
        let (place, found) = rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.strikes(mailbox, operation))
            .find_map(|(place, rule)| of(&rule.fault).map(|found| (place, found)))?;
        if let Some(times) = rules.get_mut(place).and_then(|rule| rule.times.as_mut()) {
            *times -= 1;
            if *times == 0 {
                rules.remove(place);
            }
        }
        Some(found)
    }

    /// Every fault of that sort that strikes here; counts each as used.
    pub(crate) fn strike_all<T>(&self, mailbox: &str, operation: &str, of: impl Fn(&Fault) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        for rule in super::lock(&self.0).iter_mut().filter(|rule| rule.strikes(mailbox, operation)) {
            if let Some(fault) = of(&rule.fault) {
                found.push(fault);
                rule.times = rule.times.map(|times| times - 1);
            }
        }
        super::lock(&self.0).retain(|rule| rule.times != Some(0));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_it_was_told_and_only_where() {
        let faults = Faults::default();
        faults.add("lost-reply,operation=CreateItem,mailbox=a@example.org,times=2".parse().expect("a fault"));
        let lost = |fault: &Fault| (*fault == Fault::LostReply).then_some(());
        assert_eq!(faults.strike("b@example.org", "CreateItem", lost), None);
        assert_eq!(faults.strike("A@example.org", "GetItem", lost), None);
        assert_eq!(faults.strike("A@example.org", "CreateItem", lost), Some(()));
        assert_eq!(faults.strike("a@example.org", "CreateItem", lost), Some(()));
        assert_eq!(faults.strike("a@example.org", "CreateItem", lost), None);
        assert!(faults.active().is_empty());
    }

    #[test]
    fn faults_are_written_alike_on_the_command_line_and_in_json() {
        let rule: FaultRule = "busy,back-off-milliseconds=5000,times=3".parse().expect("a fault");
        assert_eq!(rule, FaultRule::new(Fault::Busy { back_off_milliseconds: 5000 }).times(3));
        let json = serde_json::to_string(&rule).expect("JSON");
        assert_eq!(serde_json::from_str::<FaultRule>(&json).expect("a fault"), rule);
        assert!("nonsense".parse::<FaultRule>().is_err());
    }
}
