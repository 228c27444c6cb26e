//! PostgreSQL: what each type becomes.

use super::practice::Practice;
use crate::servers::Sort;

const TABLE: &str = "
    CREATE TYPE mood AS ENUM ('offen', 'erledigt');
    CREATE DOMAIN short AS varchar(10);
    CREATE TYPE pair AS (a int, b text);
    CREATE TABLE kinds (small smallint, big bigint, exact numeric(30,10), whole numeric, nan numeric, single real, twice double precision,
        unending double precision, flag boolean, bit1 bit(1), bits varbit, day date, first_day date, bc date, late_day date,
        moment timestamp, forever timestamp, instant timestamptz, forever_instant timestamptz, clock time, zoned_clock timetz,
        span interval, raw bytea, letters text, padded char(8), named name, json jsonb, id uuid, mood mood, short short, pair pair,
        list int[], texts text[], range daterange, price money, net inet, point point, document xml, search tsvector, nothing text);
    INSERT INTO kinds VALUES (-32768, 9223372036854775807, 12345678901234567890.0123456789, 42, 'NaN', 0.1, 0.1,
        'Infinity', true, B'1', B'1010', '2026-11-22', '-infinity', '0044-03-15 BC', '12026-01-01',
        '2026-11-22 09:30:00.5', 'infinity', '2026-11-22 23:30:00+00', 'infinity', '09:30', '09:30+02',
        '1 hour 30 minutes', '\\xff00fe', 'Müller 🎉', 'ab', 'ein Name', '{\"a\": \"ü\"}', '123e4567-e89b-12d3-a456-426655440000',
        'erledigt', 'kurz', ROW(1, 'x'), '{1,2}', '{\"a b\",c}', '[2026-01-01,2026-02-01)', 1234.5, '192.168.0.1/24', '(1,2)',
        '<a>b</a>', 'ein Wort', NULL);
";

#[tokio::test]
async fn every_type_of_postgresql_comes_through_or_is_named() {
    let practice = Practice::on(Sort::Postgres, TABLE);
    let texts = [
        ("small", "-32768"),
        ("big", "9223372036854775807"),
        ("exact", "12345678901234567890.0123456789"),
        ("whole", "42"),
        ("nan", "NaN"),
        ("single", "0.1"),
        ("twice", "0.1"),
        ("unending", "Infinity"),
        ("flag", "true"),
        ("bit1", "1"),
        ("bits", "1010"),
        ("day", "2026-11-22"),
        ("first_day", "-infinity"),
        ("bc", "0044-03-15 BC"),
        ("moment", "2026-11-22 09:30:00.5"),
        ("forever", "infinity"),
        ("instant", "2026-11-22T23:30:00Z"),
        ("forever_instant", "infinity"),
        ("clock", "09:30:00"),
        ("zoned_clock", "09:30:00+02"),
        ("span", "PT1H30M"),
        ("raw", "problem: these bytes are no text"),
        ("letters", "Müller 🎉"),
        ("padded", "ab"),
        ("named", "ein Name"),
        ("json", "{\"a\": \"ü\"}"),
        ("id", "123e4567-e89b-12d3-a456-426655440000"),
        ("mood", "erledigt"),
        ("short", "kurz"),
        ("pair", "(1,x)"),
        ("list", "{1,2}"),
        ("texts", "{\"a b\",c}"),
        ("range", "[2026-01-01,2026-02-01)"),
        ("price", "$1,234.50"),
        ("net", "192.168.0.1/24"),
        ("point", "(1,2)"),
        ("document", "<a>b</a>"),
        ("search", "'Wort' 'ein'"),
        ("nothing", ""),
        ("NULL", ""),
        ("'just text'", "just text"),
        ("count(*)", "1"),
    ];
    let told = practice.told("kinds", "notes", &texts.map(|(expression, _)| expression)).await;
    for ((expression, text), told) in texts.iter().zip(told) {
        assert!(told == *text || (text.starts_with("problem") && told.starts_with(text)), "{expression}: {told}");
    }
    let days = [
        ("day", "2026-11-22"),
        ("first_day", "problem"),
        ("bc", "problem"),
        ("late_day", "problem"),
        ("moment", "2026-11-22"),
        ("forever", "problem"),
        // 23:30 UTC is the next day in Berlin.
        ("instant", "2026-11-23"),
        ("forever_instant", "problem"),
        ("nothing", ""),
    ];
    let told = practice.told("kinds", "due_date", &days.map(|(expression, _)| expression)).await;
    for ((expression, day), told) in days.iter().zip(told) {
        assert!(if day.is_empty() { told.is_empty() } else { told.starts_with(day) }, "{expression}: {told}");
    }
    let flags = practice.told("kinds", "done", &["flag", "bit1", "NOT flag", "small"]).await;
    assert_eq!(flags[..3], ["true", "true", "false"]);
    assert!(flags[3].starts_with("problem"), "{}", flags[3]);
}
