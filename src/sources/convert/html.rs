//! The text of HTML notes, for the block of ours in an item's body: lines where HTML has blocks, entities resolved, no markup.
//! It is for reading and never becomes HTML again, so it need not understand more than tags.

/// Elements that begin a new line.
const BLOCKS: [&str; 16] =
    ["p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "hr", "blockquote"];

/// Elements whose content is not text.
const SILENT: [&str; 4] = ["script", "style", "head", "title"];

/// The text of a piece of HTML.
pub(super) fn text_of(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        push(&mut text, before);
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        // "3 < 4" is text: a tag begins with a letter, `/`, `!` or `?`.
        if !tag.starts_with(|first: char| first.is_ascii_alphabetic() || "/!?".contains(first)) {
            push(&mut text, "<");
            rest = tag;
            continue;
        }
        let (inside, after) = tag.split_once('>').unwrap_or((tag, ""));
        let closing = inside.starts_with('/');
        let name = inside.trim_start_matches('/');
        let name =
            name.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
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
    push(&mut text, rest);
    text.trim().to_owned()
}

/// Adds text between tags: entities resolved, runs of white space as one blank.
fn push(text: &mut String, piece: &str) {
    let mut blank = text.is_empty() || text.ends_with(['\n', ' ', '\t']);
    for letter in html_escape::decode_html_entities(piece).chars() {
        // A no-break space is meant: it stays, as a plain one.
        let space = letter.is_ascii_whitespace();
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

    proptest! {
        #[test]
        fn no_html_makes_it_panic(html in "\\PC{0,80}|[<>/!a-z& ;#x0-9-]{0,80}") {
            let _ = text_of(&html);
        }
    }
}
