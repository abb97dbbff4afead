use serde_json::json;

use crate::conversation::Turn;
use crate::dialect::test_support::{
    assert_no_content, body, failure, json_answer, object, settings, try_body,
};
use crate::format::EndpointSettings;
use crate::kind::EndpointType::VideoGeneration;
use crate::parse::media::VideoJob;

#[test]
fn a_video_body_has_prompt_model_and_extras() {
    let with_extra = EndpointSettings {
        extra: object(&json!({"size": "1280x720", "seconds": 4})),
        ..settings(VideoGeneration)
    };
    assert_eq!(
        body(&with_extra, &Turn::text("cat")),
        r#"{"prompt":"cat","model":"m1","size":"1280x720","seconds":4}"#
    );
    assert!(try_body(&with_extra, &[&Turn::default()]).is_err());
}

#[test]
fn a_finished_job_is_described() {
    let answer = json_answer(
        VideoGeneration,
        r#"{"id":"v1","object":"video","status":"completed","progress":100,"url":null,"size":"1280x720","seconds":4,
            "quality":"standard","model":"m1","created_at":1700000000,"completed_at":1700000009.5,"expires_at":null,
            "inference_time_s":8.25,"peak_memory_mb":20480,"error":null,"usage":{"total_tokens":2}}"#,
    );
    assert_eq!(failure(&answer), None);
    assert_eq!(answer.video_inference_time_s(), Some(8.25));
    assert_eq!(answer.video_peak_memory_mb(), Some(20480.0));
    assert_eq!(answer.usage.unwrap().total_tokens, Some(2));
    let expected = VideoJob {
        id: Some("v1".into()),
        object: Some("video".into()),
        status: Some("completed".into()),
        progress: Some(100.0),
        size: Some("1280x720".into()),
        seconds: Some("4".into()),
        quality: Some("standard".into()),
        model: Some("m1".into()),
        created_at: Some(1_700_000_000.0),
        completed_at: Some(1_700_000_009.5),
        inference_time_s: Some(8.25),
        peak_memory_mb: Some(20480.0),
        ..VideoJob::default()
    };
    assert_eq!(answer.media.unwrap().video, Some(expected));
}

#[test]
fn measures_that_no_job_reports_are_absent() {
    let answer = json_answer(VideoGeneration, r#"{"id":7,"inference_time_s":"fast"}"#);
    assert_eq!(failure(&answer), None);
    assert_eq!(
        (
            answer.video_inference_time_s(),
            answer.video_peak_memory_mb()
        ),
        (None, None)
    );
    assert_eq!(
        answer.media.unwrap().video.unwrap().id.as_deref(),
        Some("7")
    );
}

#[test]
fn answers_that_report_no_job_or_a_failed_one_fail() {
    for body in [
        "{}",
        "[]",
        "",
        r#"{"detail":"x"}"#,
        r#"{"id":null}"#,
        r#"{"id":{}}"#,
    ] {
        assert_no_content(&json_answer(VideoGeneration, body), body);
    }
    for (body, message) in [
        (
            r#"{"id":"v","status":"failed","error":{"message":"oom"}}"#,
            "Video generation failed: oom",
        ),
        (
            r#"{"id":"v","status":"FAILED","error":"oom"}"#,
            "Video generation failed: oom",
        ),
        (
            r#"{"id":"v","status":"failed","error":null}"#,
            "Video generation failed: Unknown error",
        ),
        (
            r#"{"id":"v","status":"failed"}"#,
            "Video generation failed: Unknown error",
        ),
        (
            r#"{"id":"v","status":"cancelled"}"#,
            "Video generation failed: the job is cancelled",
        ),
    ] {
        let answer = json_answer(VideoGeneration, body);
        let failure = answer.failure(1, 100).unwrap();
        assert_eq!(failure.code, Some(500), "{body}");
        assert_eq!(
            failure.kind.as_deref(),
            Some("VideoGenerationError"),
            "{body}"
        );
        assert_eq!(failure.message, message, "{body}");
    }
    let body = r#"{"id":"v","error":{"message":"busy","type":"overloaded"}}"#;
    assert_eq!(
        failure(&json_answer(VideoGeneration, body)),
        Some(("overloaded".into(), "busy".into()))
    );
}
