use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::ports::{Failure, FailureKind, Protocol, web};

/// Where users sign in by OAuth, and the app that is registered there for Pocket Docket. Section `[sign_in]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Base address of the authority. With a `tenant` it is that of Microsoft's cloud; without one it is the issuer itself.
    /// HTTPS, except on this very machine.
    pub authority: String,
    /// The tenant's id, or its domain.
    pub tenant: Option<String>,
    /// The app registration: its application (client) id.
    pub client_id: Option<String>,
    /// PEM file with certificates of an own authority to trust besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// What the tokens for EWS are for, where it is not Exchange Online: the address of an own Exchange Server with hybrid modern
    /// authentication, such as `https://mail.kanzlei.example`.
    pub resource: Option<String>,
    /// What the tokens for Graph are for, where the authority does not tell. Follows from `graph_url` in section `[exchange]`, by
    /// [`graph_of`].
    #[serde(skip)]
    pub graph: Option<&'static str>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            authority: "https://login.microsoftonline.com".to_owned(),
            tenant: None,
            client_id: None,
            ca_file: None,
            resource: None,
            graph: None,
        }
    }
}

/// What a token is for. One grant brings tokens for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// Exchange Web Services.
    Ews,
    /// Microsoft Graph, for the mailbox of who signs in.
    Graph,
    /// Microsoft Graph, for a mailbox that is shared with who signs in.
    GraphOfOthers,
}

impl Audience {
    /// What we ask for whatever a token is for: to go on without the user, and to learn who signed in.
    pub const OF_EVERY_SIGN_IN: [&'static str; 3] = ["offline_access", "openid", "profile"];

    /// What a token is for that reaches a mailbox over this protocol; `own`: the mailbox is that of who signs in.
    pub fn of(protocol: Protocol, own: bool) -> Self {
        match protocol {
            Protocol::Ews => Self::Ews,
            Protocol::Graph if own => Self::Graph,
            Protocol::Graph => Self::GraphOfOthers,
        }
    }

    /// The permissions that we ask for, at this resource.
    /// <https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-authenticate-an-ews-application-by-using-oauth>
    pub fn permissions(self) -> &'static [&'static str] {
        match self {
            Self::Ews => &["EWS.AccessAsUser.All"],
            // The last two are for the colours of categories, and for ids that are translated when a mailbox moves.
            // <https://learn.microsoft.com/graph/api/user-translateexchangeids>
            Self::Graph => &[
                "Calendars.ReadWrite",
                "Contacts.ReadWrite",
                "Tasks.ReadWrite",
                "MailboxSettings.ReadWrite",
                "User.Read",
            ],
            Self::GraphOfOthers => &[
                "Calendars.ReadWrite.Shared",
                "Contacts.ReadWrite.Shared",
                "Tasks.ReadWrite",
                "MailboxSettings.ReadWrite",
                "User.Read",
            ],
        }
    }
}

/// Microsoft's clouds: authority, Exchange, Graph.
/// <https://learn.microsoft.com/graph/deployments>
const CLOUDS: [(&str, &str, &str); 4] = [
    ("login.microsoftonline.com", "https://outlook.office365.com", "https://graph.microsoft.com"),
    ("login.microsoftonline.us", "https://outlook.office365.us", "https://graph.microsoft.us"),
    ("login.partner.microsoftonline.cn", "https://partner.outlook.cn", "https://microsoftgraph.chinacloudapi.cn"),
    // The same authority, as Graph's pages call it.
    ("login.chinacloudapi.cn", "https://partner.outlook.cn", "https://microsoftgraph.chinacloudapi.cn"),
];

/// The Graph that shares its authority with another cloud: that of the US Department of Defense.
const GRAPH_OF_DEFENSE: &str = "https://dod-graph.microsoft.us";

/// What tokens for the Graph at this address are for, where the authority serves another one, too.
/// <https://learn.microsoft.com/graph/sdks/national-clouds>
pub fn graph_of(address: &str) -> Option<&'static str> {
    let host = Url::parse(address).ok()?.host_str()?.to_ascii_lowercase();
    Some(GRAPH_OF_DEFENSE).filter(|graph| graph.strip_prefix("https://") == Some(host.as_str()))
}

/// Tenants that are none: whoever signs in there may come from anywhere.
const ANYBODY: [&str; 3] = ["common", "organizations", "consumers"];

