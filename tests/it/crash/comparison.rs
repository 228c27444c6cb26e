//! The mailbox beside the practice database: what is on the phone, and what should be.

use std::collections::BTreeMap;

use jiff::{civil::DateTime, tz::TimeZone};
use pocketdocket::{
    domain::Kind,
    simulator::{ItemView, MailboxView},
};

use super::office::Office;

/// What a record looks like on the phone: its fields, then its notes.
type Shown = (Vec<String>, String);

impl Office {
    /// Nothing doubled, nothing lost, every field as the practice says; what is the user's own is as it was.
    pub(super) fn assert_as_the_practice_wants(&self, when: &str) {
        let view = self.mailbox();
        let (found, wanted) = (found(&view), self.wanted());
        let stamps = |all: &BTreeMap<String, Vec<Shown>>| all.keys().cloned().collect::<Vec<_>>();
        assert_eq!(stamps(&found), stamps(&wanted), "lost or left over {when}");
        for (stamp, items) in &found {
            assert!(fits(items, &wanted[stamp]), "{stamp} {when}: found {items:?}, wanted {:?}", wanted[stamp]);
        }
        for own in &self.own {
            let now = view.items.iter().find(|item| item.id == own.id);
            assert_eq!(now.map(|item| &item.item), Some(&own.item), "the user's own item was touched {when}");
        }
        let unstamped = view.items.iter().filter(|item| item.stamp.is_none()).count();
        assert_eq!(unstamped, self.own.len(), "an item without a stamp appeared or is gone {when}");
        assert_eq!(self.sim.mails_sent(), 0, "{when}");
    }

    /// Whether the mailbox holds what the practice says by now.
    pub(super) fn is_as_the_practice_wants(&self) -> bool {
        let (found, wanted) = (found(&self.mailbox()), self.wanted());
        found.len() == wanted.len()
            && found.iter().all(|(stamp, items)| wanted.get(stamp).is_some_and(|wanted| fits(items, wanted)))
    }

    /// One more sync writes nothing and holds nothing.
    pub(super) fn assert_quiet(&self, when: &str) {
        let before = self.writes();
        self.sync();
        assert_eq!(self.writes(), before, "a settled mailbox was written {when}");
        assert_eq!(self.holds(), [], "{when}");
    }

    /// What the practice database says, by stamp.
    fn wanted(&self) -> BTreeMap<String, Vec<Shown>> {
        let database = self.database();
        let mut wanted: BTreeMap<String, Vec<Shown>> = BTreeMap::new();
        for (kind, select) in [
            (Kind::Contact, "SELECT id, notes, given, surname, phone FROM contacts"),
            (Kind::Event, "SELECT id, notes, subject, place, starts FROM events"),
            (Kind::Task, "SELECT id, notes, subject, due FROM tasks"),
        ] {
            let mut statement = database.prepare(select).expect("valid SQL");
            let columns = statement.column_count();
            let mut rows = statement.query([]).expect("readable");
            while let Some(row) = rows.next().expect("readable") {
                let text = |column: usize| row.get::<_, String>(column).expect("text");
                let mut fields: Vec<String> = (2..columns).map(text).collect();
                if kind == Kind::Event {
                    fields[2] = instant(&fields[2]);
                }
                wanted.entry(Self::stamp(kind, &text(0))).or_default().push((fields, text(1)));
            }
        }
        wanted
    }
}

/// What the mailbox shows of ours, by stamp.
fn found(view: &MailboxView) -> BTreeMap<String, Vec<Shown>> {
    let mut found: BTreeMap<String, Vec<Shown>> = BTreeMap::new();
    for item in view.items.iter().filter(|item| !item.deleted) {
        if let Some(stamp) = &item.stamp {
            found.entry(stamp.clone()).or_default().push(on_the_phone(item));
        }
    }
    found
}

/// One item, with the record's fields and its notes in it, once.
fn fits(items: &[Shown], wanted: &[Shown]) -> bool {
    let ([(fields, body)], [(wanted, notes)]) = (items, wanted) else { return false };
    fields == wanted && body.matches(notes.as_str()).count() == 1
}

/// Wall-clock time of the practice as an instant.
fn instant(text: &str) -> String {
    let time: DateTime = text.replace(' ', "T").parse().expect("a time");
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    zone.to_timestamp(time).expect("a moment").to_string()
}

fn on_the_phone(item: &ItemView) -> Shown {
    let text = |path: &str| item.text(path).unwrap_or_default();
    let fields = match item.kind.into() {
        Kind::Contact => {
            vec![text("contacts:GivenName"), text("contacts:Surname"), text("contacts:PhoneNumber#MobilePhone")]
        }
        Kind::Event => vec![text("item:Subject"), text("calendar:Location"), text("calendar:Start")],
        Kind::Task => vec![text("item:Subject"), text("task:DueDate").chars().take(10).collect()],
    };
    (fields, text("item:Body"))
}
