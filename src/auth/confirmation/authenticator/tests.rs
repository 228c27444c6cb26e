//! The authenticator app and what stands in for it, with a clock of the tests' own.

use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use secrecy::ExposeSecret as _;
use totp_rs::{Builder, Secret, Totp};

use super::{super::*, *};
use crate::auth::confirmation::spare::Spare;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_700_000_010 + seconds)
}

fn code(typed: &str) -> Code {
    let Ok(code) = Code::parse(typed) else { panic!("{typed} is a code") };
    code
}

/// What the app on the phone computes, from the key that was typed into it.
struct Phone(Totp);

impl Phone {
    fn with(enrolment: &Enrolment) -> Self {
        let key = enrolment.key.expose_secret().replace(' ', "");
        let secret = Secret::try_from_base32(&key).expect("base 32");
        Self(Builder::new().with_secret(secret).build().expect("as usual"))
    }

    fn at(&self, now: Timestamp) -> Code {
        code(&self.0.generate(u64::try_from(now.as_second()).expect("after 1970")).to_string())
    }
}

fn enrolled(seed: u64) -> (Authenticator, Enrolment, Phone) {
    let random = &mut StdRng::seed_from_u64(seed);
    let (app, enrolment) = Authenticator::enrol("weber@kanzlei.example", random, at(-60)).expect("an account");
    let phone = Phone::with(&enrolment);
    let (app, verdict) = app.attempt(&phone.at(at(-60)), at(-60));
    assert_eq!(verdict, Verdict::Confirmed);
    (app, enrolment, phone)
}

/// A code that the app does not show now, nor around now.
fn wrong(phone: &Phone, now: Timestamp) -> Code {
    let shown: Vec<_> = (-2..=2).map(|step| phone.at(now + SignedDuration::from_secs(30 * step))).collect();
    let mut other = (0..9).map(|digit| code(&format!("{digit}00000")));
    other.find(|code| shown.iter().all(|shown| shown.digits() != code.digits())).expect("five are not all")
}

#[test]
fn only_a_right_code_completes_an_enrolment_and_it_does_so_in_time() {
    let random = &mut StdRng::seed_from_u64(1);
    let (app, enrolment) = Authenticator::enrol("weber@kanzlei.example", random, at(0)).expect("an account");
    let phone = Phone::with(&enrolment);
    assert!(!app.is_enrolled() && app.open_until(at(0)) == Some(at(600)));
    let (_, late) = app.attempt(&phone.at(at(600)), at(600));
    assert_eq!(late, Verdict::Refused(Refusal::Expired));
    let (app, refused) = app.attempt(&wrong(&phone, at(1)), at(1));
    assert_eq!(refused, Verdict::Refused(Refusal::Wrong { left: 4, until: at(2) }));
    assert!(!app.is_enrolled());
    let (app, verdict) = app.attempt(&phone.at(at(599)), at(599));
    assert_eq!((verdict, app.is_enrolled(), app.open_until(at(599))), (Verdict::Confirmed, true, None));
    let address = enrolment.address.expose_secret();
    assert!(address.starts_with("otpauth://totp/Pocket%20Docket:weber%40kanzlei.example?secret="), "{address}");
}

#[test]
fn five_wrong_codes_end_an_enrolment_and_a_new_one_keeps_the_pause() {
    let random = &mut StdRng::seed_from_u64(2);
    let (mut app, enrolment) = Authenticator::enrol("w", random, at(0)).expect("an account");
    let phone = Phone::with(&enrolment);
    for second in [0, 10, 20, 30, 40] {
        let (next, verdict) = app.attempt(&wrong(&phone, at(second)), at(second));
        assert!(matches!(verdict, Verdict::Refused(Refusal::Wrong { .. })), "{verdict:?}");
        app = next;
    }
    assert_eq!(app.attempt(&phone.at(at(100)), at(100)).1, Verdict::Refused(Refusal::Exhausted));
    assert_eq!(app.open_until(at(100)), None);
    let (anew, enrolment) = Authenticator::enrol("w", random, at(41)).expect("an account");
    let anew = anew.after(Some(&app));
    let phone = Phone::with(&enrolment);
    assert_eq!(anew.attempt(&phone.at(at(42)), at(42)).1, Verdict::Refused(Refusal::TooSoon { until: at(56) }));
    assert_eq!(anew.attempt(&phone.at(at(56)), at(56)).1, Verdict::Confirmed);
}

#[test]
fn guessing_at_an_enrolled_app_comes_down_to_one_try_a_quarter_of_an_hour() {
    let (mut app, _, phone) = enrolled(3);
    let (mut now, mut looked_at) = (at(0), 0);
    while now < at(24 * 60 * 60) {
        let (next, verdict) = app.attempt(&wrong(&phone, now), now);
        match verdict {
            Verdict::Refused(Refusal::Wrong { until, .. }) => {
                looked_at += 1;
                now = until;
            }
            other => panic!("{other:?}"),
        }
        app = next;
    }
    assert!(looked_at < 102, "{looked_at} tries in a day");
    assert_eq!(app.attempt(&phone.at(now), now).1, Verdict::Confirmed, "the user gets in again");
}

