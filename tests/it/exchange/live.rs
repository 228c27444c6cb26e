//! The core of the contract, told of nothing but a mailbox: run over every face of the simulator, and on a real server where the
//! environment names one. It works in folders of its own and removes what it made.
//!
//! | Variable | |
//! | --- | --- |
//! | `POCKETDOCKET_LIVE_MAILBOX` | address of a mailbox for tests |
//! | `POCKETDOCKET_LIVE_EWS_URL`, `POCKETDOCKET_LIVE_LOGIN`, `POCKETDOCKET_LIVE_PASSWORD_FILE` | its server, reached over EWS |
//! | `POCKETDOCKET_LIVE_GRAPH_URL`, `POCKETDOCKET_LIVE_TOKEN_FILE` | Graph, and a file with an access token for it |

use std::collections::BTreeSet;

use pocketdocket::{
    domain::{ChangeKey, RemovalManner},
    exchange::OwnFolders,
    ports::{ItemChange, Owner, Removal, StampChange},
};

use super::*;

const FOLDER: &str = "Pocket Docket contract test";

fn own_folders() -> Settings {
    let name = Some(FOLDER.to_owned());
    let folders = OwnFolders { contacts: name.clone(), calendar: name.clone(), tasks: name };
    Settings { folders, ..Settings::default() }
}

/// What every mailbox does, whoever serves it.
async fn contract(mailbox: &dyn Mailbox, checks_versions: bool) {
    let identity = mailbox.identity().await.expect("an identity");
    assert_eq!(mailbox.identity().await.expect("an identity"), identity);
    for kind in Kind::ALL {
        let folder = mailbox.folder(kind).await.expect("a folder").id;
        mailbox.claim(&folder, kind, &Owner("contract test".to_owned())).await.expect("claimed");
        let again = mailbox.folder(kind).await.expect("the same folder");
        assert_eq!((&again.id, again.owner), (&folder, Some(Owner("contract test".to_owned()))));
        let before = mailbox.changes(&folder, None).await.expect("a full view");
        assert!(before.complete);
        let name = format!("contract-{}", uuid::Uuid::new_v4());
        let made = mailbox.create(&folder, &[new_item(full(kind), &name)]).await.expect("an answer");
        let made = made.into_iter().next().expect("one outcome").expect("stored");
        let seen = mailbox.changes(&folder, Some(&before.next)).await.expect("what changed").changed;
        let wanted = stamp(kind, &name).to_string();
        assert!(seen.iter().any(|one| one.item.id == made.id && one.stamp.as_ref() == Some(&wanted)), "{kind}");
        let content = one(mailbox, kind, &made).await.expect("it is there");
        assert_eq!(content.fields, values(&full(kind)), "{kind}");
        assert_eq!(notes::text(&content.body.expect("notes")).trim(), "first\nsecond & last", "{kind}");
        let (field, value) = match kind {
            Kind::Contact => (Field::Company, Value::text("Neu & Co")),
            Kind::Event | Kind::Task => (Field::Subject, Value::text("Neu & Co")),
        };
        let change = |item: &ItemRef| ItemChange {
            kind,
            item: item.clone(),
            set: [(field, value.clone())].into(),
            clear: BTreeSet::new(),
            body: None,
            stamp: StampChange::Keep,
        };
        let changed = mailbox.update(&[change(&content.item)]).await.expect("an answer").remove(0).expect("changed");
        let now = one(mailbox, kind, &changed).await.expect("it is there");
        assert_eq!(now.fields.get(&field), Some(&value), "{kind}");
        assert_eq!(now.stamp, Some(wanted), "{kind}: a change keeps the stamp");
        if checks_versions {
            let stale = ItemRef { id: made.id.clone(), change_key: content.item.change_key.clone() };
            let refused = mailbox.update(&[change(&stale)]).await.expect("an answer").remove(0);
            assert_eq!(refused.expect_err("an old version").kind, FailureKind::Conflict, "{kind}");
        }
        let removal = Removal { kind, item: now.item.clone(), manner: RemovalManner::ForGood };
        for _ in 0..2 {
            mailbox.delete(std::slice::from_ref(&removal)).await.expect("an answer").remove(0).expect("removed");
        }
        assert!(one(mailbox, kind, &now.item).await.is_none(), "{kind} is gone");
        let nowhere = ItemRef { id: now.item.id.clone(), change_key: ChangeKey(String::new()) };
        assert!(one(mailbox, kind, &nowhere).await.is_none());
    }
}

