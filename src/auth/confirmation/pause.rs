use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The longest pause between two tries.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// Makes guessing slow: 1, 2, 4, 8 … seconds after each wrong try in a row, up to a quarter of an hour. Kept across codes, so that
/// asking for new ones does not help a guesser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Wrong tries in a row.
    wrong: u32,
    /// No try before this moment.
    not_before: Option<Timestamp>,
}

impl Pause {
    /// Until when no try is looked at; `None` if one is now.
    pub fn until(&self, now: Timestamp) -> Option<Timestamp> {
        self.not_before.filter(|until| now < *until)
    }

    /// Wrong tries in a row.
    pub fn wrong_tries(&self) -> u32 {
        self.wrong
    }

    /// A try was wrong; gives when the next one is looked at.
    pub fn after_wrong_try(&mut self, now: Timestamp) -> Timestamp {
        self.wrong = self.wrong.saturating_add(1);
        let seconds = 1_i64.checked_shl(self.wrong - 1).filter(|seconds| *seconds > 0).unwrap_or(i64::MAX);
        self.wait(SignedDuration::from_secs(seconds).min(LONGEST), now)
    }

    /// A wrong try was one too many: the longest pause from now.
    pub fn at_longest(&mut self, now: Timestamp) -> Timestamp {
        self.wait(LONGEST, now)
    }

    fn wait(&mut self, pause: SignedDuration, now: Timestamp) -> Timestamp {
        let until = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
        self.not_before = Some(until);
        until
    }
}
