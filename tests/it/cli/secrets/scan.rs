//! The whole life of an installation, with the log at its loudest, and then a search in everything that it left or showed.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Output, Stdio},
};

use pocketdocket::{
    auth::oauth::certificate,
    simulator::{self, CLIENT_ID, Fault, FaultRule, TENANT},
};
use rustls::pki_types::pem::PemObject as _;
use secrecy::ExposeSecret as _;

use super::{
    files,
    search::{Search, Secret},
};
use crate::cli::{
    Place,
    confirm::{Confirming, Exchange, PASSWORD},
    service::{Service, release_all},
    text_messages,
};

const WRONG: &str = "planted-wrong-Pa$$w\u{f6}rt & <more>";
const OF_THE_PRACTICE: &str = "planted-practice-Pa$$w\u{f6}rt %20+";
const PASSPHRASE: &str = "planted horse & battery \"staple\"";
const OF_THE_EXPORT: &str = "planted words for the export <1>";

/// All that was seen, each with where.
#[derive(Default)]
struct Seen(Vec<(String, Vec<u8>)>);

impl Seen {
    fn note(&mut self, place: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.into(), bytes.into()));
    }

    /// Runs a command with the log at its loudest, in both forms of the log, and notes all it says.
    fn run(&mut self, place: &Place, line: &str, input: &str) -> Output {
        let with_log =
            format!("--log trace --log-format {} {line}", if self.0.len().is_multiple_of(2) { "json" } else { "text" });
        let output = place.command(&with_log).write_stdin(format!("{input}\n")).output().expect("the binary starts");
        self.note(format!("standard output of `{line}`"), output.stdout.clone());
        self.note(format!("standard error of `{line}`"), output.stderr.clone());
        output
    }

    fn process(&mut self, id: u32) {
        #[cfg(target_os = "linux")]
        for name in ["cmdline", "environ"] {
            let bytes = fs::read(format!("/proc/{id}/{name}")).expect("it runs");
            assert!(!bytes.is_empty());
            self.note(format!("/proc/*/{name}"), bytes);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = id;
    }

    fn files(&mut self, place: &Place) {
        for path in files(&place.path("")) {
            // A key file is where the key is kept.
            if path.file_name().is_none_or(|name| name != "master.key") {
                self.note(path.display().to_string(), fs::read(&path).expect("is ours"));
            }
        }
    }

    fn assert_without(&self, secrets: &[Secret]) {
        let search = Search::new(secrets);
        let found: Vec<_> =
            self.0.iter().filter_map(|(place, bytes)| Some(format!("{}: {place}", search.first(bytes)?))).collect();
        assert!(found.is_empty(), "secrets can be read:\n{}", found.join("\n"));
    }
}

/// Secrets of the master key as they come and go.
fn master_key(place: &Place) -> Secret {
    Secret::new("the master key", fs::read(place.path("master.key")).expect("a key"))
}

#[test]
fn planted_secrets_are_found_nowhere() {
    let exchange = Exchange::start();
    let place = exchange.place();
    let mut seen = Seen::default();
    let mut secrets = vec![
        Secret::new("the mailbox's password", PASSWORD),
        Secret::new("a wrong password", WRONG),
        Secret::new("the practice database's password", OF_THE_PRACTICE),
        Secret::new("the passphrase of the key", PASSPHRASE),
        Secret::new("the passphrase of the export", OF_THE_EXPORT),
        master_key(&place),
    ];

    // Signing in: wrong, then right; the code of the first use.
    let wrong = seen.run(&place, "user link weber --password-stdin", WRONG);
    assert_eq!(wrong.status.code(), Some(1), "{}", place.shown(&wrong));
    assert!(seen.run(&place, "user link weber --password-stdin", PASSWORD).status.success());
    let (code, (exit, said)) = exchange.confirm(&place);
    assert_eq!(exit, Some(0), "{said}");
    seen.note("standard error of `user confirm`", said);
    secrets.push(Secret::new("the one-time code", code));

    // The main job, and everything that shows something of it.
    seen.run(&place, "sync", "");
    assert!(release_all(&place) >= 3);
    assert!(seen.run(&place, "sync --json", "").status.success());
    for line in [
        "check --online",
        "status",
        "status --json",
        "history --json",
        "user list --json",
        "user show weber --json",
        "user check weber",
        "holds list --json",
        "proposals list --json",
        "plan --json",
        "vault show --json",
        "user link nobody --password-stdin",
    ] {
        seen.run(&place, line, WRONG);
    }

    // The service, while it works and somebody looks at it.
    let log = File::create(place.path("service.log")).expect("ours");
    let service = Service::start_with(&place, "trace", Stdio::from(log));
    seen.process(service.id());
    assert!(seen.run(&place, "sync", "").status.success());
    seen.process(service.id());
    assert_eq!(service.stop().0, Some(0));

    // A password that a later refusal is about.
    seen.run(&place, "user link weber --password-stdin --unverified", WRONG);
    seen.run(&place, "sync", "");
    seen.run(&place, "status --json", "");

    keys(&place, &mut seen, &mut secrets);
    practice_password(&mut seen);
    seen.files(&place);
    assert!(seen.0.iter().any(|(place, bytes)| place.ends_with("ledger.db") && bytes.len() > 100_000));
    assert!(seen.0.iter().any(|(place, bytes)| place.ends_with("service.log") && !bytes.is_empty()));
    seen.assert_without(&secrets);
    exchange.stop();
}

