use std::cell::RefCell;
use std::collections::BTreeSet;

use aiperf_clock::SECOND;
use aiperf_tokenizer::HubEnvironment;

use super::*;

fn read(name: &str, value: &str) -> Result<Environment> {
    Environment::from_lookup(|asked| (asked == name).then(|| value.to_owned()))
}

#[test]
fn without_variables_the_defaults_hold() {
    let environment = Environment::from_lookup(|_| None).unwrap();
    assert!(environment.verify_tls && environment.affinity.session_affinity);
    assert_eq!(environment.max_catch_up, 10_000_000);
    assert_eq!(environment.keep_alive_timeout, Some(300 * SECOND));
    let usual = Thresholds::default();
    assert_eq!(
        format!("{:?}", environment.thresholds),
        format!("{usual:?}")
    );
    assert_eq!(environment.name_cache, NameCache::For(300 * SECOND));
}

#[test]
fn the_page_lists_exactly_what_is_read() {
    let asked = RefCell::new(BTreeSet::new());
    let lookup = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        (name == "AIPERF_HTTP_TRUST_ENV").then(|| "true".to_owned())
    };
    Environment::from_lookup(lookup).unwrap();
    let _ = HubEnvironment::from_lookup(&lookup);
    let listed = table::rows().into_iter().map(|row| row.name);
    let listed = listed.chain(foreign::FOREIGN.iter().map(|variable| variable.name));
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    // Proxies have two spellings, of which the page shows one.
    let asked: BTreeSet<String> = asked
        .take()
        .iter()
        .map(|name| name.to_uppercase())
        .collect();
    let read_elsewhere = [
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NO_COLOR",
        "TZ",
        "OPENAI_API_KEY",
    ]
    .map(str::to_owned);
    let expected: BTreeSet<String> = asked.into_iter().chain(read_elsewhere).collect();
    assert_eq!(listed, expected);

    let page = reference_markdown();
    assert!(
        listed
            .iter()
            .all(|name| page.contains(&format!("| `{name}` |"))),
        "{page}"
    );
}

/// Variables that the reference has no use for.
const BEYOND_THE_REFERENCE: &[&str] = &["AIPERF_IO_PRIORITY", "AIPERF_SERVER_METRICS_DEFAULT"];

#[test]
fn every_variable_of_ours_is_one_of_the_reference_or_beyond_it() {
    for row in table::rows() {
        let is_theirs = reference_names::REFERENCE_VARIABLES.contains(&row.name);
        let is_beyond = BEYOND_THE_REFERENCE.contains(&row.name);
        assert!(is_theirs != is_beyond, "{}", row.name);
    }
}

#[test]
fn io_threads_may_be_kept_at_ordinary_priority() {
    let priority = |value| read("AIPERF_IO_PRIORITY", value).unwrap().io_priority;
    assert_eq!(priority("normal"), IoPriority::Normal);
    assert_eq!(priority("auto"), IoPriority::Auto);
}

#[test]
fn every_variable_refuses_a_text_that_is_none_of_its_values() {
    for row in table::rows() {
        let error = read(row.name, "no such value").unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "the environment variable `{}` is `no such value`\n  hint: use {}, or unset it",
                row.name, row.values
            )
        );
        // Blanks say nothing.
        read(row.name, " ").unwrap();
    }
}

#[test]
fn every_variable_changes_what_is_read() {
    let usual = format!("{:?}", Environment::from_lookup(|_| None).unwrap());
    for row in table::rows() {
        let candidates = [
            "true",
            "false",
            "7",
            "70",
            "7000",
            "4",
            "normal",
            r#"["too long"]"#,
        ];
        let changes = candidates.iter().any(|value| {
            let proxy = |name: &str| (name == "HTTP_PROXY").then(|| "http://p:1".to_owned());
            let lookup = |name: &str| match name == row.name {
                true => Some((*value).to_owned()),
                false => proxy(name),
            };
            Environment::from_lookup(lookup).is_ok_and(|read| format!("{read:?}") != usual)
        });
        assert!(changes, "{}", row.name);
    }
}

