//! Who asks again, when many wait for the same change at the provider: one for all, in turn.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    diagnosis::Cause,
    state::{Diagnosed, UserName},
};

/// Who is due for another try.
pub(super) struct Retests {
    /// Those whose time has come.
    due: BTreeSet<UserName>,
    /// Those whose time has come too, and for whom another asks.
    resting: BTreeSet<UserName>,
}

impl Retests {
    /// Of each group that fails alike at one server, whoever was asked for longest ago is due.
    pub(super) fn choose(known: &BTreeMap<UserName, Diagnosed>, now: Timestamp) -> Self {
        let (mut due, mut resting) = (BTreeSet::new(), BTreeSet::new());
        let mut groups: BTreeMap<(String, Cause), Vec<(&UserName, &Diagnosed)>> = BTreeMap::new();
        let waiting = known.iter().filter(|(_, one)| one.is_retested() && one.next_try.is_some_and(|next| next <= now));
        for (name, one) in waiting {
            if one.asks_for_others() {
                groups.entry((one.host.to_ascii_lowercase(), one.cause)).or_default().push((name, one));
            } else {
                due.insert(name.clone());
            }
        }
        for mut group in groups.into_values() {
            group.sort_by_key(|(name, one)| (one.seen, *name));
            let mut names = group.into_iter().map(|(name, _)| name.clone());
            due.extend(names.next());
            resting.extend(names);
        }
        Self { due, resting }
    }

    /// Whether this user is to be tried even if there is nothing else to do.
    pub(super) fn is_due(&self, name: &UserName) -> bool {
        self.due.contains(name)
    }

    /// Whether another asks for this user.
    pub(super) fn rests(&self, name: &UserName) -> bool {
        self.resting.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).expect("valid")
    }

    fn fails(cause: Cause, seen: i64, next: i64, tries: u32) -> Diagnosed {
        Diagnosed {
            host: "mail.example".to_owned(),
            cause,
            evidence: Vec::new(),
            since: at(0),
            seen: at(seen),
            tries,
            next_try: Some(at(next)),
            over: None,
        }
    }

    fn name(text: &str) -> UserName {
        text.parse().expect("a name")
    }

    #[test]
    fn one_asks_for_all_in_turn_and_reasons_of_ones_own_are_asked_for_each() {
        let known = BTreeMap::from([
            (name("a"), fails(Cause::EwsOff, 5, 10, 1)),
            (name("b"), fails(Cause::EwsOff, 3, 10, 1)),
            (name("c"), fails(Cause::EwsOff, 1, 90, 1)),
            (name("d"), fails(Cause::MailboxMissing, 3, 10, 1)),
            (name("e"), fails(Cause::MailboxMissing, 3, 10, 1)),
            (name("f"), fails(Cause::EwsOff, 2, 10, 9)),
            (name("g"), Diagnosed { next_try: None, ..fails(Cause::WrongPassword, 1, 0, 1) }),
        ]);
        let retests = Retests::choose(&known, at(20));
        let due: Vec<_> = known.keys().filter(|name| retests.is_due(name)).map(UserName::as_str).collect();
        assert_eq!(due, ["b", "d", "e", "f"], "b waits longest; who is tested daily is tested alone");
        assert!(retests.rests(&name("a")) && !retests.rests(&name("c")) && !retests.rests(&name("g")));
    }
}
