//! MariaDB: what each type becomes.

use super::practice::Practice;
use crate::servers::Sort;

const TABLE: &str = "
    SET SESSION sql_mode = '';
    CREATE TABLE kinds (
        tiny TINYINT, big BIGINT, huge BIGINT UNSIGNED, exact DECIMAL(30,10), whole DECIMAL(20,0), single FLOAT, twice DOUBLE,
        one BIT(1), eight BIT(8), many BIT(64), flag BOOLEAN,
        day DATE, zero_day DATE, half_day DATE, moment DATETIME, exact_moment DATETIME(6), zero_moment DATETIME,
        instant TIMESTAMP NULL, zero_instant TIMESTAMP NULL, last_day DATE, clock TIME, long_clock TIME, before_clock TIME, since YEAR,
        latin VARCHAR(20) CHARACTER SET latin1, many_letters TEXT CHARACTER SET utf8mb4, wide VARCHAR(20) CHARACTER SET utf16,
        old VARCHAR(20) CHARACTER SET utf8mb3, raw VARBINARY(20), letters BLOB, json JSON,
        choice ENUM('offen', 'erledigt'), choices SET('a', 'b', 'c'), place POINT, unique_id UUID, address INET6, nothing VARCHAR(5)
    );
    SET SESSION time_zone = '+00:00';
    INSERT INTO kinds VALUES (
        -128, -9223372036854775808, 18446744073709551615, 12345678901234567890.0123456789, 42, 0.1, 0.1,
        b'1', b'10101010', 0xFFFFFFFFFFFFFFFF, TRUE,
        '2026-11-22', '0000-00-00', '2026-00-10', '2026-11-22 09:30:00', '2026-11-22 09:30:00.123456', '0000-00-00 00:00:00',
        '2026-11-22 23:30:00', 0, '9999-12-31', '09:30:00', '838:59:59', '-01:30:00', 2026,
        'Müller', 'Grüße 🎉', 'Žižka', 'Straße', 0xFF00FE, 'Müller', '{\"a\": \"ü\"}',
        'erledigt', 'a,c', POINT(1, 2), '123e4567-e89b-12d3-a456-426655440000', '2001:db8::ff00:42:8329', NULL
    );
";

#[tokio::test]
async fn every_type_of_mariadb_comes_through_or_is_named() {
    let practice = Practice::on(Sort::MariaDb, TABLE);
    let texts = [
        ("tiny", "-128"),
        ("big", "-9223372036854775808"),
        ("huge", "18446744073709551615"),
        ("exact", "12345678901234567890.0123456789"),
        ("whole", "42"),
        ("single", "0.1"),
        ("twice", "0.1"),
        ("one", "1"),
        ("eight", "170"),
        ("many", "18446744073709551615"),
        ("day", "2026-11-22"),
        ("zero_day", "0000-00-00"),
        ("half_day", "2026-00-10"),
        ("moment", "2026-11-22 09:30:00"),
        ("exact_moment", "2026-11-22 09:30:00.123456"),
        ("zero_moment", "0000-00-00 00:00:00"),
        ("instant", "2026-11-22T23:30:00Z"),
        ("zero_instant", "0000-00-00 00:00:00"),
        ("clock", "09:30:00"),
        ("long_clock", "838:59:59"),
        ("before_clock", "-01:30:00"),
        ("since", "2026"),
        ("latin", "Müller"),
        ("many_letters", "Grüße 🎉"),
        ("wide", "Žižka"),
        ("old", "Straße"),
        ("raw", "problem: these bytes are no text"),
        ("letters", "Müller"),
        ("json", "{\"a\": \"ü\"}"),
        ("choice", "erledigt"),
        ("choices", "a,c"),
        ("place", "problem: these bytes are no text"),
        ("unique_id", "123e4567-e89b-12d3-a456-426655440000"),
        ("address", "2001:db8::ff00:42:8329"),
        ("nothing", ""),
        ("CONCAT(tiny, ' ', latin)", "-128 Müller"),
        ("COUNT(*)", "1"),
        ("NULL", ""),
    ];
    let told = practice.told("kinds", "notes", &texts.map(|(expression, _)| expression)).await;
    for ((expression, text), told) in texts.iter().zip(told) {
        assert!(told == *text || (text.starts_with("problem") && told.starts_with(text)), "{expression}: {told}");
    }
    let days = [
        ("day", "2026-11-22"),
        ("zero_day", "problem"),
        ("half_day", "problem"),
        ("last_day", "problem"),
        ("moment", "2026-11-22"),
        // 23:30 UTC is the next day in Berlin.
        ("instant", "2026-11-23"),
        ("zero_moment", "problem"),
        ("clock", "problem"),
        ("nothing", ""),
    ];
    let told = practice.told("kinds", "due_date", &days.map(|(expression, _)| expression)).await;
    for ((expression, day), told) in days.iter().zip(told) {
        assert!(if day.is_empty() { told.is_empty() } else { told.starts_with(day) }, "{expression}: {told}");
    }
    let flags = practice.told("kinds", "done", &["flag", "one", "NOT flag", "tiny = -128", "1 = 2"]).await;
    assert_eq!(flags, ["true", "true", "false", "true", "false"]);
}
