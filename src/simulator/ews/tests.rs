use std::path::PathBuf;

use super::{OPERATIONS, schema::SCHEMA};
use crate::xml::{self, Element, Writer};

const CONTACT: &str = r#"<m:CreateItem xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"
    xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">
  <m:SavedItemFolderId><t:DistinguishedFolderId Id="contacts"/></m:SavedItemFolderId>
  <m:Items><t:Contact><t:Subject>Erika</t:Subject><t:GivenName>Erika</t:GivenName><t:EmailAddresses>
    <t:Entry Key="EmailAddress1">e@example.org</t:Entry></t:EmailAddresses><t:Surname>Muster</t:Surname></t:Contact></m:Items>
</m:CreateItem>"#;

fn check(request: &str) -> Result<(), String> {
    let request = xml::parse(request.as_bytes()).expect("XML");
    SCHEMA.check_request(&request).map_err(|violation| violation.text)
}

#[test]
fn a_request_in_the_order_of_the_schema_is_taken() {
    assert_eq!(check(CONTACT), Ok(()));
}

#[test]
fn a_request_that_the_schema_does_not_allow_is_refused() {
    let given = "<t:GivenName>Erika</t:GivenName>";
    let surname = "<t:Surname>Muster</t:Surname>";
    for (what, from, to, why) in [
        ("order", format!("{given}<t:Email"), "<t:Email".to_owned(), None),
        ("order", surname.to_owned(), format!("{surname}{given}"), Some("invalid child element 'GivenName'")),
        ("twice", given.to_owned(), format!("{given}{given}"), Some("invalid child element 'GivenName'")),
        ("unknown element", given.to_owned(), "<t:Vorname/>".to_owned(), Some("invalid child element 'Vorname'")),
        ("wrong namespace", given.to_owned(), "<m:GivenName/>".to_owned(), None),
        ("unknown attribute", "<t:Contact>".to_owned(), "<t:Contact Id=\"1\">".to_owned(), Some("'Id' attribute")),
        ("missing attribute", " Key=\"EmailAddress1\"".to_owned(), String::new(), Some("required attribute 'Key'")),
        ("enumeration", "EmailAddress1".to_owned(), "EmailAddress4".to_owned(), Some("Enumeration constraint")),
        ("folder", "\"contacts\"".to_owned(), "\"Kontakte\"".to_owned(), Some("Enumeration constraint")),
        ("text", "<m:Items>".to_owned(), "<m:Items>text".to_owned(), Some("cannot contain text")),
        ("empty", "<t:DistinguishedFolderId Id=\"contacts\"/>".to_owned(), String::new(), Some("incomplete content")),
    ] {
        let request = CONTACT.replace(&from, &to);
        assert_ne!(request, CONTACT, "{what}");
        match (check(&request), why) {
            (Err(text), Some(why)) => assert!(text.contains(why), "{what}: {text}"),
            (Err(_), None) => assert_eq!(what, "wrong namespace"),
            // Leaving an optional element out is the one change here that is allowed.
            (Ok(()), None) => assert_eq!(what, "order"),
            (Ok(()), Some(_)) => panic!("{what} was taken"),
        }
    }
}

