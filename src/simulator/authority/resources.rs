//! What a token is for: scopes, and the resources that they belong to.

use std::collections::BTreeSet;

use super::aadsts::OauthError;
use crate::simulator::world::World;

/// The audience of Exchange Online.
pub const EWS_RESOURCE: &str = "https://outlook.office365.com";

/// The audience of Microsoft Graph, to which scopes belong that name no resource.
pub const GRAPH_RESOURCE: &str = "https://graph.microsoft.com";

/// Graph's own id, by which some authorities name it as the audience of a token.
pub(super) const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";

const OF_EVERYBODY: [&str; 4] = ["openid", "profile", "email", "offline_access"];

const OF_GRAPH: [&str; 12] = [
    ".default",
    "User.Read",
    "Contacts.Read",
    "Contacts.ReadWrite",
    "Contacts.ReadWrite.Shared",
    "Calendars.Read",
    "Calendars.ReadWrite",
    "Calendars.ReadWrite.Shared",
    "Tasks.Read",
    "Tasks.ReadWrite",
    "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
];

const OF_EXCHANGE: [&str; 2] = [".default", "EWS.AccessAsUser.All"];

/// What somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// `openid` and its kin.
    pub(super) general: BTreeSet<String>,
    /// Permissions, each as resource and name, as they were written.
    pub(super) permissions: Vec<(String, String)>,
}

impl Scope {
    /// Reads a list that is separated by blanks.
    pub(super) fn read(world: &World, text: &str) -> Result<Self, OauthError> {
        let mut scope = Self::default();
        for word in text.split_ascii_whitespace() {
            if OF_EVERYBODY.contains(&word) {
                scope.general.insert(word.to_owned());
                continue;
            }
            let (resource, name) = word.rsplit_once('/').unwrap_or((GRAPH_RESOURCE, word));
            let resource = resource.trim_end_matches('/');
            let known: &[&str] = match resource {
                GRAPH_RESOURCE => &OF_GRAPH,
                EWS_RESOURCE => &OF_EXCHANGE,
                own if is_own(world, own) => &OF_EXCHANGE,
                _ => return Err(OauthError::new(500_011).because(&format!("`{resource}`"))),
            };
            if !known.contains(&name) {
                return Err(OauthError::new(650_053).because(&format!("`{word}`")));
            }
            let permission = (resource.to_owned(), name.to_owned());
            if !scope.permissions.contains(&permission) {
                scope.permissions.push(permission);
            }
        }
        Ok(scope)
    }

    /// The permissions of the first resource alone: what one token is for. Without any, it is for Graph.
    pub(super) fn first_resource(&self) -> (String, Vec<String>) {
        let Some((resource, _)) = self.permissions.first() else {
            return (GRAPH_RESOURCE.to_owned(), Vec::new());
        };
        let of_it = self.permissions.iter().filter(|(of, _)| of == resource).map(|(_, name)| name.clone());
        (resource.clone(), of_it.collect())
    }

    /// A token is for one resource.
    pub(super) fn one_resource(self) -> Result<Self, OauthError> {
        let resources: BTreeSet<&String> = self.permissions.iter().map(|(resource, _)| resource).collect();
        if resources.len() > 1 { Err(OauthError::new(28_000)) } else { Ok(self) }
    }

    pub(super) fn has(&self, general: &str) -> bool {
        self.general.contains(general)
    }

    /// As it is shown and answered.
    pub(super) fn words(&self) -> Vec<String> {
        let named = self.permissions.iter().map(|(resource, name)| format!("{resource}/{name}"));
        named.chain(self.general.iter().cloned()).collect()
    }
}

/// Whether this is a resource of the simulator's own settings.
pub(super) fn is_own(world: &World, resource: &str) -> bool {
    world.settings.resources.iter().any(|own| own.trim_end_matches('/').eq_ignore_ascii_case(resource))
}
