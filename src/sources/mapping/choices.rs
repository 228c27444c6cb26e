//! Choices of a mapping: what a firm decides once, in its settings, from a closed list. The first word of a list is the default.

use std::{collections::BTreeMap, sync::Arc};

use toml::Spanned;

use super::{MappingError, Origin, Place, closest, document::Table};

/// The choices that a mapping offers and what was chosen.
pub(super) struct Choices<'c> {
    origin: &'c Arc<Origin>,
    offered: BTreeMap<String, Vec<String>>,
    chosen: BTreeMap<String, String>,
}

impl<'c> Choices<'c> {
    /// Chooses what the settings say, or the first word.
    pub(super) fn new(
        origin: &'c Arc<Origin>,
        offered: BTreeMap<String, Spanned<Vec<String>>>,
        settings: &BTreeMap<String, String>,
    ) -> Result<Self, MappingError> {
        let mut choices = Self { origin, offered: BTreeMap::new(), chosen: BTreeMap::new() };
        for (name, words) in offered {
            let place = choices.place(words.span());
            let words = words.into_inner();
            let Some(first) = words.first() else {
                return Err(place.error(format!("the choice `{name}` offers nothing")));
            };
            let word = settings.get(&name).unwrap_or(first);
            if !words.contains(word) {
                let what = format!("the settings say `{name} = \"{word}\"`; this mapping offers {}", listed(&words));
                return Err(place.error(what));
            }
            choices.chosen.insert(name.clone(), word.clone());
            choices.offered.insert(name, words);
        }
        Ok(choices)
    }

    /// What was chosen, for the placeholders of statements.
    pub(super) fn chosen(&self) -> &BTreeMap<String, String> {
        &self.chosen
    }

    /// Whether a query is there for what was chosen.
    pub(super) fn include(&self, table: &Spanned<Table>) -> Result<bool, MappingError> {
        let mut included = true;
        for (name, word) in &table.get_ref().when {
            let place = self.place(word.span());
            let Some(words) = self.offered.get(name) else {
                let known = closest(name, self.offered.keys().map(String::as_str));
                let hint = known.map_or_else(String::new, |known| format!("; did you mean `{known}`?"));
                return Err(place.error(format!("`{name}` is none of [practice.choices]{hint}")));
            };
            if !words.contains(word.get_ref()) {
                let what = format!("`{}` is no word of the choice `{name}`: {}", word.get_ref(), listed(words));
                return Err(place.error(what));
            }
            included &= self.chosen.get(name) == Some(word.get_ref());
        }
        Ok(included)
    }

    fn place(&self, range: std::ops::Range<usize>) -> Place {
        Place { origin: Arc::clone(self.origin), range }
    }
}

/// A placeholder of the settings that the mapping does not have: a slip of the pen would otherwise choose the default in silence.
pub(super) fn unknown_placeholder<'s>(origin: &Origin, settings: &'s BTreeMap<String, String>) -> Option<&'s str> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let words: std::collections::BTreeSet<&str> = origin.text.split(|letter| !is_word(letter)).collect();
    settings.keys().map(String::as_str).find(|name| !words.contains(name))
}

fn listed(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
