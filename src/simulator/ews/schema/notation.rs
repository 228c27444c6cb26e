//! The notation of `schema.txt`. The file is compiled in and tests read all of it, so a mistake in it shows at once.

use std::collections::HashMap;

use super::{Content, MESSAGES, Particle, Schema, TYPES, Term, Type};

/// Reads a whole schema.
pub(super) fn read(text: &'static str) -> Schema {
    let mut schema = Schema::default();
    let mut aliases: HashMap<&str, Vec<Particle>> = HashMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((sort, rest)) = line.split_once(' ') else { continue };
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        match sort {
            "header" => drop(schema.headers.insert(name, rest)),
            "request" => drop(schema.requests.insert(name, rest)),
            "alias" => drop(aliases.insert(name, particles(rest, &aliases))),
            _ => drop(schema.types.insert(name, read_type(sort, rest, &aliases))),
        }
    }
    schema
}

fn read_type(sort: &str, rest: &'static str, aliases: &HashMap<&str, Vec<Particle>>) -> Type {
    let namespace = if sort == "m" { MESSAGES } else { TYPES };
    let (how, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let (base, rest) = match how {
        "extends" => rest.split_once(' ').map_or((Some(rest), ""), |(base, rest)| (Some(base), rest)),
        _ => (None, rest),
    };
    let attributes = rest
        .split(' ')
        .filter_map(|word| word.strip_prefix('@')?.split_once(':'))
        .map(|(name, of)| (name.trim_end_matches('?'), !name.ends_with('?'), of))
        .collect();
    let mut words = rest.split(' ').filter(|word| !word.is_empty() && !word.starts_with('@'));
    let content = match how {
        "text" => Content::Text(words.next().unwrap_or("string")),
        "enum" => Content::Enumeration(words.collect()),
        "is" => Content::Is(words.next().unwrap_or("string")),
        "list" => Content::List(words.next().unwrap_or("string")),
        "between" => {
            let mut number = || words.next().and_then(|word| word.parse().ok());
            Content::Between(number().unwrap_or(i64::MIN), number().unwrap_or(i64::MAX))
        }
        _ => Content::Elements(particles(rest, aliases)),
    };
    Type { namespace, base, attributes, content }
}

fn particles(text: &'static str, aliases: &HashMap<&str, Vec<Particle>>) -> Vec<Particle> {
    let mut open: Vec<(char, Vec<Particle>)> = vec![(' ', Vec::new())];
    for word in text.split(' ').filter(|word| !word.is_empty() && *word != "|" && !word.starts_with('@')) {
        let opening = word.len() - word.trim_start_matches(['(', '[']).len();
        open.extend(word.chars().take(opening).map(|sort| (sort, Vec::new())));
        let word = &word[opening..];
        let end = word.find([')', ']']).unwrap_or(word.len());
        let (term, closing) = word.split_at(end);
        if let (Some(particle), Some((_, into))) = (particle(term, aliases), open.last_mut()) {
            into.push(particle);
        }
        let mut closing = closing.chars().peekable();
        while closing.next().is_some() {
            let occurs = closing.next_if(|next| matches!(next, '?' | '*' | '+'));
            let Some((sort, inner)) = open.pop() else { break };
            let term = if sort == '(' { Term::Choice(inner) } else { Term::Sequence(inner) };
            if let Some((_, into)) = open.last_mut() {
                into.push(occurring(term, occurs));
            }
        }
    }
    open.pop().map(|(_, particles)| particles).unwrap_or_default()
}

fn particle(word: &'static str, aliases: &HashMap<&str, Vec<Particle>>) -> Option<Particle> {
    if let Some((alias, occurs)) = word.strip_prefix('<').and_then(|word| word.split_once('>')) {
        let term = Term::Sequence(aliases.get(alias).cloned().unwrap_or_default());
        return Some(occurring(term, occurs.chars().next()));
    }
    if word.starts_with("ANY") {
        return Some(occurring(Term::Anything, Some('*')));
    }
    let (name, of) = word.split_once(':')?;
    let occurs = name.chars().last().filter(|last| matches!(last, '?' | '*' | '+'));
    Some(occurring(Term::Element(name.trim_end_matches(['?', '*', '+']), of), occurs))
}

fn occurring(term: Term, occurs: Option<char>) -> Particle {
    Particle { optional: matches!(occurs, Some('?' | '*')), many: matches!(occurs, Some('*' | '+')), term }
}
