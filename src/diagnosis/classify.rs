use super::{Cause, Diagnosis, NetworkTrouble, Observation, Scheme, cause_of_response_code};

/// Kerberos and tokens bear five minutes between two clocks.
const TOLERATED_SECONDS: i64 = 300;

impl Observation {
    /// The one cause that this shows, with its evidence. What cannot be told is [`Cause::Unknown`], never a guess at a password.
    pub fn diagnose(&self) -> Diagnosis {
        let mut evidence = Vec::new();
        let cause = self.cause(&mut evidence);
        if let Some(skew) = self.skew() {
            evidence.push(skew);
        }
        Diagnosis { cause, evidence }
    }

    fn cause(&self, evidence: &mut Vec<String>) -> Cause {
        let host = &self.host;
        if !self.elsewhere.is_empty() {
            evidence.extend(self.elsewhere.iter().cloned());
            return Cause::MailboxMoved;
        }
        if let Some(trouble) = self.network {
            return network(trouble, host, evidence);
        }
        if let Some(status) = self.status {
            evidence.push(format!("`{host}` answered HTTP {status}"));
        }
        if let Some((code, cause)) =
            self.response_code.as_deref().and_then(|code| Some((code, cause_of_response_code(code)?)))
        {
            evidence.push(format!("it says `{code}`"));
            return cause;
        }
        match self.status {
            Some(401) => self.unauthorized(evidence),
            Some(403) => self.forbidden(evidence),
            Some(456) => {
                evidence.push("the password was taken, and a policy interrupted the sign-in".to_owned());
                Cause::BlockedByPolicy
            }
            Some(300..=399) => self.redirected(evidence),
            Some(404 | 405 | 410) if self.says(&["mailboxnotenabledforrestapi", "resourcenotfound"]) => {
                evidence.push("it knows no such mailbox".to_owned());
                Cause::MailboxMissing
            }
            Some(404 | 405 | 410) => {
                evidence.push("there is no Exchange Web Services at that address".to_owned());
                Cause::WrongAddress
            }
            Some(407 | 511) => {
                evidence.push("a proxy or a network's entry page wants a sign-in of its own".to_owned());
                Cause::AnsweredByAnother
            }
            Some(429 | 503) => Cause::Throttled,
            Some(200..=299) => {
                evidence.push(
                    if self.is_page() {
                        "a web page came instead of an answer"
                    } else {
                        "what came is no answer of Exchange"
                    }
                    .to_owned(),
                );
                Cause::AnsweredByAnother
            }
            Some(408 | 500..=599) => {
                self.front_end(evidence);
                Cause::ProviderTrouble
            }
            _ => Cause::Unknown,
        }
    }

    fn unauthorized(&self, evidence: &mut Vec<String>) -> Cause {
        self.list_offers(evidence);
        self.front_end(evidence);
        if self.password_expired {
            evidence
                .push("its header `X-MS-Credential-Service-CredExpired` says that the password has expired".to_owned());
            return Cause::PasswordExpired;
        }
        if self.says(&["currently locked out", "account is locked", "account has been locked"]) {
            evidence.push("its page says that the account is locked out".to_owned());
            return Cause::AccountLocked;
        }
        if self.says(&["account is disabled", "account has been disabled", "account is currently disabled"]) {
            evidence.push("its page says that the account is switched off".to_owned());
            return Cause::AccountDisabled;
        }
        match self.scheme {
            Some(Scheme::Bearer) => self.token_refused(evidence),
            Some(Scheme::Windows) => self.windows_refused(evidence),
            Some(Scheme::Basic) | None => self.password_refused(evidence),
        }
    }

