//! Pairs of input and output lengths that belong together (`--seq-dist`).

use aiperf_random::Generator;
use rand::Rng;
use serde_json::Value;

use crate::law::Law;

/// Deviation of the sum of probabilities from 100 that is taken for rounding.
const SUM_TOLERANCE: f64 = 1e-6;

/// A mixture of pairs of lengths. At least one pair; the probabilities add up to 100.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceDistribution {
    pairs: Vec<SequencePair>,
}

/// One pair of a [`SequenceDistribution`].
#[derive(Debug, Clone, PartialEq)]
pub struct SequencePair {
    /// Input tokens; a mean of at least 1.
    pub input: Law,
    /// Output tokens; a mean of at least 1.
    pub output: Law,
    /// Share of the turns in percent.
    pub percent: f64,
}

impl SequenceDistribution {
    /// Reads `128,64:40;512|20,256|10:60`, `[(128,64):40,(512|20,256|10):60]` or
    /// `{"pairs":[{"isl":128,"osl":64,"prob":40},…]}`. A number behind `|` is a standard deviation.
    ///
    /// # Errors
    /// The part that is wrong and what was expected there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err(
                "the distribution is empty; write pairs such as `128,64:40;512,256:60`".into(),
            );
        }
        let pairs = if text.starts_with('{') {
            json_pairs(text)?
        } else if let Some(inner) = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            bracket_pairs(inner)?
        } else {
            semicolon_pairs(text)?
        };
        Self::new(pairs)
    }

    /// A distribution of these pairs.
    ///
    /// # Errors
    /// There are no pairs, a length or probability is out of range, or the sum is not 100.
    pub fn new(pairs: Vec<SequencePair>) -> Result<Self, String> {
        if pairs.is_empty() {
            return Err("a distribution needs at least one pair of lengths".into());
        }
        for (number, pair) in pairs.iter().enumerate() {
            let number = number + 1;
            for (name, length) in [("input", &pair.input), ("output", &pair.output)] {
                let mean = length.mean();
                if !(mean >= 1.0 && mean.is_finite()) {
                    return Err(format!(
                        "pair {number}: the {name} length must be at least 1, not {mean}"
                    ));
                }
                let stddev = length.plain().map_or(0.0, |normal| normal.stddev);
                if !(stddev >= 0.0 && stddev.is_finite()) {
                    return Err(format!(
                        "pair {number}: the {name} length's deviation must not be negative, but is {stddev}"
                    ));
                }
            }
            if !(0.0..=100.0).contains(&pair.percent) {
                return Err(format!(
                    "pair {number}: a probability lies between 0 and 100, not at {}",
                    pair.percent
                ));
            }
        }
        let sum: f64 = pairs.iter().map(|pair| pair.percent).sum();
        if (sum - 100.0).abs() > SUM_TOLERANCE * 100.0 {
            return Err(format!(
                "the probabilities add up to {sum}; they must add up to 100"
            ));
        }
        Ok(Self { pairs })
    }

    /// The pairs, in the order in which they were given.
    pub fn pairs(&self) -> &[SequencePair] {
        &self.pairs
    }

    /// Input and output tokens of one turn.
    pub fn draw(&self, generator: &mut Generator) -> (u32, u32) {
        let point = generator.random_range(0.0..100.0);
        let mut cumulative = 0.0;
        let chosen = self.pairs.iter().find(|pair| {
            cumulative += pair.percent;
            cumulative > point
        });
        // Rounding may leave the last sum a hair below 100.
        let pair = chosen.or_else(|| self.pairs.iter().rfind(|pair| pair.percent > 0.0));
        pair.map_or((1, 1), |pair| {
            (
                pair.input.positive_integer(generator),
                pair.output.positive_integer(generator),
            )
        })
    }
}

fn json_pairs(text: &str) -> Result<Vec<SequencePair>, String> {
    let document: Value =
        serde_json::from_str(text).map_err(|error| format!("this is not valid JSON: {error}"))?;
    let Some(pairs) = document.get("pairs") else {
        return Err("the JSON object needs a key `pairs`".into());
    };
    let Some(pairs) = pairs.as_array() else {
        return Err("`pairs` must be a list of objects".into());
    };
    pairs
        .iter()
        .enumerate()
        .map(|(number, pair)| json_pair(number + 1, pair))
        .collect()
}

