//! Apps that sign in with a certificate: warnings in time before it ends, and when one reaches what it must not.

use jiff::{SignedDuration, Timestamp};

use crate::state::AppStatus;

/// Days before a certificate's end at which somebody is told, each time anew.
const WARNINGS: [i64; 3] = [1, 7, 30];

/// Something about an app that needs a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppWarning {
    /// What it is.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
}

/// What needs a person about an app. The text about a certificate changes 30, 7 and 1 days before its end, so that each is heard.
pub fn app_warnings(app: &AppStatus, now: Timestamp) -> Vec<AppWarning> {
    let name = &app.account;
    let in_use = app.certificates.iter().find(|certificate| certificate.proven.is_some());
    let next = app.certificates.iter().find(|certificate| certificate.proven.is_none());
    let mut warnings = Vec::new();
    if let Some(ends) = in_use.and_then(|certificate| ending(certificate.not_after, now)) {
        let remedy = match next {
            Some(_) => format!(
                "register the next one, which is made already, and let it take over: `pocketdocket service-account link {name}`"
            ),
            None => format!("make the next one: `pocketdocket service-account certificate make {name}`"),
        };
        warnings.push(AppWarning { cause: ends, remedy });
    }
    if let Some(outside) = app.outside.as_ref().filter(|outside| !outside.reached.is_empty()) {
        warnings.push(AppWarning {
            cause: format!(
                "the app reaches {} of {}, which must lie outside: it is not limited to the firm's users",
                outside.reached.join(" and "),
                outside.address
            ),
            remedy: format!(
                "let the Exchange administrator take back the consent to application permissions for contacts and calendars, and \
                 limit the app's roles to a scope; then `pocketdocket service-account link {name}`"
            ),
        });
    }
    warnings
}

/// Within how many days a certificate ends, if that is soon.
fn ending(not_after: Timestamp, now: Timestamp) -> Option<String> {
    if not_after <= now {
        return Some("the app's certificate has expired, and no mailbox is reached through it".to_owned());
    }
    let left = not_after.duration_since(now);
    let days = WARNINGS.into_iter().find(|days| left <= SignedDuration::from_hours(24 * days))?;
    let within = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
    Some(format!("the app's certificate ends within {within}, and then no mailbox is reached through it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{KeptCertificate, Outside};

    fn days(days: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * days)
    }

    fn certificate(ends: i64, proven: bool) -> KeptCertificate {
        let (kept, not_after) = (days(0), days(ends));
        KeptCertificate { thumbprint: "A1".into(), der: Vec::new(), not_after, kept, proven: proven.then_some(kept) }
    }

    fn app(certificates: Vec<KeptCertificate>, reached: Option<&[&str]>) -> AppStatus {
        let outside = reached.map(|reached| Outside {
            address: "chef@kanzlei.example".into(),
            tried: Some(days(1)),
            reached: reached.iter().map(|kind| (*kind).to_owned()).collect(),
        });
        AppStatus { account: "graph".parse().expect("a name"), certificates, outside }
    }

    #[test]
    fn an_end_is_told_thirty_seven_and_one_days_before_and_when_it_has_come() {
        let said = |day| app_warnings(&app(vec![certificate(100, true)], None), days(day)).pop().map(|it| it.cause);
        assert_eq!(said(69), None);
        let told: Vec<String> = [70, 92, 93, 98, 99, 100].into_iter().filter_map(said).collect();
        let short = |text: &String| text.split(',').next().map(|text| text.replace("the app's certificate ", ""));
        let told: Vec<String> = told.iter().filter_map(short).collect();
        assert_eq!(
            told,
            [
                "ends within 30 days",
                "ends within 30 days",
                "ends within 7 days",
                "ends within 7 days",
                "ends within a day",
                "has expired"
            ]
        );
    }

    #[test]
    fn one_that_waits_beside_it_is_the_remedy_and_one_that_was_never_proven_warns_of_nothing() {
        let remedy = |certificates| app_warnings(&app(certificates, None), days(95)).pop().map(|it| it.remedy);
        assert!(remedy(vec![certificate(100, true)]).is_some_and(|remedy| remedy.contains("certificate make graph")));
        let both = vec![certificate(100, true), certificate(400, false)];
        assert!(remedy(both).is_some_and(|remedy| remedy.contains("link graph")));
        assert_eq!(remedy(vec![certificate(100, false)]), None);
    }

    #[test]
    fn what_an_app_reaches_although_it_must_not_is_told() {
        let good = vec![certificate(1000, true)];
        assert!(app_warnings(&app(good.clone(), Some(&[])), days(1)).is_empty());
        let told = app_warnings(&app(good, Some(&["contacts", "events"])), days(1));
        assert!(told.first().is_some_and(|it| it.cause.contains("contacts and events of chef@kanzlei.example")));
    }
}
