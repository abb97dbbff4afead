//! Lengths that are uniform in a window around or below their mean (`--random-range-ratio`).
//!
//! Two benchmarks use the same option with two meanings, and results are compared with both.

use aiperf_random::Generator;
use rand::Rng;
use serde_json::Value;

/// Whose meaning a ratio has, and which tokens the `random` corpus uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CorpusStyle {
    /// The benchmark of vLLM: the ratio is the half-width of a window around the mean.
    #[default]
    Vllm,
    /// The benchmark of SGLang: the ratio is the lower end of a window that ends at the mean.
    Sglang,
}

/// The ratios of input and output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RangeRatio {
    style: CorpusStyle,
    input: f64,
    output: f64,
}

impl RangeRatio {
    /// Reads a number, or for [`CorpusStyle::Vllm`] also `{"input":0.1,"output":0.5}`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str, style: CorpusStyle) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("the ratio is empty; write a number such as `0.2`".into());
        }
        if let Ok(ratio) = text.parse::<f64>() {
            return Self::new(ratio, ratio, style);
        }
        if style == CorpusStyle::Sglang {
            return Err(format!(
                "`{text}` is not a number; the style `sglang` takes one number"
            ));
        }
        let no_ratio = || {
            format!(
                "`{text}` is neither a number nor an object such as {{\"input\":0.1,\"output\":0.5}}"
            )
        };
        let document: Value = serde_json::from_str(text).map_err(|_| no_ratio())?;
        let members = document.as_object().ok_or_else(no_ratio)?;
        if let Some(unknown) = members
            .keys()
            .find(|key| !["input", "output"].contains(&key.as_str()))
        {
            return Err(format!(
                "the key `{unknown}` is unknown; the object has `input` and `output`"
            ));
        }
        let ratio = |key: &str| {
            let value = members
                .get(key)
                .ok_or_else(|| format!("the object lacks `{key}`"))?;
            value
                .as_f64()
                .ok_or_else(|| format!("`{key}` must be a number, not {value}"))
        };
        Self::new(ratio("input")?, ratio("output")?, style)
    }

    /// One ratio for inputs and one for outputs.
    ///
    /// # Errors
    /// A ratio is outside of 0 to 1; the 1 itself belongs to [`CorpusStyle::Sglang`] only.
    pub fn new(input: f64, output: f64, style: CorpusStyle) -> Result<Self, String> {
        for (name, ratio) in [("input", input), ("output", output)] {
            let (fits, range) = match style {
                CorpusStyle::Vllm => ((0.0..1.0).contains(&ratio), "at least 0 and below 1"),
                CorpusStyle::Sglang => ((0.0..=1.0).contains(&ratio), "between 0 and 1"),
            };
            if !fits {
                return Err(format!("the {name} ratio must be {range}, not {ratio}"));
            }
        }
        Ok(Self {
            style,
            input,
            output,
        })
    }

    /// Whose meaning the ratios have.
    pub fn style(&self) -> CorpusStyle {
        self.style
    }

    /// The windows of lengths for prompts and answers of these mean lengths, when a server adds
    /// `special_tokens` to each prompt.
    pub fn windows(
        &self,
        input_tokens: u32,
        output_tokens: u32,
        special_tokens: u32,
    ) -> LengthWindows {
        let (isl, osl) = (f64::from(input_tokens), f64::from(output_tokens));
        match self.style {
            CorpusStyle::Vllm => {
                let mean = f64::from(input_tokens.saturating_sub(special_tokens));
                LengthWindows {
                    input: Window::new(
                        (mean * (1.0 - self.input)).floor(),
                        (mean * (1.0 + self.input)).ceil(),
                    ),
                    output: Window::new(
                        (osl * (1.0 - self.output)).floor().max(1.0),
                        (osl * (1.0 + self.output)).ceil().max(1.0),
                    ),
                    deducted: 0,
                }
            }
            CorpusStyle::Sglang => LengthWindows {
                input: Window::new((isl * self.input).trunc().max(1.0), isl.max(1.0)),
                output: Window::new((osl * self.output).trunc().max(1.0), osl.max(1.0)),
                deducted: special_tokens,
            },
        }
    }
}

/// From where to where lengths are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LengthWindows {
    /// Tokens of the prompt.
    pub input: Window,
    /// Tokens of the answer.
    pub output: Window,
    /// Taken off each drawn prompt length, which stays at least 1.
    deducted: u32,
}

impl LengthWindows {
    /// Input and output tokens of one turn; an input of 0 tokens is possible with
    /// [`CorpusStyle::Vllm`].
    pub fn draw(&self, generator: &mut Generator) -> (u32, u32) {
        let input = self.input.draw(generator);
        let input = if self.deducted == 0 {
            input
        } else {
            input.saturating_sub(self.deducted).max(1)
        };
        (input, self.output.draw(generator))
    }
}