fn json_pair(number: usize, pair: &Value) -> Result<SequencePair, String> {
    let Some(members) = pair.as_object() else {
        return Err(format!("pair {number} must be an object"));
    };
    let missing: Vec<String> = ["isl", "osl", "prob"]
        .iter()
        .filter(|key| !members.contains_key(**key))
        .map(|key| format!("`{key}`"))
        .collect();
    if !missing.is_empty() {
        return Err(format!("pair {number} lacks {}", missing.join(" and ")));
    }
    let known = ["isl", "osl", "prob", "isl_stddev", "osl_stddev"];
    if let Some(unknown) = members.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!(
            "pair {number} has an unknown key `{unknown}`; known are {}",
            known.join(", ")
        ));
    }
    let figure = |key: &str| match members.get(key) {
        None => Ok(0.0),
        Some(value) => number_of(value)
            .ok_or_else(|| format!("pair {number}: `{key}` must be a number, not {value}")),
    };
    Ok(SequencePair {
        input: Law::normal(figure("isl")?.trunc(), figure("isl_stddev")?),
        output: Law::normal(figure("osl")?.trunc(), figure("osl_stddev")?),
        percent: figure("prob")?,
    })
}

fn number_of(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

fn bracket_pairs(inner: &str) -> Result<Vec<SequencePair>, String> {
    let mut pairs = Vec::new();
    let mut rest = inner;
    while let Some(at) = rest.find('(') {
        let mut words = Words(&rest[at + 1..]);
        match bracket_pair(&mut words) {
            Some(pair) => {
                pairs.push(pair);
                rest = words.0;
            }
            None => rest = &rest[at + 1..],
        }
    }
    if pairs.is_empty() {
        return Err(format!(
            "`[{inner}]` holds no pair; write `[(ISL|SD,OSL|SD):PERCENT,…]`"
        ));
    }
    Ok(pairs)
}

fn bracket_pair(words: &mut Words<'_>) -> Option<SequencePair> {
    let (input, output) = words.lengths()?;
    words.token(')')?;
    let percent = words.percent()?;
    Some(SequencePair {
        input,
        output,
        percent,
    })
}

fn semicolon_pairs(text: &str) -> Result<Vec<SequencePair>, String> {
    let pieces = text
        .split(';')
        .map(str::trim)
        .filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| {
            semicolon_pair(piece).ok_or_else(|| {
                format!(
                    "`{piece}` is not a pair; write `ISL,OSL:PERCENT` or `ISL|SD,OSL|SD:PERCENT`"
                )
            })
        })
        .collect()
}

fn semicolon_pair(piece: &str) -> Option<SequencePair> {
    let mut words = Words(piece);
    let (input, output) = words.lengths()?;
    let percent = words.percent()?;
    words.0.is_empty().then_some(SequencePair {
        input,
        output,
        percent,
    })
}

/// What of a text has not been read.
struct Words<'a>(&'a str);

