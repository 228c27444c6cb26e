//! Readiness and watchdog towards the service manager, and the wish to stop.
//!
//! On Linux these are systemd's notifications ([`sd_notify`](https://www.freedesktop.org/software/systemd/man/sd_notify.html));
//! without a service manager, and on other systems, they do nothing. A failed notification never stops the work: the watchdog
//! notices by itself.

mod notify;
mod stop;

pub use notify::{ready, status, stopping, watchdog, watchdog_interval};
pub use stop::Signals;
