//! Who asks: a password, a proof of one, or a token is looked at, and the answer to one that is not good says what would be.

use axum::http::{HeaderMap, StatusCode, header};

use super::{Answer, Asked};
use crate::simulator::{
    Account, Fault, Licence, SignInOffer,
    authority::{TokenRefused, check_access_token},
    listener::Wire,
    sign_ins::{Refused, basic},
    windows::Shown,
    world::World,
};

/// What a server tells about its authority, as Exchange does to whoever comes with an empty token.
const EXCHANGE: &str = "00000002-0000-0ff1-ce00-000000000000";

/// What a request shows.
pub(super) enum Credentials {
    Nothing,
    Password(String, String),
    /// The word `Bearer` and no token: a question who the authority is.
    EmptyToken,
    Token(Result<(Account, String), TokenRefused>),
    Windows(Shown),
}

impl Credentials {
    pub(super) fn read(world: &World, wire: &Wire, headers: &HeaderMap) -> Self {
        let windows = world.settings.offer.takes_windows().then(|| wire.windows.look(world, headers)).flatten();
        if let Some(shown) = windows {
            return Self::Windows(shown);
        }
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (scheme, value) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return match value.trim() {
                "" => Self::EmptyToken,
                token => Self::Token(check_access_token(world, token)),
            };
        }
        match basic(headers) {
            Some((login, password)) => Self::Password(login, password),
            None => Self::Nothing,
        }
    }

    /// Who says that they ask.
    pub(super) fn login(&self) -> &str {
        match self {
            Self::Password(login, _) | Self::Windows(Shown::Last(login, _)) => login,
            Self::Token(Ok((account, _))) | Self::Windows(Shown::Before(account)) => &account.login,
            _ => "",
        }
    }

    /// The program that asks, as its token says.
    pub(super) fn client(&self) -> &str {
        match self {
            Self::Token(Ok((_, client))) => client,
            _ => "",
        }
    }
}

