use proptest::prelude::*;

use super::*;
use crate::{
    domain::{ChangeKey, Field, ItemId, Kind, Record, Value},
    plan::look_alike,
};

fn item(number: u8) -> ItemRef {
    ItemRef { id: ItemId(format!("item-{number:03}")), change_key: ChangeKey("1".to_owned()) }
}

fn task(subject: u8) -> Vec<Likeness> {
    let record = Record::new(Kind::Task).with(Field::Subject, Value::text(format!("subject {subject}")));
    look_alike::of_record(&record)
}

/// A contact who is reached at these numbers: two may share one and differ in another.
fn contact(phones: &[u8]) -> Vec<Likeness> {
    let fields = [Field::MobilePhone, Field::BusinessPhone, Field::HomePhone];
    let named = Record::new(Kind::Contact).with(Field::Surname, Value::text("Muster"));
    let number = |phone: &u8| Value::text(format!("0681 30 00 {phone:03}"));
    look_alike::of_record(
        &phones.iter().zip(fields).fold(named, |record, (phone, field)| record.with(field, number(phone))),
    )
}

fn key(number: u8) -> RecordKey {
    RecordKey::new(Kind::Task, "all", number.to_string())
}

fn leftover(number: u8, likenesses: Vec<Likeness>) -> Leftover {
    Leftover { item: item(number), likenesses, obstacle: None }
}

fn verdicts(records: &[(RecordKey, Vec<Likeness>)], leftovers: &[Leftover]) -> Vec<MatchVerdict> {
    let (found, _) = matches(records.iter().map(|(key, likenesses)| (key, likenesses.clone())), leftovers);
    found.into_iter().map(|found| found.verdict).collect()
}

#[test]
fn one_record_and_one_item_are_a_pair_and_say_in_what_they_are_alike() {
    let records = [(key(1), task(1)), (key(2), task(2))];
    let leftovers = [leftover(1, task(1)), leftover(2, task(9))];
    let (found, unmatched) = matches(records.iter().map(|(key, likenesses)| (key, likenesses.clone())), &leftovers);
    let pair =
        Match { key: key(1), items: vec![item(1)], by: [By::SubjectAndDueDay].into(), verdict: MatchVerdict::OneToOne };
    assert_eq!((found, unmatched), (vec![pair], 1));
}

#[test]
fn what_is_not_one_to_one_is_refused_with_the_reason() {
    assert_eq!(
        verdicts(&[(key(1), task(1))], &[leftover(1, task(1)), leftover(2, task(1))]),
        [MatchVerdict::SeveralItems]
    );
    assert_eq!(
        verdicts(&[(key(1), task(1)), (key(2), task(1))], &[leftover(1, task(1))]),
        [MatchVerdict::SeveralRecords; 2]
    );
    let both = [leftover(1, contact(&[1])), leftover(2, contact(&[2]))];
    assert_eq!(
        verdicts(&[(key(1), contact(&[1, 2])), (key(2), contact(&[2]))], &both),
        [MatchVerdict::Tangled, MatchVerdict::SeveralRecords]
    );
}

#[test]
fn what_hangs_together_with_more_is_never_taken_over() {
    for obstacle in [Obstacle::Meeting, Obstacle::Series, Obstacle::OtherFolder] {
        let bound = Leftover { obstacle: Some(obstacle), ..leftover(1, task(1)) };
        assert_eq!(verdicts(&[(key(1), task(1))], &[bound]), [MatchVerdict::Never(obstacle)]);
    }
}

#[test]
fn consent_is_for_the_version_that_was_shown_and_leaving_is_for_any() {
    let newer = ItemRef { change_key: ChangeKey("2".to_owned()), ..item(1) };
    let (shown, edited) = ([item(1)], [newer]);
    let one = MatchVerdict::OneToOne;
    assert!(still_counts(Decision::Adopt, (&shown, one), (&shown, one)));
    assert!(!still_counts(Decision::Adopt, (&shown, one), (&edited, one)));
    assert!(!still_counts(Decision::Adopt, (&shown, one), (&shown, MatchVerdict::SeveralRecords)));
    assert!(!still_counts(Decision::Adopt, (&shown, MatchVerdict::SeveralItems), (&shown, MatchVerdict::SeveralItems)));
    for decision in [Decision::Leave, Decision::KeepBoth] {
        assert!(still_counts(decision, (&shown, one), (&edited, one)));
        assert!(!still_counts(decision, (&shown, one), (&[item(2)], one)));
    }
}

fn phones() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(prop::collection::vec(0_u8..12, 1..=3), 0..12)
}

proptest! {
    #[test]
    fn no_item_is_paired_twice_and_nothing_ambiguous_is_paired(records in phones(), items in phones()) {
        let records: Vec<_> = (0_u8..).zip(&records).map(|(number, phones)| (key(number), contact(phones))).collect();
        let leftovers: Vec<_> = (0_u8..).zip(&items).map(|(number, phones)| leftover(number, contact(phones))).collect();
        let (found, unmatched) = matches(records.iter().map(|(key, likenesses)| (key, likenesses.clone())), &leftovers);
        let alike = |one: &[Likeness], other: &[Likeness]| one.iter().any(|likeness| other.contains(likeness));
        for (key, likenesses) in &records {
            let like: Vec<&Leftover> =
                leftovers.iter().filter(|leftover| alike(likenesses, &leftover.likenesses)).collect();
            let this = found.iter().find(|found| found.key == *key);
            prop_assert_eq!(this.is_some(), !like.is_empty());
            let Some(this) = this else { continue };
            prop_assert_eq!(this.items.len(), like.len());
            let rivals = |leftover: &Leftover| {
                records.iter().filter(|(_, likenesses)| alike(likenesses, &leftover.likenesses)).count()
            };
            let only = like.len() == 1 && like.iter().all(|leftover| rivals(leftover) == 1);
            prop_assert_eq!(this.verdict == MatchVerdict::OneToOne, only);
        }
        let mut paired: Vec<_> =
            found.iter().filter(|found| found.verdict == MatchVerdict::OneToOne).flat_map(|found| &found.items).collect();
        let pairs = paired.len();
        paired.sort_unstable();
        paired.dedup();
        prop_assert_eq!(paired.len(), pairs);
        let matched = leftovers.iter().filter(|leftover| records.iter().any(|(_, likenesses)| alike(likenesses, &leftover.likenesses)));
        prop_assert_eq!(u64::try_from(leftovers.len() - matched.count()).expect("few"), unmatched);
    }

    #[test]
    fn the_order_does_not_matter(records in phones(), items in phones(), turn in 0_usize..12) {
        let records: Vec<_> = (0_u8..).zip(&records).map(|(number, phones)| (key(number), contact(phones))).collect();
        let leftovers: Vec<_> = (0_u8..).zip(&items).map(|(number, phones)| leftover(number, contact(phones))).collect();
        let (mut turned_records, mut turned) = (records.clone(), leftovers.clone());
        turned_records.rotate_left(turn % records.len().max(1));
        turned.reverse();
        turned.rotate_left(turn % leftovers.len().max(1));
        let pair = |records: &[(RecordKey, Vec<Likeness>)], leftovers: &[Leftover]| {
            matches(records.iter().map(|(key, likenesses)| (key, likenesses.clone())), leftovers)
        };
        prop_assert_eq!(pair(&records, &leftovers), pair(&turned_records, &turned));
    }
}
