use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000_000;

fn settings(submit_url: &str) -> PollSettings {
    PollSettings {
        submit_url: Url::parse(submit_url).unwrap(),
        timeout_ns: Some(10 * SECOND),
        interval_ns: 3 * SECOND,
        download: false,
    }
}

fn json(body: &str, at: u64) -> PollResponse<'_> {
    PollResponse {
        status: 200,
        content_type: Some("application/json"),
        body: body.as_bytes(),
        at,
    }
}

const PENDING: &str = r#"{"id":"v1","status":"in_progress","progress":50}"#;
const COMPLETED: &str = r#"{"id":"v1","status":"completed"}"#;

/// Submits a job named `v1` at `at` and gives its first poll.
fn submit(settings: PollSettings, at: u64) -> (Url, u64, VideoPolling) {
    match VideoPolling::new(settings).advance(&json(r#"{"id":"v1","status":"queued"}"#, at)) {
        Step::Poll { url, at, then } => (url, at, then),
        step => panic!("{step:?}"),
    }
}

fn failure(step: Step) -> (Option<i64>, String, String) {
    match step {
        Step::Failed(failure) => (failure.code, failure.kind.unwrap(), failure.message),
        step => panic!("{step:?}"),
    }
}

#[test]
fn a_job_is_polled_at_once_and_then_every_interval_until_it_is_done() {
    let (url, at, polling) = submit(settings("http://h/v1/videos"), 5 * SECOND);
    assert_eq!((url.as_str(), at), ("http://h/v1/videos/v1", 5 * SECOND));
    let Step::Poll { url, at, then } = polling.advance(&json(PENDING, 6 * SECOND)) else {
        panic!("no poll")
    };
    assert_eq!((url.as_str(), at), ("http://h/v1/videos/v1", 9 * SECOND));
    let completed = r#"{"id":"v1","status":"Completed","inference_time_s":2}"#;
    let done = Step::Done {
        body: completed.as_bytes().to_vec(),
        at: 10 * SECOND,
    };
    assert_eq!(then.advance(&json(completed, 10 * SECOND)), done);
}

#[test]
fn the_last_poll_is_at_the_deadline() {
    let (_, _, polling) = submit(settings("http://h/v1/videos"), SECOND);
    // 10 s after the submission, not the full interval later.
    let Step::Poll { at, then, .. } = polling.advance(&json(PENDING, 9 * SECOND)) else {
        panic!("no poll")
    };
    assert_eq!(at, 11 * SECOND);
    assert!(matches!(
        then.clone().advance(&json(COMPLETED, 12 * SECOND)),
        Step::Done { .. }
    ));
    assert_eq!(
        failure(then.advance(&json(PENDING, 11 * SECOND))),
        (
            Some(504),
            "TimeoutError".into(),
            "Video generation timed out after 10.0s".into()
        )
    );
}

#[test]
fn without_a_timeout_a_job_is_polled_for_ever() {
    let endless = PollSettings {
        timeout_ns: None,
        ..settings("http://h/v1/videos")
    };
    let (_, _, polling) = submit(endless, 0);
    let step = polling.advance(&json(PENDING, u64::MAX - 1));
    assert!(matches!(step, Step::Poll { at: u64::MAX, .. }), "{step:?}");
}

#[test]
fn the_job_stands_below_the_submit_url() {
    for (submit_url, id, expected) in [
        ("http://h/v1/videos/", "v1", "http://h/v1/videos/v1"),
        (
            "http://h/v1/videos?api-version=1",
            "v1",
            "http://h/v1/videos/v1?api-version=1",
        ),
        (
            "http://h/v1/videos",
            "a/b?c",
            "http://h/v1/videos/a%2Fb%3Fc",
        ),
    ] {
        let body = format!(r#"{{"id":"{id}"}}"#);
        let step = VideoPolling::new(settings(submit_url)).advance(&json(&body, 1));
        let Step::Poll { url, .. } = step else {
            panic!("{step:?}")
        };
        assert_eq!(url.as_str(), expected);
    }
}

/// The download of a job whose last report is this one.
fn download(report: &str) -> (Url, bool, VideoPolling) {
    let with_download = PollSettings {
        download: true,
        ..settings("http://h/v1/videos")
    };
    let (_, _, polling) = submit(with_download, SECOND);
    match polling.advance(&json(report, 2 * SECOND)) {
        Step::Download {
            url,
            same_origin,
            then,
        } => (url, same_origin, then),
        step => panic!("{step:?}"),
    }
}

#[test]
fn a_video_is_downloaded_from_where_the_job_says_or_from_below_the_job() {
    for (report, expected, expected_same_origin) in [
        (COMPLETED, "http://h/v1/videos/v1/content", true),
        (
            r#"{"status":"completed","url":""}"#,
            "http://h/v1/videos/v1/content",
            true,
        ),
        (
            r#"{"status":"completed","url":"/files/1.mp4"}"#,
            "http://h/files/1.mp4",
            true,
        ),
        (
            r#"{"status":"completed","url":"https://s3/1.mp4?sig=x"}"#,
            "https://s3/1.mp4?sig=x",
            false,
        ),
    ] {
        let (url, same_origin, _) = download(report);
        assert_eq!(
            (url.as_str(), same_origin),
            (expected, expected_same_origin)
        );
    }
}

#[test]
fn a_download_counts_if_it_is_a_video() {
    let response = |status, content_type, body| PollResponse {
        status,
        content_type,
        body,
        at: 9 * SECOND,
    };
    for response in [
        response(200, Some("video/mp4"), b"mp4"),
        response(200, Some("application/octet-stream"), b"mp4"),
        response(206, None, b"mp4"),
    ] {
        // The latency ends with the last report, before the download.
        let done = Step::Done {
            body: COMPLETED.as_bytes().to_vec(),
            at: 2 * SECOND,
        };
        assert_eq!(download(COMPLETED).2.advance(&response), done);
    }
    for (response, code, reason) in [
        (
            response(200, Some("application/json"), b"{}"),
            500,
            "the answer is no video",
        ),
        (
            response(200, Some("video/mp4"), b""),
            500,
            "the answer is no video",
        ),
        (
            response(404, Some("video/mp4"), b"mp4"),
            404,
            "HTTP 404 Not Found",
        ),
        (response(599, None, b""), 599, "HTTP 599"),
    ] {
        assert_eq!(
            failure(download(COMPLETED).2.advance(&response)),
            (
                Some(code),
                "VideoDownloadError".into(),
                format!("Failed to download video: {reason}")
            )
        );
    }
}

#[test]
fn responses_that_bring_no_job_fail() {
    let response = |status, content_type, body: &'static str| PollResponse {
        status,
        content_type: Some(content_type),
        body: body.as_bytes(),
        at: 2 * SECOND,
    };
    let generation = |message: &str| (Some(500), "VideoGenerationError".into(), message.to_owned());
    let json = "application/json";
    for (response, expected) in [
        (
            response(200, json, ""),
            generation("No response from video S"),
        ),
        (
            response(200, "video/mp4", "x"),
            generation("Unexpected response type from video S"),
        ),
        (
            response(200, json, "<a>"),
            generation("Invalid JSON in video S response (status 200): <a>"),
        ),
        (
            response(503, json, "busy"),
            (Some(503), "Service Unavailable".into(), "busy".into()),
        ),
        (
            response(301, json, ""),
            (Some(301), "Moved Permanently".into(), String::new()),
        ),
    ] {
        for step in ["submit", "poll"] {
            let polling = match step {
                "submit" => VideoPolling::new(settings("http://h/v1/videos")),
                _ => submit(settings("http://h/v1/videos"), SECOND).2,
            };
            let (code, kind, message) = expected.clone();
            let message = message.replace("video S", &format!("video {step}"));
            assert_eq!(failure(polling.advance(&response)), (code, kind, message));
        }
    }
    let polling = VideoPolling::new(settings("http://h/v1/videos"));
    assert_eq!(
        failure(polling.advance(&response(200, json, r#"{"id":null}"#))),
        generation(r#"No job ID returned: {"id":null}"#)
    );
}

#[test]
fn a_job_that_ends_without_a_video_fails() {
    for (report, reason) in [
        (r#"{"status":"failed","error":{"message":"oom"}}"#, "oom"),
        (r#"{"status":"failed","error":{}}"#, "Unknown error"),
        (r#"{"status":"expired"}"#, "the job is expired"),
    ] {
        let (_, _, polling) = submit(settings("http://h/v1/videos"), SECOND);
        assert_eq!(
            failure(polling.advance(&json(report, 2 * SECOND))),
            (
                Some(500),
                "VideoGenerationError".into(),
                format!("Video generation failed: {reason}")
            )
        );
    }
}

proptest! {
    #[test]
    fn no_response_breaks_the_machine(
        bodies in prop::collection::vec("(\\{\"id\":\"[a-z./%]{0,4}\",\"status\":\"(queued|completed|failed)\",\"url\":\"[a-z:/]{0,8}\"\\}|.{0,12})", 1..5),
        status in prop::sample::select(vec![200_u16, 202, 404, 0, 999]),
        at in any::<u64>(),
    ) {
        let with_download = PollSettings { download: true, ..settings("http://h/v1/videos") };
        let mut polling = VideoPolling::new(with_download);
        for body in &bodies {
            let response = PollResponse { status, ..json(body, at) };
            polling = match polling.advance(&response) {
                Step::Poll { then, .. } | Step::Download { then, .. } => then,
                Step::Done { .. } | Step::Failed(_) => break,
            };
        }
    }
}
