use jiff::civil::{date, time};
use proptest::prelude::*;

use super::*;

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// Any cell that a database can give.
fn cells() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::Null),
        any::<i64>().prop_map(Cell::Integer),
        (-10_i64..10_000_000).prop_map(Cell::Integer),
        any::<f64>().prop_map(Cell::Real),
        "(?s).{0,40}".prop_map(Cell::Text),
        "[0-9PTHMS.,:/<>&; -]{0,20}".prop_map(Cell::Text),
        "\\PC{0,20}".prop_map(Cell::Garbled),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Cell::Blob),
    ]
}

#[test]
fn clarion_days_and_times_are_as_documented() {
    assert_eq!(Converter::ClarionDate.convert(Cell::Integer(1)), Ok(Converted::Date(date(1800, 12, 29))));
    assert_eq!(Converter::ClarionDate.convert(Cell::Integer(4)), Ok(Converted::Date(date(1801, 1, 1))));
    assert_eq!(Converter::ClarionDate.convert(Cell::Integer(0)), Ok(Converted::Cell(Cell::Null)));
    assert_eq!(Converter::ClarionTime.convert(Cell::Integer(1)), Ok(Converted::Time(time(0, 0, 0, 0))));
    assert_eq!(Converter::ClarionTime.convert(Cell::Integer(0)), Ok(Converted::Cell(Cell::Null)));
    let late = Converter::ClarionTime.convert(Cell::Integer(8_640_000));
    assert_eq!(late, Ok(Converted::Time(time(23, 59, 59, 990_000_000))));
    for ticks in [8_640_001, -1, i64::MIN, i64::MAX] {
        assert!(Converter::ClarionTime.convert(Cell::Integer(ticks)).is_err(), "{ticks}");
    }
    for days in [i64::MAX, i64::MIN, 10_000_000] {
        assert!(Converter::ClarionDate.convert(Cell::Integer(days)).is_err(), "{days}");
    }
}

#[test]
fn durations_become_minutes() {
    let minutes = |duration: &str| Converter::IsoDuration.convert(text(duration));
    assert_eq!(minutes("PT1H30M"), Ok(Converted::Cell(Cell::Integer(90))));
    assert_eq!(minutes("-PT15M"), Ok(Converted::Cell(Cell::Integer(-15))));
    assert_eq!(minutes("P1D"), Ok(Converted::Cell(Cell::Integer(1440))));
    assert!(minutes("a while").is_err());
    assert!(minutes("P1Y").is_err());
}

#[test]
fn unix_times_outside_the_calendar_are_refused() {
    assert!(Converter::UnixSeconds.convert(Cell::Integer(i64::MIN)).is_err());
    assert!(Converter::UnixMillis.convert(Cell::Integer(i64::MAX)).is_err());
    let moment = Converter::UnixMillis.convert(Cell::Integer(1_000));
    assert_eq!(moment, Ok(Converted::Instant(Timestamp::from_second(1).unwrap_or_default())));
}

#[test]
fn written_days_are_read_in_the_order_that_the_mapping_names() {
    let christmas = Ok(Converted::Date(date(2026, 12, 24)));
    for written in ["24.12.2026", "24/12/2026", "24-12-2026", " 24. 12. 2026 "] {
        assert_eq!(Converter::DayMonthYear.convert(text(written)), christmas, "{written}");
    }
    assert_eq!(Converter::MonthDayYear.convert(text("12/24/2026")), christmas);
    assert_eq!(Converter::DayMonthYear.convert(text("1.2.1970")), Ok(Converted::Date(date(1970, 2, 1))));
    assert_eq!(Converter::DayMonthYear.convert(text("  ")), Ok(Converted::Cell(Cell::Null)));
}

#[test]
fn written_days_are_never_guessed() {
    for written in ["1.1.70", "31.02.1980", "24.12.", "24.12/2026", "24.Dez.2026", "2026-12-24", "12/24/2026", "soon"] {
        assert!(Converter::DayMonthYear.convert(text(written)).is_err(), "{written}");
    }
    assert_eq!(Converter::DayMonthYear.convert(text("00.00.0000")), Err("this is a zero date"));
    assert_eq!(Converter::DayMonthYear.convert(text("31.02.1980")), Err("this day is not in the calendar"));
    assert!(Converter::MonthDayYear.convert(text("24/12/2026")).is_err());
}

#[test]
fn every_converter_has_one_name_and_fits_some_column() {
    for (name, converter) in Converter::NAMES {
        assert_eq!(name.parse(), Ok(converter));
        let words = crate::domain::Kind::ALL.into_iter().flat_map(crate::sources::mapping::vocabulary);
        assert!(words.into_iter().any(|(_, meaning)| converter.fits(meaning)), "{name} fits nothing");
    }
    assert!("clarion".parse::<Converter>().is_err());
}

