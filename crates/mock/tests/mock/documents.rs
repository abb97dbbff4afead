//! Routes whose answers have no tokens.

use crate::client::{Client, End, Response, start, with};
use aiperf_mock::{MockOptions, MockServer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Posts a form of texts and of files with their content types.
fn post_form(
    server: &MockServer,
    path: &str,
    texts: &[(&str, &str)],
    files: &[(&str, &str, &[u8])],
) -> Response {
    let mut body = Vec::new();
    for (name, text) in texts {
        let part =
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    for (name, content_type, bytes) in files {
        let part = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        );
        body.extend_from_slice(part.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    let mut client = Client::connect(server);
    let header = "Content-Type: multipart/form-data; boundary=edge\r\n";
    client.send("POST", path, header, &body);
    client.response()
}

#[test]
fn embeddings_are_functions_of_their_texts() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    let body = json!({"model": "m", "input": ["one two", "three", "one two"]});
    let answer = client.post("/v1/embeddings", &body).json();
    let data = answer["data"].as_array().unwrap();
    assert_eq!(data.len(), 3);
    assert_eq!(data[0]["embedding"].as_array().unwrap().len(), 768);
    assert_eq!(data[0]["embedding"], data[2]["embedding"]);
    assert_ne!(data[0]["embedding"], data[1]["embedding"]);
    assert_eq!(
        answer["usage"],
        json!({"prompt_tokens": 5, "total_tokens": 5})
    );

    let encoded = with(body, json!({"encoding_format": "base64", "dimensions": 16}));
    let answer = client.post("/v1/embeddings", &encoded).json();
    let bytes = STANDARD
        .decode(answer["data"][0]["embedding"].as_str().unwrap())
        .unwrap();
    assert_eq!(bytes.len(), 16 * 4);

    let media = json!({"model": "m", "messages": [{"role": "user", "content": [
        {"type": "text", "text": "one"}, {"type": "image_url", "image_url": {"url": "data:x"}}]}]});
    assert_eq!(
        client.post("/v1/embeddings", &media).json()["data"][0]["object"],
        "embedding"
    );
    let ids = json!({"model": "m", "input": [[1, 2], [3]]});
    assert_eq!(
        client.post("/v1/embeddings", &ids).json()["usage"]["prompt_tokens"],
        3
    );
    for more in [
        json!({}),
        json!({"input": []}),
        json!({"input": [true]}),
        json!({"input": "x", "dimensions": 0}),
        json!({"input": "x", "encoding_format": "hex"}),
    ] {
        assert_eq!(client.post("/v1/embeddings", &more).status, 400, "{more}");
    }
}

#[test]
fn rankings_are_sorted_by_score_in_each_protocol() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    let texts = json!(["a", "b", "c"]);
    let passages = json!([{"text": "a"}, {"text": "b"}, {"text": "c"}]);
    for (path, body, list, score) in [
        (
            "/v1/ranking",
            json!({"model": "m", "query": {"text": "q"}, "passages": passages}),
            "/rankings",
            "logit",
        ),
        (
            "/v2/rerank",
            json!({"model": "m", "query": "q", "documents": texts}),
            "/results",
            "relevance_score",
        ),
        (
            "/rerank",
            json!({"query": "q", "texts": texts}),
            "",
            "score",
        ),
    ] {
        let answer = client.post(path, &body).json();
        let ranked = answer.pointer(list).unwrap().as_array().unwrap();
        assert_eq!(ranked.len(), 3, "{path}");
        let scores: Vec<_> = ranked
            .iter()
            .map(|item| item[score].as_f64().unwrap())
            .collect();
        assert!(
            scores.is_sorted_by(|left, right| left >= right),
            "{scores:?}"
        );
        assert_eq!(
            client
                .post(path, &json!({"model": "m", "query": "q"}))
                .status,
            400
        );
    }
    let nameless = json!({"query": "q", "documents": ["a"]});
    assert_eq!(client.post("/v2/rerank", &nameless).status, 400);
}

#[test]
fn images_are_real_pictures_or_urls() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    let body = json!({"model": "m", "prompt": "a cat", "n": 2, "response_format": "b64_json"});
    for (format, magic) in [("png", &b"\x89PNG"[..]), ("jpeg", &b"\xff\xd8\xff"[..])] {
        let more = json!({"output_format": format});
        let answer = client
            .post("/v1/images/generations", &with(body.clone(), more))
            .json();
        let images = answer["data"].as_array().unwrap();
        assert_eq!(images.len(), 2);
        let bytes = STANDARD
            .decode(images[0]["b64_json"].as_str().unwrap())
            .unwrap();
        assert!(bytes.starts_with(magic));
        assert_eq!(answer["usage"]["input_tokens"], 2);
    }
    let more = json!({"response_format": "url"});
    let answer = client
        .post("/v1/images/generations", &with(body.clone(), more))
        .json();
    assert!(
        answer["data"][0]["url"]
            .as_str()
            .unwrap()
            .starts_with("http://mock/")
    );

    let more = json!({"stream": true, "partial_images": 2});
    let streamed = client
        .post("/v1/images/generations", &with(body, more))
        .text();
    let partial = streamed
        .matches("event: image_generation.partial_image")
        .count();
    let completed = streamed
        .matches("event: image_generation.completed")
        .count();
    assert_eq!((partial, completed), (2, 1));
    assert_eq!(
        client
            .post("/v1/images/generations", &json!({"model": "m"}))
            .status,
        400
    );
}

