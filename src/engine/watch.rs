//! How much of each query to read now: most ticks read what changed, a sweep every quarter of an hour finds deletions and
//! re-assignments, a full read every hour repairs whatever a time stamp hid. Content and complete key set are the truth.
//!
//! What is known of a query lives in memory, together with the pending changes that came from it, and dies with them: after a
//! start everything is read in full. A reading that fails makes its queries unknown again.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
};

use jiff::{SignedDuration, Timestamp};

use super::Settings;
use crate::{
    domain::{Audience, Kind, QueryName, RecordKey},
    ports::{Cursor, QueryInfo, QueryRead},
};

/// A query by kind and name.
pub(super) type QueryId = (Kind, QueryName);

#[derive(Debug, Default)]
struct Known {
    hinted: bool,
    cursor: Option<Cursor>,
    /// Digest of (key, audience) -> digest of `changed`, with the generation that last saw it. Two words a row keep a million
    /// rows small; a collision costs one needless read, for deletions are decided on whole keys.
    marks: HashMap<u64, (u64, u32)>,
    swept: Option<Timestamp>,
    read_in_full: Option<Timestamp>,
    /// Digest of who is tied to its contacts, where the query has ties.
    ties: Option<u64>,
    /// A sweep saw something that no hint explained.
    suspicious: bool,
}

/// What is known of every query.
#[derive(Debug)]
pub(super) struct Watch {
    queries: BTreeMap<QueryId, Known>,
    hashing: RandomState,
    generation: u32,
}

impl Watch {
    pub(super) fn new(queries: &[QueryInfo]) -> Self {
        let queries = queries
            .iter()
            .map(|query| ((query.kind, query.name.clone()), Known { hinted: query.hinted, ..Known::default() }))
            .collect();
        Self { queries, hashing: RandomState::new(), generation: 0 }
    }

    /// What to read at this tick, and the generation that marks what is seen in it.
    pub(super) fn choose(&mut self, now: Timestamp, settings: &Settings) -> (u32, Vec<(Kind, QueryName, QueryRead)>) {
        self.generation = self.generation.wrapping_add(1).max(1);
        let due = |last: Option<Timestamp>, minutes: u32| {
            // A clock that was set back makes everything due.
            last.is_none_or(|last| last > now || now.duration_since(last) >= SignedDuration::from_mins(minutes.into()))
        };
        let chosen = self.queries.iter().map(|((kind, name), known)| {
            let read = match &known.cursor {
                Some(cursor) if !known.suspicious && !due(known.read_in_full, settings.content_minutes) => {
                    if due(known.swept, settings.sweep_minutes) {
                        QueryRead::Sweep(cursor.clone())
                    } else {
                        QueryRead::Changed(cursor.clone())
                    }
                }
                _ => QueryRead::Content,
            };
            (*kind, name.clone(), read)
        });
        (self.generation, chosen.collect())
    }

    /// Remembers a row that was read in full.
    pub(super) fn saw(&mut self, query: &QueryId, key: &RecordKey, audience: &Audience, mark: u64) {
        let digest = self.hashing.hash_one((key, audience));
        let generation = self.generation;
        if let Some(known) = self.queries.get_mut(query).filter(|known| known.hinted) {
            known.marks.insert(digest, (mark, generation));
        }
    }

    /// Remembers a row of a sweep. One that is new or marked otherwise, and was not read in this tick, asks for a full read.
    pub(super) fn swept(&mut self, query: &QueryId, key: &RecordKey, audience: &Audience, mark: u64) {
        let digest = self.hashing.hash_one((key, audience));
        let generation = self.generation;
        let Some(known) = self.queries.get_mut(query) else { return };
        match known.marks.get_mut(&digest) {
            Some((last, seen)) if *last == mark => *seen = generation,
            _ => known.suspicious = true,
        }
    }

    /// Remembers who is tied to the contacts of a query; true when it is not what it was.
    pub(super) fn tied(&mut self, query: &QueryId, digest: u64) -> bool {
        let known = self.queries.get_mut(query);
        known.is_some_and(|known| known.ties.replace(digest) != Some(digest))
    }

