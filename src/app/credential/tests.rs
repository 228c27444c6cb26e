use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::SecretString;

use super::*;
use crate::{
    diagnosis::{Cause, Diagnosis},
    domain::FirmId,
    vault::Vault,
};

/// A server's opinion of a password, and how often it was asked.
#[derive(Default)]
struct Server {
    refuses: std::sync::atomic::AtomicBool,
    under_way: AtomicUsize,
    most: AtomicUsize,
    refusals: AtomicUsize,
    busy: std::sync::atomic::AtomicBool,
    cause: Option<Cause>,
}

struct OneLeg(bool);

#[async_trait]
impl Authenticator for OneLeg {
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure> {
        Ok(Box::new(OneLeg(false)))
    }
}

#[async_trait]
impl SignIn for OneLeg {
    async fn step(&mut self, _: &Challenge) -> Step {
        if std::mem::replace(&mut self.0, true) {
            return Step::Refused(Failure::new(FailureKind::Unauthorized, "sign in").because("wrong").hint("link"));
        }
        Step::Send(SecretString::from("x"))
    }
}

impl Server {
    /// One request, as the transport makes it.
    async fn ask(&self, link: &Guarded) -> Result<(), Failure> {
        let mut sign_in = link.begin().await?;
        let Step::Send(_) = sign_in.step(&Challenge::default()).await else { panic!("the first leg is sent") };
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(under_way, Ordering::Relaxed);
        let refuses = self.refuses.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        if !refuses {
            sign_in.accepted();
            return Ok(());
        }
        self.refusals.fetch_add(1, Ordering::Relaxed);
        match sign_in.step(&self.challenge()).await {
            Step::Refused(failure) => Err(failure),
            Step::Send(_) | Step::Ask(_) => panic!("it has one leg"),
        }
    }

    /// All at once, each once more if it is refused. Yields how many succeeded.
    async fn ask_all(&self, links: &[Guarded]) -> usize {
        let one = |link| async move {
            match self.ask(link).await {
                Err(failure) if failure.kind == FailureKind::Unauthorized => self.ask(link).await.is_ok(),
                outcome => outcome.is_ok(),
            }
        };
        futures_util::future::join_all(links.iter().map(one)).await.into_iter().filter(|good| *good).count()
    }

    fn challenge(&self) -> Challenge {
        Challenge {
            under_load: self.busy.load(Ordering::Relaxed),
            diagnosis: self.cause.map(|cause| Diagnosis { cause, evidence: Vec::new() }),
            ..Challenge::default()
        }
    }

    fn under_load(self) -> Self {
        self.busy.store(true, Ordering::Relaxed);
        self
    }

    fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::Relaxed);
    }

    fn refusals(&self) -> usize {
        self.refusals.load(Ordering::Relaxed)
    }
}

fn links(count: usize) -> Vec<Guarded> {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(&folder.keep(), Vault::with_random_key(), FirmId([7; 16])).unwrap();
    let mark = ledger.credential_mark("weber", &SecretString::from("secret")).unwrap();
    let credential = Arc::new(Credential::new(ledger, mark));
    (0..count).map(|_| Guarded::new(Arc::new(OneLeg(false)), Arc::clone(&credential))).collect()
}

#[tokio::test]
async fn a_credential_that_never_worked_is_sent_wrong_once_by_all_links_together() {
    let (server, links) = (Server::default(), links(20));
    server.refuse(true);
    assert_eq!(server.ask_all(&links).await, 0);
    assert_eq!(server.refusals(), 1);
    let failure = server.ask(&links[7]).await.unwrap_err();
    assert_eq!((failure.chain().as_str(), failure.hint.as_deref()), ("could not sign in: wrong", Some("link")));
}

#[tokio::test]
async fn a_credential_that_worked_is_tried_once_more_by_all_links_together_only_under_load() {
    let (server, links) = (Server::default().under_load(), links(20));
    assert_eq!(server.ask_all(&links).await, 20);
    server.refuse(true);
    assert_eq!(server.ask_all(&links).await, 0);
    assert_eq!(server.refusals(), 2);
}

#[tokio::test]
async fn a_password_that_changes_amid_the_work_is_sent_wrong_as_often_as_is_under_way() {
    let (server, links) = (Server::default(), links(20));
    server.ask(&links[0]).await.unwrap();
    let work = async {
        server.ask_all(&links).await;
        server.ask_all(&links).await
    };
    let change = async {
        tokio::time::sleep(Duration::from_millis(95)).await;
        server.refuse(true);
    };
    tokio::join!(work, change);
    assert!((1..=2).contains(&server.refusals()), "{}", server.refusals());
    assert_eq!(server.most.load(Ordering::Relaxed), TOGETHER as usize);
}

#[tokio::test]
async fn a_401_under_load_is_ridden_out_by_all() {
    let (server, links) = (Server::default().under_load(), links(6));
    server.ask_all(&links).await;
    server.refuse(true);
    let calm = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        server.refuse(false);
    };
    let (good, ()) = tokio::join!(server.ask_all(&links), calm);
    assert_eq!((good, server.refusals()), (6, 1));
}

#[tokio::test]
async fn a_refused_credential_is_tried_again_once_when_a_person_gives_it_once_more() {
    let (server, links) = (Server::default(), links(6));
    server.refuse(true);
    server.ask_all(&links).await;
    let credential = &links[0].credential;
    credential.begin_pass().unwrap();
    assert_eq!((server.ask_all(&links).await, server.refusals()), (0, 1), "nobody gave it again");
    credential.ledger.forget_refusal(credential.mark).unwrap();
    credential.begin_pass().unwrap();
    assert_eq!((server.ask_all(&links).await, server.refusals()), (0, 2), "once for all");
    server.refuse(false);
    credential.ledger.forget_refusal(credential.mark).unwrap();
    credential.begin_pass().unwrap();
    assert_eq!(server.ask_all(&links).await, 6);
}

#[tokio::test]
async fn another_process_knows_of_the_refusal() {
    let (server, links) = (Server::default(), links(2));
    server.refuse(true);
    server.ask_all(&links).await;
    let Credential { ledger, mark, .. } = &*links[0].credential;
    let other = Arc::new(Credential::new(ledger.clone(), *mark));
    other.begin_pass().unwrap();
    let other = Guarded::new(Arc::new(OneLeg(false)), other);
    let failure = server.ask(&other).await.unwrap_err();
    assert_eq!((server.refusals(), failure.hint.as_deref()), (1, Some("link")));
}

#[tokio::test]
async fn a_refusal_that_does_not_judge_the_secret_leaves_it_alone() {
    let (server, links) = (Server { cause: Some(Cause::BasicOffOnServer), ..Server::default() }, links(1));
    server.refuse(true);
    for tries in 1..4 {
        assert!(server.ask(&links[0]).await.is_err());
        assert_eq!(server.refusals(), tries, "it may be asked again");
    }
    assert_eq!(links[0].credential.ledger.refusal(links[0].credential.mark).unwrap(), None);
}
