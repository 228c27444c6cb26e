use jiff::tz::TimeZone;

use crate::domain::{Span, Value};

/// Letters of a text that are shown.
const LONGEST: usize = 60;

/// A value as a person reads it, short and in quotes where it is a text. Shows clients' data: for the terminal of an
/// administrator, never for a log.
pub(in crate::cli) fn value(value: &Value) -> String {
    match value {
        Value::Text(_) | Value::Address(_) | Value::Categories(_) => quoted(&plain(value)),
        other => plain(other),
    }
}

/// A value in full, without quotes.
pub(in crate::cli) fn plain(value: &Value) -> String {
    value.in_words(span)
}

/// `2026-11-24 09:00 to 10:30`, in the zone the event is meant in.
pub(in crate::cli) fn span(span: &Span) -> String {
    match span {
        Span::AllDay { first, last } if first == last => format!("{first}, all day"),
        Span::AllDay { first, last } => format!("{first} to {last}, all day"),
        Span::Timed { start, end, zone } => {
            let rules = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
            let (start, end) = (start.to_zoned(rules.clone()), end.to_zoned(rules));
            let until = if start.date() == end.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
            format!("{} to {}", start.strftime("%Y-%m-%d %H:%M"), end.strftime(until))
        }
    }
}

fn quoted(text: &str) -> String {
    let mut lines: String = text.chars().take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        lines.push('…');
    }
    format!("\"{}\"", lines.replace('\n', "⏎"))
}
