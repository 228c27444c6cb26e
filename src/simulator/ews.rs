//! The EWS face: `POST /EWS/Exchange.asmx`, for passwords (Basic, Windows authentication) and for tokens of the authority.
//!
//! A request is read, its sender known, its faults struck, its schema checked, and then one handler per operation answers
//! from the mailbox model. Handlers are plain functions of a [`Call`] and a mailbox; the connection, HTTP and
//! what may go wrong on the way are dealt with here.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the handlers of all operations have one shape, and some refuse a whole request"
)]

mod call;
mod decode;
mod directory;
mod encode;
mod fields;
mod find;
mod folders;
mod items;
mod lookup;
mod paths;
mod restriction;
pub(super) mod rules;
mod schema;
mod sign_in;
mod soap;
mod sync;
mod times;
mod update;

use std::sync::Arc;

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use jiff::{Timestamp, tz::TimeZone};

use super::{Account, Dialect, Home, SignInOffer, answers, faults, listener::Wire, mailbox::Mailbox, world::World};
use crate::xml::{self, Element};
use call::Call;
use sign_in::Credentials;
use soap::Fault;

pub(super) use call::Properties;
pub(super) use encode::{body, text_of_html};
pub(super) use soap::Refusal;

/// As large as an Exchange Server takes them.
const MAX_REQUEST: usize = 64 * 1024 * 1024;

type Handler = fn(&Call<'_>, &mut Mailbox) -> Result<Outcome, Fault>;

const OPERATIONS: &[(&str, Handler)] = &[
    ("ConvertId", directory::convert_ids),
    ("CopyItem", items::relocate),
    ("CreateFolder", folders::create),
    ("CreateItem", items::create),
    ("DeleteFolder", folders::delete),
    ("DeleteItem", items::delete),
    ("FindFolder", folders::find),
    ("FindItem", find::find),
    ("GetFolder", folders::get),
    ("GetItem", items::get),
    ("GetServerTimeZones", directory::time_zones),
    ("MoveItem", items::relocate),
    ("ResolveNames", directory::resolve_names),
    ("SyncFolderHierarchy", sync::hierarchy),
    ("SyncFolderItems", sync::items),
    ("UpdateFolder", folders::update),
    ("UpdateItem", update::update),
];

/// What a handler says.
#[derive(Debug)]
struct Outcome {
    body: String,
    /// The connection ends here and nothing is answered.
    cut: bool,
}

impl Outcome {
    fn answer(body: String) -> Self {
        Self { body, cut: false }
    }
}

/// What goes over the wire.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    body: String,
    cut: bool,
    truncate: Option<usize>,
}

impl Answer {
    fn bare(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: String::new(), cut: false, truncate: None }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn soap(status: StatusCode, body: String) -> Self {
        // Not every server says that its answers are UTF-8; all of them are.
        Self { body, ..Self::bare(status) }.with("content-type", "text/xml; charset=utf-8")
    }

    fn fault(fault: &Fault, dialect: Dialect) -> Self {
        let status = match dialect {
            Dialect::Strict => StatusCode::INTERNAL_SERVER_ERROR,
            Dialect::Lenient => StatusCode::OK,
        };
        Self::soap(status, fault.envelope(dialect))
    }
}

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new().route("/EWS/Exchange.asmx", post(serve)).route("/ews/exchange.asmx", post(serve)).with_state(world)
}

async fn serve(State(world): State<Arc<World>>, ConnectInfo(wire): ConnectInfo<Wire>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let lenient = world.settings.dialect == Dialect::Lenient;
    let chunked = parts.headers.contains_key(header::TRANSFER_ENCODING);
    if chunked && (lenient || world.settings.refuse_chunked) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let Ok(bytes) = to_bytes(body, MAX_REQUEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let asked = Asked::read(&world, &wire, &parts.headers, &bytes);
    if let Some(answer) = answers::spoilt(&world, &asked.place()).await {
        return answer;
    }
    let answer = asked.answer();
    if answer.cut {
        wire.cut.pull();
    }
    respond(answer, &parts.headers)
}

fn respond(answer: Answer, request: &HeaderMap) -> Response {
    let bytes = Bytes::from(answer.body);
    let length = bytes.len();
    let body = answers::body(bytes, answer.truncate);
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length.into());
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.append(name, value);
        }
    }
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        headers.insert("request-id", id);
    }
    if let Some(id) = request.get("client-request-id").filter(|_| request.contains_key("return-client-request-id")) {
        headers.insert("client-request-id", id.clone());
    }
    response
}

