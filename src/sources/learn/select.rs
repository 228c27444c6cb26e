use std::fmt::Write as _;

use super::{ColumnInfo, Dialect, Table, answers::text, firm::Firm};

/// One SELECT of a learned mapping with its converters and value maps. Names are quoted as the database wants it; values of the
/// firm stay in value maps, outside the SQL.
pub(super) struct Select<'f> {
    dialect: Dialect,
    table: &'f Table,
    alias: &'static str,
    columns: Vec<String>,
    converters: Vec<(String, &'static str)>,
    maps: Vec<String>,
    matter: Option<&'f Table>,
}

impl<'f> Select<'f> {
    pub(super) fn of(firm: &Firm<'f>, table: &'f Table, alias: &'static str) -> Self {
        let dialect = firm.dialect();
        Self { dialect, table, alias, columns: Vec::new(), converters: Vec::new(), maps: Vec::new(), matter: None }
    }

    /// A column of the table, whether it is there or not.
    pub(super) fn name(&self, column: &str) -> String {
        let known = self.table.column(column).map_or(column, |known| known.name.as_str());
        format!("{}.{}", self.alias, self.dialect.name(known))
    }

    /// A column of the table, if it is there.
    pub(super) fn named(&self, column: &str) -> Option<String> {
        self.table.has(column).then(|| self.name(column))
    }

    /// An expression under a word of ours.
    pub(super) fn add(&mut self, value: &str, word: &str) {
        // Words that are SQL's own are quoted.
        let word = if ["key", "group", "end"].contains(&word) { self.dialect.name(word) } else { word.to_owned() };
        self.columns.push(format!("{value} AS {word}"));
    }

    /// Columns that stand elsewhere in the mapping.
    pub(super) fn raw(&mut self, columns: &str) {
        self.columns.push(columns.to_owned());
    }

    /// A column under a word of ours, if it is there.
    pub(super) fn known(&mut self, column: &str, word: &str) {
        if let Some(value) = self.named(column) {
            self.add(&value, word);
        }
    }

    /// The same with a converter.
    pub(super) fn converted(&mut self, column: &str, word: &str, converter: &'static str) {
        if self.table.has(column) {
            self.known(column, word);
            self.converters.push((word.to_owned(), converter));
        }
    }

    /// A day, whether the database counts it from 1800 or knows it as one.
    pub(super) fn day(&mut self, column: &str, word: &str) {
        if self.is(column, ColumnInfo::is_day) {
            self.known(column, word);
        } else {
            self.converted(column, word, "clarion-date");
        }
    }

    /// A time of day, in either way.
    fn time(&mut self, column: &str, word: &str) {
        if self.is(column, ColumnInfo::is_time) {
            self.known(column, word);
        } else {
            self.converted(column, word, "clarion-time");
        }
    }

    fn is(&self, column: &str, sort: fn(&ColumnInfo) -> bool) -> bool {
        self.table.column(column).is_some_and(sort)
    }

    /// When something begins or ends: in two columns, or in one of the database's own that has both. `words` are ours for both in one,
    /// for the day, and for the time.
    pub(super) fn when(&mut self, day: Option<&str>, time: Option<&str>, words: [&str; 3]) {
        let [both, of_day, of_time] = words;
        match (day, time) {
            (Some(moment), None) | (None, Some(moment)) if self.is(moment, ColumnInfo::is_day) => {
                self.known(moment, both);
            }
            (day, time) => {
                if let Some(day) = day {
                    self.day(day, of_day);
                }
                if let Some(time) = time {
                    self.time(time, of_time);
                }
            }
        }
    }

    /// For whom the row is: who is behind the code, or whose initials it carries.
    pub(super) fn person(&mut self, groups: bool) {
        let staff = self.name("staff");
        if groups {
            self.add(&format!("COALESCE(g.init, {staff})"), "person");
        } else {
            self.add(&staff, "person");
        }
    }

    /// A mark: a column, of which some values mean the first of two words and all others the second. True if it was chosen.
    pub(super) fn marked(&mut self, firm: &Firm<'_>, id: &str, word: &str, meanings: [&str; 2]) -> bool {
        let column = firm.chosen(&format!("{id}_column")).filter(|column| self.table.has(column));
        let values = firm.answers.many(&format!("{id}_values"));
        let Some(column) = column.filter(|_| !values.is_empty()) else { return false };
        self.known(column, word);
        let [these, others] = meanings;
        let pairs: Vec<String> = values.iter().map(|value| format!("{} = \"{these}\"", text(value))).collect();
        self.maps.push(format!("values.{word} = {{ {}, \"*\" = \"{others}\" }}\n", pairs.join(", ")));
        true
    }

