use std::{collections::BTreeSet, net::IpAddr};

use ipnet::IpNet;
use jiff::Timestamp;
use serde::Serialize;

use super::{Family, Known, lists};

/// From where an account may sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AllowList {
    /// The networks.
    pub networks: BTreeSet<IpNet>,
    /// The name of the place (named location) in which the Exchange administrator allowed them.
    pub location: Option<String>,
}

impl AllowList {
    /// The networks, with commas between them.
    pub fn words(&self) -> String {
        self.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// How the list of an account stands to where we come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "standing")]
pub enum Standing {
    /// No list was entered.
    NoList,
    /// We come from where the list allows it.
    Inside,
    /// We do not: two services agree on an address that is not on the list.
    Outside {
        /// Of which family.
        family: Family,
        /// From where we come.
        address: IpAddr,
        /// From where we came before, where that is known.
        before: Option<IpAddr>,
        /// Since when.
        since: Option<Timestamp>,
    },
    /// It is not known from where we come. Nobody waits for that.
    Unknown,
}

/// What is to be said although nobody has to wait for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "doubt")]
pub enum Doubt {
    /// Services did not agree when they were last asked, and the last known address counts.
    Unheard {
        /// Of which family.
        family: Family,
        /// The last known address.
        address: IpAddr,
        /// Until when it counts.
        until: Timestamp,
        /// What was heard.
        heard: String,
    },
    /// Nothing counts (any more).
    NotKnown {
        /// Of which family.
        family: Family,
        /// What was heard.
        heard: String,
    },
    /// We are seen under a family of which the list has nothing.
    NotListed {
        /// Of which family.
        family: Family,
        /// Under which address.
        address: IpAddr,
    },
}

impl Doubt {
    /// In one sentence; `time` writes moments.
    pub fn words(&self, time: impl Fn(Timestamp) -> String) -> String {
        let heard = |heard: &str| match heard {
            "disagreement" => "the echo services contradict each other about",
            "one-alone" => "one echo service alone tells",
            _ => "no echo service tells",
        };
        match self {
            Self::Unheard { family, address, until, heard: word } => format!(
                "{} the {family} address; the last known one, {address}, counts until {}",
                heard(word),
                time(*until)
            ),
            Self::NotKnown { family, heard: word } => {
                format!(
                    "{} the {family} address, and none is known: nobody watches whether it is on the list",
                    heard(word)
                )
            }
            Self::NotListed { family, address } => format!(
                "this machine is seen under the {family} address {address} too, and the list has no {family} network: a server that \
                 is reached over {family} refuses the sign-in"
            ),
        }
    }
}

/// Standing and doubts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// How the list stands to where we come from.
    #[serde(flatten)]
    pub standing: Standing,
    /// What is to be said besides.
    pub doubts: Vec<Doubt>,
}

impl Judged {
    /// Whether the users of the account have to wait.
    pub fn is_outside(&self) -> bool {
        matches!(self.standing, Standing::Outside { .. })
    }
}

/// How a list of networks stands to what is known of our addresses. A family of which the list has nothing keeps nobody out: the
/// server may never be reached over it.
pub fn stand(list: &BTreeSet<IpNet>, known: &[Known], now: Timestamp) -> Judged {
    if list.is_empty() {
        return Judged { standing: Standing::NoList, doubts: Vec::new() };
    }
    let (mut doubts, mut inside, mut outside) = (Vec::new(), false, None);
    for family in Family::ALL {
        let listed = list.iter().any(|network| Family::of(network.addr()) == family);
        let known = known.iter().find(|known| known.family == family);
        let address = known.and_then(|known| known.counting(now));
        match (listed, known, address) {
            (true, Some(known), Some(address)) => {
                if known.is_doubtful()
                    && let Some(until) = known.counts_until()
                {
                    doubts.push(Doubt::Unheard { family, address, until, heard: known.heard.clone() });
                }
                if lists(list, address) {
                    inside = true;
                } else if outside.is_none() {
                    outside = Some(Standing::Outside { family, address, before: known.before, since: known.since });
                }
            }
            (true, Some(known), None) => doubts.push(Doubt::NotKnown { family, heard: known.heard.clone() }),
            (false, Some(_), Some(address)) => doubts.push(Doubt::NotListed { family, address }),
            (true, None, _) | (false, ..) => {}
        }
    }
    let standing = outside.unwrap_or(if inside { Standing::Inside } else { Standing::Unknown });
    Judged { standing, doubts }
}
