//! The round trip of the network, measured by connecting.
//!
//! The first two packets of a TCP connection cross the network once each, and no program stands
//! between: the time until a connection is made is one round trip. A thread of its own connects to each
//! server again and again while a run goes on.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use aiperf_clock::Clock;
use aiperf_model::{ErrorDetails, NetworkLatencyRecord};
use aiperf_transport::{NameResolution, Target};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::oneshot;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::lines::Lines;

/// More probes of one server at the end, at most.
const MOST_AT_THE_END: usize = 10;

/// Whom to connect to, and how often.
pub struct ProbeSettings {
    /// Addresses of servers. Several of one host and port are one.
    pub urls: Vec<String>,
    /// The run's clock.
    pub clock: Clock,
    /// Between two probes of a server.
    pub interval: Duration,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// Fewer successful probes of a server are made up for at the end,
    pub least: usize,
    /// in this time at most.
    pub time_at_the_end: Duration,
    /// Which addresses of a host are used.
    pub name_resolution: NameResolution,
    /// Where each probe is written.
    pub lines: PathBuf,
}

/// What was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RoundTrip {
    /// Mean of all successful probes in nanoseconds; absent where there is none.
    pub mean_ns: Option<f64>,
    /// Successful probes.
    pub probes: usize,
}

/// The probing thread, as the run sees it.
pub struct NetworkProbe {
    stop: RefCell<Option<oneshot::Sender<bool>>>,
    measured: Receiver<RoundTrip>,
}

impl NetworkProbe {
    /// Starts the thread, which at once makes its first probe.
    ///
    /// # Errors
    /// The system has no thread.
    pub fn start(settings: ProbeSettings) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (sender, measured) = channel();
        std::thread::Builder::new()
            .name("network-probe".to_owned())
            .spawn(move || match measure(settings, stopped) {
                // A run that failed no longer asks.
                Ok(round_trip) => drop(sender.send(round_trip)),
                Err(error) => tracing::warn!("the network is not measured: {error}"),
            })?;
        Ok(Self {
            stop: RefCell::new(Some(stop)),
            measured,
        })
    }

    /// Ends probing; where there were too few probes and `may_go_on`, after a few more.
    pub fn finish(&self, may_go_on: bool) -> RoundTrip {
        if let Some(stop) = self.stop.borrow_mut().take() {
            let _ = stop.send(may_go_on);
        }
        self.measured.recv().unwrap_or_default()
    }
}

/// A server.
struct Place {
    url: String,
    host: String,
    port: u16,
    address: RefCell<Option<SocketAddr>>,
    round_trips_ns: RefCell<Vec<u64>>,
}

struct Prober {
    settings: ProbeSettings,
    places: Vec<Place>,
    lines: RefCell<Lines>,
}

fn measure(settings: ProbeSettings, stopped: oneshot::Receiver<bool>) -> io::Result<RoundTrip> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = LocalSet::new();
    let round_trip = tasks.block_on(&runtime, async move {
        let prober = Rc::new(Prober::new(settings));
        if prober.until(stopped).await {
            prober.make_up_for_missing().await;
        }
        prober.round_trip()
    });
    drop(tasks);
    // Looking up a name may hang on in its thread; dropping would wait for it.
    runtime.shutdown_background();
    Ok(round_trip)
}

impl Prober {
    fn new(settings: ProbeSettings) -> Self {
        let mut places: Vec<Place> = Vec::new();
        for url in &settings.urls {
            let with_scheme = if url.contains("://") || url.starts_with("unix:") {
                url.clone()
            } else {
                format!("http://{url}")
            };
            // What is no address the run itself refuses; a socket of this machine has no network.
            let Some(target) = Target::parse(&with_scheme).ok() else {
                continue;
            };
            let is_known = |place: &Place| place.host == target.host && place.port == target.port;
            if target.unix_socket.is_none() && !places.iter().any(is_known) {
                places.push(Place {
                    url: aiperf_redact::url(&with_scheme).into_owned(),
                    host: target.host,
                    port: target.port,
                    address: RefCell::default(),
                    round_trips_ns: RefCell::default(),
                });
            }
        }
        Self {
            places,
            lines: RefCell::new(Lines::new(settings.lines.clone())),
            settings,
        }
    }

