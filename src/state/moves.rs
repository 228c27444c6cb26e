//! Moves: a user's mailbox is to be reached another way, and how far that is.
//!
//! The new way is a link of its own beside the user's (its *door*), with its own secrets and confirmation, so that the present one
//! goes on until the moment of the switch. That is one transaction, in which both change places; then the door is the way before,
//! which is kept for [`KEPT_FOR`] and leads back.

mod swap;
mod switch;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

pub use switch::{NewFolder, Switch};

use super::{
    ActiveUser, Ledger, LedgerError, LinkState, MailboxId, User, UserDetails, UserName,
    columns::{Json, Moment, Word},
    confirmations::authenticator_name,
    history::add_audit,
    secrets, service_accounts,
    users::{forget_all_secrets, get, set},
};
use crate::{domain::ItemId, plan::moving::MoveReport};

/// How long the way before is kept after a switch.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveStage {
    /// The new way is entered; nothing is switched before a person says so.
    Begun,
    /// A person said so: the engine switches as soon as it can.
    Asked,
    /// Switched.
    Moved,
}

/// The move of one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Who moves.
    pub user: UserName,
    /// The other way into the mailbox: the new one, and after the switch the one before.
    pub door: UserName,
    /// How far it is.
    pub stage: MoveStage,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub begun: Timestamp,
    /// What is not in the new place is pushed anew, as a person agreed.
    pub fresh: bool,
    /// When it was switched last.
    pub moved: Option<Timestamp>,
    /// Until when the way before is kept.
    pub kept_until: Option<Timestamp>,
    /// What the last look at the new place came to.
    pub found: Option<MoveReport>,
    /// What stands in its way.
    pub trouble: Option<String>,
}

impl Move {
    /// Whether it waits for a person: the new way is not finished, or something stopped the switch.
    pub fn needs_person(&self) -> bool {
        self.stage == MoveStage::Begun || (self.stage == MoveStage::Moved && self.trouble.is_some())
    }

    /// The name of the door of a user; nothing if the user's name is too long to be a part of it.
    pub fn door_name(user: &UserName) -> Option<UserName> {
        format!("{user}.move").parse().ok()
    }
}

/// A move that a person asked for and whose new way is proven and confirmed.
#[derive(Clone, Debug)]
pub struct ReadyMove {
    /// The move.
    pub task: Move,
    /// The mailbox as it is known now.
    pub mailbox: MailboxId,
    /// The present way, if it can be used.
    pub present: Option<ActiveUser>,
    /// The other way.
    pub door: ActiveUser,
    /// The mailbox as it is known by the other way.
    pub beyond: MailboxId,
}

impl Ledger {
    /// Enters another way into a user's mailbox. The user's authenticator app confirms it as it confirmed the present one.
    ///
    /// # Errors
    /// [`LedgerError::UserExists`] when the name of the door is taken.
    pub fn begin_move(
        &self,
        name: &UserName,
        door: &UserName,
        details: &UserDetails,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let authenticator = self.open_secret(&authenticator_name(name))?;
        let belongs_to = authenticator_name(door);
        let copied = authenticator
            .map(|secret| self.seal_bytes(&secrets::sealed_as(&belongs_to), secret.expose_secret().as_bytes()))
            .transpose()?;
        self.write(|transaction| {
            get(transaction, name)?;
            let details = &service_accounts::completed(transaction, details)?;
            let added = transaction.execute(
                "INSERT OR IGNORE INTO user (name, details, link, door_of) VALUES (?1, ?2, ?3, ?4)",
                params![door.as_str(), Json(details), Json(LinkState::Invited), name.as_str()],
            )?;
            if added == 0 {
                return Err(LedgerError::UserExists(door.clone()));
            }
            if let Some(sealed) = &copied {
                secrets::put(transaction, &belongs_to, sealed)?;
            }
            transaction.execute(
                "INSERT INTO move (user, door, stage, asked_by, begun_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![name.as_str(), door.as_str(), Json(MoveStage::Begun), by, Moment(now)],
            )?;
            let event = format!("a move was begun: mailbox `{}` over {}", details.address, details.protocol);
            add_audit(transaction, by, Some(name), &event, now)
        })
    }