impl Asked<'_> {
    /// 401, and what would be taken.
    pub(super) fn unauthorized(&self) -> Answer {
        let answer = Answer::bare(StatusCode::UNAUTHORIZED);
        let name = "www-authenticate";
        let (bearer, basic) = (self.bearer(""), "Basic realm=\"127.0.0.1\"");
        let windows = |answer: Answer| answer.with(name, "Negotiate").with(name, "NTLM");
        match self.offer {
            SignInOffer::Basic => answer.with(name, basic),
            SignInOffer::WindowsOnly => windows(answer),
            SignInOffer::BasicAndWindows => windows(answer).with(name, basic),
            SignInOffer::BasicAndOauth => answer.with(name, bearer).with(name, basic),
            SignInOffer::Oauth => answer.with(name, bearer),
            SignInOffer::All => windows(answer.with(name, bearer)).with(name, basic),
        }
    }

    fn bearer(&self, more: &str) -> String {
        let base = &self.world.base;
        format!(
            "Bearer client_id=\"{EXCHANGE}\", trusted_issuers=\"00000001-0000-0000-c000-000000000000@*\", \
             token_types=\"app_asserted_user_v1 service_asserted_app_v1\", \
             authorization_uri=\"{base}/common/oauth2/v2.0/authorize\"{more}"
        )
    }

    fn token_refused(&self, refused: TokenRefused) -> Answer {
        let (number, category, reason) = refused.told();
        Answer::bare(StatusCode::UNAUTHORIZED)
            .with("www-authenticate", self.bearer(", error=\"invalid_token\""))
            .with("x-ms-diagnostics", format!("{number};reason=\"{reason}\";error_category=\"{category}\""))
    }

    /// Whoever asks, if they may.
    pub(super) fn sign_in(&self) -> Result<Account, Answer> {
        let by_password = matches!(self.credentials, Credentials::Password(..) | Credentials::Windows(_));
        if by_password && self.world.outside.keeps_out(self.credentials.login()) {
            return Err(self.kept_out());
        }
        let account = match &self.credentials {
            Credentials::Token(token) if self.offer.takes_tokens() => self.token(token)?,
            Credentials::Password(login, password) if self.offer.takes_basic() => self.password(login, password)?,
            Credentials::Windows(shown) if self.offer.takes_windows() => self.windows(shown)?,
            _ => return Err(self.unauthorized()),
        };
        let client = self.credentials.client();
        let off = self.strike(|fault| match fault {
            Fault::EwsOff => Some(Some("EWS is disabled for this user or tenant")),
            Fault::EwsApps { allowed } => {
                let is_allowed = allowed.split(' ').any(|known| known.eq_ignore_ascii_case(client));
                Some((!is_allowed).then_some("EWS is blocked by policy for this user or tenant"))
            }
            _ => None,
        });
        match off.flatten() {
            // Exchange Online takes tokens alone, and it alone says why.
            Some(reason) if matches!(self.credentials, Credentials::Token(_)) => {
                Err(Answer::bare(StatusCode::FORBIDDEN).with("x-ews-policy-reason", reason))
            }
            Some(_) => Err(Answer::bare(StatusCode::FORBIDDEN)),
            None if account.licence != Licence::Full => Err(Answer::bare(StatusCode::FORBIDDEN)),
            None => Ok(account),
        }
    }

    /// As a web server answers from afar that lets in some addresses only: it does not say why.
    /// <https://learn.microsoft.com/iis/configuration/system.webserver/security/ipsecurity/>
    fn kept_out(&self) -> Answer {
        self.wire.windows.forget();
        let page = "<html><head><title>403 - Forbidden: Access is denied.</title></head><body><h1>Server Error</h1>\
                    <h2>403 - Forbidden: Access is denied.</h2></body></html>";
        Answer { body: page.to_owned(), ..Answer::bare(StatusCode::FORBIDDEN) }.with("content-type", "text/html")
    }

    fn token(&self, token: &Result<(Account, String), TokenRefused>) -> Result<Account, Answer> {
        let struck = self.strike(|fault| match fault {
            Fault::TokenRefused { reason } => TokenRefused::ALL.get(usize::from(*reason)).copied(),
            _ => None,
        });
        match (struck, token) {
            (Some(refused), _) => Err(self.token_refused(refused)),
            (None, Err(refused)) => Err(self.token_refused(*refused)),
            (None, Ok((account, _))) => Ok(account.clone()),
        }
    }

    /// Whoever proved it: now, or before on this connection. What is wrong is not told.
    fn windows(&self, shown: &Shown) -> Result<Account, Answer> {
        match shown {
            Shown::First(challenge) => {
                Err(Answer::bare(StatusCode::UNAUTHORIZED).with("www-authenticate", challenge.as_str()))
            }
            Shown::Before(account) => Ok(account.clone()),
            Shown::Last(login, account) => {
                let struck = self.strike(|fault| {
                    let faults = [Fault::WrongPassword, Fault::PasswordExpired, Fault::AccountLocked];
                    faults.contains(fault).then_some(())
                });
                if struck.is_some() {
                    self.wire.windows.forget();
                    self.world.refuse(login);
                    return Err(self.unauthorized());
                }
                account.clone().ok_or_else(|| self.unauthorized())
            }
        }
    }

    fn password(&self, login: &str, password: &str) -> Result<Account, Answer> {
        let locked = || {
            let text = "The referenced account is currently locked out and may not be logged on to.";
            Answer { body: text.to_owned(), ..self.unauthorized() }.with("content-type", "text/plain")
        };
        // Such a password is right: nobody counts it as a wrong one.
        let interrupted = self.strike(|fault| (*fault == Fault::Interrupted).then_some(())).is_some();
        if let Some(status) = StatusCode::from_u16(456).ok().filter(|_| interrupted) {
            return Err(Answer::bare(status));
        }
        let expired = || self.unauthorized().with("x-ms-credential-service-credexpired", "true");
        let struck = self.strike(|fault| match fault {
            Fault::WrongPassword => Some(self.unauthorized()),
            Fault::PasswordExpired => Some(expired()),
            Fault::AccountLocked => Some(locked()),
            Fault::AppPasswordNeeded => {
                let text = "Sign in with a password that was made for this application.";
                let answer = Answer { body: text.to_owned(), ..self.unauthorized() };
                Some(answer.with("content-type", "text/plain").with("x-app-password-required", "true"))
            }
            _ => None,
        });
        if let Some(answer) = struck {
            self.world.refuse(login);
            return Err(answer);
        }
        self.world.sign_in(login, password).map_err(|refused| match refused {
            Refused::Locked => locked(),
            Refused::PasswordExpired => expired(),
            Refused::UnknownUser | Refused::WrongPassword | Refused::Disabled => self.unauthorized(),
        })
    }
}
