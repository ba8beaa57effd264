//! A proxy before a node that loses some of what goes through it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is answered.
    Passes,
    /// The node acts on it, and its answer is lost.
    Unanswered,
    /// It never arrives.
    Lost,
}

const FAILURE: &[u8] =
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 20\r\nConnection: close\r\n\r\nno answer: /the-path";

/// The URL of a proxy, which asks what becomes of each body.
pub(crate) fn proxy(node: SocketAddr, fate: impl FnMut(&str) -> Fate + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let fate = Arc::new(Mutex::new(fate));
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let fate = fate.clone();
            std::thread::spawn(move || {
                let Some(body) = body(&stream) else { return };
                let fate = (*fate.lock().expect("no panic"))(&body);
                let answer = if fate == Fate::Lost { Vec::new() } else { forwarded(node, &body) };
                let answer = if fate == Fate::Passes { answer.as_slice() } else { FAILURE };
                let _ = (&stream).write_all(answer);
            });
        }
    });
    url
}

/// The body of the one request of a connection; none if it brings none.
fn body(stream: &TcpStream) -> Option<String> {
    let (mut reader, mut length) = (BufReader::new(stream), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if line.trim().is_empty() {
            break;
        }
        let field = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if let Some((_, value)) = field {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

fn forwarded(node: SocketAddr, body: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(node).expect("the node listens");
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: node\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answered");
    answer
}
