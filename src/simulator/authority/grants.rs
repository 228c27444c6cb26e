//! What the authority has promised to whom: sign-ins on their way, codes, refresh tokens, consents.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{aadsts::OauthError, resources::Scope, tenants::Asked};

/// What becomes of a refresh token that was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefreshReuse {
    /// It stays good until it expires, as Entra has it.
    #[default]
    Allowed,
    /// Whoever uses it again loses everything that came from the same sign-in, as others have it.
    RevokesFamily,
}

/// How tokens are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// For how many seconds an access token is good.
    pub access_seconds: u32,
    /// For how many days a refresh token is good after its last use.
    pub refresh_days: u32,
    /// What becomes of a refresh token that was used.
    pub reuse: RefreshReuse,
    /// For how many seconds a device code is good.
    pub device_code_seconds: u32,
    /// How many seconds a program must wait between two questions about a device code.
    pub device_code_interval: u32,
}

impl Default for TokenRules {
    fn default() -> Self {
        Self {
            access_seconds: 3600,
            refresh_days: 90,
            reuse: RefreshReuse::default(),
            device_code_seconds: 900,
            device_code_interval: 5,
        }
    }
}

/// For how long a code, or a sign-in that somebody has begun, is good.
const CODE: SignedDuration = SignedDuration::from_mins(10);

/// A secret that nobody can guess.
pub(super) fn secret() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// What somebody allowed a program.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) login: String,
    pub(super) client: String,
    pub(super) tenant: String,
    pub(super) scope: Scope,
    /// Everything that comes from one sign-in has one family.
    pub(super) family: Uuid,
    /// Whether a second factor was shown.
    pub(super) mfa: bool,
    pub(super) by_device_code: bool,
    pub(super) signed_in: Timestamp,
}

/// What a sign-in is to lead to.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// A code for a program that waits at an address.
    Code { redirect: String, state: String, nonce: String, challenge: String },
    /// An answer to a program that asks about this device code.
    Device { code: String },
}

/// A sign-in on its way.
#[derive(Clone, Debug)]
pub(super) struct SignIn {
    pub(super) tenant: Asked,
    pub(super) client: String,
    pub(super) scope: Scope,
    pub(super) purpose: Purpose,
    pub(super) hint: String,
    /// Whether the program wants a second factor.
    pub(super) wants_mfa: bool,
    /// Whether it wants consent asked for again.
    pub(super) wants_consent: bool,
    /// Who has shown the right password.
    pub(super) login: Option<String>,
    pub(super) mfa: bool,
    /// What the phone has to show for an approval.
    pub(super) number: u8,
    pub(super) expires: Timestamp,
}

impl SignIn {
    pub(super) fn begin(tenant: Asked, client: &str, scope: Scope, purpose: Purpose, now: Timestamp) -> Self {
        let number = 10 + Uuid::new_v4().as_bytes()[0] % 90;
        Self {
            tenant,
            client: client.to_owned(),
            scope,
            purpose,
            hint: String::new(),
            wants_mfa: false,
            wants_consent: false,
            login: None,
            mfa: false,
            number,
            expires: now + CODE,
        }
    }
}

/// A code that was given to a browser.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect: String,
    pub(super) nonce: String,
    pub(super) challenge: String,
    pub(super) used: bool,
    pub(super) expires: Timestamp,
}

impl Code {
    pub(super) fn new(grant: Grant, redirect: &str, nonce: &str, challenge: &str, now: Timestamp) -> Self {
        let [redirect, nonce, challenge] = [redirect, nonce, challenge].map(str::to_owned);
        Self { grant, redirect, nonce, challenge, used: false, expires: now + CODE }
    }
}

/// A refresh token.
#[derive(Clone, Debug)]
pub(super) struct Refresh {
    pub(super) grant: Grant,
    pub(super) used: bool,
    pub(super) expires: Timestamp,
}

/// A device code.
#[derive(Clone, Debug)]
pub(super) struct Device {
    pub(super) user_code: String,
    pub(super) tenant: Asked,
    pub(super) client: String,
    pub(super) scope: Scope,
    /// What its user answered, or why the sign-in was refused.
    pub(super) answer: Option<Result<Grant, OauthError>>,
    pub(super) interval: u32,
    pub(super) asked: Option<Timestamp>,
    pub(super) expires: Timestamp,
}

/// Everything that was promised. Logins are in lower case.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    pub(super) sign_ins: HashMap<String, SignIn>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) refresh: HashMap<String, Refresh>,
    pub(super) devices: HashMap<String, Device>,
    /// Client, login and what was consented to.
    consents: BTreeSet<(String, String, String)>,
    revoked: BTreeSet<Uuid>,
    /// What was granted before is worth nothing any more.
    not_before: HashMap<String, Timestamp>,
    /// Numbers that phones have approved.
    approved: BTreeSet<(String, u8)>,
}

impl Grants {
    /// Which of these words nobody has consented to.
    pub(super) fn unconsented(&self, client: &str, login: &str, scope: &Scope) -> bool {
        let known = |word: String| self.consents.contains(&(client.to_owned(), login.to_lowercase(), word));
        !scope.words().into_iter().all(known)
    }

    pub(super) fn consent(&mut self, client: &str, login: &str, scope: &Scope) {
        for word in scope.words() {
            self.consents.insert((client.to_owned(), login.to_lowercase(), word));
        }
    }

    /// Takes consent back.
    pub(crate) fn withdraw_consent(&mut self, login: &str) {
        self.consents.retain(|(_, known, _)| *known != login.to_lowercase());
    }

    /// Makes everything worthless that was granted to this login until now.
    pub(crate) fn revoke(&mut self, login: &str, now: Timestamp) {
        self.not_before.insert(login.to_lowercase(), now);
    }

    pub(super) fn revoke_family(&mut self, family: Uuid) {
        self.revoked.insert(family);
    }

    pub(super) fn is_revoked(&self, grant: &Grant) -> bool {
        let too_old = |not_before: &Timestamp| grant.signed_in <= *not_before;
        self.revoked.contains(&grant.family) || self.not_before.get(&grant.login.to_lowercase()).is_some_and(too_old)
    }

    /// The phone says yes to a number.
    pub(crate) fn approve(&mut self, login: &str, number: u8) {
        self.approved.insert((login.to_lowercase(), number));
    }

    pub(super) fn take_approval(&mut self, login: &str, number: u8) -> bool {
        self.approved.remove(&(login.to_lowercase(), number))
    }

    /// The number that this login's browser shows now.
    pub(crate) fn number(&self, login: &str) -> Option<u8> {
        let waiting = |sign_in: &&SignIn| sign_in.login.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(login));
        self.sign_ins.values().filter(waiting).max_by_key(|sign_in| sign_in.expires).map(|sign_in| sign_in.number)
    }
}
