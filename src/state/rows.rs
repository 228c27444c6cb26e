use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Ledger, LedgerError, MailboxId};
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
        unimplemented!()
    }

    /// What the last plans of a mailbox found.
    pub fn findings(&self, mailbox: MailboxId) -> Result<Vec<Finding>, LedgerError> {
        unimplemented!()
    }

    /// Keeps what is wrong with rows of a query, in place of what was known of the rows that were read (`None`: of all).
    pub fn put_row_problems(
        &self,
        query: &QueryName,
        read: Option<&BTreeSet<RecordKey>>,
        problems: &[RowProblem],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// Everything wrong with rows, by query.
    pub fn row_problems(&self) -> Result<Vec<RowProblem>, LedgerError> {
        unimplemented!()
    }
}
