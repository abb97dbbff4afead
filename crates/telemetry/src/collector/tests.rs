use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use super::*;
use crate::history::{Samples, Stamp};

type Pages = Arc<Mutex<Box<dyn FnMut(&str) -> (&'static str, String) + Send>>>;

/// A server whose answers, content type and body, depend on the path; an empty type is status 404.
struct Server {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn start(pages: impl FnMut(&str) -> (&'static str, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let own = Arc::clone(&asked);
        let pages: Pages = Arc::new(Mutex::new(Box::new(pages)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (pages, asked) = (Arc::clone(&pages), Arc::clone(&own));
                std::thread::spawn(move || serve(&stream, &pages, &asked));
            }
        });
        Self { address, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn serve(mut stream: &TcpStream, pages: &Pages, asked: &AtomicUsize) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    loop {
        let head = lines.next()?.ok()?;
        let path = head.split(' ').nth(1)?.to_owned();
        while !lines.next()?.ok()?.is_empty() {}
        asked.fetch_add(1, SeqCst);
        let (kind, body) = pages.lock().unwrap()(&path);
        let status = if kind.is_empty() {
            "404 Not Found"
        } else {
            "200 OK"
        };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .ok()?;
    }
}

fn settings(urls: Vec<String>) -> CollectorSettings {
    CollectorSettings {
        urls,
        transport: TransportOptions::default(),
        clock: Clock::start(),
        interval: Duration::from_millis(20),
        reachability_timeout: Duration::from_secs(5),
        scrape_timeout: Duration::from_secs(5),
        lines: None,
    }
}

fn phase(index: u32, profiling_index: Option<u32>) -> PhaseStamp {
    PhaseStamp {
        name: format!("phase {index}"),
        index,
        profiling_index,
    }
}

fn finish(collector: &Collector) -> Collected {
    collector.finish(monotonic_now(), &|| false)
}

const PLAIN: &str = "text/plain; version=0.0.4";

/// A counter that grows by one with each question.
fn counting() -> Server {
    let mut count = 0;
    Server::start(move |_| {
        count += 1;
        (
            PLAIN,
            format!("# TYPE asked_total counter\nasked_total {count}\n"),
        )
    })
}

#[test]
fn samples_belong_to_the_phase_in_which_they_were_asked_for() {
    let server = counting();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.jsonl");
    let collector = Collector::start(CollectorSettings {
        lines: Some(path.clone()),
        ..settings(vec![server.url("/metrics")])
    })
    .unwrap();
    collector.phase_begins(phase(0, None), true);
    collector.phase_ends(0);
    collector.phase_begins(phase(1, Some(0)), true);
    collector.phase_ends(1);
    let collected = finish(&collector);
    let history = &collected.histories[0];
    let series = &history.series[0];
    let stamps = &series.stamps;
    assert_eq!(
        stamps[0],
        Stamp::Outside,
        "the state before the run: {stamps:?}"
    );
    assert!(stamps.contains(&Stamp::Warmup), "{stamps:?}");
    // At the begin of the phase, at its end, and the last one.
    let measured = stamps.iter().filter(|stamp| **stamp == Stamp::Profiling);
    assert!(measured.count() >= 3, "{stamps:?}");
    assert!(series.times.is_sorted());
    assert_eq!(collected.configured, [server.url("/metrics")]);
    assert_eq!(collected.reachable, collected.configured);
    assert!(collected.errors.is_empty(), "{:?}", collected.errors);
    let lines = std::fs::read_to_string(path).unwrap();
    assert_eq!(lines.lines().count(), history.fetches.len());
}

#[test]
fn the_page_is_asked_for_again_and_again_until_the_end() {
    let server = counting();
    let collector = Collector::start(settings(vec![server.url("/metrics")])).unwrap();
    collector.phase_begins(phase(0, Some(0)), true);
    let collected = collector.finish(monotonic_now() + 200 * aiperf_clock::MILLISECOND, &|| false);
    let fetches = &collected.histories[0].fetches;
    // One before the run, one at its start, one at its end, and some of the nine in between.
    assert!(fetches.len() > 4, "{}", fetches.len());
    let span = fetches.last().unwrap().at - fetches[0].at;
    assert!(span >= 200_000_000, "{span}");
}

#[test]
fn who_does_not_answer_costs_no_time_at_the_end() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let missing = Server::start(|_| ("", String::new()));
    let urls = vec![format!("http://{closed}/metrics"), missing.url("/metrics")];
    let collector = Collector::start(settings(urls.clone())).unwrap();
    collector.phase_begins(phase(0, Some(0)), true);
    let collected = collector.finish(u64::MAX, &|| false);
    assert_eq!(collected.configured, urls);
    assert!(collected.reachable.is_empty() && collected.is_empty());
    assert_eq!(missing.asked.load(SeqCst), 1);
}

#[test]
fn the_user_does_not_wait_for_the_last_scrape() {
    let server = counting();
    let collector = Collector::start(settings(vec![server.url("/metrics")])).unwrap();
    collector.phase_begins(phase(0, Some(0)), true);
    let collected = collector.finish(u64::MAX, &|| true);
    assert!(!collected.is_empty());
}

#[test]
fn a_server_below_a_path_shows_its_metrics_at_the_root() {
    let server = Server::start(|path| match path {
        "/metrics" => (PLAIN, "up 1\n".to_owned()),
        _ => ("", String::new()),
    });
    let collector = Collector::start(settings(vec![server.url("/v1/metrics")])).unwrap();
    collector.phase_begins(phase(0, Some(0)), true);
    let collected = finish(&collector);
    assert_eq!(collected.reachable, [server.url("/metrics")]);
    assert_eq!(collected.histories[0].series[0].description, "");
}

#[test]
fn a_list_of_iterations_leads_to_the_page_of_prometheus() {
    let server = Server::start(|path| match path {
        "/prometheus/metrics" => (PLAIN, "up 1\n".to_owned()),
        _ => ("application/json", "[]".to_owned()),
    });
    let collector = Collector::start(settings(vec![server.url("/metrics")])).unwrap();
    collector.phase_begins(phase(0, Some(0)), true);
    let collected = finish(&collector);
    assert_eq!(collected.configured, [server.url("/prometheus/metrics")]);
    assert!(collected.errors.is_empty(), "{:?}", collected.errors);
    let Samples::Values(values) = &collected.histories[0].series[0].samples else {
        panic!("a number");
    };
    assert!(values.len() >= 2);
}

#[test]
fn a_page_that_is_none_is_asked_for_once_and_told_once() {
    let server = Server::start(|_| ("text/html", "<html>".to_owned()));
    let collector = Collector::start(settings(vec![server.url("/metrics")])).unwrap();
    collector.phase_begins(phase(0, Some(0)), true);
    let collected = collector.finish(u64::MAX, &|| false);
    assert_eq!(
        server.asked.load(SeqCst),
        2,
        "the page, and where TensorRT-LLM has it"
    );
    let [(kind, message, 1)] = &collected.errors[..] else {
        panic!("{:?}", collected.errors);
    };
    assert_eq!(kind, "IncompatibleMetricsEndpointError");
    assert!(message.contains("<html>"), "{message}");
    assert!(collected.is_empty());
}

#[test]
fn the_same_page_again_is_a_sample_and_no_update() {
    let server = Server::start(|_| (PLAIN, "up 1\n".to_owned()));
    let collector = Collector::start(settings(vec![server.url("/metrics")])).unwrap();
    collector.phase_begins(phase(0, Some(0)), true);
    let collected = finish(&collector);
    let info = collected.endpoint_info()[0];
    assert!(info.total_fetches >= 3);
    assert_eq!(info.unique_updates, 1);
    assert_eq!(
        collected.histories[0].series[0].times.len() as u64,
        info.total_fetches
    );
}

#[test]
fn credentials_of_an_address_are_not_kept() {
    let server = counting();
    let url = format!("http://me:secret@{}/metrics?token=abc", server.address);
    let collector = Collector::start(settings(vec![url])).unwrap();
    collector.phase_begins(phase(0, Some(0)), true);
    let collected = finish(&collector);
    let text = format!("{collected:?}");
    assert!(!text.contains("secret") && !text.contains("abc"), "{text}");
    assert_eq!(collected.reachable.len(), 1);
}

#[test]
fn who_is_silent_holds_nobody_up() {
    let server = counting();
    // Connections are made by the system, and nobody ever answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}/metrics", listener.local_addr().unwrap());
    let urls = vec![silent, server.url("/metrics")];
    let collector = Collector::start(CollectorSettings {
        reachability_timeout: Duration::from_secs(3600),
        ..settings(urls.clone())
    })
    .unwrap();
    collector.phase_begins(phase(0, Some(0)), true);
    collector.phase_ends(0);
    let collected = finish(&collector);
    assert_eq!(collected.configured, urls);
    assert_eq!(collected.reachable, urls[1..]);
    let stamps = &collected.histories[0].series[0].stamps;
    assert!(stamps.contains(&Stamp::Outside) && stamps.contains(&Stamp::Profiling));
}
