//! Signing in by OAuth, against the simulator's authority and against an OpenID provider that others wrote; and by Windows
//! authentication.

mod account_by_command;
mod attacks;
mod by_command;
pub(crate) mod certificate;
mod hybrid;
mod id_token;
pub(crate) mod person;
mod provider;
mod pyspnego;
mod recorder;
mod refreshing;
mod windows;
