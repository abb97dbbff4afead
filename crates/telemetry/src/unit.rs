//! The unit of a metric, from its name and its description.

use std::sync::LazyLock;

use regex::Regex;

/// The unit, as files print it; `None` where neither name nor description tells.
///
/// A range in the description (0 to 1, 0 to 100) comes first, then a unit that the description names,
/// then the ending of the name.
pub fn infer(name: &str, description: &str) -> Option<&'static str> {
    of_range(description)
        .or_else(|| of_description(description))
        .or_else(|| of_name(name))
}

/// Patterns that match any case of letters; they are fixed, and a test compiles them all.
fn compiled(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("(?i){pattern}")).ok()
}

static RATIO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(
        r"\b0(?:\.0)?\s*(?:[-–—]+|to)\s*1(?:\.0)?(?:\b|\))|\b1(?:\.0)?\s*(?:means|is|equals?|==?)\s*100\s*(?:%|percent)",
    )
});
static PERCENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compiled(
        r"\(0(?:\.0)?\s*(?:[-–—]+|to)\s*100(?:\.0)?\)|\brange\s+0\s*(?:[-–—]+|to)\s*100\b|\b0\s*(?:[-–—]+|to)\s*100\s*%",
    )
});
static TAGGED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\(in\s+([^\s)]+)\)").ok());

/// Units as words of a description, behind `in` or an opening parenthesis.
const WORDS: [(&str, &str); 8] = [
    ("seconds?", "seconds"),
    ("(?:milliseconds?|ms)", "milliseconds"),
    ("(?:nanoseconds?|ns)", "nanoseconds"),
    ("bytes?", "bytes"),
    ("GB/s", "gb/s"),
    ("MB/s", "mb/s"),
    ("tokens?/s(?:ec(?:ond)?)?", "tokens/s"),
    ("requests?/s(?:ec(?:ond)?)?", "requests/s"),
];
static NAMED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let named = WORDS.iter().map(|(word, unit)| {
        let pattern = compiled(&format!(r"(?:\bin\s+|\(){word}(?:\b|\))"))?;
        Some((pattern, *unit))
    });
    let tokens = compiled(r"\bin\s+tokens?\b").map(|pattern| (pattern, "tokens"));
    named.chain([tokens]).flatten().collect()
});

fn of_range(description: &str) -> Option<&'static str> {
    let says = |pattern: &Option<Regex>| {
        let pattern = pattern.as_ref();
        pattern.is_some_and(|pattern| pattern.is_match(description))
    };
    if says(&RATIO) {
        Some("ratio")
    } else if says(&PERCENT) {
        Some("percent")
    } else {
        None
    }
}

fn of_description(description: &str) -> Option<&'static str> {
    let tag = TAGGED.as_ref()?.captures(description);
    let tag = tag.and_then(|found| Some(found.get(1)?.as_str()));
    tag.and_then(of_tag).or_else(|| {
        let named = NAMED.iter();
        let mut found = named.filter(|(pattern, _)| pattern.is_match(description));
        found.next().map(|(_, unit)| *unit)
    })
}

/// `X` of `(in X)`: `mJ` and `MJ` differ.
fn of_tag(tag: &str) -> Option<&'static str> {
    Some(match tag {
        "MiB" | "MB" => "megabytes",
        "GiB" | "GB" => "gigabytes",
        "KiB" | "KB" => "kilobytes",
        "TB" => "terabytes",
        "B" => "bytes",
        "C" | "°C" => "celsius",
        "F" | "°F" => "fahrenheit",
        "K" => "kelvin",
        "Hz" => "hertz",
        "MHz" => "megahertz",
        "GHz" => "gigahertz",
        "W" => "watt",
        "mW" => "milliwatt",
        "J" => "joule",
        "mJ" => "millijoule",
        "MJ" => "megajoule",
        "s" | "sec" => "seconds",
        "ms" => "milliseconds",
        "ns" => "nanoseconds",
        "us" | "µs" => "microseconds",
        "GB/s" => "gb/s",
        "MB/s" => "mb/s",
        "%" | "percent" => "percent",
        _ => return None,
    })
}

