//! Every row of a query is accounted for: it is a record for somebody, or it is listed with a reason.

use std::collections::BTreeSet;

use pocketdocket::{
    domain::{Audience, Kind, QueryName},
    ports::{Portion, QueryRead, Row},
    sources::Settings,
};

use super::{office::open, preview::Read};
use crate::servers::Server;

/// The rows of one query in full: how many came, their keys, and the keys that are for somebody.
pub(super) struct Account {
    /// Rows that the database gave.
    pub(super) read: u64,
    /// Rows that are records for somebody.
    pub(super) given: u64,
    /// Rows that are records for nobody.
    pub(super) for_nobody: u64,
    /// Rows that could not be read.
    pub(super) unreadable: u64,
    keys: BTreeSet<String>,
    given_keys: BTreeSet<String>,
}

/// Reads one query in full and counts.
pub(super) async fn account(settings: &Settings, kind: Kind, name: &str) -> Account {
    let source = open(settings);
    let query = vec![(kind, QueryName(name.to_owned()), QueryRead::Content)];
    let mut reading = source.read(query).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    let mut account =
        Account { read: 0, given: 0, for_nobody: 0, unreadable: 0, keys: [].into(), given_keys: [].into() };
    while let Some(portion) = reading.recv().await {
        match portion.unwrap_or_else(|failure| panic!("{}", failure.chain())) {
            Portion::Rows(_, _, rows) => rows.iter().for_each(|row| account.row(row)),
            Portion::QueryDone { rows, .. } => account.read += rows,
            _ => {}
        }
    }
    account
}

impl Account {
    fn row(&mut self, row: &Row) {
        match row {
            Row::Record { record, .. } => {
                self.keys.insert(record.key.record.clone());
                if record.audience == Audience::Nobody {
                    self.for_nobody += 1;
                } else {
                    self.given += 1;
                    self.given_keys.insert(record.key.record.clone());
                }
            }
            Row::Unreadable { key, .. } => {
                self.unreadable += 1;
                self.keys.insert(key.record.clone());
            }
            Row::Key { .. } => {}
        }
    }

    /// These are the keys that the database has, and whoever has none of these rows is told why.
    pub(super) fn accounts_for(&self, server: &Server, keys: &str, preview: &Read, kind: Kind) {
        let there: BTreeSet<String> = server.sql(keys).lines().map(str::to_owned).collect();
        assert!(!there.is_empty(), "{keys}");
        assert_eq!(self.keys, there, "{keys}");
        assert_eq!(self.read, self.given + self.for_nobody + self.unreadable, "every row is counted once");
        for key in there.difference(&self.given_keys) {
            assert!(!preview.problems(kind, key).is_empty(), "{kind} {key} is neither given to anybody nor listed");
        }
    }
}

/// A number that the database counts by itself.
pub(super) fn counted(server: &Server, statement: &str) -> u64 {
    let answer = server.sql(statement);
    answer.trim().parse().unwrap_or_else(|_| panic!("{statement}: {answer}"))
}
