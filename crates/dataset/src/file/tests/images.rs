//! Images that servers keep under identifiers.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{first_turn, load_bytes};
use crate::plan::RemoteImages;

#[test]
fn identifiers_stay_beside_their_images() {
    let turn = first_turn(r#"{"images":["http://h/a","http://h/b"],"image_uuids":["u","v"]}"#);
    assert_eq!(turn.images[0].contents, ["http://h/a", "http://h/b"]);
    assert_eq!(turn.image_uuids, [["u", "v"]]);

    let turn = first_turn(
        r#"{"images":[{"contents":["http://h/a"],"uuids":["u"]},{"contents":["http://h/b"]}]}"#,
    );
    assert_eq!(turn.image_uuids, [vec!["u"], vec![]]);

    let turn = first_turn(r#"{"text":"which?","image_uuids":["u"]}"#);
    assert_eq!(turn.images[0].contents, [""]);
    assert_eq!(turn.image_uuids, [["u"]]);
    assert!(
        first_turn(r#"{"images":["http://h/a"]}"#)
            .image_uuids
            .is_empty()
    );
}

#[test]
fn a_repeated_image_of_a_later_turn_is_sent_as_a_reference() {
    let rows = concat!(
        r#"{"session_id":"s","images":["http://h/a","http://h/a"],"image_uuids":["u","u"]}"#,
        "\n",
        r#"{"session_id":"s","images":["http://h/a","http://h/b"],"image_uuids":["u","v"]}"#,
        "\n",
        r#"{"session_id":"t","images":["http://h/a"],"image_uuids":["u"]}"#,
    );
    let contents = |strip| {
        let loaded = load_bytes(rows.as_bytes(), |plan| plan.strip_repeated_images = strip);
        let turns = loaded.unwrap().into_iter().flat_map(|found| found.turns);
        turns
            .map(|turn| turn.images[0].contents.clone())
            .collect::<Vec<_>>()
    };
    let (a, b) = ("http://h/a", "http://h/b");
    assert_eq!(contents(true), [vec![a, a], vec!["", b], vec![a]]);
    assert_eq!(contents(false), [vec![a, a], vec![a, b], vec![a]]);
    let error = load_bytes(br#"{"turns":[{"text":"a"}]}"#, |plan| {
        plan.strip_repeated_images = true;
    });
    assert!(error.unwrap_err().to_string().contains("--uuid-and-strip"));
}

/// A server that answers every request alike and counts them.
fn serve(head: &'static str, body: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let lines = lines.map_while(Result::ok);
            if lines.take_while(|line| !line.is_empty()).count() > 0 {
                counter.fetch_add(1, Ordering::SeqCst);
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
            }
        }
    });
    (address, requests)
}

#[test]
fn images_behind_urls_can_become_part_of_the_body() {
    let (address, requests) = serve("200 OK\r\ncontent-type: image/png", "hi");
    let row = format!(r#"{{"images":["{address}/a","{address}/b","data:image/png;base64,AA"]}}"#);
    let rows = format!("{row}\n{row}");
    let inline = RemoteImages::Inline {
        timeout: Duration::from_secs(20),
        parallel: 2,
    };
    let loaded = load_bytes(rows.as_bytes(), |plan| plan.remote_images = inline).unwrap();
    for conversation in loaded {
        assert_eq!(
            conversation.turns[0].images[0].contents,
            [
                "data:image/png;base64,aGk=",
                "data:image/png;base64,aGk=",
                "data:image/png;base64,AA"
            ]
        );
    }
    assert_eq!(requests.load(Ordering::SeqCst), 2);

    let (address, _) = serve("404 Not Found", "");
    let row = format!(r#"{{"image":"{address}/a"}}"#);
    let error = load_bytes(row.as_bytes(), |plan| plan.remote_images = inline).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with(&format!("cannot download image `{address}/a`: status 404")),
        "{error}"
    );
}
