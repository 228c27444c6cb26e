use super::*;
use crate::domain::FirmId;

const MINIMAL: &str = "[firm]\nid = \"00112233445566778899aabbccddeeff\"\n[practice]\nmapping = \"sample\"\ndatabase = \
                       \"practice.db\"\nsource_zone = \"Europe/Berlin\"\n[scope]\noffice_zone = \"Europe/Berlin\"\n";

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(Path::new("/etc/pocketdocket/pocketdocket.toml"), text)
}

fn refusal(text: &str) -> String {
    let Err(error) = parse(text) else { panic!("is refused: {text}") };
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    format!("{error}\n{cause}")
}

/// The sample with its settings switched on.
fn uncommented() -> String {
    SAMPLE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with('#') => setting,
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// The sample, which shows a database in a file and one on a server, with one of them.
fn with_one_database(server: bool) -> String {
    let text = uncommented();
    let (before, section) = text.split_once("[practice.server]").expect("the section of the server");
    if server {
        return text.replacen("database = \"practice.db\"\n", "", 1);
    }
    let (_, after) = section.split_once("\n\n").expect("a section after it");
    format!("{before}{after}")
}

#[test]
fn the_sample_as_it_lies_there_says_nothing() {
    assert_eq!(toml::from_str::<toml::Table>(SAMPLE).map(|table| table.len()), Ok(0));
}

#[test]
fn the_sample_shows_every_setting_with_its_default() {
    let (shown, defaults) = match (parse(&with_one_database(false)), parse(MINIMAL)) {
        (Ok(shown), Ok(defaults)) => (shown, defaults),
        (shown, _) => panic!("{:?}", shown.map(|_| ()).map_err(|error| refusal_of(&error))),
    };
    assert_eq!(shown.firm, defaults.firm);
    assert_eq!(shown.practice, defaults.practice);
    assert_eq!(defaults.sign_in, crate::auth::oauth::Settings::default());
    assert_eq!(shown.sign_in.authority, defaults.sign_in.authority);
    assert_eq!(shown.sync, defaults.sync);
    assert_eq!(defaults.exchange, exchange::Settings::default());
    // What the sample shows of the rest has no default and is an example.
    assert_eq!(shown.exchange, with_numbers_of(&defaults.exchange, &shown.exchange));
    let mut scope = shown.scope.clone();
    for (kind, templates) in std::mem::take(&mut scope.templates) {
        assert_eq!(templates.notes, crate::plan::Templates::of(kind).notes, "of {kind}");
        assert_eq!(templates.subject, crate::plan::Templates::of(kind).subject, "of {kind}");
    }
    assert_eq!(scope, defaults.scope);
    assert_eq!(shown.policy, defaults.policy);
    assert_eq!(shown.policy.policy(), crate::plan::Policy::default());
    assert_eq!(defaults.alerts, crate::engine::AlertSettings::default());
    let Ok(sample) = toml::from_str::<toml::Table>(&uncommented()) else { panic!("is TOML") };
    shows_all("firm", &sample, &defaults.firm);
    shows_all("practice", &sample, &defaults.practice);
    let Ok(on_server) = parse(&with_one_database(true)) else { panic!("is read") };
    shows_all("practice", &sample, &on_server.practice);
    let Some(server) = on_server.practice.server else { panic!("a server") };
    let plain = sources::ServerSettings::default();
    assert_eq!((server.host, server.tls), (plain.host, plain.tls));
    shows_all("exchange", &sample, &shown.exchange);
    shows_all("sign_in", &sample, &shown.sign_in);
    assert_eq!(defaults.address, crate::auth::address::Settings::default());
    assert_eq!(
        (&shown.address.echo, shown.address.time_out_seconds),
        (&defaults.address.echo, defaults.address.time_out_seconds)
    );
    shows_all("address", &sample, &shown.address);
    shows_all("sync", &sample, &defaults.sync);
    shows_all("scope", &sample, &defaults.scope);
    shows_all("policy", &sample, &defaults.policy);
    shows_all("alerts", &sample, &shown.alerts);
    assert_eq!(defaults.text_messages, text_messages::Settings::default());
    assert_eq!(shown.text_messages.per_day, defaults.text_messages.per_day);
    assert_eq!(shown.text_messages.time_out_seconds, defaults.text_messages.time_out_seconds);
    shows_all("text_messages", &sample, &shown.text_messages);
}

fn with_numbers_of(numbers: &exchange::Settings, examples: &exchange::Settings) -> exchange::Settings {
    exchange::Settings {
        time_out_seconds: numbers.time_out_seconds,
        read_batch: numbers.read_batch,
        max_in_flight: numbers.max_in_flight,
        ..examples.clone()
    }
}

fn refusal_of(error: &ConfigError) -> String {
    format!("{error}: {}", std::error::Error::source(error).map(ToString::to_string).unwrap_or_default())
}

/// Every setting of a section, nested ones too, stands in the sample.
fn shows_all(section: &str, sample: &toml::Table, settings: &impl serde::Serialize) {
    fn missing(path: &str, shown: Option<&toml::Value>, settings: &toml::Value, found: &mut Vec<String>) {
        match (shown, settings) {
            (None, _) => found.push(path.to_owned()),
            (Some(shown), toml::Value::Table(settings)) => {
                for (name, value) in settings {
                    missing(&format!("{path}.{name}"), shown.get(name), value, found);
                }
            }
            _ => {}
        }
    }
    let Ok(settings) = toml::Value::try_from(settings) else { panic!("{section} is TOML") };
    let mut found = Vec::new();
    missing(section, sample.get(section), &settings, &mut found);
    assert_eq!(found, Vec::<String>::new(), "settings that the sample does not show");
}

#[test]
fn relative_paths_are_meant_from_the_folder_of_the_file() {
    let Ok(config) = parse(&MINIMAL.replace("\"sample\"", "\"own/mapping.toml\"")) else { panic!("is read") };
    let folder = Path::new("/etc/pocketdocket");
    assert_eq!(config.firm.data, folder.join("data"));
    assert_eq!(config.firm.key_file, folder.join("master.key"));
    assert_eq!(config.practice.database, Some(folder.join("practice.db")));
    assert_eq!(config.practice.mapping, "/etc/pocketdocket/own/mapping.toml");
}

#[test]
fn an_unknown_setting_is_refused_with_its_place_and_what_is_known() {
    insta::assert_snapshot!(refusal(&format!("{MINIMAL}[alerts]\nwebhok = \"x\"\n")), @r#"
    the file `/etc/pocketdocket/pocketdocket.toml` cannot be used
    line 10, column 1: unknown field `webhok`, expected `dead_man_file` or `webhook`
       |
    10 | webhok = "x"
       | ^^^^^^
    "#);
}

#[test]
fn a_secret_is_refused_without_showing_it() {
    for text in [
        format!("{MINIMAL}password = \"planted\"\n"),
        format!("{MINIMAL}[practice.placeholders]\nDB-Passwort = \"planted\"\n"),
        format!("{MINIMAL}[alerts]\nwebhook = \"https://user:planted@hooks.example.org/\"\n"),
        format!("{MINIMAL}list = [{{ api_key = \"planted\" }}]\n"),
        // Not TOML: the line is shown, its value is not.
        format!("{MINIMAL}password = planted\n"),
    ] {
        let message = refusal(&text);
        assert!(!message.contains("planted"), "{message}");
        assert!(message.contains("line "), "{message}");
    }
    insta::assert_snapshot!(refusal(&format!("{MINIMAL}password = \"planted\"\n")), @r"
    the file `/etc/pocketdocket/pocketdocket.toml` holds a secret
    line 9, column 1: `password` would be a secret in a file that many can read
      |
    9 | password = …
      | ^^^^^^^^
    ");
}

#[test]
fn a_value_that_cannot_be_is_refused_by_name() {
    let refuse = |line: &str| refusal(&format!("{MINIMAL}{line}\n"));
    let zone =
        refusal(&MINIMAL.replace("[scope]\noffice_zone = \"Europe/Berlin\"", "[scope]\noffice_zone = \"Berlin\""));
    assert!(zone.contains("Berlin"), "{zone}");
    assert!(refuse("[sync]\nparallel_mailboxes = 0").contains("`sync.parallel_mailboxes`"));
    assert!(refuse("[policy]\nmax_vanished_percent = 101").contains("101 is not between 1 and 100"));
    for seconds in ["0", "86401"] {
        let zero = refusal(&MINIMAL.replace("[scope]", &format!("time_out_seconds = {seconds}\n[scope]")));
        assert!(zero.contains("`practice.time_out_seconds`"), "{zero}");
    }
    assert!(refuse("[sign_in]\nauthority = \"http://login.example.org\"").contains("`sign_in.authority`"));
    assert!(refuse("[sign_in]\ntenant = \"common\"").contains("`sign_in.tenant`"));
    assert!(refuse("[sync]\nschedule = \"whenever\"").contains("line 10"));
    assert!(refuse("[policy.budgets]\nerase = { at_least = 1, percent = 1 }").contains("erase"));
}

#[test]
fn a_practice_is_in_one_place_and_the_way_to_it_is_protected() {
    let place = "database = \"practice.db\"";
    let server = "[practice.server]\ndatabase = \"practice\"\nuser = \"reader\"\n";
    let on_server = format!("{}{server}", MINIMAL.replace(&format!("{place}\n"), ""));
    assert!(parse(&on_server).is_ok_and(|config| config.practice.server.is_some()));
    assert!(refusal(&format!("{MINIMAL}{server}")).contains("`practice.database`"));
    assert!(refusal(&MINIMAL.replace(place, "")).contains("[practice.server]"));
    let clear = format!("{on_server}host = \"db.kanzlei.example\"\ntls = \"off\"\n");
    assert!(refusal(&clear).contains("`practice.server.tls`"));
    let secret = format!("{on_server}password = \"planted\"\n");
    assert!(refusal(&secret).contains("holds a secret") && !refusal(&secret).contains("planted"));
    let Ok(config) = parse(&format!("{on_server}ca_file = \"own.pem\"\n")) else { panic!("is read") };
    let file = config.practice.server.and_then(|server| server.ca_file);
    assert_eq!(file.as_deref(), Some(Path::new("/etc/pocketdocket/own.pem")));
}

#[test]
fn a_missing_file_names_the_way_to_make_one() {
    let Err(error) = Config::load(Path::new("/nowhere/pocketdocket.toml")) else { panic!("is missing") };
    assert!(matches!(error, ConfigError::Missing { .. }));
    assert!(error.hint().contains("pocketdocket init"));
}

#[test]
fn what_init_writes_is_read_back_whatever_was_typed() {
    for typed in ["practice.db", "C:\\Kanzlei\\prax\"is.db", "/srv/ü ☃.db"] {
        let Ok(zone) = sources::SourceZone::named("Europe/Vienna") else { panic!("a zone") };
        let practice = sources::Settings::new("sample", typed, zone.clone());
        let text = written(FirmId([7; 16]), &practice, "Europe/Berlin");
        let Ok(config) = parse(&text) else { panic!("{text}") };
        assert!(config.practice.database.is_some_and(|database| database.ends_with(typed)));
        assert_eq!(config.firm.id, FirmId([7; 16]));
        assert_eq!(config.practice.source_zone.name(), "Europe/Vienna");
        let server = sources::ServerSettings {
            database: typed.to_owned(),
            user: typed.to_owned(),
            port: Some(3307),
            ..sources::ServerSettings::default()
        };
        let practice = sources::Settings::on_server("sample", server.clone(), zone);
        let text = written(FirmId([7; 16]), &practice, "Europe/Berlin");
        let Ok(config) = parse(&text) else { panic!("{text}") };
        assert_eq!((config.practice.server, config.practice.database), (Some(server), None));
    }
}

#[test]
fn days_of_a_database_in_utc_are_the_office_s() {
    let day_zone = |source: &str, more: &str| {
        let text = MINIMAL.replace("source_zone = \"Europe/Berlin\"", &format!("source_zone = \"{source}\"\n{more}"));
        let Ok(config) = parse(&text) else { panic!("{text}") };
        config.practice.day_zone.map(|zone| zone.name().to_owned())
    };
    assert_eq!(day_zone("UTC", "").as_deref(), Some("Europe/Berlin"));
    assert_eq!(day_zone("UTC", "day_zone = \"Europe/Lisbon\"").as_deref(), Some("Europe/Lisbon"));
    assert_eq!(day_zone("Europe/Vienna", ""), None);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}", tail in "[a-z\\[\\]=\"{}.\n ü]{0,80}") {
        let _ = parse(&text);
        let _ = parse(&format!("{MINIMAL}{tail}"));
    }
}

#[test]
fn tokens_are_for_the_graph_of_the_cloud_that_is_asked() {
    let graph = |sign_in: &str, exchange: &str| {
        let config = parse(&format!("{MINIMAL}[sign_in]\n{sign_in}\n[exchange]\n{exchange}\n"));
        let config = config.unwrap_or_else(|error| panic!("{}", refusal_of(&error)));
        (config.exchange.graph_url, config.sign_in.graph)
    };
    let government = "authority = \"https://login.microsoftonline.us\"";
    assert_eq!(graph(government, ""), ("https://graph.microsoft.us/v1.0".to_owned(), None));
    let defense = "https://dod-graph.microsoft.us";
    assert_eq!(
        graph(government, &format!("graph_url = \"{defense}/v1.0\"")),
        (format!("{defense}/v1.0"), Some(defense))
    );
    let china = graph("authority = \"https://login.chinacloudapi.cn\"", "");
    assert_eq!(china, ("https://microsoftgraph.chinacloudapi.cn/v1.0".to_owned(), None));
}
