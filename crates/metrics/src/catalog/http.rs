//! Where the time of an exchange went, as the transport saw it.

use super::prelude::*;
use crate::facts::HttpTraceFacts;

fn trace<'a>(facts: &'a RecordFacts<'_>) -> Result<&'a HttpTraceFacts, Absence> {
    facts.http.as_ref().ok_or(Absence::NoInput)
}

fn counted(facts: &RecordFacts<'_>, count: fn(&HttpTraceFacts) -> u64) -> Outcome {
    known(Some(count(trace(facts)?)))
}

/// Waiting for a connection of the pool; 0 if there was no wait.
fn blocked(facts: &RecordFacts<'_>) -> Outcome {
    let http = trace(facts)?;
    match http.pool_wait_start_ns {
        None => Ok(Value::Int(0)),
        start => elapsed(start, http.pool_wait_end_ns),
    }
}

/// Looking up the name; 0 if nothing was looked up.
fn dns_lookup(facts: &RecordFacts<'_>) -> Outcome {
    let http = trace(facts)?;
    match http.dns_lookup_start_ns {
        None => Ok(Value::Int(0)),
        start => elapsed(start, http.dns_lookup_end_ns),
    }
}

/// Connecting, TLS included; 0 on an open connection.
fn connecting(facts: &RecordFacts<'_>) -> Outcome {
    let http = trace(facts)?;
    if http.connection_reused {
        return Ok(Value::Int(0));
    }
    elapsed(http.tcp_connect_start_ns, http.tcp_connect_end_ns)
}

/// Writing the request.
fn sending(facts: &RecordFacts<'_>) -> Outcome {
    let http = trace(facts)?;
    elapsed(http.request_send_start_ns, http.request_send_end_ns)
}

/// From the last byte written to the first byte of the answer.
fn waiting(facts: &RecordFacts<'_>) -> Outcome {
    let http = trace(facts)?;
    elapsed(http.request_send_end_ns, http.response_receive_start_ns)
}

/// Reading the answer; 0 if it came in one piece.
fn receiving(facts: &RecordFacts<'_>) -> Outcome {
    let http = trace(facts)?;
    match http.response_chunks {
        0 => Err(Absence::NoInput),
        1 => Ok(Value::Int(0)),
        _ => elapsed(http.response_receive_start_ns, http.response_receive_end_ns),
    }
}

/// From the first byte written to the last byte read.
fn duration(facts: &RecordFacts<'_>) -> Outcome {
    let http = trace(facts)?;
    elapsed(http.request_send_start_ns, http.response_receive_end_ns)
}

fn sum_of_inputs<const COUNT: usize>(inputs: &Inputs<'_>) -> Outcome {
    let mut sum = 0;
    for position in 0..COUNT {
        sum += inputs.int(position)?;
    }
    Ok(Value::Int(sum))
}

/// HTTP trace.
pub(super) static HTTP: &[Metric] = &[
    Metric::record(
        "http_req_blocked",
        "HTTP Blocked",
        Int,
        Formula::Facts(blocked),
    )
    .short("Blocked")
    .units(Nanoseconds, Milliseconds)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2000))
    .explained(
        "`pool_wait_end − pool_wait_start`",
        "wait started, never ended",
    ),
    Metric::record(
        "http_req_dns_lookup",
        "HTTP DNS Lookup",
        Int,
        Formula::Facts(dns_lookup),
    )
    .short("DNS")
    .units(Nanoseconds, Milliseconds)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2010))
    .explained(
        "`dns_lookup_end − dns_lookup_start`",
        "started, never ended",
    ),
    Metric::record(
        "http_req_connecting",
        "HTTP Connecting",
        Int,
        Formula::Facts(connecting),
    )
    .short("Connecting")
    .units(Nanoseconds, Milliseconds)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2020))
    .explained(
        "`tcp_connect_end − tcp_connect_start`",
        "new connection without timestamps",
    ),
    Metric::record(
        "http_req_sending",
        "HTTP Sending",
        Int,
        Formula::Facts(sending),
    )
    .short("Sending")
    .units(Nanoseconds, Milliseconds)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2030))
    .explained(
        "`request_send_end − request_send_start`",
        "timestamps missing",
    ),
    Metric::record(
        "http_req_waiting",
        "HTTP Waiting (TTFB)",
        Int,
        Formula::Facts(waiting),
    )
    .short("TTFB")
    .units(Nanoseconds, Milliseconds)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2040))
    .explained(
        "`response_receive_start − request_send_end`",
        "timestamps missing",
    ),
    Metric::record(
        "http_req_receiving",
        "HTTP Receiving",
        Int,
        Formula::Facts(receiving),
    )
    .short("Receiving")
    .units(Nanoseconds, Milliseconds)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2050))
    .explained(
        "`response_receive_end − response_receive_start`",
        "no chunk",
    ),
    Metric::record(
        "http_req_connection_reused",
        "HTTP Connection Reused",
        Int,
        Formula::Facts(|facts| counted(facts, |http| u64::from(http.connection_reused))),
    )
    .short("Conn Reused")
    .unit(Ratio)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2060))
    .explained("1 reused, 0 new", ""),
    Metric::record(
        "http_req_data_sent",
        "HTTP Data Sent",
        Int,
        Formula::Facts(|facts| counted(facts, |http| http.request_bytes)),
    )
    .short("Sent")
    .units(Bytes, Kilobytes)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2070))
    .explained("request **body** bytes", ""),
    Metric::record(
        "http_req_chunks_sent",
        "HTTP Chunks Sent",
        Int,
        Formula::Facts(|facts| counted(facts, |http| http.request_chunks)),
    )
    .short("Chunks Sent")
    .unit(Count)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2080))
    .explained("request body writes", ""),
    Metric::record(
        "http_req_data_received",
        "HTTP Data Received",
        Int,
        Formula::Facts(|facts| counted(facts, |http| http.response_bytes)),
    )
    .short("Received")
    .units(Bytes, Kilobytes)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2090))
    .explained("response **body** bytes", ""),
    Metric::record(
        "http_req_chunks_received",
        "HTTP Chunks Received",
        Int,
        Formula::Facts(|facts| counted(facts, |http| http.response_chunks)),
    )
    .short("Chunks Recv")
    .unit(Count)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2100))
    .explained("response body reads", ""),
    Metric::record(
        "http_req_connection_overhead",
        "HTTP Connection Overhead",
        Int,
        Formula::Values(sum_of_inputs::<3>),
    )
    .short("Conn Overhead")
    .units(Nanoseconds, Milliseconds)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2110))
    .requires(&[
        "http_req_blocked",
        "http_req_connecting",
        "http_req_dns_lookup",
    ])
    .explained("blocked + dns + connecting", ""),
    Metric::record(
        "http_req_duration",
        "HTTP Duration (excl. conn)",
        Int,
        Formula::Facts(duration),
    )
    .short("Dur (excl)")
    .units(Nanoseconds, Milliseconds)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2120))
    .explained("`response_receive_end − request_send_start`", ""),
    Metric::record(
        "http_req_total",
        "HTTP Total Time",
        Int,
        Formula::Values(sum_of_inputs::<6>),
    )
    .short("Total")
    .units(Nanoseconds, Milliseconds)
    .flags(&[HTTP_TRACE])
    .console(ConsoleGroup::None, Some(2130))
    .requires(&[
        "http_req_blocked",
        "http_req_connecting",
        "http_req_dns_lookup",
        "http_req_receiving",
        "http_req_sending",
        "http_req_waiting",
    ])
    .explained(
        "blocked + dns + connecting + sending + waiting + receiving",
        "",
    ),
];
