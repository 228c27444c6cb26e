use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::Personal;

/// The fewest and the most digits of a number, with its country's.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The number of a mobile phone as the whole world dials it: a plus sign, the country's digits, the number.
/// <https://www.itu.int/rec/T-REC-E.164>
///
/// Printed it is masked: a number belongs to a person. Serialisation is the way into the vault.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct MobileNumber(Personal<String>);

impl MobileNumber {
    /// The number itself, `+491701234567`: for whoever sends to it and for nothing else.
    pub fn e164(&self) -> &str {
        self.0.reveal()
    }
}

/// Enough to tell which number is meant, and not enough to dial it: `+49…67`.
impl fmt::Display for MobileNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.e164();
        let first = number.get(..3).unwrap_or_default();
        let last = number.get(number.len().saturating_sub(2)..).unwrap_or_default();
        write!(formatter, "{first}…{last}")
    }
}

impl FromStr for MobileNumber {
    type Err = MobileNumberError;

    /// Reads what a person typed: with blanks, hyphens, dots and slashes wherever they like.
    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let digits = typed.trim().strip_prefix('+').ok_or(MobileNumberError)?;
        let mut number = String::with_capacity(DIGITS.end() + 1);
        number.push('+');
        for letter in digits.chars() {
            match letter {
                '0'..='9' if number.len() <= *DIGITS.end() => number.push(letter),
                ' ' | '\u{a0}' | '-' | '.' | '/' => {}
                _ => return Err(MobileNumberError),
            }
        }
        // No country begins with a zero.
        if !DIGITS.contains(&(number.len() - 1)) || number.as_bytes().get(1) == Some(&b'0') {
            return Err(MobileNumberError);
        }
        Ok(Self(Personal::new(number)))
    }
}

impl TryFrom<String> for MobileNumber {
    type Error = MobileNumberError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MobileNumber> for String {
    fn from(number: MobileNumber) -> Self {
        number.0.into_inner()
    }
}

/// What was typed is no such number; the text itself is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mobile number is given as it is dialled from abroad, like +49 170 1234567")]
pub struct MobileNumberError;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them_and_printed_masked() {
        for typed in ["+491701234567", " +49 170 123-45.67 ", "+49/170/1234567", "+49\u{a0}170 1234567"] {
            let number: MobileNumber = typed.parse().expect("a number");
            assert_eq!((number.e164(), number.to_string().as_str()), ("+491701234567", "+49…67"));
            assert!(!format!("{number:?} {number}").contains("170"), "{number:?}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let bad = [
            "",
            "+",
            "0170 1234567",
            "491701234567",
            "+0170123456",
            "+49 (0)170 123456",
            "+12345",
            "+1234567890123456",
            "+49170123456a",
            "+49170\n1234567",
            "+49 170 1234567&To=+1900",
            "++49170123456",
            "+٤٩١٧٠١٢٣٤٥٦",
        ];
        for typed in bad {
            assert_eq!(typed.parse::<MobileNumber>(), Err(MobileNumberError), "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_a_plus_and_digits(typed in "\\PC{0,24}|[+0-9 ./-]{0,24}") {
            if let Ok(number) = typed.parse::<MobileNumber>() {
                let (plus, digits) = number.e164().split_at(1);
                prop_assert!(plus == "+" && DIGITS.contains(&digits.len()));
                prop_assert!(digits.bytes().all(|digit| digit.is_ascii_digit()));
                prop_assert_eq!(number.e164().parse::<MobileNumber>(), Ok(number));
            }
        }
    }
}
