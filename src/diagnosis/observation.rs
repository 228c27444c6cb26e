use jiff::SignedDuration;

/// How the refused request was signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A password over Basic.
    Basic,
    /// A token.
    Bearer,
    /// NTLM or Negotiate.
    Windows,
}

impl Scheme {
    /// By the first word of an `Authorization` or `WWW-Authenticate` value.
    pub fn of(value: &str) -> Option<Self> {
        let word = value.split([' ', ',']).next().unwrap_or_default();
        match word.to_ascii_lowercase().as_str() {
            "basic" => Some(Self::Basic),
            "bearer" => Some(Self::Bearer),
            "ntlm" | "negotiate" => Some(Self::Windows),
            _ => None,
        }
    }
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkTrouble {
    /// The name could not be resolved.
    NameNotFound,
    /// The certificate was refused.
    Certificate,
    /// The certificate is not valid yet, by our clock.
    CertificateOfTheFuture,
    /// What answers at that port does not speak TLS.
    NotTls,
    /// The proxy in between refused.
    Proxy,
    /// Nobody listens, or the connection broke.
    NoConnection,
    /// No answer in time.
    TimedOut,
}

/// What was seen when a request failed. All of it comes from the other end and may be anything.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// Whom we asked: our own setting.
    pub host: String,
    /// How the request was signed in.
    pub scheme: Option<Scheme>,
    /// Why there was no answer, if there was none.
    pub network: Option<NetworkTrouble>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Values of `WWW-Authenticate`.
    pub offers: Vec<String>,
    /// `x-ms-diagnostics`: why a token was refused.
    /// <https://learn.microsoft.com/exchange/troubleshoot/administration/oauth-authentication-issues>
    pub diagnostics: Option<String>,
    /// `X-MS-Credential-Service-CredExpired` said `true`.
    /// <https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-get-password-expiration-ews>
    pub password_expired: bool,
    /// `X-CasErrorCode`: trouble of Exchange's front end.
    pub front_end_trouble: Option<String>,
    /// `X-EWS-Policy-Reason`: what in Exchange Online refuses Exchange Web Services, a switch or a list.
    /// <https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-control-access-to-ews-in-exchange>
    pub policy_reason: Option<String>,
    /// `Location`, of a redirect.
    pub location: Option<String>,
    /// The other end's clock less ours, by its `Date`.
    pub clock_difference: Option<SignedDuration>,
    /// What autodiscover said where it names another place than the link goes to, a line each in our own words; empty otherwise.
    pub elsewhere: Vec<String>,
    /// The response code of EWS.
    pub response_code: Option<String>,
    /// The beginning of the body.
    pub body: String,
}

impl Observation {
    /// How much of a body is looked at, in bytes.
    pub const LOOK: usize = 8 * 1024;

    /// Whether the other end offers this way to sign in.
    pub(super) fn offers(&self, scheme: Scheme) -> bool {
        self.offers.iter().any(|offer| Scheme::of(offer) == Some(scheme))
    }

    /// Whether the body looks like a page for people.
    pub(super) fn is_page(&self) -> bool {
        let begin = self.body.trim_start_matches('\u{feff}').trim_start();
        let begin: String = begin.chars().take(200).collect::<String>().to_ascii_lowercase();
        begin.starts_with("<!doctype html") || begin.starts_with("<html") || begin.contains("<html")
    }

    /// Whether the body holds one of these phrases, in whatever case.
    pub(super) fn says(&self, phrases: &[&str]) -> bool {
        let body = self.body.to_ascii_lowercase();
        phrases.iter().any(|phrase| body.contains(phrase))
    }
}
