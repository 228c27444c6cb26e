//! How things read on a terminal.

mod operations;
mod pairs;
mod values;

use comfy_table::{Table, presets};
use jiff::{Timestamp, tz::TimeZone};

pub(super) use operations::{finding, held_reason, operation_lines, title};
pub(super) use pairs::{called, leftovers, pair_decision, pair_reason, pair_verdict, portrait};
pub(super) use values::{plain, value};

use super::installation::Installation;
use crate::state::{Diagnosed, User};

/// Shows moments as the office's clock does.
pub(super) struct Clock(TimeZone);

impl Clock {
    pub(super) fn of(installation: &Installation) -> Self {
        Self(installation.zone())
    }

    pub(super) fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.0.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// So many of something, in words.
pub(super) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A table without lines, which scripts can cut and people can read.
pub(super) fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(head);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for row in rows {
        table.add_row(row);
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// By when a link must be confirmed again.
pub(super) fn reconfirm_by(user: &User, clock: &Clock) -> String {
    user.reconfirm.map_or_else(|| "-".to_owned(), |reconfirm| clock.time(reconfirm.by))
}

/// One word for how a link is; the strongest reason why nothing happens wins.
pub(super) fn user_state(user: &User) -> String {
    if user.paused.is_some() {
        "paused".to_owned()
    } else if user.parked.is_some() {
        "parked".to_owned()
    } else if user.link == crate::state::LinkState::Active && user.waiting.is_some() {
        "waiting".to_owned()
    } else {
        user.link.to_string()
    }
}

/// Why a user's sign-in fails, in one line: what, since when, who can fix it, and when it is tried again.
pub(super) fn trouble_line(user: &User, diagnosed: &Diagnosed, clock: &Clock) -> String {
    let entry = diagnosed.cause.entry();
    let next = match diagnosed.next_try {
        Some(at) => format!("next try {}", clock.time(at)),
        None => format!("tried again {}", entry.next_try.words()),
    };
    let who = entry.who(user.details.service_account.is_some());
    format!("{} since {}; who: {who}; {next}", entry.title, clock.time(diagnosed.since))
}
