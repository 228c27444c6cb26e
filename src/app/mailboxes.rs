//! From a link to its mailbox: the address, the way to sign in, and the protocol.

mod by_app;
mod place;
mod whereabouts;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

use super::{
    addresses::Addresses,
    credential::{Credential, Guarded},
    kept_grant::{KeptGrant, Owner},
    ledger_failure,
};
pub use by_app::of_app;

use crate::{
    auth::{
        exchange_online,
        oauth::{self, Audience, Authority, Bearer, Session, certificate::AppSession},
        password::Basic,
        service_account::{Through, impersonates},
        windows::Windows,
    },
    engine::Connect,
    exchange::{self, EwsMailbox, GraphMailbox, LinkAddress, Shared, graph::Whose},
    ports::{Authenticator, Failure, FailureKind, Mailbox, Protocol},
    state::{AccountName, ActiveUser, AuthMethod, CredentialMark, Ledger, User, UserDetails, UserName},
};

/// Opens mailboxes, and keeps them open: what one learns of its server (its version, its pauses) is of use the next time.
pub struct Mailboxes {
    settings: exchange::Settings,
    sign_in: oauth::Settings,
    shared: Arc<Shared>,
    ledger: Ledger,
    zone: String,
    authority: Mutex<Option<Arc<Authority>>>,
    open: Mutex<HashMap<UserName, Opened>>,
    /// Who knows from where we come.
    addresses: Option<Addresses>,
    /// When autodiscover was last asked for a user.
    asked: Mutex<HashMap<UserName, Timestamp>>,
}

/// An open mailbox, with everything that made it: when that changes, it is opened anew.
struct Opened {
    link: LinkAddress,
    login: String,
    method: AuthMethod,
    account: Option<AccountName>,
    way: Way,
    mailbox: Arc<dyn Mailbox>,
}

/// How an open mailbox signs in.
enum Way {
    Password(Arc<Credential>),
    OAuth(Arc<Session>),
    App(Arc<AppSession>),
}

impl Opened {
    /// The same, if it is still what the user's details say.
    fn of<'a>(
        open: &'a HashMap<UserName, Self>,
        user: &User,
        link: &LinkAddress,
    ) -> Option<(&'a Way, Arc<dyn Mailbox>)> {
        let opened = open.get(&user.name)?;
        let UserDetails { login, method, service_account, .. } = &user.details;
        let same =
            (&opened.link, &opened.login, &opened.method, &opened.account) == (link, login, method, service_account);
        same.then(|| (&opened.way, Arc::clone(&opened.mailbox)))
    }

    /// The credential, if it is this one: the server then counts refusals of both on one account.
    fn credential(&self, mark: CredentialMark) -> Option<&Arc<Credential>> {
        match &self.way {
            Way::Password(credential) if credential.mark() == mark => Some(credential),
            _ => None,
        }
    }

    /// The session of a service account, if it is through this one and by its present name: tokens of the one before are another's.
    fn session(&self, account: &AccountName, login: &str) -> Option<&Arc<Session>> {
        match &self.way {
            Way::OAuth(session) if self.account.as_ref() == Some(account) && self.login == login => Some(session),
            _ => None,
        }
    }
}

impl Mailboxes {
    /// Ready to open mailboxes; `zone` is the office's, by its IANA name.
    ///
    /// # Errors
    /// When the TLS settings cannot be used.
    pub fn new(
        settings: exchange::Settings,
        sign_in: oauth::Settings,
        ledger: Ledger,
        zone: String,
    ) -> Result<Self, Failure> {
        let shared = Arc::new(Shared::new(&settings)?);
        let (authority, open, asked) = (Mutex::default(), Mutex::default(), Mutex::default());
        Ok(Self { settings, sign_in, shared, ledger, zone, authority, open, addresses: None, asked })
    }

    /// The same, knowing from where we come.
    #[must_use]
    pub fn with_addresses(mut self, addresses: Addresses) -> Self {
        self.addresses = Some(addresses);
        self
    }

