use rand::{CryptoRng, RngExt};
use secrecy::{ExposeSecret, SecretString};

/// Six digits that prove something once. Not printable by accident.
#[derive(Clone, Debug)]
pub struct Code(SecretString);

impl Code {
    /// Draws a code.
    pub fn draw(random: &mut impl CryptoRng) -> Self {
        Self(SecretString::from(format!("{:06}", random.random_range(0..1_000_000_u32))))
    }

    /// Reads what a person typed: six digits, with spaces or hyphens wherever they like.
    ///
    /// # Errors
    /// [`NotACode`] for anything else; the text itself is not repeated.
    pub fn parse(typed: &str) -> Result<Self, NotACode> {
        let mut digits = String::with_capacity(6);
        for letter in typed.trim().chars() {
            match letter {
                '0'..='9' if digits.len() < 6 => digits.push(letter),
                ' ' | '-' | '\u{a0}' => {}
                _ => return Err(NotACode),
            }
        }
        if digits.len() == 6 { Ok(Self(SecretString::from(digits))) } else { Err(NotACode) }
    }

    /// The six digits, to compare or to hash.
    pub(super) fn digits(&self) -> &str {
        self.0.expose_secret()
    }

    /// The code as people read it best: `123 456`. For the message that delivers it and for nothing else.
    pub fn readable(&self) -> SecretString {
        let digits = self.0.expose_secret();
        let (first, second) = digits.split_at_checked(3).unwrap_or((digits, ""));
        SecretString::from(format!("{first} {second}"))
    }
}

/// What was typed is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has six digits, like 123 456")]
pub struct NotACode;
