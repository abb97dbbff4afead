//! Exchanges on disk, for the time that recording is behind.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::SocketAddr;

use aiperf_engine::{CorrelationId, Exchange, JobFailure};
use aiperf_transport::exchange::ConnectionFacts;
use aiperf_transport::{HttpExchange, Received, TransportError, TransportFailure};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A first-in, first-out file. It has no name, so nothing is left behind whatever happens.
#[derive(Default)]
pub(crate) struct Spill {
    file: Option<File>,
    read_at: u64,
    write_at: u64,
    waiting: u64,
}

impl Spill {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Appends an exchange.
    pub(crate) fn put(&mut self, exchange: &Exchange) -> io::Result<()> {
        let encoded = postcard::to_stdvec(&Spilled::of(exchange)).map_err(io::Error::other)?;
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.write_at))?;
        file.write_all(&(encoded.len() as u64).to_le_bytes())?;
        file.write_all(&encoded)?;
        self.write_at += 8 + encoded.len() as u64;
        self.waiting += 1;
        Ok(())
    }

    /// The oldest exchange.
    pub(crate) fn take(&mut self) -> Option<Exchange> {
        if self.waiting == 0 {
            return None;
        }
        self.waiting -= 1;
        match self.read_next() {
            Ok(exchange) => Some(exchange),
            Err(error) => {
                tracing::error!("a spilled exchange could not be read back: {error}");
                self.waiting = 0;
                None
            }
        }
    }

    fn read_next(&mut self) -> io::Result<Exchange> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(self.read_at))?;
        let mut length = [0; 8];
        file.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        let mut encoded = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        file.read_exact(&mut encoded)?;
        self.read_at += 8 + length;
        if self.waiting == 0 {
            // Everything was read: give the space back.
            file.set_len(0)?;
            (self.read_at, self.write_at) = (0, 0);
        }
        let spilled: Spilled<'_> = postcard::from_bytes(&encoded).map_err(io::Error::other)?;
        spilled.into_exchange().map_err(io::Error::other)
    }
}

/// Code, kind and message of a failed job.
type SpilledFailure<'a> = (Option<i64>, Option<Cow<'a, str>>, Cow<'a, str>);

/// An exchange in types that can be encoded.
#[derive(Serialize, Deserialize)]
struct Spilled<'a> {
    phase: usize,
    request_index: u64,
    conversation: usize,
    turn: usize,
    worker: usize,
    target: usize,
    request_id: u128,
    correlation_id: CorrelationId,
    session: u64,
    intended: Option<u64>,
    issued: u64,
    slot_empty: Option<u64>,
    #[serde(borrow)]
    request_body: Cow<'a, [u8]>,
    start: u64,
    is_reused: bool,
    pool_wait: Option<(u64, u64)>,
    name_was_known: bool,
    ready_at: Option<u64>,
    dns: Option<(u64, u64)>,
    tcp: Option<(u64, u64)>,
    tls: Option<(u64, u64)>,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    send_start: Option<u64>,
    send_end: Option<u64>,
    is_sent: bool,
    writes: u32,
    first_byte: Option<u64>,
    head_at: Option<u64>,
    status: Option<u16>,
    job_failure: Option<SpilledFailure<'a>>,
    headers: Vec<(Cow<'a, str>, Cow<'a, [u8]>)>,
    received: Cow<'a, Received>,
    end: u64,
    error: Option<(u8, Cow<'a, str>)>,
    read_count: u32,
    kernel_stamped_reads: u32,
    receive_delay_max: u64,
    receive_delay_sum: u64,
}

/// Every failure, at the position that stands for it in the file.
const FAILURES: [TransportFailure; 16] = [
    TransportFailure::Connect,
    TransportFailure::NameResolution,
    TransportFailure::Tls,
    TransportFailure::Certificate,
    TransportFailure::Disconnected,
    TransportFailure::Broken,
    TransportFailure::Truncated,
    TransportFailure::NotHttp,
    TransportFailure::TooManyRedirects,
    TransportFailure::Timeout,
    TransportFailure::OutOfDescriptors,
    TransportFailure::OutOfPorts,
    TransportFailure::InvalidRequest,
    TransportFailure::Cancelled,
    TransportFailure::NotSentInTime,
    TransportFailure::CutOff,
];

impl<'a> Spilled<'a> {
    fn of(exchange: &'a Exchange) -> Self {
        let http = &exchange.http;
        let failure_code = |failure| FAILURES.iter().position(|&known| known == failure);
        Self {
            phase: exchange.phase,
            request_index: exchange.request_index,
            conversation: exchange.conversation,
            turn: exchange.turn,
            worker: exchange.worker,
            target: exchange.target,
            request_id: exchange.request_id.as_u128(),
            correlation_id: exchange.correlation_id.clone(),
            session: exchange.session,
            intended: exchange.intended,
            issued: exchange.issued,
            slot_empty: exchange.slot_empty,
            request_body: Cow::Borrowed(&exchange.body),
            start: http.start,
            is_reused: http.connection.is_reused,
            pool_wait: http.connection.pool_wait,
            name_was_known: http.connection.name_was_known,
            ready_at: http.connection.ready_at,
            dns: http.connection.dns,
            tcp: http.connection.tcp,
            tls: http.connection.tls,
            local: http.connection.local,
            remote: http.connection.remote,
            send_start: http.send_start,
            send_end: http.send_end,
            is_sent: http.is_sent,
            writes: http.writes,
            first_byte: http.first_byte,
            head_at: http.head_at,
            status: http.status.map(|status| status.as_u16()),
            job_failure: exchange.job_failure.as_ref().map(|failure| {
                let kind = failure.kind.as_deref().map(Cow::Borrowed);
                (failure.code, kind, failure.message.as_str().into())
            }),
            headers: http
                .headers
                .iter()
                .map(|(name, value)| (name.as_str().into(), value.as_bytes().into()))
                .collect(),
            received: Cow::Borrowed(&http.received),
            end: http.end,
            error: http.error.as_ref().map(|error| {
                let code = failure_code(error.failure).unwrap_or_default() as u8;
                (code, Cow::Borrowed(error.message.as_str()))
            }),
            read_count: http.read_count,
            kernel_stamped_reads: http.kernel_stamped_reads,
            receive_delay_max: http.receive_delay_max,
            receive_delay_sum: http.receive_delay_sum,
        }
    }

