//! A small world of one record and one item, driven by the real planner: records change, users edit and delete, and then some of
//! what was done is undone.

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{ChangeKey, Fingerprint, ItemRef, Place},
    plan::{Desired, PlanningInput, Policy, Release, Rewrites, Totals, plan, settle::mirror_after},
};

/// Subject and place.
const FIELDS: [Field; 2] = [Field::Subject, Field::Location];

type Texts = [Option<u8>; 2];

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The record is, or becomes, this.
    Record(Texts),
    /// The record is deleted.
    Gone,
    /// The user writes into one of the fields.
    Edit(usize, Option<u8>),
    /// The user deletes the item.
    Delete,
    Sync,
}

fn texts() -> impl Strategy<Value = Texts> {
    let text = || proptest::option::weighted(0.8, 0..4_u8);
    [text(), text()]
}

fn step() -> impl Strategy<Value = Step> {
    let text = || proptest::option::weighted(0.8, 0..4_u8);
    prop_oneof![
        4 => texts().prop_map(Step::Record),
        1 => Just(Step::Gone),
        2 => (0..2_usize, text()).prop_map(|(field, text)| Step::Edit(field, text)),
        1 => Just(Step::Delete),
        6 => Just(Step::Sync),
    ]
}

struct World {
    key: RecordKey,
    zone: TimeZone,
    record: Option<Arc<Record>>,
    /// The item of ours, and what the user was given.
    item: Option<(ItemRef, Texts)>,
    given: Vec<Texts>,
    mirror: Mirror,
    past: Vec<Past>,
    /// What the item held before each deed.
    held: Vec<Option<Texts>>,
    version: u32,
}

fn record(texts: Texts) -> Arc<Record> {
    let value = |text: Option<u8>| text.map(|text| Value::text(format!("text {text}")));
    Arc::new(Record::new(Kind::Event).with(FIELDS[0], value(texts[0])).with(FIELDS[1], value(texts[1])))
}

fn texts_of(record: &Record) -> Texts {
    FIELDS.map(|field| record.text(field).and_then(|text| text.strip_prefix("text ")?.parse().ok()))
}

impl World {
    fn new() -> Self {
        Self {
            key: RecordKey::new(Kind::Event, "meetings", "1"),
            zone: TimeZone::UTC,
            record: None,
            item: None,
            given: Vec::new(),
            mirror: Mirror::default(),
            past: Vec::new(),
            held: Vec::new(),
            version: 0,
        }
    }

    fn content(&self) -> Option<ItemContent> {
        let (item, texts) = self.item.as_ref()?;
        let fields = record(*texts).fields.iter().filter_map(|(field, value)| Some((*field, value.clone()?))).collect();
        Some(ItemContent {
            item: item.clone(),
            stamp: Some("ours".into()),
            folder: None,
            created: None,
            bound: None,
            fields,
            body: None,
        })
    }

    fn observed(&self) -> Observation {
        Observation::full(self.content().map(|content| {
            let seen = Seen { item: content.item.clone(), place: Place::Home, created: None, content: Some(content) };
            (self.key.clone(), seen)
        }))
    }

