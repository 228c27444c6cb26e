//! Whether a request is one that the schema allows: order of elements, attributes, enumerations, numbers and times.
//!
//! `schema/schema.txt` says what the schema of Exchange says about requests, in a notation of its own; it is read once, and
//! this file walks requests against it. As a schema is deterministic, one look at the next element always tells
//! which way to go.

mod notation;

use std::{collections::HashMap, sync::LazyLock};

use super::times;
use crate::xml::Element;

/// Namespace of types.
pub(super) const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";
/// Namespace of messages.
pub(super) const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";

/// What the schema says, read once.
pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| notation::read(include_str!("schema/schema.txt")));

/// A place in a request that the schema does not allow.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Violation {
    /// Bytes from the start of the request.
    pub(super) offset: usize,
    /// What is wrong, in the words that servers use.
    pub(super) text: String,
}

/// All types by name.
#[derive(Debug, Default)]
pub(super) struct Schema {
    headers: HashMap<&'static str, &'static str>,
    requests: HashMap<&'static str, &'static str>,
    types: HashMap<&'static str, Type>,
}

#[derive(Debug)]
struct Type {
    namespace: &'static str,
    base: Option<&'static str>,
    attributes: Vec<(&'static str, bool, &'static str)>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Elements(Vec<Particle>),
    Text(&'static str),
    Enumeration(Vec<&'static str>),
    Is(&'static str),
    List(&'static str),
    Between(i64, i64),
}

#[derive(Clone, Debug)]
struct Particle {
    optional: bool,
    many: bool,
    term: Term,
}

#[derive(Clone, Debug)]
enum Term {
    Element(&'static str, &'static str),
    Choice(Vec<Particle>),
    Sequence(Vec<Particle>),
    Anything,
}

impl Schema {
    /// Checks a request, or says what the first thing wrong with it is.
    pub(super) fn check_request(&self, request: &Element) -> Result<(), Violation> {
        let known = self.requests.get(request.name()).filter(|_| request.namespace() == MESSAGES);
        let Some(name) = known else {
            return Err(violation(request, format!("The element '{}' is not a request.", request.name())));
        };
        self.check(request, name)
    }

    /// Checks an element of the SOAP header, if it is one of those the simulator knows.
    pub(super) fn check_header(&self, header: &Element) -> Result<(), Violation> {
        match self.headers.get(header.name()).filter(|_| header.namespace() == TYPES) {
            Some(name) => self.check(header, name),
            None => Ok(()),
        }
    }

    /// The elements of a type that is a plain sequence, with their own types, its base's first. Each comes with the name of
    /// the type that declares it.
    pub(super) fn fields(&self, name: &str) -> Vec<(&'static str, &'static str, &'static str)> {
        let Some((name, known)) = self.types.get_key_value(name) else { return Vec::new() };
        let mut fields = known.base.map(|base| self.fields(base)).unwrap_or_default();
        if let Content::Elements(particles) = &known.content {
            fields.extend(particles.iter().filter_map(|particle| match particle.term {
                Term::Element(element, of) => Some((*name, element, of)),
                _ => None,
            }));
        }
        fields
    }

    /// The built-in type that texts of this type are written in (`string`, `boolean`, `dateTime` …); `None` if it has
    /// elements.
    pub(super) fn built_in(&self, name: &str) -> Option<&'static str> {
        match self.types.get(name) {
            Some(known) => match &known.content {
                Content::Elements(_) => None,
                Content::Text(of) | Content::Is(of) => self.built_in(of),
                Content::Enumeration(_) | Content::List(_) => Some("string"),
                Content::Between(..) => Some("int"),
            },
            None => BUILT_IN.iter().find(|known| **known == name).copied(),
        }
    }

    fn check(&self, element: &Element, name: &str) -> Result<(), Violation> {
        if name == "any" {
            return Ok(());
        }
        let mut expected = Vec::new();
        let mut allowed = Vec::new();
        let mut next = Some(name);
        let mut text_type = None;
        let namespace = self.types.get(name).map_or(TYPES, |known| known.namespace);
        while let Some(name) = next {
            let Some(known) = self.types.get(name) else {
                text_type = Some(name);
                break;
            };
            match &known.content {
                Content::Elements(particles) => expected.splice(0..0, particles.iter().cloned()).for_each(drop),
                Content::Text(of) => text_type = Some(of),
                _ => text_type = Some(name),
            }
            allowed.extend(known.attributes.iter().copied());
            next = known.base;
        }
        self.check_attributes(element, &allowed)?;
        if let Some(of) = text_type {
            if let Some(child) = element.children().first() {
                return Err(unexpected(element, child));
            }
            return self.check_text(element.text(), of).map_err(|why| invalid(element, element.text(), of, why));
        }
        if !element.text().trim().is_empty() {
            let text = format!("The element '{}' cannot contain text.", element.name());
            return Err(violation(element, text));
        }
        let at = self.sequence(element, 0, &expected, namespace)?;
        match element.children().get(at) {
            Some(child) => Err(unexpected(element, child)),
            None => Ok(()),
        }
    }

    fn check_attributes(
        &self,
        element: &Element,
        allowed: &[(&'static str, bool, &'static str)],
    ) -> Result<(), Violation> {
        for (name, value) in element.attributes() {
            // `xsi:type`, `xsi:nil` and `xml:lang` belong to XML and not to the schema.
            if matches!(name, "type" | "nil" | "schemaLocation" | "lang") {
                continue;
            }
            let Some((_, _, of)) = allowed.iter().find(|(known, ..)| *known == name) else {
                return Err(violation(element, format!("The '{name}' attribute is not declared.")));
            };
            if let Err(why) = self.check_text(value, of) {
                let text = format!(
                    "The '{name}' attribute is invalid - The value '{value}' is invalid according to its datatype '{of}' - {why}"
                );
                return Err(violation(element, text));
            }
        }
        match allowed.iter().find(|(name, required, _)| *required && element.attribute(name).is_none()) {
            Some((name, ..)) => Err(violation(element, format!("The required attribute '{name}' is missing."))),
            None => Ok(()),
        }
    }

    fn sequence(
        &self,
        parent: &Element,
        mut at: usize,
        particles: &[Particle],
        namespace: &'static str,
    ) -> Result<usize, Violation> {
        for particle in particles {
            let mut times = 0;
            while let Some(child) = parent.children().get(at).filter(|child| starts(&particle.term, child, namespace)) {
                if times == 1 && !particle.many {
                    break;
                }
                times += 1;
                let before = at;
                at = match &particle.term {
                    Term::Element(_, of) => {
                        self.check(child, of)?;
                        at + 1
                    }
                    Term::Anything => at + 1,
                    Term::Sequence(inner) => self.sequence(parent, at, inner, namespace)?,
                    Term::Choice(ways) => {
                        let way = ways.iter().find(|way| starts(&way.term, child, namespace));
                        self.sequence(parent, at, way.map(std::slice::from_ref).unwrap_or_default(), namespace)?
                    }
                };
                if at == before {
                    break;
                }
            }
            if times == 0 && !particle.optional && !can_be_empty(&particle.term) {
                return Err(match parent.children().get(at) {
                    Some(child) => unexpected(parent, child),
                    None => violation(
                        parent,
                        format!(
                            "The element '{}' has incomplete content. Expected: '{}'.",
                            parent.name(),
                            first(&particle.term)
                        ),
                    ),
                });
            }
        }
        Ok(at)
    }

    fn check_text(&self, text: &str, of: &str) -> Result<(), &'static str> {
        match self.types.get(of).map(|known| &known.content) {
            Some(Content::Enumeration(values)) if values.contains(&text) => Ok(()),
            Some(Content::Enumeration(_)) => Err("The Enumeration constraint failed."),
            Some(Content::List(item)) => text.split_whitespace().try_for_each(|word| self.check_text(word, item)),
            Some(Content::Between(least, most)) => match text.trim().parse::<i64>() {
                Ok(number) if (*least..=*most).contains(&number) => Ok(()),
                Ok(_) => Err("The number is out of its range."),
                Err(_) => Err("The string is not a valid Int32 value."),
            },
            Some(Content::Is(of) | Content::Text(of)) => self.check_text(text, of),
            Some(Content::Elements(_)) => Ok(()),
            None => check_built_in(text.trim(), of),
        }
    }
}

const BUILT_IN: &[&str] =
    &["string", "nonempty", "boolean", "dateTime", "date", "time", "int", "double", "base64", "duration", "guid"];

fn check_built_in(text: &str, of: &str) -> Result<(), &'static str> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let valid = match of {
        "nonempty" => !text.is_empty(),
        "boolean" => matches!(text, "true" | "false" | "0" | "1"),
        "dateTime" => times::is_date_time(text),
        "date" => times::is_date(text),
        "time" => text.trim_end_matches('Z').parse::<jiff::civil::Time>().is_ok(),
        "int" => text.parse::<i64>().is_ok(),
        "double" => text.parse::<f64>().is_ok(),
        "base64" => STANDARD.decode(text.split_whitespace().collect::<String>()).is_ok(),
        "guid" => text.len() == 36 && text.parse::<uuid::Uuid>().is_ok(),
        _ => true,
    };
    if valid { Ok(()) } else { Err("The string is not a valid value of this type.") }
}

