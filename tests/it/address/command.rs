//! `address`, as people and scripts meet it.

use std::io::{BufRead as _, BufReader};

use insta::assert_snapshot;
use pocketdocket::simulator::{EchoManner, Running, Settings, Simulator};

use super::seen_as;
use crate::cli::Place;

/// An outer world that commands run beside.
struct World {
    runtime: tokio::runtime::Runtime,
    running: Running,
}

impl World {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let settings = Settings { outer: seen_as(Some("203.0.113.7"), None), ..Settings::default() };
        let running = runtime.block_on(Simulator::start(settings)).expect("a free port");
        Self { runtime, running }
    }

    /// An installation that asks its echo services.
    fn place(&self) -> Place {
        let place = Place::installed();
        let (one, other) = (self.running.echo_url("a"), self.running.echo_url("b"));
        place.configure(&format!(
            "[address]\necho = [\"{one}\", {{ url = \"{other}/json\", field = \"/client/ip\" }}]\ntime_out_seconds = 2\n"
        ));
        place
    }

    fn run(&self, place: &Place, line: &str) -> String {
        place.run(line).replace(&self.running.address().port().to_string(), "PORT")
    }

    fn stop(self) {
        self.runtime.block_on(self.running.shutdown());
    }
}

#[test]
fn the_address_is_shown_with_who_says_so() {
    let world = World::start();
    let place = world.place();
    assert_snapshot!(world.run(&place, "address show"), @r"
    exit code: 0
    ----- stdout
    IPv4  203.0.113.7      2 of 2 echo services agree
    IPv6  none             no echo service sees this machine so

    ECHO SERVICE                        ASKED OVER  SAYS
    http://127.0.0.1:PORT/echo/a       IPv4        203.0.113.7
    http://127.0.0.1:PORT/echo/b/json  IPv4        203.0.113.7
    ----- stderr
    ");
    world.running.come_from(seen_as(Some("198.51.100.9"), None));
    let shown = world.run(&place, "address show");
    assert!(shown.contains("IPv4  198.51.100.9") && shown.contains("203.0.113.7 until MOMENT"), "{shown}");
    let output = place.command("address show --json").output().expect("starts");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["addresses"][0]["family"], "v4");
    assert_eq!(json["addresses"][0]["address"], "198.51.100.9");
    assert_eq!(json["addresses"][0]["before"], "203.0.113.7");
    assert_eq!(json["answers"].as_array().map(Vec::len), Some(4), "two services, over two families");
    world.stop();
}

#[test]
fn services_that_contradict_each_other_or_are_silent_are_told_with_what_was_known() {
    let world = World::start();
    let place = world.place();
    assert!(world.run(&place, "address show").starts_with("exit code: 0"));
    world.running.set_echo("a", EchoManner::Says { address: "198.51.100.66".parse().expect("an address") });
    assert_snapshot!(world.run(&place, "address show"), @r"
    exit code: 1
    ----- stdout
    IPv4  unclear          the echo services contradict each other; the last known one is 203.0.113.7, seen MOMENT
    IPv6  none             no echo service sees this machine so

    ECHO SERVICE                        ASKED OVER  SAYS
    http://127.0.0.1:PORT/echo/a       IPv4        198.51.100.66
    http://127.0.0.1:PORT/echo/b/json  IPv4        203.0.113.7
    ----- stderr
    ");
    for name in ["a", "b"] {
        world.running.set_echo(name, EchoManner::Down);
    }
    assert_snapshot!(world.run(&place, "address show"), @r"
    exit code: 3
    ----- stdout
    IPv4  none             no echo service sees this machine so; the last known one is 203.0.113.7, seen MOMENT
    IPv6  none             no echo service sees this machine so

    ECHO SERVICE                        ASKED OVER  SAYS
    http://127.0.0.1:PORT/echo/a       IPv4        nothing: it answered with an error
    http://127.0.0.1:PORT/echo/b/json  IPv4        nothing: it answered with an error
    ----- stderr
    ");
    world.stop();
}

#[test]
fn without_echo_services_it_is_told_how_to_name_some() {
    let place = Place::installed();
    assert_snapshot!(place.run("address show"), @r#"
    exit code: 2
    ----- stdout
    ----- stderr
    error: nobody can tell this machine's public address: no echo services are set
    hint: name two or more that have nothing to do with each other, as `echo` in section `[address]`: `echo = ["https://...", "https://..."]`. An own one on another line does as well: any page that answers with the address a request comes from
    "#);
}

#[test]
fn one_service_alone_is_refused_in_the_configuration() {
    let place = Place::installed();
    place.configure("[address]\necho = [\"https://echo.example/ip\"]\n");
    assert_snapshot!(place.run("address show"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: the setting `address.echo` in `pocketdocket.toml` cannot be used: one service alone proves nothing: name two or more that have nothing to do with each other
    hint: correct the file and run `pocketdocket check`; every setting is explained in `docs/reference/settings.md`
    ");
}

#[test]
fn a_watcher_sees_the_change() {
    let world = World::start();
    let place = world.place();
    let once = world.run(&place, "address watch --once");
    assert!(once.contains("MOMENT  IPv4  203.0.113.7\n"), "{once}");
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
        .args(["--config", "pocketdocket.toml", "address", "watch", "--every", "1", "--for", "30"])
        .current_dir(place.path("."))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with("IPv4  203.0.113.7")), "the first look");
    world.running.come_from(seen_as(Some("198.51.100.9"), None));
    assert!(lines.any(|line| line.ends_with("IPv4  198.51.100.9, was 203.0.113.7")), "the change");
    let _ = child.kill();
    let _ = child.wait();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
        .args(["--config", "pocketdocket.toml", "address", "watch", "--for", "18446744073709551615"])
        .current_dir(place.path("."))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("starts");
    let first = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok).next();
    let _ = child.kill();
    let _ = child.wait();
    assert!(first.is_some_and(|line| line.contains("IPv4  ")), "longer than any clock goes is no end");
    world.stop();
}
