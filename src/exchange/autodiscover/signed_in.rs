//! The question to servers that tell only to who signs in.
//!
//! A password goes to a base address and nowhere else: not before that address asked for one, and never to where it sends us.

use std::sync::Arc;

use url::Url;

use super::{Autodiscover, Form, Led, Told, Trail, bases, named, nobody_told, pox, redirect};
use crate::{
    diagnosis::is_exchange_online,
    exchange::{
        LinkAddress, Shared,
        transport::{Link, Reply},
    },
    ports::{Authenticator, Failure, FailureKind, Found},
};

impl Autodiscover {
    /// Asks where a mailbox is, of those servers that want a sign-in before they tell.
    ///
    /// # Errors
    /// [`FailureKind::Unauthorized`] when one refused the sign-in: nobody else is asked with it then. Otherwise as
    /// [`Self::find`].
    pub async fn find_signed_in(
        &self,
        mailbox: &str,
        sign_in: &Arc<dyn Authenticator>,
        shared: &Arc<Shared>,
    ) -> Result<Found, Failure> {
        let mut trail = Trail::default();
        let servers = bases(&self.bases, mailbox)?;
        for base in servers.iter().filter(|base| !is_exchange_online(redirect::host(base))) {
            let url = pox::address(base);
            match self.ask(Form::Xml, &url, mailbox, &mut trail).await {
                Led::To(found) => return Ok(found),
                Led::Readdressed(another) => return self.find(&another).await,
                Led::Nowhere => continue,
                Led::SignIn => {}
            }
            let reply = match post(&url, mailbox, Arc::clone(sign_in), Arc::clone(shared)).await {
                Ok(reply) => reply,
                Err(failure) if failure.kind == FailureKind::Unauthorized => return Err(failure),
                Err(failure) => {
                    trail.passes |= failure.kind.passes();
                    trail.evidence.extend(failure.evidence);
                    continue;
                }
            };
            match pox::read(&reply) {
                Told::At(service) => {
                    if let Led::To(found) = named(Form::Xml, &url, service, &mut trail) {
                        return Ok(found);
                    }
                }
                Told::Readdressed(another) => return self.find(&another).await,
                Told::Elsewhere(location) => trail.note(&url, Form::Xml, &elsewhere(&url, &location)),
                Told::SignIn => trail.note(&url, Form::Xml, "it wants another sign-in"),
                Told::Nothing { why, passes } => {
                    trail.passes |= passes;
                    trail.note(&url, Form::Xml, &why);
                }
            }
        }
        Err(nobody_told(mailbox, trail))
    }
}

async fn post(
    url: &Url,
    mailbox: &str,
    sign_in: Arc<dyn Authenticator>,
    shared: Arc<Shared>,
) -> Result<Reply, Failure> {
    let address = LinkAddress { url: url.clone(), mailbox: mailbox.to_owned(), zone: "UTC".to_owned() };
    Link::new(&address, sign_in, shared)?.post("ask autodiscover", pox::question(mailbox)).await
}

/// A redirect after a sign-in is told and not followed.
fn elsewhere(from: &Url, location: &str) -> String {
    match redirect::next(from, location) {
        Ok(next) => format!(
            "it sends us on to `{host}`, where a password must not follow; if that is the right server, put `https://{host}` into \
             `autodiscover` in section `[exchange]`",
            host = redirect::host(&next)
        ),
        Err(why) => why,
    }
}
