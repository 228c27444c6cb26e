//! Ids: the one that EWS shows in letters for addresses, the one that survives moves, and how one becomes another.
//! <https://learn.microsoft.com/graph/outlook-immutable-id>

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
    schema,
};
use crate::simulator::{folder::Folder, item::Item, mailbox::Mailbox};

/// EWS writes `/` and `+` where addresses cannot have them.
pub(super) fn rest(ews: &str) -> String {
    ews.replace('/', "-").replace('+', "_")
}

fn ews(rest: &str) -> String {
    rest.replace('-', "/").replace('_', "+")
}

/// The id that an item keeps wherever in the mailbox it goes.
fn immutable(mailbox: &Mailbox, number: u64) -> String {
    let mut bytes = vec![0x00, 0x09, 0x00, 0x2E];
    bytes.extend(mailbox.guid.as_bytes());
    bytes.extend(number.to_be_bytes());
    URL_SAFE.encode(bytes)
}

fn read_immutable(mailbox: &Mailbox, id: &str) -> Option<u64> {
    let bytes = URL_SAFE.decode(id).ok()?;
    let number = u64::from_be_bytes(bytes.get(20..28)?.try_into().ok()?);
    (immutable(mailbox, number) == id).then_some(number)
}

/// The id by which a request wants to know an item.
pub(super) fn of(mailbox: &Mailbox, item: &Item, immutable_ids: bool) -> String {
    if immutable_ids { immutable(mailbox, item.number) } else { rest(&item.id) }
}

/// What an item that is gone was called.
pub(super) fn of_gone(mailbox: &Mailbox, ews: &str, immutable_ids: bool) -> String {
    let number =
        STANDARD.decode(ews).ok().and_then(|bytes| Some(u64::from_be_bytes(bytes.get(20..28)?.try_into().ok()?)));
    match number.filter(|_| immutable_ids) {
        Some(number) => immutable(mailbox, number),
        None => rest(ews),
    }
}

/// The item that an id of either sort names.
pub(super) fn item<'m>(mailbox: &'m Mailbox, id: &str) -> Result<&'m Item, Refused> {
    let known = read_immutable(mailbox, id).and_then(|number| mailbox.items.get(&number));
    known.or_else(|| mailbox.item_by_id(&ews(id))).ok_or_else(|| missing(id))
}

fn missing(id: &str) -> Refused {
    if URL_SAFE.decode(id).is_ok_and(|bytes| bytes.len() >= 28)
        || STANDARD.decode(ews(id)).is_ok_and(|bytes| bytes.len() >= 28)
    {
        Refused::not_found()
    } else {
        Refused::bad("ErrorInvalidIdMalformed", "Id is malformed.")
    }
}

/// The folder that an id or a name that every mailbox knows names.
pub(super) fn folder<'m>(mailbox: &'m Mailbox, id: &str) -> Result<&'m Folder, Refused> {
    let number = mailbox.distinguished(&id.to_ascii_lowercase()).or_else(|| mailbox.folder_by_id(&ews(id)));
    number.and_then(|number| mailbox.folders.get(&number)).ok_or_else(|| missing(id))
}

/// The version of something, as an etag.
pub(super) fn etag(change_key: &str) -> String {
    format!("W/\"{change_key}\"")
}

/// Whether an `If-Match` lets a request write.
pub(super) fn check(call: &Call<'_>, change_key: &str) -> Result<(), Refused> {
    match call.asked.if_match.as_deref() {
        None | Some("*") => Ok(()),
        Some(etag) if etag.trim_start_matches("W/").trim_matches('"') == change_key => Ok(()),
        Some(_) => Err(Refused::conflict()),
    }
}

/// `translateExchangeIds`. <https://learn.microsoft.com/graph/api/user-translateexchangeids>
pub(super) fn translate(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Answer, Refused> {
    call.write_fault(call.asked.body.as_ref())?;
    let body = schema::check(call.asked.body.as_ref(), "translateExchangeIdsRequest", schema::Purpose::Create)?;
    let word = |name: &str| body.get(name).and_then(Value::as_str);
    let (Some(Value::Array(ids)), Some(from), Some(to)) =
        (body.get("inputIds"), word("sourceIdType"), word("targetIdType"))
    else {
        return Err(Refused::body("'inputIds', 'sourceIdType' and 'targetIdType' are required."));
    };
    if ids.len() > 1000 {
        return Err(Refused::bad("ErrorInvalidRequest", "At most 1000 ids can be translated in one request."));
    }
    let results: Vec<Value> = ids
        .iter()
        .filter_map(Value::as_str)
        .map(|id| match translated(mailbox, id, from, to) {
            Some(found) => json!({"sourceId": id, "targetId": found}),
            None => json!({"sourceId": id, "targetId": null,
                "errorDetails": {"code": "ErrorInvalidId", "message": "The id cannot be translated."}}),
        })
        .collect();
    Ok(Answer::ok(json!({"value": results})))
}

fn translated(mailbox: &Mailbox, id: &str, from: &str, to: &str) -> Option<String> {
    // Entry ids are the same bytes, written without padding and with the number of padding letters at the end.
    let entry = |ews: &str| {
        let text = URL_SAFE.encode(STANDARD.decode(ews).unwrap_or_default());
        let bare = text.trim_end_matches('=');
        format!("{bare}{}", text.len() - bare.len())
    };
    let read_entry = |text: &str| {
        let (bare, padding) = text.split_at_checked(text.len().checked_sub(1)?)?;
        Some(format!("{bare}{}", "=".repeat(padding.parse().ok().filter(|padding: &usize| *padding < 3)?)))
    };
    let item = match from {
        "ewsId" => mailbox.item_by_id(id),
        "restId" => mailbox.item_by_id(&ews(id)),
        "entryId" => mailbox.item_by_id(&STANDARD.encode(URL_SAFE.decode(read_entry(id)?).ok()?)),
        "restImmutableEntryId" => mailbox.items.get(&read_immutable(mailbox, id)?),
        "immutableEntryId" => mailbox.items.get(&read_immutable(mailbox, &read_entry(id)?)?),
        _ => None,
    }?;
    let lasting = immutable(mailbox, item.number);
    Some(match to {
        "ewsId" => item.id.clone(),
        "restId" => rest(&item.id),
        "entryId" => entry(&item.id),
        "restImmutableEntryId" => lasting,
        _ => entry(&ews_alphabet(&lasting)),
    })
}

/// The same bytes in the letters that EWS uses.
fn ews_alphabet(url_safe: &str) -> String {
    STANDARD.encode(URL_SAFE.decode(url_safe).unwrap_or_default())
}
