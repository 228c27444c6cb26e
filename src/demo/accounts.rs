//! Users of whom nobody keeps a password: they go through an account that many may share. One acts for mailboxes on a server, the
//! other is an app that signs in with a certificate.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Demo, DemoError,
    people::{BY, entered, made_up},
};
use crate::{
    auth::oauth::certificate::make,
    ports::{Mailbox, Person, Protocol},
    simulator::{Account, AppAction, CLIENT_ID},
    state::{AccountDetails, AccountName, AuthMethod, KeptCertificate, UserName},
};

/// Days that the app's certificate is good for.
const DAYS: u16 = 30;

/// Exchange lets a service account act for this mailbox; the administrator enters it, and the user through it.
pub(super) async fn link_through_one_that_acts(
    demo: &Demo,
    name: &UserName,
    person: &Person,
    address: &str,
) -> Result<(), DemoError> {
    let secret = made_up();
    let login = "KANZLEI\\pocketdocket";
    demo.exchange.add_account(Account::service(login, secret.clone()).scoped_to(&[address]))?;
    let details = AccountDetails {
        login: login.to_owned(),
        tenant: None,
        method: AuthMethod::Windows,
        protocol: Protocol::Ews,
        url: None,
    };
    let account = enter(demo, "exchange", &details, name)?;
    demo.app.ledger.give_account_password(&account, &secret, BY, Timestamp::now())?;
    enter_user(demo, name, person, address, (&account, &details))?;
    let mailbox = demo.app.mailboxes.of(&demo.app.ledger.user(name)?).await?;
    reached(demo, name, mailbox.as_ref()).await
}

/// The tenant knows the app by its certificate, and lets it into this mailbox; the administrator enters it, and the user through it.
pub(super) async fn link_through_an_app(
    demo: &Demo,
    name: &UserName,
    person: &Person,
    address: &str,
) -> Result<(), DemoError> {
    let (ledger, now) = (&demo.app.ledger, Timestamp::now());
    let details = AccountDetails {
        login: CLIENT_ID.to_owned(),
        tenant: None,
        method: AuthMethod::Certificate,
        protocol: Protocol::Graph,
        url: None,
    };
    let account = enter(demo, "graph", &details, name)?;
    let certificate = make("Pocket Docket", now, DAYS);
    let certificate = certificate.map_err(|why| DemoError::NotConfirmed(name.to_string(), why.to_string()))?;
    let kept = KeptCertificate {
        thumbprint: certificate.thumbprint(),
        der: certificate.der().to_vec(),
        not_after: certificate.not_after(),
        kept: now,
        proven: None,
    };
    ledger.keep_certificate(&account, &kept, certificate.key(), BY)?;
    for action in [
        AppAction::AddCertificate { pem: certificate.pem() },
        AppAction::SetRoles { roles: vec!["Tasks.ReadWrite.All".to_owned()] },
        AppAction::SetScope { mailboxes: vec![address.to_owned()] },
    ] {
        demo.exchange.administrator().act_on_app(CLIENT_ID, &action)?;
    }
    enter_user(demo, name, person, address, (&account, &details))?;
    let (mailboxes, link) = (&demo.app.mailboxes, ledger.user(name)?.details);
    let session = Arc::new(mailboxes.app_session(&ledger.service_account(&account)?, &kept)?);
    let mailbox = mailboxes.with_app(&link, &session)?;
    mailbox.identity().await?;
    ledger.certificate_proven(&account, &kept.thumbprint, BY, now)?;
    reached(demo, name, mailbox.as_ref()).await
}

fn enter(demo: &Demo, account: &str, details: &AccountDetails, user: &UserName) -> Result<AccountName, DemoError> {
    let account = AccountName::try_from(account.to_owned());
    let account = account.map_err(|error| DemoError::NotConfirmed(user.to_string(), error.to_string()))?;
    demo.app.ledger.add_service_account(&account, details, BY, Timestamp::now())?;
    Ok(account)
}

/// Exchange has a mailbox for the user, and the user goes through the account.
fn enter_user(
    demo: &Demo,
    name: &UserName,
    person: &Person,
    address: &str,
    (account, details): (&AccountName, &AccountDetails),
) -> Result<(), DemoError> {
    demo.exchange.add_mailbox(address, address, made_up())?;
    let link = entered(person, address, (details.protocol, details.method)).through(account, details);
    Ok(demo.app.ledger.add_user(name, &link, BY, Timestamp::now())?)
}

async fn reached(demo: &Demo, name: &UserName, mailbox: &dyn Mailbox) -> Result<(), DemoError> {
    let (ledger, now) = (&demo.app.ledger, Timestamp::now());
    let identity = mailbox.identity().await?;
    ledger.verified(name, ledger.mailbox_for(&identity, now)?, BY, now)?;
    Ok(ledger.reached_through_account(name, BY, now)?)
}
