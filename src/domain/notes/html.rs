//! Bodies of HTML, edited as HTML.
//!
//! Only as much is understood as is needed to read lines: tags that break lines, tags that do not, text, entities, and what is
//! no text at all (comments, styles, scripts). Everything is kept by position, so that what is not ours stays byte for byte.

use quick_xml::escape::{escape, resolve_html5_entity};

use super::{BEGIN, END, Line, Markers, markers};

/// A piece of HTML, by position.
enum Token<'h> {
    /// A tag: its name in lower case, and whether it opens or closes.
    Tag {
        name: String,
        closes: bool,
        empty: bool,
        start: usize,
        end: usize,
    },
    Text {
        raw: &'h str,
        start: usize,
    },
}

/// Tags within a line; every other tag begins a new one.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "o:p", "q", "s",
    "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "wbr",
];

/// Elements without an end.
const VOID: &[&str] = &["br", "hr", "img", "input", "link", "meta", "wbr", "col", "area", "base", "source"];

/// Letters of a tag in which a `>` within quotes is looked for.
const LONGEST_TAG: usize = 16_384;

/// Elements whose content is no text.
const OPAQUE: &[&str] = &["style", "script", "title"];

fn tokens(html: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    // Behind the last `>` there is no tag: without this, a text of nothing but `<` would be searched to its end again and again.
    let last = html.rfind('>').unwrap_or_default();
    while let Some(rest) = html.get(at..).filter(|rest| !rest.is_empty()) {
        let is_markup = at < last || rest.starts_with("<!--");
        if let Some((token, length)) = is_markup.then(|| markup(rest, at)).flatten() {
            at += length;
            if let Some(Token::Tag { name, closes: false, empty: false, .. }) = &token
                && OPAQUE.contains(&name.as_str())
            {
                at += closing(html.get(at..).unwrap_or_default(), name);
            }
            found.extend(token);
            continue;
        }
        // A text goes on to the next `<`; one that begins no tag is text itself.
        let length =
            rest.char_indices().skip(1).find(|(_, letter)| *letter == '<').map_or(rest.len(), |(next, _)| next);
        found.push(Token::Text { raw: rest.get(..length).unwrap_or_default(), start: at });
        at += length;
    }
    found
}

/// A comment, declaration or tag at the beginning of `rest`, and its length.
fn markup(rest: &str, at: usize) -> Option<(Option<Token<'_>>, usize)> {
    if rest.starts_with("<!--") {
        return Some((None, rest.find("-->").map_or(rest.len(), |end| end + 3)));
    }
    let inner = rest.strip_prefix('<')?;
    let first = inner.chars().next()?;
    if !(first.is_ascii_alphabetic() || matches!(first, '/' | '!' | '?')) {
        return None;
    }
    let mut quote = None;
    let closing = |(_, letter): &(usize, char)| {
        match quote {
            Some(open) if open == *letter => quote = None,
            None if matches!(letter, '"' | '\'') => quote = Some(*letter),
            _ => return quote.is_none() && *letter == '>',
        }
        false
    };
    let end = rest.char_indices().take(LONGEST_TAG).find(closing);
    // A quote that is not closed for long: the tag ends at the first `>`.
    let end = end.map(|(end, _)| end).or_else(|| rest.find('>'))? + 1;
    let closes = first == '/';
    let name: String = inner
        .trim_start_matches('/')
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == ':')
        .collect::<String>()
        .to_ascii_lowercase();
    if name.is_empty() {
        return Some((None, end));
    }
    let empty = VOID.contains(&name.as_str()) || rest.get(..end).is_some_and(|tag| tag.ends_with("/>"));
    Some((Some(Token::Tag { name, closes, empty, start: at, end: at + end }), end))
}

