//! Every type as its bytes come over the wire (MS-TDS 2.2.5.4 to 2.2.5.6), and what becomes of a type that nobody knows.

use pocketdocket::{
    domain::{Field, Value},
    ports::FailureKind,
    sources::Preview,
};

use super::{
    open,
    scripted::{self, COLLATION, Heading, Manner, Said, Scripted, b_text, nvarchar, of_nvarchar, us_text, utf16},
    settings, usual,
};

/// Some bytes in a row.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A value whose length comes first, in one byte.
fn short(value: &[u8]) -> Vec<u8> {
    joined(&[&[u8::try_from(value.len()).expect("short")], value])
}

/// The same, in two bytes.
fn longer(value: &[u8]) -> Vec<u8> {
    joined(&[&u16::try_from(value.len()).expect("short").to_le_bytes(), value])
}

/// A value of any length, in two parts, its whole length untold.
fn in_parts(value: &[u8]) -> Vec<u8> {
    let (one, other) = value.split_at(value.len() / 2);
    let part = |part: &[u8]| joined(&[&u32::try_from(part.len()).expect("short").to_le_bytes(), part]);
    joined(&[&0xffff_ffff_ffff_fffe_u64.to_le_bytes(), &part(one), &part(other), &[0; 4]])
}

/// A value of the types of old, behind its pointer and its age.
fn pointed_at(value: &[u8]) -> Vec<u8> {
    joined(&[&[16], &[7; 16], &[8; 8], &u32::try_from(value.len()).expect("short").to_le_bytes(), value])
}

/// The `TYPE_INFO` of those: the longest, the collation where it is text, and the table that it is of.
fn of_old(sort: u8, collation: &[u8]) -> Vec<u8> {
    joined(&[&[sort], &0x7fff_ffff_u32.to_le_bytes(), collation, &[1], &us_text("files")])
}

/// A value of `sql_variant`: its type, what belongs to that, and the value.
fn variant(sort: u8, properties: &[u8], value: &[u8]) -> Vec<u8> {
    let inner = joined(&[&[sort, u8::try_from(properties.len()).expect("short")], properties, value]);
    joined(&[&u32::try_from(inner.len()).expect("short").to_le_bytes(), &inner])
}

/// Days since the first of January of the year 1.
fn day(days: u32) -> Vec<u8> {
    days.to_le_bytes()[..3].to_vec()
}

/// What a phone would show of it, or `problem`.
const PROBLEM: &str = "problem";

/// 22 November 2026, in days since the year 1 and since 1900.
const DAY: u32 = 739_941;
const DAY_OF_1900: u32 = 46_346;

fn text_of(sort: u8, longest: u16) -> Vec<u8> {
    joined(&[&[sort], &longest.to_le_bytes(), &COLLATION])
}

fn numbers() -> Vec<(Vec<u8>, Vec<u8>, &'static str)> {
    let decimal = |magnitude: u128, sign: u8| joined(&[&[17, sign], &magnitude.to_le_bytes()]);
    vec![
        (vec![0x30], vec![255], "255"),
        (vec![0x32], vec![1], "1"),
        (vec![0x34], (-32_768_i16).to_le_bytes().to_vec(), "-32768"),
        (vec![0x38], i32::MIN.to_le_bytes().to_vec(), "-2147483648"),
        (vec![0x7f], i64::MIN.to_le_bytes().to_vec(), "-9223372036854775808"),
        (vec![0x26, 1], short(&[200]), "200"),
        (vec![0x26, 8], short(&i64::MAX.to_le_bytes()), "9223372036854775807"),
        (vec![0x26, 4], vec![0], ""),
        (vec![0x68, 1], short(&[0]), "0"),
        (
            vec![0x6a, 17, 30, 10],
            decimal(123_456_789_012_345_678_900_123_456_789, 1),
            "12345678901234567890.0123456789",
        ),
        (vec![0x6c, 5, 9, 2], joined(&[&[5, 0], &1_234_u32.to_le_bytes()]), "-12.34"),
        (vec![0x6c, 5, 9, 0], joined(&[&[5, 1], &42_u32.to_le_bytes()]), "42"),
        (vec![0x6d, 4], short(&0.1_f32.to_le_bytes()), "0.1"),
        (vec![0x6d, 8], short(&(-1.5e10_f64).to_le_bytes()), "-15000000000"),
        (vec![0x3e], 0.25_f64.to_le_bytes().to_vec(), "0.25"),
    ]
}

