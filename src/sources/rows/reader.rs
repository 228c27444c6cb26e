use std::collections::BTreeMap;

use super::{
    raw::{Raw, Wrong},
    rules::Rules,
    text,
    time::{self, Moment},
    vocabulary::Vocabulary,
};
use crate::{
    domain::{
        Audience, Field, Importance, Kind, PersonId, Personal, RecordKey, Reminder, RowProblem, Sensitivity, ShowAs,
        SourceRecord, TaskStatus, Value,
    },
    ports::Row,
    sources::{
        beside::Ties,
        cell::{Cell, digest, hex},
        convert::Converter,
        mapping::{AddressPart, Meaning, Query},
    },
};

mod draft;
mod span;

use draft::Draft;

/// Reads the rows of one query.
pub(in crate::sources) struct Reader<'r> {
    pub(super) query: &'r Query,
    kind: Kind,
    rules: &'r Rules,
    columns: Vec<Column<'r>>,
    /// Who is tied to the contacts of an address book.
    ties: Option<&'r Ties>,
}

struct Column<'r> {
    name: String,
    meaning: Meaning,
    converter: Option<Converter>,
    values: Option<&'r BTreeMap<String, String>>,
}

/// Which row, as every row of full reads and sweeps says it.
pub(super) struct Identity {
    pub(super) key: RecordKey,
    pub(super) audience: Audience,
    pub(super) mark: u64,
}

impl Column<'_> {
    /// Whether it is a part of something, identity or times, and is read and complained of where that is put together.
    fn is_read_with_others(&self) -> bool {
        matches!(
            self.meaning,
            Meaning::Key | Meaning::Person | Meaning::Start(_) | Meaning::End(_) | Meaning::Duration | Meaning::AllDay
        )
    }

    /// The value of a cell after value map and converter.
    fn raw(&self, cell: &Cell) -> Result<Raw, Wrong> {
        if let Some(values) = self.values {
            let ours = cell.in_value_maps().and_then(|theirs| values.get(&theirs).or_else(|| values.get("*")));
            if let Some(ours) = ours {
                return Ok(Cell::Text(ours.clone()).into());
            }
        }
        match self.converter {
            Some(converter) => converter.convert(cell.clone()).map(Raw::from),
            None => Ok(cell.clone().into()),
        }
    }
}

impl<'r> Reader<'r> {
    /// A reader for the columns that the database says the query has; `meanings` belong to `names`, one by one.
    pub(in crate::sources) fn new(query: &'r Query, names: &[String], meanings: &[Meaning], rules: &'r Rules) -> Self {
        let columns = names.iter().zip(meanings).map(|(name, meaning)| Column {
            name: name.clone(),
            meaning: *meaning,
            converter: query.converters.get(name).copied(),
            values: query.values.get(name),
        });
        Self { query, kind: query.kind.unwrap_or(Kind::Contact), rules, columns: columns.collect(), ties: None }
    }

    /// The same with the ties of its contacts.
    pub(in crate::sources) fn tied(mut self, ties: Option<&'r Ties>) -> Self {
        self.ties = ties;
        self
    }

