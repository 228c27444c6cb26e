//! What holds for a user, setting by setting, and where each value comes from.

use serde::Serialize;
use serde_json::Value;

use crate::plan::ScopeSettings;

/// One setting as it holds for a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Effective {
    /// Its path below `[scope]`: `window.past_days`.
    pub(super) setting: String,
    /// Its value.
    pub(super) value: Value,
    /// Who said so.
    pub(super) from: From,
}

/// Who said a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum From {
    /// The configuration, or the default of the program.
    Firm,
    /// The user's own settings.
    User,
    /// Both: walls add up.
    Both,
}

impl From {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Firm => "the firm",
            Self::User => "this user",
            Self::Both => "the firm and this user",
        }
    }
}

/// Every setting of a user. Settings that cannot be used are shown as they were entered.
pub(super) fn effective(firm: &ScopeSettings, own: &Value) -> anyhow::Result<Vec<Effective>> {
    let all = match firm.with(own) {
        Ok(settings) => serde_json::to_value(settings)?,
        Err(_) => own.clone(),
    };
    let mut flat = Vec::new();
    flatten("", &all, &mut flat);
    let firm = serde_json::to_value(firm)?;
    let settings = flat.into_iter().map(|(setting, value)| {
        let from = match (at(own, &setting), at(&firm, &setting)) {
            (None, _) => From::Firm,
            (Some(_), Some(Value::Array(walls))) if setting == "walls" && !walls.is_empty() => From::Both,
            (Some(_), _) => From::User,
        };
        Effective { setting, value, from }
    });
    Ok(settings.collect())
}

/// The value at a path, if there is one.
pub(super) fn at<'v>(settings: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(settings, |settings, name| settings.get(name)).filter(|value| !value.is_null())
}

/// A value as people write it.
pub(super) fn words(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.replace('\n', "\\n"),
        Value::Array(values) if values.is_empty() => "-".to_owned(),
        Value::Array(values) => values.iter().map(words).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn flatten(path: &str, value: &Value, flat: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(settings) => {
            for (name, value) in settings {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, flat);
            }
        }
        value => flat.push((path.to_owned(), value.clone())),
    }
}
