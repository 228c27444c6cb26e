//! What a store makes of properties beside keeping them: defaults, consequences, and what it refuses.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::{call::Properties, soap::Refusal, times};
use crate::simulator::{
    item::{ItemKind, Property},
    phone,
};

fn text(properties: &Properties, path: &str) -> Option<String> {
    properties.get(path).map(Property::as_text).filter(|text| !text.is_empty())
}

fn set(properties: &mut Properties, path: &str, value: impl Into<String>) {
    properties.insert(path.to_owned(), Property::text(value));
}

fn default(properties: &mut Properties, path: &str, value: &str) {
    properties.entry(path.to_owned()).or_insert_with(|| Property::text(value));
}

/// What a new item has without being told.
pub(in crate::simulator) fn defaults(kind: ItemKind, properties: &mut Properties, lenient: bool) {
    default(properties, "item:Importance", "Normal");
    default(properties, "item:Sensitivity", "Normal");
    match kind {
        ItemKind::Contact => names(properties, true),
        ItemKind::Event => {
            default(properties, "calendar:LegacyFreeBusyStatus", "Busy");
            default(properties, "calendar:IsAllDayEvent", "false");
            if !properties.contains_key("calendar:UID") {
                set(properties, "calendar:UID", uuid::Uuid::new_v4().simple().to_string());
            }
            // An Exchange Server reminds of events a quarter of an hour before unless it is told not to.
            default(properties, "item:ReminderIsSet", if lenient { "false" } else { "true" });
            default(properties, "item:ReminderMinutesBeforeStart", "15");
        }
        ItemKind::Task => {
            default(properties, "task:Status", "NotStarted");
            default(properties, "task:PercentComplete", "0");
            default(properties, "item:ReminderIsSet", "false");
        }
    }
}

/// Names that a store makes of other names. `missing` makes those that are missing, otherwise only what follows a rule.
pub(in crate::simulator) fn names(properties: &mut Properties, missing: bool) {
    let part = |path: &str| text(properties, path).unwrap_or_default();
    let (given, middle, surname) = (part("contacts:GivenName"), part("contacts:MiddleName"), part("contacts:Surname"));
    let company = part("contacts:CompanyName");
    let join = |parts: &[&str], with: &str| {
        parts.iter().copied().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(with)
    };
    let spoken = join(&[&given, &middle, &surname], " ");
    let listed = join(&[&surname, &join(&[&given, &middle], " ")], ", ");
    let or_company = |name: &str| if name.is_empty() { company.clone() } else { name.to_owned() };
    let mapping = text(properties, "contacts:FileAsMapping");
    let filed = match mapping.as_deref() {
        Some("FirstSpaceLast") => Some(spoken.clone()),
        Some("LastCommaFirst") => Some(listed.clone()),
        Some("Company") => Some(company.clone()),
        Some("LastCommaFirstCompany") => Some(join(&[&listed, &company], "\r\n")),
        Some("CompanyLastCommaFirst") => Some(join(&[&company, &listed], "\r\n")),
        _ => missing.then(|| or_company(&listed)),
    };
    if let Some(filed) = filed.filter(|filed| !filed.is_empty())
        && (mapping.is_some_and(|mapping| mapping != "None") || text(properties, "contacts:FileAs").is_none())
    {
        set(properties, "contacts:FileAs", filed);
    }
    if missing && text(properties, "contacts:DisplayName").is_none() {
        let name = or_company(&spoken);
        if !name.is_empty() {
            set(properties, "contacts:DisplayName", name);
        }
    }
}

