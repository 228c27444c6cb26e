//! What can be made to go wrong, for one mailbox or all, for one operation or all, a number of times or until it is cleared. The
//! list of what can is in [`Fault`].

mod fault;

use std::{str::FromStr, sync::Mutex};

use serde::{Deserialize, Serialize};

pub use fault::{Fault, TokenFlaw};

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
    /// The operation it strikes: of EWS (`CreateItem`) or of the authority (`authorize`, `token`, `token/refresh_token`,
    /// `devicecode`); all if `None`.
    #[serde(default)]
    pub operation: Option<String>,
    /// Who signs in, where it strikes; everybody if `None`.
    #[serde(default)]
    pub login: Option<String>,
    /// The client id of the program that it strikes; all if `None`.
    #[serde(default)]
    pub client: Option<String>,
    /// Id of the tenant that it strikes; all if `None`.
    #[serde(default)]
    pub tenant: Option<String>,
    /// How many requests it strikes; until it is cleared if `None`.
    #[serde(default)]
    pub times: Option<u32>,
}

impl FaultRule {
    /// A fault that strikes everywhere until it is cleared.
    pub fn new(fault: Fault) -> Self {
        Self { fault, mailbox: None, operation: None, login: None, client: None, tenant: None, times: None }
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

    /// Only for who signs in with this.
    #[must_use]
    pub fn for_login(mut self, login: &str) -> Self {
        self.login = Some(login.to_owned());
        self
    }

    /// Only for the program with this client id.
    #[must_use]
    pub fn for_client(mut self, client: &str) -> Self {
        self.client = Some(client.to_owned());
        self
    }

    /// Only in this tenant.
    #[must_use]
    pub fn in_tenant(mut self, tenant: &str) -> Self {
        self.tenant = Some(tenant.to_owned());
        self
    }

    fn strikes(&self, place: &Place<'_>) -> bool {
        let same =
            |asked: &Option<String>, there: &str| asked.as_ref().is_none_or(|asked| asked.eq_ignore_ascii_case(there));
        // `token` means every kind of `token/…`.
        let above = place.operation.split('/').next().unwrap_or_default();
        self.times != Some(0)
            && same(&self.mailbox, place.mailbox)
            && (same(&self.operation, place.operation) || same(&self.operation, above))
            && same(&self.login, place.login)
            && same(&self.client, place.client)
            && same(&self.tenant, place.tenant)
    }
}

/// Where something may go wrong; what is not known is empty.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place<'a> {
    pub(crate) mailbox: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) login: &'a str,
    pub(crate) client: &'a str,
    pub(crate) tenant: &'a str,
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
            let value = value.parse::<i64>().map_or_else(|_| value.into(), serde_json::Value::from);
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
    pub(crate) fn strike<T>(&self, place: &Place<'_>, of: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut rules = super::lock(&self.0);
        let (place, found) = rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| rule.strikes(place))
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
    pub(crate) fn strike_all<T>(&self, place: &Place<'_>, of: impl Fn(&Fault) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        for rule in super::lock(&self.0).iter_mut().filter(|rule| rule.strikes(place)) {
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
        let at = |mailbox, operation| Place { mailbox, operation, ..Place::default() };
        assert_eq!(faults.strike(&at("b@example.org", "CreateItem"), lost), None);
        assert_eq!(faults.strike(&at("A@example.org", "GetItem"), lost), None);
        assert_eq!(faults.strike(&at("A@example.org", "CreateItem"), lost), Some(()));
        assert_eq!(faults.strike(&at("a@example.org", "CreateItem"), lost), Some(()));
        assert_eq!(faults.strike(&at("a@example.org", "CreateItem"), lost), None);
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