    /// The mailbox of a link, with the secret that the ledger keeps for it. Asked for once for each pass: links that share a
    /// login and its secret share what the server says to it, until a person has it tried once more.
    ///
    /// # Errors
    /// [`Cause::AddressNotAllowed`](crate::diagnosis::Cause::AddressNotAllowed) when the link's account may not sign in from where we
    /// come; [`FailureKind::Unauthorized`] when there is no secret; [`FailureKind::Setting`] when the address cannot be used.
    pub async fn of(&self, user: &User) -> Result<Arc<dyn Mailbox>, Failure> {
        self.mind_place(&user.details, Timestamp::now()).await?;
        match user.details.method {
            AuthMethod::Password | AuthMethod::Windows => self.by_password(user),
            AuthMethod::OAuth => self.by_oauth(user),
            AuthMethod::Certificate => self.by_certificate(user),
        }
    }

    fn by_password(&self, user: &User) -> Result<Arc<dyn Mailbox>, Failure> {
        let doing = || format!("open the mailbox of `{}`", user.name);
        let trouble = |error| ledger_failure(&doing(), error);
        let password = self.ledger.password_of(user).map_err(trouble)?;
        let password = password.ok_or_else(|| {
            Failure::new(FailureKind::Unauthorized, doing())
                .because("no password was given for it yet")
                .hint(format!("give it: `{}`", user.link_command()))
        })?;
        let link = self.address(&user.details)?;
        let mark = self.ledger.credential_mark(&user.details.login, &password).map_err(trouble)?;
        let mut open = self.open();
        if let Some((Way::Password(credential), mailbox)) = Opened::of(&open, user, &link)
            && credential.mark() == mark
        {
            credential.begin_pass().map_err(trouble)?;
            return Ok(mailbox);
        }
        let same = open.values().find_map(|opened| opened.credential(mark));
        let credential = same.map_or_else(|| Arc::new(Credential::new(self.ledger.clone(), mark)), Arc::clone);
        credential.begin_pass().map_err(trouble)?;
        let sign_in = Guarded::new(signing(&user.details, &link, &password)?, Arc::clone(&credential));
        let mailbox = self.connect(&user.details, link.clone(), Arc::new(sign_in))?;
        open.insert(user.name.clone(), opened(user, link, Way::Password(credential), &mailbox));
        Ok(mailbox)
    }

    fn by_oauth(&self, user: &User) -> Result<Arc<dyn Mailbox>, Failure> {
        let link = self.address(&user.details)?;
        let account = user.details.service_account.as_ref();
        let begin_pass = |session: &Session| match account {
            Some(_) => session.begin_shared_pass(),
            None => session.begin_pass(),
        };
        let mut open = self.open();
        if let Some((Way::OAuth(session), mailbox)) = Opened::of(&open, user, &link) {
            begin_pass(session);
            return Ok(mailbox);
        }
        let same =
            account.and_then(|account| open.values().find_map(|opened| opened.session(account, &user.details.login)));
        let session = match (same, account) {
            (Some(session), _) => Arc::clone(session),
            (None, account) => Arc::new(self.session(user, account)?),
        };
        begin_pass(&session);
        let bearer = Bearer::new(Arc::clone(&session), audience(&user.details));
        let mailbox = self.connect(&user.details, link.clone(), Arc::new(bearer))?;
        open.insert(user.name.clone(), opened(user, link, Way::OAuth(session), &mailbox));
        Ok(mailbox)
    }

    /// With the user's grant, or the service account's.
    fn session(&self, user: &User, account: Option<&AccountName>) -> Result<Session, Failure> {
        let (owner, name) = match account {
            // Whose name a hint needs is known where the account is.
            Some(account) => (Owner::Account(account.clone()), "NAME"),
            None => (Owner::User(user.name.clone()), user.name.as_str()),
        };
        let grant = KeptGrant::new(self.ledger.clone(), owner);
        Ok(Session::new(self.authority()?, Arc::new(grant), name))
    }

    /// The mailbox of a link with a password that is still to be tried.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when the address cannot be used.
    pub fn with_password(&self, details: &UserDetails, password: &SecretString) -> Result<Arc<dyn Mailbox>, Failure> {
        let link = self.address(details)?;
        let sign_in = signing(details, &link, password)?;
        self.connect(details, link, sign_in)
    }

