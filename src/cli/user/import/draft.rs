//! From rows to what is entered: each cell judged, each row compared with the user of that name.

use std::collections::BTreeMap;

use serde::Serialize;

use super::sheet::{Column, RowTrouble, SheetRow};
use crate::{
    cli::user::details,
    domain::{Kind, PersonId},
    exchange,
    ports::Person,
    sources::mapping::closest,
    state::{AuthMethod, AuthMethodError, ServiceAccount, User, UserDetails, UserName},
};

/// One row, ready to be entered.
#[derive(Debug, Serialize)]
pub(super) struct Drafted {
    pub(super) line: u64,
    pub(super) name: UserName,
    #[serde(flatten)]
    pub(super) details: UserDetails,
    #[serde(flatten)]
    pub(super) fate: Fate,
}

/// What becomes of a row.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "fate")]
pub(super) enum Fate {
    /// A new user.
    Add,
    /// A user who is entered already, otherwise.
    Change {
        /// What differs.
        fields: Vec<Difference>,
    },
    /// Entered already, exactly so.
    Same,
}

/// One thing that the list says otherwise than the ledger.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    pub(super) what: &'static str,
    pub(super) before: String,
    pub(super) after: String,
}

/// What there is already.
pub(super) struct Entered<'a> {
    pub(super) people: Option<&'a [Person]>,
    pub(super) users: &'a [User],
    pub(super) accounts: &'a [ServiceAccount],
}

/// The rows so far.
pub(super) struct Drafts<'a> {
    columns: &'a [Column],
    settings: &'a exchange::Settings,
    people: Option<&'a [Person]>,
    users: BTreeMap<&'a UserName, &'a User>,
    accounts: &'a [ServiceAccount],
    lines: BTreeMap<UserName, u64>,
    pub(super) done: Vec<Drafted>,
    pub(super) troubles: Vec<RowTrouble>,
    pub(super) remarks: Vec<String>,
}

/// What is wrong with a cell.
type Wrong = (Column, String);

impl<'a> Drafts<'a> {
    pub(super) fn new(
        columns: &'a [Column],
        settings: &'a exchange::Settings,
        &Entered { people, users, accounts }: &Entered<'a>,
    ) -> Self {
        let users = users.iter().map(|user| (&user.name, user)).collect();
        let (lines, done, troubles, remarks) = Default::default();
        Self { columns, settings, people, users, accounts, lines, done, troubles, remarks }
    }

    /// Whether the list may be entered: who differs is changed only when that is asked for.
    pub(super) fn may(&self, update: bool) -> bool {
        update || !self.done.iter().any(|one| matches!(one.fate, Fate::Change { .. }))
    }

    /// Takes a row; what is wrong with it is noted, cell by cell.
    pub(super) fn take(&mut self, row: &SheetRow) {
        let line = row.line;
        match self.draft(row) {
            Ok(drafted) => self.done.push(drafted),
            Err(wrong) => {
                let troubles = wrong.into_iter();
                self.troubles.extend(troubles.map(|(column, what)| RowTrouble {
                    line,
                    column: Some(column.word()),
                    what,
                }));
            }
        }
    }

