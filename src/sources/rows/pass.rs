use std::collections::HashSet;

use super::{
    duplicates::{Duplicates, Sighting},
    reader::{Identity, Reader},
};
use crate::{
    domain::{Audience, Field, Matter, RecordKey, RowProblem},
    ports::Row,
    sources::{
        cell::{Cell, digest},
        mapping::Meaning,
        watermark::Watermark,
    },
};

/// One reading of one query: rows in, records and problems out, some hundred at a time.
pub(in crate::sources) struct Pass<'r> {
    reader: Reader<'r>,
    full: Duplicates,
    rows: Vec<Row>,
    problems: Vec<RowProblem>,
    watermark: Watermark,
    read: u64,
}

/// What is left when a query was read to its end.
pub(in crate::sources) struct Totals {
    /// Rows that were read.
    pub(in crate::sources) read: u64,
    /// The highest `changed`.
    pub(in crate::sources) watermark: Watermark,
    /// Digests of keys and persons whose rows contradict each other, for the hinted reads that follow.
    pub(in crate::sources) contradicted: HashSet<u64>,
}

impl<'r> Pass<'r> {
    /// A pass; `contradicted` is what the last complete reading found.
    pub(in crate::sources) fn new(reader: Reader<'r>, contradicted: HashSet<u64>) -> Self {
        Self {
            reader,
            full: Duplicates::with(contradicted),
            rows: Vec::new(),
            problems: Vec::new(),
            watermark: Watermark::default(),
            read: 0,
        }
    }

    /// Takes a row with all its columns.
    pub(in crate::sources) fn full_row(&mut self, cells: &[Cell]) {
        self.read += 1;
        let told = self.problems.len();
        let Some(row) = self.reader.read(cells, &mut self.problems) else { return };
        let second = self.reader.cell(cells, Meaning::ChangedSecond);
        if let Some(changed) = self.reader.cell(cells, Meaning::Changed) {
            self.watermark.see(changed, second);
        }
        let (key, audience, mark) = match &row {
            Row::Record { record, mark } => (&record.key, &record.audience, *mark),
            Row::Unreadable { key, audience, mark, .. } | Row::Key { key, audience, mark } => (key, audience, *mark),
        };
        // What nobody gets contradicts nothing.
        if *audience == Audience::Nobody {
            self.rows.push(row);
            return;
        }
        let content = match &row {
            Row::Record { record, .. } => digest((
                &record.record.fields,
                &record.matter,
                &record.group,
                record.private,
                record.done,
                record.cancelled,
                &record.withdrawn,
            )),
            Row::Unreadable { .. } | Row::Key { .. } => 0,
        };
        match self.full.see(digest((&key.record, audience)), content) {
            Sighting::New => self.rows.push(row),
            Sighting::Again => {
                self.problems.truncate(told);
                let what = "the query gives this row more than once: taken once".to_owned();
                self.problems.push(self.problem(&row, what, false));
            }
            Sighting::Contradicted => {
                self.problems.truncate(told);
                let what = "several rows with this key and person contradict each other: none of them is believed";
                self.problems.push(self.problem(&row, what.to_owned(), true));
                self.rows.retain(|earlier| identity_of(earlier) != (key, audience));
                let matter = match &row {
                    Row::Record { record, .. } => record.matter.clone(),
                    Row::Unreadable { matter, .. } => matter.clone(),
                    Row::Key { .. } => Matter::default(),
                };
                self.rows.push(Row::Unreadable { key: key.clone(), audience: audience.clone(), matter, mark });
            }
        }
    }

    /// Takes a row of the sweep. What is wrong with its key or person was said when it was read in full.
    pub(in crate::sources) fn sweep_row(&mut self, cells: &[Cell]) {
        self.read += 1;
        let Some(Identity { key, audience, mark }) = self.reader.identity(cells, &mut Vec::new()) else { return };
        if audience == Audience::Nobody {
            self.rows.push(Row::Key { key, audience, mark });
            return;
        }
        match self.full.see(digest((&key.record, &audience)), mark) {
            Sighting::New => self.rows.push(Row::Key { key, audience, mark }),
            Sighting::Again => {}
            Sighting::Contradicted => {
                let matter = Matter { unclear: true, ..Matter::default() };
                self.rows.push(Row::Unreadable { key, audience, matter, mark });
            }
        }
    }

    /// Rows that wait to be handed over.
    pub(in crate::sources) fn waiting(&self) -> usize {
        self.rows.len().max(self.problems.len())
    }

    /// Hands over what is ready. The last row is kept back until `end`: rows that contradict each other mostly come one after
    /// the other, and then none of them need be believed even for a moment.
    pub(in crate::sources) fn take(&mut self, end: bool) -> (Vec<Row>, Vec<RowProblem>) {
        let kept = if end { None } else { self.rows.pop() };
        let rows = std::mem::replace(&mut self.rows, kept.into_iter().collect());
        (rows, std::mem::take(&mut self.problems))
    }

    /// Ends the pass; everything was taken before.
    pub(in crate::sources) fn finish(self) -> Totals {
        Totals { read: self.read, watermark: self.watermark, contradicted: self.full.into_contradicted() }
    }

    fn problem(&self, row: &Row, what: String, unreadable: bool) -> RowProblem {
        let (key, _) = identity_of(row);
        let field = None::<Field>;
        RowProblem {
            query: self.reader.query.name.clone(),
            key: Some(key.clone()),
            field,
            column: None,
            what,
            unreadable,
        }
    }
}

fn identity_of(row: &Row) -> (&RecordKey, &Audience) {
    match row {
        Row::Record { record, .. } => (&record.key, &record.audience),
        Row::Unreadable { key, audience, .. } | Row::Key { key, audience, .. } => (key, audience),
    }
}
