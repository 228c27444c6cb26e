//! Clarion's days and times: whole numbers, counted from 1800-12-28 and in hundredths of a second since midnight, plus one.
//! <http://clarion.help/doku.php?id=standard_date.htm>

use jiff::civil::{Date, Time};

/// The day from which Clarion counts; it is day 0, which stands for none.
const DAY_ZERO: Date = jiff::civil::date(1800, 12, 28);

/// Hundredths of a second in a day.
const DAY: i64 = 8_640_000;

/// The day of a Clarion date.
pub(in crate::sources) fn clarion_date(days: i64) -> Result<Date, &'static str> {
    jiff::Span::new()
        .try_days(days)
        .and_then(|span| DAY_ZERO.checked_add(span))
        .map_err(|_| "this is no day of the Clarion calendar")
}

/// The days of a Clarion date.
pub(in crate::sources) fn clarion_days(date: Date) -> i64 {
    i64::from(DAY_ZERO.until(date).map_or(0, |span| span.get_days()))
}

/// The time of day of a Clarion time.
pub(in crate::sources) fn clarion_time(ticks: i64) -> Result<Time, &'static str> {
    let hundredths = ticks.checked_sub(1).filter(|hundredths| (0..DAY).contains(hundredths));
    let hundredths = hundredths.ok_or("this is no Clarion time of day")?;
    Ok(Time::midnight().wrapping_add(jiff::SignedDuration::from_millis(hundredths * 10)))
}

/// The ticks of a Clarion time.
pub(in crate::sources) fn clarion_ticks(time: Time) -> i64 {
    time.duration_since(Time::midnight()).as_millis().try_into().unwrap_or(0_i64) / 10 + 1
}