    /// NTLM has one answer for whatever is wrong with an account. The time in it is the server's own, so no clock of ours matters.
    fn windows_refused(&self, evidence: &mut Vec<String>) -> Cause {
        if is_exchange_online(&self.host) {
            evidence.push("the host belongs to Exchange Online, which takes no password".to_owned());
            return Cause::BasicOffByProvider;
        }
        if self.says(&["80090346", "bad_bindings", "channel binding"]) {
            evidence.push("its page speaks of channel bindings".to_owned());
            return Cause::ChannelBinding;
        }
        if !self.offers.is_empty() && !self.offers(Scheme::Windows) {
            evidence.push("it does not take Windows authentication, so it did not look at the password".to_owned());
            return Cause::WindowsOffOnServer;
        }
        evidence.push("it takes Windows authentication, and refused this login and password".to_owned());
        evidence.push(
            "NTLM does not tell a wrong password from one that expired, or from an account that is locked or switched off; nor from a \
             device in between that opens the TLS connection"
                .to_owned(),
        );
        Cause::WrongPassword
    }

    fn password_refused(&self, evidence: &mut Vec<String>) -> Cause {
        if is_exchange_online(&self.host) {
            evidence.push("the host belongs to Exchange Online, which takes no password".to_owned());
            return Cause::BasicOffByProvider;
        }
        if !self.offers.is_empty() && !self.offers(Scheme::Basic) {
            evidence.push("it does not take Basic, so it did not look at the password".to_owned());
            let windows = self.offers(Scheme::Windows) || !self.offers(Scheme::Bearer);
            return if windows { Cause::BasicOffOnServer } else { Cause::BasicOffByProvider };
        }
        if self.says(&[
            "app password",
            "application-specific password",
            "application specific password",
            "app-specific password",
            "password that was made for",
        ]) {
            evidence.push("its page asks for an app password".to_owned());
            return Cause::AppPasswordNeeded;
        }
        match self.scheme {
            Some(_) => {
                evidence.push("it takes Basic, and refused this login and password".to_owned());
                Cause::WrongPassword
            }
            None => Cause::Unknown,
        }
    }

    fn token_refused(&self, evidence: &mut Vec<String>) -> Cause {
        let diagnostics = self.diagnostics.as_deref().unwrap_or_default();
        let number: String = diagnostics.trim_start().chars().take_while(char::is_ascii_digit).take(10).collect();
        if !number.is_empty() {
            evidence.push(format!("its header `x-ms-diagnostics` says {number}: {}", reason(&number)));
        }
        if self.offers.iter().any(|offer| offer.contains("insufficient_claims")) {
            evidence.push("it wants claims that only a new sign-in by the user brings".to_owned());
            return Cause::MfaRequired;
        }
        if !self.offers.is_empty() && !self.offers(Scheme::Bearer) {
            evidence.push("it does not take tokens".to_owned());
            return Cause::TokenRefused;
        }
        // A token that is new and expired says that one of two clocks is wrong.
        if self.skew().is_some() { Cause::ClockSkew } else { Cause::TokenRefused }
    }

    fn forbidden(&self, evidence: &mut Vec<String>) -> Cause {
        if let Some(reason) = &self.policy_reason {
            let reason = reason.to_ascii_lowercase();
            let what = if reason.contains("disabled") {
                "EWS is switched off, for the organisation or for this mailbox"
            } else if reason.contains("policy") {
                "a list refuses us: that of app ids, or that of User-Agents"
            } else {
                "something of the organisation's settings refuses us"
            };
            evidence.push(format!("its header `X-EWS-Policy-Reason` says that {what}"));
            return Cause::EwsOff;
        }
        if self.says(&[
            "[raop]",
            "application access policy",
            "apponly accesspolicy",
            "access to odata is disabled",
            "rbac for applications",
        ]) {
            evidence.push("it says that the app may not touch this mailbox".to_owned());
            return Cause::OutsideScope;
        }
        if self.says(&["captive", "web filter", "blocked by your administrator", "proxy-authenticate"]) {
            evidence.push("the page is one of a filter, not of Exchange".to_owned());
            return Cause::AnsweredByAnother;
        }
        evidence.push("the sign-in was accepted, and EWS refuses this account".to_owned());
        if self.says(&["license", "licence", "kiosk"]) {
            evidence.push("its page speaks of a licence".to_owned());
        }
        Cause::EwsOff
    }