async fn one(mailbox: &dyn Mailbox, kind: Kind, item: &ItemRef) -> Option<ItemContent> {
    mailbox.read(kind, std::slice::from_ref(&item.id)).await.expect("an answer").remove(0).expect("readable")
}

/// The mailboxes that an environment names.
fn named_by(environment: impl Fn(&str) -> Option<String>) -> Vec<(&'static str, Arc<dyn Mailbox>)> {
    let variable = |name: &str| environment(&format!("POCKETDOCKET_LIVE_{name}"));
    let file = |name: &str| {
        let path = variable(name)?;
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("`{path}`: {error}"));
        Some(text.trim().to_owned())
    };
    let Some(address) = variable("MAILBOX") else { return Vec::new() };
    let settings = own_folders();
    let shared = Arc::new(Shared::new(&settings).unwrap());
    let mut mailboxes: Vec<(&str, Arc<dyn Mailbox>)> = Vec::new();
    if let (Some(url), Some(password)) = (variable("EWS_URL"), file("PASSWORD_FILE")) {
        let login = variable("LOGIN").unwrap_or_else(|| address.clone());
        let basic = Arc::new(Basic::new(&login, &password.into()).unwrap());
        let link = settings.link(&address, Some(&url), "Europe/Zurich").unwrap();
        mailboxes.push(("EWS", Arc::new(EwsMailbox::connect(&settings, link, basic, Arc::clone(&shared)).unwrap())));
    }
    if let Some(token) = file("TOKEN_FILE") {
        let url = variable("GRAPH_URL");
        let link = settings.graph_link(&address, url.as_deref(), "Europe/Zurich").unwrap();
        let graph = GraphMailbox::connect(&settings, link, &Whose::Own, Arc::new(Token(token)), shared).unwrap();
        mailboxes.push(("Graph", Arc::new(graph)));
    }
    mailboxes
}

#[tokio::test]
async fn every_face_keeps_the_core_of_the_contract() {
    for face in FACES {
        let place = Place::with(face, own_folders()).await;
        contract(&*place.mailbox, STRICT_FACES.contains(&face)).await;
        assert_eq!(place.simulator.mails_sent(), 0, "{face:?}");
    }
}

#[tokio::test]
async fn an_environment_can_name_a_server_for_it() {
    let place = Place::of(Face::Graph).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{text}\n")).unwrap();
        path.to_string_lossy().into_owned()
    };
    let variables = BTreeMap::from([
        ("POCKETDOCKET_LIVE_MAILBOX", WEBER.to_owned()),
        ("POCKETDOCKET_LIVE_EWS_URL", place.simulator.ews_url()),
        ("POCKETDOCKET_LIVE_PASSWORD_FILE", file("password", PASSWORD)),
        ("POCKETDOCKET_LIVE_GRAPH_URL", place.simulator.graph_url()),
        ("POCKETDOCKET_LIVE_TOKEN_FILE", file("token", &place.simulator.graph_token(WEBER).unwrap())),
    ]);
    let mailboxes = named_by(|name| variables.get(name).cloned());
    assert_eq!(mailboxes.iter().map(|(protocol, _)| *protocol).collect::<Vec<_>>(), ["EWS", "Graph"]);
    for (_, mailbox) in mailboxes {
        contract(&*mailbox, true).await;
    }
    assert!(named_by(|_| None).is_empty());
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
async fn a_real_server_keeps_the_core_of_the_contract() {
    let mailboxes = named_by(|name| std::env::var(name).ok());
    if mailboxes.is_empty() {
        eprintln!("skipped: no `POCKETDOCKET_LIVE_MAILBOX` with a server and a secret is named");
    }
    for (protocol, mailbox) in mailboxes {
        eprintln!("on a real server over {protocol}");
        contract(&*mailbox, true).await;
    }
}
