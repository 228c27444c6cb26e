//! Who gets a row: people of the practice system, the links of those people, the mailboxes behind the links.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::meanings::Assigned;
use crate::{
    domain::{Audience, Matter, PersonId, PracticeWall, RecordKey},
    plan::{ScopeSettings, Verdict, Viewer, Walls},
    ports::Person,
    state::{MailboxId, UserName},
};

/// One link, as far as rows are concerned.
#[derive(Clone, Debug)]
pub(super) struct Recipient {
    pub(super) user: UserName,
    pub(super) person: PersonId,
    pub(super) mailbox: MailboxId,
    pub(super) scope: Arc<ScopeSettings>,
    /// What rows mean for this user.
    pub(super) meanings: Arc<Assigned>,
    /// What the practice system says of the person.
    pub(super) standing: Standing,
    /// The link is not served now (paused, parked, not confirmed yet), and the mailbox is fed by others: what it holds for this
    /// one stays as it is, and the walls of this one stand.
    pub(super) resting: bool,
    /// Whether the settings of the user can be read: walls may stand in those that cannot.
    readable: bool,
    /// What must not reach the mailbox: the walls of every link that feeds it.
    walls: Arc<Walls>,
}

impl Recipient {
    /// A link, with the walls of its settings alone so far.
    pub(super) fn new(user: UserName, person: PersonId, mailbox: MailboxId, scope: Arc<ScopeSettings>) -> Self {
        let (standing, meanings, walls) = (Standing::Active, Arc::default(), Arc::default());
        Self { user, person, mailbox, scope, meanings, standing, resting: false, readable: true, walls }
    }

    /// The same link, not served now.
    pub(super) fn resting(self, readable: bool) -> Self {
        Self { resting: true, readable, ..self }
    }

    /// Whether the person works here and the link is served now.
    pub(super) fn is_served(&self) -> bool {
        self.standing == Standing::Active && !self.resting
    }

    /// Whether a record certainly lies behind a wall for this person.
    pub(super) fn is_walled_off(&self, key: &RecordKey, matter: &Matter, audience: &Audience) -> bool {
        self.walls.verdict(key, matter, audience, &self.person) == Verdict::Closed
    }

    /// As the planner looks at records.
    pub(super) fn viewer(&self) -> Viewer<'_> {
        Viewer { person: &self.person, settings: &self.scope, walls: &self.walls }
    }
}

/// What the practice system says of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Works here.
    Active,
    /// Is known to have left: that is evidence.
    Left,
    /// Is not in the list of people: that is no evidence of anything, and holds the link.
    Missing,
}

/// All links that take part.
#[derive(Debug, Default)]
pub(super) struct Recipients {
    all: Vec<Recipient>,
    by_person: BTreeMap<PersonId, Vec<usize>>,
    by_mailbox: HashMap<MailboxId, Vec<usize>>,
    /// The walls that the practice system keeps.
    practice: Vec<PracticeWall>,
    /// Whether the practice system keeps walls at all, now or later.
    keeps_walls: bool,
}

impl Recipients {
    pub(super) fn new(all: Vec<Recipient>) -> Self {
        let mut by_person: BTreeMap<PersonId, Vec<usize>> = BTreeMap::new();
        let mut by_mailbox: HashMap<MailboxId, Vec<usize>> = HashMap::new();
        for (place, recipient) in all.iter().enumerate() {
            by_person.entry(recipient.person.clone()).or_default().push(place);
            by_mailbox.entry(recipient.mailbox).or_default().push(place);
        }
        let mut recipients = Self { all, by_person, by_mailbox, ..Self::default() };
        recipients.build();
        recipients
    }

    /// Learns the walls that the practice system keeps; true when they are not what they were.
    pub(super) fn wall_off(&mut self, walls: Vec<PracticeWall>) -> bool {
        let changed = walls != self.practice;
        self.keeps_walls = true;
        self.practice = walls;
        if changed {
            self.build();
        }
        changed
    }

    /// Puts up the walls of every mailbox: those of all its links' settings, and those that the practice system keeps.
    fn build(&mut self) {
        let mut by_mailbox: HashMap<MailboxId, Walls> = HashMap::new();
        for recipient in &self.all {
            let walls = by_mailbox.entry(recipient.mailbox).or_default();
            recipient.scope.walls.iter().for_each(|behind| walls.close(behind.clone()));
            if !recipient.readable {
                walls.doubt_everything();
            }
            for wall in &self.practice {
                match &wall.person {
                    Some(person) if *person == recipient.person => walls.close(wall.behind.clone()),
                    Some(_) => {}
                    None => walls.doubt(wall.behind.clone()),
                }
            }
        }
        let by_mailbox: HashMap<MailboxId, Arc<Walls>> =
            by_mailbox.into_iter().map(|(mailbox, walls)| (mailbox, Arc::new(walls))).collect();
        for recipient in &mut self.all {
            if let Some(walls) = by_mailbox.get(&recipient.mailbox) {
                recipient.walls = Arc::clone(walls);
            }
        }
    }

