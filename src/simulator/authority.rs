//! An authority that gives tokens, with the manners of Entra: its endpoints, its error answers, its opinions.
//!
//! Below `{base}/{tenant}` there are the discovery document and the keys ([`discovery`]), the page on which somebody signs in
//! ([`authorize`], [`steps`]), and the endpoints for tokens ([`token`]) and for device codes ([`device`]). What it refuses, it
//! refuses with the code that Entra would use ([`aadsts`]). An app may come by itself, with a certificate ([`credentials`]). Whoever is in doubt here refuses: a client that gets along with
//! this authority has done what the standards ask of it.
//!
//! Everything is in memory: a new start knows no grant any more.
//! <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow>

mod aadsts;
mod apps;
mod authorize;
mod credentials;
mod device;
mod discovery;
mod form;
mod grants;
mod issue;
mod jwt;
mod keys;
mod registrations;
mod resources;
mod steps;
mod tenants;
mod token;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::{
    Router,
    routing::{get, post},
};

pub use apps::{App, CLIENT_ID};
pub use grants::{RefreshReuse, TokenRules};
pub use resources::{EWS_RESOURCE, GRAPH_RESOURCE};

pub(crate) use device::settle;
pub(crate) use issue::{TokenRefused, check_access_token, check_graph_token, graph_token};

use super::{lock, world::World};
use grants::Grants;
use keys::Keys;
pub(super) use registrations::Registrations;

/// What the authority remembers.
#[derive(Debug, Default)]
pub(crate) struct Authority {
    pub(crate) keys: Keys,
    grants: Mutex<Grants>,
    registrations: Mutex<Registrations>,
}

impl Authority {
    pub(crate) fn grants(&self) -> MutexGuard<'_, Grants> {
        lock(&self.grants)
    }

    pub(crate) fn registrations(&self) -> MutexGuard<'_, Registrations> {
        lock(&self.registrations)
    }
}

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::document))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::begin))
        .route("/{tenant}/oauth2/v2.0/token", post(token::give))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device::begin))
        .route("/{tenant}/login", post(steps::next))
        .route("/device", get(device::page).post(device::enter))
        .with_state(world)
}
