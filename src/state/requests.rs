use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, UserName};

/// A request, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub i64);

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What a command asks of the running engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "request")]
#[non_exhaustive]
pub enum Request {
    /// A tick now.
    SyncNow {
        /// For this user alone.
        user: Option<UserName>,
    },
}

impl Ledger {
    /// Leaves a request for the running engine.
    pub fn enqueue(&self, request: &Request, now: Timestamp) -> Result<RequestId, LedgerError> {
        unimplemented!()
    }

    /// The requests that came in since the last call, oldest first. Those of a version we do not know are left out.
    pub fn take_requests(&self, now: Timestamp) -> Result<Vec<(RequestId, Request)>, LedgerError> {
        unimplemented!()
    }

    /// Answers a request; the answer is text for the command that waits.
    pub fn answer_request(&self, id: RequestId, answer: &str, now: Timestamp) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// The answer, once there is one.
    pub fn answer(&self, id: RequestId) -> Result<Option<String>, LedgerError> {
        unimplemented!()
    }
}
