//! What is not about one mailbox's items: names, identifiers and time zones.

use std::{collections::BTreeSet, fmt::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Outcome,
    call::Call,
    items::children,
    soap::{Fault, Messages, Refusal},
};
use crate::{domain::zone, simulator::mailbox::Mailbox, xml::Element};

/// ResolveNames: mailboxes whose address contains the text.
pub(super) fn resolve_names(call: &Call<'_>, _: &mut Mailbox) -> Result<Outcome, Fault> {
    let wanted = call.request.text_of("UnresolvedEntry").unwrap_or_default().to_lowercase();
    let exact = wanted.strip_prefix("smtp:");
    let found: Vec<String> = call
        .world
        .addresses()
        .into_iter()
        .filter(|address| {
            let address = address.to_lowercase();
            exact.map_or_else(|| address.contains(&wanted), |exact| address == exact)
        })
        .take(100)
        .collect();
    let mut messages = Messages::new("ResolveNames");
    let outcome = if found.is_empty() {
        Err(Refusal::new("ErrorNameResolutionNoResults", "No results were found."))
    } else {
        Ok(found)
    };
    messages.add(outcome, |writer, found| {
        let total = found.len().to_string();
        let attributes = [("TotalItemsInView", total.as_str()), ("IncludesLastItemInRange", "true")];
        writer.element("m:ResolutionSet", &attributes, |writer| {
            for address in found {
                writer.element("t:Resolution", &[], |writer| {
                    writer.element("t:Mailbox", &[], |writer| {
                        writer.text("t:Name", address.split('@').next().unwrap_or_default());
                        writer.text("t:EmailAddress", &address);
                        writer.text("t:RoutingType", "SMTP");
                        writer.text("t:MailboxType", "Mailbox");
                    });
                });
            }
        });
    });
    Ok(Outcome::answer(messages.finish()))
}

/// ConvertId: ids of one form in another. All forms here are ways to write the same bytes.
pub(super) fn convert_ids(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let format = call.request.attribute("DestinationFormat").unwrap_or("EwsId");
    let mut messages = Messages::new("ConvertId");
    for source in children(call.request, "SourceIds") {
        let converted = convert(mailbox, source, format);
        messages.add(converted, |writer, id| {
            let mailbox = source.attribute("Mailbox").unwrap_or_default();
            let attributes = [
                ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
                ("xsi:type", "t:AlternateIdType"),
                ("Format", format),
                ("Id", id.as_str()),
                ("Mailbox", mailbox),
            ];
            writer.empty("m:AlternateId", &attributes);
        });
    }
    Ok(Outcome::answer(messages.finish()))
}

fn convert(mailbox: &Mailbox, source: &Element, format: &str) -> Result<String, Refusal> {
    let malformed = || Refusal::new("ErrorInvalidIdMalformed", "Id is malformed.");
    let id = source.attribute("Id").unwrap_or_default();
    let bytes = match source.attribute("Format") {
        Some("HexEntryId") => (0..id.len() / 2)
            .map(|place| u8::from_str_radix(id.get(place * 2..place * 2 + 2)?, 16).ok())
            .collect::<Option<Vec<u8>>>()
            .ok_or_else(malformed)?,
        _ => STANDARD.decode(id).map_err(|_| malformed())?,
    };
    let known = STANDARD.encode(&bytes);
    if mailbox.item_by_id(&known).is_none() && mailbox.folder_by_id(&known).is_none() {
        return Err(malformed());
    }
    Ok(match format {
        "HexEntryId" => bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing into a text cannot fail.
            let _ = write!(text, "{byte:02X}");
            text
        }),
        _ => known,
    })
}

/// GetServerTimeZones: ids and names. Rules of zones are not among what the simulator knows to tell.
pub(super) fn time_zones(call: &Call<'_>, _: &mut Mailbox) -> Result<Outcome, Fault> {
    if call.lenient() {
        return Err(Fault::new("ErrorInvalidOperation", "Unknown request."));
    }
    let asked = children(call.request, "Ids");
    let all: BTreeSet<&'static str> =
        jiff::tz::db().available().filter_map(|name| zone::windows_id(name.as_str())).collect();
    let wanted = |id: &&&'static str| asked.is_empty() || asked.iter().any(|asked| asked.text() == **id);
    let mut messages = Messages::new("GetServerTimeZones");
    messages.add(Ok(()), |writer, ()| {
        writer.element("m:TimeZoneDefinitions", &[], |writer| {
            for id in all.iter().filter(wanted) {
                writer.empty("t:TimeZoneDefinition", &[("Id", id), ("Name", id)]);
            }
        });
    });
    Ok(Outcome::answer(messages.finish()))
}
