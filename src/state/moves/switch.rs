//! The switch: everything that names an item names it by its new id, and the links change places. One transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{note_moved, swap::swap_links};
use crate::{
    domain::{ChangeKey, Field, FolderId, ItemId, ItemRef, Kind, Presence, RecordKey, Value},
    plan::{
        Operation, OperationDigest,
        moving::{MoveReport, Rekeyed, rekey},
    },
    ports::{Sighting, SyncToken},
    state::{
        FoundMatch, Ledger, LedgerError, MailboxId, ProofHow, ReadyMove, budgets,
        columns::{Json, Moment, Word},
        history::add_audit,
        holds,
        journal::intent_name,
        mailboxes,
        mirror::remove_entry,
        observation,
        users::{get, set},
    },
};

/// The folder of a kind in the new place, as it was seen.
#[derive(Clone, Debug)]
pub struct NewFolder {
    /// The server's id.
    pub id: FolderId,
    /// Everything in it, and what of ours lies elsewhere.
    pub seen: Vec<Sighting>,
    /// Where the next observation continues.
    pub next: SyncToken,
}

/// Everything that the switch of a mailbox changes.
#[derive(Clone, Debug, Default)]
pub struct Switch {
    /// What was found, for whoever asks later.
    pub report: MoveReport,
    /// The item of each record there.
    pub items: Rekeyed,
    /// What the new server shows of a record otherwise than it was written.
    pub returned: BTreeMap<RecordKey, BTreeMap<Field, Option<Value>>>,
    /// Records whose item is to be read and judged by the next plan: it does not hold what it held.
    pub to_be_judged: BTreeSet<RecordKey>,
    /// Stamped copies that are not ours.
    pub foreign: Vec<(RecordKey, ItemId)>,
    /// Records that have no item any more, as far as the ledger is concerned.
    pub given_up: BTreeSet<RecordKey>,
    /// Of those the ones about which a person is asked.
    pub asked: Vec<FoundMatch>,
    /// The folders.
    pub folders: BTreeMap<Kind, NewFolder>,
}

impl Ledger {
    /// Makes the switch. Nothing of it is made if the links, their mailboxes or somebody else's link into one of them are not as
    /// they were when it was prepared; false then.
    pub fn switch(&self, ready: &ReadyMove, switch: &Switch, now: Timestamp) -> Result<bool, LedgerError> {
        self.write(|transaction| {
            let (user, door) = (&ready.task.user, &ready.task.door);
            if !is_as_prepared(transaction, ready)? {
                return Ok(false);
            }
            let mailbox = ready.mailbox;
            let before = mailboxes::identity(transaction, mailbox)?;
            self.rekey_mirror(transaction, mailbox, switch, now)?;
            self.rekey_intents(transaction, mailbox, &switch.items)?;
            self.rekey_holds(transaction, mailbox, &switch.items)?;
            rekey_pairs(transaction, mailbox, &self.pairs(transaction, mailbox)?, &switch.items)?;
            for found in &switch.asked {
                self.put_pair(transaction, mailbox, &found.found, &found.portrait, false, now)?;
            }
            rekey_foreign(transaction, mailbox, switch, now)?;
            observe(transaction, mailbox, switch, now)?;
            exchange_identities(transaction, mailbox, ready.beyond)?;
            if switch.report.is_empty_place() {
                mailboxes::set_first_write_released(transaction, mailbox, false)?;
            } else if switch.report.missing.is_empty() {
                transaction.execute(
                    "UPDATE mailbox SET proven_at = ?2, proven_how = ?3 WHERE id = ?1",
                    params![mailbox, Moment(now), Json(ProofHow::Observation)],
                )?;
            }
            swap_links(transaction, user, door)?;
            self.swap_secrets(transaction, user, door)?;
            transaction.execute("DELETE FROM diagnosis WHERE user IN (?1, ?2)", [user.as_str(), door.as_str()])?;
            note_moved(transaction, user, &switch.report, now)?;
            set(transaction, door, "waiting", None::<String>)?;
            let after = mailboxes::identity(transaction, mailbox)?;
            let event = format!(
                "moved from {} to {}, over {}: {} items, {} given up",
                before.server,
                after.server,
                get(transaction, user)?.details.protocol,
                switch.report.items(),
                switch.given_up.len()
            );
            add_audit(transaction, &ready.task.asked_by, Some(user), &event, now)?;
            Ok(true)
        })
    }

