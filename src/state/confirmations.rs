//! The confirmation of a link, in the ledger: what is kept of it, what it does, and what takes it back.
//!
//! [`LinkState::Active`] is reached through [`Ledger::attempt_confirmation`] alone, with the state of the attempt in the same
//! transaction: what was tried is on the disk before anybody hears of its outcome, and two tries at once are two tries. Nothing
//! but a confirmation, or the firm's own settings, makes a `reconfirm by` later.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use secrecy::ExposeSecret;

use super::{
    Attempt, ConfirmationWay, Effect, KeptState, Ledger, LedgerError, LinkState, MailboxId, Parked, Reconfirm,
    ReconfirmWhy, Recovered, User, UserName,
    columns::{Json, Moment},
    confirmed::GRACE,
    history::add_audit,
    ledger::corrupt,
    mailboxes::sleep_if_unused,
    secrets,
    users::{get, set},
};

impl Ledger {
    /// One step of a confirmation: reads what is kept, lets `step` judge, and stores what it says, all in one transaction.
    /// Confirmed, the link is active, its `reconfirm by` is gone and a link that was parked for that goes on.
    ///
    /// # Errors
    /// What `step` or the ledger says; nothing is changed then. A link without a secret cannot be confirmed.
    pub fn attempt_confirmation<T, E: From<LedgerError>>(
        &self,
        name: &UserName,
        by: &str,
        now: Timestamp,
        step: impl FnOnce(&User, KeptState) -> Result<Attempt<T>, E>,
    ) -> Result<T, E> {
        let mut refused = None;
        let done = self.write(|transaction| {
            let user = get(transaction, name)?;
            let attempt = match step(&user, self.kept(transaction, name)?) {
                Ok(attempt) => attempt,
                Err(error) => {
                    refused = Some(error);
                    return Ok(None);
                }
            };
            self.keep(transaction, name, &attempt.kept)?;
            if let Some(event) = &attempt.event {
                add_audit(transaction, by, Some(name), event, now)?;
            }
            match &attempt.effect {
                Effect::Nothing => {}
                Effect::Begins => begin(transaction, &user, by, now)?,
                Effect::Confirms(how) => confirm(transaction, &user, *how, by, now)?,
                Effect::Recovers(with) => recover(transaction, &user, with, by, now)?,
            }
            Ok(Some(attempt.verdict))
        })?;
        match (done, refused) {
            (Some(verdict), _) => Ok(verdict),
            (None, Some(error)) => Err(error),
            (None, None) => Err(LedgerError::NoSuchUser(name.clone()).into()),
        }
    }

    /// The user confirmed, in a way that leaves nothing to keep.
    ///
    /// # Errors
    /// As [`Self::attempt_confirmation`].
    pub fn confirm(&self, name: &UserName, how: ConfirmationWay, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.attempt_confirmation(name, by, now, |_, kept| {
            Ok(Attempt { kept, effect: Effect::Confirms(how), event: None, verdict: () })
        })
    }

    /// What is kept of a user's confirmation.
    pub fn confirmation(&self, name: &UserName) -> Result<KeptState, LedgerError> {
        self.read(|transaction| self.kept(transaction, name))
    }