fn days_and_times() -> Vec<(Vec<u8>, Vec<u8>, &'static str)> {
    // 9:30 in three-hundredths of a second, in minutes, and in the finest ticks.
    let datetime = joined(&[&DAY_OF_1900.to_le_bytes(), &(34_200_u32 * 300 + 37).to_le_bytes()]);
    let small = joined(&[&u16::try_from(DAY_OF_1900).expect("short").to_le_bytes(), &570_u16.to_le_bytes()]);
    let ticks = |ticks: u64| ticks.to_le_bytes()[..5].to_vec();
    let half_past_nine = ticks(342_000_000_000 + 1_234_567);
    let seconds = 34_200_u32.to_le_bytes()[..3].to_vec();
    vec![
        (vec![0x6f, 8], short(&datetime), "2026-11-22 09:30:00.123"),
        (vec![0x3d], datetime, "2026-11-22 09:30:00.123"),
        (vec![0x6f, 4], short(&small), "2026-11-22 09:30:00"),
        (vec![0x6f, 8], vec![0], ""),
        (vec![0x28], short(&day(DAY)), "2026-11-22"),
        (vec![0x29, 7], short(&half_past_nine), "09:30:00.1234567"),
        (vec![0x29, 0], short(&seconds), "09:30:00"),
        (vec![0x2a, 7], short(&joined(&[&half_past_nine, &day(DAY)])), "2026-11-22 09:30:00.1234567"),
        (vec![0x2a, 0], short(&joined(&[&seconds, &day(DAY)])), "2026-11-22 09:30:00"),
        // Rounded up to midnight: the next day's.
        (vec![0x2a, 7], short(&joined(&[&ticks(864_000_000_000), &day(DAY)])), "2026-11-23 00:00:00"),
        // In UTC, with the offset beside it.
        (vec![0x2b, 0], short(&joined(&[&seconds, &day(DAY), &60_i16.to_le_bytes()])), "2026-11-22T09:30:00Z"),
    ]
}

fn texts_and_bytes() -> Vec<(Vec<u8>, Vec<u8>, &'static str)> {
    let guid = [0x67, 0x45, 0x3e, 0x12, 0x9b, 0xe8, 0xd3, 0x12, 0xa4, 0x56, 0x42, 0x66, 0x55, 0x44, 0, 0];
    let place = joined(&[
        &[0xf0, 0xff, 0xff],
        &b_text("practice"),
        &b_text("sys"),
        &b_text("geography"),
        &us_text("Microsoft.SqlServer.Types.SqlGeography"),
    ]);
    let mut latin = COLLATION.to_vec();
    latin.extend(40_u16.to_le_bytes());
    vec![
        (text_of(0xa7, 40), longer(b"Stra\xdfe"), "Straße"),
        (text_of(0xaf, 8), longer(b"Weg     "), "Weg"),
        (text_of(0xef, 8), longer(&utf16("Žiž ")), "Žiž"),
        (of_nvarchar(), nvarchar(Some("Grüße 🎉")), "Grüße 🎉"),
        (of_nvarchar(), nvarchar(None), ""),
        (text_of(0xe7, 0xffff), in_parts(&utf16("Grüße 🎉")), "Grüße 🎉"),
        (text_of(0xe7, 0xffff), u64::MAX.to_le_bytes().to_vec(), ""),
        (text_of(0xa7, 0xffff), in_parts(b"Stra\xdfe"), "Straße"),
        (of_old(0x23, &COLLATION), pointed_at(b"Stra\xdfe"), "Straße"),
        (of_old(0x63, &COLLATION), pointed_at(&utf16("Žižka")), "Žižka"),
        (of_old(0x22, &[]), pointed_at(b"Maier"), "Maier"),
        (of_old(0x63, &COLLATION), vec![0], ""),
        (vec![0xf1, 0], in_parts(&utf16("<a>ü</a>")), "<a>ü</a>"),
        (vec![0x24, 16], short(&guid), "123e4567-e89b-12d3-a456-426655440000"),
        (vec![0xa5, 20, 0], longer(b"Maier"), "Maier"),
        (vec![0xa5, 20, 0], longer(&[0xff, 0, 0xfe]), PROBLEM),
        (vec![0xad, 8, 0], longer(&[0, 0, 0, 0, 0, 0, 7, 0xd1]), PROBLEM),
        (vec![0xa5, 0xff, 0xff], in_parts(b"Maier"), "Maier"),
        (place, in_parts(&[0xe6, 0x10, 0, 0, 1, 0x0c]), PROBLEM),
        (vec![0x62, 0x49, 0x1f, 0, 0], variant(0x38, &[], &42_i32.to_le_bytes()), "42"),
        (vec![0x62, 0x49, 0x1f, 0, 0], variant(0xe7, &latin, &utf16("Müller")), "Müller"),
        (vec![0x62, 0x49, 0x1f, 0, 0], variant(0x28, &[], &day(DAY)), "2026-11-22"),
        (vec![0x62, 0x49, 0x1f, 0, 0], vec![0; 4], ""),
    ]
}

/// What became of the column `notes` of a query.
pub(super) fn told(preview: &Preview, query: &str) -> String {
    if let Some(problem) = preview.problems.iter().find(|problem| problem.query.0 == query) {
        return format!("{PROBLEM}: {}", problem.what);
    }
    let record = preview.records.iter().find(|record| record.key.query.0 == query).expect("a record");
    match record.record.get(Field::Notes) {
        Some(Value::Text(text)) => text.reveal().clone(),
        _ => String::new(),
    }
}

