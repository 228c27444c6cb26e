use std::io;

/// Waits until somebody asks the process to stop: SIGTERM (a service manager) or SIGINT (Ctrl-C). The handlers stand from the
/// first poll on and to the end of the process, so call it before work begins; calling it again waits for another signal.
///
/// # Errors
/// The system's, if no handler can be installed.
pub async fn stop_requested() -> io::Result<&'static str> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => Ok("SIGTERM"),
            _ = interrupt.recv() => Ok("SIGINT"),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await?;
        Ok("Ctrl-C")
    }
}
