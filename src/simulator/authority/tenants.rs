//! The tenant in an address.

use super::aadsts::OauthError;
use crate::simulator::world::World;

/// Which tenant was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The one with this id.
    One(String),
    /// Whichever the account is in: `common`, `organizations`.
    Any,
}

impl Asked {
    pub(super) fn find(world: &World, name: &str) -> Result<Self, OauthError> {
        match name {
            "common" | "organizations" => Ok(Self::Any),
            "consumers" => Err(OauthError::new(9_001_023)),
            name => world.tenant(name).map(Self::One).ok_or_else(|| OauthError::new(90_002)),
        }
    }

    /// Its id, or what it is called where there is none.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::One(id) => id,
            Self::Any => "common",
        }
    }

    /// Whether accounts of this tenant are meant.
    pub(super) fn includes(&self, tenant: &str) -> bool {
        match self {
            Self::One(id) => id.eq_ignore_ascii_case(tenant),
            Self::Any => true,
        }
    }
}

/// Who issues tokens in this tenant.
pub(super) fn issuer(world: &World, tenant: &str) -> String {
    format!("{}/{tenant}/v2.0", world.base)
}
