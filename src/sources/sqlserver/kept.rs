use std::sync::{Mutex, PoisonError};

use super::connect::Line;

/// A connection that ended its last reading well, kept for the next one. One that was broken off is never kept.
#[derive(Default)]
pub(in crate::sources) struct Kept(Mutex<Option<Idle>>);

struct Idle {
    line: Line,
    /// Of the password that opened it.
    password: [u8; 32],
}

impl Kept {
    /// The connection, if there is one that was opened with this password. Another one ends here.
    pub(super) fn take(&self, password: [u8; 32]) -> Option<Line> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        kept.filter(|kept| kept.password == password).map(|kept| kept.line)
    }

    pub(super) fn keep(&self, line: Line, password: [u8; 32]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Idle { line, password });
    }
}
