use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Family, Heard};

/// So long the last address counts that two services agreed on.
pub const COUNTS: SignedDuration = SignedDuration::from_hours(24);

/// What is known of our public address of one family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Known {
    /// IPv4 or IPv6.
    pub family: Family,
    /// The last address that two services agreed on.
    pub address: Option<IpAddr>,
    /// Since when it is this one.
    pub since: Option<Timestamp>,
    /// When it was last heard.
    pub seen: Option<Timestamp>,
    /// Who said so, the last time.
    pub by: Vec<String>,
    /// Which it was before.
    pub before: Option<IpAddr>,
    /// When the services were last asked.
    pub asked: Timestamp,
    /// What came of that, in [a word](Heard::word).
    pub heard: String,
}

impl Known {
    /// What is known after this was heard, where that was known before.
    pub fn after(family: Family, before: Option<Self>, heard: &Heard, now: Timestamp) -> Self {
        let nothing = Self {
            family,
            address: None,
            since: None,
            seen: None,
            by: Vec::new(),
            before: None,
            asked: now,
            heard: String::new(),
        };
        let mut known = before.unwrap_or(nothing);
        heard.word().clone_into(&mut known.heard);
        known.asked = now;
        if let Heard::Agreed { address, by } = heard {
            if known.address != Some(*address) {
                known.before = known.address.or(known.before);
                known.since = Some(now);
            }
            known.address = Some(*address);
            known.seen = Some(now);
            known.by.clone_from(by);
        }
        known
    }

    /// The address, as long as it counts.
    pub fn counting(&self, now: Timestamp) -> Option<IpAddr> {
        self.address.filter(|_| self.seen.is_some_and(|seen| now.duration_since(seen) < COUNTS))
    }

    /// Until when the address counts without being heard again.
    pub fn counts_until(&self) -> Option<Timestamp> {
        self.seen.and_then(|seen| seen.checked_add(COUNTS).ok())
    }

    /// Whether the services did not agree when they were last asked.
    pub fn is_doubtful(&self) -> bool {
        self.heard != "agreed"
    }
}
