//! `UpdateItem`: <https://learn.microsoft.com/exchange/client-developer/web-service-reference/updateitem-operation>

use std::collections::BTreeMap;

use super::{
    codec::{Codec, item_ref},
    folder_ref::write_item_ref,
    get_item::{count, first_item},
    property::{Path, Property, write_updates},
    soap::{EwsCall, ServerVersion, outcomes},
};
use crate::{
    domain::{Field, ItemRef, Kind, Value},
    ports::{Failure, FailureKind, ItemChange, ItemOutcome, StampChange},
    xml::{Element, Writer},
};

/// Changes items of one kind.
#[derive(Clone, Debug)]
pub(super) struct UpdateItem<'a> {
    pub(super) kind: Kind,
    pub(super) changes: &'a [&'a ItemChange],
    pub(super) codec: &'a Codec,
}

/// The properties of a change, in the order in which they are to be applied; each path once, the last word wins.
pub(super) fn properties(codec: &Codec, version: ServerVersion, change: &ItemChange) -> Vec<Property> {
    let fields: BTreeMap<Field, &Value> = change.set.iter().map(|(field, value)| (*field, value)).collect();
    let mut properties: Vec<Property> =
        change.clear.iter().flat_map(|field| Codec::clear(change.kind, *field)).collect();
    properties.extend(codec.set(version, change.kind, &fields));
    properties.extend(change.body.clone().map(Property::body));
    properties.extend(match &change.stamp {
        StampChange::Keep => None,
        StampChange::Set(stamp) => Some(Property::stamp(stamp.to_string())),
        StampChange::Remove => Some(Property::no_stamp()),
    });
    let mut seen: Vec<Path> = Vec::new();
    properties.reverse();
    properties.retain(|property| {
        let new = !seen.contains(&property.path);
        seen.push(property.path);
        new
    });
    properties.reverse();
    properties
}

impl EwsCall for UpdateItem<'_> {
    const NAME: &'static str = "UpdateItem";
    const WRITES: bool = true;
    type Response = Vec<ItemOutcome<ItemRef>>;

    fn doing(&self) -> String {
        format!("change {}", count(self.changes.len(), self.kind))
    }

    fn write(&self, writer: &mut Writer, version: ServerVersion) {
        let mut attributes = vec![("ConflictResolution", "NeverOverwrite"), ("MessageDisposition", "SaveOnly")];
        if self.kind == Kind::Event {
            attributes.push(("SendMeetingInvitationsOrCancellations", "SendToNone"));
        }
        writer.element("m:UpdateItem", &attributes, |writer| {
            writer.element("m:ItemChanges", &[], |writer| {
                for change in self.changes {
                    writer.element("t:ItemChange", &[], |writer| {
                        write_item_ref(writer, &change.item);
                        writer.element("t:Updates", &[], |writer| {
                            write_updates(writer, self.kind, &properties(self.codec, version, change));
                        });
                    });
                }
            });
        });
    }

    fn read(&self, answer: &Element) -> Result<Self::Response, Failure> {
        let doing = self.doing();
        outcomes(&doing, answer, self.changes.len(), |message| {
            let item = first_item(message).and_then(item_ref);
            item.ok_or_else(|| {
                Failure::new(FailureKind::Malformed, &doing).because("the answer holds no new version of the item")
            })
        })
    }
}
