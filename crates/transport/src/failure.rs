//! Why an exchange did not come to its end.

use std::error::Error;
use std::fmt;
use std::io;

use aiperf_clock::{Nanos, SECOND};

use crate::h1::Http1Error;

/// What kind of thing went wrong on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportFailure {
    /// No connection: refused, unreachable, timed out by the kernel.
    Connect,
    /// The host name has no address.
    NameResolution,
    /// The TLS handshake failed.
    Tls,
    /// The server's certificate was not accepted.
    Certificate,
    /// The server closed the connection before it answered.
    Disconnected,
    /// The connection broke (reset, broken pipe) before or inside the answer.
    Broken,
    /// The answer ended before it was complete.
    Truncated,
    /// What came back is not HTTP.
    NotHttp,
    /// The answers only ever pointed elsewhere.
    TooManyRedirects,
    /// The request took longer than its budget.
    Timeout,
    /// This process may open no more files.
    OutOfDescriptors,
    /// This host has no free local port towards the server.
    OutOfPorts,
    /// The request could not be built (a header with a line break, for example).
    InvalidRequest,
    /// The request was given up on purpose, some time after it had been sent.
    Cancelled,
    /// The request was to be given up after it had been sent, but its time was over before.
    NotSentInTime,
    /// The request was under way when the run or its phase ended.
    CutOff,
}

impl TransportFailure {
    /// The name in the `type` field of error records. These are the names that the reference's
    /// HTTP library gives to the same situations, so that existing analyses keep grouping.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Connect | Self::OutOfPorts => "ClientConnectorError",
            Self::NameResolution => "ClientConnectorDNSError",
            Self::Tls => "ClientConnectorSSLError",
            Self::Certificate => "ClientConnectorCertificateError",
            Self::Disconnected => "ServerDisconnectedError",
            Self::Broken | Self::OutOfDescriptors => "ClientOSError",
            Self::Truncated => "ClientPayloadError",
            Self::NotHttp => "ClientResponseError",
            Self::TooManyRedirects => "TooManyRedirects",
            Self::Timeout => "TimeoutError",
            Self::InvalidRequest => "ValueError",
            Self::Cancelled | Self::CutOff => "RequestCancellationError",
            Self::NotSentInTime => "RequestSendTimeout",
        }
    }
}

/// A failed exchange: the kind and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportError {
    /// What kind of failure.
    pub failure: TransportFailure,
    /// What happened, without parts that differ from request to request, so that equal failures
    /// group together.
    pub message: String,
}

impl TransportError {
    pub(crate) fn new(failure: TransportFailure, message: impl Into<String>) -> Self {
        Self {
            failure,
            message: message.into(),
        }
    }

    pub(crate) fn connecting(authority: &str, error: &io::Error) -> Self {
        let failure = match error.raw_os_error() {
            Some(EMFILE | ENFILE) => TransportFailure::OutOfDescriptors,
            Some(EADDRNOTAVAIL) => TransportFailure::OutOfPorts,
            _ => TransportFailure::Connect,
        };
        Self::new(
            failure,
            format!("cannot connect to `{authority}`: {}", describe(error)),
        )
    }

    pub(crate) fn handshaking(authority: &str, error: &io::Error) -> Self {
        let certificate = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
            .is_some_and(|inner| matches!(inner, rustls::Error::InvalidCertificate(_)));
        let failure = if certificate {
            TransportFailure::Certificate
        } else {
            TransportFailure::Tls
        };
        Self::new(
            failure,
            format!(
                "TLS handshake with `{authority}` failed: {}",
                describe(error)
            ),
        )
    }

