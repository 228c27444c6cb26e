use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::IpNet;
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minute * 60).expect("valid")
}

fn says(service: &str, address: &str) -> Answer {
    Answer {
        service: service.to_owned(),
        family: Family::V4,
        said: Some(address.parse().expect("an address")),
        why: None,
    }
}

fn silent(service: &str) -> Answer {
    Answer { service: service.to_owned(), family: Family::V4, said: None, why: Some("no answer".to_owned()) }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn list(networks: &[&str]) -> BTreeSet<IpNet> {
    networks.iter().map(|network| network.parse().expect("a network")).collect()
}

fn known(answers: &[Answer], minute: i64) -> Known {
    Known::after(Family::V4, None, &hear(Family::V4, answers), at(minute))
}

#[test]
fn two_must_agree_and_more_than_say_anything_else() {
    let heard = |answers: &[Answer]| hear(Family::V4, answers).word();
    assert_eq!(heard(&[says("a", "203.0.113.7"), says("b", "203.0.113.7")]), "agreed");
    assert_eq!(heard(&[says("a", "203.0.113.7"), says("b", "::ffff:203.0.113.7")]), "agreed", "the same, dressed up");
    assert_eq!(heard(&[says("a", "203.0.113.7"), says("b", "203.0.113.8")]), "disagreement");
    assert_eq!(heard(&[says("a", "203.0.113.7"), says("a", "203.0.113.7")]), "one-alone", "one voice is one");
    assert_eq!(heard(&[says("a", "203.0.113.7"), silent("b")]), "one-alone");
    assert_eq!(heard(&[silent("a"), silent("b")]), "no-answer");
    assert_eq!(heard(&[says("a", "2001:db8::1"), says("b", "2001:db8::1")]), "no-answer", "of the other family");
    let liar = [says("a", "203.0.113.7"), says("b", "203.0.113.7"), says("c", "198.51.100.9")];
    let heard = hear(Family::V4, &liar);
    assert!(matches!(heard, Heard::Agreed { address: seen, .. } if seen == address("203.0.113.7")));
}

#[test]
fn the_last_known_address_counts_for_a_day_and_not_longer() {
    let allowed = list(&["203.0.113.0/29"]);
    let first = known(&[says("a", "198.51.100.9"), says("b", "198.51.100.9")], 0);
    assert!(stand(&allowed, std::slice::from_ref(&first), at(0)).is_outside());
    let later = Known::after(Family::V4, Some(first), &Heard::Nothing, at(60));
    let judged = stand(&allowed, std::slice::from_ref(&later), at(60));
    assert!(judged.is_outside(), "{judged:?}");
    assert!(matches!(judged.doubts[..], [Doubt::Unheard { .. }]), "{judged:?}");
    let judged = stand(&allowed, std::slice::from_ref(&later), at(24 * 60));
    assert_eq!(judged.standing, Standing::Unknown);
    assert!(matches!(judged.doubts[..], [Doubt::NotKnown { .. }]), "{judged:?}");
}

#[test]
fn old_and_new_address_are_told_and_the_old_one_is_not_forgotten_while_nothing_is_heard() {
    let first = known(&[says("a", "203.0.113.7"), says("b", "203.0.113.7")], 0);
    let same = [says("a", "198.51.100.9"), says("b", "198.51.100.9")];
    let second = Known::after(Family::V4, Some(first), &hear(Family::V4, &same), at(5));
    let third = Known::after(Family::V4, Some(second), &hear(Family::V4, &same), at(35));
    assert_eq!((third.address, third.before), (Some(address("198.51.100.9")), Some(address("203.0.113.7"))));
    assert_eq!((third.since, third.seen), (Some(at(5)), Some(at(35))));
}

#[test]
fn a_family_that_is_not_on_the_list_keeps_nobody_out_and_is_said() {
    let v6 = [says("a", "2001:db8::7"), says("b", "2001:db8::7")];
    let v6 = Known::after(Family::V6, None, &hear(Family::V6, &v6), at(0));
    let v4 = known(&[says("a", "203.0.113.7"), says("b", "203.0.113.7")], 0);
    let judged = stand(&list(&["203.0.113.7/32"]), &[v4.clone(), v6.clone()], at(0));
    assert_eq!(judged.standing, Standing::Inside);
    assert!(matches!(judged.doubts[..], [Doubt::NotListed { family: Family::V6, .. }]), "{judged:?}");
    let both = list(&["203.0.113.7/32", "2001:db8:1::/56"]);
    assert!(stand(&both, &[v4, v6], at(0)).is_outside(), "of the other one the list says something");
}

#[test]
fn several_lines_to_the_internet_are_several_networks() {
    let allowed = list(&["203.0.113.7/32", "198.51.100.0/29"]);
    for line in ["203.0.113.7", "198.51.100.5"] {
        let known = known(&[says("a", line), says("b", line)], 0);
        assert_eq!(stand(&allowed, &[known], at(0)).standing, Standing::Inside, "{line}");
    }
}

#[test]
fn networks_are_read_and_what_is_too_wide_or_nobodys_is_refused() {
    let read = |text: &str| read_network(text).map(|entered| (entered.network.to_string(), entered.warnings.len()));
    assert_eq!(read("81.2.69.142"), Ok(("81.2.69.142/32".to_owned(), 0)));
    assert_eq!(read(" 81.2.69.136/29 "), Ok(("81.2.69.136/29".to_owned(), 0)));
    assert_eq!(read("::ffff:81.2.69.142"), Ok(("81.2.69.142/32".to_owned(), 0)));
    assert_eq!(read("81.2.69.142/29"), Ok(("81.2.69.136/29".to_owned(), 1)), "one machine in it");
    assert_eq!(read("81.2.69.0/24"), Ok(("81.2.69.0/24".to_owned(), 1)), "wide");
    assert_eq!(read("2a00:1450:1::/48"), Ok(("2a00:1450:1::/48".to_owned(), 1)), "wide");
    assert_eq!(read("2a00:1450:1::/56"), Ok(("2a00:1450:1::/56".to_owned(), 0)));
    assert_eq!(read("203.0.113.7"), Ok(("203.0.113.7/32".to_owned(), 1)), "of papers");
    for everybody in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
        assert!(matches!(read_network(everybody), Err(NetworkError::Everybody(_))), "{everybody}");
    }
    for nobodys in [
        "10.1.2.3",
        "192.168.0.0/16",
        "172.31.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "100.64.0.0/10",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "128.0.0.0/1",
        "::1",
        "fe80::1",
        "fd00::/8",
        "ff02::1",
        "64:ff9b::1",
        "2002::1",
        "4000::/3",
        "::ffff:10.0.0.1",
    ] {
        assert!(matches!(read_network(nobodys), Err(NetworkError::Special { .. })), "{nobodys}");
    }
    for wide in ["80.0.0.0/8", "2a00::/16"] {
        assert!(matches!(read_network(wide), Err(NetworkError::TooWide(_))), "{wide}");
    }
    for none in ["", "mail.example", "81.2.69", "81.2.69.142/33", "1.2.3.4/-1", "::ffff:1.2.3.4/40", "1.2.3.4/29/2"] {
        assert!(matches!(read_network(none), Err(NetworkError::NoNetwork(_))), "{none}");
    }
}

