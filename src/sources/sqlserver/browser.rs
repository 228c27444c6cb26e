//! Which port an instance listens on, asked of the SQL Server Browser (MC-SQLR): one small datagram there and one back.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::UdpSocket, time::timeout};

/// Where the Browser listens.
pub(super) const PORT: u16 = 1434;
/// How long one question waits, and how often it is asked: datagrams get lost.
const PATIENCE: Duration = Duration::from_millis(800);
const TRIES: usize = 3;

/// Asks for one instance, and for all of them.
const ONE: u8 = 0x04;
const ALL: u8 = 0x03;
/// Begins an answer.
const ANSWER: u8 = 0x05;

/// Why no port is known.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unknown {
    /// Nothing answers.
    #[error("the SQL Server Browser does not answer")]
    Silent,
    /// Nothing listens.
    #[error("no SQL Server Browser runs there")]
    Absent,
    /// It knows other instances.
    #[error("there is no such instance; the SQL Server Browser there knows {0}")]
    NoInstance(String),
    /// It cannot be reached over the network.
    #[error("the instance takes no connections over TCP")]
    NoTcp,
    /// Asking failed.
    #[error("the SQL Server Browser cannot be asked")]
    Failed(#[source] io::Error),
}

/// The instance's port. The Browser says nothing about an instance that it does not know; so where it is silent it is asked for all.
pub(super) async fn port_of(browser: SocketAddr, instance: &str) -> Result<u16, Unknown> {
    let mut question = vec![ONE];
    question.extend_from_slice(instance.as_bytes());
    question.push(0);
    let answer = match asked(browser, &question).await {
        Ok(answer) => answer,
        Err(Unknown::Silent) => asked(browser, &[ALL]).await?,
        Err(unknown) => return Err(unknown),
    };
    let instances = instances(&answer);
    match instances.iter().find(|known| known.name.eq_ignore_ascii_case(instance)) {
        Some(Instance { port: Some(port), .. }) => Ok(*port),
        Some(_) => Err(Unknown::NoTcp),
        None => {
            let names: Vec<&str> = instances.iter().map(|instance| instance.name).collect();
            Err(Unknown::NoInstance(if names.is_empty() { "none".to_owned() } else { names.join(", ") }))
        }
    }
}

/// What comes back to a question.
async fn asked(browser: SocketAddr, question: &[u8]) -> Result<String, Unknown> {
    let here: SocketAddr = if browser.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(here).await.map_err(Unknown::Failed)?;
    socket.connect(browser).await.map_err(Unknown::Failed)?;
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => Unknown::Absent,
        _ => Unknown::Failed(error),
    };
    let mut answer = vec![0; 65536];
    for _ in 0..TRIES {
        socket.send(question).await.map_err(failed)?;
        if let Ok(length) = timeout(PATIENCE, socket.recv(&mut answer)).await {
            let length = length.map_err(failed)?;
            if let Some([ANSWER, _, _, text @ ..]) = answer.get(..length) {
                return Ok(String::from_utf8_lossy(text).into_owned());
            }
        }
    }
    Err(Unknown::Silent)
}

/// An instance as the Browser describes it.
#[derive(Debug, PartialEq, Eq)]
struct Instance<'a> {
    name: &'a str,
    port: Option<u16>,
}

/// Names and values in turn, a pair of semicolons after each instance.
fn instances(answer: &str) -> Vec<Instance<'_>> {
    let instance = |text| {
        let words: Vec<&str> = str::split(text, ';').collect();
        let value =
            |name: &str| words.chunks_exact(2).find(|pair| pair[0].eq_ignore_ascii_case(name)).map(|pair| pair[1]);
        let port = value("tcp").and_then(|port| port.parse().ok()).filter(|port| *port != 0);
        value("InstanceName").map(|name| Instance { name, port })
    };
    answer.split(";;").filter_map(instance).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPRESS: &str =
        "ServerName;DB01;InstanceName;SQLEXPRESS;IsClustered;No;Version;16.0.1000.6;tcp;57137;np;\\\\DB01\\pipe;;";
    const NO_TCP: &str = "ServerName;DB01;InstanceName;TM;IsClustered;No;Version;10.50.1600.1;;";

    /// A Browser that knows these instances, and is silent about any other.
    async fn browser(known: &'static [&'static str]) -> SocketAddr {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await.expect("a socket");
        let address = socket.local_addr().expect("an address");
        tokio::spawn(async move {
            let mut question = [0; 64];
            while let Ok((length, asker)) = socket.recv_from(&mut question).await {
                let answer = match question.get(..length) {
                    Some([ALL]) => known.concat(),
                    Some([ONE, name @ .., 0]) => {
                        let name = format!(";InstanceName;{};", String::from_utf8_lossy(name));
                        known.iter().filter(|text| text.contains(&name)).copied().collect()
                    }
                    _ => String::new(),
                };
                if !answer.is_empty() {
                    let length = u16::try_from(answer.len()).expect("short").to_le_bytes();
                    let answer = [&[ANSWER], &length[..], answer.as_bytes()].concat();
                    let _ = socket.send_to(&answer, asker).await;
                }
            }
        });
        address
    }

    #[tokio::test]
    async fn a_known_instance_has_a_port_and_an_unknown_one_is_told_from_silence() {
        let browser = browser(&[EXPRESS, NO_TCP]).await;
        assert_eq!(port_of(browser, "SQLEXPRESS").await.expect("known"), 57137);
        assert!(matches!(port_of(browser, "TM").await, Err(Unknown::NoTcp)));
        let unknown = port_of(browser, "OTHER").await.expect_err("unknown");
        assert!(unknown.to_string().ends_with("knows SQLEXPRESS, TM"), "{unknown}");
    }

    #[tokio::test]
    async fn where_no_browser_runs_or_answers_it_is_said_soon() {
        let closed = UdpSocket::bind(("127.0.0.1", 0)).await.expect("a socket").local_addr().expect("an address");
        assert!(port_of(closed, "TM").await.is_err());
        let silent = browser(&[]).await;
        assert!(matches!(port_of(silent, "TM").await, Err(Unknown::Silent)));
    }

    proptest::proptest! {
        #[test]
        fn no_answer_makes_it_panic(answer in "\\PC{0,60}|[a-z;]{0,60}") {
            let _ = instances(&answer);
        }
    }
}
