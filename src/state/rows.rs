use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::{
    Ledger, LedgerError, MailboxId,
    columns::{Moment, Word},
};
use crate::{
    domain::{QueryName, RecordKey, RowProblem},
    plan::Finding,
};

impl Ledger {
    /// Keeps what a plan found, in place of what was found before for the planned keys (`None`: for all).
    pub fn put_findings(
        &self,
        mailbox: MailboxId,
        planned: Option<&BTreeSet<RecordKey>>,
        findings: &[Finding],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            match planned {
                None => {
                    transaction.execute("DELETE FROM finding WHERE mailbox = ?1", [mailbox])?;
                }
                Some(keys) => {
                    let mut statement =
                        transaction.prepare_cached("DELETE FROM finding WHERE mailbox = ?1 AND key = ?2")?;
                    for key in keys {
                        statement.execute(params![mailbox, Word(key)])?;
                    }
                }
            }
            let mut statement = transaction
                .prepare_cached("INSERT INTO finding (mailbox, key, found_at, sealed) VALUES (?1, ?2, ?3, ?4)")?;
            for finding in findings {
                let sealed = self.seal(&format!("finding/{mailbox}/{}", finding.key), finding)?;
                statement.execute(params![mailbox, Word(&finding.key), Moment(now), sealed])?;
            }
            Ok(())
        })
    }

    /// What the last plans of a mailbox found.
    pub fn findings(&self, mailbox: MailboxId) -> Result<Vec<Finding>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT key, sealed FROM finding WHERE mailbox = ?1 ORDER BY key, number")?;
            let mut rows = statement.query([mailbox])?;
            let mut findings = Vec::new();
            while let Some(row) = rows.next()? {
                let (key, sealed): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
                findings.push(self.unseal(&format!("finding/{mailbox}/{key}"), &sealed)?);
            }
            Ok(findings)
        })
    }

    /// Keeps what is wrong with rows of a query, in place of what was known of the rows that were read (`None`: of all).
    pub fn put_row_problems(
        &self,
        query: &QueryName,
        read: Option<&BTreeSet<RecordKey>>,
        problems: &[RowProblem],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            match read {
                None => {
                    transaction.execute("DELETE FROM row_problem WHERE query = ?1", [&query.0])?;
                }
                Some(keys) => {
                    let mut statement =
                        transaction.prepare_cached("DELETE FROM row_problem WHERE query = ?1 AND key = ?2")?;
                    for key in keys {
                        statement.execute(params![query.0, Word(key)])?;
                    }
                }
            }
            // Rows without a key cannot be told apart; the same trouble is not listed twice.
            let mut known = self.row_problems_of(transaction, Some(query))?;
            let mut statement = transaction
                .prepare_cached("INSERT INTO row_problem (query, key, found_at, sealed) VALUES (?1, ?2, ?3, ?4)")?;
            for problem in problems {
                if known.insert(problem.clone()) {
                    let sealed = self.seal(&sealed_as(query), problem)?;
                    statement.execute(params![query.0, problem.key.as_ref().map(Word), Moment(now), sealed])?;
                }
            }
            Ok(())
        })
    }

    /// Everything wrong with rows, by query.
    pub fn row_problems(&self) -> Result<Vec<RowProblem>, LedgerError> {
        self.read(|transaction| Ok(self.row_problems_of(transaction, None)?.into_iter().collect()))
    }

    fn row_problems_of(
        &self,
        transaction: &Transaction<'_>,
        query: Option<&QueryName>,
    ) -> Result<BTreeSet<RowProblem>, LedgerError> {
        let mut statement =
            transaction.prepare_cached("SELECT query, sealed FROM row_problem WHERE ?1 IS NULL OR query = ?1")?;
        let mut rows = statement.query([query.map(|query| &query.0)])?;
        let mut problems = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let sealed: Vec<u8> = row.get(1)?;
            problems.insert(self.unseal(&sealed_as(&QueryName(row.get(0)?)), &sealed)?);
        }
        Ok(problems)
    }
}

fn sealed_as(query: &QueryName) -> String {
    format!("row-problem/{query}")
}
