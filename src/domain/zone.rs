//! Time zones by the two names the world uses: IANA's (`Europe/Zurich`) and Windows' (`W. Europe Standard Time`).
//!
//! CLDR keys its table by old names: it has no `Europe/Kyiv`, no `Asia/Kolkata` and no plain `UTC`. So the links of tzdb are
//! resolved when the table is generated, and every name that our own tz database knows is in it or is listed as having no
//! Windows zone. Many IANA names share a Windows id; the way back gives the one that CLDR names where no territory is known.
//! <https://unicode.org/reports/tr35/tr35-dates.html#windowsZones>

use std::cmp::Ordering;

mod table;

/// The Windows id of an IANA zone; `None` for a name nobody knows and for the few zones Windows does not have. Case does not
/// matter.
pub fn windows_id(iana: &str) -> Option<&'static str> {
    find(table::WINDOWS_BY_IANA, iana)
}

/// An IANA name for a Windows id; `None` for custom and retired ids. Case does not matter.
pub fn iana(windows: &str) -> Option<&'static str> {
    find(table::IANA_BY_WINDOWS, windows)
}

fn find(table: &'static [(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    let index = table.binary_search_by(|(known, _)| ignoring_case(known, name)).ok()?;
    table.get(index).map(|(_, found)| *found)
}

fn ignoring_case(left: &str, right: &str) -> Ordering {
    let lower = |text: &str| text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
    lower(left).cmp(&lower(right))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn names_that_cldr_lacks_are_found_through_their_links() {
        for (name, expected) in [
            ("Europe/Kyiv", "FLE Standard Time"),
            ("Asia/Kolkata", "India Standard Time"),
            ("America/Argentina/Buenos_Aires", "Argentina Standard Time"),
            ("Asia/Ho_Chi_Minh", "SE Asia Standard Time"),
            ("Asia/Yangon", "Myanmar Standard Time"),
            ("America/Nuuk", "Greenland Standard Time"),
            ("UTC", "UTC"),
            ("Etc/UTC", "UTC"),
            ("Zulu", "UTC"),
            ("Europe/London", "GMT Standard Time"),
            ("Europe/Zurich", "W. Europe Standard Time"),
            ("europe/zurich", "W. Europe Standard Time"),
            ("US/Pacific", "Pacific Standard Time"),
        ] {
            assert_eq!(windows_id(name), Some(expected), "{name}");
        }
        assert_eq!(windows_id("Mars/Olympus_Mons"), None);
        assert_eq!(iana("Customized Time Zone"), None);
    }

    #[test]
    fn every_zone_that_our_tz_database_knows_has_a_windows_id_or_is_listed() {
        for (name, _) in table::WINDOWS_BY_IANA {
            assert!(TimeZone::get(name).is_ok(), "{name} is not a zone");
        }
        for name in jiff::tz::TimeZoneDatabase::bundled().available() {
            let listed = table::WITHOUT_WINDOWS_ID.contains(&name.as_str());
            assert_ne!(windows_id(name.as_str()).is_some(), listed, "{name}");
        }
    }

    #[test]
    fn a_windows_id_comes_back_as_a_zone_of_the_same_id() {
        for (windows, name) in table::IANA_BY_WINDOWS {
            assert_eq!(iana(windows), Some(*name));
            assert_eq!(windows_id(name), Some(*windows), "{name}");
        }
        assert_eq!(iana("W. Europe Standard Time"), Some("Europe/Berlin"));
        assert_eq!(iana("utc"), Some("Etc/UTC"));
    }

    #[test]
    fn the_tables_are_in_order() {
        for table in [table::WINDOWS_BY_IANA, table::IANA_BY_WINDOWS] {
            assert!(table.is_sorted_by(|(left, _), (right, _)| ignoring_case(left, right).is_lt()));
        }
    }
}
