//! Everybody with a mailbox is linked and confirms: the same steps as at a real firm, with the demo on both ends.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Demo, DemoError, accounts, browser, moving::Mover};
use crate::{
    app::{ByProvider, FirstUse, TextFor, audience, text_gateway},
    auth::{
        confirmation::{Code, Verdict, provider::Evidence},
        oauth::{Identity, Landing},
    },
    domain::{MobileNumber, MobileNumberError},
    ports::{Failure, Person, Portion, Protocol},
    simulator::{AccountAction, Mfa},
    state::{AuthMethod, UserDetails, UserName},
};

pub(super) const BY: &str = "the demo";
/// A number that is nobody's.
const NUMBER: &str = "+491713920042";
/// How long the browser is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn link_everybody(demo: &mut Demo, say: &mut dyn FnMut(&str)) -> Result<(), DemoError> {
    for person in people(demo).await? {
        let Some(address) = person.email.as_ref().map(|email| email.reveal().trim().to_owned()) else {
            say(&format!("{}: no e-mail address in the practice system, so no phone", person.id));
            continue;
        };
        if !person.active {
            say(&format!("{}: left the firm, so no phone", person.id));
            continue;
        }
        let name = user_name(&person)?;
        let how = match demo.users.len() {
            0 => {
                let password = link_by_oauth(demo, &name, &person, &address, Protocol::Ews).await?;
                demo.mover = Some(Mover { name: name.clone(), password });
                "over EWS by OAuth, with the provider's second factor at the browser".to_owned()
            }
            1 => {
                link(demo, &name, &person, &address, AuthMethod::Password).await?;
                let code = confirm_with_app(demo, &name)?;
                format!("with an app password, code {code} of an authenticator app")
            }
            2 => {
                link(demo, &name, &person, &address, AuthMethod::Windows).await?;
                let code = confirm(demo, &name, &address).await?;
                format!("by Windows authentication, code {code} read on the phone")
            }
            3 => {
                link_by_oauth(demo, &name, &person, &address, Protocol::Graph).await?;
                "over Microsoft Graph by OAuth, with the provider's second factor at the browser".to_owned()
            }
            4 => {
                link(demo, &name, &person, &address, AuthMethod::Password).await?;
                let code = confirm_by_text(demo, &name).await?;
                format!("with an app password, code {code} of a text message")
            }
            5 => {
                accounts::link_through_one_that_acts(demo, &name, &person, &address).await?;
                let code = confirm(demo, &name, &address).await?;
                format!("through a service account that acts for this mailbox alone, code {code} read on the phone")
            }
            6 => {
                accounts::link_through_an_app(demo, &name, &person, &address).await?;
                let code = confirm(demo, &name, &address).await?;
                format!("over Microsoft Graph through an app with a certificate, code {code} read on the phone")
            }
            _ => {
                link(demo, &name, &person, &address, AuthMethod::Password).await?;
                let code = confirm(demo, &name, &address).await?;
                format!("with an app password, code {code} read on the phone")
            }
        };
        say(&format!("{name}: linked to {address} {how}, active"));
        demo.users.push(name);
    }
    Ok(())
}

async fn people(demo: &Demo) -> Result<Vec<Person>, Failure> {
    let mut reading = demo.app.source.read(Vec::new()).await?;
    let mut people = Vec::new();
    while let Some(portion) = reading.recv().await {
        if let Portion::People(found) = portion? {
            people = found;
        }
    }
    Ok(people)
}

fn user_name(person: &Person) -> Result<UserName, DemoError> {
    let text = person.id.0.to_lowercase();
    text.parse().map_err(|error: crate::state::UserNameError| DemoError::NotConfirmed(text, error.to_string()))
}

/// The administrator enters the user; the mailbox's app password comes from Exchange and goes straight into the ledger.
async fn link(
    demo: &Demo,
    name: &UserName,
    person: &Person,
    address: &str,
    method: AuthMethod,
) -> Result<(), DemoError> {
    let now = Timestamp::now();
    let password = enter(demo, name, person, address, (Protocol::Ews, method))?;
    let ledger = &demo.app.ledger;
    let identity = demo.app.mailboxes.with_password(&ledger.user(name)?.details, &password)?.identity().await?;
    ledger.give_password(name, &password, BY, now)?;
    ledger.verified(name, ledger.mailbox_for(&identity, now)?, BY, now)?;
    Ok(())
}

/// A password that nobody else has.
pub(super) fn made_up() -> SecretString {
    SecretString::from(format!("{:032x}", rand::random::<u128>()))
}

/// The administrator enters the user, and Exchange has a mailbox for them.
fn enter(
    demo: &Demo,
    name: &UserName,
    person: &Person,
    address: &str,
    way: (Protocol, AuthMethod),
) -> Result<SecretString, DemoError> {
    let password = made_up();
    demo.exchange.add_mailbox(address, address, password.clone())?;
    demo.app.ledger.add_user(name, &entered(person, address, way), BY, Timestamp::now())?;
    Ok(password)
}

/// What the administrator enters.
pub(super) fn entered(person: &Person, address: &str, (protocol, method): (Protocol, AuthMethod)) -> UserDetails {
    UserDetails {
        person: person.id.clone(),
        address: address.to_owned(),
        login: address.to_owned(),
        url: None,
        protocol,
        method,
        service_account: None,
        settings: serde_json::Value::Null,
    }
}