    /// Takes over the walls that the practice system was last known to keep.
    pub(super) fn inherit_walls(&mut self, earlier: &Self) {
        if earlier.keeps_walls {
            self.wall_off(earlier.practice.clone());
        }
    }

    /// Whether the practice system keeps walls.
    pub(super) fn keeps_walls(&self) -> bool {
        self.keeps_walls
    }

    /// Whether a wall stands around anybody's mailbox.
    pub(super) fn walled(&self) -> bool {
        self.all.iter().any(|recipient| !recipient.walls.is_empty())
    }

    /// Whether a record certainly lies behind a wall of this mailbox.
    pub(super) fn is_walled_off(
        &self,
        mailbox: MailboxId,
        key: &RecordKey,
        matter: &Matter,
        audience: &Audience,
    ) -> bool {
        self.of_mailbox(mailbox).any(|one| one.is_walled_off(key, matter, audience))
    }

    /// Whether a wall of this mailbox names the record itself.
    pub(super) fn names_in_a_wall(&self, mailbox: MailboxId, key: &RecordKey) -> bool {
        self.is_walled_off(mailbox, key, &Matter::default(), &Audience::Nobody)
    }

    /// Whether the same people get the same things as there.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        let what = |one: &Recipient| {
            let state = (one.resting, one.readable);
            (one.user.clone(), one.person.clone(), one.mailbox, Arc::clone(&one.scope), state)
        };
        self.all.len() == other.all.len() && self.all.iter().map(what).eq(other.all.iter().map(what))
    }

    /// Learns who works here; true when somebody's standing changed.
    pub(super) fn meet(&mut self, people: &[Person]) -> bool {
        let mut changed = false;
        let standing: BTreeMap<&PersonId, bool> = people.iter().map(|person| (&person.id, person.active)).collect();
        for recipient in &mut self.all {
            let now = match standing.get(&recipient.person) {
                Some(true) => Standing::Active,
                Some(false) => Standing::Left,
                None => Standing::Missing,
            };
            changed |= now != recipient.standing;
            recipient.standing = now;
        }
        changed
    }

    /// The links that a row is for.
    pub(super) fn of<'a>(&'a self, audience: &Audience) -> Box<dyn Iterator<Item = &'a Recipient> + 'a> {
        match audience {
            // Who of them chose it is for their scope to say.
            Audience::Everyone | Audience::Linked(_) => Box::new(self.all.iter()),
            Audience::Person(person) => {
                let places = self.by_person.get(person).map_or(&[][..], Vec::as_slice);
                Box::new(places.iter().filter_map(|place| self.all.get(*place)))
            }
            Audience::Nobody => Box::new(std::iter::empty()),
        }
    }

    /// Every link.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Recipient> {
        self.all.iter()
    }

    /// Every link, to be completed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Recipient> {
        self.all.iter_mut()
    }

    /// What the links of a mailbox are to see.
    pub(super) fn scopes(&self, mailbox: MailboxId) -> Vec<Arc<ScopeSettings>> {
        self.of_mailbox(mailbox).map(|one| Arc::clone(&one.scope)).collect()
    }

    /// The links that feed a mailbox.
    pub(super) fn of_mailbox(&self, mailbox: MailboxId) -> impl Iterator<Item = &Recipient> {
        let places = self.by_mailbox.get(&mailbox).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.all.get(*place))
    }

    /// Whether several links feed this mailbox, so that their rows form a union.
    pub(super) fn share(&self, mailbox: MailboxId) -> bool {
        self.of_mailbox(mailbox).count() > 1
    }

    /// The first link of this mailbox whose person left.
    pub(super) fn leaver(&self, mailbox: MailboxId) -> Option<&Recipient> {
        self.of_mailbox(mailbox).find(|recipient| recipient.standing == Standing::Left)
    }

    /// Whether everybody left for whom this mailbox is fed.
    pub(super) fn all_left(&self, mailbox: MailboxId) -> bool {
        let mut links = self.of_mailbox(mailbox).peekable();
        links.peek().is_some() && links.all(|recipient| recipient.standing == Standing::Left)
    }

    /// Whether some link of this mailbox has a person whom the practice system does not know: then absence says nothing.
    pub(super) fn incomplete(&self, mailbox: MailboxId) -> bool {
        self.of_mailbox(mailbox).any(|recipient| recipient.standing == Standing::Missing)
    }
}