    /// Classifies an error of HTTP/1.1. `answered`: whether the answer's head had arrived.
    pub(crate) fn exchanging(error: &Http1Error, answered: bool) -> Self {
        match error {
            Http1Error::Closed => Self::closed(answered),
            Http1Error::Head(reason) => Self::new(
                TransportFailure::NotHttp,
                format!("the answer is not HTTP: {reason}"),
            ),
            Http1Error::Framing(reason) => Self::new(TransportFailure::Truncated, *reason),
            Http1Error::Io(cause) => {
                if let Some(refused) = Self::refused_by_tls(cause) {
                    return refused;
                }
                let failure = match cause.kind() {
                    io::ErrorKind::UnexpectedEof if answered => TransportFailure::Truncated,
                    io::ErrorKind::UnexpectedEof => TransportFailure::Disconnected,
                    // TLS calls what it cannot decrypt invalid data.
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                        TransportFailure::Truncated
                    }
                    _ => TransportFailure::Broken,
                };
                Self::new(failure, describe(cause))
            }
        }
    }

    /// A server that does not like this client's part of the handshake. With TLS 1.3 it says so only
    /// after the client believes that the handshake is over.
    fn refused_by_tls(error: &io::Error) -> Option<Self> {
        // The HTTP/2 layer hands on the words of an error and nothing else.
        let text = error.to_string();
        let reason = match text.strip_prefix("received fatal alert: ")? {
            "CertificateRequired" => "it wants a client certificate".to_owned(),
            alert => format!("it reports {alert}"),
        };
        Some(Self::new(
            TransportFailure::Tls,
            format!("the server ended the TLS connection: {reason}"),
        ))
    }

    /// The connection ended where it should not.
    fn closed(answered: bool) -> Self {
        if answered {
            return Self::new(
                TransportFailure::Truncated,
                "the connection closed before the answer was complete",
            );
        }
        Self::new(
            TransportFailure::Disconnected,
            "the server closed the connection without an answer",
        )
    }

    /// Classifies an error of HTTP/2 as [`Self::exchanging`] does those of HTTP/1.1.
    pub(crate) fn exchanging_http2(error: &h2::Error, answered: bool) -> Self {
        if let Some(cause) = error.get_io() {
            if let Some(refused) = Self::refused_by_tls(cause) {
                return refused;
            }
            // The HTTP/2 layer calls the end of the connection a broken pipe.
            return match cause.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => Self::closed(answered),
                _ => Self::new(TransportFailure::Broken, describe(cause)),
            };
        }
        let reason = error.reason();
        let reason = reason.as_ref().map_or("no reason", h2::Reason::description);
        if error.is_go_away() && error.is_remote() {
            return Self::new(
                TransportFailure::Disconnected,
                format!("the server gave up the connection: {reason}"),
            );
        }
        if error.is_reset() && error.is_remote() {
            return Self::new(
                TransportFailure::Broken,
                format!("the server gave up the request: {reason}"),
            );
        }
        if error.is_reset() || error.is_go_away() {
            return Self::new(
                TransportFailure::NotHttp,
                format!("the answer is not HTTP/2: {reason}"),
            );
        }
        Self::new(TransportFailure::InvalidRequest, error.to_string())
    }

    pub(crate) fn cancelled(delay: Nanos) -> Self {
        let seconds = delay as f64 / SECOND as f64;
        Self::new(
            TransportFailure::Cancelled,
            format!("Request cancelled {seconds:.3}s after being sent"),
        )
    }

    pub(crate) fn not_sent_in_time() -> Self {
        Self::new(
            TransportFailure::NotSentInTime,
            "Timed out waiting for request to be sent",
        )
    }

    pub(crate) fn cut_off() -> Self {
        Self::new(
            TransportFailure::CutOff,
            "Request cancelled by external signal",
        )
    }

    pub(crate) fn timed_out() -> Self {
        Self::new(
            TransportFailure::Timeout,
            "the request took longer than its timeout",
        )
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for TransportError {}

const ENFILE: i32 = 23;
const EMFILE: i32 = 24;
#[cfg(target_os = "linux")]
const EADDRNOTAVAIL: i32 = 99;
#[cfg(not(target_os = "linux"))]
const EADDRNOTAVAIL: i32 = 49;

/// An I/O error in words, first letter in lower case like all messages of this program.
fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use rustls::AlertDescription;

    use super::*;

    #[test]
    fn a_tls_alert_after_the_handshake_is_a_failure_of_tls() {
        for (alert, reason) in [
            (
                AlertDescription::CertificateRequired,
                "it wants a client certificate",
            ),
            (
                AlertDescription::CertificateExpired,
                "it reports CertificateExpired",
            ),
        ] {
            let alert = rustls::Error::AlertReceived(alert);
            let words = io::Error::new(io::ErrorKind::InvalidData, alert.to_string());
            assert!(TransportError::refused_by_tls(&words).is_some());
            let error = Http1Error::Io(io::Error::new(io::ErrorKind::InvalidData, alert));
            for answered in [false, true] {
                let error = TransportError::exchanging(&error, answered);
                assert_eq!(error.failure.type_name(), "ClientConnectorSSLError");
                assert_eq!(
                    error.message,
                    format!("the server ended the TLS connection: {reason}")
                );
            }
        }
        let garbled = rustls::Error::DecryptError;
        let garbled = Http1Error::Io(io::Error::new(io::ErrorKind::InvalidData, garbled));
        let error = TransportError::exchanging(&garbled, true);
        assert_eq!(error.failure, TransportFailure::Truncated);
    }
}