/// A query whose only telling column is `notes`; the scripted server knows it by its number.
fn query(number: usize) -> String {
    format!(
        "[[tasks]]\nname = \"t{number}\"\nsql = \"SELECT 'k' AS [key], 'weber' AS person, 'T' AS subject, v{number}. AS notes FROM v\"\n"
    )
}

fn row(sort: &[u8], value: &[u8]) -> (Vec<Heading>, Vec<Vec<Vec<u8>>>) {
    let mut columns: Vec<Heading> = ["key", "person", "subject"].map(|name| (name.to_owned(), of_nvarchar())).to_vec();
    columns.push(("notes".to_owned(), sort.to_vec()));
    let mut cells: Vec<Vec<u8>> = ["k", "weber", "T"].map(|text| nvarchar(Some(text))).to_vec();
    cells.push(value.to_vec());
    (columns, vec![cells])
}

#[tokio::test]
async fn every_type_comes_over_the_wire_as_what_it_is_or_is_named() {
    let cases = [numbers(), days_and_times(), texts_and_bytes()].concat();
    let queries: String = (0..cases.len()).map(query).collect();
    let values = cases.clone();
    let server = Scripted::start(Manner::plain(), move |statement| {
        let of = |(number, _): &(usize, _)| statement.contains(&format!("v{number}. AS notes"));
        let Some((_, (sort, value, _))) = values.iter().enumerate().find(of) else { return usual(statement) };
        let (columns, rows) = row(sort, value);
        Said::Typed(columns, if statement.starts_with("SELECT TOP (0)") { Vec::new() } else { rows })
    });
    let (settings, _folder) = settings(server.port, &queries, |_| {});
    let preview = Preview::take(open(&settings).as_ref()).await;
    let preview = preview.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    for (number, (sort, _, expected)) in cases.iter().enumerate() {
        let told = told(&preview, &format!("t{number}"));
        let alike = if *expected == PROBLEM { told.starts_with(PROBLEM) } else { told == *expected };
        assert!(alike, "{number}, {sort:02x?}: `{told}` instead of `{expected}`");
    }
}

/// The driver would round it: it is asked for as the decimal that it is.
#[tokio::test]
async fn money_is_not_rounded_on_its_way() {
    let server = Scripted::start(Manner::plain(), |statement| {
        if !statement.contains("v0. AS notes") {
            return usual(statement);
        }
        if statement.contains("CAST(t.c3 AS decimal(19, 4)) AS c3") {
            let amount = 9_223_372_036_854_775_807_u128;
            let (columns, rows) = row(&[0x6a, 17, 19, 4], &joined(&[&[17, 0], &amount.to_le_bytes()]));
            return Said::Typed(columns, rows);
        }
        Said::Typed(row(&[0x6e, 8], &[]).0, Vec::new())
    });
    let (settings, _folder) = settings(server.port, &query(0), |_| {});
    let preview = Preview::take(open(&settings).as_ref()).await;
    let preview = preview.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert_eq!(told(&preview, "t0"), "-922337203685477.5807");
}

#[tokio::test]
async fn a_column_of_a_type_that_nobody_knows_is_named_with_what_to_write_instead() {
    // What SQL Server calls a vector; the driver knows no such number.
    let unknown = |statement: &str| {
        if statement.contains("sp_describe_first_result_set") {
            let of = |name, sort| vec![scripted::Value::Text(name), scripted::Value::Text(sort)];
            let rows = vec![of("key", "int"), of("subject", "nvarchar(40)"), of("notes", "vector(3)")];
            return Said::Rows(vec!["name", "system_type_name"], rows);
        }
        if statement.contains("v0. AS notes") {
            let (columns, rows) = row(&[0xf5, 20, 0, 0], &[0]);
            return Said::Typed(columns, rows);
        }
        usual(statement)
    };
    let server = Scripted::start(Manner::plain(), unknown);
    let (practice, _folder) = settings(server.port, &query(0), |_| {});
    let failure = Preview::take(open(&practice).as_ref()).await.expect_err("it cannot be read");
    assert_eq!(failure.kind, FailureKind::Setting, "{}", failure.chain());
    assert!(
        failure.chain().contains("the query `t0` has columns of types")
            && failure.chain().contains("`notes` (vector(3))"),
        "{}",
        failure.chain()
    );
    let hint = failure.hint.unwrap_or_default();
    assert!(hint.contains("CAST(… AS nvarchar(max)) AS notes"), "{hint}");

    // One that does not describe statements: then the type is said by its number.
    let server = Scripted::start(Manner::plain(), move |statement| {
        if statement.contains("sp_describe") { Said::Error(2812, "Could not find it.") } else { unknown(statement) }
    });
    let (practice, _folder) = settings(server.port, &query(0), |_| {});
    let failure = Preview::take(open(&practice).as_ref()).await.expect_err("it cannot be read");
    assert!(failure.chain().contains("245"), "{}", failure.chain());
    assert!(failure.hint.is_some_and(|hint| hint.contains("nvarchar(max)")));
}
