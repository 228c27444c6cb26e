//! A webhook that keeps what it hears.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::Value;

pub(crate) struct Webhook {
    pub(crate) address: String,
    heard: Receiver<Value>,
}

impl Webhook {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/hook", listener.local_addr().expect("bound"));
        let (send, heard) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if send.send(message(&stream)).is_err() {
                    return;
                }
            }
        });
        Self { address, heard }
    }

    /// The next message.
    pub(crate) fn next(&self) -> Value {
        self.heard.recv_timeout(Duration::from_secs(20)).expect("a message")
    }

    /// The causes that were raised about somebody in the next message.
    pub(crate) fn raised_about(&self, subject: &str) -> Vec<String> {
        let message = self.next();
        let raised = message["raised"].as_array().expect("a list").iter();
        let about = raised.filter(|alert| alert["subject"] == subject);
        about.map(|alert| alert["cause"].as_str().expect("text").to_owned()).collect()
    }
}

/// One request, which is answered.
fn message(mut stream: &TcpStream) -> Value {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
        if let Some((_, value)) = line.to_ascii_lowercase().split_once("content-length:") {
            length = value.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("is read");
    serde_json::from_slice(&body).expect("JSON")
}
