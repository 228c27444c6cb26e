use proptest::prelude::*;

use super::*;

fn answered(status: u16, scheme: Scheme) -> Observation {
    Observation {
        host: "mail.example".to_owned(),
        scheme: Some(scheme),
        status: Some(status),
        ..Observation::default()
    }
}

fn offering(offers: &[&str], scheme: Scheme) -> Observation {
    Observation { offers: offers.iter().map(|&offer| offer.to_owned()).collect(), ..answered(401, scheme) }
}

#[test]
fn every_cause_says_what_who_and_how_long() {
    for cause in Cause::ALL {
        let entry = cause.entry();
        let unknown = Cause::Unknown.entry().title;
        assert_eq!(entry.title == unknown, cause == Cause::Unknown, "{cause} has an entry of its own");
        assert!(!entry.evidence.is_empty() && !entry.steps.is_empty() && !entry.time.is_empty(), "{cause}");
        assert!(entry.steps.iter().all(|step| step.ends_with('.')), "{cause} speaks in sentences");
        assert!(!cause.judges_secret() || entry.next_try == NextTry::AfterPerson, "{cause} could lock somebody out");
        assert!(entry.reading.is_none_or(|link| link.starts_with("https://")), "{cause}");
    }
}

#[test]
fn the_numbers_that_the_catalogue_names_are_the_ones_that_are_recognised() {
    let mut named = 0;
    for cause in Cause::ALL {
        let words = cause.entry().evidence.split(|letter: char| !letter.is_ascii_digit());
        for number in words.filter(|word| word.len() >= 5).filter_map(|word| word.parse().ok()) {
            assert_eq!(Aadsts::of(number).map(|known| known.cause), Some(cause), "AADSTS{number}");
            named += 1;
        }
    }
    assert!(named > 30);
}

#[test]
fn offers_decide_before_the_password_does() {
    for (observed, cause) in [
        (offering(&["Basic realm=\"x\""], Scheme::Basic), Cause::WrongPassword),
        (offering(&["Negotiate", "NTLM", "Basic"], Scheme::Basic), Cause::WrongPassword),
        (offering(&["Negotiate", "NTLM"], Scheme::Basic), Cause::BasicOffOnServer),
        (offering(&["Negotiate", "Bearer"], Scheme::Basic), Cause::BasicOffOnServer),
        (offering(&["Bearer authorization_uri=\"x\""], Scheme::Basic), Cause::BasicOffByProvider),
        (
            Observation { host: "outlook.office365.com".to_owned(), ..offering(&["Basic", "Bearer"], Scheme::Basic) },
            Cause::BasicOffByProvider,
        ),
        (offering(&["Bearer"], Scheme::Bearer), Cause::TokenRefused),
        (offering(&["Bearer error=\"insufficient_claims\", claims=\"x\""], Scheme::Bearer), Cause::MfaRequired),
        (offering(&["NTLM"], Scheme::Windows), Cause::WrongPassword),
        (offering(&[], Scheme::Windows), Cause::WrongPassword),
        (offering(&["Basic realm=\"x\""], Scheme::Windows), Cause::WindowsOffOnServer),
        (
            Observation { body: "error 0x80090346".to_owned(), ..offering(&["NTLM"], Scheme::Windows) },
            Cause::ChannelBinding,
        ),
        (Observation { password_expired: true, ..offering(&["Basic"], Scheme::Basic) }, Cause::PasswordExpired),
        (
            Observation {
                body: "<p>The referenced account is currently locked out and may not be logged on to.</p>".to_owned(),
                ..offering(&["Basic"], Scheme::Basic)
            },
            Cause::AccountLocked,
        ),
        (answered(456, Scheme::Basic), Cause::BlockedByPolicy),
        (answered(403, Scheme::Bearer), Cause::EwsOff),
        (
            Observation { body: "<!DOCTYPE html><html>".to_owned(), ..answered(200, Scheme::Basic) },
            Cause::AnsweredByAnother,
        ),
        (answered(418, Scheme::Basic), Cause::Unknown),
    ] {
        let diagnosis = observed.diagnose();
        assert_eq!(diagnosis.cause, cause, "{observed:?} shows {:?}", diagnosis.evidence);
        assert!(!diagnosis.evidence.is_empty());
    }
}

