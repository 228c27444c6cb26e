use url::Url;

use super::Protocol;
use crate::diagnosis::is_exchange_online;

/// Where a mailbox is, as far as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// By which protocol it is reached there.
    pub protocol: Protocol,
    /// The address of its EWS service. `None` for Exchange Online, and for a server that tells it only to who signs in.
    pub url: Option<Url>,
}

/// Whereabouts that a server told, with what shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where.
    pub at: Whereabouts,
    /// Who said so, in a few words.
    pub reason: String,
    /// Every address that was asked with what it said, a line each, without anything secret.
    pub evidence: Vec<String>,
}

impl Whereabouts {
    /// Where the EWS service at this address is: one of Exchange Online is reached over Graph.
    pub fn of_service(url: Url) -> Self {
        if is_exchange_online(url.host_str().unwrap_or_default()) {
            Self { protocol: Protocol::Graph, url: None }
        } else {
            Self { protocol: Protocol::Ews, url: Some(url) }
        }
    }

    /// Whether a link that goes by this protocol to this host goes to the wrong kind of place: to an Exchange Server although the
    /// mailbox is in Exchange Online, or the other way round. A server that did not tell its address says too little for that.
    pub fn contradicts(&self, protocol: Protocol, host: &str) -> bool {
        let goes_online = protocol == Protocol::Graph || is_exchange_online(host);
        match (self.protocol, &self.url) {
            (Protocol::Graph, _) => !goes_online,
            (Protocol::Ews, Some(_)) => goes_online,
            (Protocol::Ews, None) => false,
        }
    }

    /// Whether such a link goes elsewhere: as [`Self::contradicts`], or to another server.
    pub fn is_elsewhere(&self, protocol: Protocol, host: &str) -> bool {
        let named = self.url.as_ref().and_then(Url::host_str);
        self.contradicts(protocol, host) || named.is_some_and(|named| !named.eq_ignore_ascii_case(host))
    }

    /// In words: `Exchange Online`, or the server's name.
    pub fn words(&self) -> String {
        match (self.protocol, self.url.as_ref().and_then(Url::host_str)) {
            (Protocol::Graph, _) => "Exchange Online".to_owned(),
            (Protocol::Ews, Some(host)) => format!("the Exchange server `{host}`"),
            (Protocol::Ews, None) => "an Exchange server that tells its address only to who signs in".to_owned(),
        }
    }

    /// What `pocketdocket user move NAME --to` takes for it.
    pub fn target(&self) -> String {
        match (self.protocol, &self.url) {
            (Protocol::Ews, Some(url)) => url.to_string(),
            (protocol, _) => protocol.word().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Whereabouts {
        Whereabouts::of_service(url.parse().expect("a URL"))
    }

    #[test]
    fn a_service_of_exchange_online_is_reached_over_graph() {
        assert_eq!(at("https://outlook.office365.com/EWS/Exchange.asmx").protocol, Protocol::Graph);
        assert_eq!(at("https://partner.outlook.cn/EWS/Exchange.asmx").target(), "graph");
        let server = at("https://mail.kanzlei.example/EWS/Exchange.asmx");
        assert_eq!(
            (server.protocol, server.target().as_str()),
            (Protocol::Ews, "https://mail.kanzlei.example/EWS/Exchange.asmx")
        );
    }

    #[test]
    fn a_link_goes_elsewhere_by_the_kind_of_place_or_by_the_server() {
        let (online, server) = (at("https://outlook.office365.com/"), at("https://mail.kanzlei.example/EWS"));
        assert!(online.contradicts(Protocol::Ews, "mail.kanzlei.example"));
        assert!(!online.contradicts(Protocol::Graph, "graph.microsoft.com"));
        assert!(
            !online.is_elsewhere(Protocol::Ews, "outlook.office365.com"),
            "EWS of Exchange Online is the same place"
        );
        assert!(server.contradicts(Protocol::Graph, "graph.microsoft.com"));
        assert!(!server.contradicts(Protocol::Ews, "old.kanzlei.example"), "another server of the same kind");
        assert!(server.is_elsewhere(Protocol::Ews, "old.kanzlei.example"));
        assert!(!server.is_elsewhere(Protocol::Ews, "MAIL.kanzlei.example"));
        let unnamed = Whereabouts { protocol: Protocol::Ews, url: None };
        assert!(!unnamed.is_elsewhere(Protocol::Graph, "graph.microsoft.com"), "that is a guess and no more");
    }
}