/// 9999-12-31, behind which no database of ours has a date.
const LAST_CLARION_DAY: i64 = 2_994_626;

#[test]
fn clarion_days_end_with_the_year_9999() {
    assert_eq!(clarion_date(LAST_CLARION_DAY), Ok(jiff::civil::date(9999, 12, 31)));
    assert_eq!(clarion_date(LAST_CLARION_DAY + 1), Err("this is no day of the Clarion calendar"));
    assert_eq!(clarion_date(i64::MAX), Err("this is no day of the Clarion calendar"));
}

proptest! {
    #[test]
    fn clarion_days_go_back_to_themselves(days in 1..=LAST_CLARION_DAY) {
        prop_assert_eq!(clarion_date(days).map(clarion_days), Ok(days));
        let converted = Converter::ClarionDate.convert(Cell::Text(days.to_string()));
        prop_assert_eq!(converted, clarion_date(days).map(Converted::Date), "numbers may come as text");
    }

    #[test]
    fn clarion_days_keep_their_order(one in 1_i64..2_000_000, other in 1_i64..2_000_000) {
        prop_assert_eq!(one.cmp(&other), clarion_date(one).unwrap().cmp(&clarion_date(other).unwrap()));
    }

    #[test]
    fn clarion_times_go_back_to_themselves(ticks in 1_i64..=8_640_000) {
        prop_assert_eq!(clarion_time(ticks).map(clarion_ticks), Ok(ticks));
    }

    #[test]
    fn unix_times_go_back_to_themselves(millis in -2_000_000_000_000_i64..8_000_000_000_000) {
        let Ok(Converted::Instant(fine)) = Converter::UnixMillis.convert(Cell::Integer(millis)) else { panic!("refused") };
        prop_assert_eq!(fine.as_millisecond(), millis);
        let seconds = millis.div_euclid(1000);
        let Ok(Converted::Instant(coarse)) = Converter::UnixSeconds.convert(Cell::Integer(seconds)) else {
            panic!("refused")
        };
        prop_assert_eq!(coarse.as_second(), seconds);
    }

    #[test]
    fn durations_are_counted_in_minutes(hours in 0_i64..1000, minutes in 0_i64..60) {
        let duration = Cell::Text(format!("PT{hours}H{minutes}M"));
        let expected = Converted::Cell(Cell::Integer(hours * 60 + minutes));
        prop_assert_eq!(Converter::IsoDuration.convert(duration), Ok(expected));
    }

    #[test]
    fn written_days_go_back_to_themselves(days in 1_i64..200_000) {
        let day = clarion_date(days).unwrap();
        let written = |form: &str| Cell::Text(day.strftime(form).to_string());
        prop_assert_eq!(Converter::DayMonthYear.convert(written("%d.%m.%Y")), Ok(Converted::Date(day)));
        prop_assert_eq!(Converter::DayMonthYear.convert(written("%-d/%-m/%Y")), Ok(Converted::Date(day)));
        prop_assert_eq!(Converter::MonthDayYear.convert(written("%-m-%-d-%Y")), Ok(Converted::Date(day)));
    }

    /// Garbage is refused or becomes something of the right sort; nothing panics, and nothing becomes a guess.
    #[test]
    fn no_cell_makes_a_converter_panic_or_guess(cell in cells()) {
        for (name, converter) in Converter::NAMES {
            let blank = cell.is_blank();
            match converter.convert(cell.clone()) {
                Ok(Converted::Cell(Cell::Null)) => {
                    let none = matches!(converter, Converter::ClarionDate | Converter::ClarionTime);
                    prop_assert!(blank || none, "{} makes nothing of something", name);
                }
                Ok(converted) => {
                    prop_assert!(!blank, "{} makes something of nothing", name);
                    let sort = matches!(
                        (converter, converted),
                        (Converter::ClarionDate | Converter::DayMonthYear | Converter::MonthDayYear, Converted::Date(_))
                            | (Converter::ClarionTime, Converted::Time(_))
                            | (Converter::UnixSeconds | Converter::UnixMillis, Converted::Instant(_))
                            | (Converter::IsoDuration, Converted::Cell(Cell::Integer(_)))
                            | (Converter::HtmlToText, Converted::Cell(_))
                    );
                    prop_assert!(sort, "{} gives something of another sort", name);
                }
                Err(wrong) => prop_assert!(!wrong.is_empty()),
            }
        }
    }
}
