use std::str::FromStr;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

/// A moment as people type it: `2026-11-27`, `2026-11-27 14:30` (on the office's clock), `2026-11-27T13:30:00Z`, or how long
/// ago: `90m`, `12h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypedMoment {
    /// On the office's clock.
    Office(DateTime),
    /// Anywhere.
    Instant(Timestamp),
    /// So long before now.
    Ago(SignedDuration),
}

impl TypedMoment {
    /// Which moment that is.
    pub(super) fn resolve(self, office: &TimeZone, now: Timestamp) -> Timestamp {
        match self {
            Self::Office(civil) => office.to_ambiguous_timestamp(civil).compatible().unwrap_or(Timestamp::MIN),
            Self::Instant(at) => at,
            Self::Ago(long) => now.checked_sub(long).unwrap_or(Timestamp::MIN),
        }
    }
}

impl FromStr for TypedMoment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let unit = |unit| text.strip_suffix(unit).and_then(|number| number.parse::<u32>().ok());
        if let Some(minutes) = unit('m') {
            return Ok(Self::Ago(SignedDuration::from_mins(minutes.into())));
        }
        if let Some(hours) = unit('h') {
            return Ok(Self::Ago(SignedDuration::from_hours(hours.into())));
        }
        if let Some(days) = unit('d') {
            return Ok(Self::Ago(SignedDuration::from_hours(24 * i64::from(days))));
        }
        if let Ok(instant) = text.parse() {
            return Ok(Self::Instant(instant));
        }
        text.parse().map(Self::Office).map_err(|_| {
            format!("`{text}` is no moment; write `2026-11-27`, `2026-11-27 14:30`, or how long ago: `12h`, `7d`")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_type_them() {
        let office = TimeZone::get("Europe/Berlin").expect("a zone");
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().expect("a moment");
        for (typed, meant) in [
            ("2026-11-27", "2026-11-26T23:00:00Z"),
            ("2026-11-27 14:30", "2026-11-27T13:30:00Z"),
            ("2026-11-27T14:30:00Z", "2026-11-27T14:30:00Z"),
            ("90m", "2026-11-28T10:30:00Z"),
            ("12h", "2026-11-28T00:00:00Z"),
            ("7d", "2026-11-21T12:00:00Z"),
        ] {
            let moment: TypedMoment = typed.parse().expect(typed);
            assert_eq!(moment.resolve(&office, now).to_string(), meant, "{typed}");
        }
        for nonsense in ["", "yesterday", "-5d", "2026-13-01", "5 d"] {
            assert!(nonsense.parse::<TypedMoment>().is_err(), "{nonsense}");
        }
    }
}
