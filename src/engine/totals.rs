//! What brakes judge a mailbox by: sizes, spent budgets, and reasons to hold that are known before anything is planned.

use std::collections::BTreeMap;

use super::{context::Context, pending::Facts};
use crate::{
    domain::Kind,
    plan::{Class, HoldReason, Totals},
    state::{LedgerError, MailboxId},
};

impl Context {
    /// Everything for one plan of a mailbox: what the last reading said (`facts`), what other mailboxes want, and the reasons to
    /// hold that a look at the mailbox gave.
    pub(super) fn totals(
        &self,
        mailbox: MailboxId,
        facts: &Facts,
        firm_wanted: &BTreeMap<(Kind, Class), u64>,
        mut holds: Vec<(Kind, HoldReason)>,
    ) -> Result<Totals, LedgerError> {
        let ledger = &self.ledger;
        let now = self.now();
        let cap = facts.contact_cap.map(|(wanted, cap)| (Kind::Contact, HoldReason::ContactCap { wanted, cap }));
        holds.extend(cap);
        // Somebody else's stamps, and a person nobody knows, concern the whole link.
        let mut reasons = holds.iter().map(|(_, reason)| reason);
        let stranger = reasons.find(|reason| matches!(reason, HoldReason::UnknownFirm { .. }));
        let whole_link: Vec<HoldReason> = facts.holds.iter().chain(stranger).cloned().collect();
        for kind in Kind::ALL {
            for reason in &whole_link {
                if !holds.contains(&(kind, reason.clone())) {
                    holds.push((kind, reason.clone()));
                }
            }
        }
        let first_write_released = ledger.first_write_released(mailbox)?;
        if first_write_released {
            holds.extend(ledger.late_kinds(mailbox)?.into_iter().map(|kind| (kind, HoldReason::FirstWrite)));
        }
        let counts = ledger.mirror_counts(mailbox)?;
        Ok(Totals {
            first_write_released,
            mirrored: counts.by_kind,
            mirrored_by_query: counts.by_query,
            empty_queries: facts.empty_queries.clone(),
            spent: ledger.spent(mailbox, now)?,
            firm_spent: ledger.firm_spent(now)?,
            firm_wanted: firm_wanted.clone(),
            leaving: facts.leaving.clone(),
            vanished: ledger.vanished(mailbox)?,
            holds,
        })
    }

    /// Whose stamps lie in the folders that are not ours.
    pub(super) fn unknown_firms(&self, mailbox: MailboxId) -> Result<Vec<(Kind, HoldReason)>, LedgerError> {
        let mut holds = Vec::new();
        for (kind, counts) in self.ledger.observed_counts(mailbox)? {
            for (firm, items) in counts.of_unknown_firms {
                holds.push((kind, HoldReason::UnknownFirm { firm, items }));
            }
        }
        Ok(holds)
    }
}
