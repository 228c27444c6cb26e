//! A list as spreadsheets write it: which letters, which separator, which columns, which rows.

use std::{borrow::Cow, collections::BTreeMap, fmt, path::Path};

use csv::{ReaderBuilder, StringRecord};
use serde::Serialize;

use crate::{cli::trouble::Refusal, config, sources::mapping::closest};

/// The most rows that are taken.
const MOST_ROWS: usize = 10_000;

/// What a column means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Name,
    Person,
    Mailbox,
    Login,
    Url,
    Protocol,
    Method,
    ServiceAccount,
    Kinds,
    /// For people: not read.
    Remark,
}

impl Column {
    const ALL: [Self; 10] = [
        Self::Name,
        Self::Person,
        Self::Mailbox,
        Self::Login,
        Self::Url,
        Self::Protocol,
        Self::Method,
        Self::ServiceAccount,
        Self::Kinds,
        Self::Remark,
    ];

    /// Without these a row says nothing.
    const REQUIRED: [Self; 3] = [Self::Name, Self::Person, Self::Mailbox];

    /// What the column may be called; the first is its own name.
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Name => &["name", "user", "username", "benutzer", "benutzername"],
            Self::Person => &["person", "id", "personid", "initials", "kürzel", "kuerzel"],
            Self::Mailbox => &["mailbox", "email", "mail", "emailaddress", "address", "postfach"],
            Self::Login => &["login", "signin", "account", "anmeldename", "konto"],
            Self::Url => &["url", "server", "service", "ews"],
            Self::Protocol => &["protocol", "protokoll"],
            Self::Method => &["method", "signinmethod", "anmeldung"],
            Self::ServiceAccount => &["service account", "serviceaccount", "dienstkonto"],
            Self::Kinds => &["kinds", "kind", "sync", "arten"],
            Self::Remark => &["remark", "remarks", "note", "comment", "bemerkung", "notiz"],
        }
    }

    pub(super) fn word(self) -> &'static str {
        self.words().first().copied().unwrap_or_default()
    }

    fn named(word: &str) -> Option<Self> {
        let word: String = word.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
        Self::ALL.into_iter().find(|column| column.words().contains(&word.as_str()))
    }
}

/// Something wrong with one cell or row.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct RowTrouble {
    pub(super) line: u64,
    pub(super) column: Option<&'static str>,
    pub(super) what: String,
}

impl fmt::Display for RowTrouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(formatter, "line {}, column {column}: {}", self.line, self.what),
            None => write!(formatter, "line {}: {}", self.line, self.what),
        }
    }
}

/// The list as a whole cannot be used.
#[derive(Debug)]
pub(super) struct Unusable {
    what: String,
    hint: String,
}

impl Unusable {
    fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }

    pub(super) fn refusal(self, file: &Path) -> Refusal {
        Refusal::usage(format!("`{}` cannot be used as a list of users", file.display()))
            .because(self.what)
            .hint(self.hint)
    }
}

/// One row: its cells by what they mean, trimmed.
#[derive(Debug)]
pub(super) struct SheetRow {
    pub(super) line: u64,
    pub(super) cells: BTreeMap<Column, String>,
}

impl SheetRow {
    /// What a cell says; `None` where it is empty or there is no such column.
    pub(super) fn get(&self, column: Column) -> Option<&str> {
        self.cells.get(&column).map(String::as_str).filter(|text| !text.is_empty())
    }
}

/// A list that can be used.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<SheetRow>,
    /// What is wrong with whole rows.
    pub(super) troubles: Vec<RowTrouble>,
}

impl Sheet {
    /// Reads a list. The names of its columns are judged before a single cell is looked at.
    pub(super) fn open(bytes: &[u8]) -> Result<Self, Unusable> {
        let text = decoded(bytes)?;
        let (text, skipped, separator) = separator(&text);
        let mut reader =
            ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(true).from_reader(text.as_bytes());
        let unreadable = |_| Unusable::new("its text breaks off in the middle", "save it from the spreadsheet again");
        let columns = columns(reader.headers().map_err(unreadable)?)?;
        let mut sheet = Self { columns: columns.clone(), rows: Vec::new(), troubles: Vec::new() };
        let mut lines = Lines { text, counted: 0, line: skipped + 1 };
        for record in reader.records() {
            let record = record.map_err(unreadable)?;
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if sheet.rows.len() + sheet.troubles.len() >= MOST_ROWS {
                return Err(Unusable::new(
                    format!("it has more than {MOST_ROWS} rows"),
                    "divide it, if there are really so many users",
                ));
            }
            let begin = record.position().map_or(0, csv::Position::byte);
            sheet.take(lines.of(usize::try_from(begin).unwrap_or_default()), &record);
        }
        Ok(sheet)
    }