    /// Probes until it is told to stop; whether there may be more probes.
    async fn until(self: &Rc<Self>, mut stopped: oneshot::Receiver<bool>) -> bool {
        let mut ticks = interval(self.settings.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                biased;
                may_go_on = &mut stopped => return may_go_on.unwrap_or(false),
                _ = ticks.tick() => {
                    for index in 0..self.places.len() {
                        let own = Rc::clone(self);
                        spawn_local(async move { own.probe(index).await });
                    }
                }
            }
        }
    }

    async fn make_up_for_missing(&self) {
        let all = async {
            for (index, place) in self.places.iter().enumerate() {
                for _ in 0..MOST_AT_THE_END {
                    if place.round_trips_ns.borrow().len() >= self.settings.least {
                        break;
                    }
                    self.probe(index).await;
                }
            }
        };
        // Who does not answer in this time is not worth the wait.
        let _ = timeout(self.settings.time_at_the_end, all).await;
    }

    async fn probe(&self, index: usize) {
        let Some(place) = self.places.get(index) else {
            return;
        };
        let clock = self.settings.clock;
        let begin = clock.now();
        let outcome = self.connect(place).await;
        let record = NetworkLatencyRecord {
            timestamp_ns: u64::try_from(clock.epoch(begin)).unwrap_or(0),
            target_url: place.url.clone(),
            target_host: place.host.clone(),
            target_port: place.port,
            probe_type: "tcp_connect".to_owned(),
            rtt_ns: outcome.as_ref().ok().copied(),
            success: outcome.is_ok(),
            error: outcome.as_ref().err().map(details),
        };
        self.lines.borrow_mut().append(&record);
        if let Ok(round_trip_ns) = outcome {
            place.round_trips_ns.borrow_mut().push(round_trip_ns);
        }
    }

    /// Nanoseconds until a connection was made.
    async fn connect(&self, place: &Place) -> io::Result<u64> {
        let limit = self.settings.connect_timeout;
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        let known = *place.address.borrow();
        let address = match known {
            Some(address) => address,
            None => {
                let found = timeout(limit, self.look_up(place)).await.map_err(late)??;
                *place.address.borrow_mut() = Some(found);
                found
            }
        };
        let begin = self.settings.clock.now();
        let connecting = timeout(limit, TcpStream::connect(address));
        let _connection = connecting.await.map_err(late)??;
        Ok(self.settings.clock.now() - begin)
    }

    async fn look_up(&self, place: &Place) -> io::Result<SocketAddr> {
        let host = place.host.trim_matches(['[', ']']);
        let fits = |address: &SocketAddr| match self.settings.name_resolution {
            NameResolution::OnlyIpv4 => address.is_ipv4(),
            NameResolution::OnlyIpv6 => address.is_ipv6(),
            _ => true,
        };
        let mut found = lookup_host((host, place.port)).await?;
        let none = || io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        found.find(fits).ok_or_else(none)
    }

    fn round_trip(&self) -> RoundTrip {
        let places = self.places.iter();
        let all: Vec<u64> = places
            .flat_map(|place| place.round_trips_ns.borrow().clone())
            .collect();
        let sum: u64 = all.iter().sum();
        RoundTrip {
            mean_ns: (!all.is_empty()).then(|| sum as f64 / all.len() as f64),
            probes: all.len(),
        }
    }
}

/// A failure in the words of files: the reference names kinds as its language does.
fn details(error: &io::Error) -> ErrorDetails {
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => "ConnectionRefusedError",
        io::ErrorKind::ConnectionReset => "ConnectionResetError",
        io::ErrorKind::TimedOut => "TimeoutError",
        _ => "OSError",
    };
    ErrorDetails {
        code: None,
        r#type: Some(kind.to_owned()),
        message: error.to_string(),
        cause: None,
        cause_chain: None,
        details: None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn settings(urls: &[String], folder: &tempfile::TempDir) -> ProbeSettings {
        ProbeSettings {
            urls: urls.to_vec(),
            clock: Clock::start(),
            interval: Duration::from_secs(100),
            connect_timeout: Duration::from_secs(5),
            least: 5,
            time_at_the_end: Duration::from_secs(5),
            name_resolution: NameResolution::Any,
            lines: folder.path().join("probes.jsonl"),
        }
    }

    fn lines(folder: &tempfile::TempDir) -> Vec<NetworkLatencyRecord> {
        let text = std::fs::read_to_string(folder.path().join("probes.jsonl")).unwrap();
        let line = |line| serde_json::from_str(line).unwrap();
        text.lines().map(line).collect()
    }

    #[test]
    fn too_few_probes_are_made_up_for_at_the_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let urls = [format!("http://{address}/v1"), format!("{address}")];
        let round_trip = NetworkProbe::start(settings(&urls, &folder))
            .unwrap()
            .finish(true);
        assert!((5..=6).contains(&round_trip.probes), "{round_trip:?}");
        let lines = lines(&folder);
        assert!(lines.len() >= round_trip.probes);
        let measured: Vec<u64> = lines.iter().filter_map(|line| line.rtt_ns).collect();
        let mean = measured.iter().sum::<u64>() as f64 / measured.len() as f64;
        assert_eq!(round_trip.mean_ns, Some(mean));
        assert!(mean > 0.0 && lines.iter().all(|line| line.success));
        assert_eq!(lines[0].target_port, address.port());
    }

    #[test]
    fn who_refuses_has_no_round_trip() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        let round_trip = NetworkProbe::start(settings(&[url], &folder))
            .unwrap()
            .finish(true);
        assert_eq!(round_trip, RoundTrip::default());
        let lines = lines(&folder);
        assert!(lines.len() >= 10, "{}", lines.len());
        let error = lines[0].error.as_ref().unwrap();
        assert_eq!(error.r#type.as_deref(), Some("ConnectionRefusedError"));
    }
}
