//! One source, two forms.
//!
//! The source is a small part of Markdown: headings, paragraphs, lists, blocks of PowerShell or of T-SQL, and in a line `code`, *words*
//! and [links](https://example.org). For plain text the marks go away. Values are put in after that, each as its surroundings want it,
//! so that a value is never read as Markdown, as PowerShell or as T-SQL.

use std::fmt::Write as _;

use super::{
    powershell,
    slots::{SLOTS, Slot, slot},
    values::Values,
};
use crate::{cli::arguments::HandoutFormat, sources};

/// So many values of a list are named where it is not a list of steps.
const NAMED: usize = 12;

/// A hand-out that is to be written.
pub(super) struct Sheet<'a> {
    /// Its source.
    pub(super) source: &'a str,
    /// What is known.
    pub(super) values: &'a Values,
    /// How it is written.
    pub(super) form: HandoutFormat,
}

/// A piece of a line.
enum Piece<'a> {
    Words(&'a str),
    Slot(&'static Slot),
}

impl Sheet<'_> {
    /// All of it. Below the title stand these words, what is to be filled in, and what is filled in.
    pub(super) fn written(&self, made: &str) -> String {
        let mut text = String::new();
        let mut block = None;
        for line in self.source.lines() {
            if let Some(language) = line.strip_prefix("```") {
                block = if block.is_some() { None } else { Some(language) };
                if self.form == HandoutFormat::Markdown {
                    text.push_str(line);
                    text.push('\n');
                }
            } else if let Some(language) = block {
                self.command(line, language, &mut text);
            } else if let Some(heading) = line.strip_prefix("# ") {
                self.heading("# ", heading, '=', &mut text);
                let _ = writeln!(text, "\n{made}\n");
                self.filled(&mut text);
            } else if let Some(heading) = line.strip_prefix("## ") {
                self.heading("## ", heading, '-', &mut text);
            } else {
                self.line(line, &mut text);
                text.push('\n');
            }
        }
        text
    }

    /// The slots of the source that nobody filled.
    pub(super) fn to_fill_in(&self) -> Vec<&'static Slot> {
        self.slots().filter(|slot| self.values.known(slot.name).is_none()).collect()
    }

    fn slots(&self) -> impl Iterator<Item = &'static Slot> {
        SLOTS.iter().filter(|slot| slot.unknown.is_some() && self.source.contains(&format!("{{{{{}}}}}", slot.name)))
    }

    fn filled(&self, text: &mut String) {
        self.heading("## ", "To fill in", '-', text);
        text.push('\n');
        let missing = self.to_fill_in();
        if missing.is_empty() {
            text.push_str("Nothing: every value of the firm is filled in.\n");
        }
        for slot in missing {
            if let Some(unknown) = &slot.unknown {
                let value = self.inline(unknown.placeholder);
                let _ = writeln!(text, "- {value}: {}. {}.", slot.what, self.words(&sentence(unknown.found)));
            }
        }
        let known: Vec<_> = self.slots().filter_map(|slot| Some((slot, self.values.known(slot.name)?))).collect();
        if !known.is_empty() {
            text.push('\n');
            self.heading("## ", "Filled in", '-', text);
            text.push('\n');
        }
        for (slot, values) in known {
            let _ = writeln!(text, "- {}: {}", slot.what, self.several(values));
        }
    }

    fn heading(&self, mark: &str, words: &str, line: char, text: &mut String) {
        let _ = match self.form {
            HandoutFormat::Markdown => writeln!(text, "{mark}{words}"),
            HandoutFormat::Text => {
                writeln!(text, "{words}\n{}", line.to_string().repeat(words.chars().count()))
            }
        };
    }

    /// A line of a block. In T-SQL every value is a name; in PowerShell it is a text.
    fn command(&self, line: &str, language: &str, text: &mut String) {
        let mut whole = String::new();
        for piece in pieces(line) {
            match piece {
                Piece::Words(words) => whole.push_str(words),
                Piece::Slot(slot) if language == "sql" => {
                    whole.push_str(&self.of(slot).first().map(|one| sources::quoted(one)).unwrap_or_default());
                }
                Piece::Slot(slot) if slot.many => whole.push_str(&powershell::list(&self.of(slot))),
                Piece::Slot(slot) => {
                    whole.push_str(&self.of(slot).first().map(|one| powershell::literal(one)).unwrap_or_default());
                }
            }
        }
        for line in whole.lines().chain(whole.is_empty().then_some("")) {
            let indent = if self.form == HandoutFormat::Text && !line.is_empty() { "    " } else { "" };
            let _ = writeln!(text, "{indent}{line}");
        }
    }

    /// A line of words.
    fn line(&self, line: &str, text: &mut String) {
        for piece in pieces(line) {
            match piece {
                Piece::Words(words) => text.push_str(&self.words(words)),
                Piece::Slot(slot) => text.push_str(&self.several(&self.of(slot))),
            }
        }
    }

    /// Words of our own.
    fn words(&self, words: &str) -> String {
        if self.form == HandoutFormat::Markdown { words.to_owned() } else { without_marks(words) }
    }

    /// Values in a line.
    fn several(&self, values: &[String]) -> String {
        let named: Vec<_> = values.iter().take(NAMED).map(|value| self.inline(value)).collect();
        let more = values.len().saturating_sub(NAMED);
        let rest =
            if more > 0 { format!(" and {more} more, which the steps in PowerShell name") } else { String::new() };
        named.join(", ") + &rest
    }

    /// A value in a line.
    fn inline(&self, value: &str) -> String {
        if self.form == HandoutFormat::Markdown { code_span(value) } else { value.to_owned() }
    }

    /// The values of a slot, or what stands in their place.
    fn of(&self, slot: &Slot) -> Vec<String> {
        let placeholder = || slot.unknown.iter().map(|unknown| unknown.placeholder.to_owned()).collect();
        self.values.known(slot.name).map_or_else(placeholder, <[String]>::to_vec)
    }
}

/// A line as words and slots. Braces that name no slot are words.
fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some((before, slot, after)) = next_slot(rest) {
        pieces.extend([Piece::Words(before), Piece::Slot(slot)]);
        rest = after;
    }
    pieces.push(Piece::Words(rest));
    pieces
}

fn next_slot(line: &str) -> Option<(&str, &'static Slot, &str)> {
    let (before, rest) = line.split_once("{{")?;
    let (name, after) = rest.split_once("}}")?;
    Some((before, slot(name)?, after))
}

/// A value as Markdown shows it letter by letter: between more backticks in a row than it holds itself.
fn code_span(value: &str) -> String {
    let longest = value.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{value}{space}{fence}")
}

/// Our own words without the marks of Markdown.
fn without_marks(words: &str) -> String {
    let mut text = String::new();
    let mut code = false;
    let mut rest = words;
    while let Some(letter) = rest.chars().next() {
        if let Some((shown, target, after)) = link(rest).filter(|_| !code) {
            let _ = write!(text, "{}: {target}", without_marks(shown));
            rest = after;
            continue;
        }
        match letter {
            '`' => code = !code,
            '*' | '<' | '>' if !code => {}
            other => text.push(other),
        }
        rest = &rest[letter.len_utf8()..];
    }
    text
}

/// A link at the beginning: what it shows, where it leads, and what follows.
fn link(words: &str) -> Option<(&str, &str, &str)> {
    let (shown, rest) = words.strip_prefix('[')?.split_once("](")?;
    let (target, after) = rest.split_once(')')?;
    Some((shown, target, after))
}

/// With a capital at the beginning.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