    fn take(&mut self, line: u64, record: &StringRecord) {
        let cells = record.iter().map(str::trim);
        if record.len() < self.columns.len() || cells.clone().skip(self.columns.len()).any(|cell| !cell.is_empty()) {
            let what = format!("{} cells where the first line has {}", record.len(), self.columns.len());
            self.troubles.push(RowTrouble { line, column: None, what });
            return;
        }
        let cells = self.columns.iter().copied().zip(cells.map(str::to_owned)).collect();
        self.rows.push(SheetRow { line, cells });
    }
}

/// Counts lines as an editor does.
struct Lines<'a> {
    text: &'a str,
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a row that begins at this byte, or at the next one that ends no line.
    fn of(&mut self, begin: usize) -> u64 {
        let bytes = self.text.as_bytes();
        while bytes.get(self.counted).is_some_and(|byte| self.counted < begin || *byte == b'\n') {
            self.line += u64::from(bytes.get(self.counted) == Some(&b'\n'));
            self.counted += 1;
        }
        self.line
    }
}

/// The columns, or why the list is refused. A column that looks as though it held secrets is the first reason of all.
fn columns(header: &StringRecord) -> Result<Vec<Column>, Unusable> {
    let words: Vec<&str> = header.iter().map(str::trim).collect();
    if words.iter().any(|word| config::names_secret(word)) {
        return Err(Unusable::new(
            "one of its columns seems to hold secrets; none of its rows was read",
            "take that column out, and see who could read the file; \
             `pocketdocket user link NAME` asks for each user's password",
        ));
    }
    let takes = "it takes name, person, mailbox and, if wanted, login, url, protocol, method, service account, kinds and remark";
    let named: Vec<Option<Column>> = words.iter().map(|word| Column::named(word)).collect();
    if named.iter().all(Option::is_none) {
        // What stands there may be anybody's data, so it is not repeated.
        return Err(Unusable::new("its first line names no column that we know", takes));
    }
    let mut columns = Vec::new();
    for (word, column) in words.iter().zip(named) {
        let Some(column) = column else {
            let known = Column::ALL.into_iter().map(Column::word);
            let meant = closest(word, known).map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
            return Err(Unusable::new(format!("its column `{word}` is none that we know{meant}"), takes));
        };
        if columns.contains(&column) {
            return Err(Unusable::new(format!("it has two columns for `{}`", column.word()), takes));
        }
        columns.push(column);
    }
    match Column::REQUIRED.into_iter().find(|required| !columns.contains(required)) {
        Some(missing) => Err(Unusable::new(format!("it has no column `{}`", missing.word()), takes)),
        None => Ok(columns),
    }
}

/// The text of a file from a spreadsheet, with its lines ended alike: UTF-8 or UTF-16 where it says so, UTF-8 or Windows-1252 where it does not.
fn decoded(bytes: &[u8]) -> Result<String, Unusable> {
    let hint = "save it as CSV (UTF-8)";
    let wide = |pair: &[u8], little: bool| {
        let pair = [pair.first().copied().unwrap_or_default(), pair.get(1).copied().unwrap_or_default()];
        if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
    };
    let text: Cow<'_, str> = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            std::str::from_utf8(rest).map_err(|_| Unusable::new("it says that it is UTF-8 and is not", hint))?.into()
        }
        [first @ (0xff | 0xfe), second @ (0xff | 0xfe), rest @ ..] if first != second => {
            let units = rest.chunks(2).map(|pair| wide(pair, *first == 0xff));
            let text: Result<String, _> = char::decode_utf16(units).collect();
            text.map_err(|_| Unusable::new("it says that it is UTF-16 and is not", hint))?.into()
        }
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect::<String>().into(),
        },
    };
    if text.contains('\0') {
        return Err(Unusable::new("it is no text file", hint));
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// What a byte stands for where a German or English Windows writes text without saying how.
fn windows_1252(byte: u8) -> char {
    // The five bytes that mean nothing stand for themselves, as elsewhere.
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte.checked_sub(0x80).and_then(|place| HIGH.get(usize::from(place))) {
        Some(letter) => *letter,
        None => char::from(byte),
    }
}

/// What separates the cells, the text without a line that says only that, and how many lines that were.
fn separator(text: &str) -> (&str, u64, u8) {
    let first = text.lines().next().unwrap_or_default();
    if let Some(said) = first.strip_prefix("sep=")
        && let [separator] = said.trim_end().as_bytes()
    {
        let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
        return (rest, 1, *separator);
    }
    let mut quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    for byte in first.bytes() {
        quoted ^= byte == b'"';
        counts.iter_mut().filter(|(known, _)| !quoted && *known == byte).for_each(|(_, count)| *count += 1);
    }
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    (text, 0, most.map_or(b',', |(separator, _)| *separator))
}

#[cfg(test)]
mod tests;
