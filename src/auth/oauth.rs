//! OAuth as the user: the user signs in at the provider, once, and we get a grant that is worth tokens.
//!
//! [`Settings`] say where the authority is and which app is registered there for us; there is none built in.

mod settings;

pub use settings::{Audience, Settings};
