use proptest::prelude::*;

use super::*;

fn check(arguments: &[&str], expected: &str) {
    assert_eq!(command_line(arguments), format!("aiperf {expected}"));
}

#[test]
fn values_are_quoted_and_flags_and_numbers_are_not() {
    check(
        &[
            "profile",
            "-m",
            "m",
            "--url",
            "http://127.0.0.1:1",
            "--streaming",
            "--concurrency",
            "2",
            "--request-rate",
            "0.5",
            "--ui",
            "none",
            "--goodput",
            "request_latency:200 x:1",
            "--seed",
            "-5",
        ],
        "profile -m 'm' --url 'http://127.0.0.1:1' --streaming --concurrency 2 \
         --request-rate 0.5 --ui none --goodput 'request_latency:200 x:1' --seed -5",
    );
}

#[test]
fn text_that_a_shell_would_read_differently_is_quoted() {
    check(&["--tag", "it's"], r"--tag 'it'\''s'");
    check(&["--tag", ""], "--tag ''");
    check(&["--url=http://h/?a=1&b=2"], "--url='http://h/?a=1&b=2'");
    check(&["--name=a b"], "--name='a b'");
    check(&["--odd name"], "'--odd name'");
    check(&["-m", "profile", "--x", "inf"], "-m 'profile' --x 'inf'");
    check(&["odd command"], "'odd command'");
}

#[test]
fn values_of_flags_that_are_called_like_credentials_are_hidden() {
    check(&["--api-key", "sk"], "--api-key '<redacted>'");
    check(&["--api_key", "sk"], "--api_key '<redacted>'");
    check(&["--api-key=sk"], "--api-key='<redacted>'");
    check(&["--api_key=sk"], "--api_key='<redacted>'");
    check(&["--api-key", "12345"], "--api-key '<redacted>'");
    check(
        &["--my-bearer-token", "x"],
        "--my-bearer-token '<redacted>'",
    );
}

#[test]
fn parameters_of_a_servers_path_are_judged_by_their_names() {
    check(
        &["--custom-endpoint", "/v1/chat?api-key=k&version=2"],
        "--custom-endpoint '/v1/chat?api-key=<redacted>&version=2'",
    );
    check(
        &["--reset-kv-cache-path=/reset?token=t"],
        "--reset-kv-cache-path='/reset?token=<redacted>'",
    );
    check(&["--input-file", "/a@b/c?d=1"], "--input-file '/a@b/c?d=1'");
}

#[test]
fn every_header_of_every_word_is_judged_by_its_name() {
    check(
        &["-H", "Authorization: Bearer x", "X-Foo: y"],
        "-H 'Authorization: <redacted>' 'X-Foo: y'",
    );
    check(
        &["-H", "A:b", "X-Token:t", "--header", "Cookie:c,D:e"],
        "-H 'A:b' 'X-Token:<redacted>' --header 'Cookie:<redacted>,D:e'",
    );
    check(
        &["--header", "X-Session-Affinity:abc"],
        "--header 'X-Session-Affinity:<redacted>'",
    );
    check(
        &["--header=Authorization:abc"],
        "--header='Authorization:<redacted>'",
    );
    check(&["-HCookie:a=b"], "-H'Cookie:<redacted>'");
    check(&["-H=Cookie:a=b"], "-H='Cookie:<redacted>'");
    check(&["-H", "Authorization Bearer x"], "-H '<redacted>'");
    check(
        &["-H", "A:1,X-Api-Key:b,c"],
        "-H 'A:1,X-Api-Key:<redacted>,<redacted>'",
    );
    check(
        &["-H", "Referer:http://u:p@h"],
        "-H 'Referer:http://<redacted>@h'",
    );
}