/// A user who confirms by text message: the gateway's secret, the number, and every code.
#[test]
fn what_text_messages_are_sent_with_is_found_nowhere() {
    const OF_THE_GATEWAY: &str = "planted-gateway-s\u{e9}cret & <+>";
    const WHOLE: &str = "+491701234567";
    let exchange = Exchange::start_with(simulator::Settings {
        text_secret: Some(OF_THE_GATEWAY.into()),
        ..simulator::Settings::default()
    });
    let place = exchange.place();
    text_messages::configure(&place, &["text"], &text_messages::twilio(&exchange));
    let mut seen = Seen::default();
    let mut secrets = vec![
        Secret::new("the gateway's secret", OF_THE_GATEWAY),
        Secret::new("a wrong secret", WRONG),
        Secret::new("the number", WHOLE),
        Secret::new("the number without its country", &WHOLE[3..]),
        master_key(&place),
    ];
    assert!(seen.run(&place, "user link weber --password-stdin", PASSWORD).status.success());
    assert_eq!(seen.run(&place, "text-messages secret --secret-stdin", WRONG).status.code(), Some(1));
    assert!(seen.run(&place, "text-messages secret --secret-stdin", OF_THE_GATEWAY).status.success());
    // The number is typed as an argument, which the process list shows for a moment, as it shows addresses of mailboxes.
    assert!(seen.run(&place, &format!("user set weber --mobile {WHOLE}"), "").status.success());
    seen.0.retain(|(place, _)| !place.contains(WHOLE));
    let mut confirming = Confirming::start(&place, "--log trace user confirm weber --with text --code-stdin");
    confirming.heard("is good for");
    let code = text_messages::code_on_phone(&exchange, WHOLE);
    confirming.give(&code);
    let (exit, said) = confirming.end();
    assert_eq!(exit, Some(0), "{said}");
    seen.note("standard error of `user confirm`", said);
    secrets.push(Secret::new("the code as it is read", code.clone()));
    secrets.push(Secret::new("the code", code.replace(' ', "")));
    for (line, fault) in [
        ("user confirm weber --with text --code-stdin", Fault::TextRefused { code: 21211 }),
        ("user confirm weber --with text --code-stdin", Fault::CaptivePortal),
    ] {
        exchange.running.faults().clear();
        exchange.running.faults().add(FaultRule::new(fault).on("texts"));
        assert_eq!(seen.run(&place, line, "").status.code(), Some(1), "{line}");
    }
    for line in
        ["check", "status --json", "user show weber --json", "user show weber", "user list --json", "history --json"]
    {
        seen.run(&place, line, "");
    }
    let changed = seen.run(&place, "user set weber --mobile +491709999999", "");
    assert!(String::from_utf8_lossy(&changed.stderr).contains("could not be told"), "the gateway is in trouble");
    seen.files(&place);
    seen.assert_without(&secrets);
    exchange.stop();
}

