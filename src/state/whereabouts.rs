//! What autodiscover said of where a user's mailbox is, and how old that is.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Serialize, Serializer};
use url::Url;

use super::{
    Ledger, LedgerError, User, UserDetails, UserName,
    columns::{Json, Moment, Word},
    history::add_audit,
};
use crate::ports::{Found, Protocol, Whereabouts};

/// After so long it is asked again.
const GROWS_OLD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is known of where a mailbox is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownWhereabouts {
    /// Where it is.
    #[serde(flatten, serialize_with = "serialize")]
    pub at: Whereabouts,
    /// Who said so.
    pub reason: String,
    /// Who was asked, and what came of it, a line each.
    pub evidence: Vec<String>,
    /// Whether the link goes there because of it; otherwise a person said where it goes.
    pub followed: bool,
    /// When it was said.
    pub found: Timestamp,
}

fn serialize<S: Serializer>(at: &Whereabouts, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct At<'a> {
        protocol: Protocol,
        url: Option<&'a str>,
    }
    At { protocol: at.protocol, url: at.url.as_ref().map(Url::as_str) }.serialize(serializer)
}

impl KnownWhereabouts {
    /// Whether it is to be asked again.
    pub fn is_old(&self, now: Timestamp) -> bool {
        now.duration_since(self.found) >= GROWS_OLD
    }
}

impl Ledger {
    /// What is known of where this user's mailbox is.
    pub fn whereabouts(&self, name: &UserName) -> Result<Option<KnownWhereabouts>, LedgerError> {
        self.read(|transaction| one(transaction, name))
    }

    /// Notes what was found. `follow` says that the link goes there because of it; what was noted of that before stays otherwise.
    pub fn note_whereabouts(
        &self,
        name: &UserName,
        found: &Found,
        follow: bool,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let before = one(transaction, name)?;
            let followed = follow || before.as_ref().is_some_and(|before| before.followed);
            transaction.execute(
                "INSERT OR REPLACE INTO whereabouts (user, protocol, url, reason, evidence, followed, found_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    name.as_str(),
                    Word(found.at.protocol),
                    found.at.url.as_ref().map(Url::as_str),
                    found.reason,
                    Json(&found.evidence),
                    followed,
                    Moment(now)
                ],
            )?;
            if before.is_none_or(|before| before.at != found.at) {
                add_audit(transaction, "autodiscover", Some(name), &found.reason, now)?;
            }
            Ok(())
        })
    }

    /// A person says where the link goes, and autodiscover is not followed any more. True if it was.
    pub fn keep_as_set(&self, name: &UserName, by: &str, now: Timestamp) -> Result<bool, LedgerError> {
        self.write(|transaction| {
            let changed = transaction
                .execute("UPDATE whereabouts SET followed = 0 WHERE user = ?1 AND followed = 1", [name.as_str()])?;
            if changed > 0 {
                add_audit(transaction, by, Some(name), "goes where it was set to, whatever autodiscover says", now)?;
            }
            Ok(changed > 0)
        })
    }
}

/// What another address, protocol or service of a user means for what is known.
pub(super) fn mind_change(
    transaction: &Transaction<'_>,
    before: &User,
    details: &UserDetails,
) -> Result<(), LedgerError> {
    let (name, old) = (&before.name, &before.details);
    if old.address != details.address {
        transaction.execute("DELETE FROM whereabouts WHERE user = ?1", [name.as_str()])?;
    } else if (old.protocol, &old.url) != (details.protocol, &details.url) {
        transaction.execute("UPDATE whereabouts SET followed = 0 WHERE user = ?1", [name.as_str()])?;
    }
    Ok(())
}

fn one(transaction: &Transaction<'_>, name: &UserName) -> Result<Option<KnownWhereabouts>, LedgerError> {
    let mut statement = transaction.prepare_cached(
        "SELECT protocol, url, reason, evidence, followed, found_at FROM whereabouts WHERE user = ?1",
    )?;
    Ok(statement.query_one([name.as_str()], from_row).optional()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<KnownWhereabouts> {
    let url: Option<String> = row.get(1)?;
    Ok(KnownWhereabouts {
        at: Whereabouts {
            protocol: row.get::<_, Word<_>>(0)?.0,
            // It was a URL when it was written.
            url: url.and_then(|url| url.parse().ok()),
        },
        reason: row.get(2)?,
        evidence: row.get::<_, Json<_>>(3)?.0,
        followed: row.get(4)?,
        found: row.get::<_, Moment>(5)?.0,
    })
}
