//! What echo services say, and how little of it is believed.

use std::{
    net::{IpAddr, TcpListener, ToSocketAddrs as _},
    time::Duration,
};

use pocketdocket::{
    auth::address::{EchoService, Echoes, Settings},
    diagnosis::address::{Answer, Family, Heard, hear, leads_outside},
    simulator::{EchoManner, Running},
};

use super::outside;

fn services(urls: &[String]) -> Echoes {
    let echo = urls.iter().map(|url| EchoService { url: url.clone(), field: None }).collect();
    Echoes::new(&Settings { echo, time_out_seconds: 2, ca_file: None }).expect("good settings")
}

fn three(running: &Running) -> Echoes {
    services(&[running.echo_url("a"), running.echo_url("b"), format!("{}/json", running.echo_url("c"))])
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn agreed(answers: &[Answer], family: Family) -> Option<IpAddr> {
    match hear(family, answers) {
        Heard::Agreed { address, .. } => Some(address),
        _ => None,
    }
}

fn why(answers: &[Answer]) -> Vec<&str> {
    let v4 = answers.iter().filter(|answer| answer.family == Family::V4);
    v4.filter_map(|answer| answer.why.as_deref()).collect()
}

#[tokio::test]
async fn text_and_json_are_read_and_services_that_see_alike_agree() {
    let running = outside(Some("203.0.113.7"), None).await;
    let answers = three(&running).ask().await;
    assert_eq!(agreed(&answers, Family::V4), Some(address("203.0.113.7")), "{answers:?}");
    assert_eq!(agreed(&answers, Family::V6), None, "nobody was asked over IPv6: {answers:?}");
    assert!(matches!(hear(Family::V4, &answers), Heard::Agreed { by, .. } if by.len() == 3));
}

#[tokio::test]
async fn ipv4_and_ipv6_are_asked_apart() {
    if TcpListener::bind("[::1]:0").is_err() {
        println!("skipped: this machine has no IPv6");
        return;
    }
    let running = outside(Some("203.0.113.7"), Some("2001:db8::7")).await;
    let urls = ["a", "b"].map(|name| running.echo_url(name).replace("127.0.0.1", "localhost"));
    let answers = services(&urls).ask().await;
    assert_eq!(agreed(&answers, Family::V4), Some(address("203.0.113.7")), "{answers:?}");
    assert_eq!(agreed(&answers, Family::V6), Some(address("2001:db8::7")), "{answers:?}");
    let by_number = services(&[running.echo_url("a"), running.echo_url("b")]).ask().await;
    assert_eq!(agreed(&by_number, Family::V6), None, "127.0.0.1 is not reached over IPv6: {by_number:?}");
}

#[tokio::test]
async fn one_liar_among_three_changes_nothing_and_one_of_two_makes_it_unclear() {
    let running = outside(Some("203.0.113.7"), None).await;
    running.set_echo("a", EchoManner::Says { address: address("198.51.100.66") });
    let answers = three(&running).ask().await;
    assert_eq!(agreed(&answers, Family::V4), Some(address("203.0.113.7")), "{answers:?}");
    let answers = services(&[running.echo_url("a"), running.echo_url("b")]).ask().await;
    assert!(matches!(hear(Family::V4, &answers), Heard::Disagreement(_)), "{answers:?}");
}

#[tokio::test]
async fn an_address_that_nobody_can_have_is_no_answer() {
    let running = outside(Some("203.0.113.7"), None).await;
    for lie in
        ["10.0.0.1", "127.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1", "0.0.0.0"]
    {
        for name in ["a", "b"] {
            running.set_echo(name, EchoManner::Says { address: address(lie) });
        }
        let answers = services(&[running.echo_url("a"), running.echo_url("b")]).ask().await;
        assert!(answers.iter().all(|answer| answer.said.is_none()), "{lie}: {answers:?}");
    }
    for name in ["a", "b"] {
        running.set_echo(name, EchoManner::Says { address: address("::ffff:203.0.113.7") });
    }
    let answers = services(&[running.echo_url("a"), running.echo_url("b")]).ask().await;
    assert_eq!(agreed(&answers, Family::V4), Some(address("203.0.113.7")), "dressed up, and the same: {answers:?}");
}

#[tokio::test]
async fn whoever_is_slow_down_endless_or_elsewhere_says_nothing_and_the_others_are_heard() {
    let running = outside(Some("203.0.113.7"), None).await;
    let elsewhere = format!("{}/echo/b", running.authority_url());
    for (manner, told) in [
        (EchoManner::Slow { milliseconds: 30_000 }, "in time"),
        (EchoManner::Down, "with an error"),
        (EchoManner::Huge, "too long"),
        (EchoManner::Moved { location: elsewhere }, "we do not follow"),
        (EchoManner::Page, "neither an address nor JSON"),
    ] {
        running.set_echo("a", manner.clone());
        let answers = three(&running).ask().await;
        assert_eq!(agreed(&answers, Family::V4), Some(address("203.0.113.7")), "{manner:?}: {answers:?}");
        let why = why(&answers);
        assert!(why.len() == 1 && why[0].contains(told), "{manner:?}: {why:?}");
        assert!(!why[0].contains("198.51.100.66"), "nothing of a page is repeated");
    }
}

#[tokio::test]
async fn nobody_at_the_other_end_is_told_as_that() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound");
    let answers = services(&[format!("http://{free}/a"), format!("http://{free}/b")]).ask().await;
    assert_eq!(why(&answers), ["there is no connection to it"; 2]);
}

/// A name that somebody could let point at this machine, which no loopback address in the URL announces.
fn name_of_this_machine() -> Option<String> {
    let own = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let names = ["ip6-localhost", "localhost.localdomain", "localhost4", own.trim()].map(str::to_owned);
    names.into_iter().filter(|name| !name.is_empty()).find(|name| {
        let found: Vec<_> = (name.as_str(), 0).to_socket_addrs().into_iter().flatten().collect();
        !found.is_empty() && found.iter().all(|found| !leads_outside(found.ip()))
    })
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_or_into_the_lan_is_not_asked() {
    let Some(name) = name_of_this_machine() else {
        println!("skipped: no name leads to this machine or into its network");
        return;
    };
    let listener = TcpListener::bind("0.0.0.0:0").expect("a port");
    listener.set_nonblocking(true).expect("a setting");
    let port = listener.local_addr().expect("bound").port();
    let urls = ["a", "b"].map(|path| format!("https://{name}:{port}/{path}"));
    let answers = services(&urls).ask().await;
    assert!(
        why(&answers).iter().all(|why| why.contains("leads into a network of our own")) && why(&answers).len() == 2,
        "{name}: {answers:?}"
    );
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(listener.accept().is_err(), "nobody knocked");
}