    fn draft(&mut self, row: &SheetRow) -> Result<Drafted, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let mut keep = |column: Column, what: String| wrong.push((column, what));
        let needed = |column: Column| row.get(column).ok_or_else(|| "it is empty".to_owned());
        let name = needed(Column::Name).and_then(|cell| self.name(cell, row.line));
        let person = needed(Column::Person).and_then(|cell| self.person(cell, row.line));
        let mailbox = needed(Column::Mailbox)
            .and_then(|cell| details::address(cell).map(str::to_owned).map_err(|refusal| refusal.to_string()));
        let method = method(row);
        let account = self.account(row);
        let kinds = row.get(Column::Kinds).map(kinds).transpose();
        let (name, person, mailbox, method, account, kinds) = match (name, person, mailbox, method, account, kinds) {
            (Ok(name), Ok(person), Ok(mailbox), Ok(method), Ok(account), Ok(kinds)) => {
                (name, person, mailbox, method, account, kinds)
            }
            (name, person, mailbox, method, account, kinds) => {
                name.err().into_iter().for_each(|what| keep(Column::Name, what));
                person.err().into_iter().for_each(|what| keep(Column::Person, what));
                mailbox.err().into_iter().for_each(|what| keep(Column::Mailbox, what));
                method.err().into_iter().for_each(|what| keep(Column::Method, what));
                account.err().into_iter().for_each(|what| keep(Column::ServiceAccount, what));
                kinds.err().into_iter().for_each(|what| keep(Column::Kinds, what));
                return Err(wrong);
            }
        };
        let before = self.users.get(&name).map(|user| &user.details);
        let entered = |column: Column| row.get(column).map(str::to_owned);
        // What the list has no column for stays as it is, unless it was the service account's.
        let own = before.filter(|before| before.service_account.is_none());
        let login = if self.has(Column::Login) {
            entered(Column::Login)
        } else {
            own.filter(|before| before.login != before.address).map(|before| before.login.clone())
        };
        let url = if self.has(Column::Url) { entered(Column::Url) } else { own.and_then(|before| before.url.clone()) };
        let mut settings = before.map_or_else(|| serde_json::json!({}), |before| before.settings.clone());
        if self.has(Column::Kinds) {
            set_kinds(&mut settings, kinds.as_deref());
        }
        let mut details = UserDetails {
            person,
            login: login.unwrap_or_else(|| mailbox.clone()),
            address: mailbox,
            url,
            protocol: before.map(|before| before.protocol).unwrap_or_default(),
            method,
            service_account: None,
            settings,
        };
        if let Some(account) = account.or_else(|| self.kept_account(row, before)) {
            details = details.through(&account.name, &account.details);
        }
        details::can_be_reached(self.settings, &details).map_err(|error| vec![(Column::Url, format!("{error}"))])?;
        let fate = match before {
            None => Fate::Add,
            Some(before) => match differences(before, &details) {
                fields if fields.is_empty() => Fate::Same,
                fields => Fate::Change { fields },
            },
        };
        Ok(Drafted { line: row.line, name, details, fate })
    }

    /// The service account that a row names: then nothing else may be said of the way to sign in.
    fn account(&self, row: &SheetRow) -> Result<Option<&'a ServiceAccount>, String> {
        let Some(cell) = row.get(Column::ServiceAccount) else { return Ok(None) };
        let of_the_account = [Column::Login, Column::Url, Column::Method];
        if let Some(other) = of_the_account.into_iter().find(|column| row.get(*column).is_some()) {
            return Err(format!("`{}` is the service account's to say, and is given too", other.word()));
        }
        match self.accounts.iter().find(|account| account.name.as_str() == cell) {
            Some(account) => Ok(Some(account)),
            None => {
                let names = self.accounts.iter().map(|account| account.name.as_str());
                let meant = closest(cell, names).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
                Err(format!("there is no service account `{cell}`{meant}"))
            }
        }
    }

    /// The service account that a user goes through already: a list that says nothing of the way to sign in leaves it so.
    fn kept_account(&self, row: &SheetRow, before: Option<&UserDetails>) -> Option<&'a ServiceAccount> {
        if self.has(Column::ServiceAccount) || row.get(Column::Method).is_some() {
            return None;
        }
        let name = before?.service_account.as_ref()?;
        self.accounts.iter().find(|account| account.name == *name)
    }

    fn has(&self, column: Column) -> bool {
        self.columns.contains(&column)
    }

    fn name(&mut self, cell: &str, line: u64) -> Result<UserName, String> {
        let name: UserName = cell.parse().map_err(|error: crate::state::UserNameError| error.to_string())?;
        match self.lines.insert(name.clone(), line) {
            Some(first) => Err(format!("`{name}` stands in line {first} already")),
            None => Ok(name),
        }
    }

    /// Who is meant: by the identifier of the practice system, or by the e-mail address that it has of them.
    fn person(&mut self, cell: &str, line: u64) -> Result<PersonId, String> {
        if cell.contains(char::is_control) {
            return Err("this is no identifier of a person".to_owned());
        }
        let Some(people) = self.people else {
            if cell.contains('@') {
                return Err("an e-mail address can be looked up only while the practice system can be read".to_owned());
            }
            return Ok(PersonId(cell.to_owned()));
        };
        let by_address = || {
            let same =
                |person: &&Person| person.email.as_ref().is_some_and(|email| email.reveal().eq_ignore_ascii_case(cell));
            people.iter().filter(same).collect::<Vec<_>>()
        };
        let found = match people.iter().find(|person| person.id.0 == cell) {
            Some(person) => vec![person],
            None => by_address(),
        };
        match found.as_slice() {
            [person] => {
                if !person.active {
                    let what = "is not active in the practice system, so nothing will be synced";
                    self.remarks.push(format!("line {line}: {} {what}", person.id));
                }
                Ok(person.id.clone())
            }
            [] => {
                let small: BTreeMap<String, &PersonId> =
                    people.iter().map(|person| (person.id.0.to_lowercase(), &person.id)).collect();
                let meant = closest(cell, small.keys().map(String::as_str)).and_then(|id| small.get(id));
                let meant = meant.map(|id| format!("; did you mean `{id}`?")).unwrap_or_default();
                Err(format!("the practice system has no person `{cell}`{meant}"))
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|person| person.id.0.as_str()).collect();
                Err(format!("several people have this address: {}; say which", ids.join(", ")))
            }
        }
    }
}

