//! What is not about one mailbox's items: names, and time zones.

use std::collections::BTreeSet;

use super::{
    Outcome,
    call::Call,
    items::children,
    soap::{Fault, Messages, Refusal},
};
use crate::{domain::zone, simulator::mailbox::Mailbox};

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