#[test]
fn image_edits_need_a_form_with_a_picture() {
    let server = start(MockOptions::default());
    let texts = [("prompt", "a hat"), ("model", "m")];
    let picture = [("image", "image/png", &b"\x89PNG"[..])];
    let answer = post_form(&server, "/v1/images/edits", &texts, &picture);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["data"].as_array().unwrap().len(), 1);
    let two = [("image[]", "image/png", &b"\x89PNG"[..]); 2];
    assert_eq!(
        post_form(&server, "/v1/images/edits", &texts, &two).status,
        200
    );
    let by_url = [("prompt", "a hat"), ("url", "http://x/y.png")];
    assert_eq!(
        post_form(&server, "/v1/images/edits", &by_url, &[]).status,
        200
    );
    assert_eq!(
        post_form(&server, "/v1/images/edits", &texts, &[]).status,
        400
    );
    let text_file = [("image", "text/plain", &b"x"[..])];
    assert_eq!(
        post_form(&server, "/v1/images/edits", &texts, &text_file).status,
        400
    );
    let json = json!({"prompt": "a hat"});
    let refused = Client::connect(&server).post("/v1/images/edits", &json);
    assert_eq!(refused.status, 400);
}

#[test]
fn a_video_goes_through_its_statuses_and_can_be_fetched() {
    let server = start(MockOptions::default());
    let texts = [("prompt", "a cat"), ("model", "m"), ("seconds", "8")];
    let submitted = post_form(&server, "/v1/videos", &texts, &[]).json();
    assert_eq!(
        (&submitted["status"], &submitted["seconds"]),
        (&json!("queued"), &json!("8"))
    );
    let path = format!("/v1/videos/{}", submitted["id"].as_str().unwrap());
    let mut client = Client::connect(&server);
    assert_eq!(client.get(&format!("{path}/content")).status, 409);
    let statuses: Vec<_> = (0..3)
        .map(|_| client.get(&path).json()["status"].clone())
        .collect();
    assert_eq!(statuses, ["in_progress", "completed", "completed"]);
    let url = client.get(&path).json()["url"].as_str().unwrap().to_owned();
    assert_eq!(url, format!("http://mock{path}/content"));
    let content = client.get(&format!("{path}/content"));
    assert_eq!(content.header("content-type"), Some("video/mp4"));
    assert_eq!(&content.body[4..8], b"ftyp");
    assert_eq!(client.get("/v1/videos/none").status, 404);
    assert_eq!(
        post_form(&server, "/v1/videos", &[("model", "m")], &[]).status,
        400
    );
}

