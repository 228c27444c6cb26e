//! Every body validates against Graph's own description of its types, in the strict form that knows no other properties. Needs
//! Python with `jsonschema` (tests/conformance/run installs it) and the description; says so and passes where they are missing.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::*;
use crate::exchange::{
    any::{any_text, body, change, new_item, plain_text, record, reference, value},
    graph::{ask::Ask, batch},
};

/// Records per kind; each is created and updated.
const RECORDS: usize = 120;

const VALIDATE: &str = r"
import json, sys
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
description = json.load(open(sys.argv[1]))
registry = Registry().with_resource('urn:g', Resource.from_contents(description, default_specification=DRAFT202012))
validators = {}
count = 0
for line in sys.stdin:
    name, body = json.loads(line)
    if name not in validators:
        validators[name] = Draft202012Validator({'$ref': 'urn:g#/components/schemas/' + name}, registry=registry)
    for error in validators[name].iter_errors(body):
        print(name, error.json_path, error.message[:200])
    count += 1
print('checked', count)
";

/// Name of the type, and a body.
fn all_bodies() -> Vec<(&'static str, Json)> {
    let mut bodies = Vec::new();
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    for kind in Kind::ALL {
        let name = match kind {
            Kind::Contact => "microsoft.graph.contact",
            Kind::Event => "microsoft.graph.event",
            Kind::Task => "microsoft.graph.todoTask",
        };
        let mut records: Vec<_> =
            (0..RECORDS).map(|_| (record(kind, any_text()), body()).new_tree(&mut runner).unwrap().current()).collect();
        // Every field alone, with a value and NULL.
        for field in Field::ALL.iter().filter(|field| field.belongs_to(kind)) {
            let value = value(*field, plain_text().boxed()).new_tree(&mut runner).unwrap().current();
            records.push((Record::new(kind).with(*field, value), None));
            records.push((Record::new(kind).with(*field, None), None));
        }
        let mut asks = Vec::new();
        for (record, body) in records {
            let created =
                codec().create(&new_item(record.clone(), body.clone()), Some("0f3c4a52-6c2a-4a0e-9d5b-5b8a5f3f0001"));
            assert!(created.get("attendees").is_none());
            if let Some(patch) = codec().update(&change(&record, body), Some(&created)) {
                asks.push(Ask::patch("/me/events/AAMk".to_owned(), patch.clone()).if_match("W/\"x\""));
                bodies.push((name, patch));
            }
            bodies.push((name, created));
        }
        for chunk in asks.chunks(batch::LONGEST_CHAIN) {
            bodies.push(("batchRequest", batch::request(chunk, true)));
        }
    }
    bodies.push((
        "microsoft.graph.linkedResource",
        task::Link { stamp: Some("v1/x"), page: Some("https://practice.example/7") }.to_json(),
    ));
    bodies
}

/// A Python that has what is needed.
fn python() -> Option<String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/conformance/bin/python");
    let candidates = [own.to_string_lossy().into_owned(), "python3".to_owned()];
    let has = |python: &String| {
        let tried = Command::new(python).args(["-c", "import jsonschema, referencing"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    candidates.into_iter().find(has)
}

#[test]
fn every_body_validates_against_the_description_of_graph() {
    let Some(description) = reference("schemas/graph/graph-v1.0-push.strict.openapi.json") else { return };
    let Some(python) = python() else {
        assert!(
            std::env::var_os("POCKETDOCKET_CONFORMANCE").is_none(),
            "tests/conformance/run promised that jsonschema is installed"
        );
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: Python has no `jsonschema` here (tests/conformance/run installs it)");
        }
        return;
    };
    let bodies = all_bodies();
    assert!(bodies.len() > 600, "{}", bodies.len());
    let mut child = Command::new(python)
        .args(["-c", VALIDATE])
        .arg(description)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: String = bodies.iter().map(|body| serde_json::to_string(body).unwrap() + "\n").collect();
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    assert_eq!(
        said.trim(),
        format!("checked {}", bodies.len()),
        "{}",
        said.lines().take(12).collect::<Vec<_>>().join("\n")
    );
}
