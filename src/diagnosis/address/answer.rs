use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
};

use serde::{Deserialize, Serialize};

use super::nature::normalised;

/// IPv4 or IPv6: a machine may be seen under one address of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// That of an address.
    pub fn of(address: IpAddr) -> Self {
        if normalised(address).is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// `IPv4` or `IPv6`.
    pub fn word(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

/// What one echo service said when it was asked over one family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Which service, by its address.
    pub service: String,
    /// Over which it was asked.
    pub family: Family,
    /// The address that it saw.
    pub said: Option<IpAddr>,
    /// Why it said nothing that counts, in our own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What all of them together say about one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Two or more say the same, and more than say anything else.
    Agreed {
        /// What they say.
        address: IpAddr,
        /// Who.
        by: Vec<String>,
    },
    /// They contradict each other.
    Disagreement(BTreeSet<IpAddr>),
    /// One alone said something.
    Alone(IpAddr),
    /// Nobody said anything.
    Nothing,
}

impl Heard {
    /// For tables and the ledger.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Agreed { .. } => "agreed",
            Self::Disagreement(_) => "disagreement",
            Self::Alone(_) => "one-alone",
            Self::Nothing => "no-answer",
        }
    }
}

/// What the answers say about a family. A service has one voice for each address, whatever it was asked over; the family is that
/// of the address it said.
pub fn hear(family: Family, answers: &[Answer]) -> Heard {
    let mut voices: BTreeMap<IpAddr, BTreeSet<&str>> = BTreeMap::new();
    for answer in answers {
        let said = answer.said.map(normalised).filter(|address| Family::of(*address) == family);
        if let Some(address) = said {
            voices.entry(address).or_default().insert(&answer.service);
        }
    }
    let most = voices.values().map(BTreeSet::len).max().unwrap_or_default();
    let mut loudest = voices.iter().filter(|(_, services)| services.len() == most);
    match (loudest.next(), loudest.next()) {
        (None, _) => Heard::Nothing,
        (Some((address, services)), None) if most > 1 => {
            Heard::Agreed { address: *address, by: services.iter().map(|service| (*service).to_owned()).collect() }
        }
        (Some((address, _)), None) => Heard::Alone(*address),
        (Some(_), Some(_)) => Heard::Disagreement(voices.into_keys().collect()),
    }
}
