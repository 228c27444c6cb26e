/// Writes XML into a string, escaped, in the order of the calls. Element and attribute names are ours and written as they
/// are; texts and values may be anything.
#[derive(Debug, Default)]
pub struct Writer(String);

impl Writer {
    /// An empty document, without declaration.
    pub fn new() -> Self {
        Self::default()
    }

    /// An element with what `inner` writes into it; an empty-element tag if that is nothing.
    pub fn element(&mut self, name: &str, attributes: &[(&str, &str)], inner: impl FnOnce(&mut Self)) {
        self.open(name, attributes);
        let before = self.0.len();
        inner(self);
        if self.0.len() == before {
            self.0.pop();
            self.0.push_str("/>");
        } else {
            self.0.push_str("</");
            self.0.push_str(name);
            self.0.push('>');
        }
    }

    /// An element with text in it.
    pub fn text(&mut self, name: &str, text: &str) {
        self.text_with(name, &[], text);
    }

    /// An element with attributes and text in it.
    pub fn text_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.element(name, attributes, |writer| escape(&mut writer.0, text, false));
    }

    /// An element with attributes only.
    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.element(name, attributes, |_| {});
    }

    /// XML that was written by another writer.
    pub fn raw(&mut self, xml: &str) {
        self.0.push_str(xml);
    }

    /// What was written so far.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What was written.
    pub fn into_string(self) -> String {
        self.0
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            self.0.push(' ');
            self.0.push_str(attribute);
            self.0.push_str("=\"");
            escape(&mut self.0, value, true);
            self.0.push('"');
        }
        self.0.push('>');
    }
}

/// Characters that XML 1.0 cannot hold at all (<https://www.w3.org/TR/xml/#charsets>) come from old databases and would make
/// a server refuse the whole batch: a space stands in for them.
fn escape(into: &mut String, text: &str, in_attribute: bool) {
    for character in text.chars() {
        match character {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' if in_attribute => into.push_str("&quot;"),
            // Parsers turn these into `\n` and space unless they are written as references.
            '\r' => into.push_str("&#xD;"),
            '\n' if in_attribute => into.push_str("&#xA;"),
            '\t' if in_attribute => into.push_str("&#x9;"),
            '\t' | '\n' => into.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => into.push(' '),
            _ => into.push(character),
        }
    }
}
