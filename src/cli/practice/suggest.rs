//! Which link a person of the practice system could have: by the e-mail address that the practice system knows (sure), or by
//! their name (a guess that somebody looks up first).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    domain::{PersonId, Personal},
    ports::Person,
    state::{User, UserName},
};

/// How alike a name and an address must be to be worth a guess.
const ALIKE: f64 = 0.9;

/// One active person, and their link or what it could be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Entry {
    pub(super) person: PersonId,
    pub(super) name: Option<Personal<String>>,
    #[serde(flatten)]
    pub(super) standing: Standing,
}

/// How somebody stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "link")]
pub(super) enum Standing {
    /// Linked, as these users.
    Linked {
        /// Who.
        users: Vec<UserName>,
    },
    /// The practice system knows the address.
    Sure {
        /// A name for the new user.
        user: UserName,
        /// The address.
        mailbox: String,
    },
    /// Somebody of this name would have this address, to judge by the colleagues.
    Guess {
        /// A name for the new user.
        user: UserName,
        /// The address.
        mailbox: String,
    },
    /// A user whose person the practice system does not know has the address, or a name much like it.
    Mislinked {
        /// Who.
        user: UserName,
    },
    /// Nothing can be suggested.
    Nothing {
        /// Why not.
        why: String,
    },
    /// Somebody said that no link is wanted.
    Ignored,
}

impl Entry {
    /// What the table says.
    pub(super) fn words(&self) -> String {
        match &self.standing {
            Standing::Linked { users } => {
                format!("linked as {}", users.iter().map(UserName::as_str).collect::<Vec<_>>().join(", "))
            }
            Standing::Sure { mailbox, .. } => format!("{mailbox}, as the practice system says"),
            Standing::Guess { mailbox, .. } => format!("perhaps {mailbox}, by the name"),
            Standing::Mislinked { user } => format!("perhaps the one meant by `{user}`, whose person does not exist"),
            Standing::Nothing { why } => why.clone(),
            Standing::Ignored => "none wanted".to_owned(),
        }
    }

    /// The next command.
    pub(super) fn next(&self) -> String {
        match &self.standing {
            Standing::Linked { .. } | Standing::Nothing { .. } => String::new(),
            Standing::Sure { user, mailbox } | Standing::Guess { user, mailbox } => {
                format!("pocketdocket user add {user} --person {} --mailbox {mailbox}", quoted(&self.person.0))
            }
            Standing::Mislinked { user } => format!("pocketdocket user show {user}"),
            Standing::Ignored => format!("pocketdocket practice people --suggest {}", quoted(&self.person.0)),
        }
    }

    /// Name and mailbox of the user that is suggested.
    pub(super) fn draft(&self) -> Option<(&UserName, &str)> {
        match &self.standing {
            Standing::Sure { user, mailbox } | Standing::Guess { user, mailbox } => Some((user, mailbox)),
            _ => None,
        }
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-@".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Everybody who is active, in the order of the practice system.
pub(super) fn suggestions(people: &[Person], users: &[User], ignored: &BTreeSet<PersonId>) -> Vec<Entry> {
    let firm = Firm::new(people, users);
    let mut taken: BTreeSet<UserName> = users.iter().map(|user| user.name.clone()).collect();
    let active = people.iter().filter(|person| person.active);
    active
        .map(|person| {
            let standing = firm.standing(person, ignored.contains(&person.id), &mut taken);
            Entry { person: person.id.clone(), name: person.name.clone(), standing }
        })
        .collect()
}

/// What is known of everybody together.
struct Firm<'a> {
    users: &'a [User],
    /// Users whose person the practice system does not have.
    lost: Vec<&'a User>,
    /// How many active people have an address.
    sharing: BTreeMap<String, usize>,
    /// How the firm makes addresses of names, with the host.
    habit: Option<(Shape, String)>,
}

impl<'a> Firm<'a> {
    fn new(people: &'a [Person], users: &'a [User]) -> Self {
        let known: BTreeSet<&PersonId> = people.iter().map(|person| &person.id).collect();
        let mut sharing = BTreeMap::new();
        for address in people.iter().filter(|person| person.active).filter_map(address) {
            *sharing.entry(address).or_default() += 1;
        }
        let lost = users.iter().filter(|user| !known.contains(&user.details.person)).collect();
        Self { users, lost, sharing, habit: habit(people) }
    }

