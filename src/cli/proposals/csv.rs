//! A table that opens in a spreadsheet and does nothing there but show: what a user typed on a phone must never become a
//! formula on an office computer.

use std::{borrow::Cow, collections::BTreeMap, fs, io::Write as _, path::Path};

use super::{Listed, exists};
use crate::{
    cli::{show::Clock, show::plain, terminal::Terminal, trouble::Refusal},
    domain::{Matter, RecordKey},
};

/// The columns.
const HEAD: [&str; 14] = [
    "id",
    "when",
    "user",
    "kind",
    "record",
    "title",
    "matter number",
    "matter name",
    "field",
    "before",
    "after",
    "on the phone",
    "closed",
    "closed by",
];

/// The proposed changes as CSV (RFC 4180): every cell in quotes, lines end with CR LF.
pub(super) fn write(
    listed: &[Listed],
    matters: &BTreeMap<RecordKey, Matter>,
    clock: &Clock,
    separator: u8,
    bom: bool,
) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    if bom {
        text.extend_from_slice("\u{feff}".as_bytes());
    }
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator)
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(&mut text);
    writer.write_record(HEAD)?;
    for one in listed {
        let proposal = &one.entry.proposal;
        let matter = matters.get(&proposal.key);
        let of_matter = |part: fn(&Matter) -> Option<&crate::domain::Personal<String>>| {
            matter.and_then(part).map(|text| text.reveal().clone()).unwrap_or_default()
        };
        let value = |value: &Option<_>| value.as_ref().map(plain).unwrap_or_default();
        let closed = one.entry.closed.as_ref();
        let row = [
            one.entry.id.to_string(),
            clock.time(one.entry.at),
            one.users(),
            proposal.key.kind.to_string(),
            proposal.key.to_string(),
            one.title.clone(),
            of_matter(|matter| matter.number.as_ref()),
            of_matter(|matter| matter.name.as_ref()),
            proposal.field.to_string(),
            value(&proposal.before),
            value(&proposal.after),
            if proposal.overwritten { "written over" } else { "stands" }.to_owned(),
            closed.map(|closed| format!("{} {}", closed.verdict, clock.time(closed.at))).unwrap_or_default(),
            closed.map(|closed| closed.by.clone()).unwrap_or_default(),
        ];
        writer.write_record(row.iter().map(|cell| inert(cell).into_owned()))?;
    }
    writer.flush()?;
    drop(writer);
    Ok(text)
}

/// Puts the table where it was asked for: a new file for the owner's eyes, or standard output.
pub(super) fn deliver(target: &Path, text: &[u8], terminal: &mut Terminal) -> anyhow::Result<()> {
    if target == Path::new("-") {
        return Ok(terminal.bytes(text)?);
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(target).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(target),
        _ => Refusal::usage(format!("could not write `{}`", target.display())).because(error),
    })?;
    file.write_all(text).and_then(|()| file.sync_all())?;
    Ok(())
}

/// A cell that no spreadsheet takes for a formula, without control characters that a terminal would obey.
fn inert(cell: &str) -> Cow<'_, str> {
    let control = |letter: char| letter.is_control() && letter != '\n';
    let first = cell.trim_start_matches(|letter: char| letter.is_whitespace() || letter.is_control()).chars().next();
    let formula = matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'));
    if !formula && !cell.contains(control) {
        return Cow::Borrowed(cell);
    }
    let quiet: String = cell.chars().map(|letter| if control(letter) { ' ' } else { letter }).collect();
    Cow::Owned(if formula { format!("'{quiet}") } else { quiet })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_like_a_formula_becomes_text() {
        for (typed, shown) in [
            ("Lunch", "Lunch"),
            ("=HYPERLINK(\"http://evil\")", "'=HYPERLINK(\"http://evil\")"),
            ("+49 30 1234", "'+49 30 1234"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1+1", "' =1+1"),
            ("\n=1+1", "'\n=1+1"),
            ("＝1", "'＝1"),
            ("a=b", "a=b"),
            ("two\nlines", "two\nlines"),
            ("bell\u{7}", "bell "),
        ] {
            assert_eq!(inert(typed), shown, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn no_cell_begins_like_a_formula_and_the_text_is_still_there(typed in "[=+@\t\r\n -]{0,3}\\PC{0,10}") {
            let cell = inert(&typed).into_owned();
            let first = cell.trim_start().chars().next();
            prop_assert!(!matches!(first, Some('=' | '+' | '-' | '@')), "{cell:?}");
            prop_assert!(cell.chars().count() >= typed.chars().count());
        }
    }
}
