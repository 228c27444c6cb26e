//! When to tick: a cron expression as administrators write it.
//!
//! The `cron` crate speaks Quartz: it wants seconds, counts Sunday as 1 and lets an event happen only when *both* day fields
//! match (zslayton/cron issue 113). People write POSIX: five fields, Sunday is 0 or 7, and with both day fields set either is
//! enough. This type translates, so that `0 9 * * 1` is Monday and `*/2 * * * *` is every two minutes.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// A cron expression of five fields (minute hour day month weekday) or six (seconds first).
#[derive(Clone, Debug)]
pub struct Schedule {
    expression: String,
    /// One, or two when both day fields are set: either is enough.
    alternatives: Vec<cron::Schedule>,
    /// Whether hours are left open. Such a schedule goes by elapsed time and does not pause in the hour that a clock change repeats.
    every_hour: bool,
}

/// The expression cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}` is not a schedule: {why}; every two minutes is `*/2 * * * *`")]
pub struct ScheduleError {
    expression: String,
    why: String,
}

impl Schedule {
    /// The first moment strictly after `after`, as clocks in `zone` show it. `None` when there is none (30 February).
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = zone.to_datetime(after);
        let offset = zone.to_offset(after);
        self.alternatives
            .iter()
            .filter_map(|schedule| {
                let mut from = local;
                // A time that falls into the repeated hour may resolve to a moment already past; two steps lead out of it, the
                // bound is for certainty.
                for _ in 0..200 {
                    let next = next_civil(schedule, from)?;
                    let moment =
                        if self.every_hour { offset.to_timestamp(next).ok()? } else { zone.to_timestamp(next).ok()? };
                    if moment > after {
                        return Some(moment);
                    }
                    from = next;
                }
                None
            })
            .min()
    }

    /// The shortest time between the next few moments: what counts as "late".
    pub fn usual_gap(&self, from: Timestamp, zone: &TimeZone) -> Option<SignedDuration> {
        let first = self.next_after(from, zone)?;
        let second = self.next_after(first, zone)?;
        Some(second.duration_since(first))
    }
}

fn next_civil(schedule: &cron::Schedule, from: DateTime) -> Option<DateTime> {
    let seconds = jiff::tz::Offset::UTC.to_timestamp(from).ok()?.as_second();
    let from = chrono::DateTime::from_timestamp(seconds, 0)?;
    let next = schedule.after(&from).next()?;
    let next = Timestamp::from_second(next.timestamp()).ok()?;
    Some(jiff::tz::Offset::UTC.to_datetime(next))
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(expression: &str) -> Result<Self, Self::Err> {
        let error = |why: String| ScheduleError { expression: expression.to_owned(), why };
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let (seconds, fields) = match fields.as_slice() {
            [minute, hour, day, month, weekday] => ("0", [*minute, *hour, *day, *month, *weekday]),
            [seconds, minute, hour, day, month, weekday] => (*seconds, [*minute, *hour, *day, *month, *weekday]),
            other => return Err(error(format!("it has {} fields where 5 or 6 are needed", other.len()))),
        };
        let [minute, hour, day, month, weekday] = fields;
        let weekday = quartz_weekdays(weekday).map_err(&error)?;
        let parse = |day: &str, weekday: &str| {
            cron::Schedule::from_str(&format!("{seconds} {minute} {hour} {day} {month} {weekday}"))
                .map_err(|why| error(why.to_string()))
        };
        let open = |field: &str| field == "*" || field == "?";
        let alternatives = if open(day) || open(&weekday) {
            vec![parse(day, &weekday)?]
        } else {
            vec![parse(day, "*")?, parse("*", &weekday)?]
        };
        let schedule = Self { expression: expression.to_owned(), alternatives, every_hour: hour.starts_with('*') };
        if schedule.next_after(Timestamp::UNIX_EPOCH, &TimeZone::UTC).is_none() {
            return Err(error("no such day ever comes".to_owned()));
        }
        Ok(schedule)
    }
}

/// POSIX weekdays (Sunday 0 or 7, Monday 1) as the names that the crate understands the same way. Names pass unchanged.
fn quartz_weekdays(field: &str) -> Result<String, String> {
    const NAMES: [&str; 8] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let mut days = [false; 7];
    if field == "*" || field == "?" {
        return Ok(field.to_owned());
    }
    let number = |word: &str| -> Result<usize, String> {
        if let Ok(number) = word.parse::<usize>() {
            return if number <= 7 { Ok(number) } else { Err(format!("weekday {number} is not between 0 and 7")) };
        }
        let short = word.get(..3).unwrap_or(word);
        NAMES.iter().position(|name| name.eq_ignore_ascii_case(short)).ok_or_else(|| format!("`{word}` is no weekday"))
    };
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => {
                (range, step.parse::<usize>().ok().filter(|step| *step > 0).ok_or("a step must be a number above 0")?)
            }
            None => (part, 1),
        };
        let (first, last) = match range.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None if range == "*" => (0, 6),
            None if step > 1 => (number(range)?, 6),
            None => (number(range)?, number(range)?),
        };
        // `Fri-Mon` and `5-1` go over the week's end.
        let last = if last < first { last + 7 } else { last };
        for day in (first..=last).step_by(step) {
            days[day % 7] = true;
        }
    }
    let named: Vec<&str> = NAMES.iter().zip(days).filter(|(_, wanted)| *wanted).map(|(name, _)| *name).collect();
    Ok(named.join(","))
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.expression)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.expression == other.expression
    }
}

