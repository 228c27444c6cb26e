//! The ledger: everything that must survive a restart.
