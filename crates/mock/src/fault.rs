//! Which request breaks, and how.

use std::fmt;
use std::str::FromStr;

use aiperf_random::Stream;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::options::MockOptions;

/// One way in which an answer goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Answered with an HTTP error status.
    Error,
    /// The connection is reset before any answer.
    Reset,
    /// The connection is closed half-way through the body.
    Cut,
    /// The stream carries an error event half-way and ends there.
    StreamError,
    /// Half of the body, then silence for as long as the client waits.
    Hang,
    /// The connection is closed before any answer.
    Close,
    /// Silence from the start, for as long as the client waits.
    Silence,
    /// The connection is reset half-way through the body.
    ResetMidway,
    /// What is sent back is not HTTP.
    NotHttp,
    /// Status 200 with a body of no bytes, or a stream of no events.
    Empty,
    /// Status 200 and an error object where the answer should be; half-way in streams, as plain data.
    InBandError,
    /// One event, or the whole document, is not valid JSON; streams go on after it.
    Malformed,
    /// One event has half a code point, which is no valid UTF-8; streams go on after it.
    HalfCodePoint,
    /// The framing of the body in chunks is broken half-way.
    BadFraming,
    /// The answer names no content type.
    NoContentType,
    /// The answer says that it is `application/octet-stream`.
    WrongContentType,
    /// A redirect (307) to the same path, where the answer is.
    Redirect,
    /// A redirect to itself, without end.
    RedirectLoop,
    /// The stream ends half-way as if it were complete, without usage and `[DONE]`.
    EarlyEnd,
    /// The stream has usage and an end, but no tokens.
    NoContent,
    /// Half-way, the stream pauses for `stall_ms`; then it goes on.
    Stall,
    /// `response.incomplete` ends a stream of the Responses API half-way, and a whole answer has that
    /// status. Other protocols end with a finish reason of `content_filter`.
    Incomplete,
}

/// Which requests a fault befalls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// For whom.
    pub when: When,
}

/// A choice among the requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// Each with this probability, 0 to 1.
    Share(f64),
    /// Every so-manieth: with 3 the third, the sixth and so on. At least 1.
    Every(u64),
    /// The first so many alone.
    First(u64),
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Error,
        Self::Reset,
        Self::Cut,
        Self::StreamError,
        Self::Hang,
        Self::Close,
        Self::Silence,
        Self::ResetMidway,
        Self::NotHttp,
        Self::Empty,
        Self::InBandError,
        Self::Malformed,
        Self::HalfCodePoint,
        Self::BadFraming,
        Self::NoContentType,
        Self::WrongContentType,
        Self::Redirect,
        Self::RedirectLoop,
        Self::EarlyEnd,
        Self::NoContent,
        Self::Stall,
        Self::Incomplete,
    ];

    /// The name in files, flags and headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Reset => "reset",
            Self::Cut => "cut",
            Self::StreamError => "stream_error",
            Self::Hang => "hang",
            Self::Close => "close",
            Self::Silence => "silence",
            Self::ResetMidway => "reset_midway",
            Self::NotHttp => "not_http",
            Self::Empty => "empty",
            Self::InBandError => "in_band_error",
            Self::Malformed => "malformed",
            Self::HalfCodePoint => "half_code_point",
            Self::BadFraming => "bad_framing",
            Self::NoContentType => "no_content_type",
            Self::WrongContentType => "wrong_content_type",
            Self::Redirect => "redirect",
            Self::RedirectLoop => "redirect_loop",
            Self::EarlyEnd => "early_end",
            Self::NoContent => "no_content",
            Self::Stall => "stall",
            Self::Incomplete => "incomplete",
        }
    }

    /// Whether half of the tokens come before it.
    pub(crate) fn strikes_midway(self) -> bool {
        matches!(
            self,
            Self::Cut
                | Self::StreamError
                | Self::Hang
                | Self::ResetMidway
                | Self::InBandError
                | Self::BadFraming
                | Self::EarlyEnd
                | Self::Incomplete
        )
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| {
                let names = Self::ALL.map(|fault| fault.name().replace('_', "-"));
                format!("`{text}` is no fault; there are {}", names.join(", "))
            })
    }
}

/// `NAME`, `NAME:SHARE`, `NAME:every=N` or `NAME:first=N`.
impl FromStr for FaultRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, condition) = text.split_once(':').unwrap_or((text, "1"));
        let count = |digits: &str| {
            digits
                .parse()
                .ok()
                .filter(|&count| count >= 1)
                .ok_or_else(|| format!("`{condition}` needs a whole number from 1"))
        };
        let when = if let Some(digits) = condition.strip_prefix("every=") {
            When::Every(count(digits)?)
        } else if let Some(digits) = condition.strip_prefix("first=") {
            When::First(count(digits)?)
        } else {
            let share = condition.parse().ok();
            When::Share(share.filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| {
                format!("`{condition}` is neither a share from 0 to 1, nor `every=N`, nor `first=N`")
            })?)
        };
        Ok(Self {
            fault: name.parse()?,
            when,
        })
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.fault.name().replace('_', "-");
        match self.when {
            When::Share(share) => write!(formatter, "{name}:{share}"),
            When::Every(count) => write!(formatter, "{name}:every={count}"),
            When::First(count) => write!(formatter, "{name}:first={count}"),
        }
    }
}

