//! `GetItem`: <https://learn.microsoft.com/exchange/client-developer/web-service-reference/getitem-operation>

use super::{
    codec::{Codec, item_ref},
    folder_ref::write_item_id,
    soap::{EwsCall, ServerVersion, outcomes},
};
use crate::{
    domain::{ItemContent, ItemId, ItemRef, Kind},
    ports::{Failure, FailureKind, ItemOutcome},
    xml::{Element, Writer},
};

/// Reads items in full.
#[derive(Clone, Debug)]
pub(super) struct GetItem<'a> {
    pub(super) kind: Kind,
    pub(super) items: &'a [ItemId],
    pub(super) codec: &'a Codec,
}

/// `Ok(None)` for what is not there.
fn unless_missing<T>(outcome: ItemOutcome<T>) -> ItemOutcome<Option<T>> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

impl EwsCall for GetItem<'_> {
    const NAME: &'static str = "GetItem";
    type Response = Vec<ItemOutcome<Option<ItemContent>>>;

    fn doing(&self) -> String {
        format!("read {}", count(self.items.len(), self.kind))
    }

    fn write(&self, writer: &mut Writer, version: ServerVersion) {
        writer.element("m:GetItem", &[], |writer| {
            writer.element("m:ItemShape", &[], |writer| {
                writer.text("t:BaseShape", "IdOnly");
                // HTML only where somebody made it HTML.
                writer.text("t:BodyType", "Best");
                writer.element("t:AdditionalProperties", &[], |writer| {
                    for path in Codec::paths(version, self.kind) {
                        path.write(writer);
                    }
                });
            });
            writer.element("m:ItemIds", &[], |writer| self.items.iter().for_each(|id| write_item_id(writer, id)));
        });
    }

    fn read(&self, answer: &Element) -> Result<Self::Response, Failure> {
        let doing = self.doing();
        let outcomes = outcomes(&doing, answer, self.items.len(), |message| {
            first_item(message)
                .and_then(|element| self.codec.read(self.kind, element))
                .ok_or_else(|| Failure::new(FailureKind::Malformed, &doing).because("the answer holds no item id"))
        })?;
        Ok(outcomes.into_iter().map(unless_missing).collect())
    }
}

/// Asks in which versions items are now.
#[derive(Clone, Debug)]
pub(super) struct GetItemVersions<'a> {
    pub(super) items: &'a [ItemId],
}

impl EwsCall for GetItemVersions<'_> {
    const NAME: &'static str = "GetItem";
    type Response = Vec<ItemOutcome<Option<ItemRef>>>;

    fn doing(&self) -> String {
        format!("compare {} before their removal", self.items.len())
    }

    fn write(&self, writer: &mut Writer, _: ServerVersion) {
        writer.element("m:GetItem", &[], |writer| {
            writer.element("m:ItemShape", &[], |writer| writer.text("t:BaseShape", "IdOnly"));
            writer.element("m:ItemIds", &[], |writer| self.items.iter().for_each(|id| write_item_id(writer, id)));
        });
    }

    fn read(&self, answer: &Element) -> Result<Self::Response, Failure> {
        let doing = self.doing();
        let outcomes = outcomes(&doing, answer, self.items.len(), |message| {
            first_item(message)
                .and_then(item_ref)
                .ok_or_else(|| Failure::new(FailureKind::Malformed, &doing).because("the answer holds no item id"))
        })?;
        Ok(outcomes.into_iter().map(unless_missing).collect())
    }
}

/// The item in a response message, whatever it is called.
pub(super) fn first_item(message: &Element) -> Option<&Element> {
    message.child("Items")?.children().first()
}

/// `1 event`, `12 events`.
pub(super) fn count(number: usize, kind: Kind) -> String {
    format!("{number} {kind}{}", if number == 1 { "" } else { "s" })
}