/// A request as far as it can be understood before anybody is let in.
struct Asked<'a> {
    world: &'a World,
    wire: &'a Wire,
    headers: &'a HeaderMap,
    bytes: &'a [u8],
    document: Result<Element, xml::XmlError>,
    operation: Option<(&'static str, Handler)>,
    credentials: Credentials,
    /// The mailbox it is about, as far as it says.
    mailbox: String,
    /// It wants to be carried out as that mailbox's owner.
    impersonates: bool,
    /// The tenant of whoever asks.
    tenant: String,
    /// What is taken, for this request.
    offer: SignInOffer,
}

impl<'a> Asked<'a> {
    fn read(world: &'a World, wire: &'a Wire, headers: &'a HeaderMap, bytes: &'a [u8]) -> Self {
        let document = xml::parse(bytes);
        let named = document.as_ref().ok().and_then(|envelope| envelope.child("Body")?.children().first());
        let operation = named.and_then(|named| OPERATIONS.iter().find(|(known, _)| *known == named.name())).copied();
        let credentials = Credentials::read(world, wire, headers);
        let login = credentials.login().to_owned();
        let owner = document.as_ref().ok().and_then(impersonated);
        let impersonates = owner.is_some();
        let acting_as = owner.or_else(|| named.and_then(delegated));
        let account = world.account(&login);
        let tenant = account.as_ref().map(|account| account.tenant.clone()).unwrap_or_default();
        let own = || account.and_then(|account| account.mailbox);
        // A login without a mailbox that asks by id alone: this stands in for the mailbox that is part of a real id.
        let anchor = || headers.get("x-anchormailbox")?.to_str().ok().map(str::to_owned);
        // The same for a login with a mailbox of its own that was given access to another one.
        let shared = || anchor().filter(|mailbox| world.shares(mailbox, &login));
        let mailbox = acting_as.or_else(shared).or_else(own).or_else(anchor).unwrap_or_else(|| login.clone());
        let offer = world.settings.offer;
        let mut asked = Self {
            world,
            wire,
            headers,
            bytes,
            document,
            operation,
            credentials,
            mailbox,
            impersonates,
            tenant,
            offer,
        };
        if asked.strike(|fault| (*fault == faults::Fault::BasicOff).then_some(())).is_some() {
            asked.offer = SignInOffer::Oauth;
        }
        asked
    }

