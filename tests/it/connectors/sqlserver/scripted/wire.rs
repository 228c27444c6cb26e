//! What goes over the wire, written from MS-TDS alone: packets, tokens, types and values as their bytes.

use std::io::{self, Read};

/// A column's name and its `TYPE_INFO` (MS-TDS 2.2.5.6).
pub(in super::super) type Heading = (String, Vec<u8>);

/// The collation that every text column has: Latin, case does not count.
pub(in super::super) const COLLATION: [u8; 5] = [0x09, 0x04, 0xd0, 0x00, 0x34];

/// A value that was bound to a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Bound {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A whole message: its type and what its packets carry.
pub(super) fn message(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut payload = Vec::new();
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header)?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]])) - 8;
        let begun = payload.len();
        payload.resize(begun + length, 0);
        stream.read_exact(&mut payload[begun..])?;
        if header[1] & 1 == 1 {
            return Ok((header[0], payload));
        }
    }
}

pub(super) fn packet(sort: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 8).expect("short").to_be_bytes();
    [&[sort, 1, length[0], length[1], 0, 0, 1, 0], payload].concat()
}

/// The statement of a batch, or of a call of `sp_executesql` with what is bound to its parameters.
pub(super) fn asked(sort: u8, payload: &[u8]) -> (String, Vec<Bound>) {
    let headers = usize::try_from(u32::from_le_bytes(payload[..4].try_into().expect("four bytes"))).expect("short");
    let rest = &payload[headers..];
    if sort == 1 {
        return (from_utf16(rest), Vec::new());
    }
    // 0xFFFF, the procedure's number and flags; then the statement, what its parameters are, and their values.
    let mut rest = &rest[6..];
    let mut values = Vec::new();
    while !rest.is_empty() {
        values.push(bound(&mut rest));
    }
    let Some(Bound::Text(statement)) = values.first().cloned() else { panic!("no statement: {values:?}") };
    (statement, values.split_off(values.len().min(2)))
}

/// One parameter: its name, a status, its type, its value.
fn bound(rest: &mut &[u8]) -> Bound {
    let name = usize::from(take(rest, 1)[0]);
    take(rest, 2 * name + 1);
    match take(rest, 1)[0] {
        0x26 => {
            take(rest, 1);
            let length = usize::from(take(rest, 1)[0]);
            let mut bytes = [0; 8];
            bytes[..length].copy_from_slice(take(rest, length));
            Bound::Number(i64::from_le_bytes(bytes))
        }
        0xe7 => {
            let longest = take(rest, 2).to_vec();
            take(rest, COLLATION.len());
            Bound::Text(from_utf16(&sized(rest, &longest)))
        }
        0xa5 => {
            let longest = take(rest, 2).to_vec();
            Bound::Bytes(sized(rest, &longest))
        }
        sort => panic!("a parameter of the type {sort:#x} is not expected"),
    }
}

/// A value with its length before it; one of any length comes in parts.
fn sized(rest: &mut &[u8], longest: &[u8]) -> Vec<u8> {
    if longest != [0xff, 0xff] {
        let length = take(rest, 2);
        let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
        return take(rest, length).to_vec();
    }
    take(rest, 8);
    let mut value = Vec::new();
    loop {
        let length = u32::from_le_bytes(take(rest, 4).try_into().expect("four bytes"));
        if length == 0 {
            return value;
        }
        value.extend_from_slice(take(rest, usize::try_from(length).expect("short")));
    }
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> &'b [u8] {
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken
}

fn from_utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).expect("UTF-16")
}

pub(in super::super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

pub(in super::super) fn b_text(text: &str) -> Vec<u8> {
    [vec![u8::try_from(text.encode_utf16().count()).expect("short")], utf16(text)].concat()
}

pub(in super::super) fn us_text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.encode_utf16().count()).expect("short");
    [length.to_le_bytes().to_vec(), utf16(text)].concat()
}

pub(super) fn done(status: u16) -> Vec<u8> {
    [&[0xfd][..], &status.to_le_bytes(), &[0; 10]].concat()
}

pub(super) fn error(number: u32, state: u8, words: &str) -> Vec<u8> {
    let body =
        [&number.to_le_bytes()[..], &[state, 14], &us_text(words), &b_text("DB01"), &b_text(""), &1_u32.to_le_bytes()];
    let body = body.concat();
    [&[0xaa][..], &u16::try_from(body.len()).expect("short").to_le_bytes(), &body].concat()
}

/// The columns, then a row for each list of values.
pub(super) fn table(columns: &[Heading], rows: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let count = u16::try_from(columns.len()).expect("few").to_le_bytes();
    let mut tokens = [&[0x81][..], &count].concat();
    for (name, sort) in columns {
        tokens.extend_from_slice(&[0, 0, 0, 0, 9, 0]);
        tokens.extend_from_slice(sort);
        tokens.extend(b_text(name));
    }
    for row in rows {
        tokens.push(0xd1);
        tokens.extend(row.concat());
    }
    tokens
}

/// `nvarchar(4000)`, or NULL.
pub(in super::super) fn nvarchar(text: Option<&str>) -> Vec<u8> {
    text.map_or_else(
        || vec![0xff, 0xff],
        |text| {
            let text = utf16(text);
            [&u16::try_from(text.len()).expect("short").to_le_bytes()[..], &text].concat()
        },
    )
}

/// Its `TYPE_INFO`.
pub(in super::super) fn of_nvarchar() -> Vec<u8> {
    [&[0xe7, 0x40, 0x1f][..], &COLLATION].concat()
}

/// `bigint`, or NULL.
pub(in super::super) fn bigint(number: Option<i64>) -> Vec<u8> {
    number.map_or_else(|| vec![0], |number| [&[8][..], &number.to_le_bytes()].concat())
}

/// Its `TYPE_INFO`.
pub(in super::super) const OF_BIGINT: [u8; 2] = [0x26, 8];
