use proptest::prelude::*;

use super::*;

fn opened(bytes: &[u8]) -> Sheet {
    match Sheet::open(bytes) {
        Ok(sheet) => sheet,
        Err(unusable) => panic!("{}", unusable.what),
    }
}

fn refused(bytes: &[u8]) -> String {
    match Sheet::open(bytes) {
        Ok(sheet) => panic!("is taken: {sheet:?}"),
        Err(unusable) => format!("{} ({})", unusable.what, unusable.hint),
    }
}

fn people(sheet: &Sheet) -> Vec<(u64, &str)> {
    sheet.rows.iter().map(|row| (row.line, row.get(Column::Person).unwrap_or_default())).collect()
}

#[test]
fn spreadsheets_of_every_sort_are_read() {
    let text = "Name;Kürzel;E-Mail\r\nweber;HÜ;weber@k.example\r\n";
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let latin: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect();
    let marked = format!("\u{feff}{text}");
    let said = format!("sep=;\r\n{text}");
    for (bytes, line) in [
        (text.as_bytes(), 2),
        (marked.as_bytes(), 2),
        (&utf16, 2),
        (&latin, 2),
        (text.replace(';', ",").as_bytes(), 2),
        (text.replace(';', "\t").as_bytes(), 2),
        (said.as_bytes(), 3),
    ] {
        assert_eq!(people(&opened(bytes)), [(line, "HÜ")], "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn lines_are_those_of_the_file() {
    let sheet = opened(b"name,person,mailbox,remark\n\na,A,a@k.example,\"two\nlines\"\n,,,\nb,B,b@k.example,\n");
    assert_eq!(people(&sheet), [(3, "A"), (6, "B")]);
}

#[test]
fn a_row_with_too_few_or_too_many_cells_is_told_and_empty_ones_at_the_end_do_not_count() {
    let sheet = opened(b"name,person,mailbox\na,A\nb,B,b@k.example,,\nc,C,c@k.example,more\n");
    assert_eq!(people(&sheet), [(3, "B")]);
    let told: Vec<String> = sheet.troubles.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["line 2: 2 cells where the first line has 3", "line 4: 4 cells where the first line has 3"]);
}

#[test]
fn a_column_of_secrets_refuses_the_whole_list_and_nothing_of_it_is_repeated() {
    for column in ["Password", "Kennwort", "app_password", "PIN", "Secret-Token", "api key", "pw", "TOTP"] {
        let what = refused(format!("name,person,mailbox,{column}\nweber,HW,w@k.example,planted").as_bytes());
        assert!(what.contains("secrets") && !what.contains("planted") && !what.contains(column), "{what}");
    }
    // "shipping" has a pin in it and is none.
    assert!(!refused(b"name,person,mailbox,shipping\n").contains("secrets"));
}

#[test]
fn an_unknown_column_is_refused_with_the_nearest_name() {
    assert_eq!(
        refused(b"name,persn,mailbox\n"),
        "its column `persn` is none that we know; did you mean `person`? \
         (it takes name, person, mailbox and, if wanted, login, url, protocol, method, service account, kinds and remark)"
    );
    assert!(refused(b"name,person\n").starts_with("it has no column `mailbox`"));
    assert!(refused(b"name,person,mailbox,E-Mail\n").starts_with("it has two columns for `mailbox`"));
}

#[test]
fn a_list_without_names_of_columns_is_refused_without_repeating_it() {
    let what = refused(b"weber,HW,weber@k.example,planted\n");
    assert!(what.starts_with("its first line names no column") && !what.contains("planted"), "{what}");
}

#[test]
fn what_is_no_text_is_refused() {
    assert!(refused(b"PK\x03\x04\x00\x00name,person,mailbox").contains("no text file"));
    assert!(refused(b"\xef\xbb\xbfname\xff").contains("UTF-8"));
    assert!(refused(b"\xff\xfe\x00\xd8a").contains("UTF-16"));
    assert!(refused(b"").starts_with("its first line names no column"));
}

#[test]
fn there_is_an_end_to_rows() {
    let rows = "a,A,a@k.example\n".repeat(MOST_ROWS + 1);
    assert!(refused(format!("name,person,mailbox\n{rows}").as_bytes()).contains("more than 10000 rows"));
}

proptest! {
    #[test]
    fn garbage_is_refused_or_read_and_never_more(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Sheet::open(&bytes);
    }

    #[test]
    fn garbage_behind_a_good_first_line_yields_rows_and_troubles(
        cells in proptest::collection::vec("[a-z@\"\n\r;,. \u{80}-\u{ff}]{0,12}", 0..40),
    ) {
        let text = format!("name,person,mailbox\n{}", cells.join(","));
        let lines = text.bytes().filter(|byte| *byte == b'\n').count() as u64 + text.bytes().filter(|byte| *byte == b'\r').count() as u64;
        if let Ok(sheet) = Sheet::open(text.as_bytes()) {
            let told = sheet.rows.iter().map(|row| row.line).chain(sheet.troubles.iter().map(|trouble| trouble.line));
            for line in told {
                prop_assert!((2..=lines + 1).contains(&line), "{} of {}", line, lines);
            }
        }
    }

    #[test]
    fn what_was_written_as_a_list_is_read_back(rows in proptest::collection::vec(("[a-z]{1,8}", "[^\0]{1,8}", "[a-z@.]{1,8}"), 1..20)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["name", "person", "mailbox"]).expect("written");
        for (name, person, mailbox) in &rows {
            writer.write_record([name, person, mailbox]).expect("written");
        }
        let bytes = writer.into_inner().expect("written");
        let sheet = opened(&bytes);
        prop_assert!(sheet.troubles.is_empty());
        let read: Vec<String> = sheet.rows.iter().map(|row| row.cells[&Column::Person].clone()).collect();
        let expected: Vec<String> = rows.iter().map(|(_, person, _)| person.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()).collect();
        prop_assert_eq!(read, expected);
    }
}
