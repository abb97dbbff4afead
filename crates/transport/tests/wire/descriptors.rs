//! Running out of file descriptors.

use aiperf_transport::{Lease, StickyConnection, TransportFailure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::support::{
    accept, answer, exchange, listen, on_event_loop, read_request, run_in_own_process, transport,
    write,
};

const URL: &str = "AIPERF_TEST_URL";
const LIMIT: u64 = 40;

/// The limit is lowered in a second process; the server stays in the first, which has enough.
#[test]
fn running_out_of_descriptors_is_told_apart_from_a_server_that_refuses() {
    if let Ok(url) = std::env::var(URL) {
        return open_connections_up_to_the_limit(&url);
    }
    let server = listen(|listener| {
        // Ends with the test.
        loop {
            let mut stream = accept(&listener);
            read_request(&mut stream);
            write(&mut stream, &answer("{}"));
            // Keeps the connection open as long as the client does.
            std::mem::forget(stream);
        }
    });
    let url = format!("http://127.0.0.1:{}/", server.port);
    run_in_own_process(
        "descriptors::running_out_of_descriptors_is_told_apart_from_a_server_that_refuses",
        &[(URL, &url)],
    );
}

fn open_connections_up_to_the_limit(url: &str) {
    let (_, maximum) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, LIMIT, maximum).unwrap();
    on_event_loop(async {
        let transport = transport(url);
        let mut sessions = Vec::new();
        let failed = loop {
            assert!(sessions.len() < LIMIT as usize, "the limit is not in force");
            let mut own = StickyConnection::default();
            let done = exchange(&transport, Lease::Sticky(&mut own)).await;
            if done.error.is_some() {
                break done;
            }
            sessions.push(own);
        };
        let error = failed.error.unwrap();
        assert_eq!(
            error.failure,
            TransportFailure::OutOfDescriptors,
            "{}",
            error.message
        );
        assert_eq!(error.failure.type_name(), "ClientOSError");
        assert!(error.message.contains("open files"), "{}", error.message);
        assert_eq!(transport.counters().out_of_descriptors.get(), 1);
        assert_eq!(
            transport.counters().connections_opened.get(),
            sessions.len() as u64
        );
        assert!(failed.send_start.is_none());

        // With a descriptor free again, requests are sent again.
        sessions.pop();
        assert!(exchange(&transport, Lease::Fresh).await.is_success());
        assert_eq!(transport.counters().out_of_descriptors.get(), 1);
    });
}
