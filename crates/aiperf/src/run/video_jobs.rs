//! Videos: submitted, asked after, perhaps downloaded.

use aiperf_endpoint::polling::{PollResponse, PollSettings, Step, VideoPolling};
use aiperf_engine::{Job, JobFailure, JobStep, Jobs};
use aiperf_transport::{HttpExchange, Target};
use url::Url;

/// The video jobs of a run: the settings of each of its URLs.
pub(crate) struct VideoJobs(Vec<PollSettings>);

impl VideoJobs {
    pub(crate) fn new(
        urls: Vec<Url>,
        timeout_ns: Option<u64>,
        interval_ns: u64,
        download: bool,
    ) -> Self {
        let settings = |submit_url| PollSettings {
            submit_url,
            timeout_ns,
            interval_ns,
            download,
        };
        Self(urls.into_iter().map(settings).collect())
    }
}

impl Jobs for VideoJobs {
    fn begin(&self, target: usize) -> Box<dyn Job> {
        let settings = self.0[target].clone();
        Box::new(VideoJob(Some(VideoPolling::new(settings))))
    }
}

/// Absent once the job is over.
struct VideoJob(Option<VideoPolling>);

impl Job for VideoJob {
    fn next(&mut self, answer: &HttpExchange) -> JobStep {
        let body = answer.received.unfold().bytes;
        let response = PollResponse {
            status: answer.status.map_or(0, |status| status.as_u16()),
            content_type: answer.content_type(),
            body: &body,
            at: answer.end,
        };
        let Some(polling) = self.0.take() else {
            return JobStep::Done {
                body,
                at: answer.end,
            };
        };
        let (url, at, with_credentials) = match polling.advance(&response) {
            Step::Poll { url, at, then } => {
                self.0 = Some(then);
                (url, at, true)
            }
            Step::Download {
                url,
                same_origin,
                then,
            } => {
                self.0 = Some(then);
                (url, 0, same_origin)
            }
            Step::Done { body, at } => return JobStep::Done { body, at },
            Step::Failed(failure) => {
                return JobStep::Failed(JobFailure {
                    code: failure.code,
                    kind: failure.kind,
                    message: failure.message,
                });
            }
        };
        match Target::parse(url.as_str()) {
            Ok(target) => JobStep::Get {
                target: Box::new(target),
                at,
                with_credentials,
            },
            Err(error) => JobStep::Failed(JobFailure {
                code: Some(500),
                kind: Some("VideoGenerationError".to_owned()),
                message: error.to_string(),
            }),
        }
    }
}