    /// The mailbox of a link with a grant that is still to be tried.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when the address cannot be used.
    pub fn with_session(&self, details: &UserDetails, session: Session) -> Result<Arc<dyn Mailbox>, Failure> {
        let bearer = Bearer::new(Arc::new(session), audience(details));
        self.connect(details, self.address(details)?, Arc::new(bearer))
    }

    /// Where users sign in by OAuth.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when no app is set, or a setting cannot be used.
    pub fn authority(&self) -> Result<Arc<Authority>, Failure> {
        let mut kept = self.authority.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(authority) = &*kept {
            return Ok(Arc::clone(authority));
        }
        let authority = Arc::new(Authority::new(self.sign_in.clone())?);
        *kept = Some(Arc::clone(&authority));
        Ok(authority)
    }

    /// Where the mailbox of a link is, if it can be signed in to there with the link's method.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when it cannot, or when the address cannot be used.
    pub fn address(&self, details: &UserDetails) -> Result<LinkAddress, Failure> {
        let UserDetails { address, url, protocol, method, .. } = details;
        let link = self.settings.link_over(*protocol, address, url.as_deref(), &self.zone)?;
        if method.by_password() {
            exchange_online::refuse_password(link.url.host_str().unwrap_or_default(), *protocol)?;
        }
        Ok(link)
    }

    fn connect(
        &self,
        details: &UserDetails,
        link: LinkAddress,
        sign_in: Arc<dyn Authenticator>,
    ) -> Result<Arc<dyn Mailbox>, Failure> {
        let (settings, shared) = (&self.settings, Arc::clone(&self.shared));
        let UserDetails { address, login, protocol, method, service_account, .. } = details;
        let own = login.eq_ignore_ascii_case(address);
        let sign_in = match service_account {
            Some(account) => {
                let acts = !own && impersonates(*protocol, link.url.host_str().unwrap_or_default());
                Arc::new(Through::new(sign_in, account.as_str(), acts.then(|| address.clone())))
            }
            None => sign_in,
        };
        Ok(match protocol {
            Protocol::Ews => Arc::new(EwsMailbox::connect(settings, link, sign_in, shared)?),
            Protocol::Graph => {
                let whose = match method {
                    _ if own => Whose::Own,
                    AuthMethod::Certificate => Whose::ByApp(address.clone()),
                    _ => Whose::Shared(address.clone()),
                };
                Arc::new(GraphMailbox::connect(settings, link, &whose, sign_in, shared)?)
            }
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<UserName, Opened>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn opened(user: &User, link: LinkAddress, way: Way, mailbox: &Arc<dyn Mailbox>) -> Opened {
    let UserDetails { login, method, service_account, .. } = user.details.clone();
    Opened { link, login, method, account: service_account, way, mailbox: Arc::clone(mailbox) }
}

/// How a link with a password signs in.
fn signing(
    details: &UserDetails,
    link: &LinkAddress,
    password: &SecretString,
) -> Result<Arc<dyn Authenticator>, Failure> {
    let login = &details.login;
    Ok(match details.method {
        AuthMethod::Windows => Arc::new(Windows::new(login, password, link.url.host_str().unwrap_or_default())?),
        _ => Arc::new(Basic::new(login, password)?),
    })
}

/// What a token is for that reaches the mailbox of a link.
pub fn audience(UserDetails { protocol, login, address, .. }: &UserDetails) -> Audience {
    Audience::of(*protocol, login.eq_ignore_ascii_case(address))
}

#[async_trait]
impl Connect for Mailboxes {
    async fn connect(&self, user: &ActiveUser) -> Result<Arc<dyn Mailbox>, Failure> {
        self.of(user.user()).await
    }

    async fn mind_addresses(&self, now: Timestamp) -> Result<(), Failure> {
        Self::mind_addresses(self, now).await
    }

    async fn mind_whereabouts(&self, user: &ActiveUser, now: Timestamp) -> Result<(), Failure> {
        Self::mind_whereabouts(self, user.user(), now).await
    }

    async fn explained(&self, user: &ActiveUser, failure: Failure, now: Timestamp) -> Failure {
        Self::explained(self, user.user(), failure, now).await
    }
}
