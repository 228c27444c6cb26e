//! The first exchange of TDS, which we hold ourselves and hide from the driver.
//!
//! A client and a server of SQL Server agree on encryption before anything else, and TLS begins inside that exchange. The driver's
//! own TLS believes what we do not choose, so the driver is built without it: we ask, encrypt and verify, and then hand it a
//! stream on which it asks once more. That question is swallowed here, and answered as if the way were in the clear, which for the
//! driver it is. (MS-TDS 2.2.6.5.)

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// The type of a packet that asks before the login, and inside which TLS begins.
pub(super) const PRELOGIN: u8 = 0x12;
/// The type of a packet that answers.
const ANSWER: u8 = 0x04;
/// The mark of a message's last packet.
pub(super) const LAST: u8 = 0x01;
/// The length of what precedes each packet.
pub(super) const HEADER: usize = 8;
/// No answer is longer: servers say a few dozen bytes.
const LONGEST: usize = 16 * 1024;

/// What the client can do, and what the server wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Nothing is encrypted.
    None,
    /// Everything is.
    All,
}

/// What the server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    version: [u8; 6],
    /// What the server says about encryption, as MS-TDS numbers it; none where it says nothing.
    pub(super) encryption: Option<u8>,
}

impl Answer {
    /// Whether both sides encrypt everything.
    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.encryption, Some(1 | 3))
    }
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Silence {
    /// The connection broke.
    #[error("the connection broke while it was made")]
    Broken(#[source] io::Error),
    /// Something answered, but not as SQL Server does.
    #[error("what listens there does not answer like a SQL Server")]
    Stranger,
}

/// A packet of a message that is one packet long. Nothing that we say here is longer than its length can tell.
pub(super) fn packet(sort: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(HEADER + payload.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut packet = vec![sort, LAST, length[0], length[1], 0, 0, 1, 0];
    packet.extend_from_slice(payload);
    packet
}

/// Options with their values, as a table of places and then the values.
fn options(values: &[(u8, &[u8])]) -> Vec<u8> {
    let mut place = values.len() * 5 + 1;
    let (mut table, mut data) = (Vec::new(), Vec::new());
    for (option, value) in values {
        let number = |number: usize| u16::try_from(number).unwrap_or_default().to_be_bytes();
        table.push(*option);
        table.extend_from_slice(&number(place));
        table.extend_from_slice(&number(value.len()));
        data.extend_from_slice(value);
        place += value.len();
    }
    table.push(0xff);
    table.append(&mut data);
    table
}

/// Asks the server, and says what it answers.
pub(super) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    encryption: Encryption,
) -> Result<Answer, Silence> {
    let wanted: u8 = if encryption == Encryption::All { 1 } else { 2 };
    // Version, encryption, instance (any), thread, several result sets at once (no).
    let asked = options(&[(0, &[0, 0, 0, 0, 0, 0]), (1, &[wanted]), (2, &[0]), (3, &[0; 4]), (4, &[0])]);
    stream.write_all(&packet(PRELOGIN, &asked)).await.map_err(Silence::Broken)?;
    stream.flush().await.map_err(Silence::Broken)?;
    let mut payload = Vec::new();
    loop {
        let mut header = [0; HEADER];
        stream.read_exact(&mut header).await.map_err(Silence::Broken)?;
        let [sort, status, high, low, ..] = header;
        let length = usize::from(u16::from_be_bytes([high, low])).checked_sub(HEADER);
        let length = length.filter(|length| sort == ANSWER && payload.len() + length <= LONGEST);
        let mut part = vec![0; length.ok_or(Silence::Stranger)?];
        stream.read_exact(&mut part).await.map_err(Silence::Broken)?;
        payload.append(&mut part);
        if status & LAST != 0 {
            return understood(&payload).ok_or(Silence::Stranger);
        }
    }
}

/// What an answer says, if it is one.
fn understood(payload: &[u8]) -> Option<Answer> {
    let mut answer = Answer { version: [0; 6], encryption: None };
    let mut table = payload;
    while table.first()? != &0xff {
        let [option, place_high, place_low, length_high, length_low] = *table.first_chunk::<5>()?;
        let place = usize::from(u16::from_be_bytes([place_high, place_low]));
        let length = usize::from(u16::from_be_bytes([length_high, length_low]));
        let value = payload.get(place..place.checked_add(length)?)?;
        match option {
            0 => answer.version = *value.first_chunk::<6>()?,
            1 => answer.encryption = Some(*value.first()?),
            _ => {}
        }
        table = table.get(5..)?;
    }
    Some(answer)
}

/// A stream past the first exchange, for the driver: it asks once more, is answered from here, and from then on talks to the server.
pub(super) struct Admitted<S> {
    stream: S,
    /// The header of the driver's question, as far as it has come.
    header: Vec<u8>,
    /// How much of the question is still to be swallowed.
    swallow: usize,
    /// What is still to be read of our answer.
    answer: Vec<u8>,
}

impl<S> Admitted<S> {
    pub(super) fn new(stream: S, answer: &Answer) -> Self {
        let answer = packet(ANSWER, &options(&[(0, &answer.version), (1, &[2])]));
        Self { stream, header: Vec::with_capacity(HEADER), swallow: HEADER, answer }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Admitted<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.answer.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, into);
        }
        let length = into.remaining().min(self.answer.len());
        let given: Vec<u8> = self.answer.drain(..length).collect();
        into.put_slice(&given);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Admitted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.swallow == 0 {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        let taken = bytes.len().min(self.swallow);
        self.swallow -= taken;
        if self.header.len() < HEADER {
            self.header.extend_from_slice(bytes.get(..taken).unwrap_or_default());
            if let [_, _, high, low, _, _, _, _] = *self.header {
                self.swallow = usize::from(u16::from_be_bytes([high, low])).saturating_sub(HEADER);
            }
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A stream inside whose packets TLS begins. When it stands, TLS lies below the packets, and [`Self::unwrap_from_now`] says so.
pub(super) struct Wrapped<S> {
    stream: S,
    wrapping: bool,
    /// What TLS wrote and is not on its way yet, and how much of it is.
    writing: Vec<u8>,
    written: usize,
    /// The header of the packet that is being read, as far as it has come.
    header: [u8; HEADER],
    headed: usize,
    /// How much of that packet is still to come.
    remaining: usize,
}

impl<S> Wrapped<S> {
    pub(super) fn new(stream: S) -> Self {
        let header = [0; HEADER];
        Self { stream, wrapping: true, writing: vec![0; HEADER], written: 0, header, headed: 0, remaining: 0 }
    }

    pub(super) fn unwrap_from_now(&mut self) {
        self.wrapping = false;
    }
}

impl<S: AsyncWrite + Unpin> Wrapped<S> {
    /// Sends what TLS wrote as one packet.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.writing.len() > HEADER {
            if self.written == 0 {
                let whole = u16::try_from(self.writing.len()).map_err(io::Error::other)?.to_be_bytes();
                let head = [PRELOGIN, LAST, whole[0], whole[1], 0, 0, 1, 0];
                self.writing.splice(..HEADER, head);
            }
            while self.written < self.writing.len() {
                let rest = self.writing.get(self.written..).unwrap_or_default();
                match ready!(Pin::new(&mut self.stream).poll_write(context, rest))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    sent => self.written += sent,
                }
            }
            self.writing.truncate(HEADER);
            self.written = 0;
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wrapped<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.wrapping {
            return Pin::new(&mut this.stream).poll_read(context, into);
        }
        while this.remaining == 0 {
            let mut header = ReadBuf::new(this.header.get_mut(this.headed..).unwrap_or_default());
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut header))?;
            let came = header.filled().len();
            if came == 0 {
                return Poll::Ready(Ok(()));
            }
            this.headed += came;
            if this.headed == HEADER {
                this.headed = 0;
                let [sort, _, high, low, ..] = this.header;
                if sort != PRELOGIN && sort != ANSWER {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "this is no packet of TDS")));
                }
                this.remaining = usize::from(u16::from_be_bytes([high, low])).saturating_sub(HEADER);
            }
        }
        let length = into.remaining().min(this.remaining);
        let mut part = ReadBuf::new(into.initialize_unfilled_to(length));
        ready!(Pin::new(&mut this.stream).poll_read(context, &mut part))?;
        let came = part.filled().len();
        into.advance(came);
        this.remaining -= came;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wrapped<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.wrapping {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        if self.written > 0 {
            ready!(self.poll_send(context))?;
        }
        self.writing.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
