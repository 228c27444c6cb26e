use crate::{ports::Failure, state::LedgerError};

/// What ends a cycle early. The ledger's own trouble concerns everybody; a failure concerns one mailbox.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The mailbox, or the way to it.
    #[error(transparent)]
    Mailbox(#[from] Failure),
    /// The ledger: nothing may be written to mailboxes before it can be written itself.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