    fn place(&self) -> faults::Place<'_> {
        faults::Place {
            mailbox: &self.mailbox,
            operation: self.operation.map_or("", |(name, _)| name),
            login: self.credentials.login(),
            client: self.credentials.client(),
            tenant: &self.tenant,
        }
    }

    fn strike<T>(&self, of: impl Fn(&faults::Fault) -> Option<T>) -> Option<T> {
        self.world.faults.strike(&self.place(), of)
    }

    fn answer(&self) -> Answer {
        let dialect = self.world.settings.dialect;
        // As servers answer under load.
        if self.strike(|fault| (*fault == faults::Fault::UnauthorizedBecauseBusy).then_some(())).is_some() {
            return self.unauthorized();
        }
        let account = match self.sign_in() {
            Ok(account) => account,
            Err(refusal) => return refusal,
        };
        if self.headers.contains_key(header::CONTENT_ENCODING) {
            return Answer::bare(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let content_type = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if dialect == Dialect::Strict && !content_type.unwrap_or_default().starts_with("text/xml") {
            return Answer::bare(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        match self.carry_out(&account) {
            Err(fault) => Answer::fault(&fault, dialect),
            Ok(outcome) => {
                let left = self.strike(|fault| match fault {
                    faults::Fault::PasswordExpires { days } => Some(*days),
                    _ => None,
                });
                let lost = self.strike(|fault| (*fault == faults::Fault::LostReply).then_some(())).is_some();
                let truncate = self.strike(|fault| match fault {
                    faults::Fault::TruncatedBody { bytes } => Some(*bytes),
                    _ => None,
                });
                let body = soap::envelope(&outcome.body, dialect);
                let answer = Answer { cut: outcome.cut || lost, truncate, ..Answer::soap(StatusCode::OK, body) };
                match left {
                    Some(days) => answer.with("x-ms-credentials-expire", days.to_string()),
                    None => answer,
                }
            }
        }
    }

    fn carry_out(&self, account: &Account) -> Result<Outcome, Fault> {
        let lenient = self.world.settings.dialect == Dialect::Lenient;
        let envelope = self
            .document
            .as_ref()
            .map_err(|error| Fault::new("ErrorInvalidRequest", format!("The request is not XML: {error}")))?;
        let header = envelope.child("Header").map(Element::children).unwrap_or_default();
        let body = envelope.child("Body").map(Element::children).unwrap_or_default();
        let [request] = body else { return Err(Fault::new("ErrorInvalidRequest", "The body must hold one request.")) };
        if !lenient {
            self.check(envelope, header, request)?;
        }
        let Some((operation, handler)) = self.operation else {
            return Err(Fault::new("ErrorInvalidOperation", "Unknown request."));
        };
        self.check_mailbox(account)?;
        self.world.count(&self.mailbox, |counts| *counts.requests.entry(operation.to_owned()).or_default() += 1);
        let struck = self.strike(|fault| match fault {
            faults::Fault::Busy { back_off_milliseconds } => Some(Fault::busy(*back_off_milliseconds)),
            faults::Fault::MailboxMoving => Some(Fault::new(
                "ErrorMailboxMoveInProgress",
                "The mailbox is in the process of being moved and is not available.",
            )),
            faults::Fault::MailboxMissing => Some(no_mailbox()),
            faults::Fault::MailboxDisabled => {
                Some(Fault::new("ErrorAccountDisabled", "The account that was used has been disabled."))
            }
            faults::Fault::ImpersonationMissing => Some(impersonation_denied()),
            _ => None,
        });
        if let Some(fault) = struck {
            return Err(fault);
        }
        let zone = if lenient { TimeZone::UTC } else { time_zone(header)? };
        let now = Timestamp::now();
        let mailbox = self.mailbox.clone();
        let call = Call { world: self.world, account, mailbox, operation, request, zone, now };
        self.world
            .change(&self.mailbox, |mailbox| handler(&call, mailbox))
            .map_err(|error| Fault::new("ErrorInternalServerError", error.to_string()))?
    }

    fn check(&self, envelope: &Element, header: &[Element], request: &Element) -> Result<(), Fault> {
        if !envelope.is("http://schemas.xmlsoap.org/soap/envelope/", "Envelope") {
            return Err(Fault::new("ErrorSchemaValidation", "The request is not a SOAP 1.1 envelope."));
        }
        for header in header {
            let checked = schema::SCHEMA.check_header(header);
            if checked.is_err() && header.name() == "RequestServerVersion" {
                return Err(Fault::new("ErrorInvalidServerVersion", "The specified server version is invalid."));
            }
            checked.map_err(|violation| Fault::schema(&violation, self.bytes))?;
        }
        schema::SCHEMA.check_request(request).map_err(|violation| Fault::schema(&violation, self.bytes))
    }

    /// Whether the account may use the mailbox that the request is about.
    fn check_mailbox(&self, account: &Account) -> Result<(), Fault> {
        let own = account.mailbox.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(&self.mailbox));
        let known = self.world.has_mailbox(&self.mailbox) && self.world.home(&self.mailbox) != Home::Online;
        // Whom to act as is looked up before rights are.
        if self.impersonates && !known {
            return Err(no_mailbox());
        }
        let shared = !self.impersonates && self.world.shares(&self.mailbox, &account.login);
        if !own && !shared && !account.may_act_as(&self.mailbox) {
            return Err(impersonation_denied());
        }
        if known { Ok(()) } else { Err(no_mailbox()) }
    }
}

fn impersonation_denied() -> Fault {
    let text = "The account does not have permission to impersonate the requested user.";
    Fault::new("ErrorImpersonateUserDenied", text)
}

fn no_mailbox() -> Fault {
    Fault::new("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
}

/// The mailbox that an `ExchangeImpersonation` header names.
fn impersonated(envelope: &Element) -> Option<String> {
    let who = envelope.at(&["Header", "ExchangeImpersonation", "ConnectingSID"])?.children().first()?;
    Some(who.text().trim().to_owned())
}

/// The mailbox that a folder of the request is said to be in.
fn delegated(request: &Element) -> Option<String> {
    let folder = request.find("DistinguishedFolderId")?;
    Some(folder.at(&["Mailbox", "EmailAddress"])?.text().trim().to_owned())
}

fn time_zone(header: &[Element]) -> Result<TimeZone, Fault> {
    let context = header.iter().find(|header| header.name() == "TimeZoneContext");
    let Some(id) = context.and_then(|context| context.child("TimeZoneDefinition")?.attribute("Id")) else {
        return Ok(TimeZone::UTC);
    };
    times::windows_zone(id).ok_or_else(|| Fault::new("ErrorTimeZone", format!("The time zone `{id}` is not known.")))
}

#[cfg(test)]
mod tests;
