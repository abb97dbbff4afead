//! Requests whose first answer is only the beginning: a job was accepted and is asked after.

use aiperf_clock::{Nanos, monotonic_now};
use aiperf_transport::{HttpExchange, Lease, OutgoingRequest, Received, Target, Watch};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method};

use crate::io_thread::IoThread;
use crate::request::within;

/// Knows how the jobs of a run go on.
pub trait Jobs: Send + Sync {
    /// A job that is submitted to one of the run's URLs.
    fn begin(&self, target: usize) -> Box<dyn Job>;
}

/// A job under way.
pub trait Job {
    /// What comes after an answer that came completely, whatever its status.
    fn next(&mut self, answer: &HttpExchange) -> JobStep;
}

/// What comes next.
pub enum JobStep {
    /// Ask again.
    Get {
        /// Where.
        target: Box<Target>,
        /// When; in the past for at once.
        at: Nanos,
        /// Whether the server may see the run's credentials.
        with_credentials: bool,
    },
    /// The job is done.
    Done {
        /// What it came to.
        body: Vec<u8>,
        /// When that was known: the end of the request.
        at: Nanos,
    },
    /// The job failed.
    Failed(JobFailure),
}

/// Why a job failed, in the words of the result files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFailure {
    /// A status that describes the failure.
    pub code: Option<i64>,
    /// What kind of failure it is.
    pub kind: Option<String>,
    /// What happened.
    pub message: String,
}

/// Follows a job whose submission has been answered. In the end `http` looks as if the submission
/// had been answered with what the job came to.
pub(crate) async fn follow(
    thread: &IoThread,
    mut job: Box<dyn Job>,
    mut headers: HeaderMap,
    http: &mut HttpExchange,
) -> Option<JobFailure> {
    // Requests after the first have no body.
    headers.remove(CONTENT_TYPE);
    let mut step = job.next(http);
    loop {
        match step {
            JobStep::Get {
                target,
                at,
                with_credentials,
            } => {
                if at > monotonic_now() {
                    thread.timer.sleep_until(at).await;
                }
                let answer = get(thread, &target, &headers, with_credentials).await;
                if answer.error.is_some() {
                    http.end = answer.end;
                    http.error = answer.error;
                    return None;
                }
                step = job.next(&answer);
                // The type of the last report is that of the answer.
                http.headers = answer.headers;
            }
            JobStep::Done { body, at } => {
                http.received = Received::from_iter([(&body[..], at)]);
                http.end = at;
                return None;
            }
            JobStep::Failed(failure) => {
                http.end = monotonic_now();
                return Some(failure);
            }
        }
    }
}

async fn get(
    thread: &IoThread,
    target: &Target,
    headers: &HeaderMap,
    with_credentials: bool,
) -> HttpExchange {
    let request = || {
        let mut headers = headers.clone();
        if !with_credentials {
            headers.remove(AUTHORIZATION);
            headers.remove("x-api-key");
        }
        OutgoingRequest {
            method: Method::GET,
            headers,
            body: Bytes::new(),
        }
    };
    let mut answer = HttpExchange::default();
    let watch = Watch {
        repeat: Some(&request),
        ..Watch::default()
    };
    let performing =
        thread
            .transport
            .perform_to(target, request(), Lease::Pooled, &mut answer, watch);
    if !within(thread.request_timeout, performing).await {
        answer.give_up_timed_out();
    }
    answer
}
