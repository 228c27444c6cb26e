use proptest::prelude::*;

use super::*;

#[test]
fn namespaces_are_resolved_whatever_the_prefix() {
    let root =
        parse(br#"<?xml version="1.0"?><SOAP:a xmlns:SOAP="urn:s" xmlns="urn:d"><b c="1&lt;2"/></SOAP:a>"#).unwrap();
    assert!(root.is("urn:s", "a"));
    let child = root.child("b").unwrap();
    assert!(child.is("urn:d", "b"));
    assert_eq!(child.attribute("c"), Some("1<2"));
    assert_eq!(root.attributes().count(), 0, "declarations are not attributes");
}

#[test]
fn text_cdata_and_references_are_joined_and_unknown_ones_stay_visible() {
    let root = parse("<a>M&#252;ller &amp; <![CDATA[<S\u{f6}hne>]]> &nbsp;&#x1F4C5; AT&T &#0;</a>".as_bytes()).unwrap();
    assert_eq!(root.text(), "M\u{fc}ller & <S\u{f6}hne> &nbsp;\u{1f4c5} AT&T &#0;");
}

#[test]
fn line_ends_are_one_character_except_where_they_are_written_as_references() {
    assert_eq!(parse(b"<a>one\r\ntwo&#xD;\nthree</a>").unwrap().text(), "one\ntwo\r\nthree");
}

#[test]
fn every_truncation_of_a_document_is_an_error() {
    let whole = "<?xml version=\"1.0\"?>\n<s:a xmlns:s=\"u\"><b c='d'>\u{e9}&amp;<![CDATA[x]]></b><!-- y --><e/></s:a>";
    assert!(parse(whole.as_bytes()).is_ok());
    for length in 0..whole.len() {
        assert!(parse(&whole.as_bytes()[..length]).is_err(), "{length} of {} bytes", whole.len());
    }
}

#[test]
fn two_roots_text_outside_and_wrong_ends_are_errors() {
    for wrong in ["<a/><b/>", "<a/>b", "b<a/>", "<a></b>", "</a>", "", "   ", "<a></a></a>", "not xml"] {
        assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn depth_is_bounded() {
    assert!(parse(("<a>".repeat(150) + &"</a>".repeat(150)).as_bytes()).is_ok());
    assert_eq!(parse("<a>".repeat(100_000).as_bytes()), Err(XmlError::TooMuch("200 levels")));
}

#[test]
fn a_byte_order_mark_and_bytes_that_are_not_utf_8_are_survived() {
    assert_eq!(parse(b"\xef\xbb\xbf<a>\xff</a>").unwrap().text(), "\u{fffd}");
}

#[test]
fn indentation_is_not_text_and_paths_lead_down() {
    let root = parse(b"<a>\n  <b>\n    <c>x</c>\n  </b>\n  <b/>\n</a>").unwrap();
    assert_eq!(root.text(), "");
    assert_eq!(root.at(&["b", "c"]).map(Element::text), Some("x"));
    assert_eq!(root.children_named("b").count(), 2);
    assert_eq!(root.find("c").map(Element::offset), Some(14));
}

#[test]
fn characters_that_xml_cannot_hold_become_spaces() {
    let mut writer = Writer::new();
    writer.text("a", "x\u{b}y\0z");
    assert_eq!(writer.into_string(), "<a>x y z</a>");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let _ = parse(&bytes);
    }

    #[test]
    fn arbitrary_markup_never_panics(text in "(<|>|/|a|b:|xmlns|=|\"|'|&|;|#|x|!\\[CDATA\\[|\\]\\]|--|\\?| |\u{e9}){0,60}") {
        let _ = parse(text.as_bytes());
    }

    #[test]
    fn what_is_written_reads_back(text in "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\u{fffe}\\u{ffff}]{0,60}") {
        let mut writer = Writer::new();
        writer.element("r", &[("a", &text)], |writer| writer.text("t", &text));
        let root = parse(writer.as_str().as_bytes()).unwrap();
        prop_assert_eq!(root.attribute("a"), Some(&*text));
        prop_assert_eq!(root.text_of("t"), Some(&*text));
    }
}