impl Settings {
    /// What cannot be, if anything: the setting, and why.
    pub fn wrong(&self) -> Option<(&'static str, String)> {
        let base = match Url::parse(&self.authority) {
            Ok(url) => url,
            Err(error) => return Some(("sign_in.authority", format!("`{}` is no URL: {error}", self.authority))),
        };
        if web::check_url(&base).is_err() {
            return Some(("sign_in.authority", "it must be HTTPS, except on this very machine".to_owned()));
        }
        if base.query().is_some() || base.fragment().is_some() || !base.username().is_empty() {
            return Some((
                "sign_in.authority",
                "it is more than an address: leave out what is not host and path".to_owned(),
            ));
        }
        if let Some(tenant) = &self.tenant {
            if ANYBODY.contains(&tenant.to_lowercase().as_str()) {
                return Some((
                    "sign_in.tenant",
                    format!("`{tenant}` lets people of any firm sign in; give the firm's own tenant id or domain"),
                ));
            }
            if tenant.is_empty()
                || !tenant.chars().all(|letter| letter.is_ascii_alphanumeric() || "-.".contains(letter))
            {
                return Some(("sign_in.tenant", format!("`{tenant}` is neither a tenant id nor a domain")));
            }
        }
        if let Some(resource) = &self.resource
            && !Url::parse(resource).is_ok_and(|url| url.scheme() == "https" && url.query().is_none())
        {
            return Some(("sign_in.resource", format!("`{resource}` is no `https://` address")));
        }
        None
    }

    /// What is set, for people.
    pub fn described(&self) -> String {
        let said = |value: &Option<String>, what: &str| match value {
            Some(value) => format!("{what} `{value}`"),
            None => format!("no {what} set"),
        };
        let mut text = format!("OAuth at `{}`, ", self.authority);
        if self.tenant.is_some() || self.cloud().is_some() {
            text.push_str(&said(&self.tenant, "tenant"));
            text.push_str(", ");
        }
        text.push_str(&said(&self.client_id, "app"));
        if let Some(resource) = &self.resource {
            text.push_str(", for ");
            text.push_str(resource);
        }
        text
    }

    /// The base address of everything that the authority offers.
    pub(super) fn base(&self) -> String {
        let authority = self.authority.trim_end_matches('/');
        self.tenant.as_ref().map_or_else(|| authority.to_owned(), |tenant| format!("{authority}/{tenant}"))
    }

    /// The app's id.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when it is missing, or the tenant of Microsoft's cloud is; the hint says how to register one.
    pub fn client(&self) -> Result<&str, Failure> {
        let missing = |what: &str| {
            Failure::new(FailureKind::Setting, "sign in by OAuth")
                .because(format!("`{what}` is not set in section `[sign_in]`"))
                .hint(
                    "register an app in the firm's own tenant (Entra admin center, App registrations): supported accounts \
                     \"this organizational directory only\", platform \"Mobile and desktop applications\" with redirect URI \
                     `http://localhost`, \"Allow public client flows\" on, delegated permissions `Calendars.ReadWrite`, \
                     `Contacts.ReadWrite`, `Tasks.ReadWrite`, `MailboxSettings.ReadWrite` and `User.Read` of Microsoft Graph, or for EWS \
                     `EWS.AccessAsUser.All` of Office 365 Exchange Online; then set `tenant` and `client_id`",
                )
        };
        if self.lacks_tenant() {
            return Err(missing("tenant"));
        }
        self.client_id.as_deref().filter(|id| !id.is_empty()).ok_or_else(|| missing("client_id"))
    }

    /// Whether it is not known in which tenant of Microsoft's cloud the app is.
    pub fn lacks_tenant(&self) -> bool {
        self.tenant.is_none() && self.cloud().is_some()
    }

    /// What to ask for, for tokens of this audience.
    pub(super) fn scopes(&self, audience: Audience) -> Vec<String> {
        let resource = self.resource_of(audience);
        let ours = audience.permissions().iter().map(|permission| format!("{resource}/{permission}"));
        ours.chain(Audience::OF_EVERY_SIGN_IN.map(str::to_owned)).collect()
    }

    /// What an app asks for that signs in by itself: whatever it was given there.
    pub(super) fn everything(&self, audience: Audience) -> String {
        format!("{}/.default", self.resource_of(audience))
    }

    fn resource_of(&self, audience: Audience) -> &str {
        let (_, exchange, graph) = self.cloud().unwrap_or(CLOUDS[0]);
        match audience {
            Audience::Ews => self.resource.as_deref().unwrap_or(exchange).trim_end_matches('/'),
            Audience::Graph | Audience::GraphOfOthers => self.graph.unwrap_or(graph),
        }
    }

    /// The address of Graph in Microsoft's cloud that this authority belongs to.
    pub fn graph_url(&self) -> Option<String> {
        self.cloud().map(|(_, _, graph)| format!("{graph}/v1.0"))
    }