    fn standing(&self, person: &Person, ignored: bool, taken: &mut BTreeSet<UserName>) -> Standing {
        let own = self.users.iter().filter(|user| user.details.person == person.id);
        let users: Vec<UserName> = own.map(|user| user.name.clone()).collect();
        if !users.is_empty() {
            return Standing::Linked { users };
        }
        if ignored {
            return Standing::Ignored;
        }
        let words = words(person);
        let address = address(person);
        if let Some(user) = self.lost.iter().find(|user| means(user, address.as_deref(), &words)) {
            return Standing::Mislinked { user: user.name.clone() };
        }
        let nothing = |why: &str| Standing::Nothing { why: why.to_owned() };
        if let Some(mailbox) = address {
            if self.sharing.get(&mailbox).is_some_and(|count| *count > 1) {
                return nothing("several people have this e-mail address in the practice system");
            }
            return match new_name(&mailbox, &person.id, taken) {
                Some(user) => Standing::Sure { user, mailbox },
                None => nothing("no short name can be made of the address"),
            };
        }
        if words.is_empty() {
            return nothing("the practice system knows neither an e-mail address nor a name");
        }
        let Some((shape, host)) = &self.habit else {
            return nothing("the practice system knows no e-mail address");
        };
        let guess = shape.local(&words).map(|local| format!("{local}@{host}"));
        let has_somebody = |mailbox: &str| {
            self.sharing.contains_key(mailbox)
                || self.users.iter().any(|user| user.details.address.eq_ignore_ascii_case(mailbox))
        };
        match guess.filter(|mailbox| !has_somebody(mailbox)) {
            Some(mailbox) => match new_name(&mailbox, &person.id, taken) {
                Some(user) => Standing::Guess { user, mailbox },
                None => nothing("no short name can be made of the name"),
            },
            None => nothing("the practice system knows no e-mail address, and a colleague has the likely one"),
        }
    }
}

/// Whether a user whose person does not exist was probably meant for this one.
fn means(user: &User, address: Option<&str>, words: &[String]) -> bool {
    if address.is_some_and(|address| user.details.address.eq_ignore_ascii_case(address)) {
        return true;
    }
    let local = user.details.address.split('@').next().unwrap_or_default().to_lowercase();
    let shapes = Shape::ALL.iter().filter_map(|shape| shape.local(words));
    address.is_none() && shapes.into_iter().any(|shape| strsim::jaro_winkler(&shape, &local) >= ALIKE)
}

fn address(person: &Person) -> Option<String> {
    person.email.as_ref().map(|email| email.reveal().to_lowercase())
}

/// A short name that nobody has: what stands before the `@`, or that with the person's identifier.
fn new_name(mailbox: &str, person: &PersonId, taken: &mut BTreeSet<UserName>) -> Option<UserName> {
    let local = mailbox.split('@').next().unwrap_or_default();
    let candidates = [local.to_owned(), person.0.clone(), format!("{local}-{}", person.0)];
    let names = candidates.iter().filter_map(|text| plain(text).parse::<UserName>().ok());
    let name = names.into_iter().find(|name| !taken.contains(name))?;
    taken.insert(name.clone());
    Some(name)
}

/// Small letters, digits and a few signs; umlauts as German addresses write them.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.to_lowercase().chars() {
        match letter {
            'ä' => plain.push_str("ae"),
            'ö' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ß' => plain.push_str("ss"),
            'à'..='å' => plain.push('a'),
            'ç' => plain.push('c'),
            'è'..='ë' => plain.push('e'),
            'ì'..='ï' => plain.push('i'),
            'ñ' => plain.push('n'),
            'ò'..='õ' => plain.push('o'),
            'ù'..='û' => plain.push('u'),
            letter if letter.is_ascii_alphanumeric() || "._-".contains(letter) => plain.push(letter),
            _ => {}
        }
    }
    plain.trim_start_matches(['-', '.']).to_owned()
}

/// The words of a name that addresses are made of: no titles, "Weber, Helga" turned around.
fn words(person: &Person) -> Vec<String> {
    let Some(name) = &person.name else { return Vec::new() };
    let name = match name.reveal().split_once(',') {
        Some((surname, given)) => format!("{given} {surname}"),
        None => name.reveal().clone(),
    };
    let title =
        |word: &str| matches!(word.trim_end_matches('.').to_lowercase().as_str(), "dr" | "prof" | "mr" | "mrs" | "ms");
    name.split_whitespace().filter(|word| !title(word)).map(plain).filter(|word| !word.is_empty()).collect()
}

/// How an address is made of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Surname,
    GivenDotSurname,
    LetterDotSurname,
    LetterSurname,
    Given,
}

impl Shape {
    const ALL: [Self; 5] =
        [Self::Surname, Self::GivenDotSurname, Self::LetterDotSurname, Self::LetterSurname, Self::Given];

    fn local(self, words: &[String]) -> Option<String> {
        let (given, surname) = (words.first()?, words.last().filter(|_| words.len() > 1)?);
        let letter = given.chars().next()?;
        Some(match self {
            Self::Surname => surname.clone(),
            Self::GivenDotSurname => format!("{given}.{surname}"),
            Self::LetterDotSurname => format!("{letter}.{surname}"),
            Self::LetterSurname => format!("{letter}{surname}"),
            Self::Given => given.clone(),
        })
    }
}

/// How most colleagues' addresses are made; one alone is no habit.
fn habit(people: &[Person]) -> Option<(Shape, String)> {
    let mut seen: BTreeMap<(Shape, String), usize> = BTreeMap::new();
    for person in people {
        let Some(address) = address(person) else { continue };
        let Some((local, host)) = address.rsplit_once('@') else { continue };
        let words = words(person);
        for shape in Shape::ALL.into_iter().filter(|shape| shape.local(&words).as_deref() == Some(local)) {
            *seen.entry((shape, host.to_owned())).or_default() += 1;
        }
    }
    let (habit, count) = seen.into_iter().max_by_key(|(_, count)| *count)?;
    (count > 1).then_some(habit)
}

#[cfg(test)]
mod tests;
