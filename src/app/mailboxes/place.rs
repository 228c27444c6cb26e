//! What it means for a link from where its account may sign in: nobody signs in from elsewhere.
//!
//! Before the passes of a tick begin, what is known of our public address is looked at, and is asked for anew where it is due: after
//! a start, after a change of the network, after half an hour, and sooner while somebody waits for it. Links of an account whose list has
//! no place for where we come from are parked, and come back by themselves. A server in our own network sees no public address of
//! ours, so the list says nothing about it.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::{Mailboxes, ledger_failure};
use crate::{
    diagnosis::{Cause, address::is_of_lan},
    ports::{Failure, FailureKind},
    state::{AccountStanding, LinkState, UserDetails, UserName},
};

/// A sign-in that is refused, or that somebody wants, asks for the address anew; but not one after the other.
const AGAIN: SignedDuration = SignedDuration::from_secs(30);
/// How long a name may take to be looked up.
const LOOK_UP: Duration = Duration::from_secs(5);

impl Mailboxes {
    /// Sees to it that links whose account may not sign in from where we come are parked, and that they go on when it may again.
    ///
    /// # Errors
    /// The ledger's alone.
    pub async fn mind_addresses(&self, now: Timestamp) -> Result<(), Failure> {
        let trouble = |error| ledger_failure("look from where accounts may sign in", error);
        let mut standings = self.ledger.address_standings(now).map_err(trouble)?;
        if let Some(addresses) = self.addresses.as_ref().filter(|_| !standings.is_empty()) {
            let somebody_waits = standings.iter().any(|one| one.judged.is_outside());
            if addresses.mind(somebody_waits, now).await? {
                standings = self.ledger.address_standings(now).map_err(trouble)?;
            }
        }
        let waiting = self.ledger.waiting_for_address().map_err(trouble)?;
        let mut kept_out: BTreeSet<UserName> = BTreeSet::new();
        let mut seen = HashMap::new();
        for standing in standings.iter().filter(|one| one.judged.is_outside()) {
            for user in self.ledger.users_through(&standing.account).map_err(trouble)? {
                if self.is_on_lan(&user.details, &mut seen).await {
                    continue;
                }
                kept_out.insert(user.name.clone());
                let free = user.link == LinkState::Active && user.parked.is_none() && user.paused.is_none();
                if free && let Some(failure) = standing.refusal() {
                    let host = self.host(&user.details).unwrap_or_default();
                    tracing::warn!(user.id = %user.name, cause = %failure.chain(), "parked");
                    self.ledger.note_failure(&user.name, &host, &failure, now).map_err(trouble)?;
                }
            }
        }
        for name in waiting.into_keys().filter(|name| !kept_out.contains(name)) {
            tracing::info!(user.id = %name, "the account may sign in from here again");
            self.ledger.address_is_right(&name, now).map_err(trouble)?;
        }
        Ok(())
    }

    /// Refuses a link whose account may not sign in from where we come: nothing is sent.
    ///
    /// # Errors
    /// That refusal, and the ledger's.
    pub async fn mind_place(&self, details: &UserDetails, now: Timestamp) -> Result<(), Failure> {
        let mut standing = self.standing_of(details, now)?;
        if standing.as_ref().is_some_and(|standing| standing.judged.is_outside()) {
            // It may have come back since.
            self.ask_again(now).await;
            standing = self.standing_of(details, now)?;
        }
        match standing.and_then(|standing| standing.refusal()) {
            Some(failure) if !self.is_on_lan(details, &mut HashMap::new()).await => Err(failure),
            _ => Ok(()),
        }
    }

    /// The failure of a link, or that its account may not sign in from where we come, where that is so. Where it is not known to be
    /// so, what makes one doubt is said as well: the server may see us under an address of which the list says nothing.
    pub async fn explained_by_place(&self, details: &UserDetails, mut failure: Failure, now: Timestamp) -> Failure {
        let refused = match failure.cause {
            // Where a secret was judged, it was looked at.
            Some(cause) if cause.judges_secret() => false,
            Some(Cause::BlockedByPolicy | Cause::EwsOff | Cause::OutsideScope) => true,
            Some(Cause::AddressNotAllowed) => false,
            _ => failure.kind == FailureKind::Forbidden,
        };
        if !refused || !matches!(self.standing_of(details, now), Ok(Some(_))) {
            return failure;
        }
        self.ask_again(now).await;
        let Ok(Some(standing)) = self.standing_of(details, now) else { return failure };
        if self.is_on_lan(details, &mut HashMap::new()).await {
            return failure;
        }
        if let Some(mut refusal) = standing.refusal() {
            refusal.evidence.extend(failure.evidence);
            return refusal;
        }
        let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        failure.evidence.extend(standing.judged.doubts.iter().map(|doubt| doubt.words(time)));
        failure
    }

    async fn ask_again(&self, now: Timestamp) {
        if let Some(addresses) = &self.addresses
            && let Err(error) = addresses.ask_unless_asked_within(AGAIN, now).await
        {
            tracing::error!(cause = %error.chain(), "the public address could not be asked for");
        }
    }

    /// How the list of the account stands, through which this link goes, if it has one.
    fn standing_of(&self, details: &UserDetails, now: Timestamp) -> Result<Option<AccountStanding>, Failure> {
        let Some(account) = &details.service_account else { return Ok(None) };
        let standings = self.ledger.address_standings(now);
        let standings = standings.map_err(|error| ledger_failure("look from where accounts may sign in", error))?;
        Ok(standings.into_iter().find(|one| one.account == *account))
    }

    /// Whether the server of this link is in our own network, as far as that can be told.
    pub async fn is_on_lan(&self, details: &UserDetails, seen: &mut HashMap<String, bool>) -> bool {
        let Some(host) = self.host(details) else { return false };
        if let Some(known) = seen.get(&host) {
            return *known;
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<IpAddr> = match bare.parse() {
            Ok(address) => vec![address],
            Err(_) => match tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((bare, 0))).await {
                Ok(Ok(found)) => found.map(|found| found.ip()).collect(),
                _ => Vec::new(),
            },
        };
        let inside = !addresses.is_empty() && addresses.into_iter().all(is_of_lan);
        seen.insert(host, inside);
        inside
    }
}