/// Where the closing tag of an opaque element begins.
fn closing(rest: &str, name: &str) -> usize {
    let closes =
        |at: &usize| rest.get(at + 2..at + 2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
    rest.match_indices("</").map(|(at, _)| at).find(closes).unwrap_or(rest.len())
}

pub(super) fn lines(html: &str) -> Vec<Line> {
    let mut found = Vec::new();
    let mut line = Building::default();
    for token in tokens(html) {
        match token {
            Token::Text { raw, start } => line.add(raw, start),
            Token::Tag { name, .. } if INLINE.contains(&name.as_str()) => {}
            Token::Tag { name, start, .. } => {
                let finished = std::mem::take(&mut line);
                // A break ends even an empty line; a paragraph does not.
                if name == "br" || finished.letters {
                    found.push(finished.line(start));
                }
            }
        }
    }
    if line.letters {
        found.push(line.line(html.len()));
    }
    found
}

#[derive(Default)]
struct Building {
    text: String,
    /// Something other than white space was added.
    letters: bool,
    /// White space that counts only when something follows.
    space: bool,
    start: Option<usize>,
    end: usize,
}

impl Building {
    fn add(&mut self, raw: &str, start: usize) {
        let lead = raw.len() - raw.trim_ascii_start().len();
        let inner = raw.trim_ascii();
        self.space |= lead > 0;
        if inner.is_empty() {
            return;
        }
        self.start.get_or_insert(start + lead);
        self.end = start + lead + inner.len();
        self.letters = true;
        let decoded = decode(inner);
        let mut space = std::mem::take(&mut self.space) && !self.text.is_empty();
        for letter in decoded.chars() {
            if letter.is_ascii_whitespace() {
                space = true;
                continue;
            }
            if std::mem::take(&mut space) {
                self.text.push(' ');
            }
            self.text.push(letter);
        }
        self.space = raw.len() > lead + inner.len();
    }

    fn line(self, otherwise: usize) -> Line {
        let start = self.start.unwrap_or(otherwise);
        // What did not collapse was meant as a space.
        let text = self.text.replace('\u{a0}', " ").trim_end().to_owned();
        Line { text, start, end: self.end.max(start) }
    }
}

/// Text with its entities resolved; what is no entity stays as it is.
fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        // The longest name of an entity has 31 letters; further no `;` is looked for.
        let end = after.char_indices().take(33).find(|(_, letter)| *letter == ';').map(|(end, _)| end);
        let entity = end.and_then(|end| Some((after.get(..end)?, after.get(end + 1..)?)));
        let resolved = entity.and_then(|(name, _)| character(name));
        if let (Some((_, behind)), Some(text)) = (entity, resolved) {
            decoded.push_str(&text);
            rest = behind;
        } else {
            decoded.push('&');
            rest = after;
        }
    }
    decoded.push_str(rest);
    decoded
}

fn character(name: &str) -> Option<String> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let numbered = match name.strip_prefix('#') {
        None => return resolve_html5_entity(name).map(str::to_owned),
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(digits) => number(digits, 16),
            None => number(digits, 10),
        },
    };
    numbered.map(String::from)
}

/// Our block, to stand within one element.
fn block(ours: &str) -> String {
    [BEGIN, ours, END].join("\n").split('\n').map(encode).collect::<Vec<_>>().join("<br>\n")
}

/// A line with its spaces kept: browsers show several as one.
fn encode(line: &str) -> String {
    let mut encoded = String::with_capacity(line.len());
    let mut spaces_count = true;
    for letter in escape(line).chars() {
        match letter {
            ' ' if spaces_count => encoded.push_str("&nbsp;"),
            letter => encoded.push(letter),
        }
        spaces_count = letter == ' ';
    }
    encoded
}

/// Replaces the block that lies at these bytes, or takes it out. Tags that were opened or closed there and not the other way
/// round stay, so that the rest means what it meant.
pub(super) fn replace(html: &str, start: usize, end: usize, ours: Option<&str>) -> String {
    // Name, first byte, and the byte behind.
    type Tag = (String, usize, usize);
    let mut closers: Vec<Tag> = Vec::new();
    let mut openers: Vec<Tag> = Vec::new();
    for token in tokens(html) {
        let Token::Tag { name, closes, empty: false, start: tag_start, end: tag_end } = token else { continue };
        if tag_start < start || tag_end > end {
            continue;
        }
        if !closes {
            openers.push((name, tag_start, tag_end));
        } else if openers.last().is_some_and(|(open, ..)| *open == name) {
            openers.pop();
        } else {
            closers.push((name, tag_start, tag_end));
        }
    }
    // `</p>` ... `<p>` cancel each other once what was between them is gone.
    while let (Some((closed, ..)), Some((opened, ..))) = (closers.last(), openers.first()) {
        if closed != opened {
            break;
        }
        closers.pop();
        openers.remove(0);
    }
    let slice = |start: usize, end: usize| html.get(start..end).unwrap_or_default();
    let left: String = closers.iter().chain(&openers).map(|(_, start, end)| slice(*start, *end)).collect();
    format!("{}{}{left}{}", slice(0, start), ours.map(block).unwrap_or_default(), slice(end, html.len()))
}

/// Puts a new block below everything else; above it, where the markup ends in something that would swallow it (a comment, a
/// style or a tag that is never closed), wholly or in its first line: what is found again must be the block and no letter more.
pub(super) fn append(html: &str, ours: &str) -> String {
    let last = |wanted: &str| {
        tokens(html).into_iter().rev().find_map(|token| match token {
            Token::Tag { name, closes: true, start, .. } if name == wanted => Some(start),
            _ => None,
        })
    };
    let at = last("body").or_else(|| last("html")).unwrap_or(html.len());
    let (before, after) = (html.get(..at).unwrap_or_default(), html.get(at..).unwrap_or_default());
    let block = block(ours);
    let below = format!("{before}<div>{block}</div>{after}");
    let start = before.len() + "<div>".len();
    let found = lines(&below);
    let is_whole = match markers(&found) {
        Markers::Intact { begin, end } => {
            let at = |index: usize| found.get(index).map(|line| (line.start, line.end));
            at(begin).is_some_and(|(first, _)| first == start)
                && at(end).is_some_and(|(_, last)| last == start + block.len())
        }
        Markers::None | Markers::Broken => false,
    };
    if is_whole { below } else { format!("<div>{block}</div>{html}") }
}
