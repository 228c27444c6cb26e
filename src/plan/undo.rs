//! Undoing what was done: pure.
//!
//! | the oldest deed to be undone | the item now | what is done |
//! |---|---|---|
//! | a creation | ours | remove it; it stays away until its record changes |
//! | an update | ours | write back what the update replaced; it stays so until its record changes |
//! | an update, and a removal later | gone | give the user what the item held before the update |
//! | a removal | gone | give the user what the item held, without our stamp |
//! | an adoption | ours | give it back to its user: as it was, without our stamp; the record gets no item beside it |
//! | a removal, and a creation later | ours | write back what the item held |
//!
//! Several deeds on one item collapse into one step, back to what stood before the oldest. Whatever else was done to the item
//! since, by us or by its user, is not thrown away: the undo is refused until that is included, and says so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{Action, Operation, Why, ours::ours};
use crate::domain::{
    Body, BodyFormat, Field, ItemContent, ItemId, Kind, Mirror, MirrorEntry, Observation, Personal, Presence, Record,
    RecordKey, RemovalManner, Seen, Value, Written, drift, notes,
};

/// What was done to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// It was written anew.
    Created,
    /// Fields were written.
    Updated,
    /// It was removed, into Deleted Items.
    Removed,
    /// It was removed for good.
    RemovedForGood,
    /// The user's own item became ours.
    Adopted,
    /// An update was undone: fields were written back.
    UpdateUndone,
    /// A creation was undone.
    CreationUndone,
    /// A removal was undone: the user got the item back.
    RemovalUndone,
    /// An adoption was undone: the item is its user's again.
    AdoptionUndone,
}

/// One thing that was done to the item of a record, as the history has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Orders deeds: later ones have larger numbers.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// In which run.
    pub run: i64,
    /// What.
    pub deed: Deed,
    /// The fields that were set or cleared by an update.
    pub fields: BTreeSet<Field>,
    /// What the item held before, where that was read and is still kept.
    pub before: Option<ItemContent>,
    /// Whether it was undone since.
    pub undone: bool,
}

/// Why something is not undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "refused")]
pub enum Refused {
    /// It was undone before.
    AlreadyUndone,
    /// What was removed for good cannot be brought back.
    RemovedForGood,
    /// What the item held before is not kept: it is too old, or a crash came between.
    NoImage,
    /// Something else was done to the item later.
    ChangedSince {
        /// When first.
        at: Timestamp,
        /// In which run.
        run: i64,
    },
    /// The user edited what would be written back.
    ChangedByUser {
        /// These fields.
        fields: BTreeSet<Field>,
    },
    /// The item is not in the mailbox any more: its user deleted it, or the record left.
    Gone,
    /// The record is back in the practice system and has an item again.
    BackAgain,
    /// What the item holds is not known for certain: the next pass finds out.
    InDoubt,
    /// The user was given the item: it is theirs.
    Given,
    /// It would not be what was shown.
    Differs,
    /// It waited for longer than an hour.
    Expired,
    /// The server refused it.
    ByServer {
        /// What it said, in a word.
        kind: String,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyUndone => formatter.write_str("undone before"),
            Self::RemovedForGood => formatter.write_str("it was removed for good, which cannot be undone"),
            Self::NoImage => formatter.write_str("what it held before is not kept any more"),
            Self::ChangedSince { at, run } => {
                write!(
                    formatter,
                    "it was changed again later, in run {run} ({}); include that run",
                    at.strftime("%F %T UTC")
                )
            }
            Self::ChangedByUser { fields } => {
                let words: Vec<&str> = fields.iter().map(|field| field.word()).collect();
                write!(formatter, "its user changed it since: {}", words.join(", "))
            }
            Self::Gone => formatter.write_str("the item is not in the mailbox any more"),
            Self::BackAgain => formatter.write_str("the record is back and has an item again; include that creation"),
            Self::InDoubt => formatter.write_str("it is not known what the item holds; sync first"),
            Self::Given => formatter.write_str("the item was given to its user and is theirs now"),
            Self::Differs => formatter.write_str("something changed since it was shown; look again"),
            Self::Expired => formatter.write_str("it could not be done within an hour; ask again"),
            Self::ByServer { kind } => write!(formatter, "the server refused it ({kind})"),
        }
    }
}

