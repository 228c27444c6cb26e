//! Where a mailbox is, asked of the servers that may know it.
//!
//! Each base address of the settings is asked in the second version of autodiscover ([`json`]: one GET, without a sign-in), and
//! then, where that told nothing, in the first ([`pox`]). What an answer means is found by pure functions ([`told`]), and where it
//! may send us as well ([`redirect`]): to encrypted addresses, a few times, never in a circle. A redirect may lead to another
//! firm's host, because nothing of ours goes there but the e-mail address; a password goes to a base address alone, and only
//! where that asked for one ([`signed_in`]).
//!
//! Every question and what came of it is kept, in our own words, as the evidence of whatever is found or not.

mod json;
mod pox;
mod redirect;
mod signed_in;
#[cfg(test)]
mod tests;
mod told;

use std::{collections::HashMap, time::Duration};

use http::header;
use reqwest::Client;
use url::Url;

use self::told::Told;
use super::{Settings, transport::Reply};
use crate::{
    diagnosis::is_exchange_online,
    ports::{
        Failure, FailureKind, Found, Protocol, Whereabouts,
        web::{self, BodyError, is_loopback, no_answer},
    },
};

/// An answer that is meant takes a few hundred bytes, one in XML some thousand.
const LARGEST_ANSWER: usize = 256 * 1024;
/// As many as Microsoft's clients follow.
/// <https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-refresh-configuration-information-by-using-autodiscover>
const MOST_REDIRECTS: usize = 10;
/// A server may send us on to itself once, to another of its machines; more is a circle.
const MOST_VISITS: usize = 2;
/// How often we may be told to ask for another e-mail address: a mailbox that was moved to the cloud has one there.
const MOST_ADDRESSES: usize = 3;
/// Somebody may be waiting at a terminal, and several addresses may be silent.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks where mailboxes are.
pub struct Autodiscover {
    outside: Client,
    loopback: Client,
    bases: Vec<String>,
    time_out: Duration,
}

/// In which form a question is put.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Xml,
}

impl Form {
    fn read(self, reply: &Reply) -> Told {
        match self {
            Self::Json => json::read(reply),
            Self::Xml => pox::read(reply),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Xml => "XML",
        }
    }
}

/// Where one question led.
enum Led {
    /// There, it says.
    To(Found),
    /// Ask for this e-mail address instead.
    Readdressed(String),
    /// It tells only to who signs in.
    SignIn,
    /// Nowhere.
    Nowhere,
}

/// What was asked so far.
#[derive(Default)]
struct Trail {
    evidence: Vec<String>,
    /// Something failed that may work later.
    passes: bool,
}

impl Trail {
    fn note(&mut self, asked: &Url, form: Form, what: &str) {
        self.evidence.push(format!("`{}` ({}): {what}", redirect::host(asked), form.word()));
    }

    fn found(&mut self, at: Whereabouts, reason: String) -> Found {
        Found { at, reason, evidence: std::mem::take(&mut self.evidence) }
    }
}

