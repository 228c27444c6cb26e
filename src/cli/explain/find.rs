//! Which record somebody means.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cli::{installation::Installation, show::title, terminal::Terminal, trouble::Refusal},
    domain::{MirrorEntry, RecordKey},
    sources::Preview,
    state::User,
};

/// How many records are named where several could be meant.
const NAMED: usize = 5;

/// How alike two keys are when one may be meant for the other.
const ALIKE: f64 = 0.85;

/// Every record of the practice database and of the user's mailbox, with the titles under which people know it.
pub(super) struct Candidates(BTreeMap<RecordKey, Vec<String>>);

impl Candidates {
    /// Without the practice database the mailbox's records are known, and that is said.
    pub(super) fn gather(installation: &Installation, user: &User, terminal: &mut Terminal) -> anyhow::Result<Self> {
        let mut known: BTreeMap<RecordKey, Vec<String>> = BTreeMap::new();
        if let Some(mailbox) = user.mailbox {
            for (key, entry) in installation.ledger.mirror_all(mailbox)?.entries {
                let shown = MirrorEntry::certain(&entry).map(|written| title(&written.shown()));
                known.entry(key).or_default().extend(shown);
            }
        }
        let app = installation.app()?;
        match crate::cli::runtime()?.block_on(Preview::take(app.source.as_ref())) {
            Ok(preview) => {
                for record in preview.records {
                    known.entry(record.key).or_default().push(title(&record.record));
                }
                for (key, _) in preview.unreadable {
                    known.entry(key).or_default();
                }
            }
            Err(failure) => terminal.warn(format_args!(
                "only what lies in the mailbox is known, for the practice database cannot be read: {}",
                failure.chain()
            )),
        }
        Ok(Self(known))
    }

    /// Records in whose title there is this text.
    pub(super) fn with_title(self, text: &str) -> BTreeSet<RecordKey> {
        let text = text.to_lowercase();
        let has = |titles: &[String]| titles.iter().any(|title| title.to_lowercase().contains(&text));
        self.0.into_iter().filter(|(_, titles)| has(titles)).map(|(key, _)| key).collect()
    }

    /// The one record whose key this is a part of; a whole part counts more than a piece of one.
    pub(super) fn the_only(&self, part: &str, user: &User) -> Result<RecordKey, Refusal> {
        let whole = |key: &&RecordKey| key.record == part || format!("{}/{}", key.query, key.record) == part;
        let mut fit: Vec<&RecordKey> = self.0.keys().filter(whole).collect();
        if fit.is_empty() {
            fit = self.0.keys().filter(|key| key.to_string().contains(part)).collect();
        }
        match fit.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(self.unknown(part, user)),
            several => {
                Err(Refusal::usage(format!("`{part}` fits {} records: {}", several.len(), named(several.iter())))
                    .hint("name one of them in full"))
            }
        }
    }

    /// There is no such record, but perhaps one that was meant.
    pub(super) fn unknown(&self, asked: &str, user: &User) -> Refusal {
        let alike = |key: &RecordKey| {
            let without_kind = strsim::jaro_winkler(&format!("{}/{}", key.query, key.record), asked);
            strsim::jaro_winkler(&key.to_string(), asked).max(without_kind).max(of_record(key, asked))
        };
        let mut near: Vec<(f64, &RecordKey)> =
            self.0.keys().map(|key| (alike(key), key)).filter(|(likeness, _)| *likeness >= ALIKE).collect();
        near.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
        near.truncate(NAMED);
        let meant = match near.as_slice() {
            [] => String::new(),
            near => format!("did you mean {}? ", named(near.iter().map(|(_, key)| key))),
        };
        Refusal::usage(format!(
            "neither the practice database nor the mailbox of `{}` has a record `{asked}`, and none was ever written there",
            user.name
        ))
        .hint(format!("{meant}`pocketdocket explain {} --find TEXT` looks for a text in titles", user.name))
    }
}

/// The same record under another kind or query.
fn of_record(key: &RecordKey, asked: &str) -> f64 {
    if asked.rsplit('/').next() == Some(key.record.as_str()) { 0.99 } else { 0.0 }
}

fn named<'k>(keys: impl ExactSizeIterator<Item = &'k &'k RecordKey>) -> String {
    let more = if keys.len() > NAMED { ", …" } else { "" };
    let first: Vec<String> = keys.take(NAMED).map(|key| format!("`{key}`")).collect();
    first.join(", ") + more
}

/// The record of an item that the ledger knows.
pub(super) fn of_item(installation: &Installation, user: &User, item: &str) -> anyhow::Result<RecordKey> {
    let mirror = user.mailbox.map(|mailbox| installation.ledger.mirror_all(mailbox)).transpose()?.unwrap_or_default();
    let found = mirror.entries.into_iter().find(|(_, entry)| entry.item.id.0 == item);
    found.map(|(key, _)| key).ok_or_else(|| {
        Refusal::usage(format!("no item of ours in the mailbox of `{}` has this identifier", user.name))
            .hint("what is not ours has no record; `--find TEXT` looks for a text in titles")
            .into()
    })
}