/// What is known of one record whose history is to be undone.
#[derive(Debug)]
pub struct Wish<'a> {
    /// Which record.
    pub key: &'a RecordKey,
    /// The numbers of what is to be undone.
    pub chosen: &'a BTreeSet<i64>,
    /// Everything that was done to its items, oldest first, beginning with the oldest that is chosen at the latest.
    pub past: &'a [Past],
    /// What we own.
    pub mirror: &'a Mirror,
    /// Stamped items, ours with its content.
    pub observed: &'a Observation,
    /// The office's zone, for days.
    pub zone: &'a TimeZone,
}

/// The item whose content must be read before [`undo`] can judge.
pub fn item_to_read(key: &RecordKey, mirror: &Mirror, observed: &Observation) -> Option<(Kind, ItemId)> {
    ours(key, mirror, observed).map(|seen| (key.kind, seen.item.id.clone()))
}

/// Decides how a wish is fulfilled, in one step.
///
/// # Errors
/// The reason why it is not.
pub fn undo(wish: &Wish<'_>) -> Result<Operation, Refused> {
    let chosen: Vec<&Past> = wish.past.iter().filter(|past| wish.chosen.contains(&past.number)).collect();
    let open: Vec<&Past> = chosen.iter().copied().filter(|past| !past.undone).collect();
    let Some(first) = open.first().copied() else { return Err(Refused::AlreadyUndone) };
    if let Some(refused) = open.iter().find_map(|past| beyond_undoing(past.deed)) {
        return Err(refused);
    }
    // An undo by itself is no new change: what it undid does not count any more either.
    let counts = |past: &&Past| {
        use Deed::{AdoptionUndone, CreationUndone, RemovalUndone, UpdateUndone};
        !past.undone && !matches!(past.deed, UpdateUndone | CreationUndone | RemovalUndone | AdoptionUndone)
    };
    let mut others = wish.past.iter().filter(|past| past.number > first.number && !wish.chosen.contains(&past.number));
    if let Some(other) = others.find(counts) {
        return Err(Refused::ChangedSince { at: other.at, run: other.run });
    }
    let case = Case { entry: wish.mirror.entries.get(wish.key), seen: ours(wish.key, wish.mirror, wish.observed) };
    let before = || first.before.as_ref().ok_or(Refused::NoImage);
    let removed_last = open.last().is_some_and(|past| past.deed == Deed::Removed);
    let action = match (first.deed, case.entry) {
        (Deed::Created, _) => case.take_away()?,
        (Deed::Adopted, Some(entry)) if entry.presence == Presence::Kept && !removed_last => {
            case.hand_back(entry, before()?, &touched(&open, entry))?
        }
        (_, Some(entry)) if entry.presence == Presence::Kept && !removed_last => {
            case.write_back(entry, before()?, &touched(&open, entry))?
        }
        (_, Some(entry)) if entry.presence == Presence::Kept => return Err(Refused::BackAgain),
        (_, None) if removed_last => give_back(wish.key.kind, before()?),
        _ => return Err(Refused::Gone),
    };
    let record = match &action {
        Action::GiveBack { record, .. }
        | Action::HandBack { record, .. }
        | Action::Update { record, .. }
        | Action::Own { record, .. } => Some(record),
        _ => case.entry.and_then(|entry| entry.written.as_ref()).map(|written| &written.record),
    };
    let due = record.and_then(|record| record.due(wish.zone));
    Ok(Operation { key: wish.key.clone(), due, why: Why::Undone, action })
}