    fn rekey_mirror(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        switch: &Switch,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        transaction.execute("DELETE FROM moved_item WHERE mailbox = ?1", [mailbox])?;
        let keys: Vec<RecordKey> = {
            let mut statement = transaction.prepare_cached("SELECT key FROM mirror WHERE mailbox = ?1")?;
            let keys = statement.query_map([mailbox], |row| Ok(row.get::<_, Word<_>>(0)?.0))?;
            keys.collect::<Result<_, _>>()?
        };
        for key in keys {
            let Some(mut entry) = self.entry(transaction, mailbox, &key)? else { continue };
            if switch.given_up.contains(&key) {
                let kept = entry.presence == Presence::Kept;
                remove_entry(transaction, mailbox, &key)?;
                budgets::note_growth(transaction, mailbox, key.kind, -i64::from(kept), now)?;
                continue;
            }
            let Some((item, place)) = switch.items.get(&entry.item.id) else { continue };
            transaction
                .prepare_cached("INSERT OR REPLACE INTO moved_item (mailbox, item, before) VALUES (?1, ?2, ?3)")?
                .execute(params![mailbox, item.id.0, entry.item.id.0])?;
            entry.item.clone_from(item);
            entry.place.clone_from(place);
            if switch.to_be_judged.contains(&key) {
                // A version that no server has: the next plan reads the item.
                entry.item.change_key = ChangeKey(String::new());
            }
            if let (Some(written), Some(returned)) = (&mut entry.written, switch.returned.get(&key)) {
                written.returned.clone_from(returned);
            }
            self.put_entry(transaction, mailbox, &key, &entry)?;
        }
        Ok(())
    }

    fn rekey_intents(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        items: &Rekeyed,
    ) -> Result<(), LedgerError> {
        let mut statement = transaction.prepare_cached("SELECT id, key, sealed FROM intent WHERE mailbox = ?1")?;
        let rows = statement.query_map([mailbox], |row| Ok((row.get(0)?, row.get::<_, Word<_>>(1)?.0, row.get(2)?)))?;
        for (id, key, sealed) in rows.collect::<Result<Vec<(i64, RecordKey, Vec<u8>)>, _>>()? {
            let name = intent_name(mailbox, &key);
            let operation = rekey(self.unseal(&name, &sealed)?, items);
            let sealed = self.seal(&name, &operation)?;
            transaction.execute("UPDATE intent SET sealed = ?2 WHERE id = ?1", params![id, sealed])?;
        }
        Ok(())
    }

    /// What waits is carried over, and what was released of it within the last hour stays released.
    fn rekey_holds(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        items: &Rekeyed,
    ) -> Result<(), LedgerError> {
        let mut statement = transaction
            .prepare_cached("SELECT id, kind, identity, sealed FROM hold WHERE mailbox = ?1 AND closed_at IS NULL")?;
        let rows = statement
            .query_map([mailbox], |row| Ok((row.get(0)?, row.get::<_, Word<Kind>>(1)?.0, row.get(2)?, row.get(3)?)))?;
        for (id, kind, identity, sealed) in rows.collect::<Result<Vec<(i64, Kind, String, Vec<u8>)>, _>>()? {
            let name = holds::sealed_as(mailbox, kind, &identity);
            let operations: Vec<Operation> = self.unseal(&name, &sealed)?;
            let mut rekeyed = Vec::with_capacity(operations.len());
            for operation in operations {
                let before = operation.digest();
                let operation = rekey(operation, items);
                carry_digest(transaction, mailbox, before, operation.digest())?;
                rekeyed.push(operation);
            }
            let sealed = self.seal(&name, &rekeyed)?;
            transaction.execute("UPDATE hold SET sealed = ?2 WHERE id = ?1", params![id, sealed])?;
        }
        Ok(())
    }
}

