use std::collections::BTreeMap;

use crate::{
    domain::{Field, Kind, Matter, Personal, PostalAddress, Record, Sensitivity, TaskStatus, Value},
    sources::{
        mapping::{AddressPart, Meaning},
        rows::{raw::Wrong, text},
    },
};

/// What was done about a field that cannot be read.
const LEFT_OUT: &str = "left out, the last good value stays";

/// A record while its columns come in.
pub(super) struct Draft {
    record: Record,
    addresses: BTreeMap<Field, Option<PostalAddress>>,
    pub(super) matter: Matter,
    pub(super) group: Option<String>,
    sensitivity: Option<Sensitivity>,
    private: bool,
    pub(super) done: Option<bool>,
    pub(super) cancelled: bool,
    pub(super) withdrawn: Option<String>,
}

/// What a record says besides its fields.
pub(super) struct Rest {
    pub(super) matter: Matter,
    pub(super) group: Option<String>,
    pub(super) private: bool,
    pub(super) done: bool,
    pub(super) cancelled: bool,
    pub(super) withdrawn: Option<String>,
}

impl Draft {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            record: Record::new(kind),
            addresses: BTreeMap::new(),
            matter: Matter::default(),
            group: None,
            sensitivity: None,
            private: false,
            done: None,
            cancelled: false,
            withdrawn: None,
        }
    }

    pub(super) fn set(&mut self, field: Field, value: Option<Value>) {
        self.record.fields.insert(field, value);
    }

    /// Of two columns about privacy the stricter one holds.
    pub(super) fn keep_to(&mut self, sensitivity: Sensitivity) {
        self.private |= sensitivity != Sensitivity::Normal;
        self.sensitivity = self.sensitivity.max(Some(sensitivity));
    }

    pub(super) fn address(&mut self, field: Field, part: AddressPart, mut text: String) {
        text::cut(&mut text, 255);
        if let Some(address) = self.addresses.entry(field).or_insert_with(|| Some(PostalAddress::default())) {
            match part {
                AddressPart::Street => address.street = text,
                AddressPart::City => address.city = text,
                AddressPart::State => address.state = text,
                AddressPart::PostalCode => address.postal_code = text,
                AddressPart::Country => address.country = text,
            }
        }
    }

    /// Does without a value that cannot be read, and says so.
    pub(super) fn without(&mut self, meaning: Meaning, wrong: Wrong) -> String {
        match meaning {
            Meaning::Private | Meaning::Sensitivity => {
                self.keep_to(Sensitivity::Private);
                format!("{wrong}: taken as private")
            }
            Meaning::Address(field, _) => {
                self.addresses.insert(field, None);
                format!("{wrong}: the whole address is {LEFT_OUT}")
            }
            Meaning::MatterNumber => {
                self.matter.unclear = true;
                format!("{wrong}: taken as none, and as unclear where a wall stands")
            }
            Meaning::Group => format!("{wrong}: taken as a row of its own"),
            Meaning::MatterName => format!("{wrong}: taken as none"),
            Meaning::Done => format!("{wrong}: taken as not done"),
            Meaning::Cancelled => format!("{wrong}: taken as not cancelled"),
            Meaning::Withdrawn => format!("{wrong}: taken as not withdrawn"),
            _ => format!("{wrong}: {LEFT_OUT}"),
        }
    }

    pub(super) fn finish(mut self) -> (Record, Rest) {
        for (field, address) in std::mem::take(&mut self.addresses) {
            if let Some(address) = address {
                let value = (!address.is_empty()).then(|| Value::Address(Personal::new(address)));
                self.record.fields.insert(field, value);
            }
        }
        if let Some(sensitivity) = self.sensitivity {
            self.record.fields.insert(Field::Sensitivity, Some(Value::Sensitivity(sensitivity)));
        }
        let completed = Some(Value::Status(TaskStatus::Completed));
        let done = self.done.unwrap_or(false) || self.record.fields.get(&Field::Status) == Some(&completed);
        if self.record.kind == Kind::Task {
            // `done` is a status too: what was done and is open again must be seen as open again.
            match self.done {
                Some(true) => self.set(Field::Status, completed),
                Some(false) if !self.record.fields.contains_key(&Field::Status) => {
                    self.set(Field::Status, Some(Value::Status(TaskStatus::NotStarted)));
                }
                Some(false) | None => {}
            }
        }
        let rest = Rest {
            matter: self.matter,
            group: self.group,
            private: self.private,
            done,
            cancelled: self.cancelled,
            withdrawn: self.withdrawn,
        };
        (self.record, rest)
    }
}