/// Whether an unstamped item is the one that was to be given back: then it was, before a crash or a lost reply.
pub fn is_there(action: &Action, content: &ItemContent) -> bool {
    let Action::GiveBack { record, body } = action else { return false };
    content.stamp.is_none()
        && drift::returned(record, content).keys().all(|field| *field == Field::Reminder)
        && words(body.as_ref()) == words(content.body.as_ref())
}

/// What no undo brings back.
fn beyond_undoing(deed: Deed) -> Option<Refused> {
    match deed {
        Deed::RemovedForGood => Some(Refused::RemovedForGood),
        Deed::RemovalUndone | Deed::AdoptionUndone => Some(Refused::Given),
        Deed::CreationUndone => Some(Refused::Gone),
        Deed::Created | Deed::Updated | Deed::Adopted | Deed::Removed | Deed::UpdateUndone => None,
    }
}

/// The fields that were written in what is to be undone. Where the item was made anew, that is all of them.
fn touched(open: &[&Past], entry: &MirrorEntry) -> BTreeSet<Field> {
    let mut fields: BTreeSet<Field> = open.iter().flat_map(|past| past.fields.iter().copied()).collect();
    if open.iter().any(|past| matches!(past.deed, Deed::Created | Deed::Removed)) {
        fields.extend(entry.written.iter().flat_map(|written| written.record.fields.keys().copied()));
        fields
            .extend(open.iter().filter_map(|past| past.before.as_ref()).flat_map(|image| image.fields.keys().copied()));
    }
    fields
}

struct Case<'a> {
    entry: Option<&'a MirrorEntry>,
    seen: Option<&'a Seen>,
}

impl<'a> Case<'a> {
    /// Our item with what it holds and what we wrote into it.
    fn known(&self, entry: &'a MirrorEntry) -> Result<(&'a Seen, &'a ItemContent, &'a Written), Refused> {
        let seen = self.seen.ok_or(Refused::Gone)?;
        let content = seen.content.as_ref().ok_or(Refused::InDoubt)?;
        Ok((seen, content, entry.certain().ok_or(Refused::InDoubt)?))
    }

    fn take_away(&self) -> Result<Action, Refused> {
        let entry = self.entry.filter(|entry| entry.presence == Presence::Kept).ok_or(Refused::Gone)?;
        let (seen, content, written) = self.known(entry)?;
        let fields = drift::drift(written, content);
        if !fields.is_empty() {
            return Err(Refused::ChangedByUser { fields });
        }
        let manner = RemovalManner::ToDeletedItems;
        Ok(Action::Delete { item: seen.item.clone(), place: seen.place.clone(), manner })
    }

    fn write_back(
        &self,
        entry: &'a MirrorEntry,
        before: &ItemContent,
        fields: &BTreeSet<Field>,
    ) -> Result<Action, Refused> {
        let (seen, content, written) = self.known(entry)?;
        // Without our lines around them nobody knows which text was ours.
        let broken = before.body.as_ref().is_some_and(notes::is_broken);
        let kept = |field: &&Field| **field != Field::Notes || !broken;
        let (set, clear) = differing(before, content, &written.record, fields.iter().filter(kept));
        let (item, place, record) = (seen.item.clone(), seen.place.clone(), Arc::clone(&written.record));
        if set.is_empty() && clear.is_empty() {
            let returned = pinned(&record, content, fields);
            return Ok(Action::Own { item, place, fingerprint: written.fingerprint, record, returned });
        }
        unedited(written, content, |field| fields.contains(&field))?;
        Ok(Action::Update { item, place, fingerprint: written.fingerprint, record, set, clear })
    }

    /// What the user added since stays theirs: text around our block, and fields that we never wrote.
    fn hand_back(
        &self,
        entry: &'a MirrorEntry,
        before: &ItemContent,
        fields: &BTreeSet<Field>,
    ) -> Result<Action, Refused> {
        let (seen, content, written) = self.known(entry)?;
        let (set, clear) =
            differing(before, content, &written.record, fields.iter().filter(|field| **field != Field::Notes));
        unedited(written, content, |field| set.contains_key(&field) || clear.contains(&field))?;
        Ok(Action::HandBack {
            item: seen.item.clone(),
            before: Box::new(before.clone()),
            record: Arc::clone(&written.record),
            set,
            clear,
            body: body_without_ours(before, content, written.record.text(Field::Notes)),
        })
    }
}

