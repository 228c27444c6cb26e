//! One contract for mailboxes, whatever protocol reaches them: EWS against the simulator in both of its dialects, and Graph.
//! What is written is what is there.

mod autodiscover;
mod causes;
mod faults;
mod graph;
mod items;
mod live;
mod places;
mod service_account;

use std::{collections::BTreeMap, sync::Arc};

use pocketdocket::{
    auth::password::Basic,
    domain::{
        Body, BodyFormat, Field, FirmId, Importance, ItemContent, ItemRef, Kind, Personal, PostalAddress, Record,
        RecordKey, Reminder, Sensitivity, ShowAs, Span, Stamp, TaskStatus, Value, notes,
    },
    exchange::{EwsMailbox, GraphMailbox, Settings, Shared, graph::Whose},
    ports::{Failure, FailureKind, Mailbox, NewItem},
    simulator::{self, Account, Dialect, PASSWORD, Running, Simulator},
};

use crate::token::Token;

const WEBER: &str = "weber@kanzlei.example";

/// By which protocol a mailbox is reached, and whose manners its server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Face {
    Ews(Dialect),
    Graph,
}

/// All of them.
const FACES: [Face; 3] = [Face::Ews(Dialect::Strict), Face::Ews(Dialect::Lenient), Face::Graph];
/// Those that check versions.
const STRICT_FACES: [Face; 2] = [Face::Ews(Dialect::Strict), Face::Graph];

/// A simulator with one mailbox, and that mailbox over a protocol.
struct Place {
    simulator: Running,
    mailbox: Arc<dyn Mailbox>,
}

impl Place {
    async fn new(dialect: Dialect) -> Self {
        Self::of(Face::Ews(dialect)).await
    }

    async fn of(face: Face) -> Self {
        Self::with(face, Settings::default()).await
    }

    async fn with(face: Face, settings: Settings) -> Self {
        Self::on(face, settings, simulator::Settings::default()).await
    }

    async fn on(face: Face, settings: Settings, settings_of_simulator: simulator::Settings) -> Self {
        let accounts = vec![Account::simple(WEBER)];
        let dialect = match face {
            Face::Ews(dialect) => dialect,
            Face::Graph => Dialect::Strict,
        };
        let settings_of_simulator = simulator::Settings { accounts, dialect, ..settings_of_simulator };
        let simulator = Simulator::start(settings_of_simulator).await.unwrap();
        let mailbox: Arc<dyn Mailbox> = match face {
            Face::Ews(_) => Arc::new(mailbox(&simulator, &settings, PASSWORD)),
            Face::Graph => {
                let token = simulator.graph_token(WEBER).unwrap();
                Arc::new(graph_mailbox(&simulator, &settings, &Whose::Own, &token))
            }
        };
        Self { simulator, mailbox }
    }

    /// What the phone calls the item with this stamp.
    fn on_the_phone(&self, kind: Kind, name: &str) -> String {
        let view = self.simulator.mailbox(WEBER).unwrap();
        let wanted = stamp(kind, name).to_string();
        let is_it = |item: &&simulator::ItemView| item.stamp.as_ref() == Some(&wanted);
        view.items.iter().find(is_it).unwrap_or_else(|| panic!("no {kind} `{name}`")).item.id.clone()
    }
}

fn mailbox(simulator: &Running, settings: &Settings, password: &str) -> EwsMailbox {
    let settings = Settings { time_out_seconds: 5, ..settings.clone() };
    let link = settings.link(WEBER, Some(&simulator.ews_url()), "Europe/Zurich").unwrap();
    let basic = Basic::new(WEBER, &password.to_owned().into()).unwrap();
    EwsMailbox::connect(&settings, link, Arc::new(basic), Arc::new(Shared::new(&settings).unwrap())).unwrap()
}

