//! Bodies of plain text.

use super::{BEGIN, END, Line};

pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let shown = line.strip_suffix('\n').unwrap_or(line);
            let shown = shown.strip_suffix('\r').unwrap_or(shown);
            let found = Line { text: shown.trim_end().to_owned(), start, end: start + shown.len() };
            start += line.len();
            found
        })
        .collect()
}

fn block(ours: &str, line_end: &str) -> String {
    [BEGIN, ours, END].join("\n").replace('\n', line_end)
}

/// The line end this text uses.
fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// Behind the end of the line that ends here.
pub(super) fn with_line_end(text: &str, end: usize) -> usize {
    let rest = text.get(end..).unwrap_or_default();
    end + if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) }
}

/// Replaces the block that lies at these bytes, or takes it out.
pub(super) fn replace(text: &str, start: usize, end: usize, ours: Option<&str>) -> String {
    let (before, after) = (text.get(..start).unwrap_or_default(), |from| text.get(from..).unwrap_or_default());
    match ours {
        Some(ours) => format!("{before}{}{}", block(ours, line_end(text)), after(end)),
        None => format!("{before}{}", after(with_line_end(text, end))),
    }
}

/// Puts a new block below everything else.
pub(super) fn append(text: &str, ours: &str) -> String {
    if text.trim().is_empty() {
        return block(ours, "\n");
    }
    let line_end = line_end(text);
    let between = if text.ends_with('\n') { "" } else { line_end };
    format!("{text}{between}{}", block(ours, line_end))
}
