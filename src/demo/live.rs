//! Life at the office while the demo runs.

use jiff::Timestamp;

use super::{Demo, DemoError};
use crate::sources::sample;

/// One edit of the practice database, as people at an office make it.
pub(super) fn change(demo: &Demo, step: u64) -> Result<String, DemoError> {
    let database = demo.folder.path().join("practice.db");
    let change = sample::change(&database, step, Timestamp::now())?;
    Ok(format!("{} ({})", change.what, change.key))
}
