//! Every parser of what comes from outside, as a function over bytes. It may refuse; it must not panic, hang, or lose what it
//! understood.

use pocketdocket::{
    domain::{FirmId, RecordKey, Stamp},
    xml,
};

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
];

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
