use jiff::{Timestamp, civil::Date};

use super::{Column, Draft, Reader};
use crate::{
    domain::{Field, RecordKey, RowProblem, Span, Value},
    sources::{
        cell::Cell,
        mapping::{AllDayEnd, Meaning, TimePart},
        rows::{
            raw::{Raw, Wrong},
            time::{self, Moment},
        },
    },
};

/// What a row says about the end of an event.
#[derive(Clone, Copy)]
enum End {
    /// The query does not select it.
    Unselected,
    /// Nothing: NULL or blanks.
    Nothing,
    /// Nothing usable, for this reason.
    Unusable(Wrong),
    /// A moment.
    At(Moment),
    /// So many minutes after the start.
    After(i64),
}

/// The columns of a row that speak about its times.
struct Times<'r, 'c> {
    columns: &'c [Column<'r>],
    cells: &'c [Cell],
}

impl<'r, 'c> Times<'r, 'c> {
    fn column(&self, meaning: Meaning) -> Option<(&'c Column<'r>, &'c Cell)> {
        self.columns.iter().zip(self.cells).find(|(column, _)| column.meaning == meaning)
    }

    fn raw(&self, meaning: Meaning) -> Option<Result<Raw, Wrong>> {
        self.column(meaning).map(|(column, cell)| column.raw(cell))
    }

    /// A day with the time of another column, or the day alone.
    fn at_time(&self, meaning: Meaning, date: Date) -> Result<Moment, Wrong> {
        match self.raw(meaning) {
            None => Ok(Moment::Day(date)),
            Some(raw) => match raw?.time()? {
                None => Ok(Moment::Day(date)),
                Some(time) => time.on(date).map(Moment::Wall),
            },
        }
    }

    /// The first of these that is selected, for saying where a problem lies.
    fn named(&self, meanings: &[Meaning]) -> Option<&'c Column<'r>> {
        meanings.iter().find_map(|meaning| self.column(*meaning)).map(|(column, _)| column)
    }
}

const STARTS: [Meaning; 3] =
    [Meaning::Start(TimePart::Whole), Meaning::Start(TimePart::Time), Meaning::Start(TimePart::Date)];
const ENDS: [Meaning; 4] =
    [Meaning::End(TimePart::Whole), Meaning::End(TimePart::Time), Meaning::End(TimePart::Date), Meaning::Duration];

