//! Whether a database is one of Time Matters: known by its tables and their columns, in whatever schema they lie. The facts were
//! seen in public sources and are told in `docs/decisions/0039-learning-time-matters.md`.

use super::{Catalogue, Table};

/// What is known: tables with the columns that were seen. The first four make Time Matters.
const FACTS: [(&str, &[&str]); 9] = [
    ("contact", &["sysid", "first_name", "last_name", "phone1", "ccode", "staff", "archive", "m_date", "m_time"]),
    ("matter", &["sysid", "mat_no", "staff", "archive", "m_date", "m_time"]),
    ("todo", &["sysid", "mat_id", "desc", "staff", "date", "ccode", "m_date", "m_time"]),
    ("staff", &["init", "first", "last"]),
    (
        "phone",
        &["sysid", "mat_id", "subject", "memo", "staff", "date", "time", "endtime", "in_out", "m_date", "m_time"],
    ),
    ("notes", &[]),
    ("mail", &[]),
    ("userid", &["staff"]),
    ("relatea", &["mid", "sid"]),
];

/// How many of the tables make Time Matters.
const CORE: usize = 4;

/// Columns without which a table of the core is another program's.
const SIGNATURES: [(&str, &[&str]); CORE] = [
    ("contact", &["sysid", "ccode"]),
    ("matter", &["sysid", "mat_no"]),
    ("todo", &["sysid", "staff", "date"]),
    ("staff", &["init"]),
];

/// Tables that are known to hold something else than appointments.
pub(super) fn is_known(table: &str) -> bool {
    FACTS.iter().any(|(known, _)| table.eq_ignore_ascii_case(known))
}

/// A schema with tables of Time Matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Its name.
    pub schema: String,
    /// How many of the known tables and columns it has, in percent.
    pub likeness: u32,
    /// Whether all tables are there that make Time Matters.
    pub complete: bool,
    /// Known tables that are there.
    pub tables: Vec<String>,
    /// Known tables and columns that are not, `table` or `table.column`.
    pub missing: Vec<String>,
    /// Which version it may be, and why.
    pub version: String,
}

/// The schemas that hold at least two of the tables that make Time Matters, the likeliest first.
#[must_use]
pub fn recognise(catalogue: &Catalogue) -> Vec<Home> {
    let mut homes: Vec<Home> = catalogue.schemas().into_iter().filter_map(|schema| home(catalogue, schema)).collect();
    homes.sort_by(|one, other| {
        (other.complete, other.likeness).cmp(&(one.complete, one.likeness)).then_with(|| one.schema.cmp(&other.schema))
    });
    homes
}

fn home(catalogue: &Catalogue, schema: &str) -> Option<Home> {
    let signed = |(table, columns): &(&str, &[&str])| {
        catalogue.table(schema, table).is_some_and(|table| columns.iter().all(|column| table.has(column)))
    };
    let core = SIGNATURES.iter().filter(|signature| signed(signature)).count();
    if core < 2 {
        return None;
    }
    let (mut tables, mut missing, mut there, mut all) = (Vec::new(), Vec::new(), 0_u32, 0_u32);
    for (name, columns) in FACTS {
        let table: Option<&Table> = catalogue.table(schema, name);
        all += 1 + u32::try_from(columns.len()).unwrap_or_default();
        match table {
            None => missing.push(name.to_owned()),
            Some(table) => {
                tables.push(table.name.clone());
                there += 1;
                for column in columns {
                    if table.has(column) {
                        there += 1;
                    } else {
                        missing.push(format!("{name}.{column}"));
                    }
                }
            }
        }
    }
    Some(Home {
        schema: schema.to_owned(),
        likeness: there * 100 / all,
        complete: core == CORE,
        tables,
        missing,
        version: version(catalogue, schema),
    })
}

/// A guess with its reason; nothing depends on it.
fn version(catalogue: &Catalogue, schema: &str) -> String {
    let lower = schema.to_lowercase();
    let number =
        |text: &str| (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned());
    let of_tm = lower.strip_prefix("tm").and_then(|rest| rest.strip_suffix("user")).and_then(number);
    let of_lntmu = lower.strip_prefix("lntmu").and_then(number);
    if let Some(number) = of_tm.or(of_lntmu) {
        return format!("perhaps version {number}: the owner's name says so");
    }
    if lower == "lntmuid" {
        let views = ["MatterView", "ContactView"].iter().all(|view| catalogue.table(schema, view).is_some());
        let views = if views { ", and it has the views MatterView and ContactView" } else { "" };
        return format!("a later one than 8: its owner was `tm8user`{views}; the number is not told");
    }
    "not known: the owner's name tells no number".to_owned()
}

impl Home {
    /// What was recognised, in sentences.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![
            format!("tables of Time Matters in the schema `{}`: {}", self.schema, self.tables.join(", ")),
            format!("version: {}", self.version),
        ];
        if !self.missing.is_empty() {
            sentences.push(format!("not there, although seen elsewhere: {}", self.missing.join(", ")));
        }
        if !self.complete {
            sentences.push("too little of it is there to be learned".to_owned());
        }
        sentences
    }
}
