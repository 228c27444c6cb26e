//! Who is parked, and why: many who wait for the same are told in one line.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::NAMED;
use crate::{
    cli::show::{Clock, counted},
    state::{UserName, UserStatus},
};

/// A line for each reason, in the order of the users that come first.
pub(super) fn needs(users: &[UserStatus], clock: &Clock) -> Vec<String> {
    let mut lines: Vec<(String, Vec<(&UserName, Timestamp)>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for user in users {
        let Some(parked) = &user.user.parked else { continue };
        let through_account = user.user.details.service_account.is_some();
        let who = user.trouble().map(|trouble| format!("; who: {}", trouble.cause.entry().who(through_account)));
        let why = format!("{}; {}{}", parked.cause, parked.remedy, who.unwrap_or_default());
        let place = *places.entry(why.clone()).or_insert(lines.len());
        match lines.get_mut(place) {
            Some((_, together)) => together.push((&user.user.name, parked.since)),
            None => lines.push((why, vec![(&user.user.name, parked.since)])),
        }
    }
    lines.into_iter().flat_map(|(why, together)| told(&why, &together, clock)).collect()
}

/// A few are told one by one; of many some are named.
fn told(why: &str, together: &[(&UserName, Timestamp)], clock: &Clock) -> Vec<String> {
    let first = together.iter().map(|(_, since)| *since).min();
    let Some(first) = first.filter(|_| together.len() > NAMED) else {
        let one_by_one = together.iter();
        return one_by_one.map(|(name, since)| format!("{name}: parked since {}: {why}", clock.time(*since))).collect();
    };
    let named: Vec<&str> = together.iter().take(NAMED).map(|(name, _)| name.as_str()).collect();
    let users = counted(together.len(), "user");
    vec![format!("{users} ({}, …): parked, the first since {}: {why}", named.join(", "), clock.time(first))]
}
