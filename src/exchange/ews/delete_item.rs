//! `DeleteItem`: <https://learn.microsoft.com/exchange/client-developer/web-service-reference/deleteitem-operation>

use super::{
    folder_ref::write_item_ref,
    soap::{EwsCall, ServerVersion, outcomes},
};
use crate::{
    domain::RemovalManner,
    ports::{Failure, FailureKind, ItemOutcome, Removal},
    xml::{Element, Writer},
};

/// Removes items in one manner: that of the first. The server ignores the version: the caller has compared it just before.
#[derive(Clone, Debug)]
pub(super) struct DeleteItem<'a> {
    pub(super) removals: &'a [&'a Removal],
}

impl EwsCall for DeleteItem<'_> {
    const NAME: &'static str = "DeleteItem";
    const WRITES: bool = true;
    type Response = Vec<ItemOutcome<()>>;

    fn doing(&self) -> String {
        format!("remove {} item{}", self.removals.len(), if self.removals.len() == 1 { "" } else { "s" })
    }

    fn write(&self, writer: &mut Writer, _: ServerVersion) {
        let manner = match self.removals.first().map(|removal| removal.manner) {
            Some(RemovalManner::ForGood) => "HardDelete",
            Some(RemovalManner::ToDeletedItems) | None => "MoveToDeletedItems",
        };
        // The one is required for events, the other for tasks; both are harmless elsewhere.
        let attributes = [
            ("DeleteType", manner),
            ("SendMeetingCancellations", "SendToNone"),
            ("AffectedTaskOccurrences", "AllOccurrences"),
        ];
        writer.element("m:DeleteItem", &attributes, |writer| {
            writer.element("m:ItemIds", &[], |writer| {
                self.removals.iter().for_each(|removal| write_item_ref(writer, &removal.item));
            });
        });
    }

    fn read(&self, answer: &Element) -> Result<Self::Response, Failure> {
        let outcomes = outcomes(&self.doing(), answer, self.removals.len(), |_| Ok(()))?;
        let removed = |outcome: ItemOutcome<()>| match outcome {
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(()),
            other => other,
        };
        Ok(outcomes.into_iter().map(removed).collect())
    }
}