/// What follows from one property of a task: status, percentage and completion date say the same, and of those that a request
/// names the one that it names last wins.
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/percentcomplete>
pub(in crate::simulator) fn task_consequence(path: &str, properties: &mut Properties, now: Timestamp) {
    let percent = text(properties, "task:PercentComplete").and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    let status = text(properties, "task:Status").unwrap_or_default();
    let full = percent >= 100.0;
    match path {
        "task:Status" if status == "Completed" => phone::complete(properties, now),
        "task:Status" => {
            properties.remove("task:CompleteDate");
            if full || status == "NotStarted" {
                set(properties, "task:PercentComplete", "0");
            }
        }
        "task:PercentComplete" if full => phone::complete(properties, now),
        "task:PercentComplete" => {
            properties.remove("task:CompleteDate");
            if percent > 0.0 && matches!(status.as_str(), "Completed" | "NotStarted" | "") {
                set(properties, "task:Status", "InProgress");
            } else if percent <= 0.0 && matches!(status.as_str(), "Completed" | "InProgress") {
                set(properties, "task:Status", "NotStarted");
            }
        }
        "task:CompleteDate" => {
            let date = properties.get(path).cloned();
            phone::complete(properties, now);
            properties.extend(date.map(|date| (path.to_owned(), date)));
        }
        _ => {}
    }
}

/// Puts an item in order before it is stored, or says why it cannot be.
pub(in crate::simulator) fn finish(
    kind: ItemKind,
    properties: &mut Properties,
    zone: &TimeZone,
    now: Timestamp,
    lenient: bool,
) -> Result<(), Refusal> {
    for path in ["item:Subject", "calendar:Location"] {
        if text(properties, path).is_some_and(|text| text.chars().count() > 255) {
            return Err(Refusal::new(
                "ErrorPropertyValidationFailure",
                format!("`{path}` is longer than 255 characters."),
            ));
        }
    }
    match kind {
        ItemKind::Contact => Ok(()),
        ItemKind::Event => event(properties, zone, now),
        ItemKind::Task if lenient => Ok(()),
        ItemKind::Task => task(properties),
    }
}

fn task(properties: &Properties) -> Result<(), Refusal> {
    let percent = text(properties, "task:PercentComplete").and_then(|text| text.parse::<f64>().ok());
    if percent.is_none_or(|percent| !(0.0..=100.0).contains(&percent)) {
        return Err(Refusal::new("ErrorInvalidPercentCompleteValue", "PercentComplete must be between 0 and 100."));
    }
    Ok(())
}

fn event(properties: &mut Properties, zone: &TimeZone, now: Timestamp) -> Result<(), Refusal> {
    let time = |path: &str| text(properties, path).and_then(|text| text.parse::<Timestamp>().ok());
    // Without times a store takes the next half hour.
    let start = time("calendar:Start").or_else(|| now.round(jiff::Unit::Hour).ok()).unwrap_or(now);
    let end = time("calendar:End").or_else(|| start.checked_add(30.minutes()).ok()).unwrap_or(start);
    if end < start {
        return Err(Refusal::new("ErrorCalendarEndDateIsEarlierThanStartDate", "EndDate is earlier than StartDate."));
    }
    let zone =
        text(properties, "calendar:StartTimeZone").and_then(|id| times::windows_zone(&id)).unwrap_or(zone.clone());
    let latest = start.to_zoned(zone.clone()).checked_add(5.years()).map(|latest| latest.timestamp());
    if latest.is_ok_and(|latest| end > latest) {
        return Err(Refusal::new("ErrorCalendarDurationIsTooLong", "The duration is longer than five years."));
    }
    let minutes = text(properties, "item:ReminderMinutesBeforeStart").and_then(|text| text.trim().parse::<u32>().ok());
    if minutes.is_none_or(|minutes| minutes > 2_629_800) {
        return Err(Refusal::new("ErrorInvalidPropertySet", "ReminderMinutesBeforeStart is out of its range."));
    }
    let (start, end) = match text(properties, "calendar:IsAllDayEvent").as_deref() {
        Some("true") => whole_days(start, end, &zone).unwrap_or((start, end)),
        _ => (start, end),
    };
    set(properties, "calendar:Start", times::kept(start));
    set(properties, "calendar:End", times::kept(end));
    Ok(())
}

/// Whole days in a zone, rounded outward.
fn whole_days(start: Timestamp, end: Timestamp, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let first = start.to_zoned(zone.clone()).start_of_day().ok()?;
    let end = end.to_zoned(zone.clone());
    let day = end.start_of_day().ok()?;
    let last = if day == end && end > first { day } else { day.tomorrow().ok()?.start_of_day().ok()? };
    Some((first.timestamp(), last.timestamp()))
}
