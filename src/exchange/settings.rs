use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::ews::ServerVersion;
use crate::{
    domain::Kind,
    ports::{Failure, FailureKind, Protocol, web::check_url},
};

/// How mailboxes are reached. Section `[exchange]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Address of the EWS service. `{domain}` stands for what follows the `@` of a mailbox's address. A user may have an own
    /// one. HTTPS, except on this very machine.
    pub url: Option<String>,
    /// Address of Microsoft Graph with its version, for mailboxes in Exchange Online; a national cloud has another one.
    pub graph_url: String,
    /// Whom to ask where a mailbox is, in this order: base addresses of autodiscover. `{domain}` stands for what follows the `@` of
    /// its address. Empty: nobody is asked.
    pub autodiscover: Vec<String>,
    /// PEM file with certificates of an own authority to trust besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// Seconds after which a request counts as lost. Exchange itself gives up after about 100.
    pub time_out_seconds: u64,
    /// Items per read request.
    pub read_batch: usize,
    /// Requests in flight at the same time, over all mailboxes. One mailbox has at most two.
    pub max_in_flight: usize,
    /// Folders of our own instead of the mailbox's main ones.
    pub folders: OwnFolders,
    /// The EWS schema to ask for, where the one that is found by trying is not wanted.
    pub server_version: Option<ServerVersion>,
}

/// Names of folders of our own, below the main folder of their kind; made where they are missing. Without a name the main
/// folder itself is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnFolders {
    /// For contacts.
    pub contacts: Option<String>,
    /// For events.
    pub calendar: Option<String>,
    /// For tasks.
    pub tasks: Option<String>,
}

impl OwnFolders {
    /// The own folder of a kind, if it has one.
    pub fn name(&self, kind: Kind) -> Option<&str> {
        match kind {
            Kind::Contact => self.contacts.as_deref(),
            Kind::Event => self.calendar.as_deref(),
            Kind::Task => self.tasks.as_deref(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: None,
            graph_url: "https://graph.microsoft.com/v1.0".to_owned(),
            autodiscover: ["https://outlook.office365.com", "https://autodiscover.{domain}", "https://{domain}"]
                .map(str::to_owned)
                .to_vec(),
            ca_file: None,
            time_out_seconds: 120,
            read_batch: 50,
            max_in_flight: 32,
            folders: OwnFolders::default(),
            server_version: None,
        }
    }
}

/// Where one mailbox is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkAddress {
    /// The EWS service, or Graph.
    pub url: Url,
    /// The mailbox's e-mail address.
    pub mailbox: String,
    /// IANA name of the zone in which its whole-day events are written.
    pub zone: String,
}

impl Settings {
    /// What cannot be, if anything: the setting, and why.
    pub fn wrong(&self) -> Option<(&'static str, String)> {
        let bad = |base: &&String| {
            let url = base.replace("{domain}", "kanzlei.example").parse::<Url>();
            !url.is_ok_and(|url| check_url(&url).is_ok() && url.username().is_empty() && url.query().is_none())
        };
        let base = self.autodiscover.iter().find(bad)?;
        let what = format!("`{base}` is no `https://` address; one looks like `https://autodiscover.{{domain}}`");
        Some(("exchange.autodiscover", what))
    }

    /// Where the mailbox of this e-mail address is: `own_url` if the user has one, else the address of these settings. `zone`
    /// is the office's.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] if there is no address, if it is no URL, or if it is plain HTTP to another machine.
    pub fn link(&self, mailbox: &str, own_url: Option<&str>, zone: &str) -> Result<LinkAddress, Failure> {
        let trouble = |why: String| {
            Failure::new(FailureKind::Setting, format!("find the server of mailbox `{mailbox}`"))
                .because(why)
                .hint("set `url` in section `[exchange]`, such as `https://mail.{domain}/EWS/Exchange.asmx`")
        };
        let template = own_url
            .or(self.url.as_deref())
            .ok_or_else(|| trouble("the address of the EWS service is not set".to_owned()))?;
        let domain = mailbox.rsplit_once('@').map_or("", |(_, domain)| domain);
        if template.contains("{domain}") && domain.is_empty() {
            return Err(trouble("the mailbox's address has no domain".to_owned()));
        }
        let text = template.replace("{domain}", domain);
        let url: Url = text.parse().map_err(|error| trouble(format!("`{text}` is no URL: {error}")))?;
        check_url(&url)?;
        Ok(LinkAddress { url, mailbox: mailbox.to_owned(), zone: zone.to_owned() })
    }