impl Autodiscover {
    /// Ready to ask the base addresses of the settings.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] when the TLS settings cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, Failure> {
        let authorities = web::Authorities::read(settings.ca_file.as_deref(), "exchange")?;
        let time_out = Duration::from_secs(settings.time_out_seconds.max(1)).min(PATIENCE);
        let client = |loopback| {
            web::client(&authorities, time_out, loopback).build().map_err(|error| {
                Failure::new(FailureKind::Setting, "prepare connections to autodiscover").because(error)
            })
        };
        Ok(Self { outside: client(false)?, loopback: client(true)?, bases: settings.autodiscover.clone(), time_out })
    }

    /// Asks where a mailbox is, without signing in anywhere.
    ///
    /// # Errors
    /// When nobody could tell; the evidence says who was asked. [`FailureKind::Transient`] if another try may go better.
    pub async fn find(&self, mailbox: &str) -> Result<Found, Failure> {
        let mut trail = Trail::default();
        let mut address = mailbox.to_owned();
        for _ in 0..MOST_ADDRESSES {
            let mut closed = None;
            let mut another = None;
            for (form, base) in self.questions(&address)? {
                match self.ask(form, &base, &address, &mut trail).await {
                    Led::To(found) => return Ok(found),
                    Led::Readdressed(address) => {
                        another = Some(address);
                        break;
                    }
                    Led::SignIn => closed = closed.or(Some(base)),
                    Led::Nowhere => {}
                }
            }
            match (another, closed) {
                (Some(another), _) => address = another,
                (None, Some(base)) => {
                    let reason = format!(
                        "`{}` wants a sign-in before it tells, as an Exchange server does",
                        redirect::host(&base)
                    );
                    return Ok(trail.found(Whereabouts { protocol: Protocol::Ews, url: None }, reason));
                }
                (None, None) => break,
            }
        }
        Err(nobody_told(mailbox, trail))
    }

    /// What to ask for a mailbox, in order: every base address in JSON, then those of servers in XML.
    fn questions(&self, mailbox: &str) -> Result<Vec<(Form, Url)>, Failure> {
        let bases = bases(&self.bases, mailbox)?;
        let servers = bases.iter().filter(|base| !is_exchange_online(redirect::host(base)));
        let xml: Vec<_> = servers.map(|base| (Form::Xml, pox::address(base))).collect();
        Ok(bases.iter().map(|base| (Form::Json, json::question(base, mailbox))).chain(xml).collect())
    }

    /// Asks one address, and whoever it sends us to.
    async fn ask(&self, form: Form, first: &Url, mailbox: &str, trail: &mut Trail) -> Led {
        let mut url = first.clone();
        let mut visits: HashMap<String, usize> = HashMap::new();
        for _ in 0..=MOST_REDIRECTS {
            let times = visits.entry(format!("{}{}", url.origin().ascii_serialization(), url.path())).or_default();
            *times += 1;
            if *times > MOST_VISITS {
                trail.note(&url, form, "it sends us round in a circle");
                return Led::Nowhere;
            }
            let told = match self.send(form, &url, mailbox).await {
                Ok(reply) => form.read(&reply),
                Err(failure) => {
                    let seen = failure.evidence.first().map_or_else(|| failure.chain(), String::clone);
                    trail.evidence.push(format!("{seen} ({})", form.word()));
                    trail.passes |= failure.kind.passes();
                    return Led::Nowhere;
                }
            };
            match told {
                Told::At(service) => return named(form, &url, service, trail),
                Told::Elsewhere(location) => match redirect::next(&url, &location) {
                    Ok(next) => {
                        trail.note(&url, form, &format!("it sends us on to `{}`", redirect::host(&next)));
                        url = next;
                    }
                    Err(why) => {
                        trail.note(&url, form, &why);
                        return Led::Nowhere;
                    }
                },
                Told::Readdressed(address) => {
                    trail.note(&url, form, "it has another e-mail address for this mailbox");
                    return Led::Readdressed(address);
                }
                Told::SignIn => {
                    trail.note(&url, form, "it wants a sign-in before it tells");
                    // Whoever we were sent to must not get a password.
                    let may_have_one = matches!(form, Form::Xml) && url == *first;
                    return if may_have_one { Led::SignIn } else { Led::Nowhere };
                }
                Told::Nothing { why, passes } => {
                    trail.note(&url, form, &why);
                    trail.passes |= passes;
                    return Led::Nowhere;
                }
            }
        }
        trail.note(&url, form, &format!("we were sent on more than {MOST_REDIRECTS} times"));
        Led::Nowhere
    }

    async fn send(&self, form: Form, url: &Url, mailbox: &str) -> Result<Reply, Failure> {
        let doing = "ask autodiscover";
        let client = if is_loopback(url) { &self.loopback } else { &self.outside };
        let request = match form {
            Form::Json => client.get(url.clone()).header(header::ACCEPT, "application/json"),
            Form::Xml => client
                .post(url.clone())
                .header(header::CONTENT_TYPE, "text/xml; charset=utf-8")
                .header(header::ACCEPT, "text/xml")
                .body(pox::question(mailbox)),
        };
        let host = redirect::host(url);
        let failed = |error| no_answer(doing, host, "exchange", self.time_out, error);
        let mut response = request.send().await.map_err(failed)?;
        let body = web::body(&mut response, LARGEST_ANSWER).await.map_err(|error| match error {
            BodyError::Broken(error) => failed(error),
            BodyError::TooLong(most) => {
                let mut failure = Failure::new(FailureKind::Malformed, doing);
                failure.evidence.push(format!("`{host}` sent an answer of more than {most} bytes"));
                failure
            }
        })?;
        Ok(Reply { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
    }
}

/// What to make of a service that an answer named.
fn named(form: Form, asked: &Url, service: Url, trail: &mut Trail) -> Led {
    if let Err(why) = redirect::may_name(asked, &service) {
        trail.note(asked, form, &format!("it names a web service at `{}`: {why}", redirect::host(&service)));
        return Led::Nowhere;
    }
    trail.note(asked, form, &format!("it names the web service at `{}`", redirect::host(&service)));
    let at = Whereabouts::of_service(service);
    let reason = format!("`{}` says that the mailbox is at {}", redirect::host(asked), at.words());
    Led::To(trail.found(at, reason))
}

fn nobody_told(mailbox: &str, trail: Trail) -> Failure {
    let kind = if trail.passes { FailureKind::Transient } else { FailureKind::MailboxMissing };
    let asked = trail.evidence.len();
    let mut failure = Failure::new(kind, format!("find out where the mailbox {mailbox} is"))
        .because(if asked == 0 { "`autodiscover` in section `[exchange]` is empty: nobody is asked".to_owned() } else { format!("{asked} questions, and nobody could tell") })
        .hint("name the protocol: `--protocol graph` for Exchange Online, or `--protocol ews --url https://SERVER/EWS/Exchange.asmx`");
    failure.evidence = trail.evidence;
    failure
}

/// The base addresses to ask for a mailbox; one that stands in the list twice is asked once.
fn bases(templates: &[String], mailbox: &str) -> Result<Vec<Url>, Failure> {
    let domain = mailbox.rsplit_once('@').map_or("", |(_, domain)| domain);
    let mut bases: Vec<Url> = Vec::new();
    for template in templates {
        let text = template.replace("{domain}", domain);
        let url = text.parse::<Url>().map_err(|error| {
            Failure::new(FailureKind::Setting, "ask autodiscover")
                .because(format!("`{text}` is no URL: {error}"))
                .hint("check `autodiscover` in section `[exchange]`, such as `https://autodiscover.{domain}`")
        })?;
        web::check_url(&url)?;
        if !bases.contains(&url) {
            bases.push(url);
        }
    }
    Ok(bases)
}

/// An address below a base, which may have a path of its own.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}
