use jiff::SignedDuration;

/// When we try again by ourselves after a cause was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextTry {
    /// Not before a person did something: another try could lock the account, or cannot succeed.
    AfterPerson,
    /// With growing pauses: a quarter of an hour, an hour, four hours, then once a day. No secret is judged by these tries.
    Growing,
    /// With the next sync.
    NextSync,
    /// When this machine comes from an allowed address again, or the list of allowed ones says otherwise.
    WhenAllowed,
    /// When the server said, and not before.
    WhenAsked,
}

/// A change at a provider reaches all its servers within an hour, usually; after a day nothing is won by asking often.
const PAUSES: [SignedDuration; 4] = [
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(4),
    SignedDuration::from_hours(24),
];

impl NextTry {
    /// How long to wait after this many tries in a row that ended so (at least one); `None` where a person or the server decides.
    pub fn pause(self, tries: u32) -> Option<SignedDuration> {
        match self {
            Self::AfterPerson | Self::WhenAllowed | Self::WhenAsked => None,
            Self::NextSync => Some(SignedDuration::ZERO),
            Self::Growing => {
                let place = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
                PAUSES.get(place).copied()
            }
        }
    }

    /// For tables.
    pub fn words(self) -> &'static str {
        match self {
            Self::AfterPerson => "not before somebody acted",
            Self::Growing => "by itself, after 15 minutes, 1 hour, 4 hours, then once a day",
            Self::NextSync => "by itself, with the next sync",
            Self::WhenAllowed => "by itself, when this machine comes from an allowed address",
            Self::WhenAsked => "by itself, when the server allows it",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_day_and_no_further() {
        let minutes: Vec<_> =
            (0..7).filter_map(|tries| NextTry::Growing.pause(tries)).map(|pause| pause.as_mins()).collect();
        assert_eq!(minutes, [15, 15, 60, 240, 1440, 1440, 1440]);
        assert_eq!(NextTry::Growing.pause(u32::MAX), Some(SignedDuration::from_hours(24)));
        assert_eq!(NextTry::AfterPerson.pause(1), None);
        assert_eq!(NextTry::NextSync.pause(9), Some(SignedDuration::ZERO));
    }
}
