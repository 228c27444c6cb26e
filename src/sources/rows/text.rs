use crate::domain::Field;

/// How long a field may be: what Exchange keeps of it, in characters. Longer subjects are refused by some servers and cut by
/// others; better cut here, the same everywhere, and said.
/// <https://learn.microsoft.com/en-us/openspecs/exchange_server_protocols/ms-oxcmsg/>
pub(super) fn limit(field: Field) -> usize {
    match field {
        Field::Notes => 100_000,
        Field::WebPage => 2_048,
        _ => 255,
    }
}

/// Whether a field may have several lines.
pub(super) fn several_lines(field: Field) -> bool {
    matches!(field, Field::Notes)
}

/// Text that can go into XML and onto a phone: no control characters, `\n` for every line end (a blank where there is only one
/// line), no blanks at its ends.
pub(in crate::sources) fn clean(text: &str, several_lines: bool) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' | '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' => {
                if letter == '\r' && letters.peek() == Some(&'\n') {
                    letters.next();
                }
                cleaned.push(if several_lines { '\n' } else { ' ' });
            }
            '\t' => cleaned.push(if several_lines { '\t' } else { ' ' }),
            // XML 1.0 has no place for them: https://www.w3.org/TR/xml/#charsets
            '\u{fffe}' | '\u{ffff}' | '\u{feff}' => {}
            _ if letter.is_control() => {}
            _ => cleaned.push(letter),
        }
    }
    cleaned.trim().to_owned()
}

/// Cuts text at a number of characters; true if something was lost.
pub(super) fn cut(text: &mut String, limit: usize) -> bool {
    match text.char_indices().nth(limit) {
        Some((at, _)) => {
            text.truncate(at);
            text.truncate(text.trim_end().len());
            true
        }
        None => false,
    }
}

/// Whether text can be an e-mail address at all.
pub(in crate::sources) fn is_email(text: &str) -> bool {
    match text.rsplit_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && !domain.is_empty()
                && !text.contains(|letter: char| letter.is_whitespace() || ",;<>".contains(letter))
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_go_and_lines_stay() {
        assert_eq!(clean("a\u{0}b\u{1b}\r\nc\rd\te ", true), "ab\nc\nd\te");
        assert_eq!(clean(" a\r\nb ", false), "a b");
    }

    #[test]
    fn other_scripts_and_emoji_are_left_alone() {
        let text = "Müller 株式会社 شركة 👩‍⚖️ e\u{301}";
        assert_eq!(clean(text, false), text);
    }

    #[test]
    fn an_address_needs_both_sides() {
        assert!(is_email("erika@example.org"));
        for text in ["erika", "@example.org", "erika@", "a@b; c@d", "Erika <erika@example.org>"] {
            assert!(!is_email(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in "(?s).{0,60}", several_lines: bool) {
            let once = clean(&text, several_lines);
            prop_assert_eq!(clean(&once, several_lines), once);
        }

        #[test]
        fn nothing_is_longer_than_its_limit(mut text in "\\PC{0,40}", limit in 0_usize..30) {
            cut(&mut text, limit);
            prop_assert!(text.chars().count() <= limit);
        }
    }
}
