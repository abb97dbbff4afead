//! A server that does with each request what a test says, and remembers it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use aiperf_clock::{Nanos, monotonic_now};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// How many had arrived before.
    pub(crate) index: usize,
    /// When its last byte had been read.
    pub(crate) at: Nanos,
    pub(crate) body: String,
    pub(crate) correlation_id: String,
    /// The client's port: equal for requests on one connection.
    pub(crate) port: u16,
}

/// What to do with a request.
pub(crate) enum Reply {
    Answer(String),
    /// Nothing, for as long as the client waits.
    Hang,
    /// The beginning of a stream, then nothing for as long as the client waits.
    HangWithin(String),
}

type Handler = dyn Fn(&Seen) -> Reply + Send + Sync;

/// Serves until the test ends, each connection on a thread of its own.
pub(crate) struct Server {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    handler: Box<Handler>,
    seen: Mutex<Vec<Seen>>,
    arrived: Condvar,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl Server {
    pub(crate) fn start(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            seen: Mutex::default(),
            arrived: Condvar::new(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || shared.serve(stream.unwrap()));
            }
        });
        Self { url, shared }
    }

    /// A server that answers at once.
    pub(crate) fn quick() -> Self {
        Self::start(|seen| Reply::Answer(format!("reply to {}", seen.body)))
    }

    /// All requests so far, in the order of their arrival.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub(crate) fn wait_until_seen(&self, count: usize) {
        let seen = self.shared.seen.lock().unwrap();
        let limit = Duration::from_secs(30);
        let (seen, _) = self
            .shared
            .arrived
            .wait_timeout_while(seen, limit, |seen| seen.len() < count)
            .unwrap();
        assert!(
            seen.len() >= count,
            "only {} of {count} requests arrived",
            seen.len()
        );
    }

    /// The most requests that were here at once.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.shared.most_in_flight.load(SeqCst)
    }
}

impl Shared {
    /// Returns when the client has gone.
    fn serve(&self, stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        let port = stream.peer_addr().unwrap().port();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut writer = stream;
        while let Some((body, correlation_id)) = read_request(&mut reader) {
            let in_flight = self.in_flight.fetch_add(1, SeqCst) + 1;
            self.most_in_flight.fetch_max(in_flight, SeqCst);
            let seen = {
                let mut all = self.seen.lock().unwrap();
                let seen = Seen {
                    index: all.len(),
                    at: monotonic_now(),
                    body,
                    correlation_id,
                    port,
                };
                all.push(seen.clone());
                self.arrived.notify_all();
                seen
            };
            let reply = (self.handler)(&seen);
            // Before the answer leaves: with it the client may send its next request.
            self.in_flight.fetch_sub(1, SeqCst);
            let text = match reply {
                Reply::Answer(body) => {
                    format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    )
                }
                Reply::Hang => continue,
                Reply::HangWithin(part) => format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                     transfer-encoding: chunked\r\n\r\n{:x}\r\n{part}\r\n",
                    part.len()
                ),
            };
            if writer.write_all(text.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// The body and the session's id; `None` when the client has gone.
fn read_request(reader: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let (mut length, mut correlation_id) = (0, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        match line.split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(("x-correlation-id", value)) => correlation_id = value.to_owned(),
            _ if line.is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((String::from_utf8(body).unwrap(), correlation_id))
}

/// Lets requests through when `size` of them are there, and remembers when they never were.
pub(crate) struct Rendezvous {
    size: usize,
    state: Mutex<(usize, usize)>,
    complete: Condvar,
    failures: AtomicUsize,
}

impl Rendezvous {
    pub(crate) fn of(size: usize) -> Arc<Self> {
        Arc::new(Self {
            size,
            state: Mutex::new((0, 0)),
            complete: Condvar::new(),
            failures: AtomicUsize::new(0),
        })
    }

    pub(crate) fn wait(&self) {
        let mut state = self.state.lock().unwrap();
        let (waiting, round) = &mut *state;
        *waiting += 1;
        if *waiting == self.size {
            *waiting = 0;
            *round += 1;
            return self.complete.notify_all();
        }
        let own_round = *round;
        let limit = Duration::from_secs(20);
        let is_waiting = |state: &mut (usize, usize)| state.1 == own_round;
        let waited = self
            .complete
            .wait_timeout_while(state, limit, is_waiting)
            .unwrap();
        if waited.1.timed_out() {
            self.failures.fetch_add(1, SeqCst);
        }
    }

    /// How many requests waited in vain for the others.
    pub(crate) fn failures(&self) -> usize {
        self.failures.load(SeqCst)
    }
}
