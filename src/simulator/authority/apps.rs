//! Programs that are registered at the authority, and where it sends people back to.

use url::Url;

use super::{aadsts::OauthError, tenants::Asked};
use crate::simulator::world::World;

/// The program that is registered if no other is: it may sign people in from any tenant, and is called back at `http://localhost`.
pub const CLIENT_ID: &str = "b1c9f7a4-2d36-4e58-8f0b-3a7d9c5e6120";

/// A registered program.
#[derive(Clone, Debug)]
pub struct App {
    /// Its id.
    pub client_id: String,
    /// The only tenant in which it is known; every tenant knows it if `None`.
    pub tenant: Option<String>,
    /// Addresses that people may be sent back to. A port is not compared on `http://localhost` and `http://127.0.0.1`.
    pub redirects: Vec<String>,
    /// Whether "Allow public client flows" is on, without which there are no device codes.
    pub public_flows: bool,
    /// Whether its users must be assigned to it.
    pub assigned_only: bool,
    /// Whether only an administrator can consent to what it asks for.
    pub admin_consent: bool,
}

impl App {
    /// A program that may do what a public program may.
    pub fn new(client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            tenant: None,
            redirects: vec!["http://localhost".to_owned()],
            public_flows: true,
            assigned_only: false,
            admin_consent: false,
        }
    }

    /// The program with this id, as far as the tenant that was asked knows it.
    pub(super) fn find(world: &World, client_id: &str, tenant: &Asked) -> Result<Self, OauthError> {
        let registered = Self::new(CLIENT_ID);
        let apps = match world.settings.apps.as_slice() {
            [] => std::slice::from_ref(&registered),
            apps => apps,
        };
        let app = apps.iter().find(|app| app.client_id.eq_ignore_ascii_case(client_id));
        let app = app.ok_or_else(|| OauthError::new(700_016))?;
        match (&app.tenant, tenant) {
            (Some(_), Asked::Any) => Err(OauthError::new(50_194)),
            (Some(home), Asked::One(asked)) if !home.eq_ignore_ascii_case(asked) => Err(OauthError::new(700_016)),
            _ => Ok(app.clone()),
        }
    }

    /// Whether people may be sent back to this address. On the loopback the port may be any and the path must be the same;
    /// `[::1]` is not taken. <https://learn.microsoft.com/en-us/entra/identity-platform/reply-url#localhost-exceptions>
    pub(super) fn may_return_to(&self, address: &str) -> bool {
        let Ok(asked) = Url::parse(address) else { return false };
        let plain = asked.fragment().is_none() && asked.username().is_empty() && asked.password().is_none();
        plain
            && self.redirects.iter().any(|registered| {
                let Ok(known) = Url::parse(registered) else { return false };
                let loopback = known.scheme() == "http" && matches!(known.host_str(), Some("localhost" | "127.0.0.1"));
                let without_port = |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned));
                if !loopback {
                    return registered == address;
                }
                without_port(&known) == without_port(&asked)
                    && known.path() == asked.path()
                    && known.query() == asked.query()
            })
    }
}
