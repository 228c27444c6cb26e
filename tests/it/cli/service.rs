//! The main job from the command line: plan, hold, release, sync; then the service beside the commands.

use std::{
    io::Read as _,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Place, confirm::Exchange};

fn json(place: &Place, line: &str) -> (Option<i32>, Value) {
    let output = place.command(line).output().expect("the binary starts");
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", place.shown(&output)));
    (output.status.code(), value)
}

/// Releases everything that waits, as a person would after looking.
pub(super) fn release_all(place: &Place) -> usize {
    let (_, holds) = json(place, "holds list --json");
    let holds = holds.as_array().expect("a list").clone();
    for hold in &holds {
        place.command(&format!("holds release {} --yes", hold["id"])).assert().success();
    }
    holds.len()
}

#[test]
fn the_first_sync_is_planned_held_shown_released_and_done() {
    let exchange = Exchange::start();
    let place = exchange.place();
    exchange.make_active(&place);

    let plan = place.run("plan");
    assert!(plan.starts_with("exit code: 1"), "{plan}");
    assert!(plan.contains("weber: 0 to create, 0 to update, 0 to delete, "), "{plan}");
    assert!(plan.contains("  create  contact/contacts/"), "{plan}");
    assert!(json(&place, "holds list --json").1.as_array().is_some_and(Vec::is_empty), "a plan leaves nothing behind");

    let (exit, report) = json(&place, "sync --json");
    assert_eq!((exit, &report["cycles"][0]["counts"]["created"]), (Some(1), &Value::from(0)), "{report}");
    assert!(exchange.is_empty(), "nothing is written before it was released");
    assert!(release_all(&place) >= 3, "events, tasks and contacts wait");

    let (exit, report) = json(&place, "sync --json");
    assert_eq!(exit, Some(0), "{report}");
    let created = report["cycles"][0]["counts"]["created"].as_u64().expect("a number");
    assert!(created > 400, "{report}");
    place.command("status").assert().code(0);
    let (exit, plan) = json(&place, "plan --json");
    assert_eq!((exit, plan["cycles"][0]["operations"].as_array().map(Vec::len)), (Some(0), Some(0)), "{plan}");
    let (_, history) = json(&place, "history --user weber --limit 10 --json");
    assert_eq!(history.as_array().map(Vec::len), Some(10));

    // Away again, with everything that was written.
    let removed = place.run("user remove weber --withdraw");
    assert!(removed.starts_with("exit code: 0"), "{removed}");
    assert!(exchange.is_empty(), "what we wrote is gone");
    exchange.stop();
}

/// The service, as a service manager would run it.
pub(super) struct Service(Child);

impl Service {
    fn start(place: &Place) -> Self {
        Self::start_with(place, "info", Stdio::piped())
    }

    /// With this filter of the log, which goes there.
    pub(super) fn start_with(place: &Place, log: &str, messages: Stdio) -> Self {
        // No tick but the first and those that are asked for.
        let config = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("is there");
        place.write("pocketdocket.toml", &config.replace("*/2 * * * *", "0 0 1 1 *"));
        let child = Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
            .args(["run", "--log", log])
            .current_dir(place.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(messages)
            .spawn()
            .expect("the binary starts");
        let service = Self(child);
        let deadline = Instant::now() + Duration::from_secs(30);
        while json(place, "status --json").1["running"] != true {
            assert!(Instant::now() < deadline, "it does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        service
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(super) fn stop(mut self) -> (Option<i32>, String) {
        let killed = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().expect("there is kill");
        assert!(killed.success());
        let deadline = Instant::now() + Duration::from_mins(1);
        let status = loop {
            if let Some(status) = self.0.try_wait().expect("can be asked") {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not stop");
            std::thread::sleep(Duration::from_millis(50));
        };
        let mut log = String::new();
        if let Some(messages) = self.0.stderr.as_mut() {
            messages.read_to_string(&mut log).expect("the log is text");
        }
        (status.code(), log)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // A test that failed leaves nothing running.
        let _ = self.0.kill();
    }
}

#[cfg(unix)]
#[test]
fn commands_work_beside_the_service_which_stops_in_good_order() {
    let exchange = Exchange::start();
    let place = exchange.place();
    exchange.make_active(&place);
    let service = Service::start(&place);
    let second = place.run("run");
    assert!(second.starts_with("exit code: 3") && second.contains("another Pocket Docket runs"), "{second}");

    let asked = place.command("sync --json").output().expect("starts");
    assert!(String::from_utf8_lossy(&asked.stderr).contains("the service is running"), "{}", place.shown(&asked));
    assert!(release_all(&place) >= 3);
    let (exit, report) = json(&place, "sync --user weber --json");
    assert_eq!(exit, Some(0), "{report}");
    assert!(!exchange.is_empty());

    let (exit, log) = service.stop();
    assert_eq!(exit, Some(0), "{log}");
    assert!(log.contains("stopped in good order"), "{log}");
    // The log names users and counts, never content.
    assert!(!log.contains("kanzlei.example") && !log.contains("planted"), "{log}");
    assert_eq!(json(&place, "status --json").1["running"], false);
    exchange.stop();
}

#[cfg(target_os = "linux")]
#[test]
fn the_service_manager_hears_that_it_is_ready_alive_and_stopping() {
    let place = Place::installed();
    let socket = std::os::unix::net::UnixDatagram::bind(place.path("notify")).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("can be set");
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
        .arg("run")
        .current_dir(place.path(""))
        .env("NOTIFY_SOCKET", place.path("notify"))
        .env("WATCHDOG_USEC", "2000000")
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let heard = |wanted: &str| {
        let mut told = String::new();
        while !told.contains(wanted) {
            let mut message = [0; 512];
            let length = socket.recv(&mut message).unwrap_or_else(|error| panic!("`{wanted}`: {error}; heard {told}"));
            told.push_str(&String::from_utf8_lossy(message.get(..length).unwrap_or_default()));
            told.push('\n');
        }
    };
    heard("READY=1");
    heard("STATUS=");
    heard("WATCHDOG=1");
    heard("WATCHDOG=1");
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("there is kill");
    assert!(killed.success());
    heard("STOPPING=1");
    assert!(child.wait().expect("ends").success());
}

#[test]
fn the_simulator_runs_as_its_own_process() {
    let place = Place::empty();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
        .args(["simulator", "--port", "0", "--mailbox", "anna@kanzlei.example"])
        .current_dir(place.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut first = [0; 24];
    child.stdout.as_mut().expect("is piped").read_exact(&mut first).expect("it tells its address");
    assert!(first.starts_with(b"ews    http://127.0.0.1:"), "{}", String::from_utf8_lossy(&first));
    child.kill().expect("is ours");
    child.wait().expect("ends");
}