    fn into_exchange(self) -> Result<Exchange, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::try_from(name.as_ref()).map_err(|error| error.to_string())?;
            let value = HeaderValue::from_bytes(value).map_err(|error| error.to_string())?;
            headers.append(name, value);
        }
        let status = self.status.map(StatusCode::from_u16).transpose();
        let error = self.error.map(|(code, message)| {
            let failure = FAILURES.get(usize::from(code)).copied();
            let failure = failure.ok_or_else(|| format!("unknown failure {code}"))?;
            Ok::<_, String>(TransportError {
                failure,
                message: message.into_owned(),
            })
        });
        Ok(Exchange {
            phase: self.phase,
            request_index: self.request_index,
            conversation: self.conversation,
            turn: self.turn,
            worker: self.worker,
            target: self.target,
            request_id: Uuid::from_u128(self.request_id),
            correlation_id: self.correlation_id,
            session: self.session,
            intended: self.intended,
            issued: self.issued,
            slot_empty: self.slot_empty,
            body: Bytes::from(self.request_body.into_owned()),
            job_failure: self.job_failure.map(|(code, kind, message)| JobFailure {
                code,
                kind: kind.map(Cow::into_owned),
                message: message.into_owned(),
            }),
            http: HttpExchange {
                start: self.start,
                connection: ConnectionFacts {
                    is_reused: self.is_reused,
                    pool_wait: self.pool_wait,
                    name_was_known: self.name_was_known,
                    ready_at: self.ready_at,
                    dns: self.dns,
                    tcp: self.tcp,
                    tls: self.tls,
                    local: self.local,
                    remote: self.remote,
                },
                send_start: self.send_start,
                send_end: self.send_end,
                is_sent: self.is_sent,
                writes: self.writes,
                first_byte: self.first_byte,
                head_at: self.head_at,
                status: status.map_err(|error| error.to_string())?,
                headers,
                received: self.received.into_owned(),
                end: self.end,
                error: error.transpose()?,
                read_count: self.read_count,
                kernel_stamped_reads: self.kernel_stamped_reads,
                receive_delay_max: self.receive_delay_max,
                receive_delay_sum: self.receive_delay_sum,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_comes_back_as_it_was() {
        let mut headers = HeaderMap::new();
        headers.insert(
            "content-type",
            HeaderValue::from_static("text/event-stream"),
        );
        headers.append("x-twice", HeaderValue::from_static("1"));
        headers.append("x-twice", HeaderValue::from_static("2"));
        let exchange = Exchange {
            phase: 1,
            request_index: 2,
            conversation: 3,
            turn: 4,
            worker: 5,
            target: 6,
            request_id: Uuid::from_u128(7),
            correlation_id: CorrelationId::Scheduled("c".into()),
            session: 33,
            intended: Some(9),
            issued: 10,
            slot_empty: Some(11),
            body: Bytes::from_static(b"sent"),
            job_failure: Some(JobFailure {
                code: Some(504),
                kind: Some("TimeoutError".to_owned()),
                message: "late".to_owned(),
            }),
            http: HttpExchange {
                start: 12,
                connection: ConnectionFacts {
                    is_reused: true,
                    pool_wait: Some((33, 34)),
                    name_was_known: true,
                    ready_at: Some(13),
                    dns: Some((14, 15)),
                    tcp: Some((16, 17)),
                    tls: Some((18, 19)),
                    local: Some(([127, 0, 0, 1], 20).into()),
                    remote: Some(([127, 0, 0, 1], 21).into()),
                },
                send_start: Some(22),
                send_end: Some(23),
                is_sent: true,
                writes: 24,
                first_byte: Some(25),
                head_at: Some(26),
                status: Some(StatusCode::OK),
                headers,
                received: Received::from_iter([(&b"received"[..], 27)]),
                end: 28,
                error: Some(TransportError {
                    failure: TransportFailure::Truncated,
                    message: "cut".to_owned(),
                }),
                read_count: 29,
                kernel_stamped_reads: 30,
                receive_delay_max: 31,
                receive_delay_sum: 32,
            },
        };
        let mut spill = Spill::default();
        spill.put(&exchange).unwrap();
        let back = spill.take().unwrap();
        assert_eq!(format!("{back:?}"), format!("{exchange:?}"));
        assert!(spill.is_empty() && spill.take().is_none());
    }
}
