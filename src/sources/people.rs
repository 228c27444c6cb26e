use std::collections::BTreeSet;

use super::{
    cell::Cell,
    mapping::Query,
    rows::{Raw, clean, is_email},
};
use crate::{
    domain::{PersonId, Personal, RowProblem},
    ports::{Failure, FailureKind, Person},
};

/// Collects the `people` query: id, name, e-mail, active.
pub(super) struct People<'q> {
    query: &'q Query,
    places: [Option<usize>; 4],
    found: Vec<Person>,
    seen: BTreeSet<String>,
    problems: Vec<RowProblem>,
}

impl<'q> People<'q> {
    /// `places` says where the four columns are.
    pub(super) fn new(query: &'q Query, places: [Option<usize>; 4]) -> Self {
        Self { query, places, found: Vec::new(), seen: BTreeSet::new(), problems: Vec::new() }
    }

    /// Takes a row.
    pub(super) fn row(&mut self, cells: &[Cell]) {
        let [id, name, email, active] = self.places.map(|place| place.and_then(|place| cells.get(place)));
        let text = |cell: Option<&Cell>| {
            let text = Raw::from(cell.cloned().unwrap_or(Cell::Null)).text().ok().flatten()?;
            Some(clean(&text, false)).filter(|text| !text.is_empty())
        };
        let Some(id) = text(id) else {
            return self.tell("id", "a person has no id: nobody can be linked to it");
        };
        if !self.seen.insert(id.clone()) {
            return self.tell("id", "two people have the same id: the first one is taken");
        }
        let email = text(email).filter(|address| {
            let usable = is_email(address);
            if !usable {
                self.tell("email", "this is no e-mail address: left out");
            }
            usable
        });
        let active = match active.map(|cell| self.raw("active", cell).flag()) {
            None => true,
            Some(Ok(Some(active))) => active,
            // Somebody leaves on positive evidence only.
            Some(Ok(None) | Err(_)) => {
                self.tell("active", "nothing usable says whether this person is active: taken as active");
                true
            }
        };
        let person =
            Person { id: PersonId(id), name: text(name).map(Personal::new), email: email.map(Personal::new), active };
        self.found.push(person);
    }

    /// Everybody. A practice system without people was not read: that is a failure.
    pub(super) fn finish(self) -> Result<(Vec<Person>, Vec<RowProblem>), Failure> {
        if self.found.is_empty() {
            return Err(Failure::new(FailureKind::Source, "read the people of the practice system")
                .because("the `people` query returned nobody")
                .hint("`pocketdocket practice probe` shows what the account may see"));
        }
        Ok((self.found, self.problems))
    }

    fn raw(&self, column: &str, cell: &Cell) -> Raw {
        let values = self.query.values.get(column);
        let theirs = cell.in_value_maps();
        let ours = values.zip(theirs).and_then(|(values, theirs)| values.get(&theirs).or_else(|| values.get("*")));
        match ours {
            Some(ours) => Cell::Text(ours.clone()).into(),
            None => cell.clone().into(),
        }
    }

    fn tell(&mut self, column: &str, what: &str) {
        self.problems.push(RowProblem {
            query: self.query.name.clone(),
            key: None,
            field: None,
            column: Some(column.to_owned()),
            what: what.to_owned(),
            unreadable: false,
        });
    }
}
