//! `aiperf chat`: conversations, their figures, and what happens when the server does not answer.

use std::fs::File;
use std::net::TcpListener;
use std::process::Stdio;

use aiperf_mock::{CachedTokens, MockOptions, MockServer};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::place::{signal, wait, wait_until};
use crate::support::scripted::refusing_url;
use crate::support::{Ended, Place, ScriptedServer, mock, plain_mock, quick};

const MODEL: [&str; 5] = ["chat", "--model", "mock-model", "--tokenizer", "builtin"];

/// `aiperf chat` with `input` on standard input.
fn chat(place: &Place, url: &str, words: &[&str], input: &str) -> Ended {
    place.write("input.txt", input);
    let mut command = place.aiperf(&MODEL);
    command.args(["--url", url]).args(words);
    command.stdin(File::open(place.path().join("input.txt")).unwrap());
    wait(command.spawn().unwrap())
}

/// The bodies of all requests, once the server has written them down.
fn bodies(place: &Place, mut server: MockServer) -> Vec<Value> {
    server.shutdown();
    let lines = std::fs::read_to_string(place.path().join("requests.jsonl")).unwrap();
    lines
        .lines()
        .map(|line| {
            let request: Value = serde_json::from_str(line).unwrap();
            match &request["body"] {
                Value::String(text) => serde_json::from_str(text).unwrap(),
                body => body.clone(),
            }
        })
        .collect()
}

fn logging(place: &Place, options: MockOptions) -> MockOptions {
    MockOptions {
        request_log: Some(place.path().join("requests.jsonl")),
        ..options
    }
}

fn said(role: &str, text: &str) -> Value {
    json!({"role": role, "content": text})
}

#[test]
fn one_question_is_answered_with_its_figures() {
    let (place, server) = (Place::new(), plain_mock());
    let ended = chat(&place, &server.url(), &["--quick", "hello"], "").expect_code(0);
    let (answer, figures) = ended.stdout.split_once('\n').unwrap();
    assert_eq!(answer.split_whitespace().count(), 32, "{ended}");
    assert_eq!(ended.stderr, "");
    let lines: Vec<&str> = figures.lines().collect();
    assert!(
        lines[0].starts_with("TTFT: ") && lines[0].ends_with(" ms"),
        "{ended}"
    );
    assert!(
        lines[1].starts_with("TPS:  ") && lines[1].contains(" tokens/s ("),
        "{ended}"
    );
    assert!(
        lines[2].starts_with("ITL:  ") && lines[2].contains(" ms/token (decode "),
        "{ended}"
    );
    // The mock waits 4 ms for the first token and 1 ms for each other; how much more is the machine's.
    let number = |line: &str| line[6..].split(' ').next().unwrap().parse::<f64>().unwrap();
    assert!(number(lines[0]) >= 4.0, "{ended}");
    assert!(number(lines[2]) >= 0.9, "{ended}");
}

#[test]
fn reasoning_comes_first_and_is_counted_apart() {
    let place = Place::new();
    let server = mock(MockOptions {
        reasoning_tokens: 5,
        cached_tokens: CachedTokens::Share(0.5),
        ..quick()
    });
    let words = ["--quick", "one two three four"];
    let ended = chat(&place, &server.url(), &words, "").expect_code(0);
    assert!(ended.stdout.contains(" reasoning in "), "{ended}");
    assert!(
        ended.stdout.contains("Cache: ") && ended.stdout.contains(" prompt tokens cached ("),
        "{ended}"
    );
}

