//! The firm, its installation and its Exchange.

use std::fmt::Write as _;

use jiff::{Timestamp, tz::TimeZone};

use super::{Demo, DemoError};
use crate::{
    app::{App, TEXT_GATEWAY_SECRET, Watcher},
    config::{Config, FILE_NAME, written},
    domain::FirmId,
    simulator::{self, Simulator},
    sources::sample,
    state::Ledger,
    vault::KeySource,
};

/// The same firm at every start.
const SEED: u64 = 7;
/// Where the sample firm is.
const ZONE: &str = "Europe/Berlin";

pub(super) async fn set_up(port: u16, say: &mut dyn FnMut(&str), watcher: Watcher) -> Result<Demo, DemoError> {
    let folder = tempfile::Builder::new().prefix("pocketdocket-demo-").tempdir()?;
    let database = folder.path().join("practice.db");
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let size = sample::Size::default();
    sample::create(&database, SEED, Timestamp::now().to_zoned(zone).date(), size)?;
    say(&format!(
        "a law firm of {} people with {} contacts, {} events and {} tasks: {}",
        size.people,
        size.contacts,
        size.events,
        size.tasks,
        database.display()
    ));

    let offer = simulator::SignInOffer::All;
    let exchange = Simulator::start(simulator::Settings { port, offer, ..simulator::Settings::default() }).await?;
    say(&format!("an Exchange of its own, simulated on this machine: {}", exchange.ews_url()));

    let firm = FirmId(rand::random());
    let path = folder.path().join(FILE_NAME);
    let mut text = written(firm, &sample::settings(&database), ZONE);
    // Six fields: a demo that ticks every two minutes would be a slow one.
    text = text.replace("schedule = \"*/2 * * * *\"", "schedule = \"*/10 * * * * *\"\njitter_seconds = 0");
    let _ = write!(
        text,
        "\n[exchange]\nurl = \"{}\"\ngraph_url = \"{}\"\nautodiscover = []\n\n[confirmation]\nmethods = [\"provider\", \"authenticator\", \"text\", \"mailbox\"]\n\n\
         [text_messages]\nurl = \"{}\"\naccount = \"{}\"\nfrom = \"{}\"\n\n\
         [sign_in]\nauthority = \"{}\"\ntenant = \"{}\"\nclient_id = \"{}\"\n\n[address]\necho = [\"{}\", \"{}\"]\n",
        exchange.ews_url(),
        exchange.graph_url(),
        exchange.text_gateway_url(),
        simulator::TEXT_ACCOUNT,
        simulator::TEXT_SENDER,
        exchange.authority_url(),
        simulator::TENANT,
        simulator::CLIENT_ID,
        exchange.echo_url("one"),
        exchange.echo_url("two")
    );
    std::fs::write(&path, &text)?;
    let config = Config::parse(&path, &text)?;
    let vault = KeySource::File(config.firm.key_file.clone()).draw(None)?;
    let ledger = Ledger::create(&config.firm.data, &vault, firm)?;
    ledger.seal_secret(TEXT_GATEWAY_SECRET, &simulator::TEXT_SECRET.into())?;
    let app = App::new(config, ledger)?;
    let lock = app.ledger.lock_engine()?;
    let engine = app.engine(Some(watcher))?;
    engine.begin()?;
    say(&format!("an installation: configuration, master key and sealed ledger in {}", folder.path().display()));
    Ok(Demo { app, exchange, engine, users: Vec::new(), mover: None, _lock: lock, folder })
}