#[test]
fn what_exchange_online_says_of_a_refusal_tells_a_switch_from_a_list() {
    for (said, evidence) in [
        ("EWS is disabled for this user or tenant", "EWS is switched off, for the organisation or for this mailbox"),
        ("EWS is blocked by policy for this user or tenant", "that of app ids, or that of User-Agents"),
        ("whatever comes next", "something of the organisation's settings"),
    ] {
        let reason = Some(said.to_owned());
        let diagnosis = Observation { policy_reason: reason, ..answered(403, Scheme::Bearer) }.diagnose();
        assert_eq!(diagnosis.cause, Cause::EwsOff);
        assert!(diagnosis.evidence.iter().any(|line| line.contains(evidence)), "{said}: {:?}", diagnosis.evidence);
    }
}

#[test]
fn two_clocks_too_far_apart_are_said_and_explain_a_refused_token() {
    let skewed = |minutes, scheme| Observation {
        clock_difference: Some(jiff::SignedDuration::from_mins(minutes)),
        ..offering(&["Basic", "Bearer", "NTLM"], scheme)
    };
    assert_eq!(skewed(-61, Scheme::Bearer).diagnose().cause, Cause::ClockSkew);
    assert_eq!(skewed(4, Scheme::Bearer).diagnose().cause, Cause::TokenRefused);
    let password = skewed(61, Scheme::Basic).diagnose();
    assert_eq!(password.cause, Cause::WrongPassword, "a password does not depend on clocks");
    let windows = skewed(61, Scheme::Windows).diagnose();
    assert_eq!(windows.cause, Cause::WrongPassword, "nor does NTLM, and to try it again could lock the account");
    assert!(password.evidence.contains(&"the server's clock is 61 minutes ahead of ours".to_owned()));
}

#[test]
fn every_cloud_of_exchange_online_is_known_and_look_alikes_are_not() {
    for host in [
        "outlook.office365.com",
        "OUTLOOK.Office365.com.",
        "outlook.office.com",
        "eur.outlook.com",
        "outlook.com",
        "outlook.office365.us",
        "webmail.apps.office365-net.us",
        "partner.outlook.cn",
    ] {
        assert!(is_exchange_online(host), "{host}");
    }
    for host in ["mail.example.org", "myoutlook.com", "outlook.com.example.org", "outlook.cn", "127.0.0.1", ""] {
        assert!(!is_exchange_online(host), "{host}");
    }
}

#[test]
fn what_autodiscover_says_of_another_place_decides_before_the_old_place_does() {
    let seen = "`outlook.office365.com` says that the mailbox is at Exchange Online".to_owned();
    let moved = Observation { elsewhere: vec![seen.clone()], ..answered(404, Scheme::Basic) };
    let diagnosis = moved.diagnose();
    assert_eq!((diagnosis.cause, diagnosis.evidence), (Cause::MailboxMoved, vec![seen]));
    let steps = Cause::MailboxMoved.entry().steps_for("weber", "weber@kanzlei.example", None).join(" ");
    assert!(steps.contains("pocketdocket user move weber --to graph"), "{steps}");
}

proptest! {
    /// Whatever comes, there is one cause, and nothing that the other end wrote is repeated.
    #[test]
    fn nothing_that_a_server_says_is_quoted(
        status in prop::option::of(0u16..700),
        before in ".{0,40}", after in ".{0,40}",
        place in 0usize..8,
        scheme in prop::option::of(prop::sample::select(vec![Scheme::Basic, Scheme::Bearer, Scheme::Windows])),
        seconds in prop::option::of(any::<i64>()),
    ) {
        const PLANTED: &str = "Sommer-2026!geheim";
        let text = format!("{before}{PLANTED}{after}");
        let put = |here: usize| if here == place { text.clone() } else { before.clone() };
        let observation = Observation {
            host: "mail.example".to_owned(),
            scheme,
            network: None,
            status,
            offers: vec![put(0), "Basic".to_owned()],
            diagnostics: Some(put(1)),
            password_expired: false,
            front_end_trouble: Some(put(2)),
            policy_reason: (place == 6).then(|| text.clone()),
            location: Some(put(3)),
            clock_difference: seconds.map(jiff::SignedDuration::from_secs),
            elsewhere: Vec::new(),
            response_code: (place == 4).then(|| text.clone()),
            body: put(5),
        };
        let diagnosis = observation.diagnose();
        prop_assert!(!diagnosis.evidence.join("\n").contains("geheim"), "{:?}", diagnosis.evidence);
        prop_assert!(diagnosis.evidence.iter().all(|line| line.chars().all(|letter| !letter.is_control())));
    }
}
