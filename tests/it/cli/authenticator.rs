//! Authenticator apps from the command line: codes by `oathtool`, QR codes read by `zbarimg`, as users' phones would.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use jiff::Timestamp;
use pocketdocket::{
    auth::confirmation::{Authenticator, Code, Verdict},
    state::{ConfirmationWay, LinkState},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use secrecy::ExposeSecret as _;

use super::{
    Place,
    confirm::{ADDRESS, Exchange, PASSWORD, link, state},
    webhook::Webhook,
};

/// What a program says; `tests/run` installs those that are needed here.
fn output_of(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output =
        output.unwrap_or_else(|error| panic!("`{program}` is needed (oathtool, zbar-tools, librsvg2-bin): {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// The code that an app with this key shows at a moment.
pub(super) fn shown(key: &str, at: Timestamp) -> String {
    let moment = format!("{} UTC", at.strftime("%Y-%m-%d %H:%M:%S"));
    output_of("oathtool", &["--totp", "--base32", "--now", &moment, &key.replace(' ', "")])
}

/// What a phone's camera reads.
fn scanned(picture: &Path) -> String {
    output_of("zbarimg", &["--quiet", "--raw", "--nodbus", &picture.to_string_lossy()])
}

/// Half blocks as a picture, light where there is a block.
fn photographed(lines: &[String], file: &Path) {
    const SCALE: usize = 6;
    let light = |letter: char| match letter {
        '█' => (true, true),
        '▀' => (true, false),
        '▄' => (false, true),
        _ => (false, false),
    };
    let width = lines.iter().map(|line| line.chars().count()).max().expect("lines") * SCALE;
    let mut pixels = Vec::new();
    for line in lines {
        let halves: Vec<(bool, bool)> = line.chars().map(light).collect();
        for upper in [true, false] {
            let row: Vec<u8> = halves
                .iter()
                .flat_map(|half| std::iter::repeat_n(if if upper { half.0 } else { half.1 } { 255 } else { 0 }, SCALE))
                .collect();
            assert_eq!(row.len(), width);
            (0..SCALE).for_each(|_| pixels.extend_from_slice(&row));
        }
    }
    let height = lines.len() * 2 * SCALE;
    let mut encoder = png::Encoder::new(
        fs::File::create(file).expect("ours"),
        u32::try_from(width).expect("small"),
        u32::try_from(height).expect("small"),
    );
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels)).expect("a picture");
}

/// `user confirm` while it waits for codes.
struct Enrolling {
    child: Child,
    output: BufReader<ChildStdout>,
    lines: Vec<String>,
}

impl Enrolling {
    fn begin(place: &Place, more: &str) -> Self {
        let line = format!("user confirm weber --with authenticator --code-stdin {more}");
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
            .args(line.split_whitespace())
            .current_dir(place.path(""))
            .env("USER", "tester")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let output = BufReader::new(child.stdout.take().expect("is piped"));
        Self { child, output, lines: Vec::new() }
    }

    /// Reads until a line that begins so; gives the rest of it.
    fn told(&mut self, beginning: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).expect("text") > 0, "no `{beginning}`: {:?}", self.lines);
            let line = line.trim_end_matches('\n').to_owned();
            self.lines.push(line.clone());
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.trim().to_owned();
            }
        }
    }

    fn give(&mut self, code: &str) {
        writeln!(self.child.stdin.as_mut().expect("is piped"), "{code}").expect("it listens");
    }

    /// No more answers: how it ended, and what else it said.
    fn end(mut self) -> (Option<i32>, String) {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("text");
        let mut messages = String::new();
        self.child.stderr.take().expect("is piped").read_to_string(&mut messages).expect("text");
        (self.child.wait().expect("ends").code(), rest + &messages)
    }
}

/// An exchange, and a place whose user has a password and may confirm with an app.
fn linked(methods: &[&str]) -> (Exchange, Place) {
    let exchange = Exchange::start();
    let place = exchange.place();
    place.accepts(methods);
    assert!(link(&place, PASSWORD).starts_with("exit code: 0"));
    (exchange, place)
}

/// Enrols and confirms; gives the key that the app has now.
pub(super) fn enrolled(place: &Place, more: &str) -> String {
    let mut enrolling = Enrolling::begin(place, more);
    let key = enrolling.told("secret key");
    enrolling.give(&shown(&key, Timestamp::now()));
    let (exit, said) = enrolling.end();
    assert_eq!((exit, state(place)), (Some(0), LinkState::Active), "{said}");
    key
}