    /// A query was read to its end.
    pub(super) fn done(&mut self, query: &QueryId, read: &QueryRead, cursor: Option<Cursor>, now: Timestamp) {
        let generation = self.generation;
        let Some(known) = self.queries.get_mut(query) else { return };
        known.cursor = cursor;
        match read {
            QueryRead::Changed(_) => {}
            QueryRead::Sweep(_) => {
                known.swept = Some(now);
                known.marks.retain(|_, (_, seen)| *seen == generation);
            }
            QueryRead::Content => {
                known.swept = Some(now);
                known.read_in_full = Some(now);
                known.suspicious = false;
                known.marks.retain(|_, (_, seen)| *seen == generation);
            }
        }
    }

    /// What rows mean changed for somebody (a person came or left): the next reading is a full one.
    pub(super) fn suspect(&mut self) {
        for known in self.queries.values_mut() {
            known.suspicious = true;
        }
    }

    /// The reading failed: nothing that it said counts.
    pub(super) fn forget(&mut self) {
        for known in self.queries.values_mut() {
            *known = Known { hinted: known.hinted, ..Known::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> QueryId {
        (Kind::Event, QueryName("meetings".into()))
    }

    fn watch() -> Watch {
        Watch::new(&[QueryInfo { kind: Kind::Event, name: QueryName("meetings".into()), hinted: true }])
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + minute * 60).expect("valid")
    }

    fn cursor(text: &str) -> Cursor {
        Cursor(text.into())
    }

    fn chosen(watch: &mut Watch, minute: i64) -> QueryRead {
        watch.choose(at(minute), &Settings::default()).1.remove(0).2
    }

    #[test]
    fn the_first_reading_is_full_then_come_hints_sweeps_and_full_readings() {
        let mut watch = watch();
        assert_eq!(chosen(&mut watch, 0), QueryRead::Content);
        watch.done(&query(), &QueryRead::Content, Some(cursor("1")), at(0));
        assert_eq!(chosen(&mut watch, 2), QueryRead::Changed(Cursor("1".into())));
        watch.done(&query(), &QueryRead::Changed(Cursor("1".into())), Some(cursor("2")), at(2));
        assert_eq!(chosen(&mut watch, 15), QueryRead::Sweep(Cursor("2".into())));
        watch.done(&query(), &QueryRead::Sweep(Cursor("2".into())), Some(cursor("3")), at(15));
        assert_eq!(chosen(&mut watch, 20), QueryRead::Changed(Cursor("3".into())));
        assert_eq!(chosen(&mut watch, 60), QueryRead::Content);
    }

    #[test]
    fn a_query_without_changed_is_read_in_full_every_time() {
        let mut watch = watch();
        for minute in [0, 2, 4] {
            assert_eq!(chosen(&mut watch, minute), QueryRead::Content);
            watch.done(&query(), &QueryRead::Content, None, at(minute));
        }
    }

    #[test]
    fn a_sweep_that_shows_a_new_person_asks_for_a_full_reading() {
        let mut watch = watch();
        let key = RecordKey::new(Kind::Event, "meetings", "1");
        let person = |name: &str| Audience::Person(crate::domain::PersonId(name.into()));
        chosen(&mut watch, 0);
        watch.saw(&query(), &key, &person("AB"), 7);
        watch.done(&query(), &QueryRead::Content, Some(cursor("1")), at(0));
        let sweep = chosen(&mut watch, 15);
        watch.swept(&query(), &key, &person("AB"), 7);
        watch.done(&query(), &sweep, Some(cursor("1")), at(15));
        assert!(matches!(chosen(&mut watch, 17), QueryRead::Changed(_)), "nothing new");
        watch.queries.get_mut(&query()).expect("known").swept = None;
        let sweep = chosen(&mut watch, 30);
        watch.swept(&query(), &key, &person("CD"), 7);
        watch.done(&query(), &sweep, Some(cursor("1")), at(30));
        assert_eq!(chosen(&mut watch, 32), QueryRead::Content);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_everything_due() {
        let mut watch = watch();
        watch.done(&query(), &QueryRead::Content, Some(cursor("1")), at(1_000));
        assert_eq!(chosen(&mut watch, 10), QueryRead::Content, "not only when the clock has caught up");
    }

    #[test]
    fn after_a_failed_reading_everything_is_read_again() {
        let mut watch = watch();
        watch.done(&query(), &QueryRead::Content, Some(cursor("1")), at(0));
        watch.forget();
        assert_eq!(chosen(&mut watch, 2), QueryRead::Content);
    }
}
