//! `$filter`: as much of OData's expressions as programs ask of mailboxes.
//! <https://learn.microsoft.com/graph/filter-query-parameter>

use std::{cmp::Ordering, iter::Peekable, str::Chars};

use jiff::Timestamp;
use serde_json::Value;

use super::{answer::Refused, extended};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    /// A path, a comparison (`eq`, `ne`, `gt`, `ge`, `lt`, `le`), a constant.
    Compare(Vec<String>, String, Value),
    /// `startswith` or `contains`, a path, a text.
    Match(String, Vec<String>, String),
    /// A collection, the variable, and what must be so of one of its members.
    Any(Vec<String>, String, Box<Filter>),
}

impl Filter {
    /// Reads an expression.
    pub(super) fn read(text: &str) -> Result<Self, Refused> {
        let wrong = || Refused::bad("BadRequest", format!("Invalid filter clause: '{text}' is not supported."));
        let tokens = tokens(text).ok_or_else(wrong)?;
        let mut reader = Reader { tokens: &tokens };
        let filter = reader.either().ok_or_else(wrong)?;
        if reader.tokens.is_empty() { Ok(filter) } else { Err(wrong()) }
    }

    /// The extended property and the value that every match must have, if it says so at its top: then an index helps.
    pub(super) fn indexed(&self) -> Option<(String, String)> {
        match self {
            Self::And(left, right) => left.indexed().or_else(|| right.indexed()),
            Self::Any(collection, _, inner) if is_extended(collection) => {
                let (id, test) = property_test(inner)?;
                match test {
                    Self::Compare(_, word, Value::String(value)) if word == "eq" => {
                        Some((extended::path(id).ok()?, value.clone()))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether an entity matches. `extended` tells what an extended property holds, by its path.
    pub(super) fn matches(&self, entity: &Value, extended: &dyn Fn(&str) -> Option<String>) -> Result<bool, Refused> {
        let inner = |filter: &Self| filter.matches(entity, extended);
        Ok(match self {
            Self::And(left, right) => inner(left)? && inner(right)?,
            Self::Or(left, right) => inner(left)? || inner(right)?,
            Self::Not(filter) => !inner(filter)?,
            Self::Any(collection, _, test) if is_extended(collection) => {
                let Some((id, test)) = property_test(test) else {
                    return Err(Refused::bad(
                        "ErrorInvalidUrlQueryFilter",
                        "An extended property is found by its id and value.",
                    ));
                };
                extended_matches(test, extended(&extended::path(id)?))
            }
            Self::Any(collection, variable, test) => {
                let members = at(entity, collection)?.as_array().cloned().unwrap_or_default();
                let mut found = false;
                for member in members {
                    let member = serde_json::json!({variable.as_str(): member});
                    found |= test.matches(&member, extended)?;
                }
                found
            }
            Self::Compare(path, word, constant) => compares(at(entity, path)?, word, constant),
            Self::Match(word, path, text) => at(entity, path)?.as_str().is_some_and(|held| matches(word, held, text)),
        })
    }
}

fn is_extended(path: &[String]) -> bool {
    path.len() == 1 && path.first().is_some_and(|name| name.eq_ignore_ascii_case("singleValueExtendedProperties"))
}

/// The id that a test of an extended property names, and what it says of the value.
fn property_test(filter: &Filter) -> Option<(&str, &Filter)> {
    let Filter::And(left, right) = filter else { return None };
    let id = |filter: &'_ Filter| match filter {
        Filter::Compare(path, word, Value::String(id)) if word == "eq" && path.last()?.eq_ignore_ascii_case("id") => {
            Some(id.clone())
        }
        _ => None,
    };
    match (left.as_ref(), right.as_ref()) {
        (named @ Filter::Compare(_, _, Value::String(text)), test) if id(named).is_some() => Some((text, test)),
        (test, named @ Filter::Compare(_, _, Value::String(text))) if id(named).is_some() => Some((text, test)),
        _ => None,
    }
}

fn extended_matches(test: &Filter, held: Option<String>) -> bool {
    match test {
        Filter::Compare(_, word, Value::Null) => match word.as_str() {
            "eq" => held.is_none(),
            _ => held.is_some(),
        },
        Filter::Compare(_, word, constant) => held.is_some_and(|held| compares(&Value::String(held), word, constant)),
        Filter::Match(word, _, wanted) => held.is_some_and(|held| matches(word, &held, wanted)),
        _ => false,
    }
}

fn matches(word: &str, held: &str, text: &str) -> bool {
    let (held, text) = (held.to_lowercase(), text.to_lowercase());
    if word == "startswith" { held.starts_with(&text) } else { held.contains(&text) }
}

fn at<'v>(entity: &'v Value, path: &[String]) -> Result<&'v Value, Refused> {
    let mut value = entity;
    for name in path {
        let Value::Object(fields) = value else { return Ok(&Value::Null) };
        let found = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        value = match found {
            Some((_, value)) => value,
            // Optional parts of a structure may be left out; a property that nobody has is a mistake.
            None if path.len() > 1 => &Value::Null,
            None => return Err(Refused::bad("BadRequest", format!("Could not find a property named '{name}'."))),
        };
    }
    Ok(value)
}

/// Instants and numbers by what they mean, texts without case as the service compares them.
fn compares(held: &Value, word: &str, constant: &Value) -> bool {
    let order = match (held, constant) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => {
            left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right))
        }
        (Value::String(left), Value::String(right)) => {
            let moments = moment(left).zip(moment(right));
            Some(
                moments
                    .map_or_else(|| left.to_lowercase().cmp(&right.to_lowercase()), |(left, right)| left.cmp(&right)),
            )
        }
        (Value::String(left), Value::Number(right)) => {
            left.parse::<f64>().ok().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right))
        }
        _ => None,
    };
    match word {
        "eq" => order == Some(Ordering::Equal),
        "ne" => order != Some(Ordering::Equal),
        "gt" => order == Some(Ordering::Greater),
        "ge" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        "lt" => order == Some(Ordering::Less),
        _ => matches!(order, Some(Ordering::Less | Ordering::Equal)),
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut letters = text.chars().peekable();
    let mut found = Vec::new();
    while let Some(letter) = letters.peek().copied() {
        if letter.is_whitespace() {
            letters.next();
        } else if letter == '\'' {
            letters.next();
            found.push(Token::Text(quoted(&mut letters)?));
        } else if matches!(letter, '(' | ')' | ',') {
            letters.next();
            found.push(Token::Sign(letter));
        } else {
            let mut word = String::new();
            while let Some(letter) =
                letters.peek().filter(|letter| !letter.is_whitespace() && !"(),'".contains(**letter))
            {
                // `any(ep:ep/id …)`: the colon ends the variable; in a time it is one of its letters.
                if *letter == ':' && word.chars().all(char::is_alphabetic) {
                    break;
                }
                word.push(*letter);
                letters.next();
            }
            if word.is_empty() {
                found.push(Token::Sign(letters.next()?));
            } else {
                found.push(Token::Word(word));
            }
        }
    }
    Some(found)
}

