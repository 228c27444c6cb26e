//! The engine at work: a real SQLite practice database, a real ledger, the simulator behind real sockets. Each test does
//! something to the practice or to the mailbox, lets the clock beat, and looks at the phone.

mod address_book;
mod adoption;
mod brakes;
mod costs;
mod cross;
pub(crate) mod doors;
mod explain;
mod faults;
mod firm;
mod first_sync;
mod grouped;
mod handover;
mod leavers;
mod loss;
mod meaning;
mod moving;
#[cfg(target_os = "linux")]
mod on_a_server;
mod phone;
mod reconfirm;
mod scopes;
mod shut;
mod sign_in;
mod storm;
mod undo;
mod walls;