fn graph_mailbox(simulator: &Running, settings: &Settings, whose: &Whose, token: &str) -> GraphMailbox {
    let settings = Settings { time_out_seconds: 5, graph_url: simulator.graph_url(), ..settings.clone() };
    let link = settings.graph_link(WEBER, None, "Europe/Zurich").unwrap();
    let token = Arc::new(Token(token.to_owned()));
    GraphMailbox::connect(&settings, link, whose, token, Arc::new(Shared::new(&settings).unwrap())).unwrap()
}

fn stamp(kind: Kind, record: &str) -> Stamp {
    Stamp { firm: FirmId([7; 16]), key: RecordKey::new(kind, "main", record) }
}

fn new_item(record: Record, name: &str) -> NewItem {
    let body = Body { format: BodyFormat::Text, text: Personal::from("first\nsecond & last") };
    NewItem { stamp: Some(stamp(record.kind, name)), record: Arc::new(record), body: Some(body), replaces: None }
}

async fn create(place: &Place, record: Record, name: &str) -> ItemRef {
    let folder = place.mailbox.folder(record.kind).await.unwrap().id;
    let outcomes = place.mailbox.create(&folder, &[new_item(record, name)]).await.unwrap();
    outcomes.into_iter().next().unwrap().unwrap()
}

async fn read(place: &Place, kind: Kind, item: &ItemRef) -> ItemContent {
    let outcomes = place.mailbox.read(kind, std::slice::from_ref(&item.id)).await.unwrap();
    outcomes.into_iter().next().unwrap().unwrap().expect("it is there")
}

fn zurich(start: &str, end: &str) -> Value {
    let (start, end) = (start.parse().unwrap(), end.parse().unwrap());
    Value::Span(Span::Timed { start, end, zone: "Europe/Zurich".to_owned() })
}

fn address(street: &str, country: &str) -> Value {
    Value::Address(Personal::new(PostalAddress {
        street: street.to_owned(),
        city: "Bern".to_owned(),
        state: String::new(),
        postal_code: "3000".to_owned(),
        country: country.to_owned(),
    }))
}

fn categories(names: &[&str]) -> Value {
    Value::Categories(names.iter().map(|name| (*name).to_owned()).collect())
}

/// A record with every field of its kind.
fn full(kind: Kind) -> Record {
    let mut record = Record::new(kind);
    for field in Field::ALL.iter().copied().filter(|field| field.belongs_to(kind) && *field != Field::Notes) {
        let value = match field {
            Field::Categories => categories(&["Kanzlei", "Stra\u{df}e & Co"]),
            Field::Sensitivity => Value::Sensitivity(Sensitivity::Private),
            Field::BusinessAddress => address("Weg 1\nHinterhaus", "Schweiz"),
            Field::HomeAddress => address("Gasse 2", ""),
            Field::OtherAddress => address("", "\u{d6}sterreich"),
            Field::Birthday => Value::Date("1980-02-29".parse().unwrap()),
            Field::StartDate => Value::Date("2026-11-23".parse().unwrap()),
            Field::DueDate => Value::Date("2026-12-01".parse().unwrap()),
            Field::Span => zurich("2026-11-23T08:00:00Z", "2026-11-23T09:30:00Z"),
            Field::Reminder if kind == Kind::Event => Value::Reminder(Reminder::MinutesBefore(45)),
            Field::Reminder => Value::Reminder(Reminder::At("2026-12-01T07:30:00Z".parse().unwrap())),
            Field::ShowAs => Value::ShowAs(ShowAs::Away),
            Field::Status => Value::Status(TaskStatus::InProgress),
            Field::PercentComplete => Value::Percent(40),
            Field::Importance => Value::Importance(Importance::High),
            Field::Email1 | Field::Email2 | Field::Email3 => Value::text(format!("{field}@example.org")),
            Field::WebPage => Value::text("https://example.org/a?b=c&d"),
            other => Value::text(format!("{other} \u{fc} <&>")),
        };
        record = record.with(field, value);
    }
    record
}

/// The fields of a record that have a value.
fn values(record: &Record) -> BTreeMap<Field, Value> {
    record.fields.iter().filter_map(|(field, value)| Some((*field, value.clone()?))).collect()
}