#[test]
fn codes_of_oathtool_are_ours_and_ours_are_oathtools() {
    let random = &mut StdRng::seed_from_u64(20_261_128);
    for _ in 0..12 {
        let now = Timestamp::from_second(random.random_range(1_000_000_000..4_000_000_000)).expect("a moment");
        let (app, enrolment) = Authenticator::enrol("weber@kanzlei.example", random, now).expect("an account");
        let key = enrolment.key.expose_secret().replace(' ', "");
        let typed = Code::parse(&shown(&key, now)).expect("six digits");
        assert_eq!(app.attempt(&typed, now).1, Verdict::Confirmed, "at {now}");
        let secret = totp_rs::Secret::try_from_base32(&key).expect("base 32");
        let ours = totp_rs::Builder::new().with_secret(secret).build().expect("as usual");
        let ours = ours.generate(u64::try_from(now.as_second()).expect("after 1970")).to_string();
        let moment = format!("{} UTC", now.strftime("%Y-%m-%d %H:%M:%S"));
        output_of("oathtool", &["--totp", "--base32", "--now", &moment, &key, &ours]);
    }
}

#[test]
fn an_app_is_enrolled_from_the_terminal_and_a_code_confirms_once() {
    let (exchange, place) = linked(&["authenticator"]);
    let mut enrolling = Enrolling::begin(&place, "");
    let key = enrolling.told("secret key");
    let picture: Vec<String> = enrolling.lines[..enrolling.lines.len() - 1].to_vec();
    photographed(&picture, &place.path("screen.png"));
    let address = scanned(&place.path("screen.png"));
    assert!(address.starts_with("otpauth://totp/") && address.contains(&key.replace(' ', "")), "{address}");
    let backup = enrolling.told("backup key");
    assert_eq!(state(&place), LinkState::Confirming, "nothing is confirmed by being shown");
    let code = shown(&key, Timestamp::now());
    enrolling.give(&code);
    let (exit, said) = enrolling.end();
    assert_eq!((exit, state(&place)), (Some(0), LinkState::Active), "{said}");
    assert!(exchange.is_empty(), "nothing was written into the mailbox");
    // The same code again is no confirmation, also in another process; the next one is.
    let mut again = Enrolling::begin(&place, "");
    again.give(&code);
    let (exit, said) = again.end();
    assert_eq!(exit, Some(1), "{said}");
    assert!(said.contains("was used before"), "{said}");
    let mut again = Enrolling::begin(&place, "");
    again.give(&shown(&key, Timestamp::now() + jiff::SignedDuration::from_secs(30)));
    let (exit, said) = again.end();
    assert_eq!(exit, Some(0), "{said}");
    let user = place.ledger().user(&"weber".parse().expect("a name")).expect("there");
    assert_eq!(user.confirmed.map(|confirmed| confirmed.how), Some(ConfirmationWay::Authenticator));
    // Shown once: nothing says it again, and no file holds it.
    let secret = key.replace(' ', "");
    for line in ["user show weber", "user show weber --json", "status --json", "user list", "history"] {
        let shown = place.run(line);
        assert!(!shown.contains(&secret) && !shown.contains(&key) && !shown.contains(&backup), "{line}");
    }
    for entry in fs::read_dir(place.path("data")).expect("ours").flatten() {
        let bytes = fs::read(entry.path()).expect("ours");
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(&secret) && !text.contains(&backup.replace('-', "")), "{:?}", entry.path());
    }
    exchange.stop();
}

