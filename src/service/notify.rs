use std::time::Duration;

/// The start is finished: nothing more needs a person before work begins.
pub fn ready() {
    #[cfg(target_os = "linux")]
    send(&sd_notify::NotifyState::Ready);
}

/// One line for `systemctl status`. Counts and times; never a name from the practice database.
pub fn status(line: &str) {
    #[cfg(target_os = "linux")]
    send(&sd_notify::NotifyState::Status(line));
    #[cfg(not(target_os = "linux"))]
    let _ = line;
}

/// Work goes on. To be called at least every [`watchdog_interval`].
pub fn watchdog() {
    #[cfg(target_os = "linux")]
    send(&sd_notify::NotifyState::Watchdog);
}

/// The stop has begun: what is in flight is being settled.
pub fn stopping() {
    #[cfg(target_os = "linux")]
    send(&sd_notify::NotifyState::Stopping);
}

/// How often [`watchdog`] should be called: half of what the service manager waits for. `None` if it does not watch us.
pub fn watchdog_interval() -> Option<Duration> {
    #[cfg(target_os = "linux")]
    return sd_notify::watchdog_enabled().map(|limit| limit / 2);
    #[cfg(not(target_os = "linux"))]
    None
}

#[cfg(target_os = "linux")]
fn send(state: &sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::debug!(%error, "could not tell the service manager");
    }
}
