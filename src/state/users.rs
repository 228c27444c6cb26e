//! Users and their links: entered, changed, parked, paused, removed.

mod rows;

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    AuthMethod, Ledger, LedgerError, LinkState, Parked, ReconfirmWhy, User, UserDetails, UserName, Waiting,
    columns::{Json, Moment},
    confirmations, grants,
    history::add_audit,
    mailboxes::sleep_if_unused,
    moves, refusals, secrets, service_accounts, whereabouts,
};

pub(super) use rows::{all, all_links, get, set};

/// A user whom the engine may serve: active, neither parked nor paused. The ledger alone makes these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveUser {
    user: User,
}

impl ActiveUser {
    /// Everything about the user. A user who is `waiting` is not to be served before its `until`.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Short name.
    pub fn name(&self) -> &UserName {
        &self.user.name
    }

    pub(super) fn of(user: User) -> Option<Self> {
        let active = user.link == LinkState::Active && user.parked.is_none() && user.paused.is_none();
        active.then_some(Self { user })
    }
}

/// What remains of a removed user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhatRemains {
    /// The mirror sleeps: when the same mailbox comes back its items are known.
    Mirror,
    /// Nothing: what the mailbox held was withdrawn before.
    Nothing,
}

impl Ledger {
    /// Enters a user, as [`LinkState::Invited`].
    pub fn add_user(
        &self,
        name: &UserName,
        details: &UserDetails,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| add(transaction, name, details, by, now))
    }

    /// Changes what was entered. Another person or method makes it another link: it goes back to [`LinkState::Linked`] in the
    /// same transaction, and its confirmation and mailbox are forgotten. Another address, login or web service takes it back too,
    /// until [`Self::verified`] finds the same mailbox there.
    pub fn update_user(
        &self,
        name: &UserName,
        details: &UserDetails,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| change(transaction, &get(transaction, name)?, details, by, now))
    }

    /// Enters and changes many users, all of them or none: as [`Self::add_user`] and [`Self::update_user`].
    pub fn enter_users(
        &self,
        new: &[(UserName, UserDetails)],
        changed: &[(UserName, UserDetails)],
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            new.iter().try_for_each(|(name, details)| add(transaction, name, details, by, now))?;
            let change = |name, details| change(transaction, &get(transaction, name)?, details, by, now);
            changed.iter().try_for_each(|(name, details)| change(name, details))
        })
    }

    /// One user.
    pub fn user(&self, name: &UserName) -> Result<User, LedgerError> {
        self.read(|transaction| get(transaction, name))
    }

    /// All users, by name.
    pub fn users(&self) -> Result<Vec<User>, LedgerError> {
        self.read(all)
    }

    /// Those whom the engine may serve.
    pub fn active_users(&self) -> Result<Vec<ActiveUser>, LedgerError> {
        Ok(self.read(all)?.into_iter().filter_map(ActiveUser::of).collect())
    }

    /// Removes a user, with secret and confirmation. The mirror of a mailbox that no other user has sleeps or is forgotten.
    pub fn remove_user(
        &self,
        name: &UserName,
        remains: WhatRemains,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let user = get(transaction, name)?;
            moves::forget_door_of(transaction, name)?;
            transaction.execute("DELETE FROM user WHERE name = ?1", [name.as_str()])?;
            transaction.execute("DELETE FROM hold WHERE user = ?1", [name.as_str()])?;
            forget_all_secrets(transaction, name)?;
            if let Some(mailbox) = user.mailbox {
                let unused = sleep_if_unused(transaction, mailbox)?;
                if unused && remains == WhatRemains::Nothing {
                    transaction.execute("DELETE FROM mailbox WHERE id = ?1", [mailbox])?;
                }
            }
            let event = match remains {
                WhatRemains::Mirror => "removed; what the mailbox holds is remembered",
                WhatRemains::Nothing => "removed, with everything known of the mailbox",
            };
            add_audit(transaction, by, Some(name), event, now)
        })
    }

    /// Moves a link one step: invited, linked, confirming; or back. The last step, to active, is a confirmation's alone.
    pub fn set_link_state(&self, name: &UserName, to: LinkState, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let from = get(transaction, name)?.link;
            let one_step = matches!(
                (from, to),
                (LinkState::Invited, LinkState::Linked) | (LinkState::Linked, LinkState::Confirming)
            );
            if to > from && !one_step {
                return Err(LedgerError::IllegalStep { user: name.clone(), from, to });
            }
            set(transaction, name, "link", Json(to))?;
            add_audit(transaction, by, Some(name), &format!("link went from {from} to {to}"), now)
        })
    }

    /// Keeps the user's (new) secret, sealed; an invited link becomes linked, the count of refusals begins anew, and a link
    /// that was parked for its secret or anything else is tried again. With another secret than before, a confirmed link must be
    /// confirmed again in time.
    pub fn give_password(
        &self,
        name: &UserName,
        password: &SecretString,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let belongs_to = password_name(name);
        // A person says that it is to be tried once more.
        let mark = self.credential_mark(&self.user(name)?.details.login, password)?;
        let sealed = self.seal_bytes(&secrets::sealed_as(&belongs_to), password.expose_secret().as_bytes())?;
        self.write(|transaction| {
            let user = get(transaction, name)?;
            let before = self.secret_within(transaction, &belongs_to)?;
            secrets::put(transaction, &belongs_to, &sealed)?;
            refusals::forget(transaction, mark)?;
            if before.is_none_or(|before| before.expose_secret() != password.expose_secret()) {
                confirmations::ask_again(transaction, &user, ReconfirmWhy::NewSecret, now)?;
            }
            secret_given(transaction, &user)?;
            add_audit(transaction, by, Some(name), "gave a secret to sign in with", now)
        })
    }

    /// The user's secret, if one was given.
    pub fn password(&self, name: &UserName) -> Result<Option<SecretString>, LedgerError> {
        self.open_secret(&password_name(name))
    }

    /// Counts a confirmed refusal of the current secret; gives the new count.
    pub fn count_refused_sign_in(&self, name: &UserName, now: Timestamp) -> Result<u32, LedgerError> {
        self.write(|transaction| {
            get(transaction, name)?;
            transaction.execute("UPDATE user SET refused = refused + 1 WHERE name = ?1", [name.as_str()])?;
            let refused = get(transaction, name)?.refused_sign_ins;
            add_audit(transaction, "the mail server", Some(name), &format!("refused the secret, time {refused}"), now)?;
            Ok(refused)
        })
    }

    /// The current secret works.
    pub fn forget_refused_sign_ins(&self, name: &UserName) -> Result<(), LedgerError> {
        self.write(|transaction| set(transaction, name, "refused", 0))
    }

    /// Parks a link: the machine waits for a person. A parked link keeps its first `since` while the cause stays the same.
    pub fn park(&self, name: &UserName, cause: &str, remedy: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let before = get(transaction, name)?.parked.filter(|parked| parked.cause == cause);
            let since = before.as_ref().map_or(now, |parked| parked.since);
            let parked = Parked { since, cause: cause.to_owned(), remedy: remedy.to_owned() };
            set(transaction, name, "parked", Json(parked))?;
            if before.is_some() {
                return Ok(());
            }
            add_audit(transaction, "pocketdocket", Some(name), &format!("parked: {cause}"), now)
        })
    }

    /// The trouble is gone, or a person dealt with it.
    pub fn unpark(&self, name: &UserName, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            if get(transaction, name)?.parked.is_none() {
                return Ok(());
            }
            set(transaction, name, "parked", None::<String>)?;
            add_audit(transaction, by, Some(name), "no longer parked", now)
        })
    }

    /// A person asks for a pause.
    pub fn pause(&self, name: &UserName, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            if get(transaction, name)?.paused.is_some() {
                return Ok(());
            }
            set(transaction, name, "paused", Moment(now))?;
            add_audit(transaction, by, Some(name), "paused", now)
        })
    }

    /// A person ends a pause.
    pub fn resume(&self, name: &UserName, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            if get(transaction, name)?.paused.is_none() {
                return Ok(());
            }
            set(transaction, name, "paused", None::<i64>)?;
            add_audit(transaction, by, Some(name), "resumed", now)
        })
    }

    /// Notes transient trouble, or its end.
    pub fn set_waiting(&self, name: &UserName, waiting: Option<&Waiting>) -> Result<(), LedgerError> {
        self.write(|transaction| set(transaction, name, "waiting", waiting.map(Json)))
    }
}

