use jiff::{SignedDuration, Timestamp};

use super::{Ledger, LedgerError, columns::Moment};

impl Ledger {
    /// Forgets what has been kept long enough: before-images, proposed changes and what was undone after 90 days, closed holds and
    /// requests after 30 days, runs and history after two years, spent budgets, releases and when text messages were sent after two days.
    pub fn prune(&self, now: Timestamp) -> Result<(), LedgerError> {
        let day = |days: i64| Moment(now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN));
        self.write(|transaction| {
            for (statement, kept_days) in [
                ("DELETE FROM before_image WHERE at < ?1", 90),
                ("DELETE FROM proposal WHERE at < ?1", 90),
                ("DELETE FROM hold WHERE closed_at < ?1", 30),
                ("DELETE FROM request WHERE made_at < ?1", 30),
                ("DELETE FROM undo WHERE asked_at < ?1", 90),
                ("DELETE FROM release WHERE until < ?1", 2),
                ("DELETE FROM history WHERE at < ?1", 730),
                ("DELETE FROM run WHERE begun < ?1", 730),
                ("DELETE FROM spent WHERE at < ?1", 2),
                ("DELETE FROM growth WHERE at < ?1", 2),
                ("DELETE FROM text_message WHERE at < ?1", 2),
            ] {
                transaction.execute(statement, [day(kept_days)])?;
            }
            Ok(())
        })
    }
}