    /// Notes which proven mailbox a link leads to. A mirror that slept there is awake again. Another mailbox than before must be
    /// confirmed anew, at once.
    pub fn set_user_mailbox(&self, name: &UserName, mailbox: MailboxId) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let user = get(transaction, name)?;
            let before = user.mailbox;
            if before.is_some_and(|before| before != mailbox) {
                forget(transaction, name)?;
                if user.link > LinkState::Linked {
                    set(transaction, name, "link", Json(LinkState::Linked))?;
                }
            }
            set(transaction, name, "mailbox", mailbox)?;
            transaction.execute("UPDATE mailbox SET asleep = 0 WHERE id = ?1", [mailbox])?;
            if let Some(before) = before {
                sleep_if_unused(transaction, before)?;
            }
            Ok(())
        })
    }

    /// The link was reached with what it has now, and this is the mailbox behind it: a changed address or login that leads to the
    /// mailbox that was confirmed makes it active again, until its `reconfirm by`. Any other mailbox is noted and must be
    /// confirmed anew.
    pub fn verified(&self, name: &UserName, mailbox: MailboxId, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.set_user_mailbox(name, mailbox)?;
        self.write(|transaction| {
            let user = get(transaction, name)?;
            if user.waits_to_be_reached(now) && user.mailbox == Some(mailbox) {
                set(transaction, name, "link", Json(LinkState::Active))?;
                add_audit(transaction, by, Some(name), "leads to the mailbox that was confirmed; goes on", now)?;
            }
            Ok(())
        })
    }

    /// Sets or takes back what the firm's settings ask of a link.
    pub fn set_reconfirm(
        &self,
        name: &UserName,
        reconfirm: Option<Reconfirm>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            set(transaction, name, "reconfirm", reconfirm.map(Json))?;
            let event = match reconfirm {
                Some(reconfirm) => format!("must be confirmed again by {}: {}", reconfirm.by, reconfirm.why.words()),
                None => "need not be confirmed again for now".to_owned(),
            };
            add_audit(transaction, "pocketdocket", Some(name), &event, now)
        })
    }

    /// Notes which ways the firm accepts; the audit trail hears of a change, and of the mailbox proof being chosen.
    pub fn note_confirmation_policy(
        &self,
        methods: &BTreeSet<ConfirmationWay>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let noted = |transaction: &Transaction<'_>| -> Result<Option<BTreeSet<ConfirmationWay>>, LedgerError> {
            let noted: Option<Json<_>> =
                transaction.query_one("SELECT methods FROM confirmation_policy", [], |row| row.get(0)).optional()?;
            Ok(noted.map(|Json(methods)| methods))
        };
        if self.read(noted)?.as_ref() == Some(methods) {
            return Ok(());
        }
        self.write(|transaction| {
            let before = noted(transaction)?;
            transaction.execute(
                "INSERT INTO confirmation_policy (only_row, methods) VALUES (1, ?1)
                 ON CONFLICT DO UPDATE SET methods = excluded.methods",
                params![Json(methods)],
            )?;
            let words = |methods: &BTreeSet<ConfirmationWay>| {
                methods.iter().map(|way| way.word()).collect::<Vec<_>>().join(", ")
            };
            match before {
                None if !methods.contains(&ConfirmationWay::Mailbox) => Ok(()),
                None => {
                    add_audit(transaction, by, None, &format!("first uses are confirmed by {}", words(methods)), now)
                }
                Some(before) if before == *methods => Ok(()),
                Some(before) => {
                    let event =
                        format!("first uses are confirmed by {}, no longer by {}", words(methods), words(&before));
                    add_audit(transaction, by, None, &event, now)
                }
            }
        })
    }

    fn kept(&self, transaction: &Transaction<'_>, name: &UserName) -> Result<KeptState, LedgerError> {
        let sealed: Option<Vec<u8>> = transaction
            .query_one("SELECT confirmation FROM user WHERE name = ?1", [name.as_str()], |row| row.get(0))
            .optional()?
            .ok_or_else(|| LedgerError::NoSuchUser(name.clone()))?;
        let codes = sealed.map(|sealed| self.unseal(&codes_name(name), &sealed)).transpose()?;
        let authenticator = self.secret_within(transaction, &authenticator_name(name))?;
        let mobile = self.secret_within(transaction, &mobile_name(name))?;
        let mobile = mobile.map(|mobile| serde_json::from_str(mobile.expose_secret())).transpose();
        // The parser's message may quote what it read.
        let mobile =
            mobile.map_err(|_| corrupt(format!("the mobile number of `{name}` opens but cannot be understood")))?;
        Ok(KeptState { codes, authenticator, mobile })
    }

    fn keep(&self, transaction: &Transaction<'_>, name: &UserName, kept: &KeptState) -> Result<(), LedgerError> {
        // Codes are short: their hashes would fall to a guess, so they are sealed as well.
        let codes = kept.codes.as_ref().map(|state| self.seal(&codes_name(name), state)).transpose()?;
        set(transaction, name, "confirmation", codes)?;
        let belongs_to = authenticator_name(name);
        match &kept.authenticator {
            Some(secret) => {
                let sealed = self.seal_bytes(&secrets::sealed_as(&belongs_to), secret.expose_secret().as_bytes())?;
                secrets::put(transaction, &belongs_to, &sealed)?;
            }
            None => secrets::forget(transaction, &belongs_to)?,
        }
        let belongs_to = mobile_name(name);
        match &kept.mobile {
            Some(mobile) => {
                let sealed = self.seal(&secrets::sealed_as(&belongs_to), mobile)?;
                secrets::put(transaction, &belongs_to, &sealed)
            }
            None => secrets::forget(transaction, &belongs_to),
        }
    }
}

