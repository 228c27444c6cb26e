//! How long confirmations hold: what the firm's settings ask of each link, warnings in time, and parking when a date has passed.
//! Nothing is deleted, and nothing is written to a mailbox on this account.

use jiff::{SignedDuration, Timestamp};

use super::ConfirmationSettings;
use crate::state::{
    ConfirmationWay, Ledger, LedgerError, LinkState, NOT_CONFIRMED_AGAIN, Reconfirm, ReconfirmWhy, User,
};

/// Days before a date at which somebody is told, each time anew.
const WARNINGS: [i64; 3] = [1, 3, 7];

/// Brings every link up to what the firm's settings ask, and parks those whose date has passed.
///
/// # Errors
/// The ledger's.
pub fn mind_confirmations(ledger: &Ledger, settings: &ConfirmationSettings, now: Timestamp) -> Result<(), LedgerError> {
    ledger.note_confirmation_policy(&settings.methods, "pocketdocket", now)?;
    for user in ledger.users()? {
        let wanted = wanted(&user, settings, now);
        if wanted != user.reconfirm {
            ledger.set_reconfirm(&user.name, wanted, now)?;
        }
        let overdue = wanted.is_some_and(|reconfirm| reconfirm.by <= now);
        if overdue && user.link == LinkState::Active && user.parked.is_none() {
            let remedy = settings.with_support(how_to_confirm(&user, settings));
            ledger.park(&user.name, NOT_CONFIRMED_AGAIN, &remedy, now)?;
        }
    }
    Ok(())
}

/// What to do so that a link is confirmed again.
pub fn how_to_confirm(user: &User, settings: &ConfirmationSettings) -> String {
    let by_command =
        [ConfirmationWay::Authenticator, ConfirmationWay::Mailbox].into_iter().any(|way| settings.accepts(way));
    let name = &user.name;
    if !by_command && user.details.service_account.is_some() {
        // The provider's second factor would be the account's.
        return "let `methods` in `[confirmation]` accept `authenticator` or `mailbox`, docs/reference/settings.md"
            .to_owned();
    }
    if by_command {
        format!("confirm it with the user at hand: `pocketdocket user confirm {name}`")
    } else {
        format!("let the user sign in at the provider: `pocketdocket user link {name}`")
    }
}

/// The warning that is due for a link: within how many days it must be confirmed again. It changes seven, three and one day
/// before, so that each time is heard.
pub fn warning(user: &User, now: Timestamp) -> Option<String> {
    let reconfirm = user.reconfirm?;
    if user.link != LinkState::Active || user.parked.is_some() || reconfirm.by <= now {
        return None;
    }
    let left = reconfirm.by.duration_since(now);
    let days = WARNINGS.into_iter().find(|days| left <= SignedDuration::from_hours(24 * days))?;
    let within = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
    Some(format!("must be confirmed again within {within}, or its sync stops: {}", reconfirm.why.words()))
}

/// What a link's date should be. Changes of a link set it in the ledger, and it never becomes later but by a confirmation or by the
/// firm's own settings.
fn wanted(user: &User, settings: &ConfirmationSettings, now: Timestamp) -> Option<Reconfirm> {
    let after = |since: Timestamp, delay| since.saturating_add(delay).unwrap_or(Timestamp::MAX);
    let event = user.reconfirm.filter(|reconfirm| reconfirm.why.is_of_an_event());
    if let Some(reconfirm) = event {
        return Some(Reconfirm { by: after(reconfirm.since, settings.grace()), ..reconfirm });
    }
    if user.link != LinkState::Active {
        return None;
    }
    let accepted = user.confirmed.as_ref().is_some_and(|confirmed| settings.accepts(confirmed.how));
    if !accepted {
        let before = user.reconfirm.filter(|reconfirm| reconfirm.why == ReconfirmWhy::Policy);
        let since = before.map_or(now, |before| before.since);
        return Some(Reconfirm { since, by: after(since, settings.grace()), why: ReconfirmWhy::Policy });
    }
    let confirmed = user.confirmed.as_ref()?.at;
    let interval = settings.interval()?;
    let due = after(confirmed, interval);
    // Who was confirmed long ago is warned first, too.
    let earliest = after(now, interval.min(SignedDuration::from_hours(7 * 24)));
    let before = user.reconfirm.filter(|reconfirm| reconfirm.why == ReconfirmWhy::Interval).map(|before| before.by);
    let by = match before {
        Some(before) if due >= before => due,
        Some(before) => before.min(due.max(earliest)),
        None => due.max(earliest),
    };
    let since = by.saturating_sub(settings.grace()).unwrap_or(confirmed);
    Some(Reconfirm { since, by, why: ReconfirmWhy::Interval })
}

#[cfg(test)]
mod tests;