fn method(row: &SheetRow) -> Result<AuthMethod, String> {
    match row.get(Column::Method) {
        None => Ok(AuthMethod::default()),
        Some(word) => word.parse().map_err(|error: AuthMethodError| error.to_string()),
    }
}

fn kinds(cell: &str) -> Result<Vec<Kind>, String> {
    let mut kinds = Vec::new();
    for word in cell.split([',', ';', ' ', '+', '/']).filter(|word| !word.is_empty()) {
        let kind = match word.to_lowercase().as_str() {
            "none" | "nothing" => continue,
            "calendar" => Kind::Event,
            word => word
                .trim_end_matches('s')
                .parse()
                .map_err(|_| format!("`{word}` is no kind; there are `event`, `task` and `contact`, or `none`"))?,
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

/// Kinds of this user alone; without them the firm's apply.
fn set_kinds(settings: &mut serde_json::Value, kinds: Option<&[Kind]>) {
    if settings.is_null() {
        *settings = serde_json::json!({});
    }
    let Some(settings) = settings.as_object_mut() else { return };
    match kinds {
        Some(kinds) => settings.insert("kinds".to_owned(), serde_json::json!(kinds)),
        None => settings.remove("kinds"),
    };
}

fn differences(before: &UserDetails, after: &UserDetails) -> Vec<Difference> {
    let service = |details: &UserDetails| details.url.clone().unwrap_or_else(|| "as configured".to_owned());
    let kinds = |details: &UserDetails| match details.settings.get("kinds") {
        Some(kinds) => kinds.to_string(),
        None => "as configured".to_owned(),
    };
    let texts = |details: &UserDetails| {
        [
            ("person", details.person.to_string()),
            ("mailbox", details.address.clone()),
            ("login", details.login.clone()),
            ("service", service(details)),
            ("method", details.way()),
            ("kinds", kinds(details)),
        ]
    };
    let pairs = texts(before).into_iter().zip(texts(after));
    pairs
        .filter(|((_, before), (_, after))| before != after)
        .map(|((what, before), (_, after))| Difference { what, before, after })
        .collect()
}

#[cfg(test)]
mod tests;
