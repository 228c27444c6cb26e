//! Delta queries: everything once, and then what changed.
//! <https://learn.microsoft.com/graph/delta-query-overview>

use axum::http::StatusCode;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
    event, identity,
    view::{self, Shape},
};
use crate::simulator::{
    changes::{Change, changes},
    faults::Fault,
    item::{Item, ItemKind},
    mailbox::Mailbox,
};

/// So many on a page, when nothing else is preferred.
const PAGE: usize = 50;

/// Where a query goes on: bound to a mailbox and a folder, with everything that was asked for in the beginning.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Token {
    mailbox: uuid::Uuid,
    folder: u64,
    position: u64,
    /// Whether the first round is over.
    done: bool,
    options: Vec<(String, String)>,
}

impl Token {
    fn write(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        let check = text.bytes().fold(7_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        URL_SAFE_NO_PAD.encode(format!("{check:02x}{text}"))
    }

    fn read(text: &str) -> Option<Self> {
        let decoded = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let token: Self = serde_json::from_str(decoded.get(2..)?).ok()?;
        (token.write() == text).then_some(token)
    }
}

fn expired() -> Refused {
    Refused::new(StatusCode::GONE, "SyncStateNotFound", "The sync state generation is not found.")
}

/// What a query was asked for in the beginning, and from where it goes on.
fn begun(call: &Call<'_>, mailbox: &Mailbox, folder: u64, known: &[&str]) -> Result<Token, Refused> {
    let given = call.asked.option("$deltatoken").or(call.asked.option("$skiptoken"));
    let Some(text) = given else {
        call.asked.knows(known)?;
        let options = call.asked.options.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        return Ok(Token { mailbox: mailbox.guid, folder, position: 0, done: false, options });
    };
    call.asked.knows(&["$deltatoken", "$skiptoken", "$top"])?;
    let token = Token::read(text).ok_or_else(|| Refused::bad("BadRequest", "Badly formed token."))?;
    let spoilt = call.strike(|fault| (*fault == Fault::InvalidSyncState).then_some(())).is_some();
    if spoilt || token.mailbox != mailbox.guid || token.folder != folder || token.position > mailbox.sequence {
        return Err(expired());
    }
    Ok(token)
}

/// The items of a folder; of a calendar, those in the window that the query began with.
pub(super) fn items(
    call: &Call<'_>,
    mailbox: &Mailbox,
    kind: ItemKind,
    folder: u64,
    view: bool,
) -> Result<Answer, Refused> {
    let known: &[&str] = if view { &["startDateTime", "endDateTime", "$top"] } else { &["$select", "$expand", "$top"] };
    let token = begun(call, mailbox, folder, known)?;
    let option = |name: &str| token.options.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let shape = Shape::of(option("$select"), option("$expand"), view::type_name(kind))?;
    let window = if view { Some(window(option("startDateTime"), option("endDateTime"))?) } else { None };
    let visible = |item: &Item| window.is_none_or(|(from, to)| event::touches(&item.properties, from, to));
    let most = call.asked.prefer.page.or(call.asked.number("$top")?).unwrap_or(PAGE).clamp(1, 1000);
    let place = mailbox.folders.get(&folder).ok_or_else(Refused::not_found)?;
    let since = (token.position > 0 || token.done).then_some(token.position);
    let mut found = changes(mailbox, place, since, most);
    let last = found.len() <= most;
    found.truncate(most);
    call.count_items(found.len());
    let reached = if last { mailbox.sequence } else { found.last().map_or(0, |(at, _)| *at) };
    let immutable = call.asked.prefer.immutable && kind != ItemKind::Task;
    let removed = |id: String| json!({"@removed": {"reason": "deleted"}, "id": id});
    let mut value = Vec::new();
    for (_, change) in found {
        match change {
            Change::Create(item) | Change::Update(item) if item.kind == kind && visible(item) => {
                value.push(shape.apply(view::whole(call, mailbox, item), &item.properties)?);
            }
            // What went out of the window has left the view; whether it was ever in it nobody remembers.
            Change::Update(item) if item.kind == kind => value.push(removed(identity::of(mailbox, item, immutable))),
            Change::Create(_) | Change::Update(_) => {}
            Change::Delete(id) => value.push(removed(identity::of_gone(mailbox, id, immutable))),
        }
    }
    Ok(Answer::ok(page(call, token, reached, last, &value)))
}

fn page(call: &Call<'_>, token: Token, reached: u64, last: bool, value: &[Value]) -> Value {
    let next = Token { position: reached, done: last || token.done, ..token }.write();
    let (link, option) = if last { ("@odata.deltaLink", "$deltatoken") } else { ("@odata.nextLink", "$skiptoken") };
    json!({
        "@odata.context": view::context(call, "delta"),
        link: call.asked.again(&[(option, &next)]),
        "value": value,
    })
}

/// Start and end of a view.
pub(super) fn window(start: Option<&str>, end: Option<&str>) -> Result<(Timestamp, Timestamp), Refused> {
    let read = |text: Option<&str>, name: &str| {
        let text = text.ok_or_else(|| {
            let text = format!("This request requires a time window: '{name}' is missing.");
            Refused::bad("ErrorInvalidParameter", text)
        })?;
        let civil = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
        let read = text.parse().ok().or_else(|| civil().map(|zoned| zoned.timestamp()));
        read.ok_or_else(|| Refused::bad("ErrorInvalidParameter", format!("'{text}' is not a value for '{name}'.")))
    };
    let (start, end): (Timestamp, Timestamp) = (read(start, "startDateTime")?, read(end, "endDateTime")?);
    if end < start {
        return Err(Refused::bad("ErrorInvalidParameter", "'endDateTime' is before 'startDateTime'."));
    }
    // A view spans 1825 days at most.
    if end.duration_since(start) > jiff::SignedDuration::from_hours(24 * 1825) {
        return Err(Refused::bad("ErrorCalendarViewRangeTooBig", "The requested time range is longer than 1825 days."));
    }
    Ok((start, end))
}

/// Folders are few: each call tells of those that are newer than the position. What was removed is not told.
pub(super) fn folders(
    call: &Call<'_>,
    mailbox: &Mailbox,
    all: &[u64],
    show: impl Fn(u64) -> Result<Value, Refused>,
) -> Result<Answer, Refused> {
    let token = begun(call, mailbox, 0, &["$top"])?;
    let newer = |number: &&u64| mailbox.folders.get(number).is_some_and(|folder| folder.version > token.position);
    let value = all.iter().filter(newer).map(|number| show(*number)).collect::<Result<Vec<_>, _>>()?;
    Ok(Answer::ok(page(call, token, mailbox.sequence, true, &value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_text_is_taken_for_a_token() {
        let options = vec![("$select".to_owned(), "id".to_owned())];
        let token = Token { mailbox: uuid::Uuid::new_v4(), folder: 3, position: 7, done: true, options };
        let text = token.write();
        assert_eq!(Token::read(&text), Some(token));
        for wrong in ["", "x", "eyJh", &text[1..], &text.to_lowercase()] {
            assert_eq!(Token::read(wrong), None);
        }
    }
}