#[test]
fn times_numbers_and_truth_values_are_looked_at() {
    let event = |inner: &str| {
        let start = CONTACT.find("<t:Contact>").expect("a contact");
        let end = CONTACT.find("</t:Contact>").expect("a contact") + "</t:Contact>".len();
        let request = CONTACT.replace(&CONTACT[start..end], &format!("<t:CalendarItem>{inner}</t:CalendarItem>"));
        check(&request)
    };
    assert_eq!(event("<t:Start>2026-11-23T09:00:00</t:Start><t:IsAllDayEvent>false</t:IsAllDayEvent>"), Ok(()));
    assert!(event("<t:Start>2026-11-23</t:Start>").is_err());
    assert!(event("<t:Start>2026-11-23T25:00:00Z</t:Start>").is_err());
    assert!(event("<t:IsAllDayEvent>nein</t:IsAllDayEvent>").is_err());
    assert!(event("<t:Size>viel</t:Size>").is_err());
    assert!(event("<t:LegacyFreeBusyStatus>Away</t:LegacyFreeBusyStatus>").is_err());
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn samples(folder: &str) -> Option<Vec<(String, Element)>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/samples").join(folder);
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: there are no samples in {}", folder.display());
        return None;
    };
    let files = files.map(|file| file.expect("a file").path());
    let requests = files.filter(|file| file.to_string_lossy().ends_with(".request.xml"));
    Some(
        requests
            .filter_map(|file| {
                let envelope = xml::parse(&std::fs::read(&file).ok()?).ok()?;
                let request = envelope.child("Body")?.children().first()?.clone();
                let known = OPERATIONS.iter().any(|(operation, _)| *operation == request.name());
                known.then(|| (file.file_name().unwrap_or_default().to_string_lossy().into_owned(), request))
            })
            .collect(),
    )
}

#[test]
fn requests_that_are_valid_by_the_schema_itself_are_taken() {
    let Some(samples) = samples("ews-made") else { return };
    assert!(samples.len() > 15, "only {} samples", samples.len());
    for (name, request) in samples {
        assert_eq!(SCHEMA.check_request(&request), Ok(()), "{name}");
    }
}

#[test]
fn samples_of_the_documentation_are_judged_as_the_schema_itself_judges_them() {
    let Some(samples) = samples("ews") else { return };
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/samples/ews/MANIFEST.tsv");
    let manifest = std::fs::read_to_string(manifest).expect("a manifest");
    let mut compared = 0;
    for (name, request) in samples {
        // The simulator keeps contacts, events and tasks; answers to invitations, messages and saved searches are foreign to it.
        let kept = |item: &Element| ["Item", "CalendarItem", "Contact", "Task"].contains(&item.name());
        let items = request.child("Items").map(Element::children).unwrap_or_default();
        let others = ["Message", "SearchFolder", "MeetingRequest"];
        if !items.iter().all(kept) || others.iter().any(|other| request.find(other).is_some()) {
            continue;
        }
        let Some(line) = manifest.lines().find(|line| line.starts_with(&name)) else { continue };
        let valid = SCHEMA.check_request(&request);
        assert_eq!(valid.is_ok(), line.contains("\tvalid"), "{name}: {valid:?} but {line}");
        compared += 1;
    }
    assert!(compared > 30, "only {compared} samples");
}

/// The same element with the children of every element in reverse.
fn reversed(element: &Element, writer: &mut Writer) {
    let attributes: Vec<(&str, &str)> = element.attributes().collect();
    let prefix = if element.namespace().ends_with("/messages") { "m" } else { "t" };
    let name = format!("{prefix}:{}", element.name());
    if element.children().is_empty() {
        return writer.text_with(&name, &attributes, element.text());
    }
    writer.element(&name, &attributes, |writer| {
        element.children().iter().rev().for_each(|child| reversed(child, writer));
    });
}

#[test]
fn the_same_requests_in_another_order_are_refused() {
    let Some(samples) = samples("ews-made") else { return };
    for (name, request) in samples {
        let mut writer = Writer::new();
        reversed(&request, &mut writer);
        let declarations = format!(
            "<{} xmlns:m=\"{}\" xmlns:t=\"{}\"",
            &writer.as_str()[1..3 + request.name().len()],
            super::schema::MESSAGES,
            super::schema::TYPES
        );
        let text = format!("{declarations}{}", &writer.as_str()[3 + request.name().len()..]);
        let other = xml::parse(text.as_bytes()).expect("XML");
        assert_eq!(SCHEMA.check_request(&other).is_err(), has_order(&request), "{name}");
    }
}

/// Whether some element has different children, so that another order is another request.
fn has_order(element: &Element) -> bool {
    let names: std::collections::BTreeSet<&str> = element.children().iter().map(Element::name).collect();
    names.len() > 1 || element.children().iter().any(has_order)
}
