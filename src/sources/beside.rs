//! What is read beside the records, in full and in the same consistent read: who is tied to the contacts of an address book, and
//! which walls the practice system keeps. Nothing here is guessed: a tie with somebody unknown gives nobody anything, and a
//! wall against somebody unknown is one against everybody.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::{
    cell::{Cell, digest},
    mapping::{LINKS, WALLS},
    rows::{Raw, clean, key_of},
};
use crate::{
    domain::{
        Audience, Behind, Circle, Kind, Matter, MatterNumber, PersonId, Personal, PracticeWall, QueryName, RecordKey,
        RowProblem, Tie,
    },
    ports::{Failure, FailureKind},
};

/// Who is tied to the contacts of one query.
#[derive(Debug, Default)]
pub(super) struct Ties {
    by_key: HashMap<String, Arc<BTreeSet<Tie>>>,
    untied: Arc<BTreeSet<Tie>>,
    /// The same for the same ties.
    pub(super) digest: u64,
    /// Whether they say in which matters contacts play a part.
    pub(super) say_matters: bool,
}

impl Ties {
    /// The audience of a contact.
    pub(super) fn audience(&self, key: &str) -> Audience {
        Audience::Linked(Arc::clone(self.by_key.get(key).unwrap_or(&self.untied)))
    }
}

/// Collects the rows of a `links_sql`.
pub(super) struct TieCollector<'c> {
    query: &'c QueryName,
    people: &'c HashSet<String>,
    places: [Option<usize>; LINKS.len()],
    by_key: HashMap<String, BTreeSet<Tie>>,
    problems: BTreeSet<RowProblem>,
}

impl<'c> TieCollector<'c> {
    /// `places` says where the columns are, in the order of [`LINKS`].
    pub(super) fn new(query: &'c QueryName, people: &'c HashSet<String>, places: [Option<usize>; LINKS.len()]) -> Self {
        Self { query, people, places, by_key: HashMap::new(), problems: BTreeSet::new() }
    }

    /// Takes a row.
    pub(super) fn row(&mut self, cells: &[Cell]) {
        let [key, person, circle, role, number, name] =
            self.places.map(|place| place.and_then(|place| cells.get(place)));
        let key = match key_of(key.unwrap_or(&Cell::Null)) {
            Ok(key) => key,
            Err(wrong) => return self.tell(None, "key", format!("{wrong}: this tie is to no contact")),
        };
        let person = match known_person(person, self.people) {
            Ok(person) => Some(person),
            Err(wrong) => {
                self.tell(Some(&key), "person", format!("{wrong}: this tie gives nobody the contact"));
                None
            }
        };
        let circle = match text(circle).unwrap_or(Some("?".to_owned())).map(|word| word.to_lowercase()).as_deref() {
            None | Some("matters" | "matter") => Some(Circle::Matters),
            Some("mine") => Some(Circle::Mine),
            Some(_) => None,
        };
        if circle.is_none() {
            self.tell(Some(&key), "circle", "this is neither `mine` nor `matters`: this tie gives nobody the contact");
        }
        let unclear = self.places[4].is_none() || text(number).is_err();
        let plain = |cell| text(cell).ok().flatten().map(Personal::new);
        let matter = Matter { number: plain(number), name: plain(name), unclear };
        if unclear && self.places[4].is_some() {
            self.tell(Some(&key), "matter_number", "this cannot be read: unclear where a wall stands");
        }
        let tie = Tie {
            person: person.filter(|_| circle.is_some()),
            circle: circle.unwrap_or_default(),
            role: plain(role),
            matter,
        };
        self.by_key.entry(key).or_default().insert(tie);
    }

    /// All ties, and what is wrong with rows.
    pub(super) fn finish(self) -> (Ties, Vec<RowProblem>) {
        let of_all = self.by_key.iter().map(digest).fold(self.by_key.len() as u64, u64::wrapping_add);
        let by_key = self.by_key.into_iter().map(|(key, ties)| (key, Arc::new(ties))).collect();
        let ties = Ties { by_key, untied: Arc::default(), digest: of_all, say_matters: self.places[4].is_some() };
        (ties, self.problems.into_iter().collect())
    }