#[test]
fn ranges_are_kept() {
    for (name, value, is_good) in [
        ("AIPERF_HTTP_IP_VERSION", "5", false),
        ("AIPERF_HTTP_IP_VERSION", "AUTO", true),
        ("AIPERF_TIMING_MAX_CATCHUP_SECONDS", "-1", false),
        ("AIPERF_TIMING_MAX_CATCHUP_SECONDS", "NaN", false),
        ("AIPERF_TIMING_MAX_CATCHUP_SECONDS", " 10 ", true),
        ("AIPERF_HTTP_SO_RCVBUF", "1023", false),
        ("AIPERF_HTTP_SO_RCVBUF", "1024", true),
        ("AIPERF_HTTP_CONNECTION_LIMIT", "0", false),
        ("AIPERF_HTTP_TTL_DNS_CACHE", "-1", false),
        ("AIPERF_HTTP_TCP_KEEPCNT", "1.5", false),
        ("AIPERF_HTTP_SSL_VERIFY", "Off", true),
        ("AIPERF_AGENTX_CONTEXT_OVERFLOW_SUBSTRINGS", "[1]", false),
    ] {
        assert_eq!(read(name, value).is_ok(), is_good, "{name}={value}");
    }
}

#[test]
fn proxies_of_the_environment_count_only_where_they_are_trusted() {
    let of = |trusted: &'static str| {
        let lookup = |name: &str| match name {
            "HTTP_PROXY" => Some("http://proxy:3128".to_owned()),
            "AIPERF_HTTP_TRUST_ENV" => Some(trusted.to_owned()),
            _ => None,
        };
        Environment::from_lookup(lookup).unwrap().proxies
    };
    assert_eq!(of("false"), Proxies::default());
    assert_ne!(of("true"), Proxies::default());
}

#[test]
fn zero_means_without_end_where_the_page_says_so() {
    let kept = read("AIPERF_HTTP_KEEPALIVE_TIMEOUT", "0").unwrap();
    assert_eq!(kept.keep_alive_timeout, None);
    let cache = |name, value| read(name, value).unwrap().name_cache;
    assert_eq!(cache("AIPERF_HTTP_USE_DNS_CACHE", "no"), NameCache::Off);
    assert_eq!(cache("AIPERF_HTTP_TTL_DNS_CACHE", "0"), NameCache::Forever);
    assert_eq!(
        cache("AIPERF_HTTP_TTL_DNS_CACHE", "2"),
        NameCache::For(2 * SECOND)
    );
}

#[test]
fn values_keep_their_units() {
    let probes = |name| read(name, "7").unwrap().sockets.probes;
    let seven = Duration::from_secs(7);
    assert_eq!(probes("AIPERF_HTTP_TCP_KEEPIDLE").idle, seven);
    assert_eq!(probes("AIPERF_HTTP_TCP_KEEPINTVL").interval, seven);
    assert_eq!(probes("AIPERF_HTTP_TCP_KEEPCNT").count, 7);
    assert_eq!(
        probes("AIPERF_HTTP_TCP_USER_TIMEOUT").unacknowledged,
        Duration::from_millis(7)
    );
    let media = read("AIPERF_DATASET_MEDIA_DOWNLOAD_TIMEOUT", "7").unwrap();
    assert_eq!(media.media_download_timeout, seven);
    let sizes = read("AIPERF_HTTP_SO_SNDBUF", "4096").unwrap();
    assert_eq!(sizes.sockets.buffers, Some((DEFAULT_BUFFER, 4096)));
}

#[test]
fn variables_that_do_nothing_are_pointed_out_by_name_alone() {
    let names = [
        "PATH",
        "AIPERF_HTTP_SSL_VERIFY",
        "AIPERF_TEST_ANYTHING",
        "AIPERF_HTTP_SSL_VERFIY",
        "aiperf_http_ip_version",
        "AIPERF_FROBNICATE",
        "AIPERF_ZMQ_RCVTIMEO",
        "AIPERF_GPU_COLLECTION_INTERVAL",
    ];
    let names = names.into_iter().chain(["AIPERF_"]).map(str::to_owned);
    assert_eq!(
        notices::notices(names),
        [
            "no environment variable is called `AIPERF_`",
            "no environment variable is called `AIPERF_FROBNICATE`",
            "no environment variable is called `AIPERF_HTTP_SSL_VERFIY`; did you mean `AIPERF_HTTP_SSL_VERIFY`?",
            "no environment variable is called `aiperf_http_ip_version`; did you mean `AIPERF_HTTP_IP_VERSION`?",
            "environment variables of AIPerf that do nothing in this version: `AIPERF_GPU_COLLECTION_INTERVAL`, `AIPERF_ZMQ_RCVTIMEO`",
        ]
    );
}
