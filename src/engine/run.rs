//! The long run: tick by the schedule, serve requests of commands, tell what is wrong, stop in good order.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::{
    Alert, Engine,
    apps::app_warnings,
    confirmations::{how_to_confirm, warning},
};
use crate::{
    diagnosis::{Cause, cohort::Cohort, of_account},
    ports::chain,
    state::{AccountName, LedgerError, LinkState, Parked, Recovered, Request, RequestId, UserName},
};

/// How long a graceful stop waits for what is in flight.
const PATIENCE: Duration = Duration::from_secs(90);

impl Engine {
    /// Begins an engine's life on this ledger: a fresh epoch, and full observations where the last engine did not stop in good
    /// order. The caller holds the engine's lock.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn begin(&self) -> Result<(), LedgerError> {
        let now = self.context.now();
        let ledger = &self.context.ledger;
        if !ledger.was_clean_stop()? {
            tracing::warn!("the last engine did not stop in good order: everything is observed anew");
            ledger.forget_all_tokens()?;
        }
        ledger.mark_running(now)?;
        ledger.begin_epoch(now)?;
        ledger.prune(now)
    }

    /// Ends an engine's life in good order: waits for what is in flight, at most for a minute and a half.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub async fn end(&self) -> Result<(), LedgerError> {
        self.stop();
        if tokio::time::timeout(PATIENCE, self.idle()).await.is_err() {
            tracing::warn!("what is in flight takes too long; the next start settles it");
            return Ok(());
        }
        self.context.ledger.mark_stopped(self.context.now())
    }

    /// Ticks until `shutdown`. `alive` is called at the end of every tick and at least every few seconds, for a watchdog.
    ///
    /// # Errors
    /// When the ledger cannot be opened for a new life at all; trouble with it later is waited out.
    pub async fn run(
        self: &Arc<Self>,
        shutdown: CancellationToken,
        mut alive: impl FnMut(&str) + Send,
    ) -> Result<(), LedgerError> {
        self.begin()?;
        alive("starting");
        let mut waiting: Vec<(RequestId, Option<UserName>)> = Vec::new();
        loop {
            if let Err(error) = self.beat_for(waiting).await {
                tracing::error!(cause = %chain(&error), "the tick could not be noted; nothing is written to mailboxes before it can");
            }
            self.tell().await;
            alive("ticking");
            let now = self.context.now();
            let next = self.context.settings.schedule.next_after(now, &self.context.zone);
            let next = next.unwrap_or(now + SignedDuration::from_mins(2)) + self.jitter();
            // By elapsed time as well as by the clock: one that was set back must not stop the beat.
            let pause = Duration::try_from(next.duration_since(now)).unwrap_or_default();
            let latest = Instant::now() + pause;
            waiting = loop {
                tokio::select! {
                    () = shutdown.cancelled() => {
                        alive("stopping");
                        return self.end().await;
                    }
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
                alive("waiting");
                let requests = self.requests();
                if !requests.is_empty() || self.context.now() >= next || Instant::now() >= latest {
                    break requests;
                }
            };
        }
    }

    /// A tick, for the schedule or for commands that wait for it.
    async fn beat_for(self: &Arc<Self>, waiting: Vec<(RequestId, Option<UserName>)>) -> Result<(), LedgerError> {
        if waiting.is_empty() {
            self.tick(None).await?;
            return Ok(());
        }
        // A command wants what happens after it asked, so passes under way are waited for. The schedule does not wait with it.
        let engine = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = engine.serve_requests(waiting).await {
                tracing::error!(%error, "a request could not be served");
            }
        });
        Ok(())
    }

    async fn serve_requests(self: &Arc<Self>, waiting: Vec<(RequestId, Option<UserName>)>) -> Result<(), LedgerError> {
        let only = match waiting.as_slice() {
            [(_, only)] => only.clone(),
            _ => None,
        };
        self.idle().await;
        self.take_reports();
        let mut report = self.tick(only.as_ref()).await?;
        self.idle().await;
        report.cycles = self.take_reports();
        let answer = serde_json::to_string(&report).unwrap_or_default();
        waiting.iter().try_for_each(|(id, _)| self.context.ledger.answer_request(*id, &answer, self.context.now()))
    }

    fn requests(&self) -> Vec<(RequestId, Option<UserName>)> {
        match self.context.ledger.take_requests(self.context.now()) {
            Ok(requests) => requests
                .into_iter()
                .map(|(id, request)| match request {
                    Request::SyncNow { user } => (id, user),
                })
                .collect(),
            Err(error) => {
                tracing::error!(%error, "requests cannot be read");
                Vec::new()
            }
        }
    }

    fn jitter(&self) -> SignedDuration {
        let most = i64::try_from(self.context.settings.jitter_seconds).unwrap_or(0);
        SignedDuration::from_secs(rand::random_range(0..=most.max(0)))
    }

    /// Derives what needs a person and tells whoever is to know.
    pub async fn tell(&self) {
        let now = self.context.now();
        let mut alerts = self.alerts.lock().await;
        match self.needs_a_person() {
            Ok((current, ledger_serves)) => {
                alerts.tell(current).await;
                if ledger_serves {
                    alerts.alive(now);
                }
            }
            Err(error) => alerts.tell(vec![of_the_ledger(&error)]).await,
        }
    }

    /// Notes how the ledger served the tick (`None`) or a user's pass, until the next one of the same.
    pub(super) fn ledger_served(&self, whom: Option<&UserName>, trouble: Option<&LedgerError>) {
        let mut troubles = self.ledger_troubles.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Some(error) => troubles.insert(whom.cloned(), of_the_ledger(error)),
            None => troubles.remove(&whom.cloned()),
        };
    }

    /// What needs a person, and whether the ledger took all that was to be noted.
    fn needs_a_person(&self) -> Result<(Vec<Alert>, bool), LedgerError> {
        let now = self.context.now();
        let status = self.context.ledger.status()?;
        let mut alerts: Vec<Alert> = {
            let mut troubles = self.ledger_troubles.lock().unwrap_or_else(PoisonError::into_inner);
            // Of a user who is gone or stands still there is no next pass.
            let served: BTreeSet<&UserName> = status
                .users
                .iter()
                .map(|user| &user.user)
                .filter(|user| user.parked.is_none() && user.paused.is_none())
                .map(|user| &user.name)
                .collect();
            troubles.retain(|whom, _| whom.as_ref().is_none_or(|name| served.contains(name)));
            troubles.values().cloned().collect()
        };
        let ledger_serves = alerts.is_empty();
        let (items, users) = status.of_meaning();
        if items > 0 {
            alerts.push(Alert {
                subject: "meaning".to_owned(),
                cause: crate::plan::meaning::waiting(items, users),
                remedy: "look and decide: `pocketdocket meaning show`".to_owned(),
            });
        }
        if let Some(trouble) = status.source.trouble {
            alerts.push(Alert {
                subject: "practice database".to_owned(),
                cause: trouble.cause,
                remedy: trouble.remedy,
            });
        }
        // Many who fail alike are one trouble.
        alerts.extend(status.cohorts.iter().filter_map(of_the_cohort));
        alerts.extend(self.of_places()?);
        for app in &status.apps {
            let warnings = app_warnings(app, now).into_iter();
            let subject = format!("service account {}", app.account);
            alerts.extend(warnings.map(|it| Alert { subject: subject.clone(), cause: it.cause, remedy: it.remedy }));
        }
        let confirmation = &self.context.confirmation;
        let unproven = SignedDuration::from_hours(self.context.settings.unproven_hours.into());
        for user in status.users {
            let subject = user.user.name.to_string();
            let trouble = user.trouble().filter(|trouble| user.user.paused.is_none() && trouble.needs_person());
            let account = user.user.details.service_account.as_ref().map(AccountName::as_str);
            let is_of_a_cohort = user.trouble().is_some_and(|trouble| {
                // Said once for the account.
                trouble.cause == Cause::AddressNotAllowed
                    || status.cohorts.iter().any(|cohort| cohort.speaks_for(&trouble.host, account, trouble.cause))
            });
            let (overdue, parked): (Vec<Parked>, Vec<Parked>) =
                user.user.parked.clone().into_iter().partition(Parked::is_for_confirmation);
            if is_of_a_cohort {
                // Said once, for all of them.
            } else if let Some(trouble) = trouble {
                let entry = trouble.cause.entry();
                let cause = format!("{} ({})", entry.title, trouble.evidence.join("; "));
                let remedy = format!(
                    "{}: {} More: `pocketdocket user check {subject}`",
                    entry.who(account.is_some()),
                    user.user.steps(trouble.cause).first().map_or("", String::as_str)
                );
                alerts.push(Alert { subject: subject.clone(), cause, remedy });
            } else {
                alerts.extend(parked.into_iter().map(|parked| of_the_parked(&subject, parked)));
            }
            // That the mailbox's server has trouble too is another matter.
            alerts.extend(overdue.into_iter().map(|parked| of_the_parked(&subject, parked)));
            for shut in user.shut.iter().filter(|_| user.user.paused.is_none()) {
                alerts.push(Alert {
                    subject: subject.clone(),
                    cause: format!("{}s are left out: {}", shut.kind, shut.cause),
                    remedy: shut.remedy.clone().unwrap_or_else(|| "see `pocketdocket status`".to_owned()),
                });
            }
            if let Some(cause) = warning(&user.user, now) {
                let remedy = confirmation.with_support(how_to_confirm(&user.user, confirmation));
                alerts.push(Alert { subject: subject.clone(), cause, remedy });
            }
            if let Some(recovered) = &user.user.recovered {
                alerts.push(recovery_alert(&subject, recovered));
            }
            if let Some(cause) = user.moving.as_ref().and_then(|moving| moving.trouble.clone()) {
                let remedy = format!("look at it: `pocketdocket user move {subject} --dry-run`");
                alerts.push(Alert { subject: subject.clone(), cause: format!("not moved: {cause}"), remedy });
            }
            for hold in user.holds.iter().filter(|hold| !hold.reason.is_of_meaning()) {
                alerts.push(Alert {
                    subject: subject.clone(),
                    cause: format!("hold {}: {}s wait for a person", hold.id, hold.kind),
                    remedy: format!("look and decide: `pocketdocket holds show {}`", hold.id),
                });
            }
            // One that was never proven is measured from our start: a link that never works is silent, too.
            let last = user.proven.map_or(self.context.started, |proof| proof.at);
            let silent = user.user.link == LinkState::Active && now.duration_since(last) > unproven;
            if silent && user.user.paused.is_none() && user.user.parked.is_none() {
                let cause = user.user.waiting.map_or_else(
                    || "the mailbox was not proven for too long".to_owned(),
                    |waiting| format!("the mailbox was not proven for too long: {}", waiting.cause),
                );
                alerts.push(Alert { subject, cause, remedy: "see `pocketdocket status`".to_owned() });
            }
        }
        Ok((alerts, ledger_serves))
    }
}