#[test]
fn a_lan_is_private_and_this_machine_is_none() {
    for inside in ["10.0.0.5", "192.168.1.1", "172.20.0.1", "169.254.0.1", "100.64.0.1", "fd00::5", "fe80::1"] {
        assert!(is_of_lan(address(inside)), "{inside}");
    }
    for other in ["127.0.0.1", "::1", "81.2.69.142", "203.0.113.7", "2a00:1450::1"] {
        assert!(!is_of_lan(address(other)), "{other}");
    }
    assert!(leads_outside(address("64:ff9b::5102:458e")) && !leads_outside(address("64:ff9b::a00:1")));
    assert!(!leads_outside(address("::ffff:127.0.0.1")));
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        // From few, so that services agree now and then.
        (0_u8..4).prop_map(|last| IpAddr::from([203, 0, 113, last])),
        any::<[u8; 4]>().prop_map(IpAddr::from),
        (0_u8..3).prop_map(|last| IpAddr::from(Ipv6Addr::new(0x2a00, 0x1450, 0, 0, 0, 0, 0, last.into()))),
        (0_u8..4).prop_map(|last| IpAddr::from(Ipv4Addr::new(203, 0, 113, last).to_ipv6_mapped())),
        any::<[u8; 16]>().prop_map(IpAddr::from),
    ]
}

