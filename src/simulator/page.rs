//! The phone as a page: what a mailbox's user would see, read from the mailbox and from nowhere else.
//!
//! Times are shown in the zone that the event was written in. The page reloads itself every few seconds; a link stops that.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{ItemView, MailboxView, SimulatorError, ews::text_of_html, item::Property, world::World};
use crate::domain::zone;

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new().route("/", get(index)).route("/phone/{address}", get(phone)).with_state(world)
}

#[derive(Template)]
#[template(path = "simulator/index.html")]
struct Index {
    mailboxes: Vec<Link>,
}

/// Something to press.
struct Link {
    label: String,
    text: String,
    target: String,
}

impl Link {
    fn new(label: &str, text: &str, scheme: &str) -> Self {
        let target = format!("{scheme}{}", utf8_percent_encode(text, NON_ALPHANUMERIC));
        Self { label: label.to_owned(), text: text.to_owned(), target }
    }
}

async fn index(State(world): State<Arc<World>>) -> Response {
    let mailboxes = world.addresses();
    html(&Index { mailboxes: mailboxes.iter().map(|address| Link::new("", address, "/phone/")).collect() })
}

#[derive(Deserialize)]
struct Options {
    refresh: Option<String>,
}

async fn phone(
    State(world): State<Arc<World>>,
    Path(address): Path<String>,
    Query(options): Query<Options>,
) -> Result<Response, SimulatorError> {
    let view = world.view(&address)?;
    let refresh = options.refresh.as_deref() != Some("off");
    Ok(html(&Phone::of(&view, Timestamp::now(), refresh)))
}

/// A page as an answer.
pub(super) fn html(template: &impl Template) -> Response {
    match template.render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => {
            tracing::error!("a page of the simulator cannot be rendered: {error}");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "simulator/phone.html")]
struct Phone {
    address: String,
    refresh: bool,
    days: Vec<Day>,
    earlier: usize,
    open: Vec<Task>,
    done: Vec<Task>,
    contacts: Vec<Contact>,
    deleted: usize,
}

struct Day {
    heading: String,
    today: bool,
    events: Vec<Event>,
}

struct Event {
    time: String,
    subject: String,
    place: String,
    marks: Vec<String>,
    notes: String,
}

struct Task {
    subject: String,
    due: String,
    late: bool,
    marks: Vec<String>,
    notes: String,
}

struct Contact {
    name: String,
    about: String,
    links: Vec<Link>,
    details: Vec<(String, String)>,
    notes: String,
}

impl Phone {
    fn of(view: &MailboxView, now: Timestamp, refresh: bool) -> Self {
        let mut days: BTreeMap<Date, Vec<(bool, Timestamp, Event)>> = BTreeMap::new();
        let mut earlier = BTreeSet::new();
        let mut today = now.to_zoned(TimeZone::system()).date();
        for item in view.events() {
            let zone = time_zone(item);
            let Some((start, end)) = item.time("calendar:Start").zip(item.time("calendar:End")) else { continue };
            let (start, end) = (start.to_zoned(zone.clone()), end.to_zoned(zone.clone()));
            today = now.to_zoned(zone).date();
            let all_day = item.is("calendar:IsAllDayEvent");
            for day in days_of(&start, &end, all_day) {
                if day < today {
                    earlier.insert(item.id.clone());
                    continue;
                }
                let event = event(item, &start, &end, all_day, day);
                days.entry(day).or_default().push((!all_day, start.timestamp(), event));
            }
        }
        let days = days
            .into_iter()
            .map(|(date, mut events)| {
                events.sort_by_key(|(timed, start, _)| (*timed, *start));
                Day {
                    heading: date.strftime("%A, %-d %B %Y").to_string(),
                    today: date == today,
                    events: events.into_iter().map(|(.., event)| event).collect(),
                }
            })
            .collect();
        let (done, mut open): (Vec<&ItemView>, Vec<&ItemView>) =
            view.tasks().into_iter().partition(|task| task.text("task:Status").as_deref() == Some("Completed"));
        open.sort_by_key(|task| (task.text("task:DueDate").is_none(), task.text("task:DueDate")));
        let mut contacts: Vec<Contact> = view.contacts().into_iter().map(contact).collect();
        contacts.sort_by_key(|contact| contact.name.to_lowercase());
        Self {
            address: view.address.clone(),
            refresh,
            days,
            earlier: earlier.len(),
            open: open.into_iter().map(|item| task(item, today)).collect(),
            done: done.into_iter().map(|item| task(item, today)).collect(),
            contacts,
            deleted: view.deleted().len(),
        }
    }
}

fn time_zone(item: &ItemView) -> TimeZone {
    item.text("calendar:StartTimeZone").and_then(|id| TimeZone::get(zone::iana(&id)?).ok()).unwrap_or(TimeZone::UTC)
}

/// The days on which an event is shown. An all-day event ends at midnight of the day after its last.
fn days_of(start: &Zoned, end: &Zoned, all_day: bool) -> Vec<Date> {
    let last = match end.date() {
        day if day > start.date() && (all_day || end.time() == jiff::civil::Time::midnight()) => {
            day.yesterday().unwrap_or(day)
        }
        day => day,
    };
    // A holiday of months is told on its first days; nobody scrolls through the rest.
    start.date().series(jiff::Span::new().days(1)).take_while(|day| *day <= last).take(31).collect()
}

