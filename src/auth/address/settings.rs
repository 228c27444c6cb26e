use std::{collections::BTreeSet, path::PathBuf};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::{
    diagnosis::address::leads_outside,
    ports::web::{check_url, is_loopback},
};

/// Who tells this machine's public address. Section `[address]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Echo services, two or more. None is built in.
    pub echo: Vec<EchoService>,
    /// Seconds within which a service has to answer.
    pub time_out_seconds: u64,
    /// PEM file with certificates of an own authority to trust besides those of the system.
    pub ca_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { echo: Vec::new(), time_out_seconds: 5, ca_file: None }
    }
}

/// One echo service: its address alone, or with the place of the answer in its JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct EchoService {
    /// Where it is. HTTPS, except on this very machine.
    pub url: String,
    /// A JSON pointer to the address in its answer; found by itself if `None`.
    pub field: Option<String>,
}

/// As people write it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected an address, or `{ url = \"https://..\", field = \"/ip\" }`")]
enum Written {
    Alone(String),
    With(WithField),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WithField {
    url: String,
    field: Option<String>,
}

impl From<Written> for EchoService {
    fn from(written: Written) -> Self {
        match written {
            Written::Alone(url) => Self { url, field: None },
            Written::With(WithField { url, field }) => Self { url, field },
        }
    }
}

impl From<EchoService> for Written {
    fn from(service: EchoService) -> Self {
        match service.field {
            None => Self::Alone(service.url),
            field => Self::With(WithField { url: service.url, field }),
        }
    }
}

impl EchoService {
    /// Its address without what follows the path, where people put what nobody else is to read.
    pub fn shown(&self) -> String {
        let bare = self.url.split(['?', '#']).next().unwrap_or_default();
        bare.to_owned()
    }

    /// Whose opinion it is: that of its host, whatever it is asked for there. This very machine plays several, for practice.
    fn voice(&self) -> String {
        match Url::parse(&self.url) {
            Ok(url) if !is_loopback(&url) => url.host_str().unwrap_or_default().trim_end_matches('.').to_owned(),
            _ => self.shown(),
        }
    }

    /// Why it cannot be asked, if it cannot.
    fn wrong(&self) -> Option<String> {
        let told = self.shown();
        let url = match Url::parse(&self.url) {
            Ok(url) => url,
            Err(error) => return Some(format!("`{told}` is no URL: {error}")),
        };
        if check_url(&url).is_err() {
            return Some(format!("`{told}` must be HTTPS, except on this very machine"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Some("an echo service takes no name and no password in its address".to_owned());
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        if !is_loopback(&url) && address.is_some_and(|address| !leads_outside(address)) {
            return Some(format!("`{told}` is inside a network of our own: from there nobody sees our public address"));
        }
        let field = self.field.as_deref().filter(|field| !field.starts_with('/'));
        field.map(|field| {
            format!("`{field}` is no JSON pointer: the field `ip` is `/ip`, and `ip` inside `client` is `/client/ip`")
        })
    }
}

impl Settings {
    /// What cannot be, if anything: the setting, and why.
    pub fn wrong(&self) -> Option<(&'static str, String)> {
        if !(1..=60).contains(&self.time_out_seconds) {
            return Some(("address.time_out_seconds", format!("{} is not between 1 and 60", self.time_out_seconds)));
        }
        if let Some(why) = self.echo.iter().find_map(EchoService::wrong) {
            return Some(("address.echo", why));
        }
        let voices: BTreeSet<String> = self.echo.iter().map(EchoService::voice).collect();
        let why = match (self.echo.len(), voices.len()) {
            (1, _) => "one service alone proves nothing: name two or more that have nothing to do with each other",
            (services, different) if different < services => {
                "two of the services are on one host, or are the same: that is one opinion"
            }
            _ => return None,
        };
        Some(("address.echo", why.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Option<String> {
        let settings: Settings = toml::from_str(text).expect("TOML");
        settings.wrong().map(|(setting, why)| format!("{setting}: {why}"))
    }

    #[test]
    fn services_are_several_encrypted_and_outside() {
        assert_eq!(wrong(""), None);
        assert_eq!(wrong("echo = ['https://a.example/ip', { url = 'https://b.example', field = '/client/ip' }]"), None);
        let with_key = EchoService { url: "https://a.example/ip?key=planted#planted".to_owned(), field: None };
        assert_eq!(with_key.shown(), "https://a.example/ip");
        assert_eq!(wrong("echo = ['http://127.0.0.1:8025/echo/a', 'http://localhost:8025/echo/b']"), None);
        for bad in [
            "echo = ['https://a.example/ip']",
            "echo = ['https://a.example/ip', 'https://a.example/ip']",
            "echo = ['https://a.example/ip', 'https://a.example/ip?format=json']",
            "echo = ['https://a.example/ip', 'https://A.example./json']",
            "echo = ['https://a.example/ip', 'https://b.example/ip', 'https://a.example:8443/ip']",
            "echo = ['https://a.example/ip', 'http://b.example/ip']",
            "echo = ['https://a.example/ip', 'b.example']",
            "echo = ['https://a.example/ip', 'https://10.0.0.1/ip']",
            "echo = ['https://a.example/ip', 'https://[::ffff:192.168.0.1]/ip']",
            "echo = ['https://a.example/ip', 'https://me@b.example/ip']",
            "echo = ['https://a.example/ip', { url = 'https://b.example', field = 'ip' }]",
            "time_out_seconds = 0",
        ] {
            assert!(wrong(bad).is_some(), "{bad}");
        }
        for bad in ["echo = [7]", "echo = [{ adress = 'https://a.example' }]", "services = []"] {
            assert!(toml::from_str::<Settings>(bad).is_err(), "{bad}");
        }
    }
}
