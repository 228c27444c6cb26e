//! The ledger on real files. What each file tests is in its name; here is what they share.

mod confirmations;
mod crash;
mod grants;
mod index;
mod journal;
mod keys;
mod mirror_model;
mod moves;
mod opening;
mod rest;
mod sealing;
mod service_accounts;
mod users;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use super::*;
use crate::{
    domain::{
        ChangeKey, Field, Fingerprint, FirmId, FolderId, ItemId, ItemRef, Kind, PersonId, Place, Record, RecordKey,
        RemovalManner, Value, Written,
    },
    plan::{Action, Operation, Why},
    ports::{MailboxIdentity, Protocol},
    vault::Vault,
};

const FIRM: FirmId = FirmId([7; 16]);

/// A ledger in a folder of its own, which goes when the test ends.
struct Desk {
    folder: tempfile::TempDir,
    vault: Vault,
    ledger: Ledger,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let vault = Vault::with_random_key();
        let ledger = Ledger::create(folder.path(), &vault, FIRM).expect("a new ledger");
        Self { folder, vault, ledger }
    }

    /// What a process started after a crash would find: the files as they are now, copied while ours are open.
    fn copied(&self) -> (tempfile::TempDir, Ledger) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for file in ["ledger.db", "ledger.db-wal"] {
            let from = self.folder.path().join(file);
            if from.exists() {
                std::fs::copy(from, folder.path().join(file)).expect("copied");
            }
        }
        let ledger = Ledger::open(folder.path(), &self.vault).expect("the copy opens");
        (folder, ledger)
    }

    fn mailbox(&self) -> MailboxId {
        self.ledger.mailbox_for(&identity("root-1"), at(0)).expect("a mailbox")
    }
}

fn identity(root: &str) -> MailboxIdentity {
    MailboxIdentity { server: "mail.example.org".into(), root: FolderId(root.into()) }
}

/// So many seconds after the tests' beginning of time.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("in range")
}

fn key(record: &str) -> RecordKey {
    RecordKey::new(Kind::Event, "meetings", record)
}

fn record(subject: &str) -> Arc<Record> {
    Arc::new(Record::new(Kind::Event).with(Field::Subject, Value::text(subject)))
}

fn item(id: &str, version: u32) -> ItemRef {
    ItemRef { id: ItemId(id.into()), change_key: ChangeKey(version.to_string()) }
}

fn written(record: &Arc<Record>) -> Written {
    Written::new(Arc::clone(record), BTreeMap::new())
}

fn operation(key: &RecordKey, why: Why, action: Action) -> Operation {
    Operation { key: key.clone(), due: None, why, action }
}

fn create(key: &RecordKey, subject: &str) -> Operation {
    operation(key, Why::New, Action::Create { record: record(subject) })
}

fn update(key: &RecordKey, item: ItemRef, subject: &str, why: Why) -> Operation {
    let record = record(subject);
    let action = Action::Update {
        item,
        place: Place::Home,
        fingerprint: Fingerprint::of(&record),
        set: BTreeMap::from([(Field::Subject, Value::text(subject))]),
        clear: [Field::Location].into(),
        record,
    };
    operation(key, why, action)
}

fn delete(key: &RecordKey, item: ItemRef) -> Operation {
    operation(key, Why::Gone, Action::Delete { item, place: Place::Home, manner: RemovalManner::ToDeletedItems })
}

fn settled(intent: Option<IntentId>, operation: Operation, outcome: Outcome) -> Settlement {
    Settlement { intent, operation, outcome, before: None, proposals: Vec::new(), charge: true }
}

fn stored(item: ItemRef, record: &Arc<Record>) -> Outcome {
    Outcome::Stored { item, place: Place::Home, written: written(record) }
}

/// Creates an item for a key, in good order.
fn put(desk: &Desk, mailbox: MailboxId, key: &RecordKey, item: ItemRef, subject: &str, now: Timestamp) {
    let operation = create(key, subject);
    let ids = desk.ledger.begin(mailbox, RunId(1), std::slice::from_ref(&operation), now).expect("begun");
    let settlement = settled(ids.first().copied(), operation, stored(item, &record(subject)));
    desk.ledger.settle(mailbox, RunId(1), &[settlement], now).expect("settled");
}

fn name(text: &str) -> UserName {
    text.parse().expect("a name")
}

fn details(address: &str) -> UserDetails {
    UserDetails {
        person: PersonId("AW".into()),
        address: address.into(),
        login: address.into(),
        url: None,
        protocol: Protocol::Ews,
        method: AuthMethod::Password,
        service_account: None,
        settings: serde_json::Value::Null,
    }
}
