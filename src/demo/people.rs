//! Everybody with a mailbox is linked and confirms: the same steps as at a real firm, with the demo on both ends.

use jiff::Timestamp;
use secrecy::SecretString;

use super::{Demo, DemoError};
use crate::{
    app::FirstUse,
    auth::confirmation::{Code, Verdict},
    ports::{Failure, Person, Portion, Protocol},
    state::{AuthMethod, UserDetails, UserName},
};

const BY: &str = "the demo";

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
        link(demo, &name, &person, &address).await?;
        let code = confirm(demo, &name, &address).await?;
        say(&format!("{name}: linked to {address} with an app password, code {code} read on the phone, active"));
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
async fn link(demo: &Demo, name: &UserName, person: &Person, address: &str) -> Result<(), DemoError> {
    let now = Timestamp::now();
    let password = SecretString::from(format!("{:032x}", rand::random::<u128>()));
    demo.exchange.add_mailbox(address, address, password.clone())?;
    let details = UserDetails {
        person: person.id.clone(),
        address: address.to_owned(),
        login: address.to_owned(),
        url: None,
        protocol: Protocol::Ews,
        method: AuthMethod::Password,
        settings: serde_json::Value::Null,
    };
    let ledger = &demo.app.ledger;
    ledger.add_user(name, &details, BY, now)?;
    demo.app.mailboxes.with_password(&ledger.user(name)?, &password)?.identity().await?;
    ledger.give_password(name, &password, BY, now)?;
    Ok(())
}

/// The code goes into the mailbox as a task; the user reads it on the phone and says it. Gives the code, which is worth
/// nothing any more.
async fn confirm(demo: &Demo, name: &UserName, address: &str) -> Result<String, DemoError> {
    let refused = |why: &str| DemoError::NotConfirmed(name.to_string(), why.to_owned());
    let now = Timestamp::now();
    let mailbox = demo.app.mailboxes.of(&demo.app.ledger.user(name)?)?;
    let settings = demo.app.config.confirmation.clone();
    let first_use = FirstUse::new(demo.app.ledger.clone(), settings, name.clone(), BY);
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
