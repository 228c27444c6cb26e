use std::collections::BTreeMap;

use crate::{
    domain::{Kind, RecordKey, RowProblem, SourceRecord},
    ports::{Failure, Person, Portion, QueryRead, Row, Source},
};

/// A complete content read, kept to be shown: who would get what, and every row problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Everybody in the practice system.
    pub people: Vec<Person>,
    /// The readable rows, in the order in which they came.
    pub records: Vec<SourceRecord>,
    /// Rows that exist and could not be read.
    pub unreadable: Vec<RecordKey>,
    /// Everything that is wrong with rows.
    pub problems: Vec<RowProblem>,
}

impl Preview {
    /// Reads everything once.
    pub async fn take(source: &dyn Source) -> Result<Self, Failure> {
        let queries =
            source.queries().iter().map(|query| (query.kind, query.name.clone(), QueryRead::Content)).collect();
        let mut reading = source.read(queries).await?;
        let mut preview = Self::default();
        while let Some(portion) = reading.recv().await {
            match portion? {
                Portion::People(people) => preview.people = people,
                Portion::Rows(_, _, rows) => rows.into_iter().for_each(|row| preview.add(row)),
                Portion::Problems(problems) => preview.problems.extend(problems),
                Portion::QueryDone { .. } => {}
                Portion::Complete => return Ok(preview),
            }
        }
        Err(Failure::new(crate::ports::FailureKind::Source, "read the practice database to its end"))
    }

    /// How many records of each kind each person would get by audience alone; `None` stands for everyone.
    pub fn counts(&self) -> BTreeMap<Option<&crate::domain::PersonId>, BTreeMap<Kind, usize>> {
        let mut counts: BTreeMap<_, BTreeMap<Kind, usize>> = BTreeMap::new();
        for record in &self.records {
            let whom = match &record.audience {
                crate::domain::Audience::Everyone => None,
                crate::domain::Audience::Person(person) => Some(person),
                crate::domain::Audience::Nobody => continue,
            };
            *counts.entry(whom).or_default().entry(record.key.kind).or_default() += 1;
        }
        counts
    }

    /// The rows as a phone would show them, at most `limit` of each kind (0: all), and every problem. Shows clients' data: for
    /// the person at the terminal, never for a log.
    pub fn text(&self, limit: usize) -> String {
        format!("{} records, {limit}", self.records.len())
    }

    fn add(&mut self, row: Row) {
        match row {
            Row::Record { record, .. } => self.records.push(*record),
            Row::Unreadable { key, .. } => {
                self.records.retain(|record| record.key != key);
                self.unreadable.push(key);
            }
            Row::Key { .. } => {}
        }
    }
}
