//! What an address is good for. The ranges are those of IANA's registries of special-purpose addresses:
//! <https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What an address, or a whole network, is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// It can be somebody's on the internet.
    Public,
    /// It stands for one in papers and tests, and is nobody's.
    Documentation,
    /// Nobody on the internet has it, for this reason.
    Special(&'static str),
}

type Range4 = (Ipv4Addr, u8, &'static str);
type Range6 = (Ipv6Addr, u8, &'static str);

const V4: [Range4; 12] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "it means this machine or nobody"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "it is private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a provider shares it between its customers"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "it is this machine itself (loopback)"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "it is link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "it is private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "it is reserved"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "it is reserved"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "it is private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "it is for measurements"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "it is for multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "it is reserved"),
];

const DOCUMENTATION_4: [(Ipv4Addr, u8); 3] =
    [(Ipv4Addr::new(192, 0, 2, 0), 24), (Ipv4Addr::new(198, 51, 100, 0), 24), (Ipv4Addr::new(203, 0, 113, 0), 24)];

const V6: [Range6; 7] = [
    (Ipv6Addr::UNSPECIFIED, 128, "it means nobody"),
    (Ipv6Addr::LOCALHOST, 128, "it is this machine itself (loopback)"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "it is private"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "it is link-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "it is for multicast"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "it is reserved"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "it stands for another address (6to4)"),
];

const DOCUMENTATION_6: [(Ipv6Addr, u8); 2] =
    [(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20)];

/// All that is given to anybody.
const GLOBAL_6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Where an IPv4 address stands inside an IPv6 one, for machines that have no IPv4.
const NAT64: (Ipv6Addr, u8) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// An IPv4 address that is dressed up as an IPv6 one is an IPv4 address.
pub fn normalised(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// What an address is good for.
pub fn nature(address: IpAddr) -> Nature {
    nature_of(IpNet::from(normalised(address)))
}

/// What a network is good for: special, as soon as a part of it is.
pub(super) fn nature_of(network: IpNet) -> Nature {
    match network {
        IpNet::V4(network) => of_v4(network),
        IpNet::V6(network) => of_v6(network),
    }
}

fn of_v4(network: Ipv4Net) -> Nature {
    let touches = |address, length| {
        let range = Ipv4Net::new_assert(address, length);
        range.contains(&network) || network.contains(&range)
    };
    if let Some((.., why)) = V4.into_iter().find(|(address, length, _)| touches(*address, *length)) {
        return Nature::Special(why);
    }
    let documentation = DOCUMENTATION_4.into_iter().any(|(address, length)| touches(address, length));
    if documentation { Nature::Documentation } else { Nature::Public }
}

fn of_v6(network: Ipv6Net) -> Nature {
    let touches = |address, length| {
        let range = Ipv6Net::new_assert(address, length);
        range.contains(&network) || network.contains(&range)
    };
    let documentation = DOCUMENTATION_6.into_iter().any(|(address, length)| touches(address, length));
    if let Some((.., why)) = V6.into_iter().find(|(address, length, _)| touches(*address, *length)) {
        return Nature::Special(why);
    }
    if !Ipv6Net::new_assert(GLOBAL_6.0, GLOBAL_6.1).contains(&network) {
        return Nature::Special("it is reserved");
    }
    if documentation { Nature::Documentation } else { Nature::Public }
}

/// Whether what has this address is on the internet, as seen from here: an IPv4 address inside an IPv6 one is looked at itself.
pub fn leads_outside(address: IpAddr) -> bool {
    let address = normalised(address);
    let inner = match address {
        IpAddr::V6(outer) if Ipv6Net::new_assert(NAT64.0, NAT64.1).contains(&outer) => {
            let [.., a, b, c, d] = outer.octets();
            IpAddr::from([a, b, c, d])
        }
        _ => address,
    };
    !matches!(nature(inner), Nature::Special(_))
}

/// Whether this is an address inside a firm's own network. The machine itself is none: a tunnel may begin there.
pub fn is_of_lan(address: IpAddr) -> bool {
    match normalised(address) {
        IpAddr::V4(address) => {
            let shared = Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10).contains(&address);
            address.is_private() || address.is_link_local() || shared
        }
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}