#[test]
fn a_video_can_fail() {
    let server = start(MockOptions {
        video_statuses: vec!["queued".to_owned(), "failed".to_owned()],
        ..MockOptions::default()
    });
    let mut client = Client::connect(&server);
    let submitted = client
        .post("/v1/videos", &json!({"model": "m", "prompt": "a cat"}))
        .json();
    let polled = client
        .get(&format!("/v1/videos/{}", submitted["id"].as_str().unwrap()))
        .json();
    assert_eq!(polled["status"], "failed");
    assert!(polled["error"]["message"].is_string());
}

#[test]
fn speech_is_transcribed_in_the_format_that_is_asked_for() {
    let server = start(MockOptions::default());
    let file = [("file", "audio/wav", &[0; 64_000][..])];
    let answer = post_form(
        &server,
        "/v1/audio/transcriptions",
        &[("model", "m")],
        &file,
    )
    .json();
    assert_eq!(
        answer["text"].as_str().unwrap().split_whitespace().count(),
        32
    );
    assert_eq!(answer["usage"], json!({"type": "duration", "seconds": 2.0}));
    let texts = [("model", "m"), ("response_format", "text")];
    let plain = post_form(&server, "/v1/audio/transcriptions", &texts, &file);
    assert_eq!(
        plain.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(
        post_form(&server, "/v1/audio/transcriptions", &texts, &[]).status,
        400
    );
    let texts = [("model", "m"), ("response_format", "srt")];
    assert_eq!(
        post_form(&server, "/v1/audio/transcriptions", &texts, &file).status,
        400
    );
}

#[test]
fn a_transcript_can_be_streamed_word_by_word() {
    let server = start(MockOptions {
        default_output_tokens: 5,
        ..MockOptions::default()
    });
    let file = [("file", "audio/wav", &[0; 64_000][..])];
    let texts = [("model", "m"), ("stream", "true")];
    let response = post_form(&server, "/v1/audio/transcriptions", &texts, &file);
    assert_eq!(
        response.header("content-type"),
        Some("text/event-stream; charset=utf-8")
    );
    let events: Vec<Value> = response
        .text()
        .lines()
        .filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok())
        .collect();
    let (done, deltas) = events.split_last().unwrap();
    let whole: String = deltas
        .iter()
        .map(|event| event["delta"].as_str().unwrap())
        .collect();
    assert_eq!(deltas.len(), 5);
    assert!(
        deltas
            .iter()
            .all(|event| event["type"] == "transcript.text.delta")
    );
    assert_eq!(
        (&done["type"], &done["text"]),
        (&json!("transcript.text.done"), &json!(whole))
    );
    assert_eq!(done["usage"], json!({"type": "duration", "seconds": 2.0}));
}

#[test]
fn image_retrieval_wants_data_urls() {
    let server = start(MockOptions::default());
    let mut client = Client::connect(&server);
    let image = json!({"type": "image_url", "url": "data:image/png;base64,AAAA"});
    let answer = client
        .post("/v1/infer", &json!({"input": [image, image]}))
        .json();
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);
    let remote = json!({"input": [{"type": "image_url", "url": "http://x/y.png"}]});
    for body in [json!({}), json!({"input": []}), remote] {
        assert_eq!(client.post("/v1/infer", &body).status, 400, "{body}");
    }
}

#[test]
fn an_echo_has_the_body_and_the_headers() {
    let server = start(MockOptions::default());
    let body = json!({"anything": [1, 2]});
    let answer = Client::connect(&server)
        .post_with("/echo", "X-Mine: yes\r\n", &body)
        .json();
    assert_eq!(answer["request"]["body"], body);
    let headers = answer["request"]["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["X-Mine", "yes"])));
    assert!(answer["text"].is_string());
}

#[test]
fn documents_break_as_generation_does() {
    let server = start(MockOptions::default());
    let body = json!({"model": "m", "input": "one"});
    let ask = |fault: &str| {
        let mut client = Client::connect(&server);
        let header = format!("X-Mock-Fault: {fault}\r\n");
        client.post_with("/v1/embeddings", &header, &body)
    };
    assert_eq!(ask("error").status, 500);
    assert_eq!(ask("cut").end, End::Closed);
    assert!(serde_json::from_slice::<Value>(&ask("malformed").body).is_err());
    assert_eq!(ask("empty").body, b"");
    let refused = ask("nonsense");
    assert_eq!(refused.status, 400);
}