/// What is to be set and cleared for an item to show what it showed before.
fn differing<'f>(
    before: &ItemContent,
    content: &ItemContent,
    ours: &Record,
    fields: impl Iterator<Item = &'f Field>,
) -> (BTreeMap<Field, Value>, BTreeSet<Field>) {
    let (mut set, mut clear) = (BTreeMap::new(), BTreeSet::new());
    for field in fields {
        if *field == Field::Categories {
            // Of what the item shows more than before only ours goes: the rest its user added.
            let (had, has) = (names(before.fields.get(field)), names(content.fields.get(field)));
            match drift::categories(&has, &names(ours.get(*field)), &had) {
                all if all == has => {}
                _ if had.is_empty() => drop(clear.insert(*field)),
                _ => drop(set.insert(*field, Value::Categories(had))),
            }
            continue;
        }
        match (drift::shown(before, *field), drift::shown(content, *field)) {
            (Some(value), now) if !drift::shows(*field, &value, now.as_ref()) => {
                set.insert(*field, value);
            }
            (None, Some(now)) if !is_usual(*field, &now) => {
                clear.insert(*field);
            }
            _ => {}
        }
    }
    (set, clear)
}

fn names(categories: Option<&Value>) -> BTreeSet<String> {
    match categories {
        Some(Value::Categories(names)) => names.clone(),
        _ => BTreeSet::new(),
    }
}

fn unedited(written: &Written, content: &ItemContent, matters: impl Fn(Field) -> bool) -> Result<(), Refused> {
    let mut fields = drift::drift(written, content);
    fields.retain(|field| matters(*field));
    if fields.is_empty() { Ok(()) } else { Err(Refused::ChangedByUser { fields }) }
}

/// The body that the user had, where they did not write into it since; else the body that they have, without our block.
fn body_without_ours(before: &ItemContent, content: &ItemContent, ours: Option<&str>) -> Option<Body> {
    let strip = |body: &Option<Body>| body.as_ref().map(|body| notes::compose(Some(body), None, ours).body);
    let (had, has) = (&before.body, &content.body);
    if words(had.as_ref()) == words(has.as_ref()) {
        return None;
    }
    let stripped = strip(has);
    if words(stripped.as_ref()) != words(strip(had).as_ref()) {
        return stripped.filter(|stripped| words(Some(stripped)) != words(has.as_ref()));
    }
    Some(had.clone().unwrap_or_else(|| Body { format: BodyFormat::Text, text: Personal::default() }))
}

fn words(body: Option<&Body>) -> Vec<String> {
    let text = body.map(notes::text).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

/// What the mirror remembers of an item whose update was undone: what it shows otherwise than its record says. As long as the
/// record stays as it is, that is how the item is meant to be.
pub fn pinned(record: &Record, seen: &ItemContent, fields: &BTreeSet<Field>) -> BTreeMap<Field, Option<Value>> {
    let mut returned = drift::returned(record, seen);
    let empty = fields.iter().filter(|field| record.fields.get(field) == Some(&None));
    returned.extend(empty.filter_map(|field| Some((*field, Some(drift::shown(seen, *field)?)))));
    returned
}

/// Whether an item shows nothing that was written: what servers fill in by themselves.
fn is_usual(field: Field, shown: &Value) -> bool {
    match shown {
        Value::ShowAs(_) => true,
        shown => drift::shows(field, shown, None),
    }
}

/// The item as the user's own.
fn give_back(kind: Kind, before: &ItemContent) -> Action {
    let fields = before.fields.iter().map(|(field, value)| (*field, Some(value.clone()))).collect();
    Action::GiveBack { record: Arc::new(Record { kind, fields }), body: before.body.as_ref().map(notes::given_up) }
}

#[cfg(test)]
mod tests;