impl Words<'_> {
    fn lengths(&mut self) -> Option<(Law, Law)> {
        let input = self.length()?;
        self.token(',')?;
        Some((input, self.length()?))
    }

    fn length(&mut self) -> Option<Law> {
        self.blanks();
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let mean = self.0[..digits].parse().ok()?;
        self.0 = &self.0[digits..];
        let stddev = match self.0.strip_prefix('|') {
            Some(rest) => {
                self.0 = rest;
                self.decimal()?
            }
            None => 0.0,
        };
        Some(Law::normal(mean, stddev))
    }

    fn percent(&mut self) -> Option<f64> {
        self.token(':')?;
        self.blanks();
        self.decimal()
    }

    /// Digits with or without a fraction: `12`, `1.5`, `.5`.
    fn decimal(&mut self) -> Option<f64> {
        let bytes = self.0.as_bytes();
        let digits_from = |start: usize| {
            bytes[start..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        };
        let whole = digits_from(0);
        let fraction = if bytes.get(whole) == Some(&b'.') {
            digits_from(whole + 1)
        } else {
            0
        };
        let length = if fraction > 0 {
            whole + 1 + fraction
        } else {
            whole
        };
        let (number, rest) = self.0.split_at(length);
        self.0 = rest;
        number.parse().ok()
    }

    fn token(&mut self, token: char) -> Option<()> {
        self.blanks();
        self.0 = self.0.strip_prefix(token)?;
        Some(())
    }

    fn blanks(&mut self) {
        self.0 = self.0.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aiperf_random::RootSeed;
    use proptest::prelude::*;

    fn pair(input: (f64, f64), output: (f64, f64), percent: f64) -> SequencePair {
        let normal = |(mean, stddev)| Law::normal(mean, stddev);
        SequencePair {
            input: normal(input),
            output: normal(output),
            percent,
        }
    }

    #[test]
    fn three_syntaxes_mean_the_same() {
        let expected = [
            pair((128.0, 0.0), (64.0, 0.0), 40.0),
            pair((512.0, 20.0), (256.0, 10.5), 60.0),
        ];
        for text in [
            "128,64:40;512|20,256|10.5:60",
            "  128 , 64 : 40 ; 512|20 , 256|10.5 : 60 ; ",
            "[(128,64):40,(512|20,256|10.5):60]",
            "[ (128, 64):40 and then (512|20,256|10.5) : 60 ]",
            r#"{"pairs":[{"isl":128,"osl":64,"prob":40},{"isl":512,"isl_stddev":20,"osl":256,"osl_stddev":10.5,"prob":60}]}"#,
        ] {
            assert_eq!(
                SequenceDistribution::parse(text).unwrap().pairs(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_fraction_may_lack_its_whole_part() {
        let parsed = SequenceDistribution::parse("10|.5,20:99.5;1,1:.5").unwrap();
        assert_eq!(parsed.pairs()[0], pair((10.0, 0.5), (20.0, 0.0), 99.5));
        assert_eq!(parsed.pairs()[1].percent, 0.5);
    }

    #[test]
    fn complaints_name_the_part_and_the_reason() {
        for (text, complaint) in [
            ("  ", "the distribution is empty"),
            ("128,64", "`128,64` is not a pair"),
            ("128,64:40;oops:60", "`oops:60` is not a pair"),
            ("128,64:40x", "`128,64:40x` is not a pair"),
            ("-1,64:100", "`-1,64:100` is not a pair"),
            ("128,64:40", "add up to 40; they must add up to 100"),
            (
                "0,64:100",
                "pair 1: the input length must be at least 1, not 0",
            ),
            (
                "64,0:100",
                "pair 1: the output length must be at least 1, not 0",
            ),
            (
                "64,64:101",
                "pair 1: a probability lies between 0 and 100, not at 101",
            ),
            ("[]", "`[]` holds no pair"),
            ("[128,64:100]", "holds no pair"),
            ("{", "this is not valid JSON"),
            ("{}", "needs a key `pairs`"),
            (r#"{"pairs":3}"#, "`pairs` must be a list"),
            (r#"{"pairs":[]}"#, "at least one pair"),
            (r#"{"pairs":[3]}"#, "pair 1 must be an object"),
            (r#"{"pairs":[{"isl":3}]}"#, "pair 1 lacks `osl` and `prob`"),
            (
                r#"{"pairs":[{"isl":3,"osl":3,"prob":100,"sd":1}]}"#,
                "unknown key `sd`",
            ),
            (
                r#"{"pairs":[{"isl":"x","osl":3,"prob":100}]}"#,
                "`isl` must be a number",
            ),
            (
                r#"{"pairs":[{"isl":3,"osl":3,"prob":100,"isl_stddev":-1}]}"#,
                "deviation must not be negative",
            ),
        ] {
            let error = SequenceDistribution::parse(text).unwrap_err();
            assert!(error.contains(complaint), "{text}: {error}");
        }
    }

    #[test]
    fn pairs_are_drawn_by_their_probabilities_and_stay_together() {
        let distribution = SequenceDistribution::parse("100,10:25;200,20:75;300,30:0").unwrap();
        let mut generator = RootSeed::fixed(1).stream("pairs").at(0);
        let draws: Vec<_> = (0..8000)
            .map(|_| distribution.draw(&mut generator))
            .collect();
        assert!(
            draws
                .iter()
                .all(|draw| *draw == (100, 10) || *draw == (200, 20))
        );
        let first = draws.iter().filter(|draw| draw.0 == 100).count();
        // Five standard deviations of a binomial: 5 * sqrt(8000 * 0.25 * 0.75) = 194.
        assert!((1806..=2194).contains(&first), "{first} of 8000");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\[({]?[0-9,|:;.(){} \"a-z\\[\\]é]{0,40}") {
            let _ = SequenceDistribution::parse(&text);
        }

        #[test]
        fn what_is_written_is_read(isl in 1u32..100_000, sd in 0u32..500, osl in 1u32..100_000, share in 0u32..=100) {
            let text = format!("{isl}|{sd},{osl}:{share};1,1:{}", 100 - share);
            let parsed = SequenceDistribution::parse(&text).unwrap();
            let expected = pair((f64::from(isl), f64::from(sd)), (f64::from(osl), 0.0), f64::from(share));
            prop_assert_eq!(&parsed.pairs()[0], &expected);
        }
    }
}