fn event(item: &ItemView, start: &Zoned, end: &Zoned, all_day: bool, day: Date) -> Event {
    let clock = |zoned: &Zoned| zoned.strftime("%H:%M").to_string();
    let time = match (all_day, start.date() == day, end.date() == day) {
        (true, ..) | (_, false, false) => "all day".to_owned(),
        (_, true, true) => format!("{}–{}", clock(start), clock(end)),
        (_, true, false) => format!("from {}", clock(start)),
        (_, false, true) => format!("until {}", clock(end)),
    };
    let mut marks = marks(item);
    marks.extend(match item.text("calendar:LegacyFreeBusyStatus").as_deref() {
        Some("Free") => Some("free".to_owned()),
        Some("Tentative") => Some("tentative".to_owned()),
        Some("OOF") => Some("away".to_owned()),
        Some("WorkingElsewhere") => Some("working elsewhere".to_owned()),
        _ => None,
    });
    if item.is("item:ReminderIsSet") {
        let minutes = item.text("item:ReminderMinutesBeforeStart").unwrap_or_default();
        marks.push(format!("reminder {minutes} min before"));
    }
    Event {
        time,
        subject: subject(item),
        place: item.text("calendar:Location").unwrap_or_default(),
        marks,
        notes: notes(item),
    }
}

fn task(item: &ItemView, today: Date) -> Task {
    let due = item.text("task:DueDate").and_then(|due| due.get(..10)?.parse::<Date>().ok());
    let done = item.text("task:Status").as_deref() == Some("Completed");
    let mut marks = marks(item);
    marks.extend(match item.text("item:Importance").as_deref() {
        Some("High") => Some("important".to_owned()),
        Some("Low") => Some("low priority".to_owned()),
        _ => None,
    });
    marks.extend(match item.text("task:Status").as_deref() {
        Some("InProgress") => Some(format!("{} %", item.text("task:PercentComplete").unwrap_or_default())),
        Some("WaitingOnOthers") => Some("waiting".to_owned()),
        Some("Deferred") => Some("deferred".to_owned()),
        _ => None,
    });
    Task {
        subject: subject(item),
        due: due.map(|due| due.strftime("%a, %-d %b %Y").to_string()).unwrap_or_default(),
        late: !done && due.is_some_and(|due| due < today),
        marks,
        notes: notes(item),
    }
}

fn contact(item: &ItemView) -> Contact {
    let text = |path: &str| item.text(path).filter(|text| !text.is_empty());
    let name =
        text("contacts:DisplayName").or_else(|| text("contacts:FileAs")).or_else(|| text("contacts:CompanyName"));
    let about: Vec<String> =
        ["contacts:JobTitle", "contacts:Department", "contacts:CompanyName"].into_iter().filter_map(text).collect();
    let dictionary = |start: &str| -> Vec<(String, String)> {
        item.properties
            .iter()
            .filter_map(|(path, property)| Some((path.strip_prefix(start)?.to_owned(), property.as_text())))
            .filter(|(_, text)| !text.is_empty())
            .collect()
    };
    let phones = dictionary("contacts:PhoneNumber#");
    let emails = dictionary("contacts:EmailAddress#");
    let links = phones
        .iter()
        .map(|(key, number)| Link::new(&label(key), number, "tel:"))
        .chain(emails.iter().map(|(_, address)| Link::new("e-mail", address, "mailto:")))
        .collect();
    let mut details: Vec<(String, String)> = Vec::new();
    for key in ["Business", "Home", "Other"] {
        let parts: Vec<String> = ["Street", "PostalCode", "City", "State", "CountryOrRegion"]
            .iter()
            .filter_map(|part| text(&format!("contacts:PhysicalAddress:{part}#{key}")))
            .collect();
        if !parts.is_empty() {
            details.push((format!("{key} address"), parts.join(", ")));
        }
    }
    let birthday = text("contacts:Birthday").and_then(|birthday| birthday.get(..10)?.parse::<Date>().ok());
    details.extend(birthday.map(|day| ("Birthday".to_owned(), day.strftime("%-d %B %Y").to_string())));
    details.extend(text("contacts:BusinessHomePage").map(|page| ("Web page".to_owned(), page)));
    details.extend(text("contacts:AssistantName").map(|name| ("Assistant".to_owned(), name)));
    let marks = marks(item);
    if !marks.is_empty() {
        details.push(("Marks".to_owned(), marks.join(", ")));
    }
    Contact {
        name: name.unwrap_or_else(|| "(no name)".to_owned()),
        about: about.join(" · "),
        links,
        details,
        notes: notes(item),
    }
}

/// `BusinessPhone2` as people say it.
fn label(key: &str) -> String {
    let mut label = String::new();
    for character in key.trim_end_matches("Phone").chars() {
        if (character.is_uppercase() || character.is_ascii_digit()) && !label.is_empty() {
            label.push(' ');
        }
        label.extend(character.to_lowercase());
    }
    label
}

fn subject(item: &ItemView) -> String {
    item.text("item:Subject").filter(|subject| !subject.is_empty()).unwrap_or_else(|| "(no subject)".to_owned())
}

fn marks(item: &ItemView) -> Vec<String> {
    let mut marks: Vec<String> = match item.properties.get("item:Categories") {
        Some(Property::List(names)) => names.clone(),
        _ => Vec::new(),
    };
    let sensitivity = item.text("item:Sensitivity").filter(|sensitivity| sensitivity != "Normal");
    marks.extend(sensitivity.map(|sensitivity| sensitivity.to_lowercase()));
    marks
}

fn notes(item: &ItemView) -> String {
    match item.properties.get("item:Body") {
        Some(Property::Body { html: true, text }) => text_of_html(text),
        Some(property) => property.as_text(),
        None => String::new(),
    }
}
