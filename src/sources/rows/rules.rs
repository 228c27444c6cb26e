use std::collections::HashSet;

use jiff::civil::{Date, DateTime, Time};

use super::{
    raw::Wrong,
    time::{self, Moment},
};
use crate::sources::settings::SourceZone;

/// What rows are read by, the same for every query.
#[derive(Clone, Debug)]
pub(in crate::sources) struct Rules {
    /// The zone of the database's wall clock.
    pub(in crate::sources) zone: SourceZone,
    /// The zone whose midnights part the days, if it is another one.
    pub(in crate::sources) day_zone: Option<SourceZone>,
    /// How long an event without a usable end lasts, in minutes.
    pub(in crate::sources) event_minutes: u32,
    /// Everybody in the practice system.
    pub(in crate::sources) people: HashSet<String>,
}

impl Rules {
    /// What the clock shows at a moment where days begin and end.
    fn clock(&self, moment: Moment) -> DateTime {
        let office = self.day_zone.as_ref().unwrap_or(&self.zone).zone();
        match moment {
            Moment::Day(date) => date.to_datetime(Time::midnight()),
            Moment::Instant(instant) => instant.to_zoned(office.clone()).datetime(),
            Moment::Wall(wall) if self.day_zone.is_none() => wall,
            Moment::Wall(wall) => time::instant_of(wall, self.zone.zone())
                .map_or(wall, |(instant, _)| instant.to_zoned(office.clone()).datetime()),
        }
    }

    /// The day of a moment.
    pub(super) fn day(&self, moment: Moment) -> Result<Date, Wrong> {
        time::date_of(self.clock(moment).date())
    }

    /// Whether a moment is the midnight between two days. A day alone is none.
    pub(super) fn is_midnight(&self, moment: Moment) -> bool {
        !matches!(moment, Moment::Day(_)) && self.clock(moment).time() == Time::midnight()
    }
}