#[test]
fn a_recovery_code_or_the_key_switches_the_app_off_and_nothing_else_does() {
    let (app, enrolment, _) = enrolled(4);
    for (spare, used) in
        enrolment.recovery.iter().map(|code| (code, Used::RecoveryCode)).chain([(&enrolment.backup, Used::BackupKey)])
    {
        let typed = spare.readable().expose_secret().to_lowercase().replace('-', " ").replace('0', "o");
        let typed = Spare::parse(&typed).expect("as it was written down");
        assert_eq!(app.recover(&typed, at(0)).1, Ok(used));
    }
    let stranger = Spare::draw_code(&mut StdRng::seed_from_u64(5));
    let (app, refused) = app.recover(&stranger, at(0));
    assert_eq!(refused, Err(Refusal::Wrong { left: 4, until: at(1) }));
    assert_eq!(app.recover(&enrolment.backup, at(0)).1, Err(Refusal::TooSoon { until: at(1) }));
    let (app, used) = app.recover(&enrolment.recovery[0], at(1));
    assert_eq!((used, app.recovery_codes_left()), (Ok(Used::RecoveryCode), 9));
    assert!(app.recover(&enrolment.recovery[0], at(2)).1.is_err(), "once");
    assert_eq!(app.recover(&enrolment.recovery[1], at(60)).1, Ok(Used::RecoveryCode));
}

#[test]
fn one_that_was_given_up_is_good_for_nothing() {
    let (app, enrolment, phone) = enrolled(6);
    let app = app.given_up();
    assert!(app.is_lost() && !app.is_enrolled());
    assert_eq!(app.attempt(&phone.at(at(0)), at(0)).1, Verdict::Refused(Refusal::SwitchedOff));
    assert_eq!(app.recover(&enrolment.backup, at(0)).1, Err(Refusal::SwitchedOff));
}

#[test]
fn what_is_printed_holds_nothing_and_what_is_kept_reads_back() {
    let (app, enrolment, _) = enrolled(7);
    let stored = serde_json::to_string(&app).expect("JSON");
    let printed = format!("{app:?} {:?} {:?}", enrolment.backup, enrolment.address);
    let backup = enrolment.backup.readable().expose_secret().replace('-', "");
    let key = enrolment.key.expose_secret().replace(' ', "");
    for secret in [&backup, &key] {
        assert!(!printed.contains(secret.as_str()) && !stored.contains(secret.as_str()));
    }
    for code in &enrolment.recovery {
        assert!(!stored.contains(&code.readable().expose_secret().replace('-', "")));
    }
    assert_eq!(serde_json::from_str::<Authenticator>(&stored).ok(), Some(app));
}

#[test]
fn what_is_neither_code_nor_key_is_not_looked_at() {
    for typed in ["", "2F9K-7QXC-M4T", "2F9K-7QXC-M4TDX", "UUUU-UUUU-UUUU", "2F9K-7QXC-M4T\u{e9}", "123456"] {
        assert!(Spare::parse(typed).is_err(), "{typed}");
    }
}

proptest! {
    /// A code is taken in its own half minute, the one before and the one after; no half minute twice, and none before it.
    #[test]
    fn a_step_of_skew_and_no_step_twice(seed: u64, offsets in prop::collection::vec((0_i64..100, -3_i64..=3), 1..30)) {
        let (mut app, _, phone) = enrolled(seed);
        let mut now = at(0);
        let mut last = at(-60).as_second() / 30;
        for (wait, skew) in offsets {
            now += SignedDuration::from_secs(wait);
            let shown_at = now + SignedDuration::from_secs(30 * skew);
            let step = shown_at.as_second() / 30;
            let shown = phone.at(shown_at);
            // Two steps may show the same six digits; such a code says nothing here.
            let alike = (-4..=4).filter(|other| phone.at(now + SignedDuration::from_secs(30 * other)).digits() == shown.digits());
            if alike.count() > 1 || app.pause_until(now) {
                continue;
            }
            let restarted: Authenticator = serde_json::from_str(&serde_json::to_string(&app).expect("JSON")).expect("read");
            let (next, verdict) = restarted.attempt(&shown, now);
            let expected = if skew.abs() > 1 {
                matches!(verdict, Verdict::Refused(Refusal::Wrong { .. }))
            } else if step <= last {
                verdict == Verdict::Refused(Refusal::Replayed)
            } else {
                last = step;
                verdict == Verdict::Confirmed
            };
            prop_assert!(expected, "skew {}: {:?}", skew, verdict);
            app = next;
        }
    }

    #[test]
    fn whatever_is_typed_or_stored_is_read_without_panic(typed in "\\PC{0,40}") {
        let _ = Spare::parse(&typed);
        let _ = serde_json::from_str::<Authenticator>(&typed);
    }
}
