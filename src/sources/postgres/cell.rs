use std::{error::Error, fmt};

use tokio_postgres::{
    Row,
    types::{Format, FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked},
};

use crate::sources::cell::{Cell, hex, number};

/// The bytes of a value, whatever its type.
struct Plain<'r>(&'r [u8]);

impl<'r> FromSql<'r> for Plain<'r> {
    fn from_sql(_: &Type, bytes: &'r [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(bytes))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A value of a row that was asked for as text, by the type that it really has.
pub(super) fn cell(row: &Row, place: usize, sort: &Type) -> Cell {
    let Ok(Some(Plain(bytes))) = row.try_get::<_, Option<Plain<'_>>>(place) else { return Cell::Null };
    let text = match Cell::text(bytes.to_vec()) {
        Cell::Text(text) => text,
        garbled => return garbled,
    };
    match *sort {
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID | Type::NUMERIC => number(&text),
        Type::FLOAT4 | Type::FLOAT8 => match text.parse::<f64>() {
            Ok(real) if real.is_finite() => Cell::Real(real),
            _ => Cell::Text(text),
        },
        Type::TIMESTAMPTZ => Cell::Text(instant(text)),
        Type::BYTEA => unhex(&text).map_or(Cell::Text(text), Cell::Blob),
        _ => Cell::Text(text),
    }
}

/// `2026-11-22 09:30:00+00` as an instant; `infinity` and years before Christ stay what they are.
fn instant(text: String) -> String {
    match text.strip_suffix("+00").and_then(|text| text.split_once(' ')) {
        Some((day, time)) => format!("{day}T{time}Z"),
        None => text,
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks(2).map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// A value to be bound, as text: the server knows of which type the place is.
pub(super) struct Bound(pub(super) Cell);

impl fmt::Debug for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl ToSql for Bound {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match &self.0 {
            Cell::Null => return Ok(IsNull::Yes),
            Cell::Integer(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Cell::Real(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Cell::Text(text) | Cell::Garbled(text) => out.extend_from_slice(text.as_bytes()),
            Cell::Blob(bytes) => out.extend_from_slice(format!("\\x{}", hex(bytes)).as_bytes()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_said_as_such_and_odd_ones_stay() {
        assert_eq!(instant("2026-11-22 09:30:00.5+00".to_owned()), "2026-11-22T09:30:00.5Z");
        for odd in ["infinity", "-infinity", "0044-03-15 12:00:00+00 BC"] {
            assert_eq!(instant(odd.to_owned()), odd);
        }
    }

    #[test]
    fn bytes_come_out_of_their_digits() {
        assert_eq!(unhex("\\x00ff1a"), Some(vec![0, 255, 26]));
        assert_eq!(unhex("\\x"), Some(Vec::new()));
        for broken in ["00", "\\x0", "\\xzz"] {
            assert_eq!(unhex(broken), None, "{broken}");
        }
    }
}
