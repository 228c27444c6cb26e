use mysql_async::{Column, Value, consts::ColumnType};

use crate::sources::cell::{Cell, number};

/// The character set of what is no text.
const BINARY: u16 = 63;

/// A value with its column's type as a cell.
pub(super) fn cell(value: Value, column: &Column) -> Cell {
    match value {
        Value::NULL => Cell::Null,
        Value::Int(number) => Cell::Integer(number),
        Value::UInt(number) => i64::try_from(number).map_or_else(|_| Cell::Text(number.to_string()), Cell::Integer),
        // By way of the shortest text: 0.1 stays 0.1.
        Value::Float(number) => Cell::Real(number.to_string().parse().unwrap_or(f64::from(number))),
        Value::Double(number) => Cell::Real(number),
        Value::Date(year, month, day, hour, minute, second, micros) => Cell::Text(date(
            column.column_type(),
            [year.into(), month.into(), day.into()],
            [hour, minute, second],
            micros,
        )),
        Value::Time(negative, days, hours, minutes, seconds, micros) => {
            let sign = if negative { "-" } else { "" };
            let hours = u64::from(days) * 24 + u64::from(hours);
            Cell::Text(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{}", fraction(micros)))
        }
        Value::Bytes(bytes) => of_bytes(bytes, column),
    }
}

fn date(sort: ColumnType, day: [u32; 3], time: [u8; 3], micros: u32) -> String {
    let [year, month, day] = day;
    let [hour, minute, second] = time;
    let day = format!("{year:04}-{month:02}-{day:02}");
    let clock = || format!("{hour:02}:{minute:02}:{second:02}{}", fraction(micros));
    match sort {
        ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE => day,
        // An instant, in the session's zone: UTC. Its zero is no instant.
        ColumnType::MYSQL_TYPE_TIMESTAMP | ColumnType::MYSQL_TYPE_TIMESTAMP2 if year > 0 => {
            format!("{day}T{}Z", clock())
        }
        _ => format!("{day} {}", clock()),
    }
}

fn fraction(micros: u32) -> String {
    match micros {
        0 => String::new(),
        _ => format!(".{micros:06}"),
    }
}

fn of_bytes(bytes: Vec<u8>, column: &Column) -> Cell {
    match column.column_type() {
        // Whole numbers are numbers; others stay exact as text.
        ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL => number(&String::from_utf8_lossy(&bytes)),
        ColumnType::MYSQL_TYPE_BIT => {
            let bits = bytes.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
            i64::try_from(bits).map_or_else(|_| Cell::Text(bits.to_string()), Cell::Integer)
        }
        ColumnType::MYSQL_TYPE_GEOMETRY => Cell::Blob(bytes),
        ColumnType::MYSQL_TYPE_JSON => Cell::text(bytes),
        _ if column.character_set() == BINARY => Cell::Blob(bytes),
        _ => Cell::text(bytes),
    }
}

/// A value to be bound.
pub(super) fn parameter(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::NULL,
        Cell::Integer(number) => Value::Int(number),
        Cell::Real(number) => Value::Double(number),
        Cell::Text(text) | Cell::Garbled(text) => Value::Bytes(text.into_bytes()),
        Cell::Blob(bytes) => Value::Bytes(bytes),
    }
}
