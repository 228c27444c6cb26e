//! From a link to its mailbox: the address, the way to sign in, and the protocol.

mod whereabouts;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

use super::{
    credential::{Credential, Guarded},
    kept_grant::KeptGrant,
    ledger_failure,
};
use crate::{
    auth::{
        exchange_online,
        oauth::{self, Audience, Authority, Bearer, Session},
        password::Basic,
        windows::Windows,
    },
    engine::Connect,
    exchange::{self, EwsMailbox, GraphMailbox, LinkAddress, Shared, graph::Whose},
    ports::{Authenticator, Failure, FailureKind, Mailbox, Protocol},
    state::{ActiveUser, AuthMethod, CredentialMark, Ledger, User, UserDetails, UserName},
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
    /// When autodiscover was last asked for a user.
    asked: Mutex<HashMap<UserName, Timestamp>>,
}

/// An open mailbox, with everything that made it: when that changes, it is opened anew.
struct Opened {
    link: LinkAddress,
    login: String,
    method: AuthMethod,
    way: Way,
    mailbox: Arc<dyn Mailbox>,
}

/// How an open mailbox signs in.
enum Way {
    Password(Arc<Credential>),
    OAuth(Arc<Session>),
}

impl Opened {
    /// The same, if it is still what the user's details say.
    fn of<'a>(
        open: &'a HashMap<UserName, Self>,
        user: &User,
        link: &LinkAddress,
    ) -> Option<(&'a Way, Arc<dyn Mailbox>)> {
        let opened = open.get(&user.name)?;
        let UserDetails { login, method, .. } = &user.details;
        let same = (&opened.link, &opened.login, &opened.method) == (link, login, method);
        same.then(|| (&opened.way, Arc::clone(&opened.mailbox)))
    }

    /// The credential, if it is this one: the server then counts refusals of both on one account.
    fn credential(&self, mark: CredentialMark) -> Option<&Arc<Credential>> {
        match &self.way {
            Way::Password(credential) if credential.mark() == mark => Some(credential),
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
        Ok(Self { settings, sign_in, shared, ledger, zone, authority, open, asked })
    }

    /// The mailbox of a link, with the secret that the ledger keeps for it. Asked for once for each pass: links that share a
    /// login and its secret share what the server says to it, until a person has it tried once more.
    ///
    /// # Errors
    /// [`FailureKind::Unauthorized`] when there is no secret; [`FailureKind::Setting`] when the address cannot be used.
    pub fn of(&self, user: &User) -> Result<Arc<dyn Mailbox>, Failure> {
        match user.details.method {
            AuthMethod::Password | AuthMethod::Windows => self.by_password(user),
            AuthMethod::OAuth => self.by_oauth(user),
        }
    }

    fn by_password(&self, user: &User) -> Result<Arc<dyn Mailbox>, Failure> {
        let doing = || format!("open the mailbox of `{}`", user.name);
        let password = self.ledger.password(&user.name).map_err(|error| ledger_failure(&doing(), error))?;
        let password = password.ok_or_else(|| {
            Failure::new(FailureKind::Unauthorized, doing())
                .because("no password was given for it yet")
                .hint(format!("give it: `pocketdocket user link {}`", user.name))
        })?;
        let link = self.address(user)?;
        let trouble = |error| ledger_failure(&doing(), error);
        let login = user.details.login.clone();
        let mark = self.ledger.credential_mark(&login, &password).map_err(trouble)?;
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
        let sign_in = Arc::new(Guarded::new(signing(user, &link, &password)?, Arc::clone(&credential)));
        let mailbox = self.connect(user, link.clone(), sign_in)?;
        let (method, way) = (user.details.method, Way::Password(credential));
        open.insert(user.name.clone(), Opened { link, login, method, way, mailbox: Arc::clone(&mailbox) });
        Ok(mailbox)
    }

    fn by_oauth(&self, user: &User) -> Result<Arc<dyn Mailbox>, Failure> {
        let link = self.address(user)?;
        let mut open = self.open();
        if let Some((Way::OAuth(session), mailbox)) = Opened::of(&open, user, &link) {
            session.begin_pass();
            return Ok(mailbox);
        }
        let grant = KeptGrant::new(self.ledger.clone(), user.name.clone());
        let session = Arc::new(Session::new(self.authority()?, Arc::new(grant), user.name.as_str()));
        let bearer = Bearer::new(Arc::clone(&session), audience(&user.details));
        let mailbox = self.connect(user, link.clone(), Arc::new(bearer))?;
        let (login, method, way) = (user.details.login.clone(), user.details.method, Way::OAuth(session));
        open.insert(user.name.clone(), Opened { link, login, method, way, mailbox: Arc::clone(&mailbox) });
        Ok(mailbox)
    }

    /// The mailbox of a link with a password that is still to be tried.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when the address cannot be used.
    pub fn with_password(&self, user: &User, password: &SecretString) -> Result<Arc<dyn Mailbox>, Failure> {
        let link = self.address(user)?;
        let sign_in = signing(user, &link, password)?;
        self.connect(user, link, sign_in)
    }

    /// The mailbox of a link with a grant that is still to be tried.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when the address cannot be used.
    pub fn with_session(&self, user: &User, session: Session) -> Result<Arc<dyn Mailbox>, Failure> {
        self.connect(user, self.address(user)?, Arc::new(Bearer::new(Arc::new(session), audience(&user.details))))
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
    pub fn address(&self, user: &User) -> Result<LinkAddress, Failure> {
        let UserDetails { address, url, protocol, method, .. } = &user.details;
        let link = self.settings.link_over(*protocol, address, url.as_deref(), &self.zone)?;
        if method.by_password() {
            exchange_online::refuse_password(link.url.host_str().unwrap_or_default(), *protocol)?;
        }
        Ok(link)
    }

    fn connect(
        &self,
        user: &User,
        link: LinkAddress,
        sign_in: Arc<dyn Authenticator>,
    ) -> Result<Arc<dyn Mailbox>, Failure> {
        let (settings, shared) = (&self.settings, Arc::clone(&self.shared));
        let UserDetails { address, login, protocol, .. } = &user.details;
        Ok(match protocol {
            Protocol::Ews => Arc::new(EwsMailbox::connect(settings, link, sign_in, shared)?),
            Protocol::Graph => {
                let own = login.eq_ignore_ascii_case(address);
                let whose = if own { Whose::Own } else { Whose::Of(address.clone()) };
                Arc::new(GraphMailbox::connect(settings, link, &whose, sign_in, shared)?)
            }
        })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<UserName, Opened>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a link with a password signs in.
fn signing(user: &User, link: &LinkAddress, password: &SecretString) -> Result<Arc<dyn Authenticator>, Failure> {
    let login = &user.details.login;
    Ok(match user.details.method {
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
        self.of(user.user())
    }

    async fn mind_whereabouts(&self, user: &ActiveUser, now: Timestamp) -> Result<(), Failure> {
        Self::mind_whereabouts(self, user.user(), now).await
    }

    async fn explained(&self, user: &ActiveUser, failure: Failure, now: Timestamp) -> Failure {
        Self::explained(self, user.user(), failure, now).await
    }
}
