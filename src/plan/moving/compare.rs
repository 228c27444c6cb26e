//! Whether an item holds in the new place what it held in the old one.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Field, ItemContent, Kind, Value, Written, drift};

/// What an item shows in the new place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// What was written is from now on judged against this.
    pub returned: BTreeMap<Field, Option<Value>>,
    /// Fields that differ although both places can hold them: somebody edited the item, or it did not travel whole.
    pub differing: BTreeSet<Field>,
}

/// Compares what we wrote last with what the new place shows. What the other protocol keeps elsewhere is no difference
/// (docs/reference/fields-per-protocol.md): a task's percentage and sensitivity, which over Graph stand in our part of the notes,
/// and its page, which is linked to it there.
pub fn compare(kind: Kind, written: &Written, there: &ItemContent) -> Compared {
    let drifts = drift::drift(written, there);
    let mut compared = Compared::default();
    for (field, shown) in drift::returned(&written.record, there) {
        let held_elsewhere = kind == Kind::Task
            && match field {
                Field::PercentComplete | Field::Sensitivity | Field::WebPage => shown.is_none(),
                Field::Notes => is_ours_with_lines(written.record.text(Field::Notes), shown.as_ref()),
                _ => false,
            };
        if held_elsewhere || !drifts.contains(&field) {
            compared.returned.insert(field, shown);
        } else {
            compared.differing.insert(field);
            if let Some(before) = written.returned.get(&field) {
                compared.returned.insert(field, before.clone());
            }
        }
    }
    compared
}

/// Whether notes are ours, followed by nothing but the lines that Graph's tasks have below them.
fn is_ours_with_lines(ours: Option<&str>, shown: Option<&Value>) -> bool {
    let Some(Value::Text(shown)) = shown else { return false };
    let mut words = shown.reveal().split_whitespace();
    let same = ours.unwrap_or_default().split_whitespace().all(|word| words.next() == Some(word));
    let rest = words.collect::<Vec<_>>().join(" ");
    same && ["[Progress: ", "[Sensitivity: "].iter().any(|line| rest.starts_with(line)) && rest.ends_with(']')
}
