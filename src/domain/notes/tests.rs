use proptest::prelude::*;

use super::*;

fn text(text: &str) -> Body {
    Body { format: BodyFormat::Text, text: text.into() }
}

fn html(text: &str) -> Body {
    Body { format: BodyFormat::Html, text: text.into() }
}

fn composed(existing: Option<&Body>, ours: &str) -> Body {
    compose(existing, Some(ours), None).body
}

#[test]
fn a_new_item_holds_our_block_alone() {
    let composed = compose(None, Some("Courtroom 3\nBring the file"), None);
    assert_eq!(composed.body, text(&format!("{BEGIN}\nCourtroom 3\nBring the file\n{END}")));
    assert!(!composed.broken);
    assert_eq!(compose(None, None, None).body, text(""));
}

#[test]
fn the_users_text_stays_byte_for_byte() {
    let before = "my own  note\t \r\n\r\n";
    let after = "\r\n below\r\n\r\n";
    let body = text(&format!("{before}{BEGIN}\r\nold\r\n{END}{after}"));
    let Composed { body, broken } = compose(Some(&body), Some("new\nlines"), Some("old"));
    assert_eq!(body, text(&format!("{before}{BEGIN}\r\nnew\r\nlines\r\n{END}{after}")));
    assert!(!broken);
    assert_eq!(compose(Some(&body), None, Some("new\nlines")).body, text(&format!("{before} below\r\n\r\n")));
}

#[test]
fn outlooks_html_is_edited_as_html() {
    let outlook = |ours: &str| {
        html(&format!(
            "<html><head><style>p {{ margin: 0 }} --- x</style></head><body lang=DE><div class=WordSection1>\
             <p class=MsoNormal><b>Call</b> her &amp; me<o:p></o:p></p><p class=MsoNormal>{BEGIN}<o:p></o:p></p>{ours}\
             <p class=MsoNormal>{END}<o:p></o:p></p><p class=MsoNormal>M&uuml;ller &lt;3</p></div></body></html>"
        ))
    };
    let body = outlook("<p class=MsoNormal>Saal 3<o:p></o:p></p><p class=MsoNormal>A &amp; B&nbsp; GmbH</p>");
    assert_eq!(extract(&body).as_deref(), Some("Saal 3\nA & B  GmbH"));
    let Composed { body, broken } = compose(Some(&body), Some("Saal 4 <neu>"), Some("Saal 3\nA & B  GmbH"));
    assert!(!broken);
    let raw = body.text.reveal();
    assert!(raw.contains("<b>Call</b> her &amp; me<o:p></o:p></p>"), "{raw}");
    assert!(raw.ends_with("<o:p></o:p></p><p class=MsoNormal>M&uuml;ller &lt;3</p></div></body></html>"), "{raw}");
    assert!(raw.contains("Saal 4 &lt;neu&gt;") && !raw.contains("Saal 3"), "{raw}");
    assert_eq!(raw.matches("<p").count(), raw.matches("</p>").count(), "{raw}");
    assert_eq!(extract(&body).as_deref(), Some("Saal 4 <neu>"));
    assert_eq!(compose(Some(&body), Some("Saal 4 <neu>"), None).body, body, "composing twice changes nothing");
}

#[test]
fn a_block_that_begins_and_ends_in_different_elements_leaves_the_markup_whole() {
    let body = html(&format!(
        "<div>mine {BEGIN2}</div><p>x</p><ul><li>{END} </li></ul>",
        BEGIN2 = format_args!("<br>{BEGIN}")
    ));
    let raw = compose(Some(&body), Some("y"), None).body.text.into_inner();
    assert!(raw.starts_with("<div>mine <br>---"), "{raw}");
    assert!(raw.ends_with("</div><ul><li> </li></ul>"), "{raw}");
}

#[test]
fn our_block_goes_below_what_an_html_body_holds() {
    let body = composed(Some(&html("<html><body><p>mine</p></body></html>")), "ours");
    let raw = body.text.reveal();
    assert!(raw.starts_with("<html><body><p>mine</p><div>---") && raw.ends_with("</div></body></html>"), "{raw}");
}

#[test]
fn a_tag_that_is_never_closed_swallows_neither_our_block_nor_a_marker() {
    for html in [format!("<p>{END}<v"), format!("<p>{BEGIN}<r"), "<p>x<!-- y".to_owned(), "<p>x<?y".to_owned()] {
        let body = Body { format: BodyFormat::Html, text: html.clone().into() };
        let composed = compose(Some(&body), Some("Room 12"), None);
        assert_eq!(extract(&composed.body).as_deref(), Some("Room 12"), "{html}");
        assert!(composed.body.text.reveal().ends_with(&html), "{html}");
    }
}

#[test]
fn without_markers_only_text_equal_to_our_last_block_is_taken_out() {
    let body = text("mine\nold 1\nold  2 \nalso mine\nold 1");
    let Composed { body, broken } = compose(Some(&body), Some("new"), Some("old 1\nold 2"));
    assert!(broken);
    assert_eq!(body, text(&format!("mine\nalso mine\nold 1\n{BEGIN}\nnew\n{END}")));
}