    /// The same by a protocol.
    ///
    /// # Errors
    /// As [`Settings::link`] and [`Settings::graph_link`].
    pub fn link_over(
        &self,
        protocol: Protocol,
        mailbox: &str,
        own_url: Option<&str>,
        zone: &str,
    ) -> Result<LinkAddress, Failure> {
        match protocol {
            Protocol::Ews => self.link(mailbox, own_url, zone),
            Protocol::Graph => self.graph_link(mailbox, own_url, zone),
        }
    }

    /// The same for a mailbox that is reached over Graph.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] if the address is no URL, or if it is plain HTTP to another machine.
    pub fn graph_link(&self, mailbox: &str, own_url: Option<&str>, zone: &str) -> Result<LinkAddress, Failure> {
        let text = own_url.unwrap_or(&self.graph_url);
        let url: Url = text.parse().map_err(|error| {
            Failure::new(FailureKind::Setting, format!("find the server of mailbox `{mailbox}`"))
                .because(format!("`{text}` is no URL: {error}"))
                .hint("set `graph_url` in section `[exchange]`, such as `https://graph.microsoft.com/v1.0`")
        })?;
        check_url(&url)?;
        Ok(LinkAddress { url, mailbox: mailbox.to_owned(), zone: zone.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_taken_from_the_mailbox_and_an_own_address_wins() {
        let settings =
            Settings { url: Some("https://mail.{domain}/EWS/Exchange.asmx".to_owned()), ..Settings::default() };
        let link = settings.link("weber@kanzlei.example", None, "Europe/Berlin").unwrap();
        assert_eq!(link.url.as_str(), "https://mail.kanzlei.example/EWS/Exchange.asmx");
        let link = settings.link("weber@kanzlei.example", Some("https://other.example/x"), "Europe/Berlin").unwrap();
        assert_eq!(link.url.as_str(), "https://other.example/x");
    }

    #[test]
    fn a_missing_or_unsafe_address_is_a_setting_that_a_person_must_mend() {
        let none = Settings::default().link("weber@kanzlei.example", None, "UTC").unwrap_err();
        assert_eq!(none.kind, FailureKind::Setting);
        assert!(none.hint.is_some_and(|hint| hint.contains("[exchange]")));
        for url in [
            "http://mail.example/EWS",
            "ftp://127.0.0.1/",
            "http://127.0.0.1.example/",
            "mail.example",
            "http://[::2]/",
        ] {
            let refused = Settings::default().link("a@b.example", Some(url), "UTC").unwrap_err();
            assert_eq!(refused.kind, FailureKind::Setting, "{url}");
        }
        for url in ["http://127.0.0.1:8080/EWS", "http://localhost/x", "http://[::1]:1/", "https://mail.example/"] {
            assert!(Settings::default().link("a@b.example", Some(url), "UTC").is_ok(), "{url}");
        }
    }

    #[test]
    fn settings_refuse_what_they_do_not_know() {
        assert!(toml::from_str::<Settings>("url = 'https://x/'\nserver_version = 'Exchange2010_SP2'").is_ok());
        assert!(toml::from_str::<Settings>("ulr = 'https://x/'").is_err());
        assert!(toml::from_str::<Settings>("server_version = 'Exchange2003'").is_err());
    }
}
