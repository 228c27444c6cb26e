use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use super::soap::{Fault, Refusal};
use crate::{
    simulator::{
        Account, Dialect, faults,
        item::{Item, read_change_key},
        world::World,
    },
    xml::Element,
};

/// One request, and what is known about it before it is carried out.
pub(super) struct Call<'a> {
    pub(super) world: &'a World,
    pub(super) account: &'a Account,
    /// Address of the mailbox it is about.
    pub(super) mailbox: String,
    pub(super) operation: &'static str,
    pub(super) request: &'a Element,
    /// In which times without an offset are read (`TimeZoneContext`), UTC by default.
    pub(super) zone: TimeZone,
    pub(super) now: Timestamp,
}

/// What goes wrong with the items of a request that writes.
#[derive(Debug, Default)]
pub(super) struct WriteFaults {
    pub(super) quota: bool,
    pub(super) dropped: Vec<String>,
    pub(super) touches: bool,
    pub(super) refused: Vec<(String, String)>,
    /// So many are carried out, and then the connection ends.
    pub(super) half: Option<usize>,
}

impl WriteFaults {
    /// Why this item is refused, if it is.
    pub(super) fn refusal(&self, item: &Element, writes: bool) -> Option<Refusal> {
        if writes && self.quota {
            return Some(Refusal::new("ErrorQuotaExceeded", "The mailbox has exceeded its maximum size."));
        }
        let (_, code) = self.refused.iter().find(|(text, _)| mentions(item, text))?;
        Some(Refusal::new(code.clone(), "The simulator was told to refuse this item."))
    }
}

impl Call<'_> {
    pub(super) fn lenient(&self) -> bool {
        self.world.settings.dialect == Dialect::Lenient
    }

    fn place(&self) -> faults::Place<'_> {
        let (login, tenant) = (&self.account.login, &self.account.tenant);
        faults::Place { mailbox: &self.mailbox, operation: self.operation, login, tenant, ..faults::Place::default() }
    }

    /// A fault of that sort, if one strikes here.
    pub(super) fn strike<T>(&self, of: impl Fn(&faults::Fault) -> Option<T>) -> Option<T> {
        self.world.faults.strike(&self.place(), of)
    }

    /// What goes wrong with the items of this request; `Err` when it is refused as a whole.
    pub(super) fn write_faults(&self, items: &[&Element]) -> Result<WriteFaults, Fault> {
        let poisoned = self.strike(|fault| match fault {
            faults::Fault::PoisonItem { text } => items.iter().any(|item| mentions(item, text)).then_some(()),
            _ => None,
        });
        if poisoned.is_some() {
            return Err(Fault::new("ErrorSchemaValidation", "The request failed schema validation."));
        }
        let all =
            |of: &dyn Fn(&faults::Fault) -> Option<(String, String)>| self.world.faults.strike_all(&self.place(), of);
        Ok(WriteFaults {
            quota: self.strike(|fault| (*fault == faults::Fault::QuotaExceeded).then_some(())).is_some(),
            dropped: all(&|fault| match fault {
                faults::Fault::FieldDropped { field } => Some((field.clone(), String::new())),
                _ => None,
            })
            .into_iter()
            .map(|(field, _)| field)
            .collect(),
            touches: self.strike(|fault| (*fault == faults::Fault::ServerTouches).then_some(())).is_some(),
            refused: all(&|fault| match fault {
                faults::Fault::ItemRefused { text, code } => {
                    items.iter().any(|item| mentions(item, text)).then(|| (text.clone(), code.clone()))
                }
                _ => None,
            }),
            half: self.strike(|fault| match fault {
                faults::Fault::HalfBatch { stored } => Some(*stored),
                _ => None,
            }),
        })
    }

    /// Counts the items that a request named or brought.
    pub(super) fn count_items(&self, items: usize) {
        self.world.count(&self.mailbox, |counts| {
            *counts.items.entry(self.operation.to_owned()).or_default() += items as u64;
        });
    }

    /// Counts what would have been mailed to people.
    pub(super) fn count_mails(&self, mails: usize) {
        if mails > 0 {
            self.world.count(&self.mailbox, |counts| counts.mails_sent += mails as u64);
        }
    }

    /// Whether the change key of a request lets it write.
    /// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/updateitem>
    pub(super) fn check_change_key(&self, item: &Item, id: &Element, resolution: &str) -> Result<(), Refusal> {
        if self.lenient() {
            return Ok(());
        }
        let Some(key) = id.attribute("ChangeKey") else {
            return Err(Refusal::new(
                "ErrorChangeKeyRequiredForWriteOperations",
                "The current ChangeKey must be provided for this operation.",
            ));
        };
        match read_change_key(key) {
            Some((number, version)) if number == item.number && version <= item.version => {
                if version < item.version && resolution == "NeverOverwrite" {
                    return Err(Refusal::new(
                        "ErrorIrresolvableConflict",
                        "The send or update operation could not be performed because the change key passed in the \
                         request does not match the current change key for the item.",
                    ));
                }
                Ok(())
            }
            _ => Err(Refusal::new("ErrorInvalidChangeKey", "The change key is invalid.")),
        }
    }

    /// A time of the store's own clock as this dialect writes it: some servers write none, six or nine digits of a second.
    pub(super) fn store_time(&self, kept: &str, number: u64) -> String {
        match (self.lenient(), kept.strip_suffix('Z')) {
            (true, Some(seconds)) if number % 3 == 1 => format!("{seconds}.000000Z"),
            (true, Some(seconds)) if number % 3 == 2 => format!("{seconds}.000000000Z"),
            _ => kept.to_owned(),
        }
    }
}

/// Whether a text occurs anywhere in an element.
fn mentions(element: &Element, text: &str) -> bool {
    element.text().contains(text)
        || element.attributes().any(|(_, value)| value.contains(text))
        || element.children().iter().any(|child| mentions(child, text))
}

/// The properties of an item by path.
pub(in crate::simulator) type Properties = BTreeMap<String, crate::simulator::item::Property>;
