//! A small HTTP client over a plain socket, which sees what the server really sends.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use aiperf_mock::{MockOptions, MockServer, TruthRecord};
use serde_json::{Value, json};

pub(crate) const CHAT: &str = "/v1/chat/completions";
pub(crate) const COMPLETIONS: &str = "/v1/completions";

pub(crate) fn start(options: MockOptions) -> MockServer {
    MockServer::start(options).unwrap()
}

/// A chat request with a prompt of three words.
pub(crate) fn chat(more: Value) -> Value {
    let body =
        json!({ "model": "m", "messages": [{ "role": "user", "content": "one two three" }] });
    with(body, more)
}

/// A completion request with a prompt of three words.
pub(crate) fn completion(more: Value) -> Value {
    let body = json!({ "model": "m", "prompt": "one two three" });
    with(body, more)
}

/// An object with the members of another added.
pub(crate) fn with(mut object: Value, more: Value) -> Value {
    if let (Value::Object(members), Value::Object(more)) = (&mut object, more) {
        members.extend(more);
    }
    object
}

/// How a response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As HTTP says it should.
    Complete,
    /// The connection was closed before that.
    Closed,
    /// The connection was reset before that.
    Reset,
    /// Nothing more came for as long as the client was willing to wait.
    Silent,
}

#[derive(Debug, Clone)]
pub(crate) struct Response {
    /// 0 where there was not even a status line.
    pub(crate) status: u16,
    pub(crate) head: String,
    /// Without the framing of chunks.
    pub(crate) body: Vec<u8>,
    /// The sizes of the body's chunks.
    pub(crate) chunks: Vec<usize>,
    pub(crate) end: End,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The data of each event, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        let text = self.text().replace("\r\n", "\n");
        assert!(text.is_empty() || text.ends_with("\n\n"), "{text:?}");
        let events = text.split_terminator("\n\n");
        events
            .map(|event| event.strip_prefix("data: ").unwrap_or(event).to_owned())
            .collect()
    }

    /// The events that are JSON documents.
    pub(crate) fn documents(&self) -> Vec<Value> {
        self.events()
            .iter()
            .filter_map(|event| serde_json::from_str(event).ok())
            .collect()
    }

    /// What each event carries below `pointer`, where it is a text that is not empty.
    pub(crate) fn texts(&self, pointer: &str) -> Vec<String> {
        let documents = self.documents();
        let texts = documents
            .iter()
            .filter_map(|document| document.pointer(pointer)?.as_str());
        texts
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn contents(&self) -> Vec<String> {
        self.texts("/choices/0/delta/content")
    }
}

pub(crate) struct Client {
    stream: TcpStream,
    incoming: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(server: &MockServer) -> Self {
        Self::connect_to(server.address())
    }

    pub(crate) fn connect_to(address: std::net::SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            incoming: Vec::new(),
        }
    }

    pub(crate) fn set_patience(&self, patience: Duration) {
        self.stream.set_read_timeout(Some(patience)).unwrap();
    }

    pub(crate) fn local_port(&self) -> u16 {
        self.stream.local_addr().unwrap().port()
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: mock\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.send_raw(&[head.as_bytes(), body].concat());
    }

    pub(crate) fn get(&mut self, path: &str) -> Response {
        self.send("GET", path, "", b"");
        self.response()
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Response {
        self.post_with(path, "", body)
    }

    pub(crate) fn post_with(&mut self, path: &str, headers: &str, body: &Value) -> Response {
        let headers = format!("Content-Type: application/json\r\n{headers}");
        self.send("POST", path, &headers, body.to_string().as_bytes());
        self.response()
    }

    /// Whether the server has closed the connection; waits for that.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.incoming.is_empty() && self.read() == Err(End::Closed)
    }

    pub(crate) fn response(&mut self) -> Response {
        let mut response = Response {
            status: 0,
            head: String::new(),
            body: Vec::new(),
            chunks: Vec::new(),
            end: End::Complete,
        };
        if let Err(end) = self.read_response(&mut response) {
            response.end = end;
        }
        response
    }

    fn read_response(&mut self, response: &mut Response) -> Result<(), End> {
        response.head = self.until(b"\r\n\r\n")?;
        response.status = response.head[9..12].parse().unwrap();
        if response.header("transfer-encoding").is_none() {
            let length = response
                .header("content-length")
                .map_or(0, |text| text.parse().unwrap());
            return self.exactly(length, &mut response.body);
        }
        loop {
            let line = self.until(b"\r\n")?;
            let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
            let mut chunk = Vec::new();
            let read = self.exactly(size, &mut chunk);
            response.body.extend_from_slice(&chunk);
            read?;
            assert_eq!(self.until(b"\r\n")?, "\r\n");
            if size == 0 {
                return Ok(());
            }
            response.chunks.push(size);
        }
    }

    fn until(&mut self, mark: &[u8]) -> Result<String, End> {
        loop {
            let found = self
                .incoming
                .windows(mark.len())
                .position(|window| window == mark);
            if let Some(place) = found {
                let rest = self.incoming.split_off(place + mark.len());
                let line = std::mem::replace(&mut self.incoming, rest);
                return Ok(String::from_utf8(line).unwrap());
            }
            self.read()?;
        }
    }

    fn exactly(&mut self, size: usize, out: &mut Vec<u8>) -> Result<(), End> {
        let mut missing = size;
        loop {
            let taken = missing.min(self.incoming.len());
            out.extend(self.incoming.drain(..taken));
            missing -= taken;
            if missing == 0 {
                return Ok(());
            }
            self.read()?;
        }
    }

    fn read(&mut self) -> Result<(), End> {
        let mut buffer = vec![0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(End::Closed),
            Ok(count) => {
                self.incoming.extend_from_slice(&buffer[..count]);
                Ok(())
            }
            Err(error) => Err(match error.kind() {
                ErrorKind::ConnectionReset => End::Reset,
                ErrorKind::WouldBlock | ErrorKind::TimedOut => End::Silent,
                kind => panic!("unexpected {kind}"),
            }),
        }
    }
}

/// Stops the server and reads its truth file.
pub(crate) fn truth_of(mut server: MockServer, path: &std::path::Path) -> Vec<TruthRecord> {
    server.shutdown();
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
