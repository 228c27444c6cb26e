//! Named points at which a test may end the process, as a power cut would: no destructor runs, nothing is flushed.
//!
//! The environment says where and at which pass: `POCKETDOCKET_CRASH_AT=after-wire:3`. Release builds have no such points.

/// Every point, for the test that visits them all.
pub const ALL: &[&str] = &[
    "before-observation",
    "after-observation",
    "before-intent",
    "after-intent",
    "after-wire",
    "after-read-back",
    "before-settle",
    "after-settle",
    "after-claim",
    "after-recovery",
];

/// The points at which the move of a mailbox can be cut off.
pub const OF_MOVES: &[&str] =
    &["move-begun", "move-looked", "move-some-stamped", "move-stamped", "move-before-switch", "move-switched"];

/// The points at which a change of the master key can be cut off.
pub const OF_KEYS: &[&str] = &["key-accepted", "key-kept", "key-told", "key-alone"];

/// Ends the process here if the environment says so.
pub(crate) fn pass(name: &'static str) {
    #[cfg(debug_assertions)]
    {
        use std::sync::{LazyLock, Mutex};
        static WANTED: LazyLock<Option<(String, Mutex<u64>)>> = LazyLock::new(|| {
            let wanted = std::env::var("POCKETDOCKET_CRASH_AT").ok()?;
            let (name, count) = wanted.split_once(':').unwrap_or((wanted.as_str(), "1"));
            Some((name.to_owned(), Mutex::new(count.parse().ok()?)))
        });
        debug_assert!(
            [ALL, OF_KEYS, OF_MOVES].iter().any(|points| points.contains(&name)),
            "`{name}` is missing from the list of points"
        );
        if let Some((wanted, left)) = WANTED.as_ref().filter(|(wanted, _)| wanted == name) {
            let mut left = left.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *left = left.saturating_sub(1);
            if *left == 0 {
                tracing::warn!(point = %wanted, "ending the process, as the environment asks");
                std::process::abort();
            }
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}
