//! What is said in place of an answer, and what it means for the writes that were on their way.

use super::*;

#[tokio::test]
async fn whatever_a_later_request_of_a_write_meets_its_items_may_have_been_written() {
    let page = |status| Answer::Say(status, "Retry-After: 7\r\n".to_owned(), "<html/>".to_owned());
    for (answer, kind) in [
        (page(503), FailureKind::Transient),
        (page(403), FailureKind::Transient),
        (page(404), FailureKind::Transient),
        (page(302), FailureKind::Transient),
        (page(400), FailureKind::Transient),
        (fault("ErrorServerBusy"), FailureKind::Transient),
        (page(401), FailureKind::Unauthorized),
    ] {
        // The first answer teaches it to send two at a time.
        let mut answers = vec![fault("ErrorTimeoutExpired"), stored("CreateItem", &["a", "b"]), answer.clone()];
        if kind == FailureKind::Unauthorized {
            answers.push(answer.clone());
        }
        let script = Script::start(answers).await;
        let mailbox = mailbox(&script);
        let (home, items) = (id("home"), new_items(4));
        assert!(mailbox.create(&home, &items).await.is_err());
        let outcomes = mailbox.create(&home, &items).await.unwrap();
        if matches!(answer, Answer::Say(503, ..)) {
            let failure = outcomes[2].as_ref().unwrap_err();
            assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
        }
        assert_eq!(kinds(outcomes), [None, None, Some(kind), Some(kind)], "{answer:?}");
    }
}

#[tokio::test]
async fn a_page_about_maintenance_is_a_wrong_setting_only_where_ews_never_answered() {
    for status in [302, 404, 405, 410] {
        let page = || Answer::Say(status, "Location: /sorry\r\n".to_owned(), "<html>".to_owned());
        let script = Script::start([page(), one_folder("f", 0), page(), one_folder("f", 0)]).await;
        let mailbox = mailbox(&script);
        assert_eq!(mailbox.folder(Kind::Task).await.unwrap_err().kind, FailureKind::Setting, "{status}");
        assert!(mailbox.folder(Kind::Task).await.is_ok());
        let failure = mailbox.folder(Kind::Task).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Transient, "{status}");
        assert!(failure.hint.is_some_and(|hint| hint.contains("answered there before")));
        assert!(mailbox.folder(Kind::Task).await.is_ok());
    }
}