    fn tell(&mut self, key: Option<&str>, column: &str, what: impl Into<String>) {
        let key = key.map(|key| RecordKey { kind: Kind::Contact, query: self.query.clone(), record: key.to_owned() });
        self.problems.insert(problem(self.query.clone(), key, column, what));
    }
}

/// Collects the rows of the `walls` query.
pub(super) struct WallCollector<'c> {
    people: &'c HashSet<String>,
    places: [Option<usize>; WALLS.len()],
    walls: BTreeSet<PracticeWall>,
    problems: BTreeSet<RowProblem>,
    /// A wall stands around something that nobody can name.
    broken: Option<(&'static str, &'static str)>,
}

impl<'c> WallCollector<'c> {
    /// `places` says where the columns are, in the order of [`WALLS`].
    pub(super) fn new(people: &'c HashSet<String>, places: [Option<usize>; WALLS.len()]) -> Self {
        Self { people, places, walls: BTreeSet::new(), problems: BTreeSet::new(), broken: None }
    }

    /// Takes a row.
    pub(super) fn row(&mut self, cells: &[Cell]) {
        let [person, number, record] = self.places.map(|place| place.and_then(|place| cells.get(place)));
        let mut behind = Vec::new();
        match text(number).map(|number| number.as_deref().and_then(MatterNumber::of)) {
            Ok(number) => behind.extend(number.map(Behind::Matter)),
            Err(wrong) => self.broken = Some(("matter_number", wrong)),
        }
        match text(record).map(|record| record.map(|record| record.parse::<RecordKey>())) {
            Ok(None) => {}
            Ok(Some(Ok(key))) => behind.push(Behind::Record(key)),
            Ok(Some(Err(_))) => self.broken = Some(("record", "this is no key such as `contact/contacts/17`")),
            Err(wrong) => self.broken = Some(("record", wrong)),
        }
        if self.broken.is_some() {
            return;
        }
        if behind.is_empty() {
            self.tell("matter_number", "a row that names neither a matter nor a record walls off nothing");
        }
        let person = match known_person(person, self.people) {
            Ok(person) => Some(person),
            Err(wrong) => {
                self.tell("person", format!("{wrong}: in doubt nobody new gets what this wall is about"));
                None
            }
        };
        self.walls.extend(behind.into_iter().map(|behind| PracticeWall { person: person.clone(), behind }));
    }

    /// All walls, and what is wrong with rows. A wall around something that nobody can name may stand around anything: then
    /// the walls were not read.
    pub(super) fn finish(self) -> Result<(Vec<PracticeWall>, Vec<RowProblem>), Failure> {
        if let Some((column, wrong)) = self.broken {
            return Err(Failure::new(FailureKind::Source, "read the ethical walls of the practice system")
                .because(format!("a row of the `walls` query cannot be understood, column `{column}`: {wrong}"))
                .hint("mend the row or the query; until then nobody gets anything"));
        }
        Ok((self.walls.into_iter().collect(), self.problems.into_iter().collect()))
    }

    fn tell(&mut self, column: &str, what: impl Into<String>) {
        self.problems.insert(problem(QueryName("walls".to_owned()), None, column, what));
    }
}

/// A text of one line; nothing for NULL and blanks.
fn text(cell: Option<&Cell>) -> Result<Option<String>, &'static str> {
    let Some(cell) = cell else { return Ok(None) };
    if let Cell::Garbled(_) = cell {
        return Err("the encoding of this text is broken");
    }
    let text = Raw::from(cell.clone()).text()?.map(|text| clean(&text, false)).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.chars().count() > 255 => Err("this is longer than 255 characters"),
        other => Ok(other),
    }
}

fn known_person(cell: Option<&Cell>, people: &HashSet<String>) -> Result<PersonId, &'static str> {
    let person = text(cell)?.ok_or("there is no person")?;
    if people.contains(&person) { Ok(PersonId(person)) } else { Err("this person is not among `people`") }
}

fn problem(query: QueryName, key: Option<RecordKey>, column: &str, what: impl Into<String>) -> RowProblem {
    RowProblem { query, key, field: None, column: Some(column.to_owned()), what: what.into(), unreadable: false }
}