/// Both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The least value.
    pub low: u32,
    /// The greatest value.
    pub high: u32,
}

impl Window {
    /// The conversions saturate.
    fn new(low: f64, high: f64) -> Self {
        Self {
            low: low as u32,
            high: high.max(low) as u32,
        }
    }

    fn draw(self, generator: &mut Generator) -> u32 {
        generator.random_range(self.low..=self.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aiperf_random::RootSeed;

    fn ends(windows: LengthWindows) -> [u32; 4] {
        [
            windows.input.low,
            windows.input.high,
            windows.output.low,
            windows.output.high,
        ]
    }

    #[test]
    fn windows_follow_the_formulas_of_both_benchmarks() {
        for (style, ratio, lengths, special, expected) in [
            (CorpusStyle::Vllm, 0.5, (64, 10), 0, [32, 96, 5, 15]),
            (CorpusStyle::Vllm, 0.1, (55, 15), 1, [48, 60, 13, 17]),
            (CorpusStyle::Vllm, 0.0, (55, 15), 1, [54, 54, 15, 15]),
            (CorpusStyle::Vllm, 0.9, (2, 1), 2, [0, 0, 1, 2]),
            (CorpusStyle::Sglang, 0.5, (64, 10), 0, [32, 64, 5, 10]),
            (CorpusStyle::Sglang, 0.5, (65, 11), 1, [32, 65, 5, 11]),
            (CorpusStyle::Sglang, 0.0, (65, 11), 0, [1, 65, 1, 11]),
            (CorpusStyle::Sglang, 1.0, (65, 11), 0, [65, 65, 11, 11]),
        ] {
            let ratio = RangeRatio::new(ratio, ratio, style).unwrap();
            assert_eq!(
                ends(ratio.windows(lengths.0, lengths.1, special)),
                expected,
                "{ratio:?}"
            );
        }
    }

    #[test]
    fn draws_fill_their_window_and_special_tokens_come_off_afterwards() {
        let windows = RangeRatio::new(0.5, 0.5, CorpusStyle::Sglang)
            .unwrap()
            .windows(4, 4, 3);
        let mut generator = RootSeed::fixed(1).stream("range").at(0);
        let draws: Vec<_> = (0..500).map(|_| windows.draw(&mut generator)).collect();
        for output in 2..=4 {
            assert!(draws.iter().any(|draw| draw.1 == output));
        }
        assert!(
            draws
                .iter()
                .all(|draw| draw.0 == 1 && (2..=4).contains(&draw.1))
        );
    }

    #[test]
    fn one_number_or_two_by_name() {
        let both = RangeRatio::parse(" 0.25 ", CorpusStyle::Vllm).unwrap();
        assert_eq!(
            both,
            RangeRatio::new(0.25, 0.25, CorpusStyle::Vllm).unwrap()
        );
        let two = RangeRatio::parse(r#"{"input":0.1,"output":0}"#, CorpusStyle::Vllm).unwrap();
        assert_eq!(two, RangeRatio::new(0.1, 0.0, CorpusStyle::Vllm).unwrap());
    }

    #[test]
    fn complaints_say_what_is_wrong() {
        for (text, style, complaint) in [
            ("", CorpusStyle::Vllm, "is empty"),
            (
                "x",
                CorpusStyle::Vllm,
                "`x` is neither a number nor an object",
            ),
            ("[1]", CorpusStyle::Vllm, "neither a number nor an object"),
            (
                "1",
                CorpusStyle::Vllm,
                "input ratio must be at least 0 and below 1, not 1",
            ),
            ("-0.1", CorpusStyle::Sglang, "between 0 and 1, not -0.1"),
            ("nan", CorpusStyle::Sglang, "between 0 and 1, not NaN"),
            (r#"{"input":0.1}"#, CorpusStyle::Vllm, "lacks `output`"),
            (
                r#"{"input":0.1,"output":1}"#,
                CorpusStyle::Vllm,
                "output ratio must be at least 0",
            ),
            (
                r#"{"input":0.1,"output":0.1,"x":1}"#,
                CorpusStyle::Vllm,
                "`x` is unknown",
            ),
            (
                r#"{"input":"a","output":0.1}"#,
                CorpusStyle::Vllm,
                "`input` must be a number",
            ),
            (
                r#"{"input":0.1,"output":0.1}"#,
                CorpusStyle::Sglang,
                "takes one number",
            ),
        ] {
            let error = RangeRatio::parse(text, style).unwrap_err();
            assert!(error.contains(complaint), "{text}: {error}");
        }
    }
}
