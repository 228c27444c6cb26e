//! `CreateItem`: <https://learn.microsoft.com/exchange/client-developer/web-service-reference/createitem-operation>

use std::collections::BTreeMap;

use super::{
    codec::{Codec, item_ref},
    folder_ref::FolderRef,
    get_item::{count, first_item},
    property::{Property, write_item},
    soap::{EwsCall, ServerVersion, outcomes},
};
use crate::{
    domain::{Field, FolderId, ItemRef, Kind, Value},
    ports::{Failure, FailureKind, ItemOutcome, NewItem},
    xml::{Element, Writer},
};

/// Creates items of one kind.
#[derive(Clone, Debug)]
pub(super) struct CreateItem<'a> {
    pub(super) kind: Kind,
    pub(super) folder: &'a FolderId,
    pub(super) items: &'a [NewItem],
    pub(super) codec: &'a Codec,
}

impl EwsCall for CreateItem<'_> {
    const NAME: &'static str = "CreateItem";
    const WRITES: bool = true;
    type Response = Vec<ItemOutcome<ItemRef>>;

    fn doing(&self) -> String {
        format!("create {}", count(self.items.len(), self.kind))
    }

    fn write(&self, writer: &mut Writer, version: ServerVersion) {
        // Required for events; nothing is mailed to anybody.
        let attributes: &[_] = if self.kind == Kind::Event { &[("SendMeetingInvitations", "SendToNone")] } else { &[] };
        writer.element("m:CreateItem", attributes, |writer| {
            // Some servers put items without it into the outbox.
            writer.element("m:SavedItemFolderId", &[], |writer| FolderRef::Id(self.folder.clone()).write(writer));
            writer.element("m:Items", &[], |writer| {
                for item in self.items {
                    let fields: BTreeMap<Field, &Value> = item
                        .record
                        .fields
                        .iter()
                        .filter_map(|(field, value)| Some((*field, value.as_ref()?)))
                        .collect();
                    let mut properties = self.codec.set(version, self.kind, &fields);
                    properties.extend(item.stamp.as_ref().map(|stamp| Property::stamp(stamp.to_string())));
                    properties.extend(item.body.clone().map(Property::body));
                    write_item(writer, self.kind, &properties);
                }
            });
        });
    }

    fn read(&self, answer: &Element) -> Result<Self::Response, Failure> {
        let doing = self.doing();
        outcomes(&doing, answer, self.items.len(), |message| {
            let item = first_item(message).and_then(item_ref);
            item.ok_or_else(|| {
                Failure::new(FailureKind::Malformed, &doing).because("the answer holds no id of the new item")
            })
        })
    }
}
