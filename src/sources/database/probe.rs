use sha2::{Digest, Sha256};

use super::{
    Shared,
    statements::{changed_sql, validate, wrapped},
};
use crate::{
    ports::{Failure, Probe},
    sources::{
        cell::{Cell, hex},
        learn,
        session::Session,
    },
};

/// Looks around and tries the mapping, without reading a row of it.
pub(super) fn probe(shared: &Shared, session: &mut dyn Session) -> Result<Probe, Failure> {
    let look = session.look()?;
    let mut shape = Sha256::new();
    for part in &look.shape {
        shape.update(u64::try_from(part.len()).unwrap_or_default().to_be_bytes());
        shape.update(part);
    }
    let schema: [u8; 32] = shape.finalize().into();
    let catalogue = learn::Catalogue::told_by(session, learn::Dialect::of(shared.mapping.connector))?;
    let recognised: Vec<String> = learn::recognise(&catalogue).iter().flat_map(learn::Home::sentences).collect();
    // A mapping that is not complete yet need not fit yet.
    let complete = shared.mapping.open_questions.is_empty();
    if complete {
        // Whoever has to mend the mapping needs to see what is there.
        validate(&shared.settings, &shared.mapping, session).map_err(|mut failure| {
            failure.evidence.push(format!("tables: {}", look.tables.join(", ")));
            failure.evidence.extend(recognised.iter().cloned());
            failure
        })?;
    }
    let mut remarks = look.remarks;
    for query in shared.mapping.queries.iter().filter(|query| complete && query.hinted) {
        let columns = session.columns(&wrapped(&query.sql), &format!("the query `{}`", query.name))?;
        let sql = changed_sql(query, &columns, &Cell::Text(String::new()), false);
        if session.looks_at_every_row(&sql)? {
            remarks.push(format!(
                "the query `{}` looks at every row to find what changed; an index on its `changed` column would spare that",
                query.name
            ));
        }
    }
    Ok(Probe {
        version: look.version,
        writable: look.writable,
        tables: look.tables,
        schema: hex(schema.get(..16).unwrap_or(&schema)),
        recognised,
        open_questions: shared.mapping.open_questions.clone(),
        remarks,
    })
}
