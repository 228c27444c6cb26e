//! From a link to its mailbox: the address, the way to sign in, and the protocol.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::{credential::Guarded, ledger_failure};
use crate::{
    auth::{exchange_online, password::Basic},
    engine::Connect,
    exchange::{self, EwsMailbox, LinkAddress, Shared},
    ports::{Authenticator, Failure, FailureKind, Mailbox},
    state::{ActiveUser, AuthMethod, Ledger, User, UserName},
};

/// Opens mailboxes, and keeps them open: what one learns of its server (its version, its pauses) is of use the next time.
pub struct Mailboxes {
    settings: exchange::Settings,
    shared: Arc<Shared>,
    ledger: Ledger,
    zone: String,
    open: Mutex<HashMap<UserName, Opened>>,
}

/// An open mailbox, with everything that made it: when that changes, it is opened anew.
struct Opened {
    link: LinkAddress,
    login: String,
    password: SecretString,
    sign_in: Arc<Guarded>,
    mailbox: Arc<EwsMailbox>,
}

impl Opened {
    /// Whether it signs in with this: the server then counts refusals of both on one account.
    fn is_same_credential(&self, link: &LinkAddress, login: &str, password: &SecretString) -> bool {
        self.link.url.host_str() == link.url.host_str()
            && self.login.to_lowercase() == login.to_lowercase()
            && self.password.expose_secret() == password.expose_secret()
    }
}

impl Mailboxes {
    /// Ready to open mailboxes; `zone` is the office's, by its IANA name.
    ///
    /// # Errors
    /// When the TLS settings cannot be used.
    pub fn new(settings: exchange::Settings, ledger: Ledger, zone: String) -> Result<Self, Failure> {
        let shared = Arc::new(Shared::new(&settings)?);
        Ok(Self { settings, shared, ledger, zone, open: Mutex::default() })
    }

    /// The mailbox of a link, with the secret that the ledger keeps for it. Asked for once for each pass: links that share a
    /// login and its secret share what the server says to it, until a person has it tried once more.
    ///
    /// # Errors
    /// [`FailureKind::Unauthorized`] when there is no secret; [`FailureKind::Setting`] when the address cannot be used.
    pub fn of(&self, user: &User) -> Result<Arc<dyn Mailbox>, Failure> {
        let doing = || format!("open the mailbox of `{}`", user.name);
        let password = self.ledger.password(&user.name).map_err(|error| ledger_failure(&doing(), error))?;
        let Some(password) = password else {
            return Err(Failure::new(FailureKind::Unauthorized, doing())
                .because("no password was given for it yet")
                .hint(format!("give it: `pocketdocket user link {}`", user.name)));
        };
        let link = self.address(user)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = open.get(&user.name)
            && opened.link == link
            && opened.login == user.details.login
            && opened.password.expose_secret() == password.expose_secret()
        {
            opened.sign_in.begin_pass();
            return Ok(Arc::clone(&opened.mailbox) as _);
        }
        let login = user.details.login.clone();
        let same = open.values().find(|opened| opened.is_same_credential(&link, &login, &password));
        let credential = same.map_or_else(Arc::default, |opened| Arc::clone(opened.sign_in.credential()));
        let sign_in = Arc::new(Guarded::new(Self::authenticator(user, &password)?, credential));
        let mailbox = self.connect(link.clone(), Arc::clone(&sign_in) as _)?;
        let opened = Opened { link, login, password, sign_in, mailbox: Arc::clone(&mailbox) };
        open.insert(user.name.clone(), opened);
        Ok(mailbox)
    }

    /// The mailbox of a link with a secret that is still to be tried.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when the address cannot be used.
    pub fn with_password(&self, user: &User, password: &SecretString) -> Result<Arc<dyn Mailbox>, Failure> {
        let link = self.address(user)?;
        Ok(self.connect(link, Self::authenticator(user, password)?)?)
    }

    /// Where the mailbox of a link is, if it can be signed in to there with the link's method.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when it cannot, or when the address cannot be used.
    pub fn address(&self, user: &User) -> Result<LinkAddress, Failure> {
        let link = self.settings.link(&user.details.address, user.details.url.as_deref(), &self.zone)?;
        match user.details.method {
            AuthMethod::Password => exchange_online::refuse_password(link.url.host_str().unwrap_or_default())?,
            AuthMethod::OAuth => {}
        }
        Ok(link)
    }

    fn authenticator(user: &User, password: &SecretString) -> Result<Arc<dyn Authenticator>, Failure> {
        Ok(match user.details.method {
            AuthMethod::Password => Arc::new(Basic::new(&user.details.login, password)?),
            AuthMethod::OAuth => return Err(Failure::new(FailureKind::Setting, "sign in by OAuth")),
        })
    }

    fn connect(&self, link: LinkAddress, sign_in: Arc<dyn Authenticator>) -> Result<Arc<EwsMailbox>, Failure> {
        Ok(Arc::new(EwsMailbox::connect(&self.settings, link, sign_in, Arc::clone(&self.shared))?))
    }
}

#[async_trait]
impl Connect for Mailboxes {
    async fn connect(&self, user: &ActiveUser) -> Result<Arc<dyn Mailbox>, Failure> {
        self.of(user.user())
    }
}
