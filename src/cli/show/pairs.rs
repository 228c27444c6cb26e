use std::collections::{BTreeMap, BTreeSet};

use super::values;
use crate::{
    domain::{Field, Kind, Value},
    plan::{
        adopt::{Decision, Match, MatchVerdict, Obstacle},
        look_alike::By,
    },
    state::{Leftovers, Pair},
};

/// What a record or an item is called, and when it is.
pub(in crate::cli) fn called(fields: &BTreeMap<Field, Value>) -> String {
    let shown = |field: &Field| fields.get(field).map(values::value);
    let names: Vec<String> = match shown(&Field::Subject) {
        Some(subject) => vec![subject],
        None => [Field::GivenName, Field::Surname, Field::Company].iter().filter_map(shown).collect(),
    };
    let names = if names.is_empty() { shown(&Field::DisplayName).into_iter().collect() } else { names };
    let due = shown(&Field::DueDate).map(|day| format!("due {day}"));
    names.into_iter().chain(shown(&Field::Span)).chain(due).collect::<Vec<_>>().join(", ")
}

/// The same, with how a contact is reached.
pub(in crate::cli) fn portrait(fields: &BTreeMap<Field, Value>) -> String {
    let reached = [Field::Email1, Field::MobilePhone, Field::BusinessPhone];
    let reached = reached.iter().filter_map(|field| fields.get(field).map(values::value));
    std::iter::once(called(fields)).chain(reached).collect::<Vec<_>>().join(", ")
}

/// What a folder held without our stamp before the first write.
pub(in crate::cli) fn leftovers(kind: Kind, counts: Leftovers) -> String {
    format!(
        "{} {kind}s without our stamp in the mailbox; {} of them match nothing: they stay the user's",
        counts.items, counts.unmatched
    )
}

/// Why a record and an item are taken for the same.
pub(in crate::cli) fn pair_reason(by: &BTreeSet<By>) -> String {
    let words = by.iter().map(|by| match by {
        By::SubjectAndTimes => "same start, end and subject",
        By::SubjectAndDueDay => "same subject and due day",
        By::NameAndMail => "same name and e-mail",
        By::NameAndPhone => "same name and phone",
    });
    words.collect::<Vec<_>>().join("; ")
}

/// Whether that is a pair; if not, why not.
pub(in crate::cli) fn pair_verdict(found: &Match) -> String {
    match found.verdict {
        MatchVerdict::OneToOne => "one to one".to_owned(),
        MatchVerdict::SeveralItems => format!("refused: {} items look like this record", found.items.len()),
        MatchVerdict::SeveralRecords => "refused: several records look like this item".to_owned(),
        MatchVerdict::Tangled => "refused: several records and several items look alike".to_owned(),
        MatchVerdict::Never(Obstacle::Meeting) => "refused: the item is a meeting with other people".to_owned(),
        MatchVerdict::Never(Obstacle::Series) => "refused: the item is a series".to_owned(),
        MatchVerdict::Never(Obstacle::OtherFolder) => "refused: the item lies in another folder".to_owned(),
    }
}

/// What a person decided, in a word.
pub(in crate::cli) fn pair_decision(pair: &Pair) -> String {
    match &pair.decided {
        None => "no",
        Some((Decision::Adopt, ..)) => "take over",
        Some((Decision::KeepBoth, ..)) => "keep both",
        Some((Decision::Leave, ..)) => "leave",
    }
    .to_owned()
}
