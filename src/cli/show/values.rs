use jiff::tz::TimeZone;

use crate::domain::{Importance, PostalAddress, Reminder, Sensitivity, ShowAs, Span, TaskStatus, Value};

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
    match value {
        Value::Text(text) => text.reveal().clone(),
        Value::Date(date) => date.to_string(),
        Value::Span(span) => self::span(span),
        Value::Address(address) => address_line(address.reveal()),
        Value::Categories(names) => names.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
        Value::Reminder(Reminder::Off) => "off".to_owned(),
        Value::Reminder(Reminder::MinutesBefore(minutes)) => format!("{minutes} minutes before"),
        Value::Reminder(Reminder::At(at)) => at.to_string(),
        Value::ShowAs(show_as) => match show_as {
            ShowAs::Free => "free",
            ShowAs::Tentative => "tentative",
            ShowAs::Busy => "busy",
            ShowAs::Away => "away",
            ShowAs::Elsewhere => "elsewhere",
        }
        .to_owned(),
        Value::Sensitivity(sensitivity) => match sensitivity {
            Sensitivity::Normal => "normal",
            Sensitivity::Personal => "personal",
            Sensitivity::Private => "private",
            Sensitivity::Confidential => "confidential",
        }
        .to_owned(),
        Value::Importance(importance) => match importance {
            Importance::Low => "low",
            Importance::Normal => "normal",
            Importance::High => "high",
        }
        .to_owned(),
        Value::Status(status) => match status {
            TaskStatus::NotStarted => "not started",
            TaskStatus::InProgress => "in progress",
            TaskStatus::Completed => "completed",
            TaskStatus::Waiting => "waiting",
            TaskStatus::Deferred => "deferred",
        }
        .to_owned(),
        Value::Percent(percent) => format!("{percent} %"),
    }
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

fn address_line(address: &PostalAddress) -> String {
    let PostalAddress { street, city, state, postal_code, country } = address;
    let town = [postal_code, city].into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    let parts = [street.replace('\n', ", "), town, state.clone(), country.clone()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
