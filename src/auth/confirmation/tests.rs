use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use secrecy::ExposeSecret as _;

use super::*;

const SUBJECT: &str = "weber/weber@kanzlei.example";

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_700_000_000 + seconds)
}

fn code(typed: &str) -> Code {
    let Ok(code) = Code::parse(typed) else { panic!("{typed} is a code") };
    code
}

/// A step of a table: at this second, this code, this answer.
type Try = (i64, &'static str, Verdict);

/// Plays tries against the code 123 456 issued at second 0.
fn play(story: &str, tries: &[Try]) {
    let mut state = Confirmation::default().issue(SUBJECT, &code("123456"), [7; 16], at(0));
    for (second, typed, expected) in tries {
        let (next, verdict) = state.attempt(SUBJECT, &code(typed), at(*second));
        assert_eq!(verdict, *expected, "{story}: `{typed}` at second {second}");
        state = next;
    }
}

fn refused(refusal: Refusal) -> Verdict {
    Verdict::Refused(refusal)
}

fn wrong(left: u8, until: i64) -> Verdict {
    refused(Refusal::Wrong { left, until: at(until) })
}

#[test]
fn each_story_ends_as_the_table_says() {
    play("right at once", &[(0, "123456", Verdict::Confirmed)]);
    play("right at the last moment", &[(599, "123 456", Verdict::Confirmed)]);
    play("too late", &[(600, "123456", refused(Refusal::Expired)), (601, "123456", refused(Refusal::Expired))]);
    play("used twice", &[(5, "123456", Verdict::Confirmed), (6, "123456", refused(Refusal::Replayed))]);
    play(
        "a used code stays used when it is old",
        &[(5, "123456", Verdict::Confirmed), (5000, "123456", refused(Refusal::Replayed))],
    );
    play("a slip, then right", &[(5, "123465", wrong(4, 6)), (6, "123456", Verdict::Confirmed)]);
    play(
        "hasty tries are not looked at and do not count",
        &[
            (5, "000000", wrong(4, 6)),
            (5, "123456", refused(Refusal::TooSoon { until: at(6) })),
            (6, "000000", wrong(3, 8)),
            (7, "123456", refused(Refusal::TooSoon { until: at(8) })),
            (8, "123456", Verdict::Confirmed),
        ],
    );
    play(
        "five wrong tries end a code",
        &[
            (0, "000000", wrong(4, 1)),
            (10, "000001", wrong(3, 12)),
            (20, "000002", wrong(2, 24)),
            (30, "000003", wrong(1, 38)),
            (40, "000004", wrong(0, 56)),
            (60, "123456", refused(Refusal::Exhausted)),
        ],
    );
    play("a clock that was set back a little", &[(-59, "123456", Verdict::Confirmed)]);
    play("a clock that was set back a lot", &[(-61, "123456", refused(Refusal::Expired))]);
}

#[test]
fn without_a_code_nothing_confirms() {
    let (state, verdict) = Confirmation::default().attempt(SUBJECT, &code("123456"), at(0));
    assert_eq!((state, verdict), (Confirmation::default(), refused(Refusal::NothingIssued)));
}

#[test]
fn a_code_for_another_mailbox_is_wrong() {
    let state = Confirmation::default().issue(SUBJECT, &code("123456"), [7; 16], at(0));
    let (_, verdict) = state.attempt("weber/other@kanzlei.example", &code("123456"), at(1));
    assert_eq!(verdict, wrong(4, 2));
}

#[test]
fn a_new_code_voids_the_old_one_and_keeps_the_pause() {
    let first = Confirmation::default().issue(SUBJECT, &code("123456"), [7; 16], at(0));
    let (after, _) = first.attempt(SUBJECT, &code("000000"), at(1));
    let second = after.issue(SUBJECT, &code("654321"), [8; 16], at(1));
    let (_, hasty) = second.attempt(SUBJECT, &code("654321"), at(1));
    assert_eq!(hasty, refused(Refusal::TooSoon { until: at(2) }));
    let (after, old) = second.attempt(SUBJECT, &code("123456"), at(3));
    assert_eq!(old, wrong(4, 5));
    let (_, new) = after.attempt(SUBJECT, &code("654321"), at(5));
    assert_eq!(new, Verdict::Confirmed);
}

#[test]
fn guessing_with_ever_new_codes_is_slowed_to_one_try_a_quarter_of_an_hour() {
    let mut state = Confirmation::default();
    let mut now = at(0);
    let mut tries = 0;
    while now < at(24 * 60 * 60) {
        if state.open_until(now).is_none() {
            state = state.issue(SUBJECT, &code("123456"), [7; 16], now);
        }
        let (next, verdict) = state.attempt(SUBJECT, &code("999999"), now);
        match verdict {
            Verdict::Refused(Refusal::Wrong { until, .. } | Refusal::TooSoon { until }) => {
                tries += i32::from(next != state);
                now = until;
            }
            other => panic!("{other:?}"),
        }
        state = next;
    }
    assert!(tries < 110, "{tries} tries in a day");
}

#[test]
fn a_code_reads_as_people_type_it_and_nothing_else_does() {
    for typed in ["123456", " 123 456\n", "123-456", "1 2 3 4 5 6", "123\u{a0}456"] {
        assert_eq!(code(typed).readable().expose_secret(), "123 456");
    }
    for typed in ["", "12345", "1234567", "12345x", "١٢٣٤٥٦", "123.456"] {
        assert_eq!(Code::parse(typed).map(|_| ()), Err(NotACode), "{typed}");
    }
}

#[test]
fn what_is_stored_and_what_is_printed_do_not_hold_the_code() {
    let state = Confirmation::default().issue(SUBJECT, &code("498213"), [7; 16], at(0));
    let Ok(stored) = serde_json::to_string(&state) else { panic!("is JSON") };
    assert!(!stored.contains("498213") && !stored.contains("498 213"), "{stored}");
    assert!(!format!("{state:?} {:?}", code("498213")).contains("498213"));
    assert_eq!(serde_json::from_str::<Confirmation>(&stored).ok(), Some(state));
}

proptest! {
    #[test]
    fn a_drawn_code_reads_back_and_confirms_once(seed: u64, salt: [u8; 16], delay in 0_i64..600) {
        let drawn = Code::draw(&mut StdRng::seed_from_u64(seed));
        let typed = Code::parse(drawn.readable().expose_secret());
        prop_assert!(typed.is_ok());
        let Ok(typed) = typed else { return Ok(()) };
        let state = Confirmation::default().issue(SUBJECT, &drawn, salt, at(0));
        prop_assert!(state.open_until(at(delay)).is_some());
        let (state, verdict) = state.attempt(SUBJECT, &typed, at(delay));
        prop_assert_eq!(verdict, Verdict::Confirmed);
        prop_assert_eq!(state.open_until(at(delay)), None);
        let (_, verdict) = state.attempt(SUBJECT, &typed, at(delay));
        prop_assert_eq!(verdict, refused(Refusal::Replayed));
    }

    #[test]
    fn no_sequence_of_wrong_tries_confirms_or_looks_at_more_than_five(
        tries in prop::collection::vec((0_i64..900, 0_u32..1_000_000), 0..40),
    ) {
        let mut state = Confirmation::default().issue(SUBJECT, &code("123456"), [7; 16], at(0));
        let mut now = 0;
        let mut looked_at = 0;
        for (wait, guess) in tries {
            now += wait;
            if guess == 123_456 { continue }
            let before = state.clone();
            let (next, verdict) = state.attempt(SUBJECT, &code(&format!("{guess:06}")), at(now));
            prop_assert_ne!(verdict, Verdict::Confirmed);
            let counted = matches!(verdict, Verdict::Refused(Refusal::Wrong { .. }));
            prop_assert_eq!(counted, next != before, "only a try that was looked at changes the state");
            looked_at += u32::from(counted);
            prop_assert!(looked_at <= u32::from(TRIES));
            state = next;
        }
    }

    #[test]
    fn whatever_is_typed_or_stored_is_read_without_panic(typed in "\\PC{0,20}", stored in "\\PC{0,60}") {
        let _ = Code::parse(&typed);
        let _ = serde_json::from_str::<Confirmation>(&stored);
    }
}
