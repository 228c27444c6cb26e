//! What the server is asked for, made of what the plan says and of what the item holds beside it.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::{Body, Field, FirmId, ItemContent, Mirror, RecordKey, Stamp, Value, drift, notes},
    plan::{Action, Finding, FindingKind, Operation, Why},
    ports::{ItemChange, NewItem, Removal, StampChange},
};

/// A new item, its notes within our markers; or the user's own, as it was.
pub(super) fn new_item(firm: FirmId, operation: &Operation, mirror: &Mirror) -> Option<NewItem> {
    if let Action::GiveBack { record, body } = &operation.action {
        return Some(NewItem { stamp: None, record: Arc::clone(record), body: body.clone(), replaces: None });
    }
    let Action::Create { record } = &operation.action else { return None };
    let ours = record.text(Field::Notes);
    let body = ours.is_some().then(|| notes::compose(None, ours, None).body);
    let stamp = Stamp { firm, key: operation.key.clone() };
    let replaces = mirror.entries.get(&operation.key).map(|entry| entry.item.id.clone());
    Some(NewItem { stamp: Some(stamp), record: Arc::clone(record), body, replaces })
}

/// A removal, if that is what the operation is.
pub(super) fn removal(operation: &Operation) -> Option<Removal> {
    let Action::Delete { item, manner, .. } = &operation.action else { return None };
    Some(Removal { kind: operation.key.kind, item: item.clone(), manner: *manner })
}

/// The change that the server is asked for: the plan's fields, our stamp where the item gets or loses it now, our block within the user's body, our categories beside the
/// user's own.
pub(super) fn change(
    firm: FirmId,
    operation: &Operation,
    before: Option<&ItemContent>,
    mirror: &Mirror,
    findings: &mut Vec<Finding>,
) -> Option<ItemChange> {
    let key: &RecordKey = &operation.key;
    let mut body: Option<Body> = None;
    let (item, mut set, mut clear, stamp) = match &operation.action {
        Action::Update { item, set, clear, .. } => {
            let stamp = match operation.why {
                Why::Succeeds(_) => StampChange::Set(Stamp { firm, key: key.clone() }),
                _ => StampChange::Keep,
            };
            (item, set.clone(), clear.clone(), stamp)
        }
        Action::Adopt { before, set, .. } => {
            (&before.item, set.clone(), BTreeSet::new(), StampChange::Set(Stamp { firm, key: key.clone() }))
        }
        Action::HandBack { item, set, clear, body: whole, .. } => {
            body.clone_from(whole);
            (item, set.clone(), clear.clone(), StampChange::Remove)
        }
        _ => return None,
    };
    let last = mirror.entries.get(key).and_then(|entry| entry.written.as_ref()).map(|written| &written.record);
    if set.contains_key(&Field::Notes) || clear.contains(&Field::Notes) {
        let ours = match set.remove(&Field::Notes) {
            Some(Value::Text(text)) => Some(text.into_inner()),
            _ => None,
        };
        clear.remove(&Field::Notes);
        let last_ours = last.and_then(|record| record.text(Field::Notes));
        let composed = notes::compose(before.and_then(|content| content.body.as_ref()), ours.as_deref(), last_ours);
        if composed.broken {
            findings.push(Finding { key: key.clone(), item: Some(item.id.clone()), kind: FindingKind::MarkersBroken });
        }
        body = Some(composed.body);
    }
    if set.contains_key(&Field::Categories) || clear.contains(&Field::Categories) {
        let categories = |value: Option<&Value>| match value {
            Some(Value::Categories(categories)) => categories.clone(),
            _ => BTreeSet::new(),
        };
        let all = drift::categories(
            &categories(before.and_then(|content| content.fields.get(&Field::Categories))),
            &categories(last.and_then(|record| record.get(Field::Categories))),
            &categories(set.get(&Field::Categories)),
        );
        if all.is_empty() {
            set.remove(&Field::Categories);
            clear.insert(Field::Categories);
        } else {
            clear.remove(&Field::Categories);
            set.insert(Field::Categories, Value::Categories(all));
        }
    }
    Some(ItemChange { kind: key.kind, item: item.clone(), set, clear, body, stamp })
}
