use std::{collections::BTreeSet, net::IpAddr};

use ipnet::{IpNet, Ipv4Net};

use super::nature::{Nature, nature_of, normalised};

/// A network that a person entered, and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// The network, without what was said of one machine in it.
    pub network: IpNet,
    /// What to think over, a sentence each.
    pub warnings: Vec<String>,
}

/// The text is no network that somebody could allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// It is no network at all.
    #[error("`{0}` is neither an address nor a network")]
    NoNetwork(String),
    /// It holds every address there is.
    #[error("`{0}` is every address there is: that allows everybody")]
    Everybody(IpNet),
    /// No named location takes it, and no firm has so many.
    #[error("`{0}` is wider than any firm's network")]
    TooWide(IpNet),
    /// Nobody comes from there.
    #[error("nobody on the internet comes from `{network}`: {why}")]
    Special {
        /// What was entered.
        network: IpNet,
        /// Why.
        why: &'static str,
    },
}

/// Narrowest length that is refused. Named locations take no wider IPv4 network; an IPv6 network so wide is a provider's.
/// <https://learn.microsoft.com/entra/identity/conditional-access/concept-assignment-network>
const TOO_WIDE: (u8, u8) = (8, 31);
/// Shorter ones hold more than one firm usually has.
const WIDE: (u8, u8) = (29, 56);

/// Reads an address or a network in the way of `203.0.113.7`, `203.0.113.0/29` or `2001:db8:1::/56`.
///
/// # Errors
/// When it is none, when it is wider than any firm's, and when nobody can come from there.
pub fn read_network(text: &str) -> Result<Entered, NetworkError> {
    let text = text.trim();
    let none = || NetworkError::NoNetwork(text.to_owned());
    let entered = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().map_err(|_| none())?,
    };
    let entered = plain(entered).ok_or_else(none)?;
    let network = entered.trunc();
    if network.prefix_len() == 0 {
        return Err(NetworkError::Everybody(network));
    }
    let mut warnings = Vec::new();
    match nature_of(network) {
        Nature::Special(why) => return Err(NetworkError::Special { network, why }),
        Nature::Documentation => {
            warnings.push(format!("`{network}` stands for an address in papers and is nobody's; is it the right one?"));
        }
        Nature::Public => {}
    }
    let (too_wide, wide) = match network {
        IpNet::V4(_) => (TOO_WIDE.0, WIDE.0),
        IpNet::V6(_) => (TOO_WIDE.1, WIDE.1),
    };
    if network.prefix_len() <= too_wide {
        return Err(NetworkError::TooWide(network));
    }
    if network != entered {
        warnings.push(format!("`{text}` is one machine in the network `{network}`, and all of that is allowed"));
    }
    if network.prefix_len() < wide {
        let who = match network {
            IpNet::V4(network) => format!("holds {} addresses", 1_u64 << (32 - u32::from(network.prefix_len()))),
            IpNet::V6(_) => "is wider than what one line of a firm has".to_owned(),
        };
        warnings.push(format!(
            "`{network}` {who}: whoever else is in it passes the rule too; allow the firm's own addresses alone"
        ));
    }
    Ok(Entered { network, warnings })
}

/// The same with an IPv4 network that is dressed up as an IPv6 one undressed; none if that is more than IPv4.
fn plain(network: IpNet) -> Option<IpNet> {
    match (normalised(network.addr()), network) {
        (IpAddr::V4(address), IpNet::V6(outer)) => {
            let length = outer.prefix_len().checked_sub(96)?;
            Ipv4Net::new(address, length).ok().map(IpNet::V4)
        }
        _ => Some(network),
    }
}

/// Whether an address is in one of these networks.
pub fn lists(networks: &BTreeSet<IpNet>, address: IpAddr) -> bool {
    let address = normalised(address);
    networks.iter().any(|network| network.contains(&address))
}
