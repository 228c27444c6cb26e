use jiff::Timestamp;
use serde_json::Value;

use super::{answer::Refused, asked::Asked, caller::Caller};
use crate::simulator::{
    faults::{Fault, Place},
    world::World,
};

/// One request, and what is known about it before it is carried out.
pub(super) struct Call<'a> {
    pub(super) world: &'a World,
    pub(super) caller: &'a Caller,
    /// Address of the mailbox it is about.
    pub(super) mailbox: &'a str,
    /// What the same deed is called in EWS: faults and counts name it so through both faces.
    pub(super) operation: &'static str,
    pub(super) asked: &'a Asked,
    pub(super) now: Timestamp,
}

impl Call<'_> {
    fn place(&self) -> Place<'_> {
        self.caller.place(self.mailbox, self.operation)
    }

    /// A fault of that sort, if one strikes here.
    pub(super) fn strike<T>(&self, of: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        self.world.faults.strike(&self.place(), of)
    }

    /// Counts what would have been mailed to people.
    pub(super) fn count_mails(&self, mails: usize) {
        if mails > 0 {
            self.world.count(self.mailbox, |counts| counts.mails_sent += mails as u64);
        }
    }

    /// Counts the items that a request named or brought.
    pub(super) fn count_items(&self, items: usize) {
        self.world.count(self.mailbox, |counts| {
            *counts.items.entry(self.operation.to_owned()).or_default() += items as u64;
        });
    }

    /// Why a request that writes an item is refused, if a fault says so.
    pub(super) fn write_fault(&self, body: Option<&Value>) -> Result<(), Refused> {
        let text = body.map(Value::to_string).unwrap_or_default();
        // As it stands in the body, where quotes and the like are escaped.
        let mentions = |wanted: &str| text.contains(Value::from(wanted).to_string().trim_matches('"'));
        let refused = self.strike(|fault| match fault {
            Fault::QuotaExceeded if body.is_some() => {
                let status = axum::http::StatusCode::INSUFFICIENT_STORAGE;
                Some(Refused::new(status, "ErrorQuotaExceeded", "The mailbox has exceeded its maximum size."))
            }
            Fault::PoisonItem { text } if mentions(text) => {
                Some(Refused::bad("BadRequest", "The request cannot be read."))
            }
            Fault::ItemRefused { text, code } if mentions(text) => {
                Some(Refused::bad(code.clone(), "The simulator was told to refuse this item."))
            }
            Fault::EventualConflict if self.operation != "CreateItem" => Some(Refused::conflict()),
            _ => None,
        });
        refused.map_or(Ok(()), Err)
    }

    /// Fields that are taken and not kept.
    pub(super) fn dropped(&self) -> Vec<String> {
        self.world.faults.strike_all(&self.place(), |fault| match fault {
            Fault::FieldDropped { field } => Some(field.clone()),
            _ => None,
        })
    }

    /// Whether the server itself writes an item once more after it was written.
    pub(super) fn touches(&self) -> bool {
        self.strike(|fault| (*fault == Fault::ServerTouches).then_some(())).is_some()
    }
}
