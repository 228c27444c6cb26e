use std::borrow::Cow;

use jiff::civil::date;
use proptest::prelude::*;
use tiberius::{
    ColumnData, Uuid,
    numeric::Numeric,
    time::{Date, DateTime, DateTime2, DateTimeOffset, SmallDateTime, Time},
    xml::XmlData,
};

use super::*;

fn days_since(first: jiff::civil::Date, day: jiff::civil::Date) -> i32 {
    first.until(day).expect("in the calendar").get_days()
}

fn day(year: i16, month: i8, day: i8) -> Date {
    Date::new(u32::try_from(days_since(date(1, 1, 1), date(year, month, day))).expect("after the first day"))
}

fn text(value: ColumnData<'static>) -> String {
    match cell(value) {
        Cell::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

fn moment(increments: u64, scale: u8) -> ColumnData<'static> {
    ColumnData::DateTime2(Some(DateTime2::new(day(2026, 12, 31), Time::new(increments, scale))))
}

#[test]
fn numbers_stay_what_they_are() {
    for (value, number) in [
        (ColumnData::U8(Some(255)), 255),
        (ColumnData::I16(Some(-32_768)), -32_768),
        (ColumnData::I32(Some(i32::MIN)), i32::MIN.into()),
        (ColumnData::I64(Some(i64::MIN)), i64::MIN),
        (ColumnData::Bit(Some(true)), 1),
        (ColumnData::Numeric(Some(Numeric::new_with_scale(42, 0))), 42),
    ] {
        assert!(cell(value) == Cell::Integer(number), "{number}");
    }
    assert!(cell(ColumnData::F32(Some(0.1))) == Cell::Real(0.1));
    assert!(cell(ColumnData::F64(Some(-1.5e300))) == Cell::Real(-1.5e300));
}

#[test]
fn decimals_keep_every_digit() {
    for (value, scale, expected) in [
        (123_456_789_012_345_678_900_123_456_789_i128, 10, "12345678901234567890.0123456789"),
        (-5, 4, "-0.0005"),
        (0, 2, "0.00"),
        (9_223_372_036_854_775_808, 0, "9223372036854775808"),
        (i128::MIN, 38, "-1.70141183460469231731687303715884105728"),
        (-9_223_372_036_854_775_807, 4, "-922337203685477.5807"),
    ] {
        assert_eq!(text(ColumnData::Numeric(Some(Numeric::new_with_scale(value, scale)))), expected);
    }
}

#[test]
fn days_and_times_are_written_as_everywhere() {
    let legacy = |day: (i16, i8, i8), fragments| {
        let days = days_since(date(1900, 1, 1), date(day.0, day.1, day.2));
        ColumnData::DateTime(Some(DateTime::new(days, fragments)))
    };
    assert_eq!(text(legacy((2026, 11, 22), 300 * 3600 * 9 + 300 * 1800)), "2026-11-22 09:30:00");
    for (fragments, shown) in [(1, ".003"), (2, ".007"), (3, ".01"), (299, ".997")] {
        assert_eq!(text(legacy((1753, 1, 1), fragments)), format!("1753-01-01 00:00:00{shown}"));
    }
    assert_eq!(text(ColumnData::SmallDateTime(Some(SmallDateTime::new(1, 570)))), "1900-01-02 09:30:00");
    assert_eq!(text(ColumnData::Date(Some(day(2026, 11, 22)))), "2026-11-22");
    assert_eq!(text(ColumnData::Date(Some(day(1, 1, 1)))), "0001-01-01");
    assert_eq!(text(ColumnData::Time(Some(Time::new(342_001_234_567, 7)))), "09:30:00.1234567");
    assert_eq!(text(ColumnData::Time(Some(Time::new(34_200, 0)))), "09:30:00");
    assert_eq!(text(moment(342_005_000_000, 7)), "2026-12-31 09:30:00.5");
    assert_eq!(text(moment(3_420_000, 2)), "2026-12-31 09:30:00");
    let zoned = DateTime2::new(day(2026, 11, 22), Time::new(30_600, 0));
    assert_eq!(text(ColumnData::DateTimeOffset(Some(DateTimeOffset::new(zoned, 60)))), "2026-11-22T08:30:00Z");
}

#[test]
fn a_time_that_was_rounded_up_to_midnight_is_the_next_days() {
    assert_eq!(text(moment(864_000_000_000, 7)), "2027-01-01 00:00:00");
    assert_eq!(text(moment(86_400, 0)), "2027-01-01 00:00:00");
    assert_eq!(text(moment(863_999_999_999, 7)), "2026-12-31 23:59:59.9999999");
    let legacy = DateTime::new(days_since(date(1900, 1, 1), date(2026, 12, 31)), 300 * 86_400);
    assert_eq!(text(ColumnData::DateTime(Some(legacy))), "2027-01-01 00:00:00");
    // A time alone has no next day.
    assert_eq!(text(ColumnData::Time(Some(Time::new(864_000_000_000, 7)))), "23:59:59.9999999");
    let last = ColumnData::DateTime2(Some(DateTime2::new(day(9999, 12, 31), Time::new(86_400, 0))));
    assert_eq!(text(last), "a day outside the calendar");
}

#[test]
fn text_bytes_and_identifiers_come_through() {
    assert_eq!(text(ColumnData::String(Some(Cow::Borrowed("Grüße 🎉")))), "Grüße 🎉");
    assert!(matches!(cell(ColumnData::String(Some(Cow::Borrowed("M\u{fffd}ller")))), Cell::Garbled(_)));
    assert_eq!(text(ColumnData::Xml(Some(Cow::Owned(XmlData::new("<a>ü</a>"))))), "<a>ü</a>");
    let unique = Uuid::parse_str("123E4567-E89B-12D3-A456-426655440000").expect("one");
    assert_eq!(text(ColumnData::Guid(Some(unique))), "123e4567-e89b-12d3-a456-426655440000");
    assert!(cell(ColumnData::Binary(Some(Cow::Borrowed(&[0, 255])))) == Cell::Blob(vec![0, 255]));
}

#[test]
fn null_is_null_whatever_its_type() {
    for value in [
        ColumnData::U8(None),
        ColumnData::I64(None),
        ColumnData::F32(None),
        ColumnData::Bit(None),
        ColumnData::String(None),
        ColumnData::Guid(None),
        ColumnData::Binary(None),
        ColumnData::Numeric(None),
        ColumnData::Xml(None),
        ColumnData::DateTime(None),
        ColumnData::SmallDateTime(None),
        ColumnData::Time(None),
        ColumnData::Date(None),
        ColumnData::DateTime2(None),
        ColumnData::DateTimeOffset(None),
    ] {
        assert!(cell(value) == Cell::Null);
    }
}

proptest! {
    #[test]
    fn no_value_makes_it_panic(days in any::<i32>(), fragments in any::<u32>(), increments in any::<u64>(), scale in any::<u8>(),
                               early in 0_u32..(1 << 24), decimal in any::<i128>(), decimals in 0_u8..=38) {
        let _ = cell(ColumnData::DateTime(Some(DateTime::new(days, fragments))));
        let time = Time::new(increments, scale);
        let _ = cell(ColumnData::Time(Some(time)));
        let _ = cell(ColumnData::DateTime2(Some(DateTime2::new(Date::new(early), time))));
        let _ = cell(ColumnData::DateTimeOffset(Some(DateTimeOffset::new(DateTime2::new(Date::new(early), time), -840))));
        let _ = cell(ColumnData::Numeric(Some(Numeric::new_with_scale(decimal, decimals))));
    }

    /// Later is greater as text too: the watermark compares it so.
    #[test]
    fn times_sort_as_text(one in 0_u64..864_000_000_000, other in 0_u64..864_000_000_000) {
        let (first, second) = (text(moment(one, 7)), text(moment(other, 7)));
        prop_assert_eq!(one.cmp(&other), first.cmp(&second));
    }
}
