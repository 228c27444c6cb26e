use std::collections::BTreeMap;

use crate::{
    domain::{Audience, Kind, PersonId, RecordKey, RowProblem, SourceRecord},
    ports::{Failure, FailureKind, Person, Portion, QueryRead, Row, Source},
};

mod text;

/// A complete content read, kept to be shown: who would get what, and every row problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Everybody in the practice system.
    pub people: Vec<Person>,
    /// The readable rows, in the order in which they came; a record for several people comes several times.
    pub records: Vec<SourceRecord>,
    /// Rows that exist and could not be read.
    pub unreadable: Vec<(RecordKey, Audience)>,
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
                Portion::QueryDone { .. } | Portion::Walls(_) | Portion::Ties { .. } => {}
                Portion::Complete => return Ok(preview),
            }
        }
        Err(Failure::new(FailureKind::Source, "read the practice database to its end")
            .because("the reading stopped in the middle and did not say why"))
    }

    /// How many records of each kind each person would get by audience alone; `None` stands for everyone.
    pub fn counts(&self) -> BTreeMap<Option<&PersonId>, BTreeMap<Kind, usize>> {
        let mut counts: BTreeMap<_, BTreeMap<Kind, usize>> = BTreeMap::new();
        for record in &self.records {
            let whom = match &record.audience {
                // Who of the firm chose it is for their scope to say.
                Audience::Everyone | Audience::Linked(_) => None,
                Audience::Person(person) => Some(person),
                Audience::Nobody => continue,
            };
            *counts.entry(whom).or_default().entry(record.key.kind).or_default() += 1;
        }
        counts
    }

    /// The rows as a phone would show them, at most `limit` of each kind (0: all), every problem, and who would get how many.
    /// Shows clients' data: for the person at the terminal, never for a log.
    pub fn text(&self, limit: usize) -> String {
        text::text_of(self, limit)
    }

    fn add(&mut self, row: Row) {
        match row {
            Row::Record { record, .. } => self.records.push(*record),
            Row::Unreadable { key, audience, .. } => {
                // The last word holds: rows may turn out to contradict each other after the first was read.
                self.records.retain(|record| record.key != key || record.audience != audience);
                self.unreadable.push((key, audience));
            }
            Row::Key { .. } => {}
        }
    }
}
