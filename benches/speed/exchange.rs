//! The process that is the Exchange server.

use std::collections::BTreeMap;

use pocketdocket::simulator::{Settings, Simulator};
use serde::{Deserialize, Serialize};

use crate::{firm, helper};

/// What was asked of the server since it started, over all mailboxes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Requests by operation.
    pub(crate) requests: BTreeMap<String, u64>,
    /// Items that lie in mailboxes now and carry our mark.
    pub(crate) items: u64,
}

impl Counts {
    pub(crate) fn all(&self) -> u64 {
        self.requests.values().sum()
    }

    pub(crate) fn of(&self, operation: &str) -> u64 {
        self.requests.get(operation).copied().unwrap_or_default()
    }

    /// What came since then.
    pub(crate) fn since(&self, then: &Self) -> Self {
        let requests = self.requests.iter().map(|(operation, count)| (operation.clone(), count - then.of(operation)));
        Self { requests: requests.filter(|(_, count)| *count > 0).collect(), items: self.items }
    }
}

/// What it is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    /// Where it listens.
    Address,
    /// What was counted.
    Counts,
}

#[tokio::main]
pub(crate) async fn serve(users: u32) -> anyhow::Result<()> {
    let settings = (1..=users).fold(Settings::default(), |settings, user| settings.with_mailbox(&firm::address(user)));
    let running = Simulator::start(settings).await?;
    while let Some(question) = tokio::task::block_in_place(helper::next)? {
        match question {
            Question::Address => helper::answer(&running.ews_url())?,
            Question::Counts => {
                let mut counts = Counts::default();
                for address in running.mailboxes() {
                    let view = running.mailbox(&address)?;
                    counts.items +=
                        view.items.iter().filter(|item| item.stamp.is_some() && !item.deleted).count() as u64;
                    for (operation, count) in view.counts.requests {
                        *counts.requests.entry(operation).or_default() += count;
                    }
                }
                helper::answer(&counts)?;
            }
        }
    }
    running.shutdown().await;
    Ok(())
}