fn begin(transaction: &Transaction<'_>, user: &User, by: &str, now: Timestamp) -> Result<(), LedgerError> {
    match user.link {
        LinkState::Invited => {
            Err(LedgerError::IllegalStep { user: user.name.clone(), from: user.link, to: LinkState::Confirming })
        }
        LinkState::Linked => {
            set(transaction, &user.name, "link", Json(LinkState::Confirming))?;
            let event = format!("link went from {} to {}", user.link, LinkState::Confirming);
            add_audit(transaction, by, Some(&user.name), &event, now)
        }
        LinkState::Confirming | LinkState::Active => Ok(()),
    }
}

fn confirm(
    transaction: &Transaction<'_>,
    user: &User,
    how: ConfirmationWay,
    by: &str,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let name = &user.name;
    if user.link == LinkState::Invited {
        return Err(LedgerError::IllegalStep { user: name.clone(), from: user.link, to: LinkState::Active });
    }
    transaction.execute(
        "UPDATE user SET link = ?2, confirmed_how = ?3, confirmed_at = ?4, confirmed_by = ?5, reconfirm = NULL,
                recovered = NULL WHERE name = ?1",
        params![name.as_str(), Json(LinkState::Active), Json(how), Moment(now), by],
    )?;
    if user.parked.as_ref().is_some_and(Parked::is_for_confirmation) {
        set(transaction, name, "parked", None::<String>)?;
    }
    if user.link != LinkState::Active {
        let event = format!("link went from {} to {}", user.link, LinkState::Active);
        add_audit(transaction, by, Some(name), &event, now)?;
    }
    add_audit(transaction, by, Some(name), how.event(), now)
}

fn recover(
    transaction: &Transaction<'_>,
    user: &User,
    with: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let name = &user.name;
    let recovered = Recovered { at: now, by: by.to_owned(), with: with.to_owned() };
    set(transaction, name, "recovered", Json(recovered))?;
    if user.link > LinkState::Linked {
        set(transaction, name, "link", Json(LinkState::Linked))?;
        let event = format!("link went from {} to {}", user.link, LinkState::Linked);
        add_audit(transaction, by, Some(name), &event, now)?;
    }
    forget(transaction, name)
}

/// The confirmation is worth nothing any more.
pub(super) fn forget(transaction: &Transaction<'_>, name: &UserName) -> Result<(), LedgerError> {
    transaction.execute(
        "UPDATE user SET confirmed_how = NULL, confirmed_at = NULL, confirmed_by = NULL, reconfirm = NULL,
                confirmation = NULL WHERE name = ?1",
        [name.as_str()],
    )?;
    Ok(())
}

/// App and mobile phone are the person's: another person has others.
pub(super) fn forget_second_factors(transaction: &Transaction<'_>, name: &UserName) -> Result<(), LedgerError> {
    secrets::forget(transaction, &authenticator_name(name))?;
    secrets::forget(transaction, &mobile_name(name))
}

/// From now on the link must be confirmed again for this reason. A date that is set already does not become later.
pub(super) fn ask_again(
    transaction: &Transaction<'_>,
    user: &User,
    why: ReconfirmWhy,
    now: Timestamp,
) -> Result<(), LedgerError> {
    if user.confirmed.is_none() {
        return Ok(());
    }
    let since = user.reconfirm.map_or(now, |before| before.since.min(now));
    let by = since.saturating_add(GRACE).unwrap_or(Timestamp::MAX);
    let by = user.reconfirm.map_or(by, |before| before.by.min(by));
    // A change of address is not over with a new secret: the mailbox behind it is still to be seen.
    let why =
        user.reconfirm.map_or(why, |before| if before.why == ReconfirmWhy::NewAddress { before.why } else { why });
    let reconfirm = Reconfirm { since, by, why };
    if user.reconfirm == Some(reconfirm) {
        return Ok(());
    }
    set(transaction, &user.name, "reconfirm", Json(reconfirm))?;
    add_audit(transaction, "pocketdocket", Some(&user.name), &format!("must be confirmed again: {}", why.words()), now)
}

pub(super) fn authenticator_name(name: &UserName) -> String {
    format!("user/{name}/authenticator")
}

pub(super) fn mobile_name(name: &UserName) -> String {
    format!("user/{name}/mobile")
}

pub(super) fn codes_name(name: &UserName) -> String {
    format!("confirmation/{name}")
}