    fn redirected(&self, evidence: &mut Vec<String>) -> Cause {
        let location = self.location.as_deref().unwrap_or_default().to_ascii_lowercase();
        if location.contains("genericerrorpage") {
            evidence.push("it sends us to its error page".to_owned());
            return Cause::ProviderTrouble;
        }
        let is_portal = ["captive", "portal", "hotspot", "wpad"].iter().any(|word| location.contains(word));
        if location.starts_with("http://") || is_portal {
            evidence.push("it sends us to another page, over an unprotected connection or to a portal".to_owned());
            return Cause::AnsweredByAnother;
        }
        evidence.push("it sends us elsewhere, and a secret must not follow".to_owned());
        Cause::WrongAddress
    }

    fn list_offers(&self, evidence: &mut Vec<String>) {
        let names = [
            (Scheme::Windows, "Windows sign-in (NTLM, Negotiate)"),
            (Scheme::Basic, "Basic"),
            (Scheme::Bearer, "tokens (Bearer)"),
        ];
        let offered: Vec<&str> =
            names.into_iter().filter(|(scheme, _)| self.offers(*scheme)).map(|(_, name)| name).collect();
        if !offered.is_empty() {
            evidence.push(format!("it offers {}", offered.join(", ")));
        } else if !self.offers.is_empty() {
            evidence.push("it offers no way to sign in that we know".to_owned());
        }
    }

    fn front_end(&self, evidence: &mut Vec<String>) {
        if self.front_end_trouble.is_some() {
            evidence.push("its header `X-CasErrorCode` reports trouble of its front end".to_owned());
        }
    }

    /// How far the clocks are apart, where that is too much.
    fn skew(&self) -> Option<String> {
        let seconds = self.clock_difference?.as_secs();
        let (minutes, side) = (seconds.unsigned_abs() / 60, if seconds > 0 { "ahead of" } else { "behind" });
        (seconds.abs() > TOLERATED_SECONDS).then(|| format!("the server's clock is {minutes} minutes {side} ours"))
    }
}

fn network(trouble: NetworkTrouble, host: &str, evidence: &mut Vec<String>) -> Cause {
    let (seen, cause) = match trouble {
        NetworkTrouble::NameNotFound => ("has no address: its name is not found", Cause::NameNotFound),
        NetworkTrouble::Certificate => {
            ("showed a certificate that is not trusted; nothing was sent", Cause::CertificateNotTrusted)
        }
        NetworkTrouble::CertificateOfTheFuture => {
            ("showed a certificate that is not valid yet by this machine's clock; nothing was sent", Cause::ClockSkew)
        }
        NetworkTrouble::NotTls => ("answered without TLS; nothing was sent", Cause::AnsweredByAnother),
        NetworkTrouble::Proxy => ("was not reached, because a proxy in between refused", Cause::AnsweredByAnother),
        NetworkTrouble::NoConnection => ("took no connection, or it broke", Cause::Unreachable),
        NetworkTrouble::TimedOut => ("gave no answer in time", Cause::Unreachable),
    };
    evidence.push(format!("`{host}` {seen}"));
    cause
}

/// <https://learn.microsoft.com/exchange/troubleshoot/administration/oauth-authentication-issues>
fn reason(number: &str) -> &'static str {
    match number {
        "2000001" => "the token is not valid",
        "2000002" => "the token has expired",
        "2000003" => "the token is for another audience",
        "2000008" => "the token lacks the permission",
        _ => "the token was refused",
    }
}

/// Whether this host belongs to Exchange Online, in any of its clouds, or to outlook.com, where the same holds.
/// <https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges>
pub fn is_exchange_online(host: &str) -> bool {
    const HOSTS: [&str; 6] =
        ["office365.com", "outlook.com", "office365.us", "office365-net.us", "office.com", "partner.outlook.cn"];
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    HOSTS.iter().any(|known| host == *known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')))
}