    fn next_version(&mut self) -> ChangeKey {
        self.version += 1;
        ChangeKey(self.version.to_string())
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Record(texts) => self.record = Some(record(texts)),
            Step::Gone => self.record = None,
            Step::Edit(field, text) => {
                let version = self.next_version();
                if let Some((item, texts)) = &mut self.item {
                    item.change_key = version;
                    texts[field] = text;
                }
            }
            Step::Delete => self.item = None,
            Step::Sync => {
                for operation in self.planned() {
                    self.apply(&operation);
                }
            }
        }
    }

    fn planned(&self) -> Vec<Operation> {
        let wanted = self.record.clone().map_or(Desired::Absent, Desired::Wanted);
        let totals = Totals { first_write_released: true, ..Totals::default() };
        let policy = Policy { max_restores: 200, ..Policy::default() };
        plan(&PlanningInput {
            desired: &[(self.key.clone(), wanted)].into(),
            complete: true,
            mirror: &self.mirror,
            observed: &self.observed(),
            totals: &totals,
            policy: &policy,
            released: &Release::default(),
            look_alikes: &BTreeSet::new(),
            adoptions: &BTreeMap::new(),
            only_deleted: &BTreeSet::new(),
            rewrites: &Rewrites::default(),
            zone: &self.zone,
            now: Timestamp::UNIX_EPOCH,
        })
        .operations
    }

    /// Does an operation, with all that the ledger makes of it.
    fn apply(&mut self, operation: &Operation) {
        let (before, held) = (self.content(), self.item.as_ref().map(|(_, texts)| *texts));
        let undone = operation.why == Why::Undone;
        let mut touched = BTreeSet::new();
        let deed = match &operation.action {
            Action::Create { record } => {
                let change_key = self.next_version();
                let id = ItemId(format!("item {}", self.version));
                self.item = Some((ItemRef { id, change_key }, texts_of(record)));
                Some(Deed::Created)
            }
            Action::Update { set, clear, .. } => {
                let version = self.next_version();
                let (item, texts) = self.item.as_mut().expect("only what is there is updated");
                item.change_key = version;
                for (place, field) in FIELDS.iter().enumerate() {
                    if set.contains_key(field) || clear.contains(field) {
                        let text = set.get(field).map(record_text);
                        texts[place] = text;
                        touched.insert(*field);
                    }
                }
                Some(if undone { Deed::UpdateUndone } else { Deed::Updated })
            }
            Action::Delete { .. } => {
                self.item = None;
                Some(if undone { Deed::CreationUndone } else { Deed::Removed })
            }
            Action::GiveBack { record, .. } => {
                self.given.push(texts_of(record));
                Some(Deed::RemovalUndone)
            }
            Action::Own { .. } => undone.then_some(Deed::UpdateUndone),
            Action::Adopt { .. } | Action::HandBack { .. } | Action::Respect | Action::Forget => None,
        };
        let stored = self.item.as_ref().map(|(item, _)| (item.clone(), Place::Home));
        let returned = match (&operation.action, self.content()) {
            (Action::Update { record, .. }, Some(content)) if undone => pinned(record, &content, &touched),
            (Action::Update { record, .. }, Some(content)) => drift::returned(record, &content),
            _ => BTreeMap::new(),
        };
        match mirror_after(self.mirror.entries.get(&self.key), operation, stored, returned) {
            Some(entry) => self.mirror.entries.insert(self.key.clone(), entry),
            None => self.mirror.entries.remove(&self.key),
        };
        if let Some(deed) = deed {
            let number = i64::try_from(self.past.len()).expect("few") + 1;
            let fields = touched;
            self.past.push(Past {
                number,
                at: Timestamp::UNIX_EPOCH,
                run: number,
                deed,
                fields,
                before,
                undone: false,
            });
            self.held.push(held);
        }
    }

    fn undo(&self, chosen: &BTreeSet<i64>) -> Result<Operation, Refused> {
        undo(&Wish {
            key: &self.key,
            chosen,
            past: &self.past,
            mirror: &self.mirror,
            observed: &self.observed(),
            zone: &self.zone,
        })
    }

    /// Undoes, as the engine and the ledger would.
    fn undone(&mut self, chosen: &BTreeSet<i64>) -> Result<Operation, Refused> {
        let operation = self.undo(chosen)?;
        self.apply(&operation);
        for past in self.past.iter_mut().filter(|past| chosen.contains(&past.number)) {
            past.undone = true;
        }
        Ok(operation)
    }
}

fn record_text(value: &Value) -> u8 {
    match value {
        Value::Text(text) => text.reveal().strip_prefix("text ").and_then(|text| text.parse().ok()).expect("ours"),
        other => panic!("{other:?} is no text"),
    }
}

fn world(steps: &[Step]) -> World {
    let mut world = World::new();
    for step in steps {
        world.step(*step);
    }
    world
}

