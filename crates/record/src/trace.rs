//! The `trace_data` of a record: every instant of the exchange on the wall clock.

use aiperf_clock::{Clock, Nanos};
use aiperf_endpoint::failure::reason_phrase;
use aiperf_endpoint::headers::RequestIds;
use aiperf_engine::Exchange;
use aiperf_model::TraceData;
use aiperf_redact::header_value;
use aiperf_transport::ReceivedBody;

use crate::settings::RecorderSettings;

/// Readers know the layout of the members by this name.
const LAYOUT: &str = "aiohttp";

pub(crate) fn trace_data(
    settings: &RecorderSettings,
    exchange: &Exchange,
    body: &ReceivedBody,
) -> TraceData {
    let http = &exchange.http;
    let connection = &http.connection;
    let clock = settings.clock;
    let epoch = |instant: Option<Nanos>| instant.map(|instant| epoch(clock, instant));
    let between =
        |start: Option<Nanos>, end: Option<Nanos>| Some(end?.cast_signed() - start?.cast_signed());
    let receive_start = http.received.first_at().or(http.head_at);
    let receive_end = http.received.last_at().or(http.head_at);
    let connect_start = connection.tcp.map(|(start, _)| start);
    let connect_end = connection.tls.or(connection.tcp).map(|(_, end)| end);
    let body_length = exchange.body.len() as u64;

    let mut response_chunks = Vec::with_capacity(body.reads.len());
    let mut previous_end = 0;
    for mark in &body.reads {
        response_chunks.push((
            self::epoch(clock, mark.at),
            (mark.end - previous_end) as u64,
        ));
        previous_end = mark.end;
    }
    let ids = RequestIds {
        x_request_id: &exchange.request_id.to_string(),
        x_correlation_id: &exchange.correlation_id.to_string(),
        parent_correlation_id: None,
    };
    let redacted =
        |name: &str, value: &str| (name.to_owned(), header_value(name, value).to_owned());
    TraceData {
        trace_type: LAYOUT.to_owned(),
        request_send_start_ns: epoch(http.send_start),
        request_headers: Some(
            settings
                .headers
                .headers(ids)
                .map(|(name, value)| redacted(name, value))
                .collect(),
        ),
        request_headers_sent_ns: epoch(http.send_end),
        request_chunks: epoch(http.send_end)
            .map(|sent| (sent, body_length))
            .into_iter()
            .collect(),
        request_send_end_ns: epoch(http.send_end),
        request_chunks_count: u64::from(http.send_end.is_some()),
        request_bytes_total: if http.send_end.is_some() {
            body_length
        } else {
            0
        },
        response_status_code: http.status.map(|status| status.as_u16()),
        response_reason: http
            .status
            .map(|status| reason_phrase(status.as_u16()).to_owned()),
        response_receive_start_ns: epoch(receive_start),
        response_headers: http.status.map(|_| {
            let fields = http.headers.iter();
            fields
                .map(|(name, value)| {
                    redacted(name.as_str(), &String::from_utf8_lossy(value.as_bytes()))
                })
                .collect()
        }),
        response_headers_received_ns: epoch(http.head_at),
        response_chunks_count: response_chunks.len() as u64,
        response_chunks,
        response_bytes_total: http.received.len() as u64,
        response_receive_end_ns: epoch(receive_end),
        error_timestamp_ns: http.error.as_ref().map(|_| self::epoch(clock, http.end)),
        tcp_connect_start_ns: epoch(connect_start),
        tcp_connect_end_ns: epoch(connect_end),
        connection_reused_ns: epoch(connection.ready_at.filter(|_| connection.is_reused)),
        connection_pool_wait_start_ns: epoch(connection.pool_wait.map(|(start, _)| start)),
        connection_pool_wait_end_ns: epoch(connection.pool_wait.map(|(_, end)| end)),
        dns_cache_hit_ns: epoch(connection.ready_at.filter(|_| connection.name_was_known)),
        dns_cache_miss_ns: epoch(connection.dns.map(|(start, _)| start)),
        dns_lookup_start_ns: epoch(connection.dns.map(|(start, _)| start)),
        dns_lookup_end_ns: epoch(connection.dns.map(|(_, end)| end)),
        local_ip: connection.local.map(|address| address.ip().to_string()),
        local_port: connection.local.map(|address| address.port()),
        remote_ip: connection.remote.map(|address| address.ip().to_string()),
        remote_port: connection.remote.map(|address| address.port()),
        sending_ns: between(http.send_start, http.send_end),
        waiting_ns: between(http.send_end, receive_start),
        receiving_ns: between(receive_start, receive_end),
        duration_ns: between(http.send_start, receive_end),
        dns_lookup_ns: connection
            .dns
            .map(|(start, end)| end.cast_signed() - start.cast_signed()),
        connecting_ns: between(connect_start, connect_end),
        ..TraceData::default()
    }
}

fn epoch(clock: Clock, instant: Nanos) -> u64 {
    clock.epoch(instant).cast_unsigned()
}
