use std::collections::BTreeSet;

use super::Viewer;
use crate::domain::{
    Audience, Behind, Circle, Matter, MatterNumber, PersonId, RecordKey, SourceDigest, SourceRecord, Tie,
};

/// What must never reach one mailbox.
///
/// Where it cannot be told whether something lies behind a wall, nobody new gets it and nobody loses it: a wall that was
/// mistyped neither opens a matter nor wipes a phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walls {
    /// Certainly walled off.
    closed: BTreeSet<Behind>,
    /// Walled off from somebody, and nobody knows from whom.
    doubtful: BTreeSet<Behind>,
    /// Whether a wall stands around some matter, so that a record whose matter is not known is in doubt.
    matters: bool,
    /// Whether some wall cannot be read, so that it may stand around anything.
    unreadable: bool,
}

/// How a record lies to the walls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No wall concerns it.
    Open,
    /// It cannot be told: it goes to nobody who does not have it.
    Doubtful,
    /// It must leave without a trace.
    Closed,
}

impl Walls {
    /// A wall around this.
    pub fn close(&mut self, behind: Behind) {
        self.matters |= matches!(behind, Behind::Matter(_));
        self.closed.insert(behind);
    }

    /// A wall around this, and nobody knows against whom.
    pub fn doubt(&mut self, behind: Behind) {
        self.doubtful.insert(behind);
    }

    /// Some wall cannot be read: it may stand around anything.
    pub fn doubt_everything(&mut self) {
        self.unreadable = true;
    }

    /// Whether there is no wall at all.
    pub fn is_empty(&self) -> bool {
        self.closed.is_empty() && self.doubtful.is_empty() && !self.unreadable
    }

    /// How a row with this key, matter and audience lies to the walls, for this person.
    pub fn verdict(&self, key: &RecordKey, matter: &Matter, audience: &Audience, person: &PersonId) -> Verdict {
        if self.is_empty() {
            return Verdict::Open;
        }
        let behind = [Some(Behind::Record(key.clone())), number(matter).map(Behind::Matter)];
        let mut behind = behind.iter().flatten();
        if behind.clone().any(|behind| self.closed.contains(behind)) {
            return Verdict::Closed;
        }
        let ties = match audience {
            Audience::Linked(ties) => self.of_ties(ties, person),
            _ => Verdict::Open,
        };
        let doubtful =
            self.unreadable || behind.any(|behind| self.doubtful.contains(behind)) || (self.matters && matter.unclear);
        match ties {
            Verdict::Open if doubtful => Verdict::Doubtful,
            verdict => verdict,
        }
    }

    /// A contact that plays a part in a walled matter is shown to nobody who has no other matter with it.
    fn of_ties(&self, ties: &BTreeSet<Tie>, person: &PersonId) -> Verdict {
        if ties.iter().any(|tie| tie.person.as_ref() == Some(person) && !self.touches(tie)) {
            return Verdict::Open;
        }
        let any = |set: &BTreeSet<Behind>| {
            let mut matters = ties.iter().filter_map(|tie| number(&tie.matter));
            matters.any(|number| set.contains(&Behind::Matter(number)))
        };
        if any(&self.closed) {
            Verdict::Closed
        } else if any(&self.doubtful) || (self.matters && ties.iter().any(|tie| tie.matter.unclear)) {
            Verdict::Doubtful
        } else {
            Verdict::Open
        }
    }

    /// Whether a wall stands, or may stand, around the matter of this tie.
    fn touches(&self, tie: &Tie) -> bool {
        let behind = number(&tie.matter).map(Behind::Matter);
        behind.is_some_and(|behind| self.closed.contains(&behind) || self.doubtful.contains(&behind))
            || (self.matters && tie.matter.unclear)
    }
}

fn number(matter: &Matter) -> Option<MatterNumber> {
    matter.number.as_ref().and_then(|number| MatterNumber::of(number.reveal()))
}

impl Viewer<'_> {
    /// What a row says to this viewer: a tie or a wall that comes or goes is news, as a changed field is.
    pub fn digest(&self, record: &SourceRecord) -> SourceDigest {
        SourceDigest::of(record, &self.ties(record).collect::<Vec<_>>())
    }

    /// How a record lies to the walls around this viewer.
    pub(super) fn verdict(&self, record: &SourceRecord) -> Verdict {
        self.walls.verdict(&record.key, &record.matter, &record.audience, self.person)
    }

    /// What connects the viewer with a contact, as far as the walls let them know.
    pub(super) fn ties<'r>(&self, record: &'r SourceRecord) -> impl Iterator<Item = &'r Tie> {
        let ties = match &record.audience {
            Audience::Linked(ties) => Some(ties),
            _ => None,
        };
        let ties = ties.into_iter().flat_map(|ties| ties.iter());
        ties.filter(|tie| tie.person.as_ref() == Some(self.person) && !self.walls.touches(tie))
    }

    /// Whether the contact is the viewer's own.
    pub(super) fn owns(&self, record: &SourceRecord) -> bool {
        self.ties(record).any(|tie| tie.circle == Circle::Mine)
    }
}