#[test]
fn a_conversation_from_a_pipe_goes_on_to_its_end_with_all_that_was_said() {
    let place = Place::new();
    let server = mock(logging(&place, quick()));
    let words = ["--system-prompt", "Be brief."];
    let ended = chat(&place, &server.url(), &words, "first\r\n\nlast").expect_code(0);
    assert!(
        ended
            .stdout
            .starts_with("Please enter a message for the chat model (Ctrl-D to exit):\n> "),
        "{ended}"
    );
    assert_eq!(ended.stdout.matches("TTFT: ").count(), 3, "{ended}");
    assert!(ended.stdout.ends_with("> \n"), "{ended}");

    let bodies = bodies(&place, server);
    assert_eq!(bodies.len(), 3);
    let answer = ended
        .stdout
        .lines()
        .nth(1)
        .unwrap()
        .trim_start_matches("> ");
    let begin = [said("system", "Be brief."), said("user", "first")];
    assert_eq!(
        bodies[0],
        json!({"messages": begin, "model": "mock-model", "stream": true,
               "stream_options": {"include_usage": true}})
    );
    let messages = bodies[1]["messages"].as_array().unwrap();
    assert_eq!(messages[..2], begin);
    assert_eq!(messages[2], said("assistant", answer));
    // A blank line is a message like any other.
    assert_eq!(messages[3..], [said("user", "")]);
    assert_eq!(bodies[2]["messages"].as_array().unwrap().len(), 6);
}

#[test]
fn without_history_every_message_stands_alone() {
    let place = Place::new();
    let server = mock(logging(&place, quick()));
    chat(&place, &server.url(), &["--no-history"], "first\nsecond\n").expect_code(0);
    let bodies = bodies(&place, server);
    assert_eq!(bodies[0]["messages"], json!([said("user", "first")]));
    assert_eq!(bodies[1]["messages"], json!([said("user", "second")]));
}

