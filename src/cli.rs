//! Street doors: one file per command.
