//! Who sees what: walls, circles of contacts, roles.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::{Behind, Circle, MatterNumber, Tie};

fn person(id: &str) -> PersonId {
    PersonId(id.to_owned())
}

fn matter(number: &str) -> Matter {
    Matter { number: Some(number.into()), name: Some("Smith v Jones".into()), unclear: false }
}

fn tie(who: &str, circle: Circle, role: &str, number: &str) -> Tie {
    Tie { person: Some(person(who)), circle, role: Some(role.into()), matter: matter(number) }
}

/// A contact of the address book with these ties.
fn contact(ties: impl IntoIterator<Item = Tie>) -> SourceRecord {
    let record = Record::new(Kind::Contact).with(Field::Surname, Value::text("Muster")).with(Field::Notes, None);
    let audience = Audience::Linked(Arc::new(ties.into_iter().collect()));
    SourceRecord { audience, matter: Matter::default(), ..source(record) }
}

fn behind(text: &str) -> Behind {
    Behind::try_from(text.to_owned()).expect("a wall")
}

fn walls(closed: &[&str]) -> Walls {
    let mut walls = Walls::default();
    for text in closed {
        walls.close(behind(text));
    }
    walls
}

fn seen(record: &SourceRecord, who: &str, contacts: ContactCircle, walls: &Walls) -> Desired {
    let settings = ScopeSettings { contacts, ..settings() };
    let person = person(who);
    super::super::scope(record, &Viewer { person: &person, settings: &settings, walls }, None, now())
}

fn is_wanted(desired: &Desired) -> bool {
    matches!(desired, Desired::Wanted(_))
}

#[test]
fn each_user_chooses_how_much_of_the_address_book_they_get() {
    use ContactCircle::{Firm, Matters, Mine, None};
    let mine = contact([tie("AB", Circle::Mine, "client", "1")]);
    let of_a_matter = contact([tie("AB", Circle::Matters, "client", "1")]);
    let of_somebody_else = contact([tie("CD", Circle::Mine, "client", "1")]);
    let open = Walls::default();
    for (record, expected) in
        [(&mine, [Mine, Matters, Firm].as_slice()), (&of_a_matter, &[Matters, Firm]), (&of_somebody_else, &[Firm])]
    {
        for circle in [Mine, Matters, Firm, None] {
            let desired = seen(record, "AB", circle, &open);
            assert_eq!(is_wanted(&desired), expected.contains(&circle), "{circle:?}: {desired:?}");
            // What is not given leaves by the budget of evidence, never as mere absence.
            assert!(is_wanted(&desired) || matches!(&desired, Desired::Withdrawn(why) if !why.for_good));
        }
    }
    let for_everyone = SourceRecord { audience: Audience::Everyone, ..mine.clone() };
    assert!(is_wanted(&seen(&for_everyone, "AB", Firm, &open)), "as without ties");
    assert!(!is_wanted(&seen(&for_everyone, "AB", Matters, &open)), "nothing says that it is theirs");
    let own_row = SourceRecord { audience: Audience::Person(person("AB")), ..mine };
    assert!(is_wanted(&seen(&own_row, "AB", Mine, &open)), "a row for one person is theirs");
    assert!(!is_wanted(&seen(&own_row, "AB", None, &open)));
}

#[test]
fn the_notes_say_what_a_contact_is_in_the_matters_of_this_user_alone() {
    let record = contact([
        tie("AB", Circle::Matters, "opposing counsel", "2026-114"),
        tie("AB", Circle::Matters, "client", "2025-7"),
        tie("CD", Circle::Matters, "witness", "2024-1"),
    ]);
    let notes = |who: &str, walls: &Walls| match seen(&record, who, ContactCircle::Firm, walls) {
        Desired::Wanted(record) => record.text(Field::Notes).map(str::to_owned),
        other => panic!("{other:?}"),
    };
    let open = Walls::default();
    let both = "client in 2025-7 (Smith v Jones)\nopposing counsel in 2026-114 (Smith v Jones)";
    assert_eq!(notes("AB", &open).as_deref(), Some(both));
    assert_eq!(notes("CD", &open).as_deref(), Some("witness in 2024-1 (Smith v Jones)"));
    assert_eq!(notes("EF", &open), None, "somebody without a matter with them");
    assert_eq!(notes("AB", &walls(&["2026-114"])).as_deref(), Some("client in 2025-7 (Smith v Jones)"));
}

#[test]
fn a_wall_withdraws_without_a_trace_whatever_else_holds() {
    let hint = MirrorHint { fingerprint: None };
    let matter = walls(&[" 2026/12 "]);
    let record = walls(&["event/main/1"]);
    let person = person("AB");
    for walls in [&matter, &record] {
        let unreadable = SourceRecord { record: Record::new(Kind::Event), ..event() };
        let old = SourceRecord {
            record: event().record.with(Field::Span, span("2020-01-01T09:00:00Z", "2020-01-01T10:00:00Z")),
            ..event()
        };
        let private = SourceRecord { private: true, ..event() };
        let closed = SourceRecord { withdrawn: Some("closed matter".into()), ..event() };
        for source in [event(), unreadable, old, private, closed] {
            let viewer = Viewer { person: &person, settings: &settings(), walls };
            let desired = super::super::scope(&source, &viewer, Some(&hint), now());
            assert!(matches!(&desired, Desired::Withdrawn(why) if why.for_good), "{desired:?}");
        }
    }
}

