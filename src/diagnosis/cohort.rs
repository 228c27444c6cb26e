//! What several users have in common: said first, because it says where not to look.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Cause;

/// Troubles that begin within this time of each other are taken for one.
const TOGETHER: SignedDuration = SignedDuration::from_hours(2);

/// One user, as far as it matters here.
#[derive(Clone, Debug)]
pub struct Member {
    /// Whose server.
    pub host: String,
    /// How they sign in: what fails for one method may work for another.
    pub method: String,
    /// The service account through which they are reached, if they are.
    pub account: Option<String>,
    /// Why the sign-in fails, since when, if it does.
    pub failing: Option<(Cause, Timestamp)>,
    /// When it last worked.
    pub worked: Option<Timestamp>,
}

/// What the users of one host have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "cohort")]
pub enum Cohort {
    /// Several fail alike, and nobody works: the provider or the address, not the passwords.
    FailingAlike {
        /// Where.
        host: String,
        /// Through which service account, if they are reached through one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        /// Why they all fail.
        cause: Cause,
        /// How many fail so.
        users: usize,
        /// Since the first of them failed.
        since: Timestamp,
    },
    /// Some fail and others work: it is not the provider.
    SomeWork {
        /// Where.
        host: String,
        /// Through which service account, if they are reached through one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        /// Why most of them fail.
        cause: Cause,
        /// How many fail so.
        users: usize,
        /// How many work.
        working: usize,
    },
}

impl Cohort {
    /// The sentence that comes first.
    pub fn words(&self) -> String {
        match self {
            // Nobody asked the server.
            Self::FailingAlike { account: Some(account), cause: cause @ Cause::AddressNotAllowed, users, .. } => {
                format!("{users} users through service account `{account}` wait for the same: {}", cause.entry().title)
            }
            Self::FailingAlike { host, account: Some(account), cause, users, .. } => format!(
                "{users} users through service account `{account}` fail alike and nobody works through it at `{host}`: it is the \
                 account, its right or the provider, not the users ({})",
                cause.entry().title
            ),
            Self::SomeWork { host, account: Some(account), users, working, .. } => {
                let (fail, work) = numbers(*users, *working);
                format!(
                    "{users} {fail} through service account `{account}` at `{host}` and {working} {work}: the account is well, so look at \
                     its right for the mailboxes of who fails, and whether they exist"
                )
            }
            Self::FailingAlike { host, cause, users, .. } => format!(
                "{users} users of `{host}` fail alike and nobody works there: it is the provider or the address, not the \
                 passwords ({})",
                cause.entry().title
            ),
            Self::SomeWork { host, cause, users, working, .. } => {
                let (fail, work) = numbers(*users, *working);
                let so = if cause.judges_secret() {
                    "the server is well, so look at the password of who fails"
                } else {
                    "the server is well, so look at the account of who fails"
                };
                format!("{users} {fail} at `{host}` and {working} {work}: {so}")
            }
        }
    }

    /// Whose host.
    pub fn host(&self) -> &str {
        match self {
            Self::FailingAlike { host, .. } | Self::SomeWork { host, .. } => host,
        }
    }

    /// Whether it is about those who are reached so: at this host, through this service account if through one.
    pub fn is_of(&self, other: &str, through: Option<&str>) -> bool {
        let (Self::FailingAlike { host, account, .. } | Self::SomeWork { host, account, .. }) = self;
        host.eq_ignore_ascii_case(other) && account.as_deref() == through
    }

    /// Whether somebody who fails so at this host, through this service account if through one, is one of many, about whom all is
    /// said with this.
    pub fn speaks_for(&self, other: &str, through: Option<&str>, fails: Cause) -> bool {
        self.is_of(other, through) && matches!(self, Self::FailingAlike { cause, .. } if *cause == fails)
    }
}

fn numbers(users: usize, working: usize) -> (&'static str, &'static str) {
    (if users == 1 { "user fails" } else { "users fail" }, if working == 1 { "works" } else { "work" })
}

/// What users have in common, host by host. Silent about hosts where one user alone fails and nobody else is known, and where
/// all is well.
pub fn judge(members: &[Member]) -> Vec<Cohort> {
    let mut hosts: BTreeMap<(String, &str), Vec<&Member>> = BTreeMap::new();
    for member in members {
        hosts.entry((member.host.to_ascii_lowercase(), member.method.as_str())).or_default().push(member);
    }
    hosts.into_iter().filter_map(|((host, _), members)| of_host(host, &members)).collect()
}

