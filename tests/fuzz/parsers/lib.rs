//! Every parser of what comes from outside, as a function over bytes. It may refuse; it must not panic, hang, or lose what it
//! understood.

mod rows;
mod seeds;
mod wire;

use std::{collections::BTreeMap, path::Path};

use jiff::{Timestamp, tz::TimeZone};
use pocketdocket::{
    auth::confirmation::{Code, Confirmation},
    config::Config,
    domain::{Body, BodyFormat, FirmId, RecordKey, Stamp, notes},
    engine::schedule::Schedule,
    sources::mapping::Mapping,
    xml,
};
pub use rows::rows;
pub use wire::{exchange, simulator, windows};

/// A parser by name, with examples of what it understands to start from.
pub struct Parser {
    /// As in `targets`.
    pub name: &'static str,
    /// Feeds it.
    pub feed: fn(&[u8]),
    /// Examples.
    pub seeds: &'static [&'static [u8]],
}

/// All of them.
pub const PARSERS: &[Parser] = &[
    Parser {
        name: "xml",
        feed: xml,
        seeds: &[
            b"<?xml version=\"1.0\"?><a:b xmlns:a=\"urn:a\" c='d'>t &amp; &#x41;<![CDATA[<]]><a:e/></a:b>",
            b"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault/></s:Body></s:Envelope>",
        ],
    },
    Parser {
        name: "stamp",
        feed: stamp,
        seeds: &[
            b"v1/00112233445566778899aabbccddeeff/event/meetings/4711",
            b"v1/00112233445566778899aabbccddeeff/contact/clients/a%2Fb%20%C3%BC",
            b"event/meetings/4711",
        ],
    },
    Parser { name: "schedule", feed: schedule, seeds: &[b"*/2 * * * *", b"30 2 * * *", b"0 0 9 13 * 5", b"0 6-20/2 * JAN MON-FRI"] },
    Parser { name: "configuration", feed: configuration, seeds: &[CONFIGURATION] },
    Parser {
        name: "code",
        feed: code,
        seeds: &[b"123 456", b"123456", "\u{a0}123\u{2009}456 ".as_bytes(), br#"{"code":null,"wrong":2,"not_before":"2026-03-29T00:10:00Z"}"#],
    },
    Parser { name: "mapping", feed: mapping, seeds: &[include_bytes!("../../../config/practice/sample.toml")] },
    Parser {
        name: "rows",
        feed: rows,
        seeds: &[
            b"t4711\0tAB\0t2026-03-29 02:30\0t2026-03-29 03:30\0tHearing\0tRoom 12\0t<p>Notes</p>\0i1",
            b"i1\0n\0t2026-03-29\0t2026-03-29\0r1.5\0bxyz\0t9999-12-31T23:59:59Z\0tno",
        ],
    },
    Parser {
        name: "note",
        feed: note,
        seeds: &[seeds::PLAIN_BODY, seeds::HTML_BODY, b"\r\n \t", b"<p>a<br>b</p>&amp;&#228;"],
    },
    Parser { name: "exchange", feed: exchange, seeds: seeds::ANSWERS },
    Parser { name: "simulator", feed: simulator, seeds: seeds::REQUESTS },
    Parser { name: "windows", feed: windows, seeds: &[seeds::CHALLENGE] },
];

const CONFIGURATION: &[u8] = br#"
[firm]
id = "00112233445566778899aabbccddeeff"
[practice]
mapping = "sample"
database = "practice.db"
source_zone = "Europe/Berlin"
[sync]
schedule = "*/2 * * * *"
[policy.on_edit]
event = "leave"
[policy.budgets]
delete = { at_least = 10, percent = 10 }
[alerts]
webhook = "https://alerts.example.org/pocketdocket"
"#;

/// Answers of servers, and requests to the simulator, before anybody knows what they mean.
pub fn xml(data: &[u8]) {
    if let Ok(root) = xml::parse(data) {
        let _ = (root.text(), root.find("ResponseCode"), root.attributes().count());
    }
}

/// Stamps and keys, as found in mailboxes and ledgers: what is understood is written the same way again.
pub fn stamp(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(stamp) = text.parse::<Stamp>() {
        assert_eq!(stamp.to_string().parse::<Stamp>().as_ref(), Ok(&stamp), "{text}");
    }
    if let Ok(key) = text.parse::<RecordKey>() {
        assert_eq!(key.to_string().parse::<RecordKey>().as_ref(), Ok(&key), "{text}");
    }
    let _ = text.parse::<FirmId>();
}

/// Schedules of a configuration: what is understood has a next moment after now, or none at all.
pub fn schedule(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(schedule) = text.parse::<Schedule>() else { return };
    // The night in which Berlin's clocks go forward.
    let now = Timestamp::from_second(1_774_742_000).expect("in range");
    let zone = TimeZone::get("Europe/Berlin").expect("compiled in");
    if let Some(next) = schedule.next_after(now, &zone) {
        assert!(next > now, "{text}");
    }
    let _ = schedule.usual_gap(now, &zone);
}

/// The configuration file; its error repeats a line with a caret under it.
pub fn configuration(data: &[u8]) {
    if let Err(error) = Config::parse(Path::new("pocketdocket.toml"), &String::from_utf8_lossy(data)) {
        let _ = error.to_string();
    }
}

/// Codes as people type them, and the state of a confirmation as the ledger keeps it.
pub fn code(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let now = Timestamp::from_second(1_774_742_000).expect("in range");
    let kept: Confirmation = serde_json::from_str(&text).unwrap_or_default();
    if let Ok(code) = Code::parse(&text) {
        let (after, _) = kept.attempt("weber", &code, now);
        let _ = serde_json::to_string(&after).expect("a state can be written");
    }
    let _ = kept.open_until(now);
}

/// Mapping files: refused with the place of the mistake.
pub fn mapping(data: &[u8]) {
    if let Err(error) = Mapping::parse("practice.toml", &String::from_utf8_lossy(data), &BTreeMap::new()) {
        let _ = error.to_string();
    }
}

/// Bodies of items, in which users write around our block: ours is found again, and writing it again comes to rest.
pub fn note(data: &[u8]) {
    const OURS: &str = "Room 12\nMüller & Söhne <x>";
    let text = String::from_utf8_lossy(data);
    for format in [BodyFormat::Text, BodyFormat::Html] {
        let body = Body { format, text: text.clone().into_owned().into() };
        let _ = (notes::extract(&body), notes::is_broken(&body));
        let write = |body: &Body| {
            let composed = notes::compose(Some(body), Some(OURS), None).body;
            assert_eq!(notes::extract(&composed).as_deref(), Some(OURS), "{text}");
            composed
        };
        // The first time may settle which line ends the body uses.
        let settled = write(&write(&body));
        assert_eq!(write(&settled).text.reveal(), settled.text.reveal(), "{text}");
    }
}
