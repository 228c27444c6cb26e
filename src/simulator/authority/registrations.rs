//! What an app may do by itself, without a user: the certificates that are registered for it, the application permissions that an
//! administrator consented to, and the mailboxes that Exchange limits it to.
//!
//! Permissions that were consented to in Entra are for every mailbox of the tenant. RBAC for Applications adds to them: an app
//! that is to reach some mailboxes only has its roles there, with a scope, and no consent. Tasks know no such scope.
//! <https://learn.microsoft.com/exchange/permissions-exo/application-rbac>

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use x509_cert::{Certificate, der::Decode as _};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Roles that RBAC for Applications can limit to some mailboxes.
const SCOPED: [&str; 3] = ["Contacts", "Calendars", "MailboxSettings"];

/// A certificate that an app may sign with.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    /// As `x5t#S256` says it.
    pub(super) thumbprint: String,
    /// Its `RSAPublicKey`.
    pub(super) public_key: Vec<u8>,
    pub(super) valid: (Timestamp, Timestamp),
}

impl Registered {
    /// Reads a certificate. None if it is none.
    fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?.tbs_certificate;
        let moment = |time: x509_cert::time::Time| {
            Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok()
        };
        let validity = certificate.validity;
        Some(Self {
            thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA256, der)),
            public_key: certificate.subject_public_key_info.subject_public_key.raw_bytes().to_vec(),
            valid: (moment(validity.not_before)?, moment(validity.not_after)?),
        })
    }
}

/// One app in one tenant.
#[derive(Debug, Default)]
pub(super) struct Registration {
    pub(super) certificates: Vec<Registered>,
    /// Application permissions with consent: for the whole tenant.
    pub(super) roles: BTreeSet<String>,
    /// The mailboxes that Exchange lets it into.
    scope: BTreeSet<String>,
    /// Whether somebody switched it off.
    pub(super) disabled: bool,
    /// Statements that were used, and until when each would have been good.
    used: HashMap<String, Timestamp>,
}

impl Registration {
    /// Notes a statement; false if it was used before.
    pub(super) fn use_once(&mut self, id: &str, until: Timestamp, now: Timestamp) -> bool {
        self.used.retain(|_, end| *end > now);
        self.used.insert(id.to_owned(), until).is_none()
    }

    /// Whether the app may do that in this mailbox: what `of` stands for (`Contacts`), by roles that a token holds or by Exchange.
    fn may(&self, roles: &HashSet<&str>, mailbox: &str, of: &str, write: bool) -> bool {
        let verbs: &[&str] = if write { &["ReadWrite"] } else { &["ReadWrite", "Read"] };
        let consented = verbs.iter().any(|verb| {
            roles.contains(format!("{of}.{verb}").as_str()) || roles.contains(format!("{of}.{verb}.All").as_str())
        });
        consented || (SCOPED.contains(&of) && self.scope.contains(&mailbox.to_lowercase()))
    }
}

/// All apps, by tenant and client id in small letters.
#[derive(Debug, Default)]
pub(crate) struct Registrations(HashMap<(String, String), Registration>);

impl Registrations {
    fn key(tenant: &str, client: &str) -> (String, String) {
        (tenant.to_lowercase(), client.to_lowercase())
    }

    pub(super) fn find(&mut self, tenant: &str, client: &str) -> Option<&mut Registration> {
        self.0.get_mut(&Self::key(tenant, client))
    }

    fn of(&mut self, tenant: &str, client: &str) -> &mut Registration {
        self.0.entry(Self::key(tenant, client)).or_default()
    }

    /// Registers a certificate. False if it is none.
    pub(crate) fn add_certificate(&mut self, tenant: &str, client: &str, der: &[u8]) -> bool {
        let Some(certificate) = Registered::read(der) else { return false };
        let certificates = &mut self.of(tenant, client).certificates;
        certificates.retain(|known| known.thumbprint != certificate.thumbprint);
        certificates.push(certificate);
        true
    }

    /// Takes every certificate away.
    pub(crate) fn remove_certificates(&mut self, tenant: &str, client: &str) {
        self.of(tenant, client).certificates.clear();
    }

    /// Consents to these application permissions and no others.
    pub(crate) fn set_roles(&mut self, tenant: &str, client: &str, roles: &[String]) {
        self.of(tenant, client).roles = roles.iter().cloned().collect();
    }

    /// Lets the app into these mailboxes by Exchange, and into no others.
    pub(crate) fn set_scope(&mut self, tenant: &str, client: &str, mailboxes: &[String]) {
        self.of(tenant, client).scope = mailboxes.iter().map(|mailbox| mailbox.to_lowercase()).collect();
    }

    /// Switches the app off, or on.
    pub(crate) fn set_disabled(&mut self, tenant: &str, client: &str, disabled: bool) {
        self.of(tenant, client).disabled = disabled;
    }

    /// Whether an app with a token of these roles may do that in this mailbox.
    pub(crate) fn may(
        &self,
        (tenant, client): (&str, &str),
        roles: &[String],
        mailbox: &str,
        (of, write): (&str, bool),
    ) -> bool {
        let roles: HashSet<&str> = roles.iter().map(String::as_str).collect();
        let nothing = Registration::default();
        self.0.get(&Self::key(tenant, client)).unwrap_or(&nothing).may(&roles, mailbox, of, write)
    }
}
