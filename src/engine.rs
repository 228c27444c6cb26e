//! Rooms where things happen: the tick, one mailbox's cycle, execution, recovery, proof.
