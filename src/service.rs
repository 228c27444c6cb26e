//! Readiness and watchdog towards the service manager.
