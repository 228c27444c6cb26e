use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{MirrorEntry, Presence},
    plan::{Class, Spent, settle::mirror_after},
};

/// One thing that happens to one of a few records.
#[derive(Clone, Debug)]
enum Step {
    Store { record: u8, subject: u8, charge: bool },
    Remove { record: u8 },
    Respect { record: u8 },
    Fail { record: u8 },
    Later { hours: u8 },
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let record = 0..6_u8;
    let step = prop_oneof![
        4 => (record.clone(), 0..4_u8, any::<bool>())
            .prop_map(|(record, subject, charge)| Step::Store { record, subject, charge }),
        2 => record.clone().prop_map(|record| Step::Remove { record }),
        1 => record.clone().prop_map(|record| Step::Respect { record }),
        1 => record.prop_map(|record| Step::Fail { record }),
        2 => (1..30_u8).prop_map(|hours| Step::Later { hours }),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..50)
}

/// What the ledger should say, in maps.
#[derive(Default)]
struct Model {
    mirror: BTreeMap<RecordKey, MirrorEntry>,
    charged: Vec<(i64, Class)>,
    growth: Vec<(i64, i64)>,
}

impl Model {
    fn kept(&self) -> i64 {
        let kept = self.mirror.values().filter(|entry| entry.presence == Presence::Kept);
        i64::try_from(kept.count()).expect("few")
    }

    fn spent(&self, now: i64) -> Spent {
        let start = now - 24 * 3600;
        let mut by_class = BTreeMap::new();
        for (_, class) in self.charged.iter().filter(|(when, _)| *when > start) {
            *by_class.entry(*class).or_default() += 1;
        }
        let grown: i64 = self.growth.iter().filter(|(when, _)| *when > start).map(|(_, items)| items).sum();
        Spent { size_at_start: u64::try_from(self.kept() - grown).expect("never less than nothing"), by_class }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn mirror_and_budgets_are_what_was_settled(steps in steps()) {
        let mut desk = Desk::new();
        let mailbox = desk.mailbox();
        let (mut model, mut now, mut version) = (Model::default(), 0_i64, 0_u32);
        for step in steps {
            now += 1;
            version += 1;
            let (settlement, charged) = match step {
                Step::Later { hours } => {
                    now += i64::from(hours) * 3600;
                    continue;
                }
                Step::Restart => {
                    let Desk { folder, vault, ledger } = desk;
                    drop(ledger);
                    let ledger = Ledger::open(folder.path(), &vault).expect("opens");
                    desk = Desk { folder, vault, ledger };
                    continue;
                }
                Step::Store { record: number, subject, charge } => {
                    let (key, subject) = (key(&number.to_string()), format!("Subject {subject}"));
                    let operation = match model.mirror.get(&key) {
                        None => create(&key, &subject),
                        Some(entry) if entry.presence == Presence::DeletedByUser => {
                            operation(&key, Why::Restored, Action::Create { record: record(&subject) })
                        }
                        Some(entry) => update(&key, entry.item.clone(), &subject, Why::Restored),
                    };
                    let outcome = stored(item(&format!("item {number}"), version), &record(&subject));
                    (Settlement { charge, ..settled(None, operation, outcome) }, charge)
                }
                Step::Remove { record } => {
                    let key = key(&record.to_string());
                    let Some(entry) = model.mirror.get(&key) else { continue };
                    (settled(None, delete(&key, entry.item.clone()), Outcome::Removed), true)
                }
                Step::Respect { record } => {
                    let respect = operation(&key(&record.to_string()), Why::DeletedByUser, Action::Respect);
                    (settled(None, respect, Outcome::Respected), false)
                }
                Step::Fail { record } => {
                    let outcome = Outcome::Failed { kind: "conflict".into(), message: String::new(), parked: false };
                    (settled(None, create(&key(&record.to_string()), "never"), outcome), false)
                }
            };
            let ids = match settlement.operation.class() {
                Some(_) => desk.ledger
                    .begin(mailbox, RunId(1), std::slice::from_ref(&settlement.operation), at(now))
                    .expect("begun"),
                None => Vec::new(),
            };
            let settlement = Settlement { intent: ids.first().copied(), ..settlement };
            desk.ledger.settle(mailbox, RunId(1), std::slice::from_ref(&settlement), at(now)).expect("settled");

            let (key, before) = (settlement.operation.key.clone(), model.kept());
            if !matches!(settlement.outcome, Outcome::Failed { .. }) {
                let stored = match &settlement.outcome {
                    Outcome::Stored { item, place, .. } => Some((item.clone(), place.clone())),
                    _ => None,
                };
                match mirror_after(model.mirror.get(&key), &settlement.operation, stored, BTreeMap::new()) {
                    Some(entry) => model.mirror.insert(key, entry),
                    None => model.mirror.remove(&key),
                };
                model.growth.push((now, model.kept() - before));
                model.charged.extend(settlement.operation.class().filter(|_| charged).map(|class| (now, class)));
            }

            let mirror = desk.ledger.mirror_all(mailbox).expect("read");
            prop_assert_eq!(&mirror.entries, &model.mirror);
            let keys: BTreeSet<_> = model.mirror.keys().cloned().collect();
            prop_assert_eq!(&desk.ledger.mirror(mailbox, &keys).expect("read").entries, &model.mirror);
            let index = desk.ledger.mirror_index(mailbox).expect("read");
            prop_assert_eq!(index.len(), model.mirror.len());
            for entry in index {
                let known = &model.mirror[&entry.key];
                let fingerprint = known.written.as_ref().map(|written| written.fingerprint);
                prop_assert_eq!((entry.presence, entry.fingerprint), (known.presence, fingerprint));
            }
            let counts = desk.ledger.mirror_counts(mailbox).expect("read");
            let held = counts.by_kind.get(&Kind::Event).copied().unwrap_or(0);
            prop_assert_eq!(i64::try_from(held).expect("few"), model.kept());
            prop_assert_eq!(&desk.ledger.spent(mailbox, at(now)).expect("read")[&Kind::Event], &model.spent(now));
            prop_assert_eq!(desk.ledger.open_intents(mailbox).expect("read"), []);
        }
    }
}
