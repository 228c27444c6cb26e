//! Our text in an item's body, between two marker lines. Everything outside is the user's and stays, byte for byte.
//!
//! An item's body may be plain text, or the HTML that Outlook makes of it once somebody edited there; then our block is
//! replaced within that HTML and the rest of the markup stays. If a marker is missing, doubled or out of order, nobody can say
//! whose text is whose: then all of it is the user's, except text equal to our last block.

mod html;
mod plain;

use super::{Body, BodyFormat, Personal};

/// The line above our text.
pub const BEGIN: &str = "--- Pocket Docket: kept up to date, please write above or below ---";
/// The line below our text.
pub const END: &str = "--- Pocket Docket: end ---";

/// A body with our block in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// The whole body.
    pub body: Body,
    /// True when the markers were missing, doubled or broken although we had written them.
    pub broken: bool,
}

/// A body's lines, with the bytes that each stands for.
struct Line {
    /// Canonical.
    text: String,
    /// Where in the body.
    start: usize,
    /// Behind the last byte, without the line's end.
    end: usize,
}

/// What the markers say.
enum Markers {
    /// Lines `begin` and `end` enclose our text.
    Intact { begin: usize, end: usize },
    /// There are none.
    None,
    /// Missing, doubled, or in the wrong order.
    Broken,
}

/// Puts our text into a body, in place of what it held of ours. `last_ours` is what we wrote last, by which our text is known
/// where the markers are broken. `ours: None` takes our block out.
pub fn compose(existing: Option<&Body>, ours: Option<&str>, last_ours: Option<&str>) -> Composed {
    let empty = Body { format: BodyFormat::Text, text: Personal::default() };
    let existing = existing.unwrap_or(&empty);
    let raw = existing.text.reveal();
    let is_html = existing.format == BodyFormat::Html;
    let ours = ours.map(canonical).filter(|text| !text.is_empty());
    let last_ours = last_ours.map(canonical).filter(|text| !text.is_empty());
    let lines = lines_of(existing);
    let (text, broken) = match markers(&lines) {
        Markers::Intact { begin, end } => {
            let (start, end) = match (lines.get(begin), lines.get(end)) {
                (Some(begin), Some(end)) => (begin.start, end.end),
                _ => (0, 0),
            };
            let replaced = match (is_html, ours) {
                (true, ours) => html::replace(raw, start, end, ours.as_deref()),
                (false, ours) => plain::replace(raw, start, end, ours.as_deref()),
            };
            (replaced, false)
        }
        state => {
            let broken = matches!(state, Markers::Broken) || last_ours.is_some();
            let kept = if broken { without(existing, stray(&lines, last_ours.as_deref())) } else { raw.clone() };
            let appended = match ours {
                None => kept,
                Some(ours) if is_html => html::append(&kept, &ours),
                Some(ours) => plain::append(&kept, &ours),
            };
            (appended, broken)
        }
    };
    Composed { body: Body { format: existing.format, text: Personal::new(text) }, broken }
}

/// A body that is given to its user: all of its text stays, our marker lines go.
pub fn given_up(body: &Body) -> Body {
    let lines = lines_of(body);
    Body { format: body.format, text: Personal::new(without(body, stray(&lines, None))) }
}

/// The words of a body, without markup.
pub fn text(body: &Body) -> String {
    lines_of(body).into_iter().map(|line| line.text).collect::<Vec<_>>().join("\n")
}

/// The text of a body without some of its lines.
fn without(body: &Body, lines: Vec<&Line>) -> String {
    let raw = body.text.reveal();
    let mut kept = raw.clone();
    // From the end, so that earlier positions stay right.
    for line in lines.into_iter().rev() {
        let end = if body.format == BodyFormat::Html { line.end } else { plain::with_line_end(raw, line.end) };
        kept.replace_range(line.start..end, "");
    }
    kept
}

/// Our text as a body holds it, canonical; `None` without intact markers.
pub fn extract(body: &Body) -> Option<String> {
    let lines = lines_of(body);
    let Markers::Intact { begin, end } = markers(&lines) else { return None };
    let inner: Vec<&str> = lines.get(begin + 1..end)?.iter().map(|line| line.text.as_str()).collect();
    Some(canonical(&inner.join("\n")))
}

/// Whether a body that we wrote notes into has lost its markers.
pub fn is_broken(body: &Body) -> bool {
    !matches!(markers(&lines_of(body)), Markers::Intact { .. })
}

/// Our text as it is written: lines end with `\n`, without spaces at their ends, empty lines around, control characters, and
/// lines that would be taken for markers.
pub fn canonical(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let tidy = |line: &str| -> String {
        let spaced = line.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter });
        spaced.filter(|letter| !letter.is_control()).collect::<String>().trim_end().to_owned()
    };
    let lines: Vec<String> =
        text.split('\n').map(tidy).filter(|line| !is_marker(line, BEGIN) && !is_marker(line, END)).collect();
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
    lines.get(first..last).unwrap_or_default().join("\n")
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.split_whitespace().eq(marker.split_whitespace())
}

fn lines_of(body: &Body) -> Vec<Line> {
    match body.format {
        BodyFormat::Text => plain::lines(body.text.reveal()),
        BodyFormat::Html => html::lines(body.text.reveal()),
    }
}

fn markers(lines: &[Line]) -> Markers {
    let at = |marker| -> Vec<usize> {
        lines.iter().enumerate().filter(|(_, line)| is_marker(&line.text, marker)).map(|(index, _)| index).collect()
    };
    match (at(BEGIN).as_slice(), at(END).as_slice()) {
        ([begin], [end]) if begin < end => Markers::Intact { begin: *begin, end: *end },
        ([], []) => Markers::None,
        _ => Markers::Broken,
    }
}

/// Marker lines, and the first run of lines that equals our last block.
fn stray<'l>(lines: &'l [Line], last_ours: Option<&str>) -> Vec<&'l Line> {
    let last: Vec<&str> = last_ours.map(|text| text.split('\n').collect()).unwrap_or_default();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let equal = |window: &[Line]| window.iter().zip(&last).all(|(line, ours)| words(&line.text) == words(ours));
    let found = if last.is_empty() { None } else { lines.windows(last.len()).position(equal) };
    let run = found.map_or(0..0, |at| at..at + last.len());
    let stray =
        |index: usize, line: &Line| run.contains(&index) || is_marker(&line.text, BEGIN) || is_marker(&line.text, END);
    lines.iter().enumerate().filter(|(index, line)| stray(*index, line)).map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests;