fn of_the_parked(subject: &str, Parked { cause, remedy, .. }: Parked) -> Alert {
    Alert { subject: subject.to_owned(), cause, remedy }
}

/// One alert for all who fail alike.
fn of_the_cohort(cohort: &Cohort) -> Option<Alert> {
    let Cohort::FailingAlike { host, account, cause, .. } = cohort else { return None };
    if *cause == Cause::AddressNotAllowed {
        return None;
    }
    let entry = cause.entry();
    let mut step = entry.steps.first().copied().unwrap_or_default().to_owned();
    if let Some(account) = account {
        step = of_account(&step, account);
    }
    Some(Alert {
        subject: account.as_ref().map_or_else(|| host.clone(), |account| format!("service account {account}")),
        cause: cohort.words(),
        remedy: format!("{}: {step} More: `pocketdocket status`", entry.who(account.is_some())),
    })
}

/// Somebody switched off what protects a link. Told until it is confirmed anew.
fn recovery_alert(subject: &str, recovered: &Recovered) -> Alert {
    Alert {
        subject: subject.to_owned(),
        cause: recovered.words(),
        remedy: format!("if that was not wanted, find out who did it; then `pocketdocket user confirm {subject}`"),
    }
}

fn of_the_ledger(error: &LedgerError) -> Alert {
    let remedy = error.hint().unwrap_or_else(|| "see the log of the service".to_owned());
    Alert { subject: "ledger".to_owned(), cause: chain(error), remedy }
}
