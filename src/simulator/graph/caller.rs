//! Who asks: the bearer of a token for Graph, and which mailboxes they may use.

use axum::http::{HeaderMap, StatusCode, header};

use super::answer::Refused;
use crate::simulator::{
    Account, Home,
    authority::{TokenRefused, check_graph_token},
    faults::{Fault, Place},
    world::World,
};

/// Whoever a token speaks for.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) account: Account,
    /// A program by itself, and no user with it.
    pub(super) app_only: bool,
    /// Id of the program.
    pub(super) application: String,
    /// What the user, or their administrator, lets it do; an app's roles.
    permissions: Vec<String>,
}

fn unauthorized(message: &str) -> Refused {
    Refused::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
}

fn denied() -> Refused {
    Refused::denied("Access is denied. Check credentials and try again.")
}

/// Whose token a request carries.
pub(super) fn of(world: &World, headers: &HeaderMap) -> Result<Caller, Refused> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(value) = value else { return Err(unauthorized("Access token is empty.")) };
    let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, token)) = token else {
        return Err(unauthorized("CompactToken parsing failed with error code: 80049217"));
    };
    let said = check_graph_token(world, token.trim()).map_err(|refused| {
        unauthorized(match refused {
            TokenRefused::Expired => "Lifetime validation failed, the token is expired.",
            TokenRefused::Audience => "Access token validation failure. Invalid audience.",
            TokenRefused::Signature => "Signature is invalid.",
            TokenRefused::Tenant => "Access token validation failure. Invalid issuer.",
            _ => "CompactToken parsing failed with error code: 80049217",
        })
    })?;
    let (account, permissions) = (said.account, said.permissions);
    Ok(Caller { account, app_only: said.app_only, application: said.application, permissions })
}

impl Caller {
    /// Whether the token lets its bearer do that: read or write what `of` stands for (`Contacts`), in their own mailbox or in one
    /// that is shared with them; for an app without a user, in the mailboxes that it was let into.
    pub(super) fn may(&self, world: &World, mailbox: &str, of: &str, write: bool) -> Result<(), Refused> {
        if self.app_only {
            let app = (self.account.tenant.as_str(), self.application.as_str());
            let may = world.authority.registrations().may(app, &self.permissions, mailbox, (of, write));
            return if may { Ok(()) } else { Err(denied()) };
        }
        let shared = world.shares(mailbox, &self.account.login) && matches!(of, "Contacts" | "Calendars");
        let verbs: &[&str] = if write { &["ReadWrite"] } else { &["ReadWrite", "Read"] };
        let names = |permission: &str| {
            let (plain, for_shared) = permission.strip_suffix(".Shared").map_or((permission, false), |it| (it, true));
            (for_shared || !shared) && verbs.iter().any(|verb| plain == format!("{of}.{verb}"))
        };
        let may = self.permissions.iter().any(|it| it == ".default" || names(it));
        if may { Ok(()) } else { Err(denied()) }
    }

    /// Where a fault may strike them.
    pub(super) fn place<'a>(&'a self, mailbox: &'a str, operation: &'a str) -> Place<'a> {
        let Account { login, tenant, .. } = &self.account;
        Place { mailbox, operation, login, client: &self.application, tenant }
    }

    /// Their own mailbox; nothing for a program without a user.
    pub(super) fn own_mailbox(&self) -> &str {
        self.account.mailbox.as_deref().unwrap_or_default()
    }

    /// The address of the mailbox that a request is about, if the caller may use it for that.
    pub(super) fn mailbox(
        &self,
        world: &World,
        user: Option<&str>,
        operation: &str,
        tasks: bool,
    ) -> Result<String, Refused> {
        let own = self.account.mailbox.as_deref();
        let address = match user {
            None if self.app_only => {
                let text = "/me request is only valid with delegated authentication flow.";
                return Err(Refused::bad("BadRequest", text));
            }
            None => own.unwrap_or(&self.account.login).to_owned(),
            Some(user) => world
                .addresses()
                .into_iter()
                .find(|address| is(world, address, user))
                .unwrap_or_else(|| user.to_owned()),
        };
        let missing = || {
            Refused::new(
                StatusCode::NOT_FOUND,
                "ErrorInvalidUser",
                format!("The requested user '{address}' is invalid."),
            )
        };
        if !world.has_mailbox(&address) {
            return Err(missing());
        }
        if world.home(&address) == Home::OnPremises {
            let text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
            return Err(Refused::new(StatusCode::NOT_FOUND, "MailboxNotEnabledForRESTAPI", text));
        }
        if self.app_only && world.account(&address).is_some_and(|owner| owner.tenant != self.account.tenant) {
            return Err(missing());
        }
        let own = !self.app_only && own.is_some_and(|own| own.eq_ignore_ascii_case(&address));
        if !own && !self.app_only && !self.account.impersonates && !world.shares(&address, &self.account.login) {
            return Err(denied());
        }
        let refused = world.faults.strike(&self.place(&address, operation), |fault| match fault {
            Fault::AppTasksForbidden if self.app_only && tasks => {
                Some("Access is denied. Check credentials and try again.")
            }
            Fault::TasksForbidden if tasks => Some("Access is denied. Check credentials and try again."),
            Fault::AccessPolicy if self.app_only => Some("Access to OData is disabled."),
            _ => None,
        });
        refused.map_or(Ok(address), |why| Err(Refused::denied(why)))
    }
}

/// Whether a mailbox is the one of the user with this address or id.
fn is(world: &World, address: &str, user: &str) -> bool {
    address.eq_ignore_ascii_case(user) || user_id(world, address).eq_ignore_ascii_case(user)
}

/// The id of a mailbox's user in the directory.
pub(super) fn user_id(world: &World, address: &str) -> String {
    world.account(address).map(|account| account.object_id().to_string()).unwrap_or_default()
}
