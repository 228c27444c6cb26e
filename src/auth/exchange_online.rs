//! What can never work: a password for a mailbox in Exchange Online.

use crate::{
    diagnosis::{Cause, is_exchange_online},
    ports::{Failure, FailureKind, Protocol},
};

/// Refuses a password for a host of Exchange Online, and for Microsoft Graph wherever it is, with the reason and what to take instead.
///
/// Microsoft switched Basic off there for good by January 2023, whatever the password and whether or not the server still
/// lists it among its offers; trying only risks a lock-out.
/// <https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online>
///
/// # Errors
/// [`FailureKind::Setting`] for such a host.
pub fn refuse_password(host: &str, protocol: Protocol) -> Result<(), Failure> {
    if protocol == Protocol::Ews && !is_exchange_online(host) {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Setting, format!("use a password for `{host}`"))
        .named(Cause::BasicOffByProvider)
        .because("Exchange Online takes no password or app password: Microsoft switched Basic off, and it cannot come back")
        .hint(
            "let the user sign in by OAuth instead: `pocketdocket user add NAME ... --method oauth`, or `pocketdocket user change NAME \
             --method oauth` for one who is entered already; then `pocketdocket user link NAME`",
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_says_why_and_what_to_take_instead() {
        let Err(failure) = refuse_password("outlook.office365.com", Protocol::Ews) else { panic!("is refused") };
        assert!(failure.chain().contains("cannot come back"));
        assert!(failure.hint.is_some_and(|hint| hint.contains("--method oauth")));
        assert!(refuse_password("mail.example.org", Protocol::Ews).is_ok());
        assert!(refuse_password("127.0.0.1", Protocol::Graph).is_err());
    }
}