fn of_host(host: String, members: &[&Member]) -> Option<Cohort> {
    let mut causes: BTreeMap<Cause, Vec<Timestamp>> = BTreeMap::new();
    for (cause, since) in members.iter().filter_map(|member| member.failing) {
        causes.entry(cause).or_default().push(since);
    }
    let account = members.first().and_then(|member| member.account.clone());
    let (cause, times) = causes.into_iter().max_by_key(|(_, times)| times.len())?;
    let since = *times.iter().min()?;
    // Who fails does not work now, whatever was before.
    let working =
        members.iter().filter(|member| member.failing.is_none() && member.worked.is_some_and(|at| at >= since)).count();
    if working > 0 {
        return Some(Cohort::SomeWork { host, account, cause, users: times.len(), working });
    }
    let together = times.iter().filter(|at| at.duration_since(since) <= TOGETHER).count();
    (together > 1).then_some(Cohort::FailingAlike { host, account, cause, users: times.len(), since })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).expect("valid")
    }

    fn fails(host: &str, cause: Cause, minute: i64) -> Member {
        Member {
            host: host.to_owned(),
            method: "password".to_owned(),
            account: None,
            failing: Some((cause, at(minute))),
            worked: Some(at(-100)),
        }
    }

    fn works(host: &str, minute: i64) -> Member {
        let method = "password".to_owned();
        Member { host: host.to_owned(), method, account: None, failing: None, worked: Some(at(minute)) }
    }

    fn through(member: Member) -> Member {
        let method = "password, through service account exchange".to_owned();
        Member { method, account: Some("exchange".to_owned()), ..member }
    }

    #[test]
    fn users_of_a_service_account_are_judged_by_themselves() {
        let denied = Cause::ImpersonationMissing;
        let all = judge(&[through(fails("a", denied, 0)), through(fails("a", denied, 1)), works("a", 5)]);
        let [alike] = &all[..] else { panic!("{all:?}") };
        assert!(alike.words().contains("the account, its right or the provider, not the users"), "{}", alike.words());
        assert!(alike.speaks_for("A", Some("exchange"), denied) && !alike.speaks_for("a", None, denied));
        let outside = [0, 1].map(|minute| through(fails("a", Cause::AddressNotAllowed, minute)));
        let words = judge(&outside).iter().map(Cohort::words).collect::<String>();
        assert!(words.contains("wait for the same: blocked by location"), "{words}");
        let one = judge(&[through(fails("a", denied, 0)), through(works("a", 1)), through(works("a", 1))]);
        let [some] = &one[..] else { panic!("{one:?}") };
        assert!(some.words().contains("the account is well, so look at its right"), "{}", some.words());
        assert!(some.is_of("a", Some("exchange")) && !some.is_of("a", Some("other")));
    }

    #[test]
    fn several_at_once_are_the_provider_and_some_among_others_are_the_password() {
        let alike = judge(&[fails("a", Cause::WrongPassword, 0), fails("A", Cause::WrongPassword, 3), works("b", 9)]);
        assert!(matches!(&alike[..], [Cohort::FailingAlike { users: 2, .. }]), "{alike:?}");
        assert!(alike[0].words().contains("the provider or the address, not the passwords"));
        let some = judge(&[fails("a", Cause::WrongPassword, 0), works("a", 5)]);
        assert!(matches!(&some[..], [Cohort::SomeWork { users: 1, working: 1, .. }]), "{some:?}");
        assert!(some[0].words().contains("look at the password"));
    }

    #[test]
    fn one_alone_says_nothing_and_neither_do_troubles_of_different_days() {
        assert_eq!(judge(&[fails("a", Cause::WrongPassword, 0)]), []);
        assert_eq!(judge(&[fails("a", Cause::WrongPassword, 0), fails("a", Cause::WrongPassword, 3000)]), []);
        assert_eq!(judge(&[works("a", 0), works("a", 1)]), []);
    }

    #[test]
    fn who_worked_before_the_trouble_began_proves_nothing() {
        let judged = judge(&[fails("a", Cause::EwsOff, 0), fails("a", Cause::EwsOff, 1), works("a", -30)]);
        assert!(matches!(&judged[..], [Cohort::FailingAlike { .. }]), "{judged:?}");
    }
}
