//! Whose clock stamps what arrives: the kernel's at the arrival, or this program's at the read.

use std::sync::mpsc;
use std::time::Duration;

use aiperf_clock::{MILLISECOND, Nanos, monotonic_now};
use aiperf_transport::{HttpExchange, Lease, TimestampSource, Transport, TransportOptions, Watch};
use tokio::sync::oneshot;

use crate::support::{
    STREAM_HEAD, accept, accept_one, answer, chunk, listen, on_event_loop, options, pooled,
    read_request, request, transport_with, write,
};

/// For how long the event loop does not look.
const LATE: Nanos = 400 * MILLISECOND;

fn options_with(timestamp_source: TimestampSource) -> TransportOptions {
    TransportOptions {
        timestamp_source,
        ..options()
    }
}

/// The body of the request whose answer comes late.
const IN_EARNEST: &str = "\"in earnest\"";

struct LateRead {
    exchange: HttpExchange,
    /// When the part had been written by the server.
    written: Nanos,
    /// When the event loop looked again.
    awake: Nanos,
}

/// An exchange whose only part arrives while this thread does not look. `None` where the kernel
/// stamps nothing.
fn read_late(source: TimestampSource) -> Option<LateRead> {
    let (about_to_write, asleep) = (oneshot::channel(), mpsc::channel());
    let (wrote, written) = mpsc::channel();
    let server = listen(move |listener| {
        let mut stream = accept(&listener);
        while !read_request(&mut stream).ends_with(IN_EARNEST) {
            write(&mut stream, &answer("{}"));
        }
        write(&mut stream, STREAM_HEAD);
        about_to_write.0.send(()).unwrap();
        asleep.1.recv().unwrap();
        write(&mut stream, &(chunk("data: late\n\n") + "0\r\n\r\n"));
        wrote.send(monotonic_now()).unwrap();
    });
    on_event_loop(async {
        let transport = transport_with(
            &format!("http://127.0.0.1:{}/", server.port),
            options_with(source),
        );
        warm_up(&transport, source).await?;
        let sleeper = async {
            about_to_write.1.await.unwrap();
            asleep.0.send(()).unwrap();
            let written = written.recv().unwrap();
            std::thread::sleep(Duration::from_nanos(LATE));
            (written, monotonic_now())
        };
        let mut exchange = HttpExchange::default();
        let in_earnest = transport.perform(
            0,
            request(IN_EARNEST),
            Lease::Pooled,
            &mut exchange,
            Watch::default(),
        );
        let ((), (written, awake)) = tokio::join!(in_earnest, sleeper);
        server.join();
        assert!(exchange.is_success(), "{:?}", exchange.error);
        assert_eq!(exchange.received.unfold().bytes, b"data: late\n\n");
        Some(LateRead {
            exchange,
            written,
            awake,
        })
    })
}

/// Repeats an exchange until the kernel stamps it: it begins a moment after the first socket has
/// asked it to.
async fn warm_up(transport: &Transport, source: TimestampSource) -> Option<()> {
    for _ in 0..200 {
        let done = pooled(transport).await;
        assert!(done.is_success(), "{:?}", done.error);
        if source == TimestampSource::User || done.kernel_stamped_reads > 0 {
            return Some(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    None
}

#[cfg(target_os = "linux")]
#[test]
fn a_late_read_is_stamped_by_the_kernel_with_the_instant_of_arrival() {
    for source in [TimestampSource::Auto, TimestampSource::Kernel] {
        let LateRead {
            exchange,
            written,
            awake,
        } = read_late(source).expect("no read carried a kernel stamp");
        let mark = exchange.received.unfold().reads[0].at;
        assert!(mark < awake - LATE / 2, "the mark is that of the read");
        let distance = mark.abs_diff(written);
        assert!(distance < LATE / 2, "{distance} ns from the server's write");
        assert!(
            exchange.receive_delay_max > LATE / 2,
            "{} ns",
            exchange.receive_delay_max
        );
        assert!(exchange.receive_delay_max <= awake + LATE - written);
        assert!(exchange.receive_delay_sum >= exchange.receive_delay_max);
        assert!(exchange.kernel_stamped_reads > 0);
        assert!(exchange.kernel_stamped_reads <= exchange.read_count);
    }
}

#[test]
fn a_late_read_that_this_program_stamps_has_the_instant_of_the_read() {
    let LateRead {
        exchange,
        written,
        awake,
    } = read_late(TimestampSource::User).unwrap();
    assert!(exchange.received.unfold().reads[0].at >= awake && awake >= written + LATE);
    assert_eq!(
        (exchange.kernel_stamped_reads, exchange.receive_delay_max),
        (0, 0)
    );
}

#[test]
fn connections_say_whether_the_kernel_stamps_them() {
    for (source, stamped) in [(TimestampSource::User, 0), (TimestampSource::Auto, 1)] {
        let server = accept_one(|mut stream| {
            read_request(&mut stream);
            write(&mut stream, &answer("{}"));
        });
        on_event_loop(async {
            let url = format!("http://127.0.0.1:{}/", server.port);
            let transport = transport_with(&url, options_with(source));
            assert!(pooled(&transport).await.is_success());
            server.join();
            let expected = if cfg!(target_os = "linux") {
                stamped
            } else {
                0
            };
            assert_eq!(
                transport.counters().kernel_stamped_connections.get(),
                expected
            );
        });
    }
}
