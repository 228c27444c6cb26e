use proptest::prelude::*;

use super::*;
use crate::{
    domain::PersonId,
    ports::Protocol,
    state::{AuthMethod, Confirmed, UserDetails},
};

fn day(day: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * (20_000 + day))
}

fn active(reconfirm: Option<Reconfirm>) -> User {
    User {
        name: "weber".parse().expect("is a name"),
        details: UserDetails {
            person: PersonId("HW".to_owned()),
            address: "weber@kanzlei.example".to_owned(),
            login: "weber".to_owned(),
            url: None,
            method: AuthMethod::Password,
            service_account: None,
            protocol: Protocol::default(),
            settings: serde_json::Value::Null,
        },
        link: LinkState::Active,
        parked: None,
        paused: None,
        waiting: None,
        mailbox: None,
        refused_sign_ins: 0,
        confirmed: Some(Confirmed { how: ConfirmationWay::Authenticator, at: day(0), by: "test".to_owned() }),
        reconfirm,
        recovered: None,
        door_of: None,
    }
}

fn every(days: u16) -> ConfirmationSettings {
    ConfirmationSettings { reconfirm_days: Some(days), ..ConfirmationSettings::default() }
}

#[test]
fn nothing_is_asked_of_a_confirmed_link_where_nothing_is_configured() {
    assert_eq!(wanted(&active(None), &ConfirmationSettings::default(), day(4000)), None);
}

#[test]
fn an_interval_counts_from_the_confirmation_and_leaves_time_for_warnings() {
    let by = |user: &User, days: u16, now: i64| wanted(user, &every(days), day(now)).map(|one| one.by);
    assert_eq!(by(&active(None), 365, 1), Some(day(365)));
    assert_eq!(by(&active(None), 365, 500), Some(day(507)), "the setting is new, and the link was confirmed long ago");
    let user = active(wanted(&active(None), &every(365), day(500)));
    for now in [500, 503, 520] {
        assert_eq!(by(&user, 365, now), Some(day(507)), "it does not run away");
    }
    assert_eq!(by(&user, 1000, 501), Some(day(1000)), "a longer interval");
    assert_eq!(wanted(&user, &ConfirmationSettings::default(), day(501)), None, "none any more");
    assert_eq!(by(&active(None), 5, 0), Some(day(5)), "one shorter than a warning");
}

#[test]
fn a_way_that_is_no_longer_accepted_has_days_of_grace() {
    let mut user = active(None);
    user.confirmed = Some(Confirmed { how: ConfirmationWay::Mailbox, at: day(0), by: "test".to_owned() });
    let first = wanted(&user, &ConfirmationSettings::default(), day(10)).expect("must be confirmed again");
    assert_eq!((first.by, first.why), (day(24), ReconfirmWhy::Policy));
    user.reconfirm = Some(first);
    assert_eq!(wanted(&user, &ConfirmationSettings::default(), day(20)), Some(first));
    let accepting =
        ConfirmationSettings { methods: [ConfirmationWay::Mailbox].into(), ..ConfirmationSettings::default() };
    assert_eq!(wanted(&user, &accepting, day(20)), None);
}

#[test]
fn warnings_are_heard_seven_three_and_one_day_before() {
    let user = active(Some(Reconfirm { since: day(0), by: day(14), why: ReconfirmWhy::NewSecret }));
    let heard: Vec<Option<String>> = (0..=15).map(|now| warning(&user, day(now))).collect();
    let within = |now: usize| heard[now].as_deref().and_then(|text| text.split("within ").nth(1)?.split(',').next());
    assert_eq!((within(6), within(7), within(10)), (None, Some("7 days"), Some("7 days")));
    assert_eq!((within(11), within(13), within(14)), (Some("3 days"), Some("a day"), None));
    let different: std::collections::BTreeSet<_> = heard.iter().flatten().collect();
    assert_eq!(different.len(), 3, "three warnings, each told once");
}

proptest! {
    /// However often it is asked, and whatever the settings: asking again later never moves a date away.
    #[test]
    fn asking_again_never_gains_time(
        interval in proptest::option::of(1_u16..800), grace in 1_u16..90, accepted: bool,
        event in proptest::option::of((0_i64..100, any::<bool>())), steps in prop::collection::vec(0_i64..40, 1..20),
    ) {
        let methods = if accepted { [ConfirmationWay::Authenticator].into() } else { [ConfirmationWay::Mailbox].into() };
        let settings = ConfirmationSettings { methods, reconfirm_days: interval, grace_days: grace, support: None };
        let mut user = active(event.map(|(since, secret)| {
            let why = if secret { ReconfirmWhy::NewSecret } else { ReconfirmWhy::NewAddress };
            Reconfirm { since: day(since), by: day(since + 14), why }
        }));
        let mut now = 100;
        user.reconfirm = wanted(&user, &settings, day(now));
        for step in steps {
            now += step;
            let next = wanted(&user, &settings, day(now));
            prop_assert_eq!(next, user.reconfirm, "day {}", now);
            prop_assert!(warning(&user, day(now)).is_none() || next.is_some_and(|next| day(now) < next.by));
            user.reconfirm = next;
        }
    }
}
