//! FindItem.

use jiff::Timestamp;

use super::{
    Outcome,
    call::Call,
    encode::{self, Purpose, Shape},
    items::children,
    lookup, paths, restriction,
    soap::{Fault, Messages, Refusal},
};
use crate::{
    simulator::{
        item::{Item, ItemKind},
        mailbox::Mailbox,
    },
    xml::Element,
};

/// What a server returns at most in one page, without and with a restriction.
/// <https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange>
const PAGE: usize = 1000;
const RESTRICTED_PAGE: usize = 250;

/// A page of what was found, and how it lies in the whole.
pub(super) struct Page<T> {
    pub(super) found: Vec<T>,
    pub(super) total: usize,
    pub(super) next: usize,
    pub(super) last: bool,
}

/// Cuts the page out that a view asks for.
pub(super) fn page<T>(mut all: Vec<T>, view: Option<&Element>, most: usize) -> Page<T> {
    let number = |name: &str| view.and_then(|view| view.attribute(name)?.parse::<usize>().ok());
    let total = all.len();
    let size = number("MaxEntriesReturned").unwrap_or(most).min(most);
    let offset = number("Offset").unwrap_or(0).min(total);
    let (from, to) = if view.and_then(|view| view.attribute("BasePoint")) == Some("End") {
        (total.saturating_sub(offset + size), total - offset)
    } else {
        (offset, (offset + size).min(total))
    };
    all.truncate(to);
    Page { found: all.split_off(from), total, next: to, last: to == total }
}

pub(super) fn find(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let restriction = call.request.child("Restriction").and_then(|restriction| restriction.children().first());
    if let (true, Some(restriction)) = (call.lenient(), restriction) {
        restriction::check_lenient(restriction)?;
    }
    let shape = Shape::read(call.request.child("ItemShape"), Purpose::Finding, call.lenient());
    let mut messages = Messages::new("FindItem");
    for folder in children(call.request, "ParentFolderIds") {
        let found = shape.as_ref().map_err(Clone::clone).and_then(|shape| {
            let folder = lookup::folder(mailbox, Some(folder))?;
            Ok((shape, search(call, mailbox, folder, restriction)?))
        });
        if let Ok((_, page)) = &found {
            call.count_items(page.found.len());
        }
        messages.add(found, |writer, (shape, page)| {
            let (next, total) = (page.next.to_string(), page.total.to_string());
            let last = page.last.to_string();
            let attributes = [
                ("IndexedPagingOffset", next.as_str()),
                ("TotalItemsInView", total.as_str()),
                ("IncludesLastItemInRange", last.as_str()),
            ];
            writer.element("m:RootFolder", &attributes, |writer| {
                writer.element("t:Items", &[], |writer| {
                    for item in page.found {
                        encode::item(writer, call, mailbox, item, shape);
                    }
                });
            });
        });
    }
    Ok(Outcome::answer(messages.finish()))
}

fn search<'m>(
    call: &Call<'_>,
    mailbox: &'m Mailbox,
    folder: u64,
    restriction: Option<&Element>,
) -> Result<Page<&'m Item>, Refusal> {
    if call.request.attribute("Traversal") != Some("Shallow") {
        return Ok(page(Vec::new(), None, PAGE));
    }
    if call.request.child("QueryString").is_some() {
        return Err(Refusal::new("ErrorInvalidRestriction", "The simulator has no content index."));
    }
    if let Some(view) = call.request.child("CalendarView") {
        return calendar_view(mailbox, folder, view);
    }
    let candidates = match restriction.and_then(restriction::indexed) {
        Some((path, value)) => {
            let numbers = mailbox.with_extended(folder, &path, value.as_deref());
            numbers.iter().filter_map(|number| mailbox.items.get(number)).collect()
        }
        None => mailbox.items_in(folder),
    };
    let mut found = Vec::with_capacity(candidates.len());
    for item in candidates {
        let value = |path: &str| property(call, item, path);
        if restriction.map_or(Ok(true), |restriction| restriction::matches(restriction, call.lenient(), &value))? {
            found.push(item);
        }
    }
    sort(call, &mut found)?;
    let most = if restriction.is_some() && !call.lenient() { RESTRICTED_PAGE } else { PAGE };
    Ok(page(found, call.request.child("IndexedPageItemView"), most))
}

fn property(call: &Call<'_>, item: &Item, path: &str) -> Option<String> {
    match path {
        "item:ItemId" => Some(item.id.clone()),
        _ => item.text(path).or_else(|| Some(encode::computed(call, item, path)?.as_text())),
    }
}

fn sort(call: &Call<'_>, found: &mut [&Item]) -> Result<(), Refusal> {
    // The least significant order first: a stable sort keeps it among equals of the next.
    for order in children(call.request, "SortOrder").into_iter().rev() {
        let path = paths::first_in(order)?.name;
        let descending = order.attribute("Order") == Some("Descending");
        found.sort_by(|left, right| {
            let (left, right) = (property(call, left, &path), property(call, right, &path));
            let order =
                restriction::compare(left.as_deref().unwrap_or_default(), right.as_deref().unwrap_or_default(), true);
            if descending { order.reverse() } else { order }
        });
    }
    Ok(())
}

/// Events that overlap a range, by start.
fn calendar_view<'m>(mailbox: &'m Mailbox, folder: u64, view: &Element) -> Result<Page<&'m Item>, Refusal> {
    let time = |name: &str| {
        view.attribute(name)
            .and_then(|text| super::times::instant(text, &jiff::tz::TimeZone::UTC))
            .ok_or_else(|| Refusal::new("ErrorInvalidRequest", "The calendar view has no range."))
    };
    let (from, to) = (time("StartDate")?, time("EndDate")?);
    if to < from {
        return Err(Refusal::new("ErrorCalendarEndDateIsEarlierThanStartDate", "EndDate is earlier than StartDate."));
    }
    let mut found: Vec<(Timestamp, &Item)> = mailbox
        .items_in(folder)
        .into_iter()
        .filter(|item| item.kind == ItemKind::Event)
        .filter_map(|item| Some((item.time("calendar:Start")?, item.time("calendar:End")?, item)))
        .filter(|(start, end, _)| *start < to && (*end > from || (start == end && *start >= from)))
        .map(|(start, _, item)| (start, item))
        .collect();
    found.sort_by_key(|(start, item)| (*start, item.number));
    Ok(page(found.into_iter().map(|(_, item)| item).collect(), Some(view), PAGE))
}
