//! The outer world, as far as it is played: the address that it sees us come from, echo services that tell it, and accounts that may
//! sign in from some networks only.
//!
//! All of it is on loopback, so the address is a setting. An echo service answers over IPv4 on 127.0.0.1 and, where there is an
//! IPv6 address to tell, over IPv6 on `::1`. [`EchoManner`] makes one of them lie, contradict, fall silent or misbehave.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{lock, world::World};

/// The address that the outer world sees us come from, of each family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OuterAddress {
    /// Over IPv4.
    #[serde(default)]
    pub v4: Option<Ipv4Addr>,
    /// Over IPv6.
    #[serde(default)]
    pub v6: Option<Ipv6Addr>,
}

impl Default for OuterAddress {
    fn default() -> Self {
        Self { v4: Some(Ipv4Addr::new(203, 0, 113, 7)), v6: None }
    }
}

impl OuterAddress {
    /// By which we come: IPv4 where there is one.
    fn used(self) -> Option<IpAddr> {
        self.v4.map(IpAddr::V4).or_else(|| self.v6.map(IpAddr::V6))
    }

    fn over(self, v6: bool) -> Option<IpAddr> {
        if v6 { self.v6.map(IpAddr::V6) } else { self.v4.map(IpAddr::V4) }
    }
}

/// How an echo service answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "manner", rename_all = "kebab-case")]
pub enum EchoManner {
    /// With the address that it sees.
    #[default]
    Honest,
    /// With this one instead.
    Says {
        /// Which.
        address: IpAddr,
    },
    /// Late.
    Slow {
        /// So late.
        milliseconds: u64,
    },
    /// With 503.
    Down,
    /// With more than anybody would read.
    Huge,
    /// With another place to ask at.
    Moved {
        /// Where.
        location: String,
    },
    /// With a page.
    Page,
}

/// An account, and from where it may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnlyFrom {
    /// The account's login.
    pub login: String,
    /// The networks; from anywhere if there are none.
    pub networks: Vec<IpNet>,
}

#[derive(Debug, Default)]
struct Known {
    address: OuterAddress,
    echoes: HashMap<String, EchoManner>,
    /// By the login in lower case.
    only_from: HashMap<String, Vec<IpNet>>,
}

/// What is played of it.
#[derive(Debug, Default)]
pub(crate) struct Outside(Mutex<Known>);

impl Outside {
    pub(crate) fn new(address: OuterAddress) -> Self {
        Self(Mutex::new(Known { address, ..Known::default() }))
    }

    pub(crate) fn come_from(&self, address: OuterAddress) {
        lock(&self.0).address = address;
    }

    pub(crate) fn behave(&self, echo: &str, manner: EchoManner) {
        lock(&self.0).echoes.insert(echo.to_owned(), manner);
    }

    pub(crate) fn allow(&self, rule: OnlyFrom) {
        let login = rule.login.to_lowercase();
        let mut known = lock(&self.0);
        if rule.networks.is_empty() {
            known.only_from.remove(&login);
        } else {
            known.only_from.insert(login, rule.networks);
        }
    }

    /// Whether this account may not sign in from where we come.
    pub(crate) fn keeps_out(&self, login: &str) -> bool {
        let known = lock(&self.0);
        let Some(networks) = known.only_from.get(&login.to_lowercase()) else { return false };
        let Some(address) = known.address.used() else { return true };
        !networks.iter().any(|network| network.contains(&address))
    }

    fn asked(&self, echo: &str, v6: bool) -> (EchoManner, Option<IpAddr>) {
        let known = lock(&self.0);
        (known.echoes.get(echo).cloned().unwrap_or_default(), known.address.over(v6))
    }
}

/// `GET /echo/NAME` answers with a line of text, `GET /echo/NAME/json` with JSON. Every name is a service of its own.
pub(super) fn router(world: Arc<World>, v6: bool) -> Router {
    let text = move |State(world): State<Arc<World>>, Path(name): Path<String>| async move {
        let answer = |address: IpAddr| format!("{address}\n").into_response();
        echo(&world, &name, v6, answer).await
    };
    let in_json = move |State(world): State<Arc<World>>, Path(name): Path<String>| async move {
        let answer = |address: IpAddr| Json(json!({ "client": { "ip": address, "port": 4711 } })).into_response();
        echo(&world, &name, v6, answer).await
    };
    Router::new().route("/echo/{name}", get(text)).route("/echo/{name}/json", get(in_json)).with_state(world)
}

async fn echo(world: &World, name: &str, v6: bool, answer: impl Fn(IpAddr) -> Response) -> Response {
    let (manner, seen) = world.outside.asked(name, v6);
    let honest = || seen.map_or_else(|| StatusCode::NOT_FOUND.into_response(), &answer);
    match manner {
        EchoManner::Honest => honest(),
        EchoManner::Says { address } => answer(address),
        EchoManner::Slow { milliseconds } => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            honest()
        }
        EchoManner::Down => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        EchoManner::Huge => Body::from(vec![b' '; 1024 * 1024]).into_response(),
        EchoManner::Moved { location } => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        EchoManner::Page => axum::response::Html("<!doctype html><p>Your address is 198.51.100.66").into_response(),
    }
}