#[test]
fn a_turn_that_fails_is_told_of_and_forgotten() {
    let place = Place::new();
    let server = ScriptedServer::start(
        "404 Not Found",
        "application/json",
        "{\"error\": {\"message\": \"no model `m` for sk-secret\"}}",
    );
    let words = ["--api-key", "sk-secret"];
    let ended = chat(&place, &server.url(), &words, "a\nb\n").expect_code(0);
    assert_ended!(ended, @r#"
    exit code: 0
    ----- stdout -----
    Please enter a message for the chat model (Ctrl-D to exit):
    > > >
    ----- stderr -----
    request failed: the server answered 404 Not Found: {"error": {"message": "no model `m` for <redacted>"}}
    request failed: the server answered 404 Not Found: {"error": {"message": "no model `m` for <redacted>"}}
    "#);
    assert_eq!(server.heads().len(), 2);
    assert!(
        server.heads()[0]
            .to_lowercase()
            .contains("authorization: bearer sk-secret")
    );

    let words = ["--api-key", "sk-secret", "--quick", "a"];
    let ended = chat(&place, &server.url(), &words, "").expect_code(1);
    assert!(ended.stderr.contains("404 Not Found"), "{ended}");
    assert!(!ended.to_string().contains("sk-secret"), "{ended}");
}

#[test]
fn an_error_inside_the_stream_fails_the_turn() {
    let place = Place::new();
    let server = ScriptedServer::start(
        "200 OK",
        "text/event-stream",
        "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"content\":\"Half\"}}]}\n\n\
         event: error\ndata: {\"message\": \"out of memory\"}\n\n",
    );
    let ended = chat(&place, &server.url(), &[], "a\n").expect_code(0);
    assert!(ended.stdout.contains("> Half\n"), "{ended}");
    assert!(!ended.stdout.contains("TTFT"), "{ended}");
    assert!(
        ended.stderr.contains("request failed: ") && ended.stderr.contains("out of memory"),
        "{ended}"
    );
}

#[test]
fn an_answer_without_content_or_without_stream_is_no_failure() {
    let place = Place::new();
    let silent = ScriptedServer::start("200 OK", "text/event-stream", "data: [DONE]\n\n");
    let ended = chat(&place, &silent.url(), &["-q", "a"], "").expect_code(0);
    assert_eq!(ended.stdout, "\n(no tokens received)\n");
    let whole = ScriptedServer::start(
        "200 OK",
        "application/json",
        "{\"object\":\"chat.completion\",\"choices\":[{\"message\":{\"content\":\"All at once.\"}}]}",
    );
    let ended = chat(&place, &whole.url(), &["-q", "a"], "").expect_code(0);
    assert!(ended.stdout.starts_with("All at once.\nTTFT: "), "{ended}");
}

#[test]
fn the_key_is_that_of_the_flag_or_of_the_environment() {
    let place = Place::new();
    for (words, key) in [
        (&["-q", "a"][..], "from-environment"),
        (&["-q", "a", "--api-key", "from-flag"], "from-flag"),
    ] {
        let server = ScriptedServer::start("200 OK", "text/event-stream", "data: [DONE]\n\n");
        let mut command = place.aiperf(&MODEL);
        command.args(["--url", &server.url()]).args(words);
        command.env("OPENAI_API_KEY", "from-environment");
        wait(command.spawn().unwrap()).expect_code(0);
        let heads = server.heads()[0].to_lowercase();
        assert!(
            heads.contains(&format!("authorization: bearer {key}")),
            "{heads}"
        );
    }
}

#[test]
fn addresses_that_do_not_answer_end_a_turn_in_time() {
    let place = Place::new();
    let ended = chat(&place, &refusing_url(), &["-q", "a"], "").expect_code(1);
    assert!(ended.stderr.contains("cannot connect to"), "{ended}");

    let limited = |url: &str| {
        let mut command = place.aiperf(&MODEL);
        command.args(["-q", "a", "--url", url]);
        command.env("AIPERF_CHAT_CONNECT_TIMEOUT", "0.2");
        command.env("AIPERF_CHAT_READ_TIMEOUT", "0.3");
        wait(command.spawn().unwrap()).expect_code(1)
    };
    // It accepts, and never shakes hands.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ended = limited(&format!("https://{}", listener.local_addr().unwrap()));
    assert!(
        ended.stderr.contains("no connection within 0.2 s"),
        "{ended}"
    );
    let hanging = mock(MockOptions {
        hang_rate: 1.0,
        ..quick()
    });
    let ended = limited(&hanging.url());
    assert!(
        ended.stderr.contains("the server was silent for 0.3 s"),
        "{ended}"
    );
}

#[test]
fn an_interrupt_ends_the_conversation_in_peace() {
    let place = Place::new();
    let hanging = mock(MockOptions {
        hang_rate: 1.0,
        ..quick()
    });
    place.write("input.txt", "a\n");
    for words in [&["-q", "a"][..], &[]] {
        let mut command = place.aiperf(&MODEL);
        command.args(["--url", &hanging.url()]).args(words);
        command.stdin(File::open(place.path().join("input.txt")).unwrap());
        let child = command.spawn().unwrap();
        wait_until("a request", || hanging.stats().running > 0);
        signal(&child, Signal::INT);
        let ended = wait(child).expect_code(0);
        assert_eq!(ended.stderr, "");
        wait_until("the server notices", || hanging.stats().running == 0);
    }
    // At the prompt, too.
    let mut command = place.aiperf(&MODEL);
    command
        .args(["--url", &hanging.url()])
        .stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let input = child.stdin.take();
    let mut output = child.stdout.take().unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"> ") {
        let mut byte = [0];
        std::io::Read::read_exact(&mut output, &mut byte).unwrap();
        seen.extend(byte);
    }
    signal(&child, Signal::INT);
    wait(child).expect_code(0);
    drop(input);
}

#[test]
fn what_cannot_be_used_is_refused_before_anything_is_sent() {
    let place = Place::new();
    let ended = place.run(&["chat", "--quick", "a"]).expect_code(1);
    assert!(ended.stderr.contains("name a model"), "{ended}");
    let ended = place
        .run(&["chat", "-m", "m", "--tokenizer", "./nowhere", "-q", "a"])
        .expect_code(1);
    assert!(ended.stderr.contains("nowhere"), "{ended}");
    let ended = place
        .run(&["chat", "-m", "mock-model", "-u", "http://", "-q", "a"])
        .expect_code(1);
    assert!(ended.stderr.contains("not a usable URL"), "{ended}");
}
