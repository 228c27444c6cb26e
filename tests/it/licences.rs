//! What we build on may be given away with us: every dependency has a licence from the list, and none brings a second TLS
//! stack, a second clock or a second SQLite.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;
use spdx::{Expression, ParseMode};

use crate::repository;

/// Licences that ask for nothing but their own text. No copyleft; a new name here is a decision.
const ALLOWED: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Additions to a licence that only take duties away.
const ALLOWED_EXCEPTIONS: [&str; 1] = ["LLVM-exception"];

/// Crates that must not come back by way of somebody's default features, and why.
const UNWANTED: [(&str, &str); 7] = [
    ("openssl", "TLS is rustls; a shared OpenSSL must be kept patched on every customer's machine"),
    ("openssl-sys", "TLS is rustls; a shared OpenSSL must be kept patched on every customer's machine"),
    ("native-tls", "TLS is rustls, the same on every system"),
    ("ring", "aws-lc-rs is the one crypto provider; two of them panic at the first handshake"),
    ("chrono-tz", "zones come from jiff alone; two copies of the zone rules would disagree one day"),
    ("sqlx", "rusqlite is the one way to SQLite"),
    ("tokio-cron-scheduler", "the schedule is ours, over `cron`"),
];

/// Crates that others bring (certificates have dates) and that our own code must not speak: dates and times are jiff's.
const NEVER_OURS: [&str; 1] = ["time"];

/// Crates of which a second version would be a second stack at run time, not only a longer build.
const ONLY_ONCE: [&str; 7] = ["aws-lc-rs", "jiff", "libsqlite3-sys", "quick-xml", "reqwest", "rustls", "tokio"];

#[test]
fn every_dependency_may_be_given_away_with_us() {
    let metadata = metadata();
    let used: BTreeSet<&str> =
        list(&metadata["resolve"]["nodes"]).iter().filter_map(|node| node["id"].as_str()).collect();
    let packages: Vec<&Value> = list(&metadata["packages"])
        .iter()
        .filter(|package| package["id"].as_str().is_some_and(|id| used.contains(id)))
        .collect();
    assert!(packages.len() > 100, "cargo metadata shows only {} packages", packages.len());
    let trouble: Vec<String> = packages
        .iter()
        .filter_map(|package| {
            let licence = package["license"].as_str();
            let why = match licence {
                None => "has no licence expression".to_owned(),
                Some(expression) => refusal(expression)?,
            };
            Some(format!("{} {}: {why}", package["name"], package["version"]))
        })
        .collect();
    assert!(trouble.is_empty(), "licences that are not on the list:\n{}", trouble.join("\n"));
}

#[test]
fn expressions_are_read_as_expressions() {
    for fine in [
        "MIT",
        "MIT/Apache-2.0",
        "MIT OR GPL-3.0-only",
        "Apache-2.0 WITH LLVM-exception",
        "(MIT OR Apache-2.0) AND ISC",
    ] {
        assert_eq!(refusal(fine), None, "{fine}");
    }
    for refused in
        ["GPL-3.0-or-later", "MIT AND MPL-2.0", "LGPL-2.1-or-later", "AGPL-3.0", "Apache-2.0 WITH Foo", "free", ""]
    {
        assert!(refusal(refused).is_some(), "{refused}");
    }
}

#[test]
fn no_second_stack_comes_in_by_the_back_door() {
    let tree = tree();
    for (name, why) in UNWANTED {
        assert!(!tree.iter().any(|(crate_name, _)| crate_name == name), "`{name}` is in the tree, but {why}");
    }
    let metadata = metadata();
    let own = list(&metadata["packages"]).iter().find(|package| package["name"] == "pocketdocket").expect("ourselves");
    for name in NEVER_OURS {
        assert!(!list(&own["dependencies"]).iter().any(|dependency| dependency["name"] == name), "`{name}` is ours");
    }
    for name in ONLY_ONCE {
        let versions: BTreeSet<&str> =
            tree.iter().filter(|(crate_name, _)| crate_name == name).map(|(_, version)| version.as_str()).collect();
        assert_eq!(versions.len(), 1, "exactly one `{name}` is wanted, and there is {versions:?}");
    }
}

#[test]
fn our_own_licence_is_the_one_we_say() {
    let metadata = metadata();
    let own = list(&metadata["packages"]).iter().find(|package| package["name"] == "pocketdocket").expect("ourselves");
    assert_eq!(own["license"], "Apache-2.0");
    let text = repository::text_of("LICENSE".as_ref()).expect("LICENSE is text");
    for part in ["Apache License", "Version 2.0, January 2004", "9. Accepting Warranty or Additional Liability."] {
        assert!(text.contains(part), "LICENSE lacks `{part}`");
    }
}

/// Why a licence expression is not acceptable, if so.
fn refusal(expression: &str) -> Option<String> {
    // Older packages write `MIT/Apache-2.0`, which cargo accepts as OR.
    let parsed =
        match Expression::parse_mode(expression, ParseMode { allow_slash_as_or_operator: true, ..ParseMode::STRICT }) {
            Ok(parsed) => parsed,
            Err(error) => return Some(format!("`{expression}` is no licence expression: {}", error.reason)),
        };
    let acceptable = parsed.evaluate(|requirement| {
        let licence = requirement.license.id().map(|id| id.name);
        let addition = requirement.addition.as_ref().map(ToString::to_string);
        licence.is_some_and(|name| ALLOWED.contains(&name))
            && addition.is_none_or(|name| ALLOWED_EXCEPTIONS.contains(&name.as_str()))
    });
    (!acceptable).then(|| format!("`{expression}`"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn metadata() -> Value {
    serde_json::from_slice(&cargo(&["metadata", "--format-version", "1", "--locked"]))
        .expect("cargo metadata writes JSON")
}

/// Name and version of everything that is really built, on any system, tests included. `cargo metadata` also lists optional
/// dependencies that no feature turns on.
fn tree() -> Vec<(String, String)> {
    let arguments = ["tree", "--locked", "--target", "all", "--edges", "all", "--prefix", "none", "--format", "{p}"];
    let output = String::from_utf8(cargo(&arguments)).expect("cargo tree writes text");
    let tree: Vec<_> = output
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(" v")?;
            Some((name.to_owned(), rest.split(' ').next().unwrap_or_default().to_owned()))
        })
        .collect();
    assert!(tree.len() > 100, "cargo tree shows only {} lines", tree.len());
    tree
}

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(repository::root())
        .output()
        .unwrap_or_else(|error| panic!("cannot run cargo: {error}"));
    assert!(output.status.success(), "cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    output.stdout
}
