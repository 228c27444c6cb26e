//! Envelopes and faults, in the manner of either dialect.

use super::schema::{MESSAGES, TYPES, Violation};
use crate::{simulator::Dialect, xml::Writer};

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const ERRORS: &str = "http://schemas.microsoft.com/exchange/services/2006/errors";

/// The whole request is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: String,
    pub(super) text: String,
    /// What `MessageXml` says besides.
    pub(super) details: Vec<(&'static str, String)>,
}

impl Fault {
    pub(super) fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self { code: code.into(), text: text.into(), details: Vec::new() }
    }

    /// The request is not one that the schema allows.
    pub(super) fn schema(violation: &Violation, request: &[u8]) -> Self {
        let before = request.get(..violation.offset).unwrap_or(request);
        let line = before.split(|byte| *byte == b'\n').count();
        let position = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len) + 2;
        let mut fault =
            Self::new("ErrorSchemaValidation", format!("The request failed schema validation: {}", violation.text));
        fault.details = vec![
            ("LineNumber", line.to_string()),
            ("LinePosition", position.to_string()),
            ("Violation", violation.text.clone()),
        ];
        fault
    }

    /// The server wants to be left alone for so long.
    pub(super) fn busy(milliseconds: u64) -> Self {
        let mut fault =
            Self::new("ErrorServerBusy", "The server cannot service this request right now. Try again later.");
        fault.details = vec![("BackOffMilliseconds", milliseconds.to_string())];
        fault
    }

    /// The envelope that says so.
    pub(super) fn envelope(&self, dialect: Dialect) -> String {
        let mut writer = Writer::new();
        match dialect {
            Dialect::Strict => writer.element("s:Envelope", &[("xmlns:s", SOAP)], |writer| {
                writer.element("s:Body", &[], |writer| writer.element("s:Fault", &[], |writer| self.strict(writer)));
            }),
            // No detail, and the code bare where others put a qualified name.
            Dialect::Lenient => writer.element("SOAP:Envelope", &[("xmlns:SOAP", SOAP)], |writer| {
                writer.element("SOAP:Body", &[], |writer| {
                    writer.element("SOAP:Fault", &[], |writer| {
                        writer.text("faultcode", &self.code);
                        writer.text("faultstring", &self.text);
                    });
                });
            }),
        }
        declared(writer)
    }

    fn strict(&self, writer: &mut Writer) {
        writer.text_with("faultcode", &[("xmlns:a", TYPES)], &format!("a:{}", self.code));
        writer.text_with("faultstring", &[("xml:lang", "en-US")], &self.text);
        writer.element("detail", &[], |writer| {
            writer.text_with("e:ResponseCode", &[("xmlns:e", ERRORS)], &self.code);
            writer.text_with("e:Message", &[("xmlns:e", ERRORS)], &self.text);
            if self.details.is_empty() {
                return;
            }
            writer.element("t:MessageXml", &[("xmlns:t", TYPES)], |writer| {
                for (name, value) in &self.details {
                    match *name {
                        "BackOffMilliseconds" => writer.text_with("t:Value", &[("Name", name)], value),
                        name => writer.text(&format!("t:{name}"), value),
                    }
                }
            });
        });
    }
}

/// One item or folder of a request is refused; the others go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::simulator) struct Refusal {
    pub(in crate::simulator) code: String,
    pub(in crate::simulator) text: String,
}

impl Refusal {
    pub(super) fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self { code: code.into(), text: text.into() }
    }

    pub(super) fn item_not_found() -> Self {
        Self::new("ErrorItemNotFound", "The specified object was not found in the store.")
    }

    pub(super) fn folder_not_found() -> Self {
        Self::new("ErrorFolderNotFound", "The specified folder could not be found in the store.")
    }
}

/// The envelope around an answer.
pub(super) fn envelope(body: &str, dialect: Dialect) -> String {
    let prefix = match dialect {
        Dialect::Strict => "s",
        Dialect::Lenient => "SOAP",
    };
    let declaration = format!("xmlns:{prefix}");
    let named = |name: &str| format!("{prefix}:{name}");
    let namespaces = [(declaration.as_str(), SOAP), ("xmlns:m", MESSAGES), ("xmlns:t", TYPES)];
    let mut writer = Writer::new();
    writer.element(&named("Envelope"), &namespaces, |writer| {
        writer.element(&named("Header"), &[], |writer| {
            let version: &[(&str, &str)] = match dialect {
                Dialect::Strict => &[
                    ("MajorVersion", "15"),
                    ("MinorVersion", "2"),
                    ("MajorBuildNumber", "2562"),
                    ("MinorBuildNumber", "17"),
                    ("Version", "V2017_07_11"),
                ],
                Dialect::Lenient => &[
                    ("MajorVersion", "15"),
                    ("MinorVersion", "0"),
                    ("MajorBuildNumber", "847"),
                    ("MinorBuildNumber", "4040"),
                    ("Version", "Exchange2013_SP1"),
                ],
            };
            writer.empty("t:ServerVersionInfo", version);
        });
        writer.element(&named("Body"), &[], |writer| writer.raw(body));
    });
    declared(writer)
}

fn declared(writer: Writer) -> String {
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{}", writer.into_string())
}

/// An answer of several messages, one per thing that was asked for.
pub(super) struct Messages {
    operation: &'static str,
    writer: Writer,
}

impl Messages {
    pub(super) fn new(operation: &'static str) -> Self {
        Self { operation, writer: Writer::new() }
    }

    /// One message: what `write` writes, or why not.
    pub(super) fn add<T>(&mut self, outcome: Result<T, Refusal>, write: impl FnOnce(&mut Writer, T)) {
        let name = format!("m:{}ResponseMessage", self.operation);
        match outcome {
            Ok(content) => self.writer.element(&name, &[("ResponseClass", "Success")], |writer| {
                writer.text("m:ResponseCode", "NoError");
                write(writer, content);
            }),
            Err(refusal) => self.writer.element(&name, &[("ResponseClass", "Error")], |writer| {
                writer.text("m:MessageText", &refusal.text);
                writer.text("m:ResponseCode", &refusal.code);
                writer.text("m:DescriptiveLinkKey", "0");
                // The schema requires these even where there is nothing to say.
                match self.operation {
                    "CreateItem" | "UpdateItem" | "GetItem" | "MoveItem" | "CopyItem" => writer.empty("m:Items", &[]),
                    "CreateFolder" | "UpdateFolder" | "GetFolder" => writer.empty("m:Folders", &[]),
                    "SyncFolderItems" | "SyncFolderHierarchy" => {
                        writer.empty("m:SyncState", &[]);
                        let last = match self.operation {
                            "SyncFolderItems" => "m:IncludesLastItemInRange",
                            _ => "m:IncludesLastFolderInRange",
                        };
                        writer.text(last, "true");
                    }
                    _ => {}
                }
            }),
        }
    }

    /// The body of the answer.
    pub(super) fn finish(self) -> String {
        let mut writer = Writer::new();
        writer.element(&format!("m:{}Response", self.operation), &[], |writer| {
            writer.element("m:ResponseMessages", &[], |writer| writer.raw(self.writer.as_str()));
        });
        writer.into_string()
    }
}
