use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use super::office::Office;

/// The service as a child process. It is killed when this is dropped.
pub(super) struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts it; what it logs goes to a file of this name.
    pub(super) fn start(office: &Office, log: &str) -> Self {
        let log = office.path(log);
        let file = fs::File::create(&log).expect("a file for the log");
        let child = office.command(&["run", "--log", "info"]).stderr(file).spawn().expect("the binary starts");
        Self { child, log }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("the log is text")
    }

    /// Its exit code, once it has ended by itself.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it can be asked")
    }

    /// Waits, for a minute at most, while it works.
    pub(super) fn wait_until(&mut self, what: &str, mut reached: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !reached(self) {
            assert_eq!(self.ended(), None, "it ended before {what}\n{}", self.log());
            assert!(Instant::now() < deadline, "no sign of {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it as a power cut would: no handler runs.
    pub(super) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop in good order.
    pub(super) fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().expect("there is kill");
        assert!(asked.success());
        let deadline = Instant::now() + Duration::from_mins(1);
        let status = loop {
            if let Some(status) = self.ended() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not stop\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        };
        assert!(status.success(), "{}", self.log());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