    fn cloud(&self) -> Option<(&'static str, &'static str, &'static str)> {
        let url = Url::parse(&self.authority).ok()?;
        let host = url.host_str()?;
        CLOUDS.into_iter().find(|(known, ..)| host.eq_ignore_ascii_case(known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(authority: &str, tenant: Option<&str>) -> Settings {
        Settings {
            authority: authority.to_owned(),
            tenant: tenant.map(str::to_owned),
            client_id: Some("id".to_owned()),
            ..Settings::default()
        }
    }

    #[test]
    fn an_authority_is_encrypted_or_this_machine_and_a_tenant_is_one_firm() {
        assert_eq!(Settings::default().wrong(), None);
        for good in ["https://login.microsoftonline.us", "http://127.0.0.1:8080", "http://localhost:1/oidc"] {
            assert_eq!(set(good, Some("kanzlei.example")).wrong(), None, "{good}");
        }
        for bad in
            ["http://login.microsoftonline.com", "login.microsoftonline.com", "ftp://127.0.0.1", "https://x/?a=b"]
        {
            assert_eq!(set(bad, None).wrong().map(|(setting, _)| setting), Some("sign_in.authority"), "{bad}");
        }
        for bad in ["common", "Organizations", "consumers", "", "../x", "a/b"] {
            assert_eq!(
                set("https://login.microsoftonline.com", Some(bad)).wrong().map(|(setting, _)| setting),
                Some("sign_in.tenant"),
                "{bad}"
            );
        }
    }

    #[test]
    fn without_an_app_of_ones_own_the_way_to_one_is_told() {
        let failure = Settings::default().client().expect_err("is missing");
        assert!(failure.hint.is_some_and(|hint| hint.contains("App registrations")));
        assert!(set("https://login.microsoftonline.com", None).client().is_err(), "the tenant is missing");
        assert_eq!(set("https://idp.kanzlei.example", None).client().ok(), Some("id"));
    }

    #[test]
    fn each_cloud_has_its_own_resources_and_an_own_one_wins() {
        let scopes = |authority: &str, audience| set(authority, Some("t")).scopes(audience).join(" ");
        assert_eq!(
            scopes("https://login.microsoftonline.com", Audience::Ews),
            "https://outlook.office365.com/EWS.AccessAsUser.All offline_access openid profile"
        );
        assert!(
            scopes("https://login.microsoftonline.us/", Audience::Ews).starts_with("https://outlook.office365.us/")
        );
        assert!(
            scopes("https://login.microsoftonline.com", Audience::Graph)
                .starts_with("https://graph.microsoft.com/Calendars.ReadWrite https://graph.microsoft.com/Contacts")
        );
        let others = scopes("https://login.microsoftonline.com", Audience::GraphOfOthers);
        assert!(others.contains("/Calendars.ReadWrite.Shared ") && others.contains("/MailboxSettings.ReadWrite "));
        let ids = |audience| scopes("https://login.microsoftonline.com", audience).contains("/User.Read ");
        assert!(ids(Audience::Graph) && ids(Audience::GraphOfOthers), "ids are translated for who may read the user");
        let graph = |authority: &str| set(authority, Some("t")).graph_url();
        assert_eq!(graph("https://login.microsoftonline.us").as_deref(), Some("https://graph.microsoft.us/v1.0"));
        assert_eq!(graph("https://idp.kanzlei.example"), None);
        let everything = |authority: &str, audience| set(authority, Some("t")).everything(audience);
        assert_eq!(
            everything("https://login.microsoftonline.com", Audience::Graph),
            "https://graph.microsoft.com/.default"
        );
        assert_eq!(
            everything("https://login.partner.microsoftonline.cn", Audience::Ews),
            "https://partner.outlook.cn/.default"
        );
        for authority in ["https://login.chinacloudapi.cn", "https://login.partner.microsoftonline.cn"] {
            assert!(scopes(authority, Audience::Graph).starts_with("https://microsoftgraph.chinacloudapi.cn/"));
            assert_eq!(graph(authority).as_deref(), Some("https://microsoftgraph.chinacloudapi.cn/v1.0"));
            assert!(set(authority, None).lacks_tenant(), "{authority}");
        }
        let defense = Settings { graph: graph_of("https://dod-graph.microsoft.us/v1.0"), ..Settings::default() };
        assert!(defense.everything(Audience::Graph).starts_with("https://dod-graph.microsoft.us/"));
        let own = Settings { resource: Some("https://mail.kanzlei.example/".to_owned()), ..Settings::default() };
        assert!(own.scopes(Audience::Ews).contains(&"https://mail.kanzlei.example/EWS.AccessAsUser.All".to_owned()));
    }
}