/// What a person saw of an operation, they saw of it under its new id too.
fn carry_digest(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    before: OperationDigest,
    after: OperationDigest,
) -> Result<(), LedgerError> {
    if before != after {
        transaction.execute(
            "UPDATE OR REPLACE release SET digest = ?3 WHERE mailbox = ?1 AND digest = ?2",
            params![mailbox, before.0, after.0],
        )?;
    }
    Ok(())
}

fn rekey_pairs(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    pairs: &[crate::state::Pair],
    items: &Rekeyed,
) -> Result<(), LedgerError> {
    for pair in pairs {
        let now = |item: &ItemRef| items.get(&item.id).map_or_else(|| item.clone(), |(item, _)| item.clone());
        let items: Vec<ItemRef> = pair.found.items.iter().map(now).collect();
        transaction.execute(
            "UPDATE adoption SET items = ?3 WHERE mailbox = ?1 AND key = ?2",
            params![mailbox, Word(&pair.found.key), Json(items)],
        )?;
    }
    Ok(())
}

fn rekey_foreign(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    switch: &Switch,
    now: Timestamp,
) -> Result<(), LedgerError> {
    transaction.execute("DELETE FROM foreign_item WHERE mailbox = ?1", [mailbox])?;
    for (key, item) in &switch.foreign {
        transaction.execute(
            "INSERT OR IGNORE INTO foreign_item (mailbox, item, key, since) VALUES (?1, ?2, ?3, ?4)",
            params![mailbox, item.0, Word(key), Moment(now)],
        )?;
    }
    Ok(())
}

/// The last observation is that of the new place.
fn observe(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    switch: &Switch,
    now: Timestamp,
) -> Result<(), LedgerError> {
    transaction.execute("DELETE FROM observed WHERE mailbox = ?1", [mailbox])?;
    transaction.execute("DELETE FROM folder WHERE mailbox = ?1", [mailbox])?;
    for (kind, folder) in &switch.folders {
        transaction.execute(
            "INSERT INTO folder (mailbox, kind, folder, token, observed_at, fully_observed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            params![mailbox, Word(kind), folder.id.0, folder.next.0, Moment(now)],
        )?;
        observation::put_all(transaction, mailbox, *kind, &folder.seen)?;
    }
    Ok(())
}

/// The mailbox keeps its number, to which everything known of it is bound; what it is called by the server changes.
fn exchange_identities(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    beyond: MailboxId,
) -> Result<(), LedgerError> {
    let (here, there) = (mailboxes::identity(transaction, mailbox)?, mailboxes::identity(transaction, beyond)?);
    // What an older link left of that mailbox is known better now.
    for table in ["mirror", "observed", "folder", "foreign_item", "adoption", "moved_item"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE mailbox = ?1"), [beyond])?;
    }
    let name = "UPDATE mailbox SET server = ?2, root = ?3, asleep = 0 WHERE id = ?1";
    transaction.execute(name, params![beyond, here.server, format!("being moved/{}", here.root)])?;
    transaction.execute(name, params![mailbox, there.server, there.root.0])?;
    transaction.execute(name, params![beyond, here.server, here.root.0])?;
    Ok(())
}

fn is_as_prepared(transaction: &Transaction<'_>, ready: &ReadyMove) -> Result<bool, LedgerError> {
    let Some(task) = super::of(transaction, &ready.task.user)? else { return Ok(false) };
    let (user, door) = (get(transaction, &task.user)?, get(transaction, &task.door)?);
    // The same place by another address is no other place.
    let is_elsewhere = ready.mailbox != ready.beyond;
    let same =
        task.stage == super::MoveStage::Asked && user.mailbox == Some(ready.mailbox) && door == *ready.door.user();
    let others: bool = transaction.query_one(
        "SELECT EXISTS (SELECT 1 FROM user WHERE mailbox IN (?1, ?2) AND name NOT IN (?3, ?4))",
        params![ready.mailbox, ready.beyond, task.user.as_str(), task.door.as_str()],
        |row| row.get(0),
    )?;
    Ok(is_elsewhere && same && !others)
}
