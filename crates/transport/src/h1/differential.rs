//! What is understood here against what hyper understands, on the same bytes.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use hyper::body::{Body, Frame, SizeHint};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Http1Error;
use super::answer::Progress;
use super::answer::tests::read;

/// What became of an answer.
#[derive(Debug, PartialEq)]
struct Understood {
    head: Option<(u16, HeaderMap)>,
    data: Vec<u8>,
    end: End,
}

#[derive(Debug, PartialEq)]
enum End {
    Complete {
        is_usable: bool,
    },
    /// More is waited for.
    Unfinished,
    /// The connection ended first.
    Cut,
    /// The head is none.
    NotHttp,
    /// The body's framing is broken.
    BadFraming,
}

fn here(bytes: &[u8], size: usize, method: &Method, closes: bool) -> Understood {
    let (whole, last, is_usable) = read(bytes.chunks(size), method == Method::HEAD, closes);
    Understood {
        head: whole.head.map(|head| (head.status.as_u16(), head.headers)),
        data: whole.data,
        end: match last {
            Ok(Progress::Complete) => End::Complete {
                is_usable: is_usable && !closes,
            },
            Ok(_) => End::Unfinished,
            Err(Http1Error::Closed) => End::Cut,
            Err(Http1Error::Head(_)) => End::NotHttp,
            Err(Http1Error::Framing(_)) => End::BadFraming,
            Err(Http1Error::Io(error)) => panic!("{error}"),
        },
    }
}

struct NoBody;

impl Body for NoBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(0)
    }
}

/// Everything happens in memory, so what is pending for so long is pending for ever.
const PATIENCE: usize = 2_000;

fn hyper(bytes: &[u8], size: usize, method: &Method, closes: bool) -> Understood {
    let (client, mut server) = tokio::io::duplex(1 << 20);
    let mut context = Context::from_waker(Waker::noop());
    let mut understood = Understood {
        head: None,
        data: Vec::new(),
        end: End::Unfinished,
    };
    let patient = {
        let serving = async {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                server.read_buf(&mut request).await.unwrap();
            }
            for piece in bytes.chunks(size) {
                server.write_all(piece).await.unwrap();
                // Lets the client read it.
                tokio::task::yield_now().await;
            }
            if closes {
                server.shutdown().await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let asking = ask(client, method, closes, &mut understood);
        let (mut serving, mut asking) = (pin!(serving), pin!(asking));
        (0..PATIENCE).find_map(|_| {
            let _ = serving.as_mut().poll(&mut context);
            match asking.as_mut().poll(&mut context) {
                Poll::Ready(end) => Some(end),
                Poll::Pending => None,
            }
        })
    };
    if let Some(end) = patient {
        understood.end = end;
    }
    understood
}

async fn ask(
    client: tokio::io::DuplexStream,
    method: &Method,
    closes: bool,
    understood: &mut Understood,
) -> End {
    let (mut sender, driver) = http1::Builder::new()
        .max_headers(256)
        .handshake::<_, NoBody>(TokioIo::new(client))
        .await
        .unwrap();
    let request = Request::builder().method(method).uri("/");
    let request = request.header("host", "h").body(NoBody).unwrap();
    let asking = async {
        let answer = match sender.send_request(request).await {
            Ok(answer) => answer,
            Err(error) if error.is_parse() => return End::NotHttp,
            Err(_) => return End::Cut,
        };
        let (head, body) = answer.into_parts();
        understood.head = Some((head.status.as_u16(), head.headers));
        let mut body = pin!(body);
        while let Some(frame) =
            std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await
        {
            match frame {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        understood.data.extend_from_slice(&data);
                    }
                }
                Err(error) => return end_of(&error),
            }
        }
        // Lets the driver see what follows.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        End::Complete {
            is_usable: !closes && sender.is_ready(),
        }
    };
    let (mut driver, mut asking) = (pin!(driver), pin!(asking));
    let mut is_driven = true;
    std::future::poll_fn(|context| {
        is_driven = is_driven && driver.as_mut().poll(context).is_pending();
        asking.as_mut().poll(context)
    })
    .await
}

fn end_of(error: &hyper::Error) -> End {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    match cause.map(std::io::Error::kind) {
        Some(std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput) => End::BadFraming,
        _ => End::Cut,
    }
}