#[test]
fn a_lost_phone_is_recovered_with_a_code_and_everybody_is_told() {
    let (exchange, place) = linked(&["authenticator"]);
    let first = enrolled(&place, "--qr code.png --recovery-codes codes.txt");
    assert!(scanned(&place.path("code.png")).contains(&first.replace(' ', "")));
    #[cfg(unix)]
    for file in ["code.png", "codes.txt"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(place.path(file)).expect("written").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let codes = fs::read_to_string(place.path("codes.txt")).expect("written");
    let code = codes.lines().next_back().expect("ten of them");
    let recover = |typed: &str| {
        let output = place
            .command("user recover weber --code-stdin")
            .write_stdin(format!("{typed}\n"))
            .output()
            .expect("starts");
        place.shown(&output)
    };
    let refused = recover("2F9K-7QXC-M4TD");
    assert!(refused.starts_with("exit code: 1") && refused.contains("stays as it is"), "{refused}");
    assert!(
        place.run("user recover weber --lost").contains("is not given up"),
        "an administrator alone does not get past it"
    );
    assert_eq!(state(&place), LinkState::Active);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let done = recover(code);
    assert!(done.starts_with("exit code: 0") && done.contains("a note for the user"), "{done}");
    assert_eq!(state(&place), LinkState::Linked);
    let status = place.run("status");
    assert!(status.starts_with("exit code: 1") && status.contains("with recovery code"), "{status}");
    let webhook = Webhook::open();
    let configuration = fs::read_to_string(place.path("pocketdocket.toml")).expect("written");
    place.write("pocketdocket.toml", &format!("{configuration}[alerts]\nwebhook = \"{}\"\n", webhook.address));
    place.run("sync");
    let raised = webhook.raised_about("weber");
    assert!(
        matches!(&raised[..], [cause] if cause.contains("switched off by") && cause.contains("recovery code")),
        "{raised:?}"
    );
    let note = exchange.subjects();
    assert_eq!(note, ["Pocket Docket: your authenticator app was switched off"]);
    let audit = place.run("user show weber");
    assert!(audit.contains("switched off with a recovery code") && audit.contains("a recovery was refused"), "{audit}");
    assert!(recover(code).contains("no authenticator app in use"));
    // Another app, and the note goes.
    let second = enrolled(&place, "--qr code.svg");
    assert_ne!(first, second);
    let svg = place.path("code.svg").to_string_lossy().into_owned();
    let drawn = place.path("drawn.png").to_string_lossy().into_owned();
    output_of("rsvg-convert", &["--output", &drawn, &svg]);
    assert!(scanned(Path::new(&drawn)).contains(&second.replace(' ', "")));
    assert!(exchange.is_empty());
    exchange.stop();
}

#[test]
fn without_a_code_only_another_accepted_way_confirms_and_makes_room_for_another_app() {
    let (exchange, place) = linked(&["authenticator", "mailbox"]);
    enrolled(&place, "--qr code.png");
    assert!(place.run("user recover weber --lost").starts_with("exit code: 0"));
    assert_eq!(state(&place), LinkState::Linked);
    let refused = place.command("user confirm weber --with authenticator --code-stdin").write_stdin("").output();
    let refused = place.shown(&refused.expect("starts"));
    assert!(refused.contains("another way must confirm the link"), "{refused}");
    exchange.confirm_by_mailbox(&place);
    assert_eq!(state(&place), LinkState::Active);
    enrolled(&place, "--qr again.png");
    exchange.stop();
}

#[test]
fn a_way_that_the_firm_does_not_accept_is_refused_and_names_the_support() {
    let (exchange, place) = linked(&["authenticator"]);
    let file = place.path("pocketdocket.toml");
    let text = fs::read_to_string(&file).expect("written");
    fs::write(&file, format!("{text}support = \"IT, 030 1234567\"\n")).expect("ours");
    for way in ["mailbox", "provider"] {
        let refused = place.run(&format!("user confirm weber --with {way} --code-stdin"));
        assert!(refused.starts_with("exit code: 2") && refused.contains("IT, 030 1234567"), "{refused}");
    }
    assert!(exchange.is_empty());
    exchange.stop();
}

#[test]
fn a_new_password_goes_on_and_says_by_when_to_confirm_again() {
    let (exchange, place) = linked(&["authenticator"]);
    enrolled(&place, "--qr code.png");
    exchange.new_password("planted-Passwort-8");
    let shown = link(&place, "planted-Passwort-8");
    assert!(shown.contains("it must be confirmed again by"), "{shown}");
    let user = place.ledger().user(&"weber".parse().expect("a name")).expect("there");
    assert_eq!(user.link, LinkState::Active, "{ADDRESS} goes on");
    let days = user.reconfirm.expect("a date").by.duration_since(Timestamp::now()).as_hours() / 24;
    assert_eq!(days, 13);
    exchange.stop();
}

#[test]
fn a_changed_login_goes_on_at_once_where_it_leads_to_the_same_mailbox_and_stands_still_where_it_does_not() {
    let (exchange, place) = linked(&["authenticator"]);
    enrolled(&place, "--qr code.png");
    exchange.new_login("sync-weber");
    let shown = place.run("user change weber --login sync-weber");
    assert!(shown.starts_with("exit code: 0") && shown.contains("leads to the same mailbox and goes on"), "{shown}");
    assert!(!shown.contains("next:"), "nothing is left to do: {shown}");
    assert_eq!(state(&place), LinkState::Active);

    let shown = place.run("user change weber --login nobody");
    assert!(shown.contains("stands still"), "{shown}");
    assert!(shown.contains("next: `pocketdocket user link weber`"), "{shown}");
    assert_eq!(state(&place), LinkState::Linked);
    assert_eq!(exchange.refused("nobody"), 1, "asked once");
    exchange.stop();
}

#[test]
fn a_changed_link_that_was_not_reached_yet_is_looked_at_before_it_is_confirmed() {
    let (exchange, place) = linked(&["authenticator"]);
    let key = enrolled(&place, "--qr code.png");
    // Nobody listens there.
    let shown = place.run("user change weber --url http://127.0.0.1:1/EWS/Exchange.asmx");
    assert!(shown.contains("stands still"), "{shown}");
    // The step of the app after the one that enrolled it.
    let next = self::shown(&key, Timestamp::now() + jiff::SignedDuration::from_secs(30));
    let output = place
        .command("user confirm weber --with authenticator --code-stdin")
        .write_stdin(format!("{next}\n"))
        .output()
        .expect("the binary starts");
    let shown = place.shown(&output);
    assert!(!output.status.success() && shown.contains("nothing was confirmed"), "{shown}");
    assert_eq!(state(&place), LinkState::Linked);

    let shown = place.run(&format!("user change weber --url {}", exchange.running.ews_url()));
    assert!(shown.contains("leads to the same mailbox and goes on"), "{shown}");
    exchange.stop();
}
