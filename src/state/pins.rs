use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Transaction, params};

use super::{Ledger, LedgerError, MailboxId, columns::Word};
use crate::{
    domain::{Field, RecordKey, Written},
    plan::{Action, Operation, Why},
};

impl Ledger {
    /// The fields of these records that an undo brought back, and that stay so until the record changes.
    pub fn pins<'k>(
        &self,
        mailbox: MailboxId,
        keys: impl Iterator<Item = &'k RecordKey>,
    ) -> Result<BTreeMap<RecordKey, BTreeSet<Field>>, LedgerError> {
        self.read(|transaction| {
            let mut all = BTreeMap::new();
            for key in keys {
                let fields = of(transaction, mailbox, key)?;
                if !fields.is_empty() {
                    all.insert(key.clone(), fields);
                }
            }
            Ok(all)
        })
    }
}

fn of(transaction: &Transaction<'_>, mailbox: MailboxId, key: &RecordKey) -> Result<BTreeSet<Field>, LedgerError> {
    let mut statement = transaction.prepare_cached("SELECT field FROM pin WHERE mailbox = ?1 AND key = ?2")?;
    let fields = statement.query_map(params![mailbox, Word(key)], |row| Ok(row.get::<_, Word<Field>>(0)?.0))?;
    Ok(fields.collect::<Result<_, _>>()?)
}

/// Follows what was done with an item: an undo adds what it brought back, a change of the record ends it all, and a field that
/// shows what its record says is not brought back any more.
pub(super) fn follow(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    operation: &Operation,
    written: &Written,
) -> Result<(), LedgerError> {
    let key = &operation.key;
    let before = of(transaction, mailbox, key)?;
    let mut fields = match operation.why {
        Why::Undone => match &operation.action {
            Action::Update { set, clear, .. } => before.iter().chain(set.keys()).chain(clear).copied().collect(),
            _ => written.returned.keys().copied().collect(),
        },
        Why::Rewritten(_) | Why::Restored | Why::Moved | Why::Acknowledged => before.clone(),
        _ => BTreeSet::new(),
    };
    fields.retain(|field| written.returned.contains_key(field));
    for field in before.difference(&fields) {
        transaction
            .prepare_cached("DELETE FROM pin WHERE mailbox = ?1 AND key = ?2 AND field = ?3")?
            .execute(params![mailbox, Word(key), Word(field)])?;
    }
    for field in fields.difference(&before) {
        transaction.prepare_cached("INSERT INTO pin (mailbox, key, field) VALUES (?1, ?2, ?3)")?.execute(params![
            mailbox,
            Word(key),
            Word(field)
        ])?;
    }
    Ok(())
}
