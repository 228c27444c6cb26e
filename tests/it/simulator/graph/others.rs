//! Microsoft's own client of Graph uses the simulator (tests/conformance/graph.mjs).
//!
//! `tests/conformance/run` installs it and runs this; without it the test says so and is skipped.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use pocketdocket::simulator::Settings;
use serde_json::{Value, json};

use super::{ANNA, started_with};

#[tokio::test]
async fn the_client_of_microsoft_lists_creates_batches_and_follows_delta() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = root.join("target/conformance/node_modules");
    if !modules.join("@microsoft/microsoft-graph-client").exists() {
        assert!(
            std::env::var_os("POCKETDOCKET_CONFORMANCE").is_none(),
            "tests/conformance/run promised that Microsoft's client is installed"
        );
        #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
        {
            eprintln!("skipped: Microsoft's client is not installed; `tests/conformance/run` installs it");
        }
        return;
    }
    // It sends tokens over HTTPS only.
    let certificate = tempfile::NamedTempFile::new().expect("a file");
    let settings = Settings { https: true, ca_file: Some(certificate.path().to_owned()), ..Settings::default() };
    let (running, graph, _) = started_with(settings).await;
    // It comes back when it was told to.
    running.faults().add("unavailable,retry-after-seconds=1,operation=FindItem,times=1".parse().expect("a fault"));
    let mut child = Command::new("node")
        .args(["graph.mjs", running.graph_url().trim_end_matches("/v1.0")])
        .arg(&modules)
        .current_dir(root.join("tests/conformance"))
        .env("NODE_EXTRA_CA_CERTS", certificate.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut input = child.stdin.take().expect("is piped");
    writeln!(input, "{}", graph.token).expect("it reads the token");
    drop(input);
    let output =
        tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("it ends").expect("it ends");
    assert!(output.status.success(), "the client could not use the simulator: {}", output.status);
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        found,
        json!({
            "displayName": "Eva Muster", "jobTitle": "Notarin", "conflict": [412, "ErrorIrresolvableConflict", "string"],
            "start": {"dateTime": "2027-03-29T09:00:00.0000000", "timeZone": "Europe/Zurich"}, "linked": "v1/t",
            "batched": 20, "listed": 21, "delta": 21, "changes": ["Neu", "removed"],
        })
    );
    let view = running.mailbox(ANNA).expect("a mailbox");
    assert_eq!((view.contacts().len(), view.events().len(), view.tasks().len()), (21, 1, 1));
    assert!(running.faults().active().is_empty());
}
