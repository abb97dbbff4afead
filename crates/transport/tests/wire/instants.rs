//! Where the instants of an exchange lie.

use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;

use aiperf_clock::{Nanos, monotonic_now};
use aiperf_transport::HttpExchange;

use crate::support::{
    STREAM_HEAD, accept, accept_one, answer, chunk, listen, on_event_loop, pooled, read_request,
    transport, write,
};

/// All instants that an exchange has, in the order in which they must lie.
pub(crate) fn instants_in_order(exchange: &HttpExchange) -> Vec<(&'static str, Nanos)> {
    let connection = &exchange.connection;
    let span = |name, span: Option<(Nanos, Nanos)>| {
        span.map(|(from, to)| [(name, from), (name, to)])
            .into_iter()
            .flatten()
    };
    let one = |name, instant: Option<Nanos>| instant.map(|instant| (name, instant));
    [("start", exchange.start)]
        .into_iter()
        .chain(span("dns", connection.dns))
        .chain(span("tcp", connection.tcp))
        .chain(span("tls", connection.tls))
        .chain(one("ready", connection.ready_at))
        .chain(one("send start", exchange.send_start))
        .chain(one("send end", exchange.send_end))
        .chain(one("first byte", exchange.first_byte))
        .chain(one("head", exchange.head_at))
        .chain(
            exchange
                .received
                .unfold()
                .reads
                .iter()
                .map(|mark| ("body", mark.at)),
        )
        .chain([("end", exchange.end)])
        .collect()
}

#[track_caller]
pub(crate) fn assert_in_order(exchange: &HttpExchange) {
    let instants = instants_in_order(exchange);
    assert!(
        instants.is_sorted_by_key(|&(_, instant)| instant),
        "{instants:?}"
    );
}

/// Answers as long as the client asks: a stream of three parts.
fn stream_three_parts(mut stream: TcpStream, times: usize) {
    for _ in 0..times {
        read_request(&mut stream);
        write(&mut stream, STREAM_HEAD);
        for part in ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] {
            write(&mut stream, &chunk(part));
        }
        write(&mut stream, "0\r\n\r\n");
    }
}

#[test]
fn instants_lie_in_the_order_in_which_things_happen() {
    let server = accept_one(|stream| stream_three_parts(stream, 2));
    on_event_loop(async {
        // A name, so that there is something to resolve.
        let transport = transport(&format!("http://localhost:{}/", server.port));
        let first = pooled(&transport).await;
        assert!(first.is_success(), "{:?}", first.error);
        assert_in_order(&first);
        let names: Vec<_> = instants_in_order(&first)
            .iter()
            .map(|&(name, _)| name)
            .collect();
        for name in [
            "dns",
            "tcp",
            "ready",
            "send start",
            "send end",
            "first byte",
            "head",
            "body",
        ] {
            assert!(names.contains(&name), "no instant for {name}");
        }

        let second = pooled(&transport).await;
        assert_in_order(&second);
        assert!(second.start >= first.end);
        let connection = &second.connection;
        assert!(connection.is_reused && connection.dns.is_none() && connection.tcp.is_none());
        server.join();
    });
}

/// The server writes each part only when the client has read the one before, so each mark lies
/// between two of the server's own instants.
#[cfg(target_os = "linux")]
#[test]
fn the_mark_of_each_part_lies_between_its_writing_and_the_next() {
    const PARTS: usize = 8;
    let (report, reported) = mpsc::channel();
    let server = listen(move |listener| {
        let mut stream = accept(&listener);
        read_request(&mut stream);
        write(&mut stream, STREAM_HEAD);
        let mut written = Vec::new();
        for part in 0..PARTS {
            written.push(monotonic_now());
            write(&mut stream, &chunk(&format!("data: {part}\n\n")));
            wait_until_read(&stream);
        }
        write(&mut stream, "0\r\n\r\n");
        report.send(written).unwrap();
    });
    let done = on_event_loop(async {
        let done = pooled(&server.transport()).await;
        server.join();
        done
    });
    let written = reported.recv().unwrap();
    let body = done.received.unfold();
    let starts: Vec<usize> = body
        .bytes
        .windows(5)
        .enumerate()
        .filter(|(_, window)| window == b"data:")
        .map(|(place, _)| place)
        .collect();
    assert_eq!(starts.len(), PARTS);
    for (part, start) in starts.into_iter().enumerate() {
        let mark = body.reads.iter().find(|mark| mark.end > start).unwrap();
        assert!(
            mark.at >= written[part],
            "part {part} was read before it was written"
        );
        if let Some(&next) = written.get(part + 1) {
            assert!(mark.at < next, "part {part} has the mark of a later one");
        }
    }
}

/// Waits until the other side, which lives on this host, has emptied its socket and had time to
/// look at the clock.
#[cfg(target_os = "linux")]
fn wait_until_read(stream: &TcpStream) {
    let ends = (
        stream.local_addr().unwrap().port(),
        stream.peer_addr().unwrap().port(),
    );
    let hex = |port: u16| format!("0100007F:{port:04X}");
    let (server, client) = (hex(ends.0), hex(ends.1));
    loop {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let line = table.lines().find(|line| {
            let mut fields = line.split_ascii_whitespace().skip(1);
            fields.next() == Some(&client) && fields.next() == Some(&server)
        });
        // Fifth field: bytes to be sent and to be read.
        let queues = line
            .and_then(|line| line.split_ascii_whitespace().nth(4))
            .unwrap();
        if queues.ends_with(":00000000") {
            return std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::yield_now();
    }
}

#[test]
fn an_answer_in_one_write_has_its_mark_at_the_head() {
    let server = accept_one(|mut stream| {
        read_request(&mut stream);
        write(&mut stream, &answer("early"));
    });
    on_event_loop(async {
        let done = pooled(&server.transport()).await;
        assert_eq!(done.received.unfold().bytes, b"early");
        // Head and body came with one write, most often with one read; the mark is then the head's.
        assert!(done.first_byte.unwrap() <= done.head_at.unwrap());
        assert!(done.head_at.unwrap() <= done.received.unfold().reads[0].at);
        assert_eq!(done.end, done.received.unfold().reads.last().unwrap().at);
        server.join();
    });
}
