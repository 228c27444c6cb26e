//! What can never work: a password for a mailbox in Exchange Online.

use crate::{
    diagnosis::Cause,
    ports::{Failure, FailureKind},
};

/// Hosts of Exchange Online in its several clouds, and what Microsoft names for their EWS:
/// <https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges>.
const HOSTS: [&str; 6] =
    ["office365.com", "outlook.com", "office365.us", "office365-net.us", "office.com", "partner.outlook.cn"];

/// Whether this host belongs to Exchange Online (or outlook.com, where the same holds).
pub fn is_exchange_online(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    HOSTS.iter().any(|known| host == *known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')))
}

/// Refuses a password for a host of Exchange Online, with the reason and what to take instead.
///
/// Microsoft switched Basic off there for good by January 2023, whatever the password and whether or not the server still
/// lists it among its offers; trying only risks a lock-out.
/// <https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online>
///
/// # Errors
/// [`FailureKind::Setting`] for such a host.
pub fn refuse_password(host: &str) -> Result<(), Failure> {
    if !is_exchange_online(host) {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Setting, format!("use a password for `{host}`"))
        .named(Cause::BasicOffByProvider)
        .because("Exchange Online takes no password or app password: Microsoft switched Basic off, and it cannot come back")
        .hint(
            "a mailbox in Exchange Online needs a sign-in with OAuth, which this version does not have yet; link mailboxes on \
             Exchange Server or hosted Exchange, and leave this user out for now",
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_refusal_says_why_and_what_to_take_instead() {
        let Err(failure) = refuse_password("outlook.office365.com") else { panic!("is refused") };
        assert!(failure.chain().contains("cannot come back"));
        assert!(failure.hint.is_some_and(|hint| hint.contains("OAuth")));
        assert!(refuse_password("mail.example.org").is_ok());
    }
}
