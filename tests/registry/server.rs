//! A server that says what a row wants, byte by byte, and keeps what it is asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Stands for the address of the other server in what a server says.
pub const OTHER: &str = "OTHER";
/// Longest that a connection is held open for nothing.
const HELD: Duration = Duration::from_secs(40);

/// A request.
pub struct Asked {
    /// What it asks for, with the query.
    pub path: String,
    /// Who is asked, as the client has it.
    pub host: String,
    /// Proof that came with it.
    pub authorization: Option<String>,
    /// How many came before it.
    pub before: usize,
}

/// What a server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Says this, and closes.
    Says(Arc<Vec<u8>>),
    /// Says this, and resets the connection.
    Reset(Vec<u8>),
    /// Says the first, then the second for ever.
    Endless(Vec<u8>, Vec<u8>),
    /// Says the first, then the second for ever, a byte a second.
    Slow(Vec<u8>, Vec<u8>),
    /// Says nothing, and holds the connection.
    Silence,
}

/// Who decides on a reply.
pub type Answer = Arc<dyn Fn(&Asked) -> Reply + Send + Sync>;

/// A server on a port of this machine, until it is dropped.
pub struct Server {
    pub port: u16,
    received: Arc<Mutex<Vec<String>>>,
    is_over: Arc<AtomicBool>,
}

impl Server {
    /// Starts one; `other` is the port that [`OTHER`] stands for.
    pub fn new(other: u16, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received: Arc<Mutex<Vec<String>>> = Arc::default();
        let is_over: Arc<AtomicBool> = Arc::default();
        let server = Self { port, received: received.clone(), is_over: is_over.clone() };
        thread::spawn(move || {
            for stream in listener.incoming() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (received, answer) = (received.clone(), answer.clone());
                let stream = stream.unwrap();
                // Where the client goes away, there is nothing left to say.
                thread::spawn(move || serve(stream, other, &received, &answer).ok());
            }
        });
        server
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Takes every head of a request, as it came.
    pub fn received(&self) -> Vec<String> {
        std::mem::take(&mut self.received.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Whoever waits for a connection sees that it is over.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

fn serve(
    mut stream: TcpStream,
    other: u16,
    received: &Mutex<Vec<String>>,
    answer: &Answer,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(HELD))?;
    stream.set_write_timeout(Some(HELD))?;
    stream.set_nodelay(true)?;
    let head = head(&mut stream)?;
    let asked = {
        let mut received = received.lock().unwrap();
        received.push(head.clone());
        asked(&head, received.len() - 1)
    };
    let reply = answer(&asked);
    if !matches!(reply, Reply::Reset(_)) {
        // The last byte of the head; where one is left unread, closing is a reset.
        stream.read_exact(&mut [0])?;
    }
    let address = format!("127.0.0.1:{other}");
    match reply {
        Reply::Says(bytes) => match std::str::from_utf8(&bytes) {
            Ok(text) if text.contains(OTHER) => {
                stream.write_all(text.replace(OTHER, &address).as_bytes())
            }
            _ => stream.write_all(&bytes),
        },
        Reply::Reset(bytes) => {
            stream.write_all(&bytes)?;
            // A reset takes back what has not been read yet.
            thread::sleep(Duration::from_millis(200));
            Ok(())
        }
        Reply::Endless(first, again) => {
            stream.write_all(&first)?;
            loop {
                stream.write_all(&again)?;
            }
        }
        Reply::Slow(first, again) => {
            stream.write_all(&first)?;
            for byte in again.iter().cycle() {
                stream.write_all(&[*byte])?;
                thread::sleep(Duration::from_secs(1));
            }
            Ok(())
        }
        Reply::Silence => stream.read(&mut [0]).map(drop),
    }
}

/// Reads a head but its last byte.
fn head(stream: &mut TcpStream) -> std::io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).trim_end().to_owned())
}

fn asked(head: &str, before: usize) -> Asked {
    let header = |wanted: &str| {
        head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case(wanted).then(|| value.to_owned())
        })
    };
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let host = header("host").unwrap_or_default();
    Asked { path, host, authorization: header("authorization"), before }
}