/// Shares the requests out among the faults.
#[derive(Debug, Clone)]
pub(crate) struct FaultChooser {
    stream: Stream,
    /// A request whose draw is below the bound gets the fault; ascending.
    bounds: Vec<(f64, Fault)>,
    /// These come before any draw.
    counted: Vec<FaultRule>,
    /// Empty: all models break.
    models: Vec<String>,
}

impl FaultChooser {
    pub(crate) fn new(options: &MockOptions, stream: Stream) -> Self {
        let mut bound = 0.0;
        let mut bounds = Vec::new();
        for (fault, share) in options.fault_shares() {
            if share > 0.0 {
                bound += share;
                bounds.push((bound, fault));
            }
        }
        let is_counted = |rule: &&FaultRule| !matches!(rule.when, When::Share(_));
        Self {
            stream,
            bounds,
            counted: options.faults.iter().filter(is_counted).copied().collect(),
            models: options.fault_models.clone(),
        }
    }

    /// The fate of one request: a function of the seed, the request's number and its model alone.
    pub(crate) fn choose(&self, number: u64, model: &str) -> Option<Fault> {
        if !self.models.is_empty() && !self.models.iter().any(|name| name == model) {
            return None;
        }
        let counted = self.counted.iter().find(|rule| match rule.when {
            When::Every(count) => (number + 1).is_multiple_of(count),
            When::First(count) => number < count,
            When::Share(_) => false,
        });
        if let Some(rule) = counted {
            return Some(rule.fault);
        }
        if self.bounds.is_empty() {
            return None;
        }
        let draw: f64 = self.stream.at(number).random();
        self.bounds
            .iter()
            .find(|(bound, _)| draw < *bound)
            .map(|&(_, fault)| fault)
    }
}

#[cfg(test)]
mod tests {
    use aiperf_random::RootSeed;

    use super::*;

    fn chooser(options: &MockOptions) -> FaultChooser {
        FaultChooser::new(options, RootSeed::fixed(1).stream("faults"))
    }

    #[test]
    fn without_rates_nothing_breaks() {
        let chooser = chooser(&MockOptions::default());
        assert!((0..1_000).all(|number| chooser.choose(number, "m").is_none()));
    }

    #[test]
    fn a_rate_of_one_breaks_every_request_in_that_way() {
        let chooser = chooser(&MockOptions {
            cut_rate: 1.0,
            ..MockOptions::default()
        });
        assert!((0..1_000).all(|number| chooser.choose(number, "m") == Some(Fault::Cut)));
    }

    #[test]
    fn each_fault_befalls_its_own_share_of_the_requests() {
        let chooser = chooser(&MockOptions {
            error_rate: 0.1,
            reset_rate: 0.2,
            hang_rate: 0.1,
            faults: vec!["hang:0.2".parse().unwrap()],
            ..MockOptions::default()
        });
        let total = 20_000;
        let share = |wanted| {
            (0..total)
                .filter(|&number| chooser.choose(number, "m") == wanted)
                .count() as f64
                / total as f64
        };
        // Five standard errors of a share of 0.4 among 20,000: 0.017.
        for (wanted, expected) in [
            (Some(Fault::Error), 0.1),
            (Some(Fault::Reset), 0.2),
            (Some(Fault::Cut), 0.0),
            (Some(Fault::Hang), 0.3),
            (None, 0.4),
        ] {
            let found = share(wanted);
            assert!((found - expected).abs() < 0.018, "{wanted:?}: {found}");
        }
    }

    #[test]
    fn counted_faults_strike_by_number_and_only_the_named_models() {
        let chooser = chooser(&MockOptions {
            faults: vec![
                "empty:every=3".parse().unwrap(),
                "close:first=2".parse().unwrap(),
            ],
            fault_models: vec!["weak".to_owned()],
            ..MockOptions::default()
        });
        let fates: Vec<_> = (0..6)
            .map(|number| chooser.choose(number, "weak"))
            .collect();
        let (close, empty) = (Some(Fault::Close), Some(Fault::Empty));
        assert_eq!(fates, [close, close, empty, None, None, empty]);
        assert!((0..6).all(|number| chooser.choose(number, "strong").is_none()));
    }

    #[test]
    fn every_fault_is_found_by_its_name_which_is_that_of_its_serialized_form() {
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(fault));
            assert_eq!(
                fault.name().replace('_', "-").to_uppercase().parse(),
                Ok(fault)
            );
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.name());
        }
    }

    #[test]
    fn rules_are_read_and_written() {
        for (text, expected) in [
            ("empty", "empty:1"),
            ("half_code_point:0.5", "half-code-point:0.5"),
            ("cut:every=7", "cut:every=7"),
            ("close:first=2", "close:first=2"),
        ] {
            assert_eq!(text.parse::<FaultRule>().unwrap().to_string(), expected);
        }
        for (text, message) in [
            ("nothing", "`nothing` is no fault; there are error, reset,"),
            ("cut:2", "`2` is neither a share"),
            ("cut:every=0", "`every=0` needs a whole number from 1"),
            ("cut:first=x", "`first=x` needs a whole number from 1"),
        ] {
            let error = text.parse::<FaultRule>().unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
