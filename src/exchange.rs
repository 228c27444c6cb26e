//! Mailboxes: transport, throttle and the protocols.
