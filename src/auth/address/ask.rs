use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::StatusCode;
use url::{Host, Url};

use super::{EchoService, Settings, reading};
use crate::{
    diagnosis::address::{Answer, Family, leads_outside},
    ports::{
        Failure,
        web::{self, Authorities},
    },
};

/// More than this is no answer to a question for an address.
const LARGEST: usize = 16 * 1024;
/// Nobody has these; the way to them is the way to everybody.
const SOMEWHERE: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), 9),
];

/// The echo services that are set.
#[derive(Clone, Debug)]
pub struct Echoes {
    services: Vec<EchoService>,
    authorities: Authorities,
    time_out: Duration,
}

impl Echoes {
    /// Ready to ask those that are set.
    ///
    /// # Errors
    /// When the file with certificates cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, Failure> {
        let authorities = Authorities::read(settings.ca_file.as_deref(), "address")?;
        let time_out = Duration::from_secs(settings.time_out_seconds);
        Ok(Self { services: settings.echo.clone(), authorities, time_out })
    }

    /// Whether there is anybody to ask.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// Asks all of them at once, over IPv4 and over IPv6. Nothing that goes wrong with one of them keeps another from answering.
    pub async fn ask(&self) -> Vec<Answer> {
        let asked = self.services.iter().flat_map(|service| Family::ALL.map(|family| self.ask_one(service, family)));
        join_all(asked).await
    }

    async fn ask_one(&self, service: &EchoService, family: Family) -> Answer {
        let said = match Url::parse(&service.url) {
            Err(_) => Err("its address is no URL"),
            Ok(url) => tokio::time::timeout(self.time_out, self.ask_at(&url, service.field.as_deref(), family))
                .await
                .unwrap_or(Err("it gave no answer in time")),
        };
        let (said, why) = match said {
            Ok(address) => (Some(address), None),
            Err(why) => (None, Some(why.to_owned())),
        };
        Answer { service: service.url.clone(), family, said, why }
    }

    async fn ask_at(&self, url: &Url, field: Option<&str>, family: Family) -> Result<IpAddr, &'static str> {
        let loopback = web::is_loopback(url);
        let own: IpAddr = match family {
            Family::V4 => Ipv4Addr::UNSPECIFIED.into(),
            Family::V6 => Ipv6Addr::UNSPECIFIED.into(),
        };
        let mut client = web::client(&self.authorities, self.time_out, loopback);
        // A proxy looks names up by itself, and what it is seen as is what a mailbox's server sees.
        if !loopback && web::goes_by_proxy(url) {
            if family == Family::V6 {
                return Err("it is asked through the proxy, which is asked once");
            }
        } else {
            client = client.local_address(own);
            if let Some(Host::Domain(name)) = url.host() {
                client = client.resolve_to_addrs(name, &addresses(name, loopback, family).await?);
            } else if url.host().is_some_and(|host| is_of_other_family(&host, family)) {
                return Err("it has no address of this family");
            }
        }
        let client = client.build().map_err(|_| "no client for it could be made")?;
        let mut answer = client.get(url.clone()).send().await.map_err(|error| trouble(&error))?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_redirection() => return Err("it sends us elsewhere, and we do not follow"),
            _ => return Err("it answered with an error"),
        }
        let body = web::body(&mut answer, LARGEST).await.map_err(|error| match error {
            web::BodyError::TooLong(_) => "its answer is too long for an address",
            web::BodyError::Broken(error) => trouble(&error),
        })?;
        reading::read(&body, field)
    }
}

fn is_of_other_family(host: &Host<&str>, family: Family) -> bool {
    matches!((host, family), (Host::Ipv4(_), Family::V6) | (Host::Ipv6(_), Family::V4))
}

/// Where a name leads. Looked up once, and the connection goes there: a name that leads elsewhere a moment later changes nothing.
async fn addresses(name: &str, loopback: bool, family: Family) -> Result<Vec<SocketAddr>, &'static str> {
    let found: Vec<SocketAddr> = if loopback {
        vec![(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()]
    } else {
        tokio::net::lookup_host((name, 0)).await.map_err(|_| "its name is not found")?.collect()
    };
    if !loopback && found.iter().any(|address| !leads_outside(address.ip())) {
        return Err("its name leads into a network of our own: it was not asked");
    }
    let mut found = found;
    found.retain(|address| address.is_ipv4() == (family == Family::V4));
    if found.is_empty() { Err("it has no address of this family") } else { Ok(found) }
}

/// What became of a request, without a word of the other end.
fn trouble(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "it gave no answer in time"
    } else if error.is_connect() {
        "there is no connection to it"
    } else {
        "the connection to it broke"
    }
}

/// From which of this machine's own addresses the way to everybody begins, by family. It is another one after a change of the
/// network, and costs nothing: nothing is sent.
pub fn own_route() -> [Option<IpAddr>; 2] {
    SOMEWHERE.map(|somewhere| {
        let own: SocketAddr = match somewhere {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = std::net::UdpSocket::bind(own).ok()?;
        socket.connect(somewhere).ok()?;
        Some(socket.local_addr().ok()?.ip())
    })
}
