use std::{fmt, path::PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};

/// Who is told that something is wrong. Section `[alerts]` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertSettings {
    /// Written at the end of every tick: a monitor that sees it grow old knows that the service is dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_man_file: Option<PathBuf>,
    /// Receives `{"raised": […], "resolved": […]}` as JSON by POST when something needs a person, and when that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
}

/// The address of a webhook. Many hold a token in their path, so only the host is ever printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook(Url);

impl Webhook {
    /// Takes an address: HTTPS, or HTTP to loopback; without user and password.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let url =
            Url::parse(text).map_err(|_| "this is not an address; one looks like `https://alerts.example.org/hook`")?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err("the address has no host"),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err("alerts go over HTTPS only (HTTP to this machine itself is allowed)"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address here may hold no user and no password");
        }
        Ok(Self(url))
    }

    /// The address itself, for the request.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Webhook({})", self.0.host_str().unwrap_or_default())
    }
}

impl Serialize for Webhook {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Webhook {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_encrypted_or_local_and_is_never_printed_whole() {
        for good in ["https://hooks.example.org/T0/planted", "http://127.0.0.1:9/planted", "http://[::1]/planted"] {
            let Ok(webhook) = Webhook::new(good) else { panic!("{good}") };
            assert!(!format!("{webhook:?}").contains("planted"));
        }
        for bad in ["http://hooks.example.org/x", "ftp://localhost/x", "https://u:planted@h.example/x", "hook", ""] {
            assert!(Webhook::new(bad).is_err_and(|error| !error.contains("planted")), "{bad}");
        }
    }
}
