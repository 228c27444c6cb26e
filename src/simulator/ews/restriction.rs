//! Restrictions of FindItem and FindFolder.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{
    paths,
    soap::{Fault, Refusal},
};
use crate::xml::Element;

/// Whether the lenient dialect can search by this at all.
pub(super) fn check_lenient(expression: &Element) -> Result<(), Fault> {
    let refused = || Err(Fault::new("ErrorUnsupportedPathForQuery", "Unsupported restriction."));
    if matches!(expression.name(), "IsGreaterThanOrEqualTo" | "IsLessThanOrEqualTo") {
        return refused();
    }
    if expression.attribute("FieldURI") == Some("task:Status") {
        return refused();
    }
    expression.children().iter().try_for_each(check_lenient)
}

/// The extended property and the value that every match must have, if the restriction says so at its top: then an index
/// helps. Without a value the property must only be there.
pub(super) fn indexed(expression: &Element) -> Option<(String, Option<String>)> {
    let path = || paths::first_in(expression).ok().filter(paths::Path::is_extended).map(|path| path.name);
    match expression.name() {
        "IsEqualTo" => Some((path()?, Some(constant(expression)?.to_owned()))),
        "Exists" => Some((path()?, None)),
        "And" => expression.children().iter().find_map(indexed),
        _ => None,
    }
}

fn constant(expression: &Element) -> Option<&str> {
    expression.at(&["FieldURIOrConstant", "Constant"])?.attribute("Value")
}

/// Whether something matches, given what its properties say.
pub(super) fn matches(
    expression: &Element,
    ignore_case: bool,
    value: &dyn Fn(&str) -> Option<String>,
) -> Result<bool, Refusal> {
    let inner = |expression: &Element| matches(expression, ignore_case, value);
    Ok(match expression.name() {
        "And" => {
            for part in expression.children() {
                if !inner(part)? {
                    return Ok(false);
                }
            }
            true
        }
        "Or" => {
            for part in expression.children() {
                if inner(part)? {
                    return Ok(true);
                }
            }
            false
        }
        "Not" => match expression.children().first() {
            Some(part) => !inner(part)?,
            None => return Err(unknown(expression)),
        },
        "Exists" => value(&paths::first_in(expression)?.name).is_some(),
        "Contains" => contains(expression, value)?,
        name => {
            let held = value(&paths::first_in(expression)?.name);
            let other = match expression.child("FieldURIOrConstant").and_then(|other| other.children().first()) {
                Some(other) if other.name() == "Constant" => other.attribute("Value").map(str::to_owned),
                Some(other) => match paths::read(other) {
                    Some(path) => value(&path?.name),
                    None => None,
                },
                None => None,
            };
            let order = held.as_deref().zip(other.as_deref()).map(|(held, other)| compare(held, other, ignore_case));
            match name {
                "IsEqualTo" => order == Some(Ordering::Equal),
                "IsNotEqualTo" => order != Some(Ordering::Equal),
                "IsGreaterThan" => order == Some(Ordering::Greater),
                "IsGreaterThanOrEqualTo" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                "IsLessThan" => order == Some(Ordering::Less),
                "IsLessThanOrEqualTo" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                _ => return Err(unknown(expression)),
            }
        }
    })
}

fn unknown(expression: &Element) -> Refusal {
    Refusal::new("ErrorInvalidRestriction", format!("The restriction `{}` is not supported.", expression.name()))
}

fn contains(expression: &Element, value: &dyn Fn(&str) -> Option<String>) -> Result<bool, Refusal> {
    let Some(held) = value(&paths::first_in(expression)?.name) else { return Ok(false) };
    let wanted = expression.child("Constant").and_then(|constant| constant.attribute("Value")).unwrap_or_default();
    let comparison = expression.attribute("ContainmentComparison").unwrap_or("Exact");
    let (held, wanted) = if comparison.contains("IgnoreCase") || comparison.contains("Loose") {
        (held.to_lowercase(), wanted.to_lowercase())
    } else {
        (held, wanted.to_owned())
    };
    Ok(match expression.attribute("ContainmentMode").unwrap_or("FullString") {
        "Substring" | "ExactPhrase" => held.contains(&wanted),
        "Prefixed" => held.starts_with(&wanted),
        "PrefixOnWords" => held.split_whitespace().any(|word| word.starts_with(&wanted)),
        _ => held == wanted,
    })
}

/// Instants and numbers by what they mean, everything else as text.
pub(super) fn compare(left: &str, right: &str, ignore_case: bool) -> Ordering {
    if let (Ok(left), Ok(right)) = (left.parse::<Timestamp>(), right.parse::<Timestamp>()) {
        return left.cmp(&right);
    }
    if let (Ok(left), Ok(right)) = (left.parse::<f64>(), right.parse::<f64>()) {
        return left.total_cmp(&right);
    }
    if ignore_case { left.to_lowercase().cmp(&right.to_lowercase()) } else { left.cmp(right) }
}