    /// The cell of the column with this meaning.
    pub(super) fn cell<'c>(&self, cells: &'c [Cell], meaning: Meaning) -> Option<&'c Cell> {
        self.columns.iter().zip(cells).find(|(column, _)| column.meaning == meaning).map(|(_, cell)| cell)
    }

    /// Key, audience and mark of a row, or nothing when it has no usable key.
    pub(super) fn identity(&self, cells: &[Cell], problems: &mut Vec<RowProblem>) -> Option<Identity> {
        let key = match key_of(self.cell(cells, Meaning::Key).unwrap_or(&Cell::Null)) {
            Ok(record) => RecordKey { kind: self.kind, query: self.query.name.clone(), record },
            Err(wrong) => {
                problems.push(RowProblem {
                    query: self.query.name.clone(),
                    key: None,
                    field: None,
                    column: Some("key".to_owned()),
                    what: format!("{wrong}: the row cannot be told from others and is not read"),
                    unreadable: true,
                });
                return None;
            }
        };
        let audience = match self.ties {
            Some(ties) => ties.audience(&key.record),
            None if self.query.everyone => Audience::Everyone,
            None => self.audience(&key, cells, problems),
        };
        let mark = match self.cell(cells, Meaning::Changed) {
            None => 0,
            Some(cell) if cell.is_blank() => 0,
            Some(cell) => digest((cell, self.cell(cells, Meaning::ChangedSecond))),
        };
        Some(Identity { key, audience, mark })
    }

    fn audience(&self, key: &RecordKey, cells: &[Cell], problems: &mut Vec<RowProblem>) -> Audience {
        let column = self.columns.iter().zip(cells).find(|(column, _)| column.meaning == Meaning::Person);
        let Some((column, cell)) = column else { return Audience::Nobody };
        let what = match column.raw(cell).and_then(Raw::text) {
            Err(wrong) => wrong,
            Ok(None) => "there is no person",
            Ok(Some(person)) => {
                let person = person.trim();
                if self.rules.people.contains(person) {
                    return Audience::Person(PersonId(person.to_owned()));
                }
                "this person is not among `people`"
            }
        };
        problems.push(self.problem(key, column, format!("{what}: nobody gets this record")));
        Audience::Nobody
    }

    /// Whether nothing says to which matter a row belongs.
    fn silent_about_matters(&self) -> bool {
        !self.query.matterless
            && !self.ties.is_some_and(|ties| ties.say_matters)
            && !self.columns.iter().any(|column| column.meaning == Meaning::MatterNumber)
    }

    /// Reads a row in full.
    pub(super) fn read(&self, cells: &[Cell], problems: &mut Vec<RowProblem>) -> Option<Row> {
        let Identity { key, audience, mark } = self.identity(cells, problems)?;
        let mut draft = Draft::new(self.kind);
        for (column, cell) in self.columns.iter().zip(cells) {
            if let Cell::Garbled(_) = cell {
                let what = "the encoding of this text is broken: what cannot be read was replaced".to_owned();
                draft.matter.unclear |= column.meaning == Meaning::MatterNumber;
                problems.push(self.problem(&key, column, what));
            }
            if column.is_read_with_others() {
                continue;
            }
            let outcome = column.raw(cell).and_then(|raw| self.fill(&mut draft, column, raw));
            match outcome {
                Ok(None) => {}
                Ok(Some(told)) => problems.push(self.problem(&key, column, told.to_owned())),
                Err(wrong) => {
                    let what = draft.without(column.meaning, wrong);
                    problems.push(self.problem(&key, column, what));
                }
            }
        }
        if self.kind == Kind::Event && self.span(&mut draft, &key, cells, problems).is_none() {
            let (_, mut rest) = draft.finish();
            rest.matter.unclear |= self.silent_about_matters();
            return Some(Row::Unreadable { key, audience, matter: rest.matter, mark });
        }
        let (record, mut rest) = draft.finish();
        rest.matter.unclear |= self.silent_about_matters();
        let record = SourceRecord {
            key,
            audience,
            record,
            matter: rest.matter,
            group: rest.group,
            private: rest.private,
            done: rest.done,
            cancelled: rest.cancelled,
            withdrawn: rest.withdrawn,
        };
        Some(Row::Record { record: Box::new(record), mark })
    }

    /// Puts one value where it belongs. The text is told about a value that was taken all the same.
    fn fill(&self, draft: &mut Draft, column: &Column<'_>, raw: Raw) -> Result<Option<&'static str>, Wrong> {
        let zone = self.rules.zone.zone();
        match column.meaning {
            Meaning::Key
            | Meaning::Person
            | Meaning::Changed
            | Meaning::ChangedSecond
            | Meaning::Start(_)
            | Meaning::End(_)
            | Meaning::Duration
            | Meaning::AllDay => {}
            Meaning::Group => draft.group = short(raw)?,
            Meaning::MatterNumber => draft.matter.number = short(raw)?.map(Personal::new),
            Meaning::MatterName => draft.matter.name = short(raw)?.map(Personal::new),
            Meaning::Withdrawn => draft.withdrawn = withdrawal(raw)?,
            Meaning::Done => draft.done = raw.flag()?,
            Meaning::Cancelled => draft.cancelled = raw.flag()?.unwrap_or(false),
            Meaning::Private => {
                let private = raw.flag()?.ok_or("nothing says whether this is private")?;
                draft.keep_to(if private { Sensitivity::Private } else { Sensitivity::Normal });
            }
            Meaning::Sensitivity => {
                let word = raw.text()?.ok_or("nothing says who may see this")?;
                draft.keep_to(Sensitivity::of(&word)?);
            }
            Meaning::Categories => {
                let separator = self.query.category_separator.as_deref();
                let categories = raw.text()?.map(|text| Value::Categories(categories(&text, separator)));
                draft.set(Field::Categories, categories.filter(|value| *value != Value::Categories([].into())));
            }
            Meaning::Text(field) => {
                let mut text = raw.text()?.map(|text| text::clean(&text, text::several_lines(field)));
                let lost = text.as_mut().is_some_and(|text| text::cut(text, text::limit(field)));
                draft.set(field, text.filter(|text| !text.is_empty()).map(Value::text));
                return Ok(lost.then_some("this text is longer than Exchange keeps: the end was cut off"));
            }
            Meaning::Email(field) => {
                let address = short(raw)?;
                if address.as_deref().is_some_and(|address| !text::is_email(address)) {
                    return Err("this is no e-mail address");
                }
                draft.set(field, address.map(Value::text));
            }
            Meaning::Address(field, part) => {
                let text = raw.text()?.map(|text| text::clean(&text, part == AddressPart::Street));
                draft.address(field, part, text.unwrap_or_default());
            }
            Meaning::Date(field) => {
                let day = raw.moment()?.map(|moment| self.rules.day(moment)).transpose()?;
                draft.set(field, day.map(Value::Date));
            }
            Meaning::ReminderMinutes => {
                draft.set(Field::Reminder, reminder(raw, column.converter)?.map(Value::Reminder));
            }
            Meaning::ReminderAt => {
                let (at, told) = match raw.moment()? {
                    None => (None, None),
                    Some(Moment::Day(_)) => return Err("a reminder needs a time of day"),
                    Some(Moment::Instant(instant)) => (Some(instant), None),
                    Some(Moment::Wall(wall)) => {
                        let (instant, shift) = time::instant_of(wall, zone)?;
                        (Some(instant), shift.map(time::Shift::sentence))
                    }
                };
                draft.set(Field::Reminder, at.map(|at| Value::Reminder(Reminder::At(at))));
                return Ok(told);
            }
            Meaning::ShowAs => draft.set(Field::ShowAs, word::<ShowAs>(raw)?.map(Value::ShowAs)),
            Meaning::Status => draft.set(Field::Status, word::<TaskStatus>(raw)?.map(Value::Status)),
            Meaning::Percent => {
                let percent = match raw {
                    Raw::Real(number) if number.is_finite() => Raw::Real(number.round()),
                    other => other,
                };
                let wrong = "this is no percentage from 0 to 100";
                let percent = percent.integer()?.map(|percent| u8::try_from(percent).map_err(|_| wrong)).transpose()?;
                if percent.is_some_and(|percent| percent > 100) {
                    return Err(wrong);
                }
                draft.set(Field::PercentComplete, percent.map(Value::Percent));
            }
            Meaning::Importance => draft.set(Field::Importance, word::<Importance>(raw)?.map(Value::Importance)),
            Meaning::Priority => {
                // https://www.rfc-editor.org/rfc/rfc5545#section-3.8.1.9
                let importance = match raw.integer()? {
                    None | Some(0) => None,
                    Some(1..=4) => Some(Importance::High),
                    Some(5) => Some(Importance::Normal),
                    Some(6..=9) => Some(Importance::Low),
                    Some(_) => return Err("this is no priority from 0 to 9"),
                };
                draft.set(Field::Importance, importance.map(Value::Importance));
            }
        }
        Ok(None)
    }

    fn problem(&self, key: &RecordKey, column: &Column<'_>, what: String) -> RowProblem {
        RowProblem {
            query: self.query.name.clone(),
            key: Some(key.clone()),
            field: column.meaning.field(),
            column: Some(column.name.clone()),
            what,
            unreadable: false,
        }
    }
}

