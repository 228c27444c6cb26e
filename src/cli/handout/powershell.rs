//! How a value stands in a block of PowerShell: as a quoted text, from which nothing can break out.

/// What PowerShell takes for a single quote: the typographic ones, too.
/// <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules>
const QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

/// One text. In single quotes nothing has a meaning but the quote, and that is doubled.
pub(super) fn literal(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('\'');
    for letter in value.chars() {
        text.push(letter);
        if QUOTES.contains(&letter) {
            text.push(letter);
        }
    }
    text.push('\'');
    text
}

/// A list of texts, one a line where there are several.
pub(super) fn list(values: &[String]) -> String {
    match values {
        [one] => format!("@({})", literal(one)),
        several => {
            let lines: String = several.iter().map(|value| format!("    {}\n", literal(value))).collect();
            format!("@(\n{lines})")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As PowerShell reads a text in single quotes: two quotes in a row are one, one alone ends it. The text, and what follows.
    fn read(source: &str) -> Option<(String, &str)> {
        let mut letters = source.strip_prefix('\'')?.char_indices();
        let mut text = String::new();
        while let Some((position, letter)) = letters.next() {
            if QUOTES.contains(&letter) {
                match letters.clone().next() {
                    Some((_, next)) if QUOTES.contains(&next) => {
                        text.push(next);
                        letters.next();
                    }
                    _ => return Some((text, &source[1 + position + letter.len_utf8()..])),
                }
            } else {
                text.push(letter);
            }
        }
        None
    }

    #[test]
    fn quotes_are_doubled_whatever_they_look_like() {
        assert_eq!(literal("o'brien"), "'o''brien'");
        assert_eq!(literal("a\u{2019}; Remove-Item x"), "'a\u{2019}\u{2019}; Remove-Item x'");
        assert_eq!(literal("$(x) `\" $y"), "'$(x) `\" $y'");
        assert_eq!(list(&["a".to_owned()]), "@('a')");
        assert_eq!(list(&["a".to_owned(), "b'".to_owned()]), "@(\n    'a'\n    'b'''\n)");
    }

    proptest! {
        #[test]
        fn whatever_a_value_holds_it_is_one_text_and_nothing_follows(value in "[a'\u{2018}\u{2019}\u{201a}\u{201b}\"$`;()\\n-]{0,40}") {
            let written = literal(&value);
            prop_assert_eq!(read(&written), Some((value, "")));
        }
    }
}
