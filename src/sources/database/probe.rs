use sha2::{Digest, Sha256};

use super::{
    Shared,
    statements::{changed_sql, validate, wrapped},
};
use crate::{
    ports::{Failure, Probe},
    sources::{
        cell::{Cell, hex},
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
    validate(&shared.settings, &shared.mapping, session)?;
    let mut remarks = look.remarks;
    for query in shared.mapping.queries.iter().filter(|query| query.hinted) {
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
        remarks,
    })
}
