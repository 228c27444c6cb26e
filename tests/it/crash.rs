//! What is left when the process ends where it should not: real child processes, aborted or killed, and begun again.
//!
//! Each test starts from an office whose mailbox is as the practice wants it, lets something happen, ends the product in the
//! middle of its work, starts it anew and compares the mailbox with the practice database: nothing doubled, nothing lost,
//! the user's own items and words untouched, and one more sync writes nothing.

mod adoption;
mod comparison;
mod disk;
mod loss;
mod moving;
pub(crate) mod office;
mod points;
mod random_kill;
mod service;
mod write_ahead;
