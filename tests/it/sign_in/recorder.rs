//! Something in between that passes everything on and remembers, connection by connection, what the client sent.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

pub(crate) struct Recorder {
    address: SocketAddr,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Recorder {
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, sent) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Vec<u8>>>>::default());
        let kept = Arc::clone(&sent);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut all = kept.lock().unwrap();
                let (number, kept) = (all.len(), Arc::clone(&kept));
                all.push(Vec::new());
                tokio::spawn(pass_on(client, server, number, kept));
            }
        });
        Self { address, sent }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/EWS/Exchange.asmx", self.address)
    }

    /// What was sent over each connection, in lower case.
    pub(crate) fn connections(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|bytes| String::from_utf8_lossy(bytes).to_lowercase()).collect()
    }
}

async fn pass_on(client: TcpStream, server: SocketAddr, number: usize, kept: Arc<Mutex<Vec<Vec<u8>>>>) {
    let server = TcpStream::connect(server).await.unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
        kept.lock().unwrap()[number].extend_from_slice(&buffer[..read]);
        if to_server.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    // The client is done.
    let _ = to_server.shutdown().await;
}
