//! A client of a few lines that says exactly what a test wants said.

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
};

use pocketdocket::{simulator::Running, xml};

const STAMP: &str = "<t:ExtendedFieldURI PropertySetId=\"eebbaf8c-842f-4851-9d67-ca9ef1b9409b\" PropertyName=\"PocketDocketKey\" PropertyType=\"String\"/>";

pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    address: std::net::SocketAddr,
    login: String,
    password: String,
    acting_as: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
    headers: reqwest::header::HeaderMap,
}

impl Reply {
    /// The first response code, of a message or of a fault.
    pub(crate) fn code(&self) -> String {
        let Ok(envelope) = xml::parse(self.body.as_bytes()) else { return String::new() };
        let code = envelope.find("ResponseCode").or_else(|| envelope.find("faultcode"));
        code.map(|code| code.text().to_owned()).unwrap_or_default()
    }

    /// Id and change key of the first item.
    pub(crate) fn item(&self) -> (String, String) {
        let envelope = xml::parse(self.body.as_bytes()).expect("XML");
        let id = envelope.find("ItemId").unwrap_or_else(|| panic!("no item in {}", self.body));
        let attribute = |name: &str| id.attribute(name).unwrap_or_default().to_owned();
        (attribute("Id"), attribute("ChangeKey"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn count(&self, text: &str) -> usize {
        self.body.matches(text).count()
    }
}

impl Client {
    pub(crate) fn new(running: &Running, login: &str, password: &str) -> Self {
        Self::at(running.address(), login, password)
    }

    pub(crate) fn at(address: std::net::SocketAddr, login: &str, password: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: format!("http://{address}/EWS/Exchange.asmx"),
            address,
            login: login.to_owned(),
            password: password.to_owned(),
            acting_as: None,
        }
    }

    pub(crate) fn acting_as(mut self, mailbox: &str) -> Self {
        self.acting_as = Some(mailbox.to_owned());
        self
    }

    fn envelope(&self, request: &str) -> String {
        let mut header = String::from("<t:RequestServerVersion Version=\"Exchange2013_SP1\"/>");
        if let Some(mailbox) = &self.acting_as {
            let _ = write!(
                header,
                "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>{mailbox}</t:PrimarySmtpAddress>\
                 </t:ConnectingSID></t:ExchangeImpersonation>"
            );
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
             xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><s:Header>{header}</s:Header>\
             <s:Body>{request}</s:Body></s:Envelope>"
        )
    }

    /// Sends a request; `None` when the connection ended before the answer did.
    pub(crate) async fn try_send(&self, request: &str) -> Option<Reply> {
        let sent = self
            .http
            .post(&self.url)
            .basic_auth(&self.login, Some(&self.password))
            .header("content-type", "text/xml; charset=utf-8")
            .body(self.envelope(request))
            .send()
            .await
            .ok()?;
        let (status, headers) = (sent.status().as_u16(), sent.headers().clone());
        Some(Reply { status, headers, body: sent.text().await.ok()? })
    }

    pub(crate) async fn send(&self, request: &str) -> Reply {
        self.try_send(request).await.expect("an answer")
    }

    pub(crate) async fn try_create_contacts(&self, stamps: &[&str]) -> Option<Reply> {
        let mut items = String::new();
        for stamp in stamps {
            let _ = write!(
                items,
                "<t:Contact><t:ExtendedProperty>{STAMP}<t:Value>{stamp}</t:Value></t:ExtendedProperty>\
                 <t:GivenName>Erika</t:GivenName></t:Contact>"
            );
        }
        let folder = "<m:SavedItemFolderId><t:DistinguishedFolderId Id=\"contacts\"/></m:SavedItemFolderId>";
        self.try_send(&format!("<m:CreateItem>{folder}<m:Items>{items}</m:Items></m:CreateItem>")).await
    }

    pub(crate) async fn create_contact(&self, stamp: &str, name: &str) -> (String, String) {
        let reply = self.try_create_contacts(&[stamp]).await.expect("an answer");
        assert_eq!(reply.code(), "NoError", "{}", reply.body);
        let (id, key) = reply.item();
        if name == "Erika" { (id, key) } else { self.rename(&id, &key, "NeverOverwrite", name).await.item() }
    }

    pub(crate) async fn rename(&self, id: &str, key: &str, resolution: &str, name: &str) -> Reply {
        let update = format!(
            "<m:UpdateItem ConflictResolution=\"{resolution}\"><m:ItemChanges><t:ItemChange><t:ItemId Id=\"{id}\" ChangeKey=\"{key}\"/>\
             <t:Updates><t:SetItemField><t:FieldURI FieldURI=\"contacts:GivenName\"/><t:Contact><t:GivenName>{name}</t:GivenName>\
             </t:Contact></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
        );
        self.send(&update).await
    }

    pub(crate) async fn set(&self, id: &str, key: &str, kind: &str, path: &str, element: &str) -> Reply {
        let update = format!(
            "<m:UpdateItem ConflictResolution=\"NeverOverwrite\"><m:ItemChanges><t:ItemChange><t:ItemId Id=\"{id}\" ChangeKey=\"{key}\"/>\
             <t:Updates><t:SetItemField><t:FieldURI FieldURI=\"{path}\"/><t:{kind}>{element}</t:{kind}></t:SetItemField>\
             </t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
        );
        self.send(&update).await
    }

    pub(crate) async fn find(&self, stamp: &str) -> Reply {
        let find = format!(
            "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:Restriction>\
             <t:IsEqualTo>{STAMP}<t:FieldURIOrConstant><t:Constant Value=\"{stamp}\"/></t:FieldURIOrConstant></t:IsEqualTo>\
             </m:Restriction><m:ParentFolderIds><t:DistinguishedFolderId Id=\"contacts\"/></m:ParentFolderIds></m:FindItem>"
        );
        self.send(&find).await
    }

    /// What changed in a folder, and the next state.
    pub(crate) async fn sync(&self, folder: &str, state: &str) -> (Reply, String) {
        let state = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
        let sync = format!(
            "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>\
             <t:DistinguishedFolderId Id=\"{folder}\"/></m:SyncFolderId>{state}<m:MaxChangesReturned>512</m:MaxChangesReturned>\
             </m:SyncFolderItems>"
        );
        let reply = self.send(&sync).await;
        let envelope = xml::parse(reply.body.as_bytes()).expect("XML");
        let next = envelope.find("SyncState").map(|state| state.text().to_owned()).unwrap_or_default();
        (reply, next)
    }

    /// A request in one chunk, over a socket of its own.
    pub(crate) async fn send_chunked(&self) -> Reply {
        let address = self.address;
        let raw = tokio::task::spawn_blocking(move || {
            let mut socket = std::net::TcpStream::connect(address).expect("a connection");
            let head = "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
            socket.write_all(format!("{head}1\r\n<\r\n0\r\n\r\n").as_bytes()).expect("a request");
            let mut answer = String::new();
            socket.read_to_string(&mut answer).expect("an answer");
            answer
        })
        .await
        .expect("an answer");
        let status = raw.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Reply { status, body: raw, headers: reqwest::header::HeaderMap::new() }
    }
}
