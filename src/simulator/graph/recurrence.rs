//! Series: Graph's pattern and range are EWS's pattern and range in other words.
//! <https://learn.microsoft.com/graph/api/resources/patternedrecurrence>

use serde_json::{Map, Value, json};

use super::{
    answer::Refused,
    fields::{word_of_ews, word_of_graph},
};
use crate::{
    simulator::{ews::Properties, item::Property},
    xml::{self, Element, Writer},
};

/// Pattern of Graph, element of EWS, and what such a pattern must say.
const PATTERNS: &[(&str, &str, &[&str])] = &[
    ("daily", "DailyRecurrence", &[]),
    ("weekly", "WeeklyRecurrence", &["daysOfWeek"]),
    ("absoluteMonthly", "AbsoluteMonthlyRecurrence", &["dayOfMonth"]),
    ("relativeMonthly", "RelativeMonthlyRecurrence", &["daysOfWeek"]),
    ("absoluteYearly", "AbsoluteYearlyRecurrence", &["dayOfMonth", "month"]),
    ("relativeYearly", "RelativeYearlyRecurrence", &["daysOfWeek", "month"]),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Groups of days that have one word in EWS.
const DAY_GROUPS: &[(&str, &[&str])] = &[
    ("Day", &["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]),
    ("Weekday", &["monday", "tuesday", "wednesday", "thursday", "friday"]),
    ("WeekendDay", &["sunday", "saturday"]),
];

/// Writes a recurrence; null removes it.
pub(super) fn apply(value: &Value, path: &str, properties: &mut Properties) -> Result<(), Refused> {
    if value.is_null() {
        properties.remove(path);
        return Ok(());
    }
    let part =
        |name: &str| value.get(name).and_then(Value::as_object).ok_or_else(|| invalid(&format!("'{name}' is missing")));
    let mut writer = Writer::new();
    pattern(&mut writer, part("pattern")?)?;
    range(&mut writer, part("range")?)?;
    properties.insert(path.to_owned(), Property::Fragment(writer.into_string()));
    Ok(())
}

fn invalid(why: &str) -> Refused {
    Refused::bad("ErrorInvalidRequest", format!("The recurrence is not valid: {why}."))
}

fn pattern(writer: &mut Writer, pattern: &Map<String, Value>) -> Result<(), Refused> {
    let kind = pattern.get("type").and_then(Value::as_str).unwrap_or_default();
    let (_, element, needed) =
        PATTERNS.iter().find(|(known, ..)| *known == kind).ok_or_else(|| invalid("the pattern has no type"))?;
    if let Some(missing) = needed.iter().find(|name| !pattern.contains_key(**name)) {
        return Err(invalid(&format!("a pattern '{kind}' needs '{missing}'")));
    }
    let number = |name: &str| pattern.get(name).and_then(Value::as_i64);
    let interval = number("interval").unwrap_or_default();
    if !(1..=999).contains(&interval) {
        return Err(invalid("'interval' must be at least 1"));
    }
    let days: Vec<&str> =
        pattern.get("daysOfWeek").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if needed.contains(&"daysOfWeek") && days.is_empty() {
        return Err(invalid("'daysOfWeek' is empty"));
    }
    let relative = kind.starts_with("relative");
    let month = number("month").and_then(|month| MONTHS.get(usize::try_from(month).ok()?.checked_sub(1)?));
    if needed.contains(&"month") && month.is_none() {
        return Err(invalid("'month' must be between 1 and 12"));
    }
    let day = number("dayOfMonth").unwrap_or_default();
    if needed.contains(&"dayOfMonth") && !(1..=31).contains(&day) {
        return Err(invalid("'dayOfMonth' must be between 1 and 31"));
    }
    writer.element(&format!("t:{element}"), &[], |writer| {
        // A yearly pattern has no interval in EWS.
        if !kind.ends_with("Yearly") {
            writer.text("t:Interval", &interval.to_string());
        }
        if kind == "weekly" || relative {
            writer.text("t:DaysOfWeek", &days_of_graph(&days, relative));
        }
        if relative {
            let index = pattern.get("index").and_then(Value::as_str).unwrap_or("first");
            writer.text("t:DayOfWeekIndex", &word_of_graph(index));
        }
        if kind.starts_with("absolute") {
            writer.text("t:DayOfMonth", &day.to_string());
        }
        if let Some(month) = month.filter(|_| kind.ends_with("Yearly")) {
            writer.text("t:Month", month);
        }
        if kind == "weekly" {
            let first = pattern.get("firstDayOfWeek").and_then(Value::as_str).unwrap_or("sunday");
            writer.text("t:FirstDayOfWeek", &word_of_graph(first));
        }
    });
    Ok(())
}

fn days_of_graph(days: &[&str], relative: bool) -> String {
    let same = |group: &&(&str, &[&str])| group.1.len() == days.len() && group.1.iter().all(|day| days.contains(day));
    match DAY_GROUPS.iter().find(same).filter(|_| relative) {
        Some((word, _)) => (*word).to_owned(),
        None => days.iter().map(|day| word_of_graph(day)).collect::<Vec<_>>().join(" "),
    }
}

fn range(writer: &mut Writer, range: &Map<String, Value>) -> Result<(), Refused> {
    let day = |name: &str| range.get(name).and_then(Value::as_str);
    let start = day("startDate").ok_or_else(|| invalid("'startDate' is missing"))?;
    let (element, name, end) = match range.get("type").and_then(Value::as_str) {
        Some("noEnd") => ("t:NoEndRecurrence", "", None),
        Some("endDate") => {
            let end = day("endDate").ok_or_else(|| invalid("'endDate' is missing"))?;
            if end < start {
                return Err(invalid("it ends before it starts"));
            }
            ("t:EndDateRecurrence", "t:EndDate", Some(end.to_owned()))
        }
        Some("numbered") => {
            let number =
                range.get("numberOfOccurrences").and_then(Value::as_i64).filter(|number| (1..=999).contains(number));
            let number = number.ok_or_else(|| invalid("'numberOfOccurrences' must be between 1 and 999"))?;
            ("t:NumberedRecurrence", "t:NumberOfOccurrences", Some(number.to_string()))
        }
        _ => return Err(invalid("the range has no type")),
    };
    writer.element(element, &[], |writer| {
        writer.text("t:StartDate", start);
        if let Some(end) = end {
            writer.text(name, &end);
        }
    });
    Ok(())
}

/// A recurrence as an entity shows it; `None` where there is none, and for one that Graph has no words for.
pub(super) fn show(properties: &Properties, path: &str, zone: Option<&str>) -> Option<Value> {
    let Some(Property::Fragment(fragment)) = properties.get(path) else { return None };
    let document = format!("<r xmlns:t=\"urn:t\">{fragment}</r>");
    let document = xml::parse(document.as_bytes()).ok()?;
    let [pattern, range] = document.children() else { return None };
    let (kind, ..) = PATTERNS.iter().find(|(_, element, _)| *element == pattern.name())?;
    let number = |element: &Element, name: &str| element.text_of(name).and_then(|text| text.trim().parse::<i32>().ok());
    let mut days = Vec::new();
    for word in pattern.text_of("DaysOfWeek").unwrap_or_default().split_whitespace() {
        match DAY_GROUPS.iter().find(|(known, _)| *known == word) {
            Some((_, group)) => days.extend(group.iter().map(|day| (*day).to_owned())),
            None => days.push(word_of_ews(word)),
        }
    }
    let month = pattern.text_of("Month").and_then(|name| MONTHS.iter().position(|known| *known == name));
    let shown = json!({
        "type": kind,
        "interval": number(pattern, "Interval").unwrap_or(1),
        "month": month.map_or(0, |month| month + 1),
        "dayOfMonth": number(pattern, "DayOfMonth").unwrap_or(0),
        "daysOfWeek": days,
        "firstDayOfWeek": word_of_ews(pattern.text_of("FirstDayOfWeek").unwrap_or("Sunday")),
        "index": word_of_ews(pattern.text_of("DayOfWeekIndex").unwrap_or("First")),
    });
    // With or without an offset, a day is a day.
    let day = |name: &str| range.text_of(name).and_then(|text| text.get(..10)).map(str::to_owned);
    let kind = match range.name() {
        "EndDateRecurrence" => "endDate",
        "NumberedRecurrence" => "numbered",
        "NoEndRecurrence" => "noEnd",
        _ => return None,
    };
    Some(json!({
        "pattern": shown,
        "range": {
            "type": kind,
            "startDate": day("StartDate"),
            "endDate": day("EndDate").unwrap_or_else(|| "0001-01-01".to_owned()),
            "recurrenceTimeZone": zone,
            "numberOfOccurrences": number(range, "NumberOfOccurrences").unwrap_or(0),
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_and_range_comes_back_as_it_was() {
        let patterns = [
            json!({"type": "daily", "interval": 3}),
            json!({"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "friday"], "firstDayOfWeek": "monday"}),
            json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}),
            json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "last"}),
            json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["sunday", "saturday"], "index": "second"}),
            json!({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 29, "month": 2}),
            json!({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["sunday"], "index": "first", "month": 12}),
        ];
        let ranges = [
            json!({"type": "noEnd", "startDate": "2026-11-23"}),
            json!({"type": "endDate", "startDate": "2026-11-23", "endDate": "2027-11-23"}),
            json!({"type": "numbered", "startDate": "2026-11-23", "numberOfOccurrences": 6}),
        ];
        for pattern in &patterns {
            for range in &ranges {
                let mut properties = Properties::new();
                apply(&json!({"pattern": pattern, "range": range}), "x", &mut properties).expect("a recurrence");
                let shown = show(&properties, "x", None).expect("a recurrence");
                for (part, given) in [("pattern", pattern), ("range", range)] {
                    for (name, value) in given.as_object().expect("an object") {
                        assert_eq!(&shown[part][name], value, "{given}");
                    }
                }
            }
        }
    }

    #[test]
    fn half_a_recurrence_is_refused() {
        let range = json!({"type": "noEnd", "startDate": "2026-11-23"});
        let daily = json!({"type": "daily", "interval": 1});
        for wrong in [
            json!({"pattern": daily}),
            json!({"pattern": {"type": "daily"}, "range": range}),
            json!({"pattern": {"type": "weekly", "interval": 1}, "range": range}),
            json!({"pattern": {"type": "absoluteYearly", "interval": 1, "dayOfMonth": 1, "month": 13}, "range": range}),
            json!({"pattern": daily, "range": {"type": "endDate", "startDate": "2026-11-23", "endDate": "2026-11-22"}}),
            json!({"pattern": daily, "range": {"type": "numbered", "startDate": "2026-11-23"}}),
        ] {
            assert!(apply(&wrong, "x", &mut Properties::new()).is_err(), "{wrong}");
        }
    }
}