fn synced(steps: &[Step]) -> World {
    world(&steps.iter().flat_map(|step| [*step, Step::Sync]).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn undoing_returns_to_what_was_before_or_says_why_not(
        // Nothing can be undone before the first sync of the first record, and nothing else happens before it.
        first in texts(), then in proptest::collection::vec(step(), 0..16), from in 0.0..1.0_f64, many in 1..5_usize,
    ) {
        let steps: Vec<Step> = [Step::Record(first), Step::Sync].into_iter().chain(then).collect();
        let mut world = world(&steps);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small")]
        let first = (from * world.past.len() as f64) as usize;
        let span = first..(first + many).min(world.past.len());
        let chosen: BTreeSet<i64> = world.past[span.clone()].iter().map(|past| past.number).collect();
        let (held, deeds) = (world.held[first], world.past[span.clone()].to_vec());
        let (item_before, given_before) = (world.item.clone(), world.given.len());
        let Ok(operation) = world.undone(&chosen) else {
            prop_assert_eq!(&world.item, &item_before, "a refusal changes nothing");
            return Ok(());
        };
        // What was written in the span is as it was before; what was not written in it is left alone.
        match &operation.action {
            Action::Delete { .. } => prop_assert_eq!((world.item.is_none(), held), (true, None)),
            Action::GiveBack { .. } => {
                prop_assert_eq!(world.given.len(), given_before + 1);
                prop_assert_eq!(world.given.last().copied(), held);
            }
            _ => {
                let (now, held) = (world.item.as_ref().expect("kept").1, held.expect("it was there"));
                for (place, field) in FIELDS.iter().enumerate() {
                    let written = deeds.iter().any(|deed| deed.fields.contains(field) || deed.deed != Deed::Updated && deed.deed != Deed::UpdateUndone);
                    let expected = if written { held[place] } else { item_before.as_ref().expect("kept").1[place] };
                    prop_assert_eq!(now[place], expected, "{} after {:?}", field, operation);
                }
            }
        }
        // Once is enough.
        prop_assert_eq!(world.undo(&chosen), Err(Refused::AlreadyUndone));
        // As long as the record stays as it is, the planner respects what was undone.
        let item = world.item.clone();
        if !matches!(operation.action, Action::GiveBack { .. }) && written_as_wanted(&world) {
            prop_assert_eq!(world.planned(), vec![]);
            world.step(Step::Sync);
            prop_assert_eq!(&world.item, &item);
        }
        // When it changes, it wins.
        let new = record([Some(9), None]);
        world.record = Some(Arc::clone(&new));
        world.step(Step::Sync);
        let texts = world.item.as_ref().expect("it is there again").1;
        prop_assert_eq!(texts[0], Some(9));
    }
}

/// Whether nothing but the undo stands between record and mirror.
fn written_as_wanted(world: &World) -> bool {
    let written = world.mirror.entries.get(&world.key).and_then(|entry| entry.certain());
    world.record.as_ref().zip(written).is_some_and(|(record, written)| written.fingerprint == Fingerprint::of(record))
}

const A: Texts = [Some(1), Some(1)];
const B: Texts = [Some(2), None];

#[test]
fn an_update_is_written_back_and_stays_until_the_record_changes() {
    let mut world = synced(&[Step::Record(A), Step::Record(B)]);
    world.undone(&[2].into()).expect("undone");
    assert_eq!(world.item.as_ref().map(|(_, texts)| *texts), Some(A));
    assert_eq!(world.planned(), vec![], "pinned");
    world.step(Step::Record([Some(3), None]));
    world.step(Step::Sync);
    assert_eq!(world.item.as_ref().map(|(_, texts)| *texts), Some([Some(3), None]), "what was brought back goes too");
}

#[test]
fn a_creation_is_taken_away_and_stays_away_until_the_record_changes() {
    let mut world = synced(&[Step::Record(A)]);
    world.undone(&[1].into()).expect("undone");
    assert_eq!((world.item.clone(), world.planned()), (None, vec![]));
    world.step(Step::Record(B));
    world.step(Step::Sync);
    assert_eq!(world.item.as_ref().map(|(_, texts)| *texts), Some(B));
}

#[test]
fn a_removal_gives_the_item_to_its_user() {
    let mut world = synced(&[Step::Record(A), Step::Gone]);
    let operation = world.undone(&[2].into()).expect("undone");
    assert!(matches!(operation.action, Action::GiveBack { .. }));
    assert_eq!((world.given.as_slice(), world.planned()), (&[A][..], vec![]));
}

#[test]
fn several_deeds_collapse_into_one_step_back_to_the_oldest() {
    let mut world = synced(&[Step::Record(A), Step::Record(B), Step::Record([Some(3), Some(3)]), Step::Gone]);
    world.undone(&[2, 3, 4].into()).expect("undone");
    assert_eq!(world.given, [A]);
}

#[test]
fn what_was_done_later_is_not_thrown_away() {
    let mut world = synced(&[Step::Record(A), Step::Record(B), Step::Record([Some(3), Some(3)])]);
    assert!(matches!(world.undo(&[2].into()), Err(Refused::ChangedSince { run: 3, .. })));
    world.step(Step::Edit(0, Some(7)));
    let fields = [Field::Subject].into();
    assert_eq!(world.undo(&[2, 3].into()), Err(Refused::ChangedByUser { fields }));
    world.step(Step::Delete);
    assert_eq!(world.undo(&[2, 3].into()), Err(Refused::Gone));
}

#[test]
fn an_undo_can_be_undone_where_the_item_is_still_ours() {
    let mut world = synced(&[Step::Record(A), Step::Record(B)]);
    world.undone(&[2].into()).expect("undone");
    world.undone(&[3].into()).expect("undone again");
    assert_eq!(world.item.as_ref().map(|(_, texts)| *texts), Some(B));
}

#[test]
fn what_cannot_be_brought_back_says_why() {
    let mut world = synced(&[Step::Record(A), Step::Gone]);
    world.past[1].before = None;
    assert_eq!(world.undo(&[2].into()), Err(Refused::NoImage));
    world.past[1].deed = Deed::RemovedForGood;
    assert_eq!(world.undo(&[2].into()), Err(Refused::RemovedForGood));
    let mut world = synced(&[Step::Record(A), Step::Gone]);
    world.undone(&[2].into()).expect("undone");
    assert_eq!(world.undo(&[3].into()), Err(Refused::Given));
    assert_eq!(world.undo(&[77].into()), Err(Refused::AlreadyUndone));
}

#[test]
fn an_item_that_was_given_back_is_known_by_what_it_holds() {
    let world = synced(&[Step::Record(A)]);
    let held = world.content().expect("there");
    let action = give_back(Kind::Event, &held);
    let unstamped = ItemContent { stamp: None, ..held.clone() };
    assert!(is_there(&action, &unstamped));
    assert!(!is_there(&action, &held), "ours is not the user's");
    let mut other = unstamped;
    other.fields.insert(Field::Subject, Value::text("Dentist"));
    assert!(!is_there(&action, &other));
}
