use std::collections::{BTreeMap, BTreeSet};

use super::{
    Answers, ColumnInfo, Dialect, Findings, Home, Table, answers::below, can_be_carried, catalogue::code_can_be_carried,
};
use crate::{
    domain::Kind,
    sources::mapping::{Meaning, vocabulary},
};

/// The answer that there is no such thing.
pub(super) const NONE: &str = "none";

/// For every classification code: the word that stands for all of them.
pub(super) const EVERY: &str = "*";

/// Columns of a contact of which it is known what they are.
const KNOWN: [&str; 17] = [
    "sysid",
    "ccode",
    "staff",
    "archive",
    "created_by",
    "first_name",
    "middle_init",
    "last_name",
    "full_name",
    "org",
    "c_date",
    "c_time",
    "m_date",
    "m_time",
    "user4",
    "user5",
    "mat_id",
];

/// What was found and what was answered, together.
#[derive(Clone, Copy)]
pub(super) struct Firm<'f> {
    pub(super) findings: &'f Findings,
    pub(super) answers: &'f Answers,
}

impl<'f> Firm<'f> {
    pub(super) fn dialect(&self) -> Dialect {
        self.findings.dialect
    }

    /// The schemas from which one can learn.
    pub(super) fn homes(&self) -> Vec<&'f Home> {
        self.findings.homes.iter().filter(|home| home.complete).collect()
    }

    /// Where Time Matters is: the only place, or the one that was chosen.
    pub(super) fn schema(&self) -> Option<&'f str> {
        let homes = self.homes();
        match (homes.as_slice(), self.answers.one("schema")) {
            ([home], None) => Some(home.schema.as_str()),
            (homes, Some(chosen)) => homes.iter().find(|home| home.schema == chosen).map(|home| home.schema.as_str()),
            _ => None,
        }
    }

    /// A known table.
    pub(super) fn table(&self, name: &str) -> Option<&'f Table> {
        self.findings.catalogue.table(self.schema()?, name)
    }

    /// The table of appointments that was chosen.
    pub(super) fn events(&self) -> Option<&'f Table> {
        self.chosen("events.table").and_then(|name| self.table(name))
    }

    /// A one-word answer that is not `none`.
    pub(super) fn chosen(&self, id: &str) -> Option<&'f str> {
        self.answers.one(id).filter(|word| !word.eq_ignore_ascii_case(NONE))
    }

    /// The column that was chosen.
    pub(super) fn column(&self, table: &'f Table, id: &str) -> Option<&'f ColumnInfo> {
        self.chosen(id).and_then(|name| table.column(name))
    }

    /// Codes that stand where initials should, and that belong to nobody of the staff; with how many rows have them.
    pub(super) fn strange_codes(&self) -> Vec<(String, u64)> {
        let Some(schema) = self.schema() else { return Vec::new() };
        let initials = self.findings.initials(schema);
        let mut strange: BTreeMap<String, u64> = BTreeMap::new();
        let events = self.events().map(|table| table.name.as_str());
        for table in ["contact", "todo"].into_iter().chain(events) {
            for (code, count) in self.findings.codes_of(schema, table, "staff") {
                if !initials.contains(code) && code_can_be_carried(code) {
                    *strange.entry(code.clone()).or_default() += count;
                }
            }
        }
        let mut strange: Vec<(String, u64)> = strange.into_iter().collect();
        strange.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        strange
    }

    /// The fields of a contact of which it was said what they are: classification code (or [`EVERY`]), column, and our word.
    pub(super) fn known_fields(&self) -> Vec<(String, &'f ColumnInfo, &'f str)> {
        let Some(table) = self.table("contact") else { return Vec::new() };
        let known = self.answers.below("contacts", 3).into_iter().filter_map(|parts| {
            let [code, column] = <[String; 2]>::try_from(parts).ok()?;
            let word = self.chosen(&field_id(&code, &column))?;
            Some((code, table.column(&column)?, word))
        });
        known.collect()
    }

    /// The classification codes that answers name.
    pub(super) fn codes_of_fields(&self) -> impl Iterator<Item = String> + use<> {
        self.answers.below("contacts", 3).into_iter().filter_map(|parts| parts.into_iter().next())
    }

    /// Who is behind which code, as it was said.
    pub(super) fn members(&self) -> Vec<(String, Vec<&'f str>)> {
        let codes = self.answers.below("groups", 2).into_iter().flatten();
        codes.map(|code| (code.clone(), self.answers.many(&group_id(&code)))).collect()
    }

    /// The fields of a contact whose meaning is the firm's: classification code (or [`EVERY`]) and column, as far as something
    /// is in them.
    pub(super) fn contact_fields(&self) -> Vec<(String, &'f ColumnInfo)> {
        let Some(table) = self.table("contact") else { return Vec::new() };
        let own = |column: &&ColumnInfo| column.name.to_lowercase().starts_with("con1_");
        let open = |column: &&ColumnInfo| {
            column.is_text()
                && can_be_carried(&column.name)
                && !KNOWN.iter().any(|known| column.name.eq_ignore_ascii_case(known))
        };
        let columns: Vec<&ColumnInfo> = table.columns.iter().filter(open).collect();
        let mut fields = Vec::new();
        for column in columns.iter().filter(|column| !own(column)) {
            if self.findings.shape(table, &column.name).filled > 0 {
                fields.push((EVERY.to_owned(), *column));
            }
        }
        for (code, _) in self.findings.codes_of(&table.schema, &table.name, "ccode") {
            for column in columns.iter().filter(|column| own(column)) {
                let cells = self.findings.cells(table, &column.name, Some(("ccode", code)));
                if code_can_be_carried(code) && super::Shape::of(cells, &BTreeSet::new()).filled > 0 {
                    fields.push((code.clone(), *column));
                }
            }
        }
        fields
    }
}

/// The name of the question what a field of a contact is.
pub(super) fn field_id(code: &str, column: &str) -> String {
    below(&below("contacts", code), column)
}

/// The name of the question who is behind a code.
pub(super) fn group_id(code: &str) -> String {
    below("groups", code)
}

/// The words for fields of a contact that a field of the firm's may be.
pub(super) fn field_words() -> Vec<String> {
    let fits = |meaning: &Meaning| {
        matches!(meaning, Meaning::Text(_) | Meaning::Email(_) | Meaning::Address(..) | Meaning::Date(_))
    };
    vocabulary(Kind::Contact).into_iter().filter(|(_, meaning)| fits(meaning)).map(|(word, _)| word).collect()
}
