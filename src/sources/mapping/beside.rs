use super::{MappingError, Place, words::closest};

/// A statement beside the queries, which yields no records: who is tied to the contacts of a query, who is walled off from what.
#[derive(Clone, Debug)]
pub struct Beside {
    /// One SELECT, placeholders filled in.
    pub sql: String,
    pub(super) words: &'static [&'static str],
    pub(super) place: Place,
}

/// The words of a `links_sql`.
pub const LINKS: [&str; 6] = ["key", "person", "circle", "role", "matter_number", "matter_name"];

/// The words of the `walls` query.
pub const WALLS: [&str; 3] = ["person", "matter_number", "record"];

impl Beside {
    /// Checks the columns that the database says the statement has; gives the place of each of its words.
    ///
    /// # Errors
    /// When a column is no word of it, or one that it needs is missing.
    pub fn columns<const N: usize>(
        &self,
        words: &[&'static str; N],
        columns: &[String],
    ) -> Result<[Option<usize>; N], MappingError> {
        for column in columns {
            if !words.contains(&column.as_str()) {
                let hint = closest(column, words.iter().copied())
                    .map_or_else(String::new, |closest| format!("; did you mean `{closest}`?"));
                let what = format!("`{column}` is no word here; those are {}{hint}", words.join(", "));
                return Err(self.place.of_word(column).error(what));
            }
            if columns.iter().filter(|other| *other == column).count() > 1 {
                return Err(self.place.of_word(column).error(format!("it gives the column `{column}` twice")));
            }
        }
        let has = |word: &str| columns.iter().any(|column| column == word);
        if words.contains(&"key") && !has("key") {
            return Err(self.place.error("it needs a column `key`: the key of the contact in its query"));
        }
        if !has("person") {
            return Err(self.place.error("it needs a column `person`: an `id` of `people`"));
        }
        if words.contains(&"record") && !has("record") && !has("matter_number") {
            return Err(self.place.error("a wall needs a column `matter_number`, or `record`"));
        }
        Ok(words.map(|word| columns.iter().position(|column| column == word)))
    }

    /// Checks the columns without asking where they are.
    ///
    /// # Errors
    /// As [`Beside::columns`].
    pub fn check(&self, columns: &[String]) -> Result<(), MappingError> {
        if self.words.contains(&"key") {
            self.columns(&LINKS, columns).map(drop)
        } else {
            self.columns(&WALLS, columns).map(drop)
        }
    }
}