    /// A user's move, if there is one.
    pub fn move_of(&self, name: &UserName) -> Result<Option<Move>, LedgerError> {
        self.read(|transaction| of(transaction, name))
    }

    /// Every move.
    pub fn moves(&self) -> Result<Vec<Move>, LedgerError> {
        self.read(all)
    }

    /// A person wants the switch, there or back again; `fresh` says that what is not in the new place is to be pushed anew.
    pub fn ask_move(&self, name: &UserName, fresh: bool, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE move SET stage = ?2, fresh = ?3, asked_by = ?4, trouble = NULL WHERE user = ?1",
                params![name.as_str(), Json(MoveStage::Asked), fresh, by],
            )?;
            let event =
                if fresh { "asked for the switch; what is missing is pushed anew" } else { "asked for the switch" };
            add_audit(transaction, by, Some(name), event, now)
        })
    }

    /// The switch was not made: what was found, and why not. What does not go away by itself waits for a person.
    pub fn stop_move(
        &self,
        name: &UserName,
        found: Option<&MoveReport>,
        trouble: &str,
        passes: bool,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let Some(task) = of(transaction, name)? else { return Ok(()) };
            let stage = match (passes, task.moved) {
                (true, _) => MoveStage::Asked,
                // It stays where it is; the way back is still there.
                (false, Some(_)) => MoveStage::Moved,
                (false, None) => MoveStage::Begun,
            };
            transaction.execute(
                "UPDATE move SET stage = ?2, found = coalesce(?3, found), trouble = ?4 WHERE user = ?1",
                params![name.as_str(), Json(stage), found.map(Json), trouble],
            )?;
            if passes {
                return Ok(());
            }
            add_audit(transaction, "pocketdocket", Some(name), &format!("not switched: {trouble}"), now)
        })
    }

    /// Gives up a move that is not switched, or forgets the way before. Its secrets are forgotten.
    pub fn forget_move(&self, name: &UserName, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            forget_door_of(transaction, name)?;
            add_audit(transaction, by, Some(name), "the other way into the mailbox was forgotten", now)
        })
    }

    /// Moves that the engine is to make now.
    pub fn ready_moves(&self) -> Result<Vec<ReadyMove>, LedgerError> {
        self.read(|transaction| {
            let mut ready = Vec::new();
            for task in all(transaction)? {
                if task.stage == MoveStage::Asked {
                    ready.extend(as_ready(transaction, task)?);
                }
            }
            Ok(ready)
        })
    }

    /// The same of one user, whether somebody asked for the switch or not.
    pub fn ready_move(&self, name: &UserName) -> Result<Option<ReadyMove>, LedgerError> {
        self.read(|transaction| match of(transaction, name)? {
            Some(task) => as_ready(transaction, task),
            None => Ok(None),
        })
    }

    /// By which id each item of a mailbox was known before its last move.
    pub fn ids_before_the_move(&self, mailbox: MailboxId) -> Result<BTreeMap<ItemId, ItemId>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT item, before FROM moved_item WHERE mailbox = ?1")?;
            let ids = statement.query_map([mailbox], |row| Ok((ItemId(row.get(0)?), ItemId(row.get(1)?))))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// Forgets ways before that were kept long enough, with their secrets.
    pub fn forget_old_doors(&self, now: Timestamp) -> Result<(), LedgerError> {
        let over = |transaction: &Transaction<'_>| -> Result<Vec<UserName>, LedgerError> {
            let mut statement =
                transaction.prepare_cached("SELECT user FROM move WHERE stage = ?1 AND kept_until <= ?2")?;
            let names = statement.query_map(params![Json(MoveStage::Moved), Moment(now)], |row| {
                Ok(row.get::<_, Word<UserName>>(0)?.0)
            })?;
            Ok(names.collect::<Result<_, _>>()?)
        };
        // Asked at every tick: mostly there is nothing, and nothing is written then.
        if self.read(over)?.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            for name in over(transaction)? {
                forget_door_of(transaction, &name)?;
                let event = "the way into the mailbox before the move was kept long enough and is forgotten";
                add_audit(transaction, "pocketdocket", Some(&name), event, now)?;
            }
            Ok(())
        })
    }
}

