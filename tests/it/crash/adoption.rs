//! Items of an earlier sync are taken over, and the process dies in the middle of it.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use pocketdocket::{
    domain::{Kind, RecordKey},
    plan::adopt::{Decision, MatchVerdict},
};

use super::office::Office;

const RECORDS: usize = 3;

/// What an earlier sync left: an item for every record, the number written in another way.
fn leave_items(office: &Office) {
    let phone = office.phone();
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let day = |days: i64| today.checked_add(SignedDuration::from_hours(24 * days)).expect("a day");
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    let start = berlin.to_timestamp(day(9).at(10, 0, 0, 0)).expect("a moment");
    let end = start + SignedDuration::from_mins(30);
    for number in 0..RECORDS {
        let (given, surname, mobile) = ("Given ", format!("SURNAME r{number}"), format!("+4930/r{number}"));
        let contact = [
            ("contacts:GivenName", given),
            ("contacts:Surname", surname.as_str()),
            ("contacts:PhoneNumber#MobilePhone", mobile.as_str()),
            ("item:Body", "my own words"),
        ];
        phone.add(Kind::Contact, &contact).expect("added");
        let (subject, start, end) = (format!("hearing r{number}"), start.to_string(), end.to_string());
        let event = [("item:Subject", subject.as_str()), ("calendar:Start", &start), ("calendar:End", &end)];
        phone.add(Kind::Event, &event).expect("added");
        let (subject, due) = (format!("Deadline r{number} "), format!("{}T00:00:00Z", day(5)));
        phone.add(Kind::Task, &[("item:Subject", subject.as_str()), ("task:DueDate", due.as_str())]).expect("added");
    }
}

fn items(office: &Office) -> usize {
    office.mailbox().items.iter().filter(|item| !item.deleted).count()
}

#[test]
fn wherever_it_dies_each_item_is_taken_over_once_and_its_image_is_kept() {
    let points = [
        ("after-intent", 1),
        ("after-wire", 1),
        ("after-wire", 3),
        ("after-read-back", 2),
        ("before-settle", 1),
        ("after-settle", 2),
    ];
    for (point, pass) in points {
        let office = Office::with_records(RECORDS);
        leave_items(&office);
        let before = items(&office);
        assert!(!office.command(&["sync"]).output().expect("starts").status.success(), "the first write waits");
        let ledger = office.ledger();
        let user = ledger.user(&"weber".parse().expect("a name")).expect("known");
        let mailbox = user.mailbox.expect("linked");
        let pairs = ledger.adoptions(mailbox).expect("readable");
        assert_eq!(pairs.len(), 3 * RECORDS, "{pairs:?}");
        assert!(pairs.iter().all(|pair| pair.found.verdict == MatchVerdict::OneToOne), "{pairs:?}");
        ledger.decide_adoptions(&user.name, &pairs, Decision::Adopt, "test", Timestamp::now()).expect("as shown");
        drop(ledger);
        office.release_the_first_write();
        assert!(office.sync_ending_at(point, pass), "{point}:{pass} was not reached");
        office.sync();
        office.sync();
        assert_eq!(items(&office), before, "{point}:{pass}");
        for kind in Kind::ALL {
            for number in 0..RECORDS {
                office.item(kind, &format!("r{number}"));
                let key = RecordKey::new(kind, format!("{kind}s"), format!("r{number}"));
                let images = office.ledger().before_images(mailbox, &key).expect("readable");
                let unstamped = images.iter().filter(|image| image.content.stamp.is_none()).count();
                assert_eq!(unstamped, 1, "{point}:{pass} {key}");
            }
        }
        let words = office
            .mailbox()
            .items
            .iter()
            .filter(|item| item.text("item:Body").is_some_and(|text| text.contains("my own words")))
            .count();
        assert_eq!(words, RECORDS, "{point}:{pass}");
        let writes = office.writes();
        office.sync();
        assert_eq!(office.writes(), writes, "{point}:{pass}: a settled mailbox is written no more");
    }
}
