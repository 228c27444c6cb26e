use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{
    ports::{Failure, FailureKind},
    sources::{ServerSettings, Settings},
};

/// Gives the account's password when it is needed, if one is kept.
pub type Secret = Arc<dyn Fn() -> Result<Option<SecretString>, Failure> + Send + Sync>;

/// How long a refused password is not tried again, after the first refusal and after those that follow. Servers lock accounts
/// that try too often, and what was refused a moment ago is refused again.
const REST: [Duration; 3] = [Duration::from_mins(10), Duration::from_mins(30), Duration::from_hours(1)];

/// The way in: knows the password, and when a refused one may be tried again.
pub(in crate::sources) struct Door {
    secret: Secret,
    refused: Mutex<Option<Refused>>,
}

struct Refused {
    password: [u8; 32],
    times: usize,
    at: Instant,
    why: String,
}

/// A password that may be tried now.
#[derive(Clone)]
pub(in crate::sources) struct Pass {
    /// The password; none where the account needs none (a Unix socket that knows who asks).
    pub(in crate::sources) password: Option<SecretString>,
}

impl Pass {
    /// What tells passwords apart without being one.
    pub(in crate::sources) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.password.as_ref().map_or("", |password| password.expose_secret())).into()
    }
}

impl Door {
    pub(in crate::sources) fn new(secret: Secret) -> Self {
        Self { secret, refused: Mutex::default() }
    }

    /// The password, if it may be tried now.
    pub(in crate::sources) fn pass(&self, settings: &Settings) -> Result<Pass, Failure> {
        let pass = Pass { password: (self.secret)()? };
        let doing = || format!("sign in to the practice database `{}`", settings.place());
        let needed = settings.server.as_ref().is_none_or(ServerSettings::needs_password);
        if pass.password.is_none() && needed {
            return Err(Failure::new(FailureKind::Unauthorized, doing())
                .because("no password is kept for it")
                .hint("give it once: `pocketdocket practice password`"));
        }
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(refused) = refused.as_ref().filter(|refused| refused.password == pass.digest()) {
            let rest = REST.get(refused.times - 1).or(REST.last()).copied().unwrap_or_default();
            if refused.at.elapsed() < rest {
                return Err(Failure::new(FailureKind::Unauthorized, doing()).because(refused.why.clone()).hint(format!(
                    "it is not tried again for {} minutes at a time, so that the account is not locked; a new password is \
                     tried at once: `pocketdocket practice password`",
                    rest.as_secs() / 60
                )));
            }
        }
        Ok(pass)
    }

    /// Remembers how the try went.
    pub(in crate::sources) fn opened<T>(&self, pass: &Pass, outcome: Result<T, Failure>) -> Result<T, Failure> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match &outcome {
            Ok(_) => *refused = None,
            Err(failure) if failure.kind == FailureKind::Unauthorized => {
                let password = pass.digest();
                let times =
                    refused.take().filter(|before| before.password == password).map_or(0, |before| before.times);
                let why = std::error::Error::source(failure).map_or_else(String::new, ToString::to_string);
                *refused = Some(Refused { password, times: times + 1, at: Instant::now(), why });
            }
            Err(_) => {}
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::SourceZone;

    fn settings() -> Settings {
        let server = ServerSettings { database: "practice".to_owned(), ..ServerSettings::default() };
        Settings::on_server("sample", server, SourceZone::utc())
    }

    fn refusal() -> Result<(), Failure> {
        Err(Failure::new(FailureKind::Unauthorized, "sign in").because("access denied"))
    }

    #[test]
    fn a_refused_password_rests_and_a_new_one_does_not() {
        let kept = Arc::new(Mutex::new("first"));
        let given = Arc::clone(&kept);
        let door = Door::new(Arc::new(move || Ok(Some(SecretString::from(*given.lock().unwrap())))));
        let pass = door.pass(&settings()).unwrap();
        assert!(door.opened(&pass, refusal()).is_err());
        let failure = door.pass(&settings()).err().expect("resting");
        assert_eq!(failure.kind, FailureKind::Unauthorized);
        assert!(failure.chain().contains("access denied"), "{}", failure.chain());
        assert!(failure.hint.is_some_and(|hint| hint.contains("10 minutes")));
        *kept.lock().unwrap() = "second";
        let pass = door.pass(&settings()).expect("a new password is tried at once");
        assert!(door.opened(&pass, Ok(())).is_ok());
        assert!(door.pass(&settings()).is_ok());
    }

    #[test]
    fn a_server_that_is_away_says_nothing_about_the_password() {
        let door = Door::new(Arc::new(|| Ok(Some(SecretString::from("kept")))));
        let pass = door.pass(&settings()).unwrap();
        let away: Result<(), _> = Err(Failure::new(FailureKind::Source, "read").because("connection refused"));
        assert!(door.opened(&pass, away).is_err());
        assert!(door.pass(&settings()).is_ok());
    }

    #[test]
    fn without_a_password_only_a_socket_is_tried() {
        let door = Door::new(Arc::new(|| Ok(None)));
        let failure = door.pass(&settings()).err().expect("refused");
        assert!(failure.hint.is_some_and(|hint| hint.contains("practice password")));
        let mut by_socket = settings();
        if let Some(server) = &mut by_socket.server {
            server.socket = Some("/run/postgresql".into());
        }
        assert!(door.pass(&by_socket).is_ok());
    }
}