fn starts(term: &Term, child: &Element, namespace: &str) -> bool {
    match term {
        Term::Element(name, _) => {
            child.name() == *name && (child.namespace() == namespace || child.namespace() == TYPES)
        }
        Term::Choice(ways) => ways.iter().any(|way| starts(&way.term, child, namespace)),
        Term::Sequence(parts) => {
            let upto = parts.iter().position(|part| !part.optional).map_or(parts.len(), |place| place + 1);
            parts.iter().take(upto).any(|part| starts(&part.term, child, namespace))
        }
        Term::Anything => true,
    }
}

fn can_be_empty(term: &Term) -> bool {
    match term {
        Term::Element(..) => false,
        Term::Anything => true,
        Term::Choice(ways) => ways.iter().any(|way| way.optional || can_be_empty(&way.term)),
        Term::Sequence(parts) => parts.iter().all(|part| part.optional || can_be_empty(&part.term)),
    }
}

fn first(term: &Term) -> &'static str {
    match term {
        Term::Element(name, _) => name,
        Term::Choice(parts) | Term::Sequence(parts) => parts.first().map_or("", |part| first(&part.term)),
        Term::Anything => "any",
    }
}

fn violation(element: &Element, text: String) -> Violation {
    Violation { offset: element.offset(), text }
}

fn unexpected(parent: &Element, child: &Element) -> Violation {
    let text = format!(
        "The element '{}' in namespace '{}' has invalid child element '{}' in namespace '{}'.",
        parent.name(),
        parent.namespace(),
        child.name(),
        child.namespace()
    );
    violation(child, text)
}

fn invalid(element: &Element, value: &str, of: &str, why: &str) -> Violation {
    let text = format!(
        "The '{}:{}' element is invalid - The value '{value}' is invalid according to its datatype '{TYPES}:{of}' - {why}",
        element.namespace(),
        element.name()
    );
    violation(element, text)
}