    /// Whether an entry is private: only what is said to be public is not.
    pub(super) fn public(&mut self, firm: &Firm<'_>, before: &str) {
        self.marked(firm, &format!("{before}.public"), "private", ["no", "yes"]);
    }

    /// Number and name of the matter, and that an archived one takes its entries along. Their own archive flag does the same.
    pub(super) fn matter(&mut self, firm: &Firm<'f>) {
        let matter = firm.table("matter").filter(|_| self.table.has("mat_id"));
        let Some(matter) = matter else {
            self.known("mat_no", "matter_number");
            return self.archived();
        };
        let column = |name: &str| matter.column(name).map(|column| format!("m.{}", self.dialect.name(&column.name)));
        let [number, archive] = ["mat_no", "archive"].map(column);
        let name = firm.column(matter, "matter.name").and_then(|name| column(&name.name));
        if let Some(number) = number {
            self.add(&number, "matter_number");
        }
        if let Some(name) = name {
            self.add(&name, "matter_name");
        }
        let own = self.named("archive").map(|own| format!("WHEN {own} = 1 THEN 'archived' "));
        let of_matter = archive.map(|archive| format!("WHEN {archive} = 1 THEN 'archived matter' "));
        if own.is_some() || of_matter.is_some() {
            let cases = own.into_iter().chain(of_matter).collect::<String>();
            self.add(&format!("CASE {cases}END"), "withdrawn");
        }
        self.matter = Some(matter);
    }

    /// What is archived leaves the phones.
    pub(super) fn archived(&mut self) {
        if let Some(archive) = self.named("archive") {
            self.add(&format!("CASE WHEN {archive} = 1 THEN 'archived' END"), "withdrawn");
        }
    }

    /// The pair of day and time of the last change; or the day alone where the database knows it as one, with its time perhaps.
    pub(super) fn changed(&mut self) {
        if self.is("m_date", ColumnInfo::is_day) {
            self.known("m_date", "changed");
        } else if self.table.has("m_date") && self.table.has("m_time") {
            self.converted("m_date", "changed", "clarion-date");
            self.converted("m_time", "changed_2", "clarion-time");
        }
    }

    /// What rows of one entry have in common, as it was answered; else the marks of change, by which a query is read that has
    /// no such thing.
    pub(super) fn link(&mut self, firm: &Firm<'_>, id: &str, alike: &[&str]) {
        let dialect = self.dialect;
        match firm.chosen(id) {
            Some(word) if word.eq_ignore_ascii_case("alike") && !self.table.has("alike") => {
                let slash = dialect.literal("/");
                let named = alike.iter().filter_map(|column| self.named(column));
                let parts = named.map(|value| format!("COALESCE({}, '')", dialect.as_text(&value, 200)));
                let joined: Vec<String> = parts.flat_map(|part| [slash.clone(), part]).skip(1).collect();
                self.add(&dialect.joined(&joined), "group");
            }
            Some(column) if self.table.has(column) => {
                // The first row of an entry may link to nothing, and the others to it.
                let link = dialect.as_text(&self.name(column), 40);
                let key = dialect.as_text(&self.name("sysid"), 40);
                self.add(&format!("COALESCE(NULLIF(NULLIF({link}, ''), '0'), {key})"), "group");
            }
            _ => self.changed(),
        }
    }

    /// The columns, one a line.
    pub(super) fn columns(&self) -> String {
        self.columns.join(",\n       ") + "\n"
    }

    /// The statement as a mapping has it. `groups` is the alias of who is behind codes, if they are joined.
    pub(super) fn statement(&self, groups: &str) -> String {
        let (dialect, alias) = (self.dialect, self.alias);
        let mut sql = format!("SELECT {}FROM {} {alias}\n", self.columns(), dialect.place(self.table));
        // Writing into a text cannot fail.
        if !groups.is_empty() {
            let _ = writeln!(sql, "LEFT JOIN {{groups}} {groups} ON {groups}.code = {}", self.name("staff"));
        }
        if let Some(matter) = self.matter {
            let key = dialect.name(matter.column("sysid").map_or("sysid", |column| column.name.as_str()));
            let _ = writeln!(sql, "LEFT JOIN {} m ON m.{key} = {}", dialect.place(matter), self.name("mat_id"));
        }
        format!("sql = {}", quoted(&sql))
    }

    /// Converters and value maps.
    pub(super) fn maps(&self) -> String {
        let mut lines = String::new();
        for (word, converter) in &self.converters {
            let _ = writeln!(lines, "convert.{word} = \"{converter}\"");
        }
        lines.extend(self.maps.iter().map(String::as_str));
        lines
    }
}

/// SQL as a TOML file has it, with its line end.
pub(super) fn quoted(sql: &str) -> String {
    format!("\"\"\"\n{}\n\"\"\"\n", sql.trim_end().replace('\\', "\\\\"))
}
