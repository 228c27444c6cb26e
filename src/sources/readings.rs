use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{
    Settings,
    mapping::{Mapping, Query, normalised},
};
use crate::{
    domain::{Fingerprint, Kind, QueryName},
    ports::Failure,
};

/// Which revision of our own reading of rows is at work: raise it when the same row becomes another record (another conversion of
/// a column, another way to resolve times). How records are rendered has a revision of its own.
pub(super) const READING_REVISION: u32 = 1;

/// How the rows of each query are read: by name, what people may want to know of it.
pub type Readings = BTreeMap<(Kind, QueryName), BTreeMap<String, String>>;

/// Everything in settings and mapping on which it depends what a row says. How often rows are read, and from where, does not
/// count; nor do layout and comments of a query.
///
/// # Errors
/// As for [`open`](super::open).
pub fn readings(settings: &Settings) -> Result<Readings, Failure> {
    let mapping = Mapping::load(settings)?;
    let of = |query: &Query| Some(((query.kind?, query.name.clone()), of(query, settings)));
    Ok(mapping.queries.iter().filter_map(of).collect())
}

fn of(query: &Query, settings: &Settings) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::from([("reading revision".to_owned(), READING_REVISION.to_string())]);
    if let Some(kind) = query.kind {
        parts.insert(format!("mapping of {kind}s, query `{}`", query.name), digest(query));
        parts.insert("zone of the practice database".to_owned(), settings.source_zone.name().to_owned());
        if kind == Kind::Event {
            let minutes = format!("{} minutes", settings.event_minutes);
            parts.insert("length of an event without an end".to_owned(), minutes);
        }
    }
    parts
}

/// A short name for what a query says its rows are.
fn digest(query: &Query) -> String {
    let Query { sql, links, all_day_end, category_separator, converters, values, .. } = query;
    let (sql, links) = (normalised(sql), links.as_ref().map(|links| normalised(&links.sql)));
    let said = format!("{sql}\n{links:?}\n{all_day_end:?}\n{category_separator:?}\n{converters:?}\n{values:?}");
    Fingerprint(Sha256::digest(said).into()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_of(sql: &str) -> String {
        let head =
            "[practice]\nname = \"T\"\nconnector = \"sqlite\"\n[people]\nsql = \"SELECT id FROM p\"\n[[tasks]]\n";
        let text = format!("{head}sql = \"\"\"{sql}\"\"\"");
        let mapping = Mapping::parse("test", &text, &BTreeMap::new()).expect("a good mapping");
        digest(&mapping.queries[0])
    }

    #[test]
    fn layout_and_comments_do_not_count_and_everything_else_does() {
        let plain = digest_of("SELECT id AS key, person, title AS subject FROM t WHERE a = 'x  y'");
        assert_eq!(
            plain,
            digest_of("SELECT id AS key, person, -- who\n   title AS subject\nFROM t /* all */ WHERE a = 'x  y'")
        );
        assert_ne!(plain, digest_of("SELECT id AS key, person, upper(title) AS subject FROM t WHERE a = 'x  y'"));
        assert_ne!(plain, digest_of("SELECT id AS key, person, title AS subject FROM t WHERE a = 'x y'"), "a literal");
    }
}