/// Forgets a user's door, with its secrets and the move that it belongs to.
pub(super) fn forget_door_of(transaction: &Transaction<'_>, name: &UserName) -> Result<(), LedgerError> {
    let Some(task) = of(transaction, name)? else { return Ok(()) };
    let beyond = get(transaction, &task.door)?.mailbox;
    forget_all_secrets(transaction, &task.door)?;
    transaction.execute("DELETE FROM move WHERE user = ?1", [name.as_str()])?;
    transaction.execute("DELETE FROM user WHERE name = ?1", [task.door.as_str()])?;
    if let Some(beyond) = beyond {
        // Nothing was ever written there as that mailbox: a mirror it may have is an older link's.
        transaction.execute(
            "DELETE FROM mailbox WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM user WHERE mailbox = ?1)
             AND NOT EXISTS (SELECT 1 FROM mirror WHERE mailbox = ?1)",
            [beyond],
        )?;
        super::mailboxes::sleep_if_unused(transaction, beyond)?;
    }
    Ok(())
}

fn as_ready(transaction: &Transaction<'_>, task: Move) -> Result<Option<ReadyMove>, LedgerError> {
    let (user, door): (User, User) = (get(transaction, &task.user)?, get(transaction, &task.door)?);
    let (Some(mailbox), Some(beyond)) = (user.mailbox, door.mailbox) else { return Ok(None) };
    let Some(door) = ActiveUser::of(door) else { return Ok(None) };
    Ok(Some(ReadyMove { task, mailbox, present: ActiveUser::of(user), door, beyond }))
}

const COLUMNS: &str =
    "SELECT user, door, stage, asked_by, begun_at, fresh, moved_at, kept_until, found, trouble FROM move";

fn from_row(row: &Row<'_>) -> rusqlite::Result<Move> {
    let moment = |index| Ok::<_, rusqlite::Error>(row.get::<_, Option<Moment>>(index)?.map(|moment| moment.0));
    Ok(Move {
        user: row.get::<_, Word<_>>(0)?.0,
        door: row.get::<_, Word<_>>(1)?.0,
        stage: row.get::<_, Json<_>>(2)?.0,
        asked_by: row.get(3)?,
        begun: row.get::<_, Moment>(4)?.0,
        fresh: row.get(5)?,
        moved: moment(6)?,
        kept_until: moment(7)?,
        found: row.get::<_, Option<Json<_>>>(8)?.map(|found| found.0),
        trouble: row.get(9)?,
    })
}

fn of(transaction: &Transaction<'_>, name: &UserName) -> Result<Option<Move>, LedgerError> {
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} WHERE user = ?1"))?;
    Ok(statement.query_one([name.as_str()], from_row).optional()?)
}

pub(super) fn all(transaction: &Transaction<'_>) -> Result<Vec<Move>, LedgerError> {
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} ORDER BY user"))?;
    Ok(statement.query_map([], from_row)?.collect::<Result<_, _>>()?)
}

/// A switch was made.
fn note_moved(
    transaction: &Transaction<'_>,
    name: &UserName,
    found: &MoveReport,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let kept_until = now.checked_add(KEPT_FOR).unwrap_or(Timestamp::MAX);
    transaction.execute(
        "UPDATE move SET stage = ?2, fresh = 0, moved_at = ?3, kept_until = ?4, found = ?5, trouble = NULL WHERE user = ?1",
        params![name.as_str(), Json(MoveStage::Moved), Moment(now), Moment(kept_until), Json(found)],
    )?;
    set(transaction, name, "parked", None::<String>)?;
    set(transaction, name, "waiting", None::<String>)
}
