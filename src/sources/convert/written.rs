//! Days as people write them into text columns: `24.12.2026`, `24/12/2026`, `12-24-2026`. The year has four digits: what two
//! digits mean is a guess, and a birthday or a deadline is not guessed.

use jiff::civil::Date;

const WRONG: &str = "this is no day written with three numbers and a year of four digits";

/// Day, month, year.
pub(super) fn day_month_year(text: &str) -> Result<Date, &'static str> {
    let [day, month, year] = numbers(text)?;
    date(year, month, day)
}

/// Month, day, year.
pub(super) fn month_day_year(text: &str) -> Result<Date, &'static str> {
    let [month, day, year] = numbers(text)?;
    date(year, month, day)
}

fn numbers(text: &str) -> Result<[i16; 3], &'static str> {
    let text = text.trim();
    // The first separator is the only one: 1.2/2026 is a slip of the pen.
    let separator = text.chars().find(|letter| !letter.is_ascii_digit()).filter(|letter| "./-".contains(*letter));
    let parts: Vec<&str> = text.split(separator.ok_or(WRONG)?).map(str::trim).collect();
    let [first, second, year] = parts.try_into().map_err(|_| WRONG)?;
    let number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        let plain = digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if plain { part.parse().map_err(|_| WRONG) } else { Err(WRONG) }
    };
    Ok([number(first, 1..=2)?, number(second, 1..=2)?, number(year, 4..=4)?])
}

fn date(year: i16, month: i16, day: i16) -> Result<Date, &'static str> {
    if (year, month, day) == (0, 0, 0) {
        return Err("this is a zero date");
    }
    let part = |part: i16| i8::try_from(part).map_err(|_| WRONG);
    Date::new(year, part(month)?, part(day)?).map_err(|_| "this day is not in the calendar")
}