/// A user who signs in by Windows authentication: the password, and what is as good as the password there.
#[test]
fn a_password_for_windows_authentication_is_found_nowhere() {
    let offer = simulator::SignInOffer::WindowsOnly;
    let exchange = Exchange::start_with(simulator::Settings { offer, ..simulator::Settings::default() });
    let place = exchange.place();
    assert!(place.run("user change weber --method windows").starts_with("exit code: 0"));
    let mut seen = Seen::default();
    let wrong = seen.run(&place, "user link weber --password-stdin", WRONG);
    assert_eq!(wrong.status.code(), Some(1), "{}", place.shown(&wrong));
    assert!(seen.run(&place, "user link weber --password-stdin", PASSWORD).status.success());
    let (_, (exit, said)) = exchange.confirm(&place);
    assert_eq!(exit, Some(0), "{said}");
    for line in
        ["sync", "check --online", "user check weber", "status --json", "user show weber --json", "history --json"]
    {
        seen.run(&place, line, "");
    }
    seen.files(&place);
    let mut secrets = Vec::new();
    for (name, password) in [("the password", PASSWORD), ("a wrong password", WRONG)] {
        secrets.push(Secret::new(name, password));
        let [hash, key] = keys_of(password);
        secrets.push(Secret::new("the hash of a password", hash));
        secrets.push(Secret::new("the key of a password", key));
    }
    seen.assert_without(&secrets);
    exchange.stop();
}

/// What NTLM makes of a password: `NTOWFv1` and `NTOWFv2`.
fn keys_of(password: &str) -> [Vec<u8>; 2] {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use md4::{Digest as _, Md4};

    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let hash = Md4::digest(utf_16(password)).to_vec();
    let mut key = Hmac::<md5::Md5>::new_from_slice(&hash).expect("any length");
    key.update(&utf_16("WEBER@KANZLEI.EXAMPLE"));
    [hash, key.finalize().into_bytes().to_vec()]
}

const ANNA: &str = "anna@kanzlei.example";

/// A user who signs in by OAuth: refresh tokens as they come and go.
#[test]
fn tokens_are_found_nowhere() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // Plain HTTP, which is allowed on this very machine: what is sent is read by nobody else.
    let settings = simulator::Settings { https: false, ..simulator::Settings::default().online() }.with_mailbox(ANNA);
    let running = runtime.block_on(simulator::Simulator::start(settings)).expect("a simulator");
    let place = Place::installed();
    let configuration = fs::read_to_string(place.path("pocketdocket.toml")).expect("is there");
    let (authority, url) = (running.authority_url(), running.ews_url());
    place.write(
        "pocketdocket.toml",
        &format!("{configuration}\n[sign_in]\nauthority = \"{authority}\"\ntenant = \"{TENANT}\"\nclient_id = \"{CLIENT_ID}\"\n"),
    );
    place.command(&format!("user add anna --person HW --mailbox {ANNA} --url {url} --method oauth")).assert().success();

    let mut seen = Seen::default();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
        .args(["--log", "trace", "user", "link", "anna", "--device-code"])
        .current_dir(place.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::from(File::create(place.path("link.log")).expect("ours")))
        .spawn()
        .expect("the binary starts");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut shown = String::new();
    output.read_line(&mut shown).expect("a line");
    seen.process(child.id());
    // The code for the other device is there to be read; what it is exchanged for is not.
    let code = shown.split_whitespace().last().expect("a code").to_owned();
    running.administrator().approve_device(&code, ANNA, true).expect("waits for it");
    output.read_to_string(&mut shown).expect("text");
    assert!(child.wait().expect("ends").success(), "{shown}");
    seen.note("standard output of `user link --device-code`", shown);

    let mut tokens = BTreeSet::new();
    for line in
        ["check --online", "user check anna", "sync", "status --json", "user show anna --json", "check --online"]
    {
        let token = place.ledger().open_secret("user/anna/refresh").expect("can be read").expect("is there");
        tokens.insert(token.expose_secret().to_owned());
        seen.run(&place, line, "");
    }
    let mut secrets: Vec<_> = tokens.into_iter().map(|token| Secret::new("a refresh token", token)).collect();
    // Access tokens and ID tokens are kept nowhere, so their beginning must be nowhere: `{"alg` and `{"typ` in base64.
    secrets.push(Secret::new("a token", "eyJhbGci"));
    secrets.push(Secret::new("a token", "eyJ0eXAi"));
    seen.files(&place);
    assert!(seen.0.iter().any(|(place, bytes)| place.ends_with("link.log") && !bytes.is_empty()));
    seen.assert_without(&secrets);
    runtime.block_on(running.shutdown());
}

