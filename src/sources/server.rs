//! What connectors to database servers have in common: settings, the password, TLS, time limits and their troubles.

mod door;
mod error;
mod parameters;
mod settings;
mod tls;
mod waiter;

pub use door::Secret;
pub(super) use door::{Door, Pass};
pub(super) use error::{Cause, late, silent, trouble, unquoted};
pub(super) use parameters::{Style, placed};
pub use settings::{ServerSettings, SignIn, Tls};
pub(super) use tls::{authorities, client_config};
pub(super) use waiter::{Waiter, Watch};
