//! Mailboxes that an app reaches by itself, with a certificate: one session for all of them.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Mailboxes, Opened, Way, opened};
use crate::{
    app::ledger_failure,
    auth::{
        oauth::{
            self, Audience, Authority, Bearer,
            certificate::{AppCertificate, AppSession},
        },
        service_account::Through,
    },
    domain::Kind,
    exchange::{GraphMailbox, graph::Whose},
    ports::{Failure, FailureKind, Mailbox},
    state::{AccountDetails, AccountName, KeptCertificate, ServiceAccount, User, UserDetails},
};

/// Where an app signs in: as it is configured, with the app and the tenant of the service account.
pub fn of_app(settings: &oauth::Settings, details: &AccountDetails) -> oauth::Settings {
    oauth::Settings {
        tenant: details.tenant.clone().or_else(|| settings.tenant.clone()),
        client_id: Some(details.login.clone()),
        ..settings.clone()
    }
}

impl Opened {
    /// The session of a service account's app with that certificate, if it is through this one.
    fn app(&self, account: &AccountName, thumbprint: &str) -> Option<&Arc<AppSession>> {
        match &self.way {
            Way::App(session) if self.account.as_ref() == Some(account) => {
                Some(session).filter(|session| session.certificate().thumbprint() == thumbprint)
            }
            _ => None,
        }
    }
}

impl Mailboxes {
    pub(super) fn by_certificate(&self, user: &User) -> Result<Arc<dyn Mailbox>, Failure> {
        let doing = format!("open the mailbox of `{}`", user.name);
        let trouble = |error| ledger_failure(&doing, error);
        let Some(account) = &user.details.service_account else {
            return Err(Failure::new(FailureKind::Setting, doing).because("a certificate is of a service account"));
        };
        let kept = self.ledger.certificates(account).map_err(trouble)?;
        let kept = kept.into_iter().find(|kept| kept.proven.is_some()).ok_or_else(|| {
            Failure::new(FailureKind::Unauthorized, doing.clone())
                .because("no certificate was proven yet")
                .hint(format!("make one: `pocketdocket service-account certificate make {account}`"))
        })?;
        let link = self.address(&user.details)?;
        let mut open = self.open();
        if let Some((Way::App(session), mailbox)) = Opened::of(&open, user, &link)
            && session.certificate().thumbprint() == kept.thumbprint
        {
            return Ok(mailbox);
        }
        let same = open.values().find_map(|opened| opened.app(account, &kept.thumbprint)).map(Arc::clone);
        let session = match same {
            Some(session) => session,
            None => {
                let account = self.ledger.service_account(account).map_err(trouble)?;
                Arc::new(self.app_session(&account, &kept)?)
            }
        };
        let mailbox = self.with_app(&user.details, &session)?;
        open.insert(user.name.clone(), opened(user, link, Way::App(session), &mailbox));
        Ok(mailbox)
    }

    /// The app of a service account, with a certificate that may still be to be tried.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when a setting or what is kept cannot be used.
    pub fn app_session(&self, account: &ServiceAccount, kept: &KeptCertificate) -> Result<AppSession, Failure> {
        let doing = format!("sign in as the app of service account `{}`", account.name);
        let key = self.ledger.certificate_key(&account.name, &kept.thumbprint);
        let key = key.map_err(|error| ledger_failure(&doing, error))?;
        let key = key.ok_or_else(|| {
            Failure::new(FailureKind::Setting, doing.clone())
                .because("the private key of its certificate is missing in the ledger")
                .hint(format!("make another one: `pocketdocket service-account certificate make {}`", account.name))
        })?;
        let certificate = AppCertificate::new(&kept.der, &key)
            .map_err(|unfit| Failure::new(FailureKind::Setting, doing).because(unfit))?;
        let authority = Authority::new(of_app(&self.sign_in, &account.details))?;
        Ok(AppSession::new(Arc::new(authority), certificate, account.name.as_str()))
    }

    /// The mailbox of a link that an app reaches by itself.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when the address cannot be used.
    pub fn with_app(&self, details: &UserDetails, session: &Arc<AppSession>) -> Result<Arc<dyn Mailbox>, Failure> {
        let bearer = Bearer::new(Arc::clone(session), Audience::GraphOfOthers);
        self.connect(details, self.address(details)?, Arc::new(bearer))
    }

    /// What an app reaches in a mailbox that it must not reach: nothing, if it is limited as it should be. Nothing of anybody is
    /// read but the ids of folders.
    ///
    /// # Errors
    /// When that cannot be told: there is no such mailbox, or nobody was reached at all.
    pub async fn reached_outside(
        &self,
        account: &AccountName,
        details: &UserDetails,
        session: &Arc<AppSession>,
    ) -> Result<Vec<Kind>, Failure> {
        self.mind_place(details, Timestamp::now()).await?;
        let bearer = Bearer::new(Arc::clone(session), Audience::GraphOfOthers);
        let through = Through::new(Arc::new(bearer), account.as_str(), None);
        let (link, whose) = (self.address(details)?, Whose::ByApp(details.address.clone()));
        let shared = Arc::clone(&self.shared);
        GraphMailbox::connect(&self.settings, link, &whose, Arc::new(through), shared)?.reached().await
    }
}