/// An app with a certificate: its private key, the statements that are signed with it, and the passphrase of a file.
#[test]
fn what_belongs_to_a_certificate_is_found_nowhere() {
    let offer = simulator::SignInOffer::Oauth;
    let exchange = Exchange::start_with(simulator::Settings { offer, ..simulator::Settings::default() });
    let place = crate::cli::certificate::place(&exchange);
    let mut seen = Seen::default();
    // The file that somebody brings lies elsewhere.
    let papers = tempfile::tempdir().expect("a temporary folder");
    let brought = certificate::make("app", jiff::Timestamp::now(), 30).expect("can be made");
    let pfx = papers.path().join("app.pfx");
    fs::write(&pfx, crate::sign_in::certificate::packed(&brought, PASSPHRASE)).expect("ours");
    let import = format!("service-account certificate import graph {} --passphrase-stdin", pfx.display());
    assert_eq!(seen.run(&place, &import, WRONG).status.code(), Some(1));
    assert!(seen.run(&place, &import, PASSPHRASE).status.success());
    let mut keys = vec![brought.key().clone()];
    for line in [
        "service-account link graph --mailbox weber@kanzlei.example",
        "service-account certificate make graph",
        "service-account certificate show graph --json",
        "service-account certificate show graph --pem",
    ] {
        seen.run(&place, line, "");
    }
    let account = "graph".parse().expect("a name");
    let newest = place.ledger().certificates(&account).expect("can be read").pop().expect("is there");
    keys.push(place.ledger().certificate_key(&account, &newest.thumbprint).expect("can be read").expect("is there"));
    let pem = certificate::pem_of(&newest.der);
    crate::cli::certificate::register(&exchange, &pem, &["weber@kanzlei.example"]);
    for line in [
        "service-account link graph --mailbox weber@kanzlei.example --outside nobody@kanzlei.example",
        "user add weber --person HW --mailbox weber@kanzlei.example --service-account graph",
        "user link weber",
        "user check weber",
        "check --online",
        "status --json",
        "history --json",
        "vault rotate",
    ] {
        seen.run(&place, line, "");
    }
    assert!(place.run("user link weber").starts_with("exit code: 0"), "its key can still be opened");
    let mut secrets = vec![
        Secret::new("a token or a statement", "eyJhbGci"),
        Secret::new("a token or a statement", "eyJ0eXAi"),
        Secret::new("the passphrase of a file", PASSPHRASE),
        master_key(&place),
    ];
    for key in &keys {
        let text = key.expose_secret();
        // Its first lines are alike in all keys of that length.
        let line = text.lines().nth(20).expect("a key is long");
        secrets.push(Secret::new("a line of a private key", line));
        let der = rustls::pki_types::PrivateKeyDer::from_pem_slice(text.as_bytes()).expect("a key");
        let middle = der.secret_der().get(600..664).expect("a key is long");
        secrets.push(Secret::new("bytes of a private key", middle.to_vec()));
    }
    seen.files(&place);
    seen.assert_without(&secrets);
    exchange.stop();
}