impl Serialize for Schedule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.expression)
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next moments after `from`, as local time in Berlin.
    fn following(expression: &str, from: &str, count: usize) -> Vec<String> {
        let zone = TimeZone::get("Europe/Berlin").expect("bundled");
        let schedule: Schedule = expression.parse().expect(expression);
        let mut moment: Timestamp = from.parse().expect(from);
        let mut found = Vec::new();
        for _ in 0..count {
            let Some(next) = schedule.next_after(moment, &zone) else { break };
            moment = next;
            found.push(moment.to_zoned(zone.clone()).strftime("%a %m-%d %H:%M:%S %:z").to_string());
        }
        found
    }

    #[test]
    fn five_fields_mean_minutes_first() {
        assert_eq!(
            following("*/2 * * * *", "2026-11-22T08:00:30Z", 2),
            ["Sun 11-22 09:02:00 +01:00", "Sun 11-22 09:04:00 +01:00"]
        );
    }

    #[test]
    fn six_fields_begin_with_seconds() {
        assert_eq!(following("*/15 * * * * *", "2026-11-22T08:00:01Z", 1), ["Sun 11-22 09:00:15 +01:00"]);
    }

    #[test]
    fn weekdays_are_counted_as_posix_does() {
        assert_eq!(following("0 9 * * 1", "2026-11-22T00:00:00Z", 1), ["Mon 11-23 09:00:00 +01:00"]);
        for sunday in ["0", "7", "Sun", "sunday"] {
            assert_eq!(
                following(&format!("0 9 * * {sunday}"), "2026-11-23T00:00:00Z", 1),
                ["Sun 11-29 09:00:00 +01:00"]
            );
        }
        assert_eq!(
            following("0 9 * * Fri-Mon", "2026-11-24T00:00:00Z", 4),
            [
                "Fri 11-27 09:00:00 +01:00",
                "Sat 11-28 09:00:00 +01:00",
                "Sun 11-29 09:00:00 +01:00",
                "Mon 11-30 09:00:00 +01:00"
            ]
        );
    }

    #[test]
    fn with_both_day_fields_either_is_enough() {
        assert_eq!(
            following("0 9 13 * 5", "2026-11-10T00:00:00Z", 4),
            [
                "Fri 11-13 09:00:00 +01:00",
                "Fri 11-20 09:00:00 +01:00",
                "Fri 11-27 09:00:00 +01:00",
                "Fri 12-04 09:00:00 +01:00"
            ]
        );
        assert_eq!(following("0 9 15 * 5", "2026-11-14T00:00:00Z", 1), ["Sun 11-15 09:00:00 +01:00"]);
    }

    #[test]
    fn a_time_in_the_gap_comes_after_it_and_one_in_the_overlap_comes_once() {
        assert_eq!(
            following("30 2 * * *", "2026-03-28T12:00:00Z", 2),
            ["Sun 03-29 03:30:00 +02:00", "Mon 03-30 02:30:00 +02:00"]
        );
        assert_eq!(
            following("30 2 * * *", "2026-10-24T12:00:00Z", 2),
            ["Sun 10-25 02:30:00 +02:00", "Mon 10-26 02:30:00 +01:00"]
        );
    }

    #[test]
    fn the_two_minute_beat_does_not_pause_when_the_clock_changes() {
        for night in ["2026-03-29", "2026-10-25"] {
            let zone = TimeZone::get("Europe/Berlin").expect("bundled");
            let schedule: Schedule = "*/2 * * * *".parse().expect("valid");
            let mut moment: Timestamp = format!("{night}T00:00:00Z").parse().expect("valid");
            for _ in 0..90 {
                let next = schedule.next_after(moment, &zone).expect("there is always one");
                assert_eq!(next.duration_since(moment), SignedDuration::from_mins(2), "after {moment}");
                moment = next;
            }
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_the_reason() {
        for (expression, why) in
            [("* * *", "3 fields"), ("61 * * * *", "61"), ("0 9 * * 8", "weekday 8"), ("0 0 30 2 *", "no such day")]
        {
            let error = expression.parse::<Schedule>().expect_err(expression).to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
