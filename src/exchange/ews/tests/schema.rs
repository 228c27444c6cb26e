//! Every request validates against the schema that Exchange Server itself publishes. Needs `xmllint` (Debian:
//! `libxml2-utils`) and the schema; says so and passes where they are missing.

use std::process::Command;

use proptest::{
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::*;
use crate::{
    domain::{FolderId, RemovalManner},
    exchange::ews::{
        ServerVersion,
        create_folder::CreateFolder,
        create_item::CreateItem,
        delete_item::DeleteItem,
        find_folder::FindFolder,
        find_item::FindItem,
        folder_ref::FolderRef,
        get_folder::GetFolder,
        get_item::{GetItem, GetItemVersions},
        sync_folder_items::SyncFolderItems,
        update_folder::UpdateFolder,
        update_item::UpdateItem,
    },
    ports::{Owner, Removal},
};

/// Records per kind; each is created and updated.
const RECORDS: usize = 120;

#[derive(Default)]
struct Documents(Vec<Vec<u8>>);

impl Documents {
    fn add(&mut self, call: &impl EwsCall) {
        let version = ServerVersion::ALL[self.0.len() % ServerVersion::ALL.len()];
        let acting_as = self.0.len().is_multiple_of(2).then(|| "weber@kanzlei.example".to_owned());
        self.0.push(call.request(&Caller { version, acting_as }));
    }

    fn write(&mut self, records: &[(Record, Option<Body>)]) {
        let (codec, folder) = (codec(), FolderId("AAMkFolder".to_owned()));
        let kind = records[0].0.kind;
        let items: Vec<NewItem> = records.iter().map(|(record, body)| new_item(record.clone(), body.clone())).collect();
        self.add(&CreateItem { kind, folder: &folder, items: &items, codec: &codec });
        let changes: Vec<ItemChange> = records.iter().map(|(record, body)| change(record, body.clone())).collect();
        let changes: Vec<&ItemChange> = changes.iter().collect();
        self.add(&UpdateItem { kind, changes: &changes, codec: &codec });
    }
}

fn generated(runner: &mut TestRunner, kind: Kind) -> (Record, Option<Body>) {
    (record(kind, any_text()), body()).new_tree(runner).unwrap().current()
}

fn all_documents() -> Vec<Vec<u8>> {
    let mut documents = Documents::default();
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    for kind in Kind::ALL {
        for _ in 0..RECORDS / 3 {
            let batch: Vec<_> = (0..3).map(|_| generated(&mut runner, kind)).collect();
            documents.write(&batch);
        }
        // Every field alone, with a value and NULL.
        for field in Field::ALL.iter().filter(|field| field.belongs_to(kind)) {
            let value = value(*field, plain_text().boxed()).new_tree(&mut runner).unwrap().current();
            documents.write(&[(Record::new(kind).with(*field, value), None)]);
            documents.write(&[(Record::new(kind).with(*field, None), None)]);
        }
        let folder = FolderId("AAMkFolder".to_owned());
        let ids = [ItemId("AAMk1".to_owned()), ItemId("AAMk2".to_owned())];
        documents.add(&GetItem { kind, items: &ids, codec: &codec() });
        documents.add(&GetItemVersions { items: &ids });
        documents.add(&GetItem { kind, items: &ids, codec: &codec() });
        for manner in [RemovalManner::ForGood, RemovalManner::ToDeletedItems] {
            let removals = ["a", "b"].map(|name| Removal { kind, item: item(name), manner });
            documents.add(&DeleteItem { removals: &removals.iter().collect::<Vec<_>>() });
        }
        documents.add(&UpdateFolder { folder: folder.clone(), kind, owner: Owner("a/b/<c>".to_owned()) });
        let parent = FolderRef::Main("tasks", "weber@kanzlei.example".to_owned());
        documents.add(&CreateFolder { kind, parent: parent.clone(), name: "Kanzlei & Co".to_owned() });
        documents.add(&GetFolder { folders: vec![parent.clone(), FolderRef::Id(folder.clone())] });
        for deep in [false, true] {
            documents.add(&FindFolder { parent: parent.clone(), deep, offset: 500 });
        }
        for state in [None, Some("H4sI".to_owned())] {
            documents.add(&SyncFolderItems { folder: folder.clone(), state });
        }
        for count in 0..3 {
            documents.add(&FindItem { folder: folder.clone(), stamps: vec![stamp(kind); count], offset: 250 });
        }
    }
    documents.0
}

#[test]
fn every_request_validates_against_the_schema_of_exchange() {
    let Some(schema) = reference("schemas/ews/envelope.xsd") else { return };
    if Command::new("xmllint").arg("--version").output().is_err() {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: `xmllint` is not installed (Debian: libxml2-utils)");
        }
        return;
    }
    let documents = all_documents();
    assert!(documents.len() > 200);
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = documents
        .iter()
        .enumerate()
        .map(|(number, document)| {
            let file = folder.path().join(format!("{number}.xml"));
            std::fs::write(&file, document).unwrap();
            file
        })
        .collect();
    let output = Command::new("xmllint").arg("--noout").arg("--schema").arg(schema).args(&files).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let wrong: Vec<&str> = said.lines().filter(|line| !line.ends_with(" validates")).take(12).collect();
    assert!(output.status.success() && wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(said.lines().count(), files.len(), "every document was looked at");
}