#[test]
fn headers_in_json_are_judged_by_their_names() {
    check(
        &["-H", r#"{"A": "1", "Authorization": "Bearer x,y"}"#],
        r#"-H '{"A":"1","Authorization":"<redacted>"}'"#,
    );
    check(&["-H", r#"{"A": "1,2"}"#], r#"-H '{"A": "1,2"}'"#);
    check(
        &[r#"-H{"\u0043ookie":"c"}"#],
        r#"-H'{"Cookie":"<redacted>"}'"#,
    );
    check(&["-H", r#"{"Authorization": "#], "-H '<redacted>'");
}

#[test]
fn extra_inputs_are_judged_by_the_rule_for_fields() {
    check(
        &["--extra-inputs", "min_tokens:5,api_key:k"],
        "--extra-inputs 'min_tokens:5,api_key:<redacted>'",
    );
    check(
        &["--extra_inputs=password:p"],
        "--extra_inputs='password:<redacted>'",
    );
    check(
        &[
            "--extra-inputs",
            r#"{"a": {"min_tokens": 5, "apiKey": "k"}}"#,
        ],
        r#"--extra-inputs '{"a":{"min_tokens":5,"apiKey":"<redacted>"}}'"#,
    );
    check(
        &["--extra-inputs", r#"{"stop": "a,b"}"#, "ignore_eos:true"],
        r#"--extra-inputs '{"stop": "a,b"}' 'ignore_eos:true'"#,
    );
    check(
        &["--extra-inputs", "hook:http://u:p@h/?token=t"],
        "--extra-inputs 'hook:http://<redacted>@h/?token=<redacted>'",
    );
}

#[test]
fn urls_lose_their_credentials_wherever_they_stand() {
    check(
        &["--url", "http://u:p@h/", "v:w@h2"],
        "--url 'http://<redacted>@h/' '<redacted>@h2'",
    );
    check(&["-uhttp://u:p@h"], "-u'http://<redacted>@h'");
    check(
        &["--mlflow-tracking-uri", "u:p@h", "--otel-url=v:w@h"],
        "--mlflow-tracking-uri '<redacted>@h' --otel-url='<redacted>@h'",
    );
    check(
        &["--anything", "http://a,http://h?token=x"],
        "--anything 'http://a,http://h?token=<redacted>'",
    );
}

#[test]
fn flags_that_only_sound_like_credentials_keep_their_values() {
    check(&["--tokenizer", "t"], "--tokenizer 't'");
    check(&["--output-tokens-mean", "5"], "--output-tokens-mean 5");
    check(&["--use-server-token-count"], "--use-server-token-count");
    check(&["-m", "user@model"], "-m 'user@model'");
    check(
        &["--session-header", "X-Session"],
        "--session-header 'X-Session'",
    );
}

/// The ways to put a secret on a command line.
fn words_with(secret: &str, form: usize) -> Vec<String> {
    let words: &[&str] = match form {
        0 => &["--api-key", "SECRET"],
        1 => &["--api-key=SECRET"],
        2 => &["--api_key=SECRET"],
        3 => &["-H", "Authorization: Bearer SECRET"],
        4 => &["-H", "A:b,X-Api-Key:SECRET,C:d"],
        5 => &["-H", "A:b", "Cookie:SECRET"],
        6 => &["-HAuthorization:SECRET"],
        7 => &["-H=Authorization:SECRET"],
        8 => &["--header", "X-My-Token: SECRET"],
        9 => &["--header=X-My-Token:SECRET"],
        10 => &["--header", r#"{"A": 1, "Authorization": "Bearer SECRET"}"#],
        11 => &[r#"--header={"Authorization": ["SECRET"]}"#],
        12 => &[r#"-H{"Authorization":"SECRET"}"#],
        13 => &["--header", r#"{"Authorization": "SECRET"#],
        14 => &["--header", "SECRET"],
        15 => &["--url", "http://a", "https://user:SECRET@host:1/v1"],
        16 => &["--url", "http://a,user:SECRET@host"],
        17 => &["--url=http://SECRET@host"],
        18 => &["-uhttp://user:SECRET@host"],
        19 => &["--url", "http://host/v1?a=b&api_key=SECRET&c=d#e"],
        20 => &["--url", "http://host?key=SECRET,http://other"],
        21 => &["--input-file", "https://user:SECRET@host/data"],
        22 => &["--extra-inputs", "min_tokens:5,api_key:SECRET"],
        23 => &["--extra-inputs=password:SECRET"],
        24 => &[
            "--extra-inputs",
            "a:1",
            r#"{"b": [{"access_token": "SECRET"}]}"#,
        ],
        25 => &["--extra-inputs", "SECRET"],
        _ => unreachable!("there are {FORMS} forms"),
    };
    words
        .iter()
        .map(|word| word.replace("SECRET", secret))
        .collect()
}

const FORMS: usize = 26;

/// What a shell makes of a line that holds nothing but plain words, single quotes and `\'`.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut in_quotes = false;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let word = words.last_mut().expect("there is a first word");
        match letter {
            '\'' => in_quotes = !in_quotes,
            _ if in_quotes => word.push(letter),
            ' ' => words.push(String::new()),
            '\\' => word.extend(letters.next()),
            _ => {
                assert!(
                    letter.is_alphanumeric() || "-_=./:,@%+".contains(letter),
                    "{line}"
                );
                word.push(letter);
            }
        }
    }
    words
}

proptest! {
    #[test]
    fn no_arguments_make_it_panic(arguments in prop::collection::vec("(--?)?\\PC{0,12}", 0..6)) {
        let _ = command_line(&arguments);
    }

    #[test]
    fn a_secret_never_survives_in_whatever_form_it_is_given(
        // A value that starts with a dash is no value, and neither a comma in a pair nor `/?#` in a
        // password belong to the secret; the parsers see it the same way.
        secret in "[a-zA-Z0-9][a-zA-Z0-9+=._~%!|@-]{11,39}",
    ) {
        for form in 0..FORMS {
            let mut arguments = vec!["profile".to_owned(), "-m".to_owned(), "m".to_owned()];
            arguments.extend(words_with(&secret, form));
            arguments.extend(["--concurrency".to_owned(), "2".to_owned()]);
            let line = command_line(&arguments);
            prop_assert!(!line.contains(&secret), "{}", line);
            prop_assert!(line.contains(REDACTED), "{}", line);
            prop_assert!(line.starts_with("aiperf profile -m 'm' "), "{}", line);
            prop_assert!(line.ends_with(" --concurrency 2"), "{}", line);
        }
    }

    #[test]
    fn a_shell_reads_what_was_typed_where_nothing_is_hidden(
        arguments in prop::collection::vec("(--?[a-z])?[^\0:@-][^\0:@]{0,12}", 0..6),
    ) {
        let read = shell_words(&command_line(&arguments));
        prop_assume!(!read.iter().any(|word| word.contains(REDACTED)));
        prop_assert_eq!(&read[1..], &arguments[..]);
    }
}

/// What a shell makes of a line.
fn read_by_a_shell(line: &str) -> Vec<String> {
    let output = std::process::Command::new("sh")
        .args([
            "-c",
            &format!("aiperf() {{ printf '%s\\0' \"$@\"; }}; {line}"),
        ])
        .output()
        .expect("there is a shell");
    let text = String::from_utf8(output.stdout).expect("words are UTF-8");
    let mut words: Vec<String> = text.split('\0').map(str::to_owned).collect();
    // What follows the last end of a word.
    words.pop();
    words
}

#[test]
fn a_shell_reads_the_line_as_it_was_typed() {
    let odd = "a'b\"c $HOME `x` \\ * ? [a] {b,c} ~ ! # & ; | < > ( ) \n\tend";
    for words in [
        vec!["profile", "-m", odd, "--flag", "--tag=", "--x", ""],
        vec!["profile", &format!("--tag={odd}"), "-5", "~", "#a", "-"],
    ] {
        assert_eq!(read_by_a_shell(&command_line(&words)), words);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_words_without_urls_come_back_from_a_shell(words in proptest::collection::vec("([^\0:@?-][^\0:@?]{0,11})?", 1..6)) {
        prop_assert_eq!(read_by_a_shell(&command_line(&words)), words);
    }
}
