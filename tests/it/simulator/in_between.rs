//! What comes instead of an answer, from EWS and from the authority: pages of others, redirects, wrong dates, bombs.

use pocketdocket::simulator::{Fault, FaultRule, PASSWORD, Running, Settings, SignInOffer, Simulator, TENANT};

use super::{
    client::Client,
    code_flow::ANNA,
    person::{Person, trusting},
};

/// A plain one, whose EWS and authority are asked the same.
async fn start() -> (Running, Client, Person) {
    let settings = Settings { offer: SignInOffer::BasicAndOauth, ..Settings::default() };
    let running = Simulator::start(settings.with_mailbox(ANNA)).await.expect("a simulator");
    let (client, person) = (Client::new(&running, ANNA, PASSWORD), Person::new(&running, ANNA));
    (running, client, person)
}

#[tokio::test]
async fn somebody_in_between_answers() {
    let (running, client, person) = start().await;
    let location = "https://elsewhere.example/EWS/Exchange.asmx".to_owned();
    for (fault, status, word) in [
        (Fault::CaptivePortal, 200, "<html>"),
        (Fault::ProxyLogin, 407, "proxy"),
        (Fault::BadGateway, 502, "502"),
        (Fault::Unavailable { retry_after_seconds: Some(7) }, 503, ""),
        (Fault::TooManyRequests { retry_after_seconds: 7 }, 429, ""),
    ] {
        running.faults().add(FaultRule::new(fault.clone()));
        let reply = client.find("s/1").await;
        assert_eq!(reply.status, status, "{fault:?}");
        assert!(reply.body.contains(word), "{fault:?}: {}", reply.body);
        let answer = person.refresh("whatever").await;
        assert_eq!((answer.status, &answer.body), (status, &reply.body), "{fault:?} at the authority");
        if let 429 | 503 = status {
            assert_eq!(reply.header("retry-after"), Some("7"));
        }
        let keys = person.get(&format!("/{TENANT}/discovery/v2.0/keys")).await;
        assert_eq!(keys.status, status, "{fault:?} at the keys");
        running.faults().clear();
    }
    running.faults().add(FaultRule::new(Fault::Moved { location: location.clone() }));
    let answer = person.refresh("whatever").await;
    assert_eq!((answer.status, answer.location), (302, Some(location)));
    running.faults().clear();
    assert_eq!(client.find("s/1").await.code(), "NoError");
}

#[tokio::test]
async fn a_redirect_leads_out_of_the_encryption() {
    let running = Simulator::start(Settings::default().online().with_mailbox(ANNA)).await.expect("a simulator");
    running.faults().add(FaultRule::new(Fault::Downgrade));
    let answer = Person::new(&running, ANNA).refresh("whatever").await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.location, Some(running.authority_url().replace("https://", "http://")));
    let ews = trusting(&running).post(running.ews_url()).send().await.expect("an answer");
    assert_eq!(ews.status(), 302);
}

#[tokio::test]
async fn dates_are_as_far_off_as_they_are_told_to_be() {
    let (running, client, _person) = start().await;
    let date = |reply: &super::client::Reply| {
        let text = reply.header("date").expect("a date").replace("GMT", "+0000");
        jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).expect("a date").as_second()
    };
    let right = date(&client.find("s/1").await);
    running.faults().add(FaultRule::new(Fault::ClockSkew { seconds: -7200 }));
    let wrong = date(&client.find("s/1").await);
    assert!((7100..7300).contains(&(right - wrong)), "{right} {wrong}");
    assert_eq!(
        "clock-skew,seconds=-7200".parse::<FaultRule>().expect("a fault"),
        FaultRule::new(Fault::ClockSkew { seconds: -7200 })
    );
}

#[tokio::test]
async fn bombs_are_what_they_say_and_an_endless_answer_goes_on() {
    let (running, client, person) = start().await;
    running.faults().add(FaultRule::new(Fault::XmlBomb));
    let bomb = client.find("s/1").await;
    assert!(bomb.body.contains("<!ENTITY e11") && bomb.body.len() < 4096, "it is small until it is read");
    running.faults().clear();
    running.faults().add(FaultRule::new(Fault::JsonBomb));
    let nested = person.refresh("whatever").await;
    assert!(nested.body.bytes().all(|byte| byte == b'[') && nested.body.len() > 100_000);
    running.faults().clear();
    running.faults().add(FaultRule::new(Fault::Endless));
    for path in [format!("/{TENANT}/oauth2/v2.0/token"), "/EWS/Exchange.asmx".to_owned()] {
        let request = person.http.post(format!("{}{path}", person.base));
        let sent = request.header("content-type", "application/x-www-form-urlencoded").body("a=b").send().await;
        let mut answer = sent.expect("an answer");
        let mut read = 0;
        while read < 8 * 1024 * 1024 {
            read += answer.chunk().await.expect("more").expect("and more").len();
        }
    }
}

#[tokio::test]
async fn ews_says_what_is_wrong_with_a_password_or_a_mailbox() {
    let (running, client, _person) = start().await;
    let once = |fault: Fault| running.faults().add(FaultRule::new(fault).times(1));
    once(Fault::AccountLocked);
    let locked = client.find("s/1").await;
    assert_eq!(locked.status, 401);
    assert!(locked.body.starts_with("The referenced account is currently locked out"), "{}", locked.body);
    once(Fault::AppPasswordNeeded);
    let wanted = client.find("s/1").await;
    assert_eq!((wanted.status, wanted.header("x-app-password-required")), (401, Some("true")));
    once(Fault::Interrupted);
    let refused = running.refused_sign_ins(ANNA);
    assert_eq!(client.find("s/1").await.status, 456);
    assert_eq!(running.refused_sign_ins(ANNA), refused, "the password was right");
    once(Fault::PasswordExpired);
    assert_eq!(client.find("s/1").await.header("x-ms-credential-service-credexpired"), Some("true"));
    once(Fault::PasswordExpires { days: 5 });
    let soon = client.find("s/1").await;
    assert_eq!((soon.status, soon.header("x-ms-credentials-expire")), (200, Some("5")));
    for (fault, code) in [
        (Fault::MailboxMissing, "ErrorNonExistentMailbox"),
        (Fault::MailboxDisabled, "ErrorAccountDisabled"),
        (Fault::ImpersonationMissing, "ErrorImpersonateUserDenied"),
        (Fault::Busy { back_off_milliseconds: 1 }, "ErrorServerBusy"),
    ] {
        once(fault);
        assert_eq!(client.find("s/1").await.code(), code);
    }
    assert_eq!(client.find("s/1").await.code(), "NoError");
}