/// A user with an authenticator app: its key, the codes of it, and what opens a lost one.
#[test]
fn what_belongs_to_an_authenticator_app_is_found_nowhere() {
    let exchange = Exchange::start();
    let place = exchange.place();
    place.accepts(&["authenticator"]);
    let mut seen = Seen::default();
    assert!(seen.run(&place, "user link weber --password-stdin", PASSWORD).status.success());
    // What the user takes along goes elsewhere.
    let papers = tempfile::tempdir().expect("a temporary folder");
    let (picture, codes) = (papers.path().join("code.svg"), papers.path().join("codes.txt"));
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
        .args(["--log", "trace", "user", "confirm", "weber", "--with", "authenticator", "--code-stdin", "--qr"])
        .arg(&picture)
        .arg("--recovery-codes")
        .arg(&codes)
        .current_dir(place.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::from(File::create(place.path("confirm.log")).expect("ours")))
        .spawn()
        .expect("the binary starts");
    let mut shown = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut shown).expect("a line");
    let key = shown.strip_prefix("secret key").expect("it is shown once").trim().to_owned();
    seen.process(child.id());
    let secret = totp_rs::Secret::try_from_base32(key.replace(' ', "")).expect("base 32");
    let mut secrets = vec![
        Secret::new("the app's key in bytes", secret.as_ref().to_vec()),
        Secret::new("the app's key", key.replace(' ', "")),
        Secret::new("the app's key in groups", key),
    ];
    let app = totp_rs::Builder::new().with_secret(secret).build().expect("as usual");
    let now = u64::try_from(jiff::Timestamp::now().as_second()).expect("after 1970");
    let code = app.generate(now).to_string();
    writeln!(child.stdin.take().expect("a pipe"), "{code}").expect("it listens");
    assert!(child.wait().expect("ends").success());
    secrets.push(Secret::new("a code of the app", code));
    let paper = fs::read_to_string(&codes).expect("written");
    let for_recovery: Vec<&str> = paper.split_whitespace().filter(|word| word.matches('-').count() >= 2).collect();
    assert!(for_recovery.len() > 10, "ten codes and the backup key");
    for code in &for_recovery {
        secrets.push(Secret::new("a code for recovery", *code));
        secrets.push(Secret::new("a code for recovery, close", code.replace('-', "")));
    }

    for line in ["sync", "status --json", "user show weber --json", "history --json", "check --online"] {
        seen.run(&place, line, "");
    }
    let (wrong, right) = ("2F9K-7QXC-M4TD", for_recovery.last().expect("a code"));
    assert_eq!(seen.run(&place, "user recover weber --code-stdin", wrong).status.code(), Some(1));
    // A wrong try is followed by a pause of a second.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let recovered = seen.run(&place, "user recover weber --code-stdin", right);
    assert!(recovered.status.success(), "{}", place.shown(&recovered));
    seen.run(&place, "user show weber --json", "");
    seen.files(&place);
    seen.assert_without(&secrets);
    exchange.stop();
}

/// The key changes its place, and everything goes to another machine.
fn keys(place: &Place, seen: &mut Seen, secrets: &mut Vec<Secret>) {
    assert!(seen.run(place, "vault rotate", "").status.success());
    secrets.push(master_key(place));
    let words = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(words.path(), format!("{OF_THE_EXPORT}\n")).expect("ours");
    let words = words.path().display();
    let export = format!("vault export firm.pdkt --bundle-passphrase-file {words}");
    assert!(seen.run(place, &export, "").status.success());
    let new = Place::empty();
    let import = format!("vault import {} --bundle-passphrase-file", place.path("firm.pdkt").display());
    assert_eq!(seen.run(&new, &format!("{import} -"), PASSPHRASE).status.code(), Some(2), "the wrong words");
    assert!(seen.run(&new, &format!("{import} {words}"), "").status.success());
    secrets.push(master_key(&new));
    let moved = seen.run(&new, "vault move --to passphrase --passphrase-file -", PASSPHRASE);
    assert!(moved.status.success(), "{}", new.shown(&moved));
    assert!(seen.run(&new, "vault show --passphrase-file -", PASSPHRASE).status.success());
    assert_eq!(seen.run(&new, "vault show --passphrase-file -", OF_THE_PRACTICE).status.code(), Some(2));
    seen.files(&new);
}

/// A database server that nobody reaches: the password is tried, refused, and kept unverified.
fn practice_password(seen: &mut Seen) {
    let place = Place::empty();
    place.write(
        "answers.toml",
        "mapping = \"j-lawyer\"\nsource_zone = \"Europe/Berlin\"\n[server]\nhost = \"127.0.0.1\"\nport = 9\ndatabase = \"jlawyerdb\"\nuser = \
         \"reader\"\n",
    );
    let made = seen.run(&place, "init --answers answers.toml", "");
    assert!(made.status.success(), "{}", place.shown(&made));
    let tried = seen.run(&place, "practice password --password-stdin", OF_THE_PRACTICE);
    assert!(!tried.status.success());
    assert!(seen.run(&place, "practice password --password-stdin --unverified", OF_THE_PRACTICE).status.success());
    seen.run(&place, "practice probe", "");
    seen.run(&place, "check --online", "");
    seen.files(&place);
}
