use std::fmt::Write as _;

use crate::sources::{cell::Cell, session::Since};

/// How a dialect of SQL marks the places of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sources) enum Style {
    /// `?`, a value for each.
    Question,
    /// `$1` and `$2`, as often as one likes.
    Dollar,
    /// `@P1` and `@P2`, as often as one likes. What has no value is written as `NULL`: a parameter without one has no type there.
    At,
}

/// The statement with `:cursor` and `:cursor_2` as the dialect writes them, and the values in their order. Text, quoted names
/// and comments stay as they are.
pub(in crate::sources) fn placed(sql: &str, style: Style, since: Option<&Since>) -> (String, Vec<Cell>) {
    let null = Cell::Null;
    let (first, second) = since.map_or((&null, &null), |(first, second)| (first, second.as_ref().unwrap_or(&null)));
    let mut placed = String::with_capacity(sql.len());
    let mut values: Vec<(&str, Cell)> = Vec::new();
    let mut rest = sql;
    while let Some(letter) = rest.chars().next() {
        let skipped = skipped(rest, letter, style);
        let (name, value) = if word(rest, ":cursor_2") { (":cursor_2", second) } else { (":cursor", first) };
        let follows_colon = placed.ends_with(':');
        if skipped == 0 && !follows_colon && word(rest, name) {
            match style {
                Style::Question => {
                    values.push((name, value.clone()));
                    placed.push('?');
                }
                Style::Dollar => {
                    let known = values.iter().position(|(known, _)| *known == name);
                    let number = known.unwrap_or_else(|| {
                        values.push((name, value.clone()));
                        values.len() - 1
                    });
                    // A counter may be beyond what its column can hold, and is compared all the same.
                    let sort = if matches!(values.get(number), Some((_, Cell::Integer(_)))) { "::bigint" } else { "" };
                    // Writing into a text cannot fail.
                    let _ = write!(placed, "${}{sort}", number + 1);
                }
                Style::At if *value == Cell::Null => placed.push_str("NULL"),
                Style::At => {
                    let known = values.iter().position(|(known, _)| *known == name);
                    let number = known.unwrap_or_else(|| {
                        values.push((name, value.clone()));
                        values.len() - 1
                    });
                    let _ = write!(placed, "@P{}", number + 1);
                }
            }
            rest = rest.get(name.len()..).unwrap_or_default();
        } else {
            let (taken, left) = rest.split_at(skipped.max(letter.len_utf8()));
            placed.push_str(taken);
            rest = left;
        }
    }
    (placed, values.into_iter().map(|(_, value)| value).collect())
}

/// Whether a text begins with this name and nothing that would go on with it.
fn word(text: &str, name: &str) -> bool {
    text.strip_prefix(name)
        .is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
}

/// The length of what begins here and is no code: text, a quoted name, a comment. 0 for anything else.
fn skipped(text: &str, first: char, style: Style) -> usize {
    let until = |end: &str, from: usize| {
        text.get(from..).and_then(|rest| rest.find(end)).map_or(text.len(), |at| from + at + end.len())
    };
    match first {
        '\'' | '"' if style == Style::Question => text_with_escapes(text, first),
        '\'' => until("'", 1),
        '"' => until("\"", 1),
        '#' if style == Style::Question => until("\n", 1),
        '[' if style == Style::At => until("]", 1),
        '`' if style != Style::At => until("`", 1),
        '-' if text.starts_with("--") => until("\n", 2),
        '/' if text.starts_with("/*") => until("*/", 2),
        _ => 0,
    }
}

/// The length of text between quotes in which a backslash takes the next letter as it is.
fn text_with_escapes(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if letter == quote && !escaped {
            return at + letter.len_utf8();
        }
        escaped = letter == '\\' && !escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_placed_as_the_dialect_wants() {
        let since = (Cell::Integer(5), Some(Cell::Integer(7)));
        let sql = "a > :cursor OR (a = :cursor AND b >= :cursor_2)";
        let (question, values) = placed(sql, Style::Question, Some(&since));
        assert_eq!(question, "a > ? OR (a = ? AND b >= ?)");
        assert!(values == [Cell::Integer(5), Cell::Integer(5), Cell::Integer(7)]);
        let (dollar, values) = placed(sql, Style::Dollar, Some(&since));
        assert_eq!(dollar, "a > $1::bigint OR (a = $1::bigint AND b >= $2::bigint)");
        assert!(values == [Cell::Integer(5), Cell::Integer(7)]);
        let since = (Cell::Text("2026-11-22".to_owned()), None);
        assert_eq!(placed(sql, Style::Dollar, Some(&since)).0, "a > $1 OR (a = $1 AND b >= $2)");
    }

    #[test]
    fn what_only_looks_like_a_cursor_stays() {
        for sql in [
            "SELECT ':cursor', \":cursor\", `:cursor` -- :cursor\n/* :cursor */",
            "x::cursor",
            ":cursors",
            ":cursor_20",
            "'it''s :cursor'",
            "'Müller :cursor",
        ] {
            let (same, values) = placed(sql, Style::Dollar, None);
            assert_eq!((same.as_str(), values.len()), (sql, 0));
        }
    }

    #[test]
    fn what_mariadb_takes_for_text_or_a_comment_is_none_of_ours() {
        for (sql, expected) in [
            (r"a = 'it\'s' AND b > :cursor", r"a = 'it\'s' AND b > ?"),
            (r#"a = "say \"x\" :cursor" AND b > :cursor"#, r#"a = "say \"x\" :cursor" AND b > ?"#),
            (r"a = 'C:\\' AND b > :cursor", r"a = 'C:\\' AND b > ?"),
            ("b > :cursor # don't :cursor\n AND c > :cursor", "b > ? # don't :cursor\n AND c > ?"),
        ] {
            assert_eq!(placed(sql, Style::Question, None).0, expected);
        }
        assert_eq!(placed("a #> '{b}' AND c > :cursor", Style::Dollar, None).0, "a #> '{b}' AND c > $1");
        assert_eq!(placed(r"a = 'C:\' AND c > :cursor", Style::Dollar, None).0, r"a = 'C:\' AND c > $1");
    }

    #[test]
    fn sql_server_names_its_values_and_quotes_in_brackets() {
        let since = (Cell::Integer(5), None);
        let sql = "[a:cursor] > :cursor OR b = :cursor AND c = ':cursor'";
        let (at, values) = placed(sql, Style::At, Some(&since));
        assert_eq!(at, "[a:cursor] > @P1 OR b = @P1 AND c = ':cursor'");
        assert!(values == [Cell::Integer(5)]);
        let (none, values) = placed("a > :cursor OR b > :cursor_2", Style::At, None);
        assert_eq!((none.as_str(), values.len()), ("a > NULL OR b > NULL", 0));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(sql in "\\PC{0,60}|[a-zü'\"`:/*$#\\\\_\\- \n]{0,60}") {
            let _ = placed(&sql, Style::Question, None);
            let _ = placed(&sql, Style::Dollar, None);
            let _ = placed(&sql, Style::At, Some(&(Cell::Integer(1), None)));
        }
    }
}
