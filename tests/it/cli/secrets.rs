//! Planted passwords and codes appear nowhere: no output, no log, no list of processes, no file.

mod scan;
mod search;

use std::{fs, io::Write as _, path::Path, process::Stdio, time::Duration};

use pocketdocket::state::{Attempt, Effect, KeptState, LedgerError};

use super::{Place, confirm::Exchange};

/// Every file below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("is a folder").flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A password in the shapes in which it might leak.
fn shapes(password: &str) -> Vec<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let pair = format!("weber@kanzlei.example:{password}");
    vec![password.to_owned(), STANDARD.encode(password), STANDARD.encode(pair)]
}

#[test]
fn a_password_is_in_no_output_no_log_and_no_file() {
    let exchange = Exchange::start();
    let place = exchange.place();
    for password in ["planted-Passwort-7", "planted-wrong"] {
        for options in ["", "--unverified"] {
            let output = place
                .command(&format!("--log trace --log-format json user link weber --password-stdin {options}"))
                .write_stdin(format!("{password}\n"))
                .output()
                .expect("starts");
            for shape in shapes(password) {
                assert!(!contains(&output.stdout, &shape) && !contains(&output.stderr, &shape), "{options}");
            }
        }
        for line in ["--log trace check --online", "--log trace user show weber --json", "--log trace status --json"] {
            let output = place.command(line).output().expect("starts");
            for shape in shapes(password) {
                assert!(!contains(&output.stdout, &shape) && !contains(&output.stderr, &shape), "{line}");
            }
        }
    }
    for path in files(&place.path("")) {
        let bytes = fs::read(&path).expect("is ours");
        for shape in ["planted-Passwort-7", "planted-wrong"].into_iter().flat_map(shapes) {
            assert!(!contains(&bytes, &shape), "{} holds a password", path.display());
        }
    }
}

#[test]
fn the_secret_of_a_service_account_is_in_no_output_no_log_and_no_file() {
    let exchange = Exchange::start();
    exchange.running.add_service_account("dienst", "planted-Dienst-7".into()).expect("an account");
    let place = Place::installed();
    let url = exchange.running.ews_url();
    place.command(&format!("service-account add exchange --login dienst --url {url}")).assert().success();
    let line = "user add weber --person HW --mailbox weber@kanzlei.example --service-account exchange";
    place.command(line).assert().success();
    let shapes = |password: &str| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        [shapes(password), vec![STANDARD.encode(format!("dienst:{password}"))]].concat()
    };
    let mut said = Vec::new();
    for password in ["planted-Dienst-6", "planted-Dienst-7"] {
        let mut giving = place.command("--log trace --log-format json service-account link exchange --password-stdin");
        said.push(giving.write_stdin(format!("{password}\n")).output().expect("starts"));
    }
    assert!(place.ledger().account_password(&"exchange".parse().expect("a name")).expect("read").is_some());
    for line in [
        "user link weber",
        "service-account show exchange --json",
        "service-account check exchange --json",
        "user show weber --json",
        "check --online",
        "status --json",
    ] {
        said.push(place.command(&format!("--log trace {line}")).output().expect("starts"));
    }
    for shape in ["planted-Dienst-6", "planted-Dienst-7"].into_iter().flat_map(shapes) {
        for output in &said {
            assert!(!contains(&output.stdout, &shape) && !contains(&output.stderr, &shape));
        }
        for path in files(&place.path("")) {
            assert!(!contains(&fs::read(&path).expect("is ours"), &shape), "{} holds it", path.display());
        }
    }
    exchange.stop();
}

#[cfg(target_os = "linux")]
#[test]
fn a_password_is_in_no_list_of_processes() {
    let exchange = Exchange::start();
    let place = exchange.place();
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
        .args(["user", "link", "weber", "--password-stdin"])
        .current_dir(place.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("is piped");
    input.write_all(b"planted-Passwort-7").expect("it listens");
    std::thread::sleep(Duration::from_millis(100));
    // Without the end of the line it still reads, and can be looked at.
    for name in ["cmdline", "environ"] {
        let bytes = fs::read(format!("/proc/{}/{name}", child.id())).expect("it runs");
        assert!(!contains(&bytes, "planted"), "{name}");
    }
    drop(input);
    assert!(child.wait().expect("ends").success());
}

#[test]
fn the_ledger_holds_no_code() {
    let place = Place::installed();
    let ledger = place.ledger();
    place.command("user add weber --person HW --mailbox weber@kanzlei.example").assert().success();
    let name = "weber".parse().expect("is a name");
    let code = pocketdocket::auth::confirmation::Code::parse("498213").expect("is a code");
    let state =
        pocketdocket::auth::confirmation::Confirmation::default().issue("x", &code, [1; 16], jiff::Timestamp::now());
    let state = serde_json::to_value(state).expect("is JSON");
    let now = jiff::Timestamp::now();
    ledger
        .attempt_confirmation(&name, "test", now, |_, kept| {
            let kept = KeptState { codes: Some(state), ..kept };
            Ok::<_, LedgerError>(Attempt { kept, effect: Effect::Nothing, event: None, verdict: () })
        })
        .expect("is kept");
    for path in files(&place.path("data")) {
        let bytes = fs::read(&path).expect("is ours");
        assert!(!contains(&bytes, "498213") && !contains(&bytes, "498 213"), "{}", path.display());
    }
}
