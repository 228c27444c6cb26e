//! What the sampled values of a column look like, in counts: no value is kept.

use std::collections::{BTreeSet, HashSet};

use jiff::civil::Time;

use crate::sources::{
    cell::Cell,
    rows::{Moment, is_email, moment_of, time_of},
};

/// Days of the Clarion calendar that an office's rows can have: 1990-01-01 to 2099-12-31.
const DAYS: std::ops::RangeInclusive<i64> = 69_033..=109_209;

/// The same in years.
const YEARS: std::ops::Range<i16> = 1990..2100;

/// Hundredths of a second in a day.
const DAY: i64 = 8_640_000;

/// Counts over the sampled rows of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Sampled rows.
    pub rows: u32,
    /// Rows with something that is not zero.
    pub filled: u32,
    /// Different values among those.
    pub distinct: u32,
    /// Whole numbers, or days of the database's own, that are days between 1990 and 2100.
    pub days: u32,
    /// Whole numbers, or times of the database's own, that are a time of day, to the second.
    pub times: u32,
    /// Initials of somebody of the staff.
    pub initials: u32,
    /// Keys: 16 hexadecimal digits.
    pub keys: u32,
    /// E-mail addresses.
    pub emails: u32,
    /// Telephone numbers.
    pub phones: u32,
    /// Texts of several words.
    pub words: u32,
    /// Texts that begin with a number and go on with a word, as streets do in some countries, or end with one, as in others.
    pub streets: u32,
    /// Five digits, with four more perhaps.
    pub postal_codes: u32,
    /// Two capital letters.
    pub states: u32,
    /// Days as people write them.
    pub written_days: u32,
    /// Characters of the longest text.
    pub longest: u32,
}

impl Shape {
    /// Looks at the values of a column. `initials` are those of the staff.
    pub(super) fn of<'c>(cells: impl IntoIterator<Item = &'c Cell>, initials: &BTreeSet<String>) -> Self {
        let mut shape = Self::default();
        let mut seen = HashSet::new();
        for cell in cells {
            shape.rows += 1;
            let text = match cell {
                Cell::Integer(number) => {
                    shape.number(*number);
                    number.to_string()
                }
                Cell::Text(text) => text.trim().to_owned(),
                Cell::Real(number) => number.to_string(),
                Cell::Null | Cell::Garbled(_) | Cell::Blob(_) => String::new(),
            };
            if text.is_empty() || text == "0" {
                continue;
            }
            shape.filled += 1;
            shape.initials += u32::from(initials.contains(&text));
            if matches!(cell, Cell::Text(_)) {
                shape.text(&text);
            }
            if seen.insert(text) {
                shape.distinct += 1;
            }
        }
        shape
    }

    fn number(&mut self, number: i64) {
        self.days += u32::from(DAYS.contains(&number));
        self.times += u32::from((1..=DAY).contains(&number) && (number - 1) % 100 == 0);
    }

    fn text(&mut self, text: &str) {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
        let blank = text.contains(char::is_whitespace);
        let all = |fits: fn(char) -> bool| text.chars().all(fits);
        let count = |fits: bool| u32::from(fits);
        let year = match moment_of(text) {
            Ok(Moment::Day(day)) => Some(day.year()),
            Ok(Moment::Wall(wall)) => Some(wall.year()),
            Ok(Moment::Instant(_)) | Err(_) => None,
        };
        self.days += count(year.is_some_and(|year| YEARS.contains(&year)));
        // A day that has no time is told as one at midnight.
        self.times += count(text.contains(':') && time_of(text).is_ok_and(|(time, _)| time != Time::midnight()));
        self.longest = self.longest.max(u32::try_from(text.chars().count()).unwrap_or(u32::MAX));
        self.keys += count(text.len() == 16 && all(|letter| letter.is_ascii_hexdigit()));
        self.emails += count(is_email(text));
        self.phones +=
            count((6..=20).contains(&digits) && all(|letter| letter.is_ascii_digit() || " +-()./x".contains(letter)))
                * count(!is_written_day(text));
        self.words += count(blank && letters > digits);
        let number_at_an_end = |at: Option<char>| at.is_some_and(|letter| letter.is_ascii_digit());
        self.streets += count(
            blank
                && letters > 2
                && (number_at_an_end(text.chars().next()) || number_at_an_end(text.chars().next_back())),
        );
        self.postal_codes +=
            count((digits == 5 || digits == 9) && all(|letter| letter.is_ascii_digit() || letter == '-'));
        self.states += count(text.len() == 2 && all(|letter| letter.is_ascii_uppercase()));
        self.written_days += count(is_written_day(text));
    }

    /// How many of the rows that hold something are so, in percent.
    #[must_use]
    pub fn share(&self, count: u32) -> u32 {
        let share = (u64::from(count) * 100).checked_div(u64::from(self.filled)).unwrap_or(0);
        u32::try_from(share).unwrap_or(100).min(100)
    }
}

/// Three numbers between dots, slashes or dashes.
fn is_written_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['.', '/', '-']).map(str::trim).collect();
    parts.len() == 3
        && parts.iter().all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
}
