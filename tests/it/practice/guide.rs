//! The guide's way from j-lawyer.org or SuiteCRM to a phone, walked command by command with the real program, a real MariaDB and
//! the simulator.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use pocketdocket::simulator::{self, Simulator};

use super::jlawyer::loaded;
use crate::{
    repository,
    servers::{PASSWORD, Server},
};

/// Reads the code from the phone page, as the user would.
const CODE: &str = "for i in $(seq 120); do sleep 0.5; exec 3<>/dev/tcp/127.0.0.1/PORT; \
    printf 'GET /phone/PERSON%%40kanzlei.example HTTP/1.0\\r\\n\\r\\n' >&3; \
    code=$(grep -aoE 'code [0-9]{3} [0-9]{3}' <&3 | head -1) && { echo \"${code#code }\"; break; }; done";

/// The commands of the section, in their order.
fn commands() -> Vec<String> {
    let guide = fs::read_to_string(repository::root().join("docs/guides/first-sync.md")).expect("the guide");
    let section = guide.split_once("\n## With j-lawyer.org or SuiteCRM\n").expect("the section").1;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let mut commands: Vec<String> = Vec::new();
    for block in section.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap_or_default().lines() {
            match (line.strip_prefix("$ "), line.strip_prefix("> "), commands.last_mut()) {
                (Some(command), _, _) => commands.push(command.to_owned()),
                (None, Some(more), Some(command)) => {
                    command.push('\n');
                    command.push_str(more);
                }
                _ => panic!("not a command: {line}"),
            }
        }
    }
    assert!(commands.len() > 12, "{commands:?}");
    commands
}

/// Walks the section with other names in the place of the guide's.
fn walk(server: &Server, folder: &Path, port: u16, mapping: &str, zone: &str, person: &str) {
    let program = Path::new(env!("CARGO_BIN_EXE_pocketdocket"));
    let path =
        format!("{}:{}", program.parent().expect("a folder").display(), std::env::var("PATH").unwrap_or_default());
    fs::write(folder.join("password.txt"), format!("{PASSWORD}\n")).expect("written");
    for command in commands() {
        let command = command
            .replace("\"j-lawyer\"", &format!("\"{mapping}\""))
            .replace("source_zone = \"Europe/Berlin\"", &format!("source_zone = \"{zone}\""))
            .replace("host = \"db.kanzlei.example\"", &format!("host = \"localhost\"\nport = {}", server.port()))
            .replace("\"jlawyerdb\"", "\"practice\"")
            .replace("\"pocketdocket\"", "\"reader\"")
            .replace("\"authority.pem\"", &format!("\"{}\"", server.ca_file().display()))
            .replace("8025", &port.to_string())
            .replace("amuller", person);
        let command = if command.starts_with("pocketdocket user confirm") {
            let code = CODE.replace("PORT", &port.to_string()).replace("PERSON", person);
            format!("{{ {code}; }} | {command} --code-stdin")
        } else if command == "pocketdocket practice password" {
            format!("{command} --password-stdin < password.txt")
        } else {
            command
        };
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &command])
            .current_dir(folder)
            .env("PATH", &path)
            .env("HOME", folder)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .output()
            .expect("bash starts");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{mapping}: `{command}`\n{}", String::from_utf8_lossy(&said));
    }
}

async fn leads_to_a_phone(data: &str, mapping: &str, zone: &str, person: &str) {
    let Some(server) = loaded(data) else { return };
    let address = format!("{person}@kanzlei.example");
    let exchange = Simulator::start(simulator::Settings::default().with_mailbox(&address)).await.expect("a simulator");
    let port = exchange.ews_url();
    let port = port.split(':').nth(2).and_then(|rest| rest.split('/').next()).and_then(|port| port.parse().ok());
    let folder = tempfile::tempdir().expect("a folder");
    let folder_of_walk = folder.path().to_owned();
    let (mapping, zone, person) = (mapping.to_owned(), zone.to_owned(), person.to_owned());
    let walked = tokio::task::spawn_blocking(move || {
        walk(&server, &folder_of_walk, port.expect("a port"), &mapping, &zone, &person);
    });
    walked.await.expect("the way leads to its end");
    let view = exchange.mailbox(&address).expect("a mailbox");
    assert!(!view.events().is_empty() && !view.tasks().is_empty() && !view.contacts().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_leads_from_j_lawyer_to_a_phone() {
    leads_to_a_phone("jlawyer", "j-lawyer", "Europe/Berlin", "amuller").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_leads_from_suitecrm_to_a_phone() {
    leads_to_a_phone("suitecrm", "suitecrm", "UTC", "sarah").await;
}
