//! OAuth: as the user, who signs in at the provider, once, and we get a grant that is worth tokens; or as an app by itself, with
//! a [`certificate`].
//!
//! [`Settings`] say where the authority is and which app is registered there for us; there is none built in. The [`Authority`]
//! tells its endpoints and keys by itself. A sign-in goes through a [`browser`] that comes back to this very machine, or where
//! that is impossible by device code ([`device`]); either way who signed in is verified ([`id_token`]) before anything is kept.
//! From then on a [`Session`] has the grant refreshed, and [`Bearer`] puts its tokens into requests.
//!
//! Nothing here decides by the numbers of Entra: they explain, and the words of OAuth decide.

mod authority;
mod bearer;
mod browser;
pub mod certificate;
mod device;
mod id_token;
mod refusal;
mod session;
mod settings;
mod tokens;
mod wire;

pub use authority::{AccessToken, Authority, Granted, Refreshed};
pub use bearer::{Bearer, TokenSource};
pub use browser::{Answered, BrowserSignIn, Landing, NotTheAnswer};
pub use device::DeviceSignIn;
pub use id_token::{Expected, Identity, UnknownKey, known_key, verify};
pub use session::{Claim, Grants, Session, Unkept};
pub use settings::{Audience, Settings, graph_of};