#[test]
fn broken_markers_make_all_text_the_users() {
    for broken in [
        format!("mine\n{BEGIN}\nold, and mine\nmore"),
        format!("mine\nold, and mine\n{END}\nmore"),
        format!("mine\n{END}\nold, and mine\n{BEGIN}\nmore"),
        format!("mine\n{BEGIN}\n{BEGIN}\nold, and mine\n{END}\nmore"),
    ] {
        let Composed { body, broken } = compose(Some(&text(&broken)), Some("new"), Some("old"));
        assert!(broken);
        assert_eq!(body, text(&format!("mine\nold, and mine\nmore\n{BEGIN}\nnew\n{END}")));
        assert!(is_broken(&text("mine")) && !is_broken(&body));
    }
    let body = html(&format!("<p>mine</p><p>{BEGIN}</p><p>old</p><p>mine too</p>"));
    let raw = compose(Some(&body), Some("new"), Some("old")).body.text.into_inner();
    assert!(raw.starts_with("<p>mine</p><p></p><p></p><p>mine too</p><div>---"), "{raw}");
}

#[test]
fn a_body_without_our_block_is_not_broken_before_we_wrote_into_it() {
    assert!(!compose(Some(&text("mine")), Some("ours"), None).broken);
    assert_eq!(extract(&text("mine")), None);
    assert_eq!(compose(Some(&text("mine")), None, None).body, text("mine"));
}

#[test]
fn a_text_that_looks_like_a_marker_cannot_break_its_own_block() {
    let ours = format!("a\n{END}\n {BEGIN} \nb");
    assert_eq!(extract(&composed(None, &ours)).as_deref(), Some("a\nb"));
}

#[test]
fn a_tag_without_an_end_does_not_take_a_letter_of_the_users_into_our_block() {
    let body = html("\u{a0}<a");
    let first = compose(Some(&body), Some("ours"), None).body;
    assert!(first.text.reveal().ends_with("\u{a0}<a"), "{:?}", first.text.reveal());
    assert_eq!(compose(Some(&first), Some("ours"), Some("ours")).body, first);
    assert_eq!(compose(Some(&first), None, Some("ours")).body.text.reveal().replace("<div></div>", ""), "\u{a0}<a");
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zäß<>&\"' \u{a0};#0-9.-]{0,12}",
        1 => "\\PC{0,6}",
        1 => Just("&amp;".to_owned()),
    ]
}

fn lines() -> impl Strategy<Value = String> {
    proptest::collection::vec(line(), 0..5).prop_map(|lines| lines.join("\n"))
}

fn markup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        line(),
        Just("<p>".to_owned()),
        Just("</p>".to_owned()),
        Just("<br>".to_owned()),
        Just("<div class='a>b'>".to_owned()),
        Just("</div>".to_owned()),
        Just("<b>".to_owned()),
        Just("<!-- x -->".to_owned()),
        Just("<!-- x".to_owned()),
        Just("<style>p{}".to_owned()),
        Just("</style>".to_owned()),
        Just("</body>".to_owned()),
        Just(BEGIN.to_owned()),
        Just(END.to_owned()),
        Just("\n".to_owned()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_was_composed_is_extracted_and_composing_again_changes_nothing(
        user in lines(), ours in lines(), is_html in any::<bool>()
    ) {
        let user = if is_html { html(&format!("<p>{}</p>", quick_xml::escape::escape(&user))) } else { text(&user) };
        let Composed { body, .. } = compose(Some(&user), Some(&ours), None);
        let expected = Some(canonical(&ours)).filter(|text| !text.is_empty());
        prop_assert_eq!(extract(&body), expected);
        prop_assert_eq!(compose(Some(&body), Some(&ours), None).body, body);
    }

    #[test]
    fn the_users_text_survives_any_sequence(user in lines(), texts in proptest::collection::vec(proptest::option::of(lines()), 1..5)) {
        let mut body = text(&user);
        let mut last: Option<String> = None;
        for ours in texts {
            body = compose(Some(&body), ours.as_deref(), last.as_deref()).body;
            last = ours.map(|ours| canonical(&ours)).filter(|ours| !ours.is_empty());
            prop_assert!(user.trim().is_empty() || body.text.reveal().starts_with(&user));
        }
        let empty = compose(Some(&body), None, last.as_deref()).body;
        prop_assert_eq!(empty.text.reveal().trim(), user.trim());
    }

    #[test]
    fn any_markup_is_met_without_panic_and_ends_with_one_block(raw in markup(), ours in "[a-z]{1,9}", last in proptest::option::of(line())) {
        let body = html(&raw);
        let first = compose(Some(&body), Some(&ours), last.as_deref());
        let second = compose(Some(&first.body), Some(&ours), Some(&ours));
        prop_assert!(!second.broken, "{:?}", first.body.text.reveal());
        prop_assert_eq!(&second.body, &first.body);
        prop_assert_eq!(extract(&first.body), Some(ours));
    }

    #[test]
    fn any_bytes_are_met_without_panic(raw in "\\PC{0,60}", is_html in any::<bool>()) {
        let body = if is_html { html(&raw) } else { text(&raw) };
        let _ = (compose(Some(&body), Some("x"), Some(&raw)), extract(&body));
    }
}

#[test]
fn hostile_markup_takes_no_longer_than_its_length() {
    let began = std::time::Instant::now();
    for piece in ["<a '", "<", "<style>", "<!--", "</p", "&", "&amp", "<a \">"] {
        let body = html(&piece.repeat(200_000 / piece.len()));
        let composed = compose(Some(&body), Some("x"), Some("y"));
        assert_eq!(extract(&composed.body).as_deref(), Some("x"), "{piece}");
    }
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}
