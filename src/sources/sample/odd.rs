//! What real firms' rows look like now and then. Row numbers are fixed, so that tests and curious people can find them.

use jiff::{ToSpan, civil::Date};

use super::fill::{Contact, Event, Task, clock_change, written};

#[expect(clippy::unnecessary_wraps, reason = "columns that may be NULL are what it fills")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Odd contacts are the numbers 10, 20, 30 and so on.
pub(super) fn contact(id: i64, row: &mut Contact) {
    match id {
        10 => row.last_name = some("Müller-Lüdenscheidt <&> \"Söhne\""),
        20 => (row.first_name, row.last_name, row.company) = (some("太郎"), some("山田"), some("株式会社サンプル")),
        30 => (row.first_name, row.last_name) = (some("ليلى"), some("حداد")),
        40 => (row.first_name, row.last_name) = (some("דוד"), some("לוי")),
        50 => row.company = some("Start-up 🚀👩‍⚖️ GmbH"),
        60 => row.remarks = Some("Sehr lange Notiz. ".repeat(600)),
        70 => {
            row.remarks = some(
                "<html><body><h1>Vermerk</h1><p>Honorar: 5 &lt; 10 &euro;</p><ul><li>eins</li><li>zwei &amp; drei</li></ul><script>alert(1)</script></body></html>",
            );
        }
        80 => row.last_name = some("Vor\u{1}\u{8}nach\u{1b}name"),
        90 => *row = Contact { changed: row.changed.take(), ..Contact::default() },
        100 => row.changed = None,
        110 => row.email = some("keine Adresse"),
        120 => row.email = some("anna@example.com; bernd@example.com"),
        130 => row.last_name = Some("Langername".repeat(40)),
        140 => row.birthday = some("0000-00-00"),
        150 => row.birthday = some("31.12.1970"),
        160 => row.changed = some("2038-01-19 03:14:07"),
        170 => (row.first_name, row.last_name) = (some(""), some("   ")),
        180 => row.last_name = some("Cafe\u{301} (zerlegtes é)"),
        190 => row.street = some("Hinterhaus\r\nEingang B\r\nRosenweg 7"),
        200 => row.phone = some("siehe Akte"),
        _ => {}
    }
}

/// Odd events are the numbers 10, 20, 30 and so on; all lie in the future, where they matter.
pub(super) fn event(id: i64, today: Date, row: &mut Event) {
    if id % 10 != 0 || id > 260 {
        return;
    }
    let day = today.checked_add((3 + id / 10).days()).unwrap_or(today);
    let at = |hour: i8| Some(written(day.at(hour, 0, 0, 0)));
    (row.starts, row.ends, row.whole_day) = (at(10), at(11), Some(0));
    match id {
        10 => {
            if let Some(day) = clock_change(today, true) {
                row.subject = some("Nachtschicht (Beginn der Sommerzeit)");
                (row.starts, row.ends) = (Some(written(day.at(2, 30, 0, 0))), Some(written(day.at(4, 0, 0, 0))));
            }
        }
        20 => {
            if let Some(day) = clock_change(today, false) {
                row.subject = some("Nachtschicht (Ende der Sommerzeit)");
                (row.starts, row.ends) = (Some(written(day.at(2, 30, 0, 0))), Some(written(day.at(4, 0, 0, 0))));
            }
        }
        30 => (row.starts, row.ends) = (at(15), at(14)),
        40 => row.ends = row.starts.clone(),
        50 => row.ends = None,
        60 => row.starts = None,
        70 => row.starts = some("0000-00-00 00:00:00"),
        80 => row.starts = some("9999-12-31 00:00:00"),
        90 => row.ends = some("irgendwann"),
        100 => row.people = vec![None],
        110 => row.people = vec![some("  ")],
        120 => row.people = vec![some("XX")],
        130 => row.people = ["HW", "TM", "AK", "JS", "MR"].map(some).into(),
        140 => row.confidential = Some(1),
        150 => row.confidential = None,
        160 => row.confidential = Some(7),
        170 => row.state = some("cancelled"),
        180 => row.subject = None,
        190 => row.subject = Some("Sehr langer Betreff ".repeat(20)),
        200 => row.remarks = Some("Protokoll. ".repeat(900)),
        210 => {
            let next = day.tomorrow().unwrap_or(day);
            row.whole_day = Some(1);
            (row.starts, row.ends) = (Some(day.to_string()), Some(next.to_string()));
        }
        220 => {
            let next = day.tomorrow().unwrap_or(day);
            row.subject = some("Von Mitternacht bis Mitternacht");
            (row.starts, row.ends) = (Some(written(day.at(0, 0, 0, 0))), Some(written(next.at(0, 0, 0, 0))));
        }
        230 => row.shown_as = some("vielleicht"),
        240 => row.changed = None,
        // The same participant twice, and somebody who left.
        250 => row.people = ["SB", "SB"].map(some).into(),
        260 => row.people = ["RZ", "HW"].map(some).into(),
        _ => {}
    }
}

/// Odd tasks are the numbers 10, 20, 30 and so on.
pub(super) fn task(id: i64, row: &mut Task) {
    match id {
        10 => row.due = None,
        20 => row.due = some("2028-02-29"),
        30 => row.percent = Some(120),
        40 => row.state = some("verschoben"),
        50 => row.assignee = None,
        60 => row.urgency = None,
        70 => row.subject = some("Frist <prüfen> & \"bestätigen\" ⚖️"),
        80 => row.begins = some("9999-01-01"),
        90 => row.confidential = Some(1),
        100 => row.remarks = Some("<b>kein</b> HTML, sondern Text ".repeat(10)),
        110 => row.changed = None,
        120 => row.remind_at = some("2026-13-01 08:00:00"),
        _ => {}
    }
}
