use crate::sources::cell::Cell;

/// The tables of a database with their columns, as its metadata tells: a row of `INFORMATION_SCHEMA.COLUMNS` for each column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Tables and views, in the order in which they were told.
    pub tables: Vec<Table>,
}

/// One table or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its schema or owner.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns, in their order.
    pub columns: Vec<ColumnInfo>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its type, as the database calls it.
    pub sort: String,
}

impl Catalogue {
    /// Takes one row of metadata; those of one table follow each other.
    pub fn add(&mut self, schema: &str, table: &str, column: &str, sort: &str) {
        let column = ColumnInfo { name: column.to_owned(), sort: sort.to_lowercase() };
        match self.tables.last_mut().filter(|last| last.schema == schema && last.name == table) {
            Some(last) => last.columns.push(column),
            None => {
                self.tables.push(Table { schema: schema.to_owned(), name: table.to_owned(), columns: vec![column] });
            }
        }
    }

    /// Takes one row of metadata as the database gives it. What is no text is no name.
    pub(super) fn row(&mut self, cells: &[Cell]) {
        let text = |cell: &Cell| match cell {
            Cell::Text(text) => Some(text.clone()),
            // Some servers give their metadata as bytes.
            Cell::Blob(bytes) => String::from_utf8(bytes.clone()).ok(),
            _ => None,
        };
        if let [Some(schema), Some(table), Some(column), sort] = [0, 1, 2, 3].map(|at| cells.get(at).and_then(text)) {
            self.add(&schema, &table, &column, &sort.unwrap_or_default());
        }
    }

    /// The table of that name in a schema. Case does not count, as it does not for most servers.
    #[must_use]
    pub fn table(&self, schema: &str, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.schema == schema && table.name.eq_ignore_ascii_case(name))
    }

    /// The tables of a schema.
    pub fn in_schema<'c>(&'c self, schema: &'c str) -> impl Iterator<Item = &'c Table> {
        self.tables.iter().filter(move |table| table.schema == schema)
    }

    /// The schemas, each once.
    #[must_use]
    pub fn schemas(&self) -> Vec<&str> {
        let mut schemas: Vec<&str> = Vec::new();
        for table in &self.tables {
            if !schemas.contains(&table.schema.as_str()) {
                schemas.push(&table.schema);
            }
        }
        schemas
    }
}

impl Table {
    /// The column of that name; case does not count.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnInfo> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Whether it has a column of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.column(name).is_some()
    }
}

impl ColumnInfo {
    /// Whether it holds whole numbers.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.sort.contains("int") && !self.sort.contains("interval") && !self.sort.contains("point")
    }

    /// Whether it holds text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        ["char", "text", "clob"].iter().any(|word| self.sort.contains(word))
    }

    /// Whether it holds days of the database's own, with a time of day perhaps.
    #[must_use]
    pub fn is_day(&self) -> bool {
        self.sort.contains("date") || self.sort.contains("timestamp with")
    }

    /// Whether it holds times of day of the database's own, with a day perhaps.
    #[must_use]
    pub fn is_time(&self) -> bool {
        self.sort.contains("time") && !self.is_bytes()
    }

    /// Whether it may hold much that nobody can read.
    #[must_use]
    pub fn is_bytes(&self) -> bool {
        let bytes = ["blob", "binary", "image", "bytea", "rowversion", "xml", "variant"];
        // With SQL Server a `timestamp` is a count of changes; PostgreSQL says more of its own.
        bytes.iter().any(|word| self.sort.contains(word))
            || self.sort.contains("timestamp") && !self.sort.contains("timestamp with")
    }
}

/// Whether a mapping can carry a name. Braces would be placeholders there, and quotes and brackets would hide the end of a name
/// from who reads it; control characters hide anything.
#[must_use]
pub fn can_be_carried(name: &str) -> bool {
    let odd = |letter: char| letter.is_control() || "{}\"'`[]\\;:".contains(letter);
    !name.trim().is_empty() && name.chars().count() <= 128 && !name.contains(odd)
}

/// Whether a mapping can carry a code of the firm as text between quotes: braces would be placeholders there.
pub(super) fn code_can_be_carried(code: &str) -> bool {
    !code.trim().is_empty() && !code.contains(|letter: char| letter.is_control() || "{}".contains(letter))
}