/// Which settings differ, by name: what they say may be a client's affair.
fn changed_settings(before: &serde_json::Value, after: &serde_json::Value) -> String {
    let names: BTreeSet<&String> =
        [before, after].into_iter().filter_map(serde_json::Value::as_object).flat_map(serde_json::Map::keys).collect();
    let changed = names.into_iter().filter(|name| before.get(name.as_str()) != after.get(name.as_str()));
    changed.map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn add(
    transaction: &Transaction<'_>,
    name: &UserName,
    details: &UserDetails,
    by: &str,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let details = &service_accounts::completed(transaction, details)?;
    let added = transaction.execute(
        "INSERT OR IGNORE INTO user (name, details, link) VALUES (?1, ?2, ?3)",
        params![name.as_str(), Json(details), Json(LinkState::Invited)],
    )?;
    if added == 0 {
        return Err(LedgerError::UserExists(name.clone()));
    }
    let event = format!("added, for person `{}` and mailbox `{}`", details.person, details.address);
    add_audit(transaction, by, Some(name), &event, now)
}

/// Changes what was entered of a user who stood so before.
pub(super) fn change(
    transaction: &Transaction<'_>,
    before: &User,
    details: &UserDetails,
    by: &str,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let name = &before.name;
    let details = &service_accounts::completed(transaction, details)?;
    let same_link = UserDetails { settings: details.settings.clone(), ..before.details.clone() } == *details;
    set(transaction, name, "details", Json(details))?;
    if same_link {
        let changed = changed_settings(&before.details.settings, &details.settings);
        return add_audit(transaction, by, Some(name), &format!("settings changed: {changed}"), now);
    }
    whereabouts::mind_change(transaction, before, details)?;
    let (old, new) = (&before.details, details);
    let otherwise = old.signs_in_otherwise(new);
    let same_account = (&old.address, &old.login) == (&new.address, &new.login);
    let own_grant = new.method == AuthMethod::OAuth && new.service_account.is_none();
    if otherwise || (own_grant && !same_account) {
        // What was given before is of no use: a secret of another kind, or a grant of another person.
        forget_secrets(transaction, name)?;
        set(transaction, name, "link", Json(LinkState::Invited))?;
    } else if before.link != LinkState::Invited {
        set(transaction, name, "link", Json(LinkState::Linked))?;
    }
    let same_person = before.details.person == details.person;
    if !same_person {
        secrets::forget(transaction, &confirmations::authenticator_name(name))?;
    }
    let may_go_on = same_person && !otherwise && before.confirmed.is_some();
    if may_go_on {
        confirmations::ask_again(transaction, before, ReconfirmWhy::NewAddress, now)?;
        set(transaction, name, "confirmation", None::<Vec<u8>>)?;
    } else {
        confirmations::forget(transaction, name)?;
        set(transaction, name, "mailbox", None::<i64>)?;
    }
    transaction
        .execute("UPDATE user SET parked = NULL, waiting = NULL, refused = 0 WHERE name = ?1", [name.as_str()])?;
    if let Some(mailbox) = before.mailbox.filter(|_| !may_go_on) {
        sleep_if_unused(transaction, mailbox)?;
    }
    let event = format!(
        "changed to person `{}`, mailbox `{}`, login `{}`, by {}; must be {}",
        details.person,
        details.address,
        details.login,
        details.way(),
        if may_go_on { "verified" } else { "confirmed anew" }
    );
    add_audit(transaction, by, Some(name), &event, now)
}

/// The user gave what the link signs in with: whatever stood against the one before is forgotten.
pub(super) fn secret_given(transaction: &Transaction<'_>, user: &User) -> Result<(), LedgerError> {
    let name = &user.name;
    tried_again(transaction, name)?;
    if user.link == LinkState::Invited {
        set(transaction, name, "link", Json(LinkState::Linked))?;
    }
    Ok(())
}

/// Whatever stood against the secret of a link is forgotten.
pub(super) fn tried_again(transaction: &Transaction<'_>, name: &UserName) -> Result<(), LedgerError> {
    transaction.execute("UPDATE user SET refused = 0, parked = NULL WHERE name = ?1", [name.as_str()])?;
    Ok(())
}

/// Forgets everything that is sealed for a user's link.
pub(super) fn forget_all_secrets(transaction: &Transaction<'_>, name: &UserName) -> Result<(), LedgerError> {
    forget_secrets(transaction, name)?;
    secrets::forget(transaction, &confirmations::authenticator_name(name))
}

fn forget_secrets(transaction: &Transaction<'_>, name: &UserName) -> Result<(), LedgerError> {
    secrets::forget(transaction, &password_name(name))?;
    grants::forget(transaction, name.into())
}

pub(super) fn password_name(name: &UserName) -> String {
    format!("user/{name}/password")
}
