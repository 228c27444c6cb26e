//! The mailbox proof: a code saved as a task into the user's own mailbox, and taken away again.
//!
//! Whoever can read the code can open the mailbox. That proves control of the mailbox, not a second factor, so it is not
//! accepted where a second factor is required. The task carries our stamp under the query name [`QUERY`], which no mapping may
//! use: the sync neither counts nor touches such items, and leftovers of an interrupted confirmation are found by their stamp.

use std::sync::Arc;

use jiff::civil::Date;
use secrecy::ExposeSecret;

use super::confirmation::Code;
use crate::{
    domain::{
        Body, BodyFormat, Field, FirmId, Importance, Kind, QueryName, Record, RecordKey, RemovalManner, Stamp,
        TaskStatus, Value,
    },
    ports::{Failure, FailureKind, Mailbox, NewItem, Removal, Sighting},
};

/// The query name of stamps on proofs.
pub const QUERY: &str = QueryName::CONFIRMATION;

/// Saves the code as a task that is due today. Earlier proofs of this user are removed first, so that there is one to read.
///
/// # Errors
/// What the mailbox says. The task may then be there or not; [`withdraw`] takes it away in either case.
pub async fn deliver(mailbox: &dyn Mailbox, firm: FirmId, user: &str, code: &Code, today: Date) -> Result<(), Failure> {
    let subject = format!("Pocket Docket code {}", code.readable().expose_secret());
    let text = "Give this code to the person who sets up Pocket Docket for you. It is good for ten minutes, and this task then \
                goes away by itself. If you expect nothing of the kind, tell your administrator.";
    save(mailbox, stamp(firm, user), subject, text.to_owned(), today).await
}

/// What protected a link, and was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The authenticator app was switched off.
    App,
    /// The mobile number was changed.
    Number,
}

/// Tells the user that the link is no longer protected as it was: a task like the proof, which the next confirmation takes away.
///
/// # Errors
/// As [`deliver`].
pub async fn note_recovery(
    mailbox: &dyn Mailbox,
    firm: FirmId,
    user: &str,
    lost: Lost,
    support: Option<&str>,
    today: Date,
) -> Result<(), Failure> {
    let whom =
        support.map_or_else(|| "your administrator".to_owned(), |support| format!("your administrator ({support})"));
    let (what, happened) = match lost {
        Lost::App => ("authenticator app", "switched off"),
        Lost::Number => ("mobile number", "changed"),
    };
    let text = format!(
        "The {what} that confirmed the use of Pocket Docket with this mailbox was {happened} on {today}, and nothing is synced \
         until the link is confirmed again. If you know nothing of this, tell {whom} at once. This task goes away by itself then."
    );
    let subject = format!("Pocket Docket: your {what} was {happened}");
    save(mailbox, stamp(firm, user), subject, text, today).await
}

async fn save(mailbox: &dyn Mailbox, stamp: Stamp, subject: String, text: String, today: Date) -> Result<(), Failure> {
    remove(mailbox, &stamp).await?;
    let folder = mailbox.folder(Kind::Task).await?;
    let record = Record::new(Kind::Task)
        .with(Field::Subject, Value::text(subject))
        .with(Field::DueDate, Value::Date(today))
        .with(Field::Status, Value::Status(TaskStatus::NotStarted))
        .with(Field::Importance, Value::Importance(Importance::High));
    let body = Body { format: BodyFormat::Text, text: text.into() };
    let item = NewItem { stamp: Some(stamp), record: Arc::new(record), body: Some(body), replaces: None };
    let outcomes = mailbox.create(&folder.id, &[item]).await?;
    match outcomes.into_iter().next() {
        Some(outcome) => outcome.map(|_| ()),
        None => {
            Err(Failure::new(FailureKind::Malformed, "save a task in the mailbox").because("no answer for the task"))
        }
    }
}

/// Removes every proof of this user, wherever in the mailbox it lies by now, and returns how many there were. They leave no
/// trace in Deleted Items.
///
/// # Errors
/// What the mailbox says; calling again is safe.
pub async fn withdraw(mailbox: &dyn Mailbox, firm: FirmId, user: &str) -> Result<usize, Failure> {
    remove(mailbox, &stamp(firm, user)).await
}

async fn remove(mailbox: &dyn Mailbox, stamp: &Stamp) -> Result<usize, Failure> {
    let folder = mailbox.folder(Kind::Task).await?;
    let listed = mailbox.changes(&folder.id, None).await?.changed;
    let moved = mailbox.find_elsewhere(Kind::Task, &folder.id, Some(std::slice::from_ref(stamp))).await?;
    let text = stamp.to_string();
    // The stamp is compared here, case and all: some servers search without regard to case.
    let is_proof = |sighting: &Sighting| sighting.stamp.as_deref() == Some(text.as_str());
    let removals: Vec<Removal> = listed
        .into_iter()
        .chain(moved)
        .filter(is_proof)
        .map(|sighting| Removal { kind: Kind::Task, item: sighting.item, manner: RemovalManner::ForGood })
        .collect();
    if removals.is_empty() {
        return Ok(0);
    }
    for outcome in mailbox.delete(&removals).await? {
        outcome?;
    }
    Ok(removals.len())
}

fn stamp(firm: FirmId, user: &str) -> Stamp {
    Stamp { firm, key: RecordKey::new(Kind::Task, QUERY, user) }
}
