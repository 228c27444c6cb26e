//! Just enough reading of SQL to say what is wrong before a database is there: which words it uses, which column names it
//! gives, whether it is one SELECT. The database itself has the last word.

/// A word, a sign or a quoted name of a statement; comments and string literals are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'s> {
    /// A word, or a quoted name without its quotes.
    Word(&'s str),
    /// Any other character.
    Sign(char),
}

/// The tokens of a statement.
pub(super) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let after = |text: &'_ str, end: &str| text.find(end).map_or(text.len(), |at| at + end.len());
        if rest.starts_with("--") {
            rest = rest.get(after(rest, "\n")..).unwrap_or_default();
        } else if rest.starts_with("/*") {
            rest = rest.get(after(rest, "*/")..).unwrap_or_default();
        } else if let Some(close) = match first {
            '\'' => Some('\''),
            '"' => Some('"'),
            '`' => Some('`'),
            '[' => Some(']'),
            _ => None,
        } {
            let inside = rest.get(1..).unwrap_or_default();
            let length = inside.find(close).unwrap_or(inside.len());
            if first != '\'' {
                tokens.push(Token::Word(inside.get(..length).unwrap_or_default()));
            }
            rest = inside.get(length + 1..).unwrap_or_default();
        } else if first.is_alphanumeric() || first == '_' {
            let length = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            let (word, remainder) = rest.split_at(length);
            tokens.push(Token::Word(word));
            rest = remainder;
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Sign(first));
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    tokens
}

/// The statement without comments and with single spaces, except within quotes: what it says, whatever its layout.
pub fn normalised(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let close = match first {
            '\'' | '"' | '`' => Some(first),
            '[' => Some(']'),
            _ => None,
        };
        let comment = ["--", "/*"].into_iter().zip(["\n", "*/"]).find(|(begin, _)| rest.starts_with(begin));
        if let Some((_, end)) = comment {
            rest = rest.get(2..).unwrap_or_default();
            rest = rest.find(end).map_or("", |at| rest.get(at + end.len()..).unwrap_or_default());
        } else if let Some(close) = close {
            let inside = rest.get(1..).unwrap_or_default();
            let length = inside.find(close).map_or(rest.len(), |at| 1 + at + close.len_utf8());
            let (quoted, remainder) = rest.split_at(length);
            text.push_str(quoted);
            rest = remainder;
            continue;
        } else if !first.is_whitespace() {
            text.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        } else {
            rest = rest.trim_start();
        }
        if !text.ends_with(' ') {
            text.push(' ');
        }
    }
    text.trim().to_owned()
}

/// The statement without a final semicolon, if it looks like one SELECT; else what is wrong with it.
pub(super) fn single_select(sql: &str) -> Result<String, &'static str> {
    let mut tokens = tokens(sql);
    while tokens.last() == Some(&Token::Sign(';')) {
        tokens.pop();
    }
    match tokens.first() {
        None => return Err("there is no statement"),
        Some(Token::Word(word)) if word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with") => {}
        Some(_) => return Err("a mapping only reads: the statement must begin with SELECT or WITH"),
    }
    if tokens.contains(&Token::Sign(';')) {
        return Err("this is more than one statement; a query is one SELECT");
    }
    // A trailing comment may hide the semicolon; then the database says so.
    Ok(sql.trim_end().trim_end_matches(';').trim_end().to_owned())
}

/// Whether a word occurs in the statement.
pub(super) fn mentions(sql: &str, word: &str) -> bool {
    tokens(sql).iter().any(|token| matches!(token, Token::Word(found) if found.eq_ignore_ascii_case(word)))
}

/// Whether a column of the outermost SELECT has this name, as far as it can be seen without a database.
pub(super) fn gives(sql: &str, name: &str) -> bool {
    aliases(sql).iter().any(|alias| alias == name)
}

/// The names that `AS` gives to the columns of the outermost SELECT, as far as they can be seen without a database.
pub(super) fn aliases(sql: &str) -> Vec<String> {
    let tokens = tokens(sql);
    let is = |token: Option<&Token<'_>>, word: &str| matches!(token, Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
    let mut depth = 0_i32;
    let mut selecting = false;
    let mut aliases = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => depth -= 1,
            _ if depth != 0 => {}
            _ if is(Some(token), "select") => selecting = true,
            _ if is(Some(token), "from") && selecting => break,
            _ if is(Some(token), "as") && selecting => {
                if let Some(Token::Word(alias)) = tokens.get(place + 1) {
                    aliases.push((*alias).to_owned());
                }
            }
            _ => {}
        }
    }
    aliases
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn column_names_are_those_of_the_outermost_select() {
        let sql = "WITH recent AS (SELECT id AS inner_name FROM t) -- AS comment\n\
                   SELECT r.id AS key, CAST(x AS TEXT) AS \"subject\", 'a AS b' AS notes FROM recent AS r";
        assert_eq!(aliases(sql), ["key", "subject", "notes"]);
    }

    #[test]
    fn only_one_reading_statement_is_accepted() {
        assert_eq!(single_select("SELECT 1;\n").as_deref(), Ok("SELECT 1"));
        assert_eq!(single_select("SELECT ';' AS notes").as_deref(), Ok("SELECT ';' AS notes"));
        for sql in ["", "-- nothing", "DELETE FROM t", "SELECT 1; DELETE FROM t", "PRAGMA user_version"] {
            assert!(single_select(sql).is_err(), "{sql}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(sql in "\\PC{0,60}|[a-z'\"`\\[\\]()/*;\\- \n]{0,60}") {
            let _ = (single_select(&sql), aliases(&sql), mentions(&sql, "key"));
        }
    }
}