fn any_answers() -> impl Strategy<Value = Vec<Answer>> {
    let answer = (0_u8..4, any::<bool>(), proptest::option::of(any_address())).prop_map(|(service, v4, said)| Answer {
        service: format!("service {service}"),
        family: if v4 { Family::V4 } else { Family::V6 },
        said,
        why: None,
    });
    proptest::collection::vec(answer, 0..8)
}

proptest! {
    #[test]
    fn nobody_waits_unless_two_services_say_the_same_address_that_is_not_on_the_list(
        rounds in proptest::collection::vec((any_answers(), 0_i64..2000), 1..6),
    ) {
        let allowed = list(&["203.0.113.0/31", "2a00:1450::/128"]);
        let mut known: Vec<Known> = Vec::new();
        let (mut minute, mut heard_from) = (0, Vec::new());
        for (answers, later) in rounds {
            minute += later;
            let before = std::mem::take(&mut known);
            for family in Family::ALL {
                let old = before.iter().find(|known| known.family == family).cloned();
                known.push(Known::after(family, old, &hear(family, &answers), at(minute)));
            }
            heard_from.push((minute, answers));
            if let Standing::Outside { address, .. } = stand(&allowed, &known, at(minute)).standing {
                prop_assert!(!lists(&allowed, address));
                let told = heard_from.iter().filter(|(then, _)| minute - then < 24 * 60).any(|(_, answers)| {
                    let says = |answer: &&Answer| answer.said.map(normalised) == Some(address);
                    answers.iter().filter(says).map(|answer| &answer.service).collect::<BTreeSet<_>>().len() > 1
                });
                prop_assert!(told, "nobody told {address} within a day");
            }
        }
    }

    #[test]
    fn one_service_alone_changes_nothing_whatever_it_says(
        honest in any_address(), lies in proptest::collection::vec(any_address(), 0..6),
    ) {
        let truth = |name: &str| Answer { service: name.to_owned(), family: Family::V4, said: Some(honest), why: None };
        let mut answers = vec![truth("a"), truth("b")];
        answers.extend(lies.into_iter().map(|said| Answer {
            service: "liar".to_owned(), family: Family::V4, said: Some(said), why: None,
        }));
        let heard = hear(Family::of(honest), &answers);
        prop_assert!(matches!(heard, Heard::Agreed { address, .. } if address == normalised(honest)), "{heard:?}");
    }

    #[test]
    fn no_network_that_is_taken_holds_an_address_that_nobody_has(
        base in any_address(), length in 0_u8..=128, inside in any::<u128>(),
    ) {
        let length = if base.is_ipv4() { length.min(32) } else { length };
        let Ok(entered) = read_network(&format!("{base}/{length}")) else { return Ok(()) };
        let network = entered.network;
        prop_assert_eq!(read_network(&network.to_string()).map(|again| again.network), Ok(network), "read again");
        let member = match network {
            IpNet::V4(network) => {
                let bits = u32::try_from(inside & u128::from(u32::MAX)).expect("masked");
                IpAddr::from(Ipv4Addr::from(u32::from(network.network()) | (bits & u32::from(network.hostmask()))))
            }
            IpNet::V6(network) => {
                IpAddr::from(Ipv6Addr::from(u128::from(network.network()) | (inside & u128::from(network.hostmask()))))
            }
        };
        prop_assert!(network.contains(&member));
        prop_assert!(!matches!(nature(member), Nature::Special(_)), "{member} in {network}");
    }

    #[test]
    fn an_address_in_other_clothes_is_judged_alike(octets in any::<[u8; 4]>()) {
        let plain = Ipv4Addr::from(octets);
        let dressed = IpAddr::from(plain.to_ipv6_mapped());
        prop_assert_eq!(nature(plain.into()), nature(dressed));
        let allowed = list(&["0.0.0.0/2", "203.0.113.0/24"]);
        prop_assert_eq!(lists(&allowed, plain.into()), lists(&allowed, dressed));
        prop_assert_eq!(Family::of(dressed), Family::V4);
    }
}
