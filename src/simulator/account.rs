use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The password of every mailbox for which no other was given. It guards nothing: the simulator listens on loopback only and
/// holds what was made up for it.
pub const PASSWORD: &str = "simulator";

/// The tenant of every account for which no other was given.
pub const TENANT: &str = "6f1d3c52-8a0b-4f7e-9d42-5be1c07a9e14";

/// The code that every account's second factor shows. Like [`PASSWORD`], it guards nothing.
pub const MFA_CODE: &str = "271828";

/// How an account stands to a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mfa {
    /// It has none, and none is asked for.
    #[default]
    None,
    /// It has one, which is asked for only where the program that signs in wants it.
    Registered,
    /// It has one, and every sign-in in person asks for it.
    Required,
    /// One is required, and it has none yet: the sign-in in person makes it register one.
    MustRegister,
}

/// What the account's licence lets it do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Licence {
    /// Everything.
    #[default]
    Full,
    /// Office 365 or Microsoft 365 F1: no EWS.
    F1,
    /// Office 365 or Microsoft 365 F3: no EWS.
    F3,
    /// Exchange Online Kiosk: no EWS.
    Kiosk,
}

/// Where a mailbox is, in a firm that has some on its own server and some in Exchange Online.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Home {
    /// Wherever it is asked for: EWS and Graph both know it. Autodiscover names the simulator's own EWS.
    #[default]
    Everywhere,
    /// On the firm's server: EWS knows it, Graph does not.
    OnPremises,
    /// In Exchange Online: Graph knows it, EWS does not.
    Online,
}

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct Account {
    /// What they sign in with.
    pub login: String,
    /// Their password.
    pub password: SecretString,
    /// Their own mailbox, if they have one.
    pub mailbox: Option<String>,
    /// Whether they may act as every mailbox.
    pub impersonates: bool,
    /// The mailboxes that this is limited to, as by the scope of the role `ApplicationImpersonation`; none but these, if said.
    pub impersonation_scope: Option<Vec<String>>,
    /// Mailboxes of others that they were given `FullAccess` to.
    pub full_access: Vec<String>,
    /// Id of the tenant they belong to.
    pub tenant: String,
    /// How they stand to a second factor.
    pub mfa: Mfa,
    /// Whether the password has expired.
    pub password_expired: bool,
    /// Whether the account is switched off.
    pub disabled: bool,
    /// What they may use.
    pub licence: Licence,
    /// Where their mailbox is.
    pub home: Home,
}

impl Account {
    /// The owner of a mailbox.
    pub fn owner(address: &str, login: &str, password: SecretString) -> Self {
        Self { mailbox: Some(address.to_owned()), impersonates: false, ..Self::service(login, password) }
    }

    /// A login without a mailbox that may act as every mailbox.
    pub fn service(login: &str, password: SecretString) -> Self {
        Self {
            login: login.to_owned(),
            password,
            mailbox: None,
            impersonates: true,
            impersonation_scope: None,
            full_access: Vec::new(),
            tenant: TENANT.to_owned(),
            mfa: Mfa::default(),
            password_expired: false,
            disabled: false,
            licence: Licence::default(),
            home: Home::default(),
        }
    }

    /// The owner of a mailbox who signs in with its address and [`PASSWORD`].
    pub fn simple(address: &str) -> Self {
        Self::owner(address, address, PASSWORD.into())
    }

    /// The same with another standing to the second factor.
    #[must_use]
    pub fn with_mfa(mut self, mfa: Mfa) -> Self {
        self.mfa = mfa;
        self
    }

    /// The same with the mailbox in another place.
    #[must_use]
    pub fn at(mut self, home: Home) -> Self {
        self.home = home;
        self
    }

    /// The same, acting as these mailboxes alone.
    #[must_use]
    pub fn scoped_to(mut self, mailboxes: &[&str]) -> Self {
        self.impersonation_scope = Some(mailboxes.iter().map(|&mailbox| mailbox.to_owned()).collect());
        self
    }

    /// The same with `FullAccess` to these mailboxes.
    #[must_use]
    pub fn with_access_to(mut self, mailboxes: &[&str]) -> Self {
        self.full_access = mailboxes.iter().map(|&mailbox| mailbox.to_owned()).collect();
        self
    }

    /// Whether they may act as the owner of this mailbox.
    pub(crate) fn may_act_as(&self, mailbox: &str) -> bool {
        let among = |scope: &Vec<String>| scope.iter().any(|known| known.eq_ignore_ascii_case(mailbox));
        self.impersonates && self.impersonation_scope.as_ref().is_none_or(among)
    }

    /// The same in another tenant.
    #[must_use]
    pub fn in_tenant(mut self, tenant: &str) -> Self {
        tenant.clone_into(&mut self.tenant);
        self
    }

    /// The name they sign in with at the authority: the address of their mailbox, or else their login.
    pub(crate) fn principal(&self) -> &str {
        self.mailbox.as_deref().unwrap_or(&self.login)
    }

    /// Their id in the directory: always the same for one login.
    pub(crate) fn object_id(&self) -> Uuid {
        id_of(&["account", &self.tenant, &self.login.to_lowercase()])
    }
}

/// An id that is made from words, and is the same whenever they are.
pub(crate) fn id_of(words: &[&str]) -> Uuid {
    let hash = Sha256::digest(words.join("\n"));
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(byte, of_hash)| *byte = of_hash);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
