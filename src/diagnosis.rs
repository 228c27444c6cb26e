//! Why a sign-in failed, in one named cause.
//!
//! Pure: an [`Observation`] comes in, a [`Diagnosis`] comes out: a [`Cause`] with what shows it. The [catalogue](Cause::entry)
//! says for each cause who can do what about it, how long that takes, and whether and when we try again by ourselves. A
//! [`cohort`] is what several users have in common: it is said before anybody's own cause.
//!
//! Observations are collected by the rooms that speak to servers; they tag their [`Failure`](crate::ports::Failure). Nothing that
//! a server sent is ever quoted: evidence is made of our own words, of numbers, and of words that we know.

mod aadsts;
pub mod address;
mod catalogue;
mod cause;
mod classify;
pub mod cohort;
mod ews;
mod next_try;
mod observation;

pub use aadsts::{Aadsts, OauthError};
pub use catalogue::{Entry, Fixer, of_account};
pub use cause::Cause;
pub use classify::is_exchange_online;
pub use ews::cause_of_response_code;
pub use next_try::NextTry;
pub use observation::{NetworkTrouble, Observation, Scheme};

/// One cause, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Why.
    pub cause: Cause,
    /// What was seen, a line each, without anything secret.
    pub evidence: Vec<String>,
}

#[cfg(test)]
mod tests;
