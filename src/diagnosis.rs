//! Why a sign-in failed, in one named cause.
//!
//! Pure: what was observed comes in, a [`Cause`] comes out, and the catalogue says for each cause who can do what about it. What
//! is observed is collected by the rooms that speak to servers; they tag their [`Failure`](crate::ports::Failure) with a cause.

mod cause;

pub use cause::Cause;
