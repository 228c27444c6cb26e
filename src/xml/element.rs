use std::{borrow::Cow, sync::Arc};

use quick_xml::{
    NsReader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesRef, BytesStart, Event},
    name::{NamespaceResolver, ResolveResult},
};

/// More than any answer we ask for; a listing of 512 items is some 300 KB.
const MAX_BYTES: usize = 128 * 1024 * 1024;
/// EWS nests about a dozen levels.
const MAX_DEPTH: usize = 200;
/// Bounds the memory of the tree.
const MAX_ELEMENTS: usize = 4_000_000;

/// One element with everything in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    namespace: Arc<str>,
    name: Box<str>,
    attributes: Vec<(Box<str>, Box<str>)>,
    children: Vec<Element>,
    text: String,
    offset: usize,
}

/// The bytes are not one whole XML document. Says where, never what stands there: it may be about a client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Not well-formed.
    #[error("not well-formed XML at byte {0}")]
    IllFormed(u64),
    /// It ended before its outermost element did.
    #[error("the XML ends too early, after {0} bytes")]
    Truncated(usize),
    /// There is no element at all.
    #[error("there is no XML element in {0} bytes")]
    Empty(usize),
    /// Too large, too deep or too many elements.
    #[error("the XML has more than {0}")]
    TooMuch(&'static str),
}

/// Reads a document. Bytes that are not UTF-8 become U+FFFD, so that one damaged text does not hide all others.
pub fn parse(bytes: &[u8]) -> Result<Element, XmlError> {
    if bytes.len() > MAX_BYTES {
        return Err(XmlError::TooMuch("128 MB"));
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = NsReader::from_str(text);
    // A bare `&` in a text is wrong, and some servers write it.
    reader.config_mut().allow_dangling_amp = true;
    let mut namespaces = Namespaces::default();
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut elements = 0;
    loop {
        let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let ill_formed = XmlError::IllFormed(reader.buffer_position());
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(read_error(&error, reader.error_position(), bytes.len())),
        };
        match event {
            Event::Start(start) => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(XmlError::TooMuch("4,000,000 elements"));
                }
                if open.len() >= MAX_DEPTH {
                    return Err(XmlError::TooMuch("200 levels"));
                }
                if open.is_empty() && root.is_some() {
                    return Err(ill_formed);
                }
                open.push(element(&start, reader.resolver(), &mut namespaces, offset));
            }
            Event::Empty(start) => {
                elements += 1;
                if elements > MAX_ELEMENTS {
                    return Err(XmlError::TooMuch("4,000,000 elements"));
                }
                let element = element(&start, reader.resolver(), &mut namespaces, offset);
                close(element, &mut open, &mut root).ok_or(ill_formed)?;
            }
            Event::End(_) => {
                let Some(element) = open.pop() else { return Err(ill_formed) };
                close(element, &mut open, &mut root).ok_or(ill_formed)?;
            }
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.xml10_content());
                } else if !text.trim().is_empty() {
                    return Err(ill_formed);
                }
            }
            Event::CData(text) => match open.last_mut() {
                Some(element) => element.text.push_str(&text.xml10_content()),
                None => return Err(ill_formed),
            },
            Event::GeneralRef(reference) => match open.last_mut() {
                Some(element) => push_reference(&mut element.text, &reference),
                None => return Err(ill_formed),
            },
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof if open.is_empty() => return root.ok_or(XmlError::Empty(bytes.len())),
            Event::Eof => return Err(XmlError::Truncated(bytes.len())),
        }
    }
}

fn read_error(error: &quick_xml::Error, position: u64, length: usize) -> XmlError {
    match error {
        // Every syntax error of the reader is something that was opened and not closed before the end.
        quick_xml::Error::Syntax(_) => XmlError::Truncated(length),
        quick_xml::Error::Namespace(_) => XmlError::TooMuch("128 namespaces"),
        _ => XmlError::IllFormed(position),
    }
}

/// Namespaces are few and every element has one: each is kept once.
#[derive(Default)]
struct Namespaces(Vec<Arc<str>>);

impl Namespaces {
    fn get(&mut self, namespace: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| &***known == namespace) {
            return Arc::clone(known);
        }
        let new: Arc<str> = namespace.into();
        // Past this, somebody makes them up to cost us time; they are then not shared.
        if self.0.len() < 32 {
            self.0.push(Arc::clone(&new));
        }
        new
    }
}

fn element(
    start: &BytesStart<'_>,
    resolver: &NamespaceResolver,
    namespaces: &mut Namespaces,
    offset: usize,
) -> Element {
    let (bound_to, name) = resolver.resolve_element(start.name());
    let namespace = match bound_to {
        ResolveResult::Bound(namespace) => namespaces.get(namespace.0),
        ResolveResult::Unbound | ResolveResult::Unknown(_) => namespaces.get(""),
    };
    let attributes = start
        .attributes()
        .with_checks(false)
        .flatten()
        .filter(|attribute| attribute.key.as_namespace_binding().is_none())
        .map(|attribute| {
            let value = attribute
                .normalized_value_with(XmlVersion::Implicit1_0, 1, resolve_xml_entity)
                .unwrap_or(Cow::Borrowed(&*attribute.value));
            (attribute.key.local_name().into_inner().into(), value.as_ref().into())
        })
        .collect();
    Element { namespace, name: name.into_inner().into(), attributes, children: Vec::new(), text: String::new(), offset }
}

/// Puts a finished element where it belongs; `None` when a document has two roots.
fn close(mut element: Element, open: &mut [Element], root: &mut Option<Element>) -> Option<()> {
    // Text between elements is indentation.
    if !element.children.is_empty() && element.text.trim().is_empty() {
        element.text = String::new();
    }
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return None,
    }
    Some(())
}

fn push_reference(text: &mut String, reference: &BytesRef<'_>) {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        text.push(character);
    } else if let Some(known) = resolve_xml_entity(reference) {
        text.push_str(known);
    } else {
        text.push('&');
        text.push_str(reference);
        text.push(';');
    }
}

impl Element {
    /// The namespace's name; empty if there is none or its prefix is undeclared.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The local name, without prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is this element of that namespace.
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        &*self.name == name && &*self.namespace == namespace
    }

    /// All attributes with their local names, in order, without namespace declarations.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The text directly in this element, joined; nothing if there is only indentation between its children.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All children, in order.
    pub fn children(&self) -> &[Self] {
        &self.children
    }

    /// The first child of that local name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| &*child.name == name)
    }

    /// All children of that local name, in order.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| &*child.name == name)
    }

    /// Down this path of local names, first child each time.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The text of the first child of that local name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(Self::text)
    }

    /// The first element of that local name, this one or below, in document order.
    pub fn find(&self, name: &str) -> Option<&Self> {
        if &*self.name == name { Some(self) } else { self.children.iter().find_map(|child| child.find(name)) }
    }

    /// Where its start tag begins, in bytes from the start of the document (after a byte-order mark).
    pub fn offset(&self) -> usize {
        self.offset
    }
}