/// The administrator enters the user, who signs in at the provider. Gives the password, which nobody else has.
async fn link_by_oauth(
    demo: &Demo,
    name: &UserName,
    person: &Person,
    address: &str,
    protocol: Protocol,
) -> Result<SecretString, DemoError> {
    let password = enter(demo, name, person, address, (protocol, AuthMethod::OAuth))?;
    demo.exchange.administrator().act(address, AccountAction::SetMfa { mfa: Mfa::Required })?;
    signs_in(demo, name, &password).await?;
    Ok(password)
}

/// The user signs in at the provider, which asks for a second factor: that is the confirmation.
pub(super) async fn signs_in(demo: &Demo, name: &UserName, password: &SecretString) -> Result<(), DemoError> {
    let details = demo.app.ledger.user(name)?.details;
    let authority = demo.app.mailboxes.authority()?;
    let landing = Landing::open(None).await?;
    let sign_in = authority.begin(&landing.redirect(), &details.login, audience(&details)).await?;
    let back = browser::sign_in(sign_in.url(), &details.login, password.expose_secret()).await?;
    let (answered, came_back) = tokio::join!(landing.wait(sign_in, PATIENCE), browser::come_back(back));
    came_back?;
    let granted = authority.finish(answered?).await?;
    let (ledger, now) = (&demo.app.ledger, Timestamp::now());
    ledger.give_grant(name, &granted.refresh, BY, now)?;
    let identity = demo.app.mailboxes.of(&ledger.user(name)?).await?.identity().await?;
    ledger.verified(name, ledger.mailbox_for(&identity, now)?, BY, now)?;
    let Identity { subject, amr, at, .. } = granted.identity;
    match first_use(demo, name).confirmed_by_provider(&Evidence { subject, amr, at }, now)? {
        ByProvider::Confirmed => Ok(()),
        ByProvider::AnotherWay(why) => Err(DemoError::NotConfirmed(name.to_string(), why.to_string())),
    }
}

/// The user scans the QR code with an authenticator app and says the code that it shows. Gives the code, which is worth nothing
/// any more.
fn confirm_with_app(demo: &Demo, name: &UserName) -> Result<String, DemoError> {
    let refused = |why: String| DemoError::NotConfirmed(name.to_string(), why);
    let (first_use, now) = (first_use(demo, name), Timestamp::now());
    let key = first_use.enrol(now)?.key.expose_secret().replace(' ', "");
    let key = totp_rs::Secret::try_from_base32(key).map_err(|error| refused(error.to_string()))?;
    let app = totp_rs::Builder::new().with_secret(key).build().map_err(|error| refused(error.to_string()))?;
    let shown = app.generate(u64::try_from(now.as_second()).unwrap_or_default()).to_string();
    let code = Code::parse(&shown).map_err(|error| refused(error.to_string()))?;
    match first_use.attempt_authenticator(&code, now)? {
        Verdict::Confirmed => Ok(shown),
        Verdict::Refused(refusal) => Err(refused(refusal.to_string())),
    }
}

/// The code goes to the user's mobile phone, through the gateway that is configured; the user enters what the phone shows. Gives the
/// code, which is worth nothing any more.
async fn confirm_by_text(demo: &Demo, name: &UserName) -> Result<String, DemoError> {
    let refused = |why: &str| DemoError::NotConfirmed(name.to_string(), why.to_owned());
    let number: MobileNumber = NUMBER.parse().map_err(|error: MobileNumberError| refused(&error.to_string()))?;
    let first_use = first_use(demo, name);
    first_use.set_mobile(Some(number), Timestamp::now())?;
    let gateway = text_gateway(&demo.app.config, &demo.app.ledger)?;
    first_use.send_text(&gateway, TextFor::Confirming, Timestamp::now()).await?;
    let message = demo.exchange.texts().pop().ok_or_else(|| refused("no text message came to the phone"))?;
    let read = message.body.trim_start_matches("Pocket Docket: ").chars().take("123 456".len()).collect::<String>();
    let code = Code::parse(&read).map_err(|error| refused(&error.to_string()))?;
    match first_use.attempt_text(&code, Timestamp::now())? {
        Verdict::Confirmed => Ok(read),
        Verdict::Refused(refusal) => Err(refused(&refusal.to_string())),
    }
}

fn first_use(demo: &Demo, name: &UserName) -> FirstUse {
    FirstUse::new(demo.app.ledger.clone(), demo.app.config.confirmation.clone(), name.clone(), BY)
}

/// The code goes into the mailbox as a task; the user reads it on the phone and says it. Gives the code, which is worth
/// nothing any more.
async fn confirm(demo: &Demo, name: &UserName, address: &str) -> Result<String, DemoError> {
    let refused = |why: &str| DemoError::NotConfirmed(name.to_string(), why.to_owned());
    let now = Timestamp::now();
    let mailbox = demo.app.mailboxes.of(&demo.app.ledger.user(name)?).await?;
    let first_use = first_use(demo, name);
    let today = now.to_zoned(demo.app.config.scope.office_zone.clone()).date();
    first_use.send(mailbox.as_ref(), today, now).await?;
    let phone = demo.exchange.mailbox(address)?;
    let read = phone.tasks().iter().find_map(|task| {
        let subject = task.text("item:Subject")?;
        Some(subject.strip_prefix("Pocket Docket code ")?.to_owned())
    });
    let read = read.ok_or_else(|| refused("no code came to the phone"))?;
    let code = Code::parse(&read).map_err(|error| refused(&error.to_string()))?;
    match first_use.attempt(&code, Timestamp::now())? {
        Verdict::Confirmed => {}
        Verdict::Refused(refusal) => return Err(refused(&refusal.to_string())),
    }
    first_use.withdraw(mailbox.as_ref(), Timestamp::now()).await?;
    Ok(read)
}
