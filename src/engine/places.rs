//! From where we come: who waits for it, and alerts about it, one for each account whose list has no place for it, whatever many users wait.

use super::{Alert, Engine};
use crate::{
    diagnosis::address::Doubt,
    state::{AccountStanding, LedgerError},
};

impl Engine {
    /// Parks the links whose account may not sign in from where we come, and lets others go on. A rehearsal changes nothing.
    pub(super) async fn mind_addresses(&self, rehearsal: bool) {
        if rehearsal {
            return;
        }
        if let Err(failure) = self.context.connect.mind_addresses(self.context.now()).await {
            tracing::error!(cause = %failure.chain(), "nobody looked from where this machine comes");
        }
    }

    /// What is to be told of the lists of service accounts.
    pub(super) fn of_places(&self) -> Result<Vec<Alert>, LedgerError> {
        let standings = self.context.ledger.address_standings(self.context.now())?;
        Ok(standings.iter().flat_map(|standing| self.of_place(standing)).collect())
    }

    fn of_place(&self, standing: &AccountStanding) -> Vec<Alert> {
        let subject = format!("service account {}", standing.account);
        let mut alerts = Vec::new();
        if !standing.waiting.is_empty()
            && let (Some(cause), Some(remedy)) = (standing.sentence(), standing.remedy())
        {
            alerts.push(Alert { subject: subject.clone(), cause, remedy });
        }
        let zone = &self.context.zone;
        let time = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
        // That a family is not on the list may be meant.
        let doubts = standing.judged.doubts.iter().filter(|doubt| !matches!(doubt, Doubt::NotListed { .. }));
        alerts.extend(doubts.map(|doubt| Alert {
            subject: subject.clone(),
            cause: doubt.words(time),
            remedy: "look who says what: `pocketdocket address show`".to_owned(),
        }));
        alerts
    }
}