#[track_caller]
fn assert_agreement(bytes: &[u8], method: &Method) {
    for closes in [false, true] {
        for size in [usize::MAX, 1] {
            let ours = here(bytes, size, method, closes);
            let theirs = hyper(bytes, size, method, closes);
            // Of a head in pieces, hyper looks at the first and at the last.
            let finds_out_later = size == 1 && matches!(theirs.end, End::Unfinished | End::Cut);
            if ours.end == End::NotHttp && finds_out_later {
                continue;
            }
            let text = bytes.escape_ascii();
            assert_eq!(ours, theirs, "{text} in pieces of {size}, closes: {closes}");
        }
    }
}

const FIELDS: &[&str] = &[
    "content-type: text/event-stream\r\n",
    "X-Empty:\r\n",
    "connection: close\r\n",
    "Connection: Keep-Alive\r\n",
    "connection: upgrade, close\r\n",
    "content-length: 5\r\n",
    "content-length: 5, 5\r\n",
    "content-length: 6\r\n",
    "content-length: 0\r\n",
    "content-length: x\r\n",
    "transfer-encoding: chunked\r\n",
    "transfer-encoding: gzip\r\n",
    "transfer-encoding: gzip, chunked\r\n",
    "bad field\r\n",
    "folded: a\r\n b\r\n",
    "x: caf\u{e9}\n",
];

const BODIES: &[&str] = &[
    "",
    "hello",
    "hello and more",
    "5\r\nhello\r\n0\r\n\r\n",
    "5\r\nhello\r\n5\r\nagain\r\n0\r\n\r\nHTTP/1.1 408 Late\r\n\r\n",
    "5;a=b\r\nhello\r\n000\r\nx-trailer: y\r\n\r\n",
    "5;a=b\r\nhello\r\n0\r\nno trailer\r\n\r\n",
    "A \r\n0123456789\r\n0\r\n\r\n",
    "5\nhello\n0\n\n",
    "6\r\nhello\r\n0\r\n\r\n",
    "4\r\nhello\r\n0\r\n\r\n",
    "fffffffffffffffff\r\nhello",
];

const FIRST_LINES: &[&str] = &[
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 200\r\n",
    "HTTP/1.0 200 OK\r\n",
    "\r\n\nHTTP/1.1 503 Busy\n",
    "HTTP/1.1 204 No Content\r\n",
    "HTTP/1.1 304 Not Modified\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
    "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 429 Slow\r\n",
    "HTTP/1.1 99 X\r\n",
    "HTTP/3 200 OK\r\n",
    "ICY 200 OK\r\n",
];

#[test]
fn every_first_line_with_every_body_is_understood_as_by_hyper() {
    for first in FIRST_LINES {
        for field in FIELDS {
            for body in BODIES {
                let bytes = format!("{first}{field}\r\n{body}");
                assert_agreement(bytes.as_bytes(), &Method::GET);
            }
        }
        let head = format!("{first}content-length: 5\r\n\r\n");
        assert_agreement(head.as_bytes(), &Method::HEAD);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_put_together_by_chance_is_understood_as_by_hyper(
        first in prop::sample::select(FIRST_LINES),
        fields in prop::collection::vec(prop::sample::select(FIELDS), 0..4),
        body in prop::sample::select(BODIES),
    ) {
        let bytes = format!("{first}{}\r\n{body}", fields.concat());
        assert_agreement(bytes.as_bytes(), &Method::POST);
    }

    #[test]
    fn what_was_damaged_is_understood_as_by_hyper(
        field in prop::sample::select(FIELDS),
        body in prop::sample::select(BODIES),
        place in any::<prop::sample::Index>(),
        byte in prop_oneof![Just(None), any::<u8>().prop_map(Some), Just(Some(b'\r')), Just(Some(b'\n'))],
        replaces in any::<bool>(),
    ) {
        let mut bytes = format!("HTTP/1.1 200 OK\r\n{field}\r\n{body}").into_bytes();
        let place = place.index(bytes.len());
        match byte {
            Some(byte) if replaces => bytes[place] = byte,
            Some(byte) => bytes.insert(place, byte),
            None => drop(bytes.remove(place)),
        }
        assert_agreement(&bytes, &Method::GET);
    }
}