/// Endings, the longest first.
const ENDINGS: [(&str, &str); 35] = [
    ("_error_count_total", "errors"),
    ("_requests_total", "requests"),
    ("request_success", "requests"),
    ("_seconds_total", "seconds"),
    ("_errors_total", "errors"),
    ("_milliseconds", "milliseconds"),
    ("_blocks_total", "blocks"),
    ("_tokens_total", "tokens"),
    ("_bytes_total", "bytes"),
    ("_nanoseconds", "nanoseconds"),
    ("_error_count", "errors"),
    ("_block_count", "blocks"),
    ("_kilobytes", "kilobytes"),
    ("_megabytes", "megabytes"),
    ("_gigabytes", "gigabytes"),
    ("_requests", "requests"),
    ("_ms_total", "milliseconds"),
    ("_ns_total", "nanoseconds"),
    ("_seconds", "seconds"),
    ("_celsius", "celsius"),
    ("_percent", "percent"),
    ("_tokens", "tokens"),
    ("_errors", "errors"),
    ("_blocks", "blocks"),
    ("_joules", "joule"),
    ("_bytes", "bytes"),
    ("_total", "count"),
    ("_count", "count"),
    ("_ratio", "ratio"),
    ("_watts", "watt"),
    ("_reqs", "requests"),
    ("_perc", "percent"),
    ("_gb_s", "gb/s"),
    ("_ms", "milliseconds"),
    ("_ns", "nanoseconds"),
];

fn of_name(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let ending = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending));
    let requests = || name.contains("num_requests_").then_some("requests");
    ending.map(|(_, unit)| *unit).or_else(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_the_reference() {
        for (name, description, expected) in [
            ("foo", "GPU load (0-100)", Some("percent")),
            ("foo", "value 0-100", None),
            ("foo", "range 0-100", Some("percent")),
            ("foo", "load of 0 to 100 %", Some("percent")),
            ("x", "from 0 to 1", Some("ratio")),
            ("x_percent", "Hit rate (0.0-1.0)", Some("ratio")),
            ("x", "1 means 100 percent usage", Some("ratio")),
            (
                "vllm:kv_cache_usage_perc",
                "KV-cache usage. 1 means 100 percent usage.",
                Some("ratio"),
            ),
            ("mem", "Memory (in MiB)", Some("megabytes")),
            ("e", "Energy (in mJ)", Some("millijoule")),
            ("e", "Energy (in MJ)", Some("megajoule")),
            ("foo", "time in ms", Some("milliseconds")),
            ("foo", "Latency (seconds)", Some("seconds")),
            ("foo", "Throughput (tokens/s)", Some("tokens/s")),
            ("foo", "speed in GB/s", Some("gb/s")),
            ("foo", "length in tokens", Some("tokens")),
            ("foo", "(in parsec)", None),
            ("foo_seconds", "(in parsec)", Some("seconds")),
            ("a_errors_total", "", Some("errors")),
            ("a_total", "", Some("count")),
            ("vllm:prompt_tokens", "", Some("tokens")),
            ("vllm:num_requests_running", "", Some("requests")),
            ("vllm:request_success", "", Some("requests")),
            ("A_MILLISECONDS", "", Some("milliseconds")),
            ("free_blocks", "", Some("blocks")),
            ("foo", "", None),
        ] {
            assert_eq!(infer(name, description), expected, "{name} {description:?}");
        }
    }

    #[test]
    fn every_pattern_compiles_and_endings_are_sorted_by_length() {
        assert!(RATIO.is_some() && PERCENT.is_some() && TAGGED.is_some());
        assert_eq!(NAMED.len(), WORDS.len() + 1);
        let lengths: Vec<usize> = ENDINGS.iter().map(|(ending, _)| ending.len()).collect();
        assert!(
            lengths.is_sorted_by(|left, right| left >= right),
            "{lengths:?}"
        );
    }
}
