//! How many text messages were sent, so that neither a phone is flooded nor the firm's money burned.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{ToSql, Transaction, params};
use secrecy::SecretString;

use super::{Ledger, LedgerError, UserName, columns::Moment, history::add_audit, users::get};
use crate::domain::MobileNumber;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How many text messages may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextAllowance {
    /// To one number, and for one user, within an hour.
    pub per_hour: usize,
    /// The same within 24 hours.
    pub per_day: usize,
    /// By the firm within 24 hours.
    pub firm_per_day: usize,
}

/// No more text messages for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{whose} got {most} text messages within {}; the next one is possible at {}", if *hours == 1 { "an hour".to_owned() } else { format!("{hours} hours") }, until.strftime("%Y-%m-%d %H:%M UTC"))]
pub struct TooManyTexts {
    /// Who: the user, the number, the firm.
    pub whose: &'static str,
    /// So many are the most.
    pub most: usize,
    /// Within so many hours.
    pub hours: u8,
    /// When the next one is possible.
    pub until: Timestamp,
}

impl Ledger {
    /// Counts a text message that is about to be sent, for a user or to try the gateway, if it still may be. What was counted stays so, whatever becomes of the
    /// message, and whatever becomes of the user.
    ///
    /// # Errors
    /// What the ledger says. That it may not be sent is no error of the ledger's, and is in the audit trail.
    pub fn count_text_message(
        &self,
        name: Option<&UserName>,
        number: &MobileNumber,
        allowance: TextAllowance,
        by: &str,
        now: Timestamp,
    ) -> Result<Result<(), TooManyTexts>, LedgerError> {
        let phone = self.credential_mark(number.e164(), &SecretString::from("text message"))?;
        self.write(|transaction| {
            let of_user = match name {
                Some(name) => {
                    get(transaction, name)?;
                    moments(transaction, "user = ?1", name.as_str())?
                }
                None => Vec::new(),
            };
            let of_number = moments(transaction, "phone = ?1", phone.bytes())?;
            let of_firm = moments(transaction, "at > ?1", Moment(before(now, DAY)))?;
            let limits = [
                ("the user", &of_user, allowance.per_hour, HOUR),
                ("the number", &of_number, allowance.per_hour, HOUR),
                ("the user", &of_user, allowance.per_day, DAY),
                ("the number", &of_number, allowance.per_day, DAY),
                ("the firm", &of_firm, allowance.firm_per_day, DAY),
            ];
            let too_many = limits.into_iter().find_map(|(whose, sent, most, within)| {
                let until = free_again(sent, most, within, now)?;
                let hours = u8::try_from(within.as_hours()).unwrap_or(u8::MAX);
                Some(TooManyTexts { whose, most, hours, until })
            });
            if let Some(too_many) = too_many {
                add_audit(transaction, by, name, &format!("no text message was sent: {too_many}"), now)?;
                return Ok(Err(too_many));
            }
            transaction.execute(
                "INSERT INTO text_message (user, phone, at) VALUES (?1, ?2, ?3)",
                params![name.map(UserName::as_str), phone.bytes(), Moment(now)],
            )?;
            Ok(Ok(()))
        })
    }
}

/// When messages were sent, the earliest first. `which` is one of our own conditions.
fn moments(
    transaction: &Transaction<'_>,
    which: &'static str,
    value: impl ToSql,
) -> Result<Vec<Timestamp>, LedgerError> {
    let mut statement =
        transaction.prepare_cached(&format!("SELECT at FROM text_message WHERE {which} ORDER BY at"))?;
    let found = statement.query_map([value], |row| row.get::<_, Moment>(0))?;
    Ok(found.map(|moment| moment.map(|moment| moment.0)).collect::<Result<_, _>>()?)
}

/// When another one is possible, if none is now. What was sent later than now, by a clock that was put back, counts too.
fn free_again(sent: &[Timestamp], most: usize, within: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    let recent = sent.iter().filter(|at| **at > before(now, within));
    let surplus = recent.clone().count().checked_sub(most)?;
    let leaves = recent.clone().nth(surplus).copied().unwrap_or(now);
    Some(leaves.saturating_add(within).unwrap_or(Timestamp::MAX))
}

fn before(now: Timestamp, within: SignedDuration) -> Timestamp {
    now.saturating_sub(within).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).expect("a moment")
    }

    #[test]
    fn the_next_one_is_possible_when_the_first_leaves_the_hour() {
        let sent = [at(0), at(10), at(20)];
        assert_eq!(free_again(&sent, 3, HOUR, at(30)), Some(at(60)));
        assert_eq!(free_again(&sent, 3, HOUR, at(60)), None);
        assert_eq!(free_again(&sent, 4, HOUR, at(30)), None);
        assert_eq!(free_again(&sent, 2, HOUR, at(30)), Some(at(70)), "after the settings were lowered");
        assert_eq!(free_again(&[], 0, HOUR, at(5)), Some(at(65)), "none at all");
    }

    proptest! {
        #[test]
        fn no_hour_ever_holds_more_than_is_allowed(asked in proptest::collection::vec(0_i64..300, 0..60)) {
            let mut asked = asked;
            asked.sort_unstable();
            let mut sent = Vec::new();
            for minute in asked {
                match free_again(&sent, 3, HOUR, at(minute)) {
                    None => sent.push(at(minute)),
                    Some(until) => {
                        prop_assert!(until > at(minute));
                        prop_assert_eq!(free_again(&sent, 3, HOUR, until), None);
                    }
                }
                let hour = sent.iter().filter(|one| **one > before(at(minute), HOUR)).count();
                prop_assert!(hour <= 3);
            }
        }
    }
}