#[test]
fn in_doubt_nobody_new_gets_it_and_nobody_loses_it() {
    let open = event();
    let unsaid = SourceRecord { matter: Matter { unclear: true, ..Matter::default() }, ..event() };
    let none = SourceRecord { matter: Matter::default(), ..event() };
    let mut doubtful = Walls::default();
    doubtful.doubt(behind("2026/12"));
    let see = |record: &SourceRecord, walls: &Walls| seen(record, "AB", ContactCircle::Firm, walls);
    assert_eq!(see(&open, &doubtful), Desired::Unreadable, "a wall against nobody knows whom");
    assert!(is_wanted(&see(&none, &doubtful)));
    assert_eq!(see(&unsaid, &walls(&["2026-114"])), Desired::Unreadable, "it may be the walled matter");
    assert!(is_wanted(&see(&unsaid, &walls(&["task/main/9"]))), "a wall around a record leaves no doubt about others");
    assert!(is_wanted(&see(&none, &walls(&["2026-114"]))), "a row that says it belongs to no matter");
}

#[test]
fn a_contact_of_a_walled_matter_needs_another_way_to_its_user() {
    let in_both = contact([
        tie("AB", Circle::Matters, "client", "2025-7"),
        tie("CD", Circle::Matters, "opposing counsel", "2026-114"),
    ]);
    let in_walled_alone = contact([tie("AB", Circle::Mine, "client", "2026-114")]);
    let wall = walls(&["2026-114"]);
    assert!(is_wanted(&seen(&in_both, "AB", ContactCircle::Firm, &wall)), "their own matter 2025-7");
    for circle in [ContactCircle::Mine, ContactCircle::Matters, ContactCircle::Firm] {
        assert_eq!(seen(&in_walled_alone, "AB", circle, &wall), behind_a_wall());
    }
    assert_eq!(seen(&in_both, "EF", ContactCircle::Firm, &wall), behind_a_wall(), "no other way");
    let nobodys = contact([Tie { person: None, ..tie("", Circle::Matters, "client", "2026-114") }]);
    assert_eq!(seen(&nobodys, "AB", ContactCircle::Firm, &wall), behind_a_wall());
}

fn any_tie() -> impl Strategy<Value = Tie> {
    (prop::sample::select(vec!["AB", "CD", "EF"]), prop::bool::ANY, 0..4_u8, 0..3_u8).prop_map(
        |(who, mine, number, role)| {
            let circle = if mine { Circle::Mine } else { Circle::Matters };
            let person = (who != "EF").then(|| person(who));
            let matter = if number == 0 { Matter::default() } else { matter(&format!("m{number}")) };
            Tie { person, circle, role: Some(format!("role {role}").into()), matter }
        },
    )
}

proptest! {
    /// No setting, no order of ties and no other wall lets the text of a walled matter through.
    #[test]
    fn nothing_of_a_walled_matter_is_ever_shown(
        ties in prop::collection::vec(any_tie(), 0..6),
        own in 0..4_u8,
        wall in 1..4_u8,
        circle in prop::sample::select(vec![ContactCircle::Mine, ContactCircle::Matters, ContactCircle::Firm]),
        others in prop::collection::btree_set(1..4_u8, 0..2),
    ) {
        let mut record = contact(ties);
        if own > 0 {
            record.matter = matter(&format!("m{own}"));
        }
        let mut all = walls(&[&format!("M {wall}")]);
        for other in &others {
            all.close(behind(&format!("m{other}")));
        }
        match seen(&record, "AB", circle, &all) {
            Desired::Wanted(shown) => {
                prop_assert_ne!(own, wall);
                let notes = shown.text(Field::Notes).unwrap_or_default().to_owned();
                prop_assert!(!notes.contains(&format!("m{wall}")), "{}", notes);
            }
            Desired::Withdrawn(_) => {}
            other => prop_assert!(false, "{:?}", other),
        }
    }

    /// More walls never show more, and a wider circle never shows less.
    #[test]
    fn walls_and_circles_are_monotonic(
        ties in prop::collection::vec(any_tie(), 0..6),
        first in 1..4_u8,
        second in 1..4_u8,
    ) {
        use ContactCircle::{Firm, Matters, Mine};
        let record = contact(ties);
        let few = walls(&[&format!("m{first}")]);
        let more = walls(&[&format!("m{first}"), &format!("m{second}")]);
        for circle in [Mine, Matters, Firm] {
            prop_assert!(is_wanted(&seen(&record, "AB", circle, &few)) || !is_wanted(&seen(&record, "AB", circle, &more)));
        }
        for (narrow, wide) in [(Mine, Matters), (Matters, Firm)] {
            prop_assert!(!is_wanted(&seen(&record, "AB", narrow, &few)) || is_wanted(&seen(&record, "AB", wide, &few)));
        }
    }

    /// However the number of a matter is written, the wall finds it.
    #[test]
    fn a_wall_finds_its_matter_however_it_is_written(number in "[A-Za-z0-9]{1,6}([-/][0-9]{1,4})?", blanks in " {0,2}") {
        let written = format!("{blanks}{}{blanks}", number.to_uppercase());
        prop_assume!(number.parse::<crate::domain::RecordKey>().is_err());
        prop_assert_eq!(MatterNumber::of(&written), MatterNumber::of(&number.to_lowercase()));
        let record = SourceRecord { matter: matter(&written), ..event() };
        prop_assert_eq!(seen(&record, "AB", ContactCircle::Firm, &walls(&[&number])), behind_a_wall());
    }
}