impl Reader<'_> {
    /// Puts the times of an event together. `None`: it has no start, and the problem says so.
    pub(super) fn span(
        &self,
        draft: &mut Draft,
        key: &RecordKey,
        cells: &[Cell],
        problems: &mut Vec<RowProblem>,
    ) -> Option<()> {
        let times = Times { columns: &self.columns, cells };
        let mut tell = |meanings: &[Meaning], what: &str, unreadable: bool| {
            let column = times.named(meanings);
            problems.push(RowProblem {
                query: self.query.name.clone(),
                key: Some(key.clone()),
                field: Some(Field::Span),
                column: column.map(|column| column.name.clone()),
                what: what.to_owned(),
                unreadable,
            });
        };
        let start = match self.start(&times) {
            Ok(start) => start,
            Err(wrong) => {
                tell(&STARTS, &format!("{wrong}: an event without a start cannot be read"), true);
                return None;
            }
        };
        let all_day = match times.raw(Meaning::AllDay).map(|raw| raw.and_then(Raw::flag)) {
            None | Some(Ok(None)) => None,
            Some(Ok(flag)) => flag,
            Some(Err(wrong)) => {
                tell(&[Meaning::AllDay], &format!("{wrong}: taken as not all day"), false);
                Some(false)
            }
        };
        let end = self.end(&times, start);
        let outcome = match start {
            Moment::Day(_) => {
                if all_day == Some(false) {
                    tell(&STARTS, "there is no time of day: shown as a whole day", false);
                }
                self.whole_days(start, end, &mut tell)
            }
            _ if all_day == Some(true) => self.whole_days(start, end, &mut tell),
            Moment::Wall(_) | Moment::Instant(_) => self.timed(start, end, &mut tell),
        };
        match outcome {
            Ok(span) => {
                draft.set(Field::Span, Some(Value::Span(span)));
                Some(())
            }
            Err(wrong) => {
                tell(&STARTS, &format!("{wrong}: an event without a start cannot be read"), true);
                None
            }
        }
    }

    fn start(&self, times: &Times<'_, '_>) -> Result<Moment, Wrong> {
        let none = "there is no start";
        if let Some(whole) = times.raw(Meaning::Start(TimePart::Whole)) {
            return whole?.moment()?.ok_or(none);
        }
        let day = times.raw(Meaning::Start(TimePart::Date)).ok_or(none)??.moment()?.ok_or(none)?;
        times.at_time(Meaning::Start(TimePart::Time), self.rules.day(day)?)
    }

    fn end(&self, times: &Times<'_, '_>, start: Moment) -> End {
        let read = || -> Result<End, Wrong> {
            let none = || Ok(End::Nothing);
            if let Some(minutes) = times.raw(Meaning::Duration) {
                return minutes?.integer()?.map_or_else(none, |minutes| Ok(End::After(minutes)));
            }
            if let Some(whole) = times.raw(Meaning::End(TimePart::Whole)) {
                return whole?.moment()?.map_or_else(none, |end| Ok(End::At(end)));
            }
            let date = match times.raw(Meaning::End(TimePart::Date)) {
                Some(date) => date?.moment()?.map(|day| self.rules.day(day)).transpose()?,
                None if times.column(Meaning::End(TimePart::Time)).is_some() => Some(self.rules.day(start)?),
                None => return Ok(End::Unselected),
            };
            match date {
                Some(date) => times.at_time(Meaning::End(TimePart::Time), date).map(End::At),
                None => none(),
            }
        };
        read().unwrap_or_else(End::Unusable)
    }

    fn whole_days(
        &self,
        start: Moment,
        end: End,
        tell: &mut impl FnMut(&[Meaning], &str, bool),
    ) -> Result<Span, Wrong> {
        if !matches!(start, Moment::Day(_)) && !self.rules.is_midnight(start) {
            tell(&STARTS, "an event of whole days begins at a time of day: the time is not used", false);
        }
        let first = self.rules.day(start)?;
        let last = match end {
            // No end is usual for one whole day, and nothing is lost.
            End::Unselected | End::Nothing => first,
            End::Unusable(wrong) => {
                tell(&ENDS, &format!("{wrong}: taken as one day"), false);
                first
            }
            End::After(minutes) => {
                let days = (minutes.max(0) + 24 * 60 - 1) / (24 * 60);
                jiff::Span::new().try_days((days - 1).max(0)).and_then(|days| first.checked_add(days)).unwrap_or(first)
            }
            End::At(end) => self.last_day(end).unwrap_or_else(|wrong| {
                tell(&ENDS, &format!("{wrong}: taken as one day"), false);
                first
            }),
        };
        if last < first && !self.ends_as_it_begins(start, last, first) {
            tell(&ENDS, "the end is before the start: taken as one day", false);
        }
        let last = last.max(first);
        Ok(Span::AllDay { first, last })
    }

    /// An exclusive end on the day of the start is how some systems write a single day.
    fn ends_as_it_begins(&self, start: Moment, last: Date, first: Date) -> bool {
        self.rules.day(start) == Ok(first) && last.tomorrow().is_ok_and(|next| next == first)
    }

    fn last_day(&self, end: Moment) -> Result<Date, Wrong> {
        let day = self.rules.day(end)?;
        let before = match self.query.all_day_end {
            AllDayEnd::Inclusive => false,
            AllDayEnd::Exclusive => matches!(end, Moment::Day(_)) || self.rules.is_midnight(end),
            AllDayEnd::ByMidnight => self.rules.is_midnight(end),
        };
        Ok(if before { day.yesterday().unwrap_or(day) } else { day })
    }

    fn timed(&self, start: Moment, end: End, tell: &mut impl FnMut(&[Meaning], &str, bool)) -> Result<Span, Wrong> {
        let from = self.instant(start, &STARTS, tell)?;
        let short = || time::after_minutes(from, i64::from(self.rules.event_minutes)).unwrap_or(from);
        let until = match end {
            End::Unselected => Ok(short()),
            End::Nothing => Err("there is no end"),
            End::Unusable(wrong) => Err(wrong),
            End::After(minutes) => time::after_minutes(from, minutes),
            End::At(Moment::Day(_)) => Err("the end has no time of day"),
            End::At(end) => match self.instant(end, &ENDS, tell) {
                Ok(until) if until < from => Err("the end is before the start"),
                other => other,
            },
        };
        let end = until.unwrap_or_else(|wrong| {
            tell(&ENDS, &format!("{wrong}: shown with {} minutes", self.rules.event_minutes), false);
            short()
        });
        Ok(Span::Timed { start: from, end, zone: self.rules.zone.name().to_owned() })
    }

    fn instant(
        &self,
        moment: Moment,
        meanings: &[Meaning],
        tell: &mut impl FnMut(&[Meaning], &str, bool),
    ) -> Result<Timestamp, Wrong> {
        match moment {
            Moment::Instant(instant) => self.rules.day(moment).map(|_| instant),
            Moment::Day(date) => {
                time::instant_of(date.to_datetime(jiff::civil::Time::midnight()), self.rules.zone.zone())
                    .map(|(instant, _)| instant)
            }
            Moment::Wall(wall) => {
                let (instant, shift) = time::instant_of(wall, self.rules.zone.zone())?;
                if let Some(shift) = shift {
                    tell(meanings, shift.sentence(), false);
                }
                Ok(instant)
            }
        }
    }
}
