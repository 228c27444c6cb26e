//! Values as a person reads them.

use super::{Importance, PostalAddress, Reminder, Sensitivity, ShowAs, Span, TaskStatus, Value};

impl Value {
    /// In full, without quotes; when something is, is said by `when`. Shows clients' data: for a person who may see it.
    #[must_use]
    pub fn in_words(&self, when: impl Fn(&Span) -> String) -> String {
        match self {
            Value::Text(text) => text.reveal().clone(),
            Value::Date(date) => date.to_string(),
            Value::Span(span) => when(span),
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
}

fn address_line(address: &PostalAddress) -> String {
    let PostalAddress { street, city, state, postal_code, country } = address;
    let town = [postal_code, city].into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    let parts = [street.replace('\n', ", "), town, state.clone(), country.clone()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
