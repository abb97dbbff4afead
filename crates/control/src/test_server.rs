//! A server for tests: answers by a function of the request and writes down what it got.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use aiperf_endpoint::headers::HeaderSettings;
use aiperf_transport::TransportOptions;

use crate::client::ControlClient;

/// One request as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// `POST /path`.
    pub(crate) line: String,
    /// Lower-case names, values as sent.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reaction {
    Status(u16),
    Json(&'static str),
    /// No answer ever.
    Silence,
    /// Closes the connection.
    Close,
}

pub(crate) struct TestServer {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl TestServer {
    /// `react` gets the request and how many came before it.
    pub(crate) fn start(react: impl Fn(&Seen, usize) -> Reaction + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let react = Arc::new(react);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, react) = (Arc::clone(&log), Arc::clone(&react));
                thread::spawn(move || serve(stream, &log, &*react));
            }
        });
        Self { url, seen }
    }

    /// Answers everything with a status.
    pub(crate) fn with_status(status: u16) -> Self {
        Self::start(move |_, _| Reaction::Status(status))
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The request lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Seen>>,
    react: &(dyn Fn(&Seen, usize) -> Reaction + Sync),
) {
    let Some(request) = read_request(&stream) else {
        return;
    };
    let before = {
        let mut log = log.lock().unwrap();
        log.push(request.clone());
        log.len() - 1
    };
    let (status, body) = match react(&request, before) {
        Reaction::Status(status) => (status, "the server's secret words"),
        Reaction::Json(body) => (200, body),
        Reaction::Silence => {
            // Until the other side gives up.
            let _ = stream.read(&mut [0; 1]);
            return;
        }
        Reaction::Close => return,
    };
    let answer = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes());
}

fn read_request(stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: Vec<(String, String)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen {
        line: lines[0].trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// The address of a server that is not there: nobody listens at the lowest port.
pub(crate) fn nobody() -> String {
    "http://127.0.0.1:1".to_owned()
}

/// A client with a key and a header of the user's.
pub(crate) fn client() -> ControlClient {
    client_with(&HeaderSettings {
        user_agent: "aiperf/test".to_owned(),
        api_key: Some("secret-key".to_owned()),
        custom: vec![("X-Tenant".to_owned(), "t".to_owned())],
        ..HeaderSettings::default()
    })
}

pub(crate) fn client_with(headers: &HeaderSettings) -> ControlClient {
    ControlClient::new(headers, TransportOptions::default()).unwrap()
}

/// A user who never gives up.
pub(crate) fn patient() -> bool {
    false
}

/// Runs `work` on another thread and fails the test if it hangs.
pub(crate) fn within_ten_seconds<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    result
        .recv_timeout(Duration::from_secs(10))
        .expect("it goes on waiting")
}
