//! The text of HTML notes, for the block of ours in an item's body: lines where HTML has blocks, entities resolved, no markup.
//! It is for reading and never becomes HTML again, so it need not understand more than tags.
//!
//! Many systems keep plain text and HTML in one column. Text without a block of HTML keeps its own lines, and what only looks like
//! a tag (`<erika@example.org>`) is text.

/// Elements that begin a new line.
const BLOCKS: [&str; 16] =
    ["p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "hr", "blockquote"];

/// Elements whose content is not text.
const SILENT: [&str; 4] = ["script", "style", "head", "title"];

/// The text of a piece of HTML, or of plain text.
pub(super) fn text_of(html: &str) -> String {
    // In HTML a line end is a blank, in plain text it is a line end.
    let lines_are_kept = !has_block(html);
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        push(&mut text, before, lines_are_kept);
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some(Tag { name, closing, after }) = Tag::at(tag) else {
            text.push('<');
            rest = tag;
            continue;
        };
        rest = after;
        if BLOCKS.contains(&name.as_str()) {
            if !text.is_empty() && (name == "br" || !text.ends_with('\n')) {
                text.push('\n');
            }
        } else if matches!(name.as_str(), "td" | "th") && !closing && !text.is_empty() && !text.ends_with('\n') {
            text.push('\t');
        } else if SILENT.contains(&name.as_str()) && !closing {
            let lower = rest.to_ascii_lowercase();
            let end = lower.find(&format!("</{name}")).unwrap_or(rest.len());
            rest = rest.get(end..).unwrap_or_default();
        }
    }
    push(&mut text, rest, lines_are_kept);
    text.trim().to_owned()
}

/// A tag, seen from behind its `<`.
struct Tag<'t> {
    /// Its name in lower case.
    name: String,
    /// Whether it ends an element.
    closing: bool,
    /// The text behind it.
    after: &'t str,
}

impl<'t> Tag<'t> {
    /// The tag that begins here, if this is one: "3 < 4" and "<erika@example.org>" are text.
    fn at(text: &'t str) -> Option<Self> {
        let after = |text: &'t str| text.split_once('>').map_or("", |(_, after)| after);
        if text.starts_with(['!', '?']) {
            return Some(Self { name: String::new(), closing: false, after: after(text) });
        }
        let closing = text.starts_with('/');
        let inside = text.trim_start_matches('/');
        let length = inside.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(inside.len());
        let (name, rest) = inside.split_at(length);
        // `o:p` is a tag of Word; `https://` is none.
        let rest = rest.strip_prefix([':', '-']).map_or(rest, |rest| {
            rest.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '-')
        });
        let ends = rest.is_empty() || rest.starts_with(|next: char| next.is_ascii_whitespace() || "/>".contains(next));
        let named = name.starts_with(|first: char| first.is_ascii_alphabetic());
        (named && ends && !rest.starts_with("//")).then(|| Self {
            name: name.to_ascii_lowercase(),
            closing,
            after: after(rest),
        })
    }
}

fn has_block(html: &str) -> bool {
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        rest = match Tag::at(tag) {
            Some(tag) if BLOCKS.contains(&tag.name.as_str()) || matches!(tag.name.as_str(), "html" | "body") => {
                return true;
            }
            Some(tag) => tag.after,
            None => tag,
        };
    }
    false
}

/// Adds text between tags: entities resolved, runs of white space as one blank, unless lines are kept.
fn push(text: &mut String, piece: &str, lines_are_kept: bool) {
    let mut blank = text.is_empty() || text.ends_with(['\n', ' ', '\t']);
    for letter in html_escape::decode_html_entities(piece).chars() {
        // A no-break space is meant: it stays, as a plain one.
        let space = letter.is_ascii_whitespace() && !lines_are_kept;
        match (space, blank) {
            (true, true) => {}
            (true, false) => text.push(' '),
            (false, _) => text.push(if letter == '\u{a0}' { ' ' } else { letter }),
        }
        blank = space;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_become_lines_and_entities_letters() {
        let html = "<html><head><title>x</title></head><body><p>M&uuml;ller &amp; S&ouml;hne</p>\r\n<div>Zeile<br>zwei</div>\
                    <style>p {}</style><ul><li>eins</li><li>3 < 4</li></ul><!-- nichts --></body>";
        assert_eq!(text_of(html), "Müller & Söhne\nZeile\nzwei\neins\n3 < 4");
    }

    #[test]
    fn plain_text_keeps_its_lines_and_its_angle_brackets() {
        let plain =
            "Line one\r\nLine two\tand 3 < 4\nErika <erika@example.org>, see <https://example.org/a?b=1&copy=2>";
        assert_eq!(text_of(plain), plain);
        assert_eq!(text_of("Line one\nsays <b>not</b> HTML &amp; more"), "Line one\nsays not HTML & more");
    }

    #[test]
    fn tags_of_other_makers_go_too() {
        let html = "<p class=x>one<o:p></o:p><span\nstyle='a'>two</span><br/>three</p><my-tag>four</my-tag>";
        assert_eq!(text_of(html), "onetwo\nthree\nfour");
    }

    proptest! {
        /// Text of any lines without a tag goes through as it is, and through HTML and back.
        #[test]
        fn text_goes_through_html_and_back(lines in proptest::collection::vec("[a-zA-Z0-9<>&\"' äß-]{0,20}", 1..6)) {
            let lines: Vec<String> = lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
            let paragraphs: Vec<_> = lines.iter().map(|line| format!("<p>{}</p>", html_escape::encode_text(line))).collect();
            let html = paragraphs.join("\r\n");
            prop_assert_eq!(text_of(&html), lines.join("\n"));
        }

        #[test]
        fn no_html_makes_it_panic(html in "\\PC{0,80}|[<>/!a-z& ;#x0-9-]{0,80}") {
            let _ = text_of(&html);
        }
    }
}