/// A primary key as text.
pub(in crate::sources) fn key_of(cell: &Cell) -> Result<String, Wrong> {
    let key = match cell {
        Cell::Null => return Err("the key is NULL"),
        Cell::Integer(number) => number.to_string(),
        Cell::Text(text) => text.trim().to_owned(),
        Cell::Blob(bytes) => hex(bytes),
        Cell::Real(_) => return Err("the key is a number with a fraction"),
        Cell::Garbled(_) => return Err("the encoding of the key is broken"),
    };
    if key.is_empty() {
        Err("the key is blank")
    } else if key.chars().count() > 128 || key.chars().any(char::is_control) {
        Err("the key is longer than 128 characters or has control characters")
    } else {
        Ok(key)
    }
}

/// Text of one line, never longer than 255 characters.
fn short(raw: Raw) -> Result<Option<String>, Wrong> {
    let text = raw.text()?.map(|text| text::clean(&text, false)).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.chars().count() > 255 => Err("this is longer than 255 characters"),
        other => Ok(other),
    }
}

fn word<T: Vocabulary>(raw: Raw) -> Result<Option<T>, Wrong> {
    raw.text()?.map(|word| T::of(&word)).transpose()
}

fn categories(text: &str, separator: Option<&str>) -> std::collections::BTreeSet<String> {
    let parts: Vec<&str> = match separator {
        Some(separator) => text.split(separator).collect(),
        // Outlook itself knows no category with one of these in its name.
        None => text.split([',', ';']).collect(),
    };
    let names = parts.into_iter().map(|name| {
        let mut name = text::clean(name, false);
        text::cut(&mut name, 255);
        name
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// A reason to leave the phones: yes, or the reason itself.
fn withdrawal(raw: Raw) -> Result<Option<String>, Wrong> {
    if let Ok(flag) = raw.clone().flag() {
        return Ok(flag.unwrap_or(false).then(|| "withdrawn by the practice system".to_owned()));
    }
    short(raw)
}

/// Minutes before an event. Negative numbers mean "no reminder" in many systems; a duration may be written from either side.
fn reminder(raw: Raw, converter: Option<Converter>) -> Result<Option<Reminder>, Wrong> {
    let Some(minutes) = raw.integer()? else { return Ok(None) };
    let minutes = if converter == Some(Converter::IsoDuration) { minutes.saturating_abs() } else { minutes };
    if minutes < 0 {
        return Ok(Some(Reminder::Off));
    }
    match u32::try_from(minutes) {
        // Outlook knows nothing beyond two years.
        Ok(minutes) if minutes <= 2 * 366 * 24 * 60 => Ok(Some(Reminder::MinutesBefore(minutes))),
        _ => Err("this is more than two years before"),
    }
}
