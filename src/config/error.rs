use std::{fmt, ops::Range, path::PathBuf};

use super::secrets;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file.
    #[error("there is no configuration file `{}`", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The system would not let us read it.
    #[error("could not read the configuration file `{}`", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is wrong.
    #[error("the file `{}` cannot be used", path.display())]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// Where, and what is wrong there.
        source: Located,
    },
    /// A setting looks like a secret.
    #[error("the file `{}` holds a secret", path.display())]
    Secret {
        /// Which file.
        path: PathBuf,
        /// Where; the value is not shown.
        source: Located,
    },
    /// A setting has a value that cannot be.
    #[error("the setting `{setting}` in `{}` cannot be used: {what}", path.display())]
    Value {
        /// Which file.
        path: PathBuf,
        /// Section and name.
        setting: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Missing { .. } => {
                "make one with `pocketdocket init`, or say where it is with `--config FILE` (or POCKETDOCKET_CONFIG)".to_owned()
            }
            Self::Unreadable { .. } => "run the command as the account that runs the service".to_owned(),
            Self::Invalid { .. } | Self::Value { .. } => {
                "correct the file and run `pocketdocket check`; every setting is explained in `docs/reference/settings.md`"
                    .to_owned()
            }
            Self::Secret { .. } => "take the line out; secrets are read from a prompt or from standard input and kept sealed: \
                                    `pocketdocket user link NAME`. If others could read the file, change the secret as well"
                .to_owned(),
        }
    }

    pub(super) fn invalid(path: &std::path::Path, text: &str, span: Option<Range<usize>>, message: String) -> Self {
        Self::Invalid { path: path.to_owned(), source: Located::new(text, span, message) }
    }
}

/// A message with the line it is about.
#[derive(Debug)]
pub struct Located {
    line: usize,
    column: usize,
    width: usize,
    shown: String,
    message: String,
}

impl Located {
    pub(super) fn new(text: &str, span: Option<Range<usize>>, message: String) -> Self {
        let Some(span) = span else {
            return Self { line: 0, column: 0, width: 0, shown: String::new(), message };
        };
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let end = text.floor_char_boundary(span.end.clamp(start, text.len()));
        let (before, after) = text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = after.find('\n').map_or(text.len(), |newline| start + newline);
        let whole = text.get(line_start..line_end).unwrap_or_default().trim_end();
        let column = text.get(line_start..start).unwrap_or_default().chars().count() + 1;
        let width = text.get(start..end.min(line_end)).unwrap_or_default().chars().count().max(1);
        Self { line: before.matches('\n').count() + 1, column, width, shown: secrets::without_value(whole), message }
    }

    /// Line, from 1; 0 where the message is about the whole file.
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for Located {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return formatter.write_str(self.message.trim_end());
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let indent = " ".repeat(self.column.saturating_sub(1));
        let carets = "^".repeat(self.width.min(self.shown.chars().count().saturating_sub(self.column - 1)).max(1));
        writeln!(formatter, "line {}, column {}: {}", self.line, self.column, self.message.trim_end())?;
        writeln!(formatter, "{margin} |")?;
        writeln!(formatter, "{number} | {}", self.shown)?;
        write!(formatter, "{margin} | {indent}{carets}")
    }
}

impl std::error::Error for Located {}