fn quoted(letters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        match letters.next()? {
            '\'' if letters.peek() == Some(&'\'') => {
                letters.next();
                text.push('\'');
            }
            '\'' => return Some(text),
            letter => text.push(letter),
        }
    }
}

struct Reader<'t> {
    tokens: &'t [Token],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn sign(&mut self, sign: char) -> Option<()> {
        (self.next()? == Token::Sign(sign)).then_some(())
    }

    fn word(&mut self) -> Option<String> {
        match self.next()? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    fn takes(&mut self, wanted: &str) -> bool {
        let taken = matches!(self.tokens.first(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        if taken {
            self.next();
        }
        taken
    }

    fn either(&mut self) -> Option<Filter> {
        let mut left = self.both()?;
        while self.takes("or") {
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
        }
        Some(left)
    }

    fn both(&mut self) -> Option<Filter> {
        let mut left = self.one()?;
        while self.takes("and") {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
        }
        Some(left)
    }

    fn one(&mut self) -> Option<Filter> {
        if self.takes("not") {
            return Some(Filter::Not(Box::new(self.one()?)));
        }
        if self.tokens.first() == Some(&Token::Sign('(')) {
            self.next();
            let inner = self.either()?;
            self.sign(')')?;
            return Some(inner);
        }
        let word = self.word()?;
        let path: Vec<String> = word.split('/').map(str::to_owned).collect();
        if self.tokens.first() != Some(&Token::Sign('(')) {
            let comparison = self.word()?.to_ascii_lowercase();
            let known = matches!(comparison.as_str(), "eq" | "ne" | "gt" | "ge" | "lt" | "le");
            let constant = constant(self.next()?)?;
            return known.then_some(Filter::Compare(path, comparison, constant));
        }
        self.next();
        let function = path.last()?.to_ascii_lowercase();
        match (function.as_str(), path.len()) {
            ("any", 2..) => {
                let variable = self.word()?;
                self.sign(':')?;
                let inner = self.either()?;
                self.sign(')')?;
                Some(Filter::Any(path.split_last()?.1.to_vec(), variable, Box::new(inner)))
            }
            ("startswith" | "contains", 1) => {
                let path = self.word()?.split('/').map(str::to_owned).collect();
                self.sign(',')?;
                let Token::Text(text) = self.next()? else { return None };
                self.sign(')')?;
                Some(Filter::Match(function, path, text))
            }
            _ => None,
        }
    }
}

fn constant(token: Token) -> Option<Value> {
    match token {
        Token::Text(text) => Some(Value::String(text)),
        Token::Word(word) => match word.as_str() {
            "null" => Some(Value::Null),
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            word => match word.parse::<i64>() {
                Ok(number) => Some(number.into()),
                Err(_) => moment(word).map(|_| Value::String(word.to_owned())),
            },
        },
        Token::Sign(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(filter: &str) -> bool {
        let entity = json!({
            "subject": "O'Neill: Termin", "isAllDay": false, "start": {"dateTime": "2026-11-23T09:00:00.0000000"},
            "emailAddresses": [{"address": "a@x.example"}, {"address": "b@x.example"}], "categories": ["Akten"],
            "createdDateTime": "2026-11-20T08:00:00Z", "reminderMinutesBeforeStart": 15,
        });
        let extended = |path: &str| path.ends_with("/name:Key/String").then(|| "v1/x".to_owned());
        Filter::read(filter).and_then(|read| read.matches(&entity, &extended)).expect(filter)
    }

    #[test]
    fn expressions_say_what_they_say() {
        for filter in [
            "subject eq 'o''neill: termin'",
            "startswith(subject, 'O''N') and not (isAllDay eq true)",
            "start/dateTime ge '2026-11-23T08:00:00' and start/dateTime lt '2026-11-24'",
            "createdDateTime gt 2026-11-20T07:59:59Z",
            "emailAddresses/any(a:a/address eq 'b@x.example')",
            "categories/any(c: c eq 'Akten')",
            "reminderMinutesBeforeStart le 15 or subject eq 'x'",
            "singleValueExtendedProperties/any(ep: ep/id eq 'String {eebbaf8c-842f-4851-9d67-ca9ef1b9409b} Name Key' and ep/value eq 'v1/x')",
            "singleValueExtendedProperties/Any(ep:ep/Id eq 'String {eebbaf8c-842f-4851-9d67-ca9ef1b9409b} Name Key' and startswith(ep/Value, 'v1/'))",
            "singleValueExtendedProperties/any(ep: ep/id eq 'String {eebbaf8c-842f-4851-9d67-ca9ef1b9409b} Name Key' and ep/value ne null)",
        ] {
            assert!(holds(filter), "{filter}");
        }
        assert!(!holds("emailAddresses/any(a:a/address eq 'c@x.example')"));
        assert!(!holds(
            "singleValueExtendedProperties/any(ep: ep/id eq 'String {eebbaf8c-842f-4851-9d67-ca9ef1b9409b} Name Other' and ep/value ne null)"
        ));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for wrong in [
            "",
            "subject",
            "subject eq",
            "subject eq 'x",
            "subject is 'x'",
            "subject eq 'x' and",
            "any(a: a eq 1)",
            "((subject eq 'x')",
        ] {
            assert!(Filter::read(wrong).is_err(), "{wrong}");
        }
        let filter = Filter::read("nonsense eq 'x'").expect("a filter");
        assert!(filter.matches(&json!({}), &|_| None).is_err());
    }

    #[test]
    fn a_stamp_is_found_by_an_index() {
        let filter = "singleValueExtendedProperties/any(ep: ep/id eq 'String {eebbaf8c-842f-4851-9d67-ca9ef1b9409b} Name Key' and ep/value eq 'v1/x')";
        let path = "extended:eebbaf8c-842f-4851-9d67-ca9ef1b9409b/name:Key/String".to_owned();
        assert_eq!(Filter::read(filter).expect("a filter").indexed(), Some((path, "v1/x".to_owned())));
    }
}
