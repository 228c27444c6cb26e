//! What a failed request shows of its cause, in the words of the diagnosis.

use http::{HeaderMap, HeaderName, header};

use super::Reply;
use crate::{
    diagnosis::{Cause, Diagnosis, Observation, Scheme},
    ports::{Failure, FailureKind},
};

/// What the server offers to sign in with, in its order.
pub(super) fn offers(headers: &HeaderMap) -> Vec<String> {
    let offers = headers.get_all(header::WWW_AUTHENTICATE);
    offers.iter().map(|offer| String::from_utf8_lossy(offer.as_bytes()).into_owned()).collect()
}

/// Why a request that was signed in so got a 401.
pub(super) fn refusal(reply: &Reply, host: &str, scheme: Option<Scheme>) -> Diagnosis {
    Observation { scheme, ..observation(reply, host) }.diagnose()
}

/// A failure for an answer that concerns the way to the mailbox, with its cause. What concerns records has none.
pub(super) fn diagnosed(failure: Failure, reply: &Reply, host: &str, response_code: Option<&str>) -> Failure {
    let is_of_the_way = match failure.kind {
        FailureKind::Unauthorized
        | FailureKind::Forbidden
        | FailureKind::MailboxMissing
        | FailureKind::Setting
        | FailureKind::Throttled => true,
        FailureKind::Transient => response_code.is_some() || !reply.status.is_success(),
        // Not SOAP at all.
        FailureKind::Malformed => response_code.is_none(),
        _ => false,
    };
    if failure.cause.is_some() || !is_of_the_way {
        return failure;
    }
    let mut observed = observation(reply, host);
    observed.response_code = response_code.map(str::to_owned);
    let diagnosis = observed.diagnose();
    if diagnosis.cause == Cause::Unknown { failure } else { failure.diagnosed(diagnosis) }
}

fn observation(reply: &Reply, host: &str) -> Observation {
    let text =
        |name: HeaderName| reply.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let own = |name: &'static str| text(HeaderName::from_static(name));
    let date = own("date").and_then(|date| jiff::fmt::rfc2822::parse(&date).ok());
    Observation {
        host: host.to_owned(),
        scheme: None,
        network: None,
        status: Some(reply.status.as_u16()),
        offers: offers(&reply.headers),
        diagnostics: own("x-ms-diagnostics"),
        password_expired: own("x-ms-credential-service-credexpired")
            .is_some_and(|said| said.eq_ignore_ascii_case("true")),
        front_end_trouble: own("x-caserrorcode"),
        policy_reason: own("x-ews-policy-reason"),
        location: text(header::LOCATION),
        clock_difference: date.map(|date| date.timestamp().duration_since(jiff::Timestamp::now())),
        elsewhere: Vec::new(),
        response_code: None,
        body: String::from_utf8_lossy(reply.body.get(..Observation::LOOK).unwrap_or(&reply.body)).into_owned(),
    }
}
