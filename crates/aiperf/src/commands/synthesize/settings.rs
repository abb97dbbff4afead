//! The laws of a workload, as a file says them.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A log-normal law by its mean and median, which cannot be larger; bounds are kept by drawing again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct LogNormal {
    /// Of the logarithm; ln(median) where it is absent.
    #[serde(default)]
    pub(super) mu: Option<f64>,
    /// Of the logarithm; sqrt(2 ln(mean / median)) where it is absent.
    #[serde(default)]
    pub(super) sigma: Option<f64>,
    pub(super) mean: f64,
    pub(super) median: f64,
    #[serde(default)]
    pub(super) min: Option<f64>,
    #[serde(default)]
    pub(super) max: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct NewTokens {
    #[serde(flatten)]
    pub(super) law: LogNormal,
    /// What the law is multiplied with, because sessions that end at the largest context cut its tail off.
    #[serde(default = "one")]
    pub(super) bias: f64,
}

fn one() -> f64 {
    1.0
}

/// Short delays while tools work, long ones while people think. In milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Delays {
    pub(super) agentic_fraction: f64,
    pub(super) agentic_delay: LogNormal,
    pub(super) human_delay: LogNormal,
    pub(super) max: Option<f64>,
}

/// How probably a session ends after a turn: more so, the larger its context is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Reset {
    pub(super) base_probability: f64,
    /// What the probability is multiplied with at the largest context.
    pub(super) context_scaling: f64,
}

/// Sessions of a chosen number of turns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Turns {
    pub(super) mean: u64,
    pub(super) median: u64,
    pub(super) min: u64,
    pub(super) max: u64,
    /// A session that reaches the largest context ends there, instead of being made anew.
    #[serde(default)]
    pub(super) allow_truncation: bool,
    #[serde(default)]
    pub(super) max_session_attempts: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Groups {
    pub(super) num_groups: u64,
    pub(super) zipf_alpha: f64,
}

/// What prompts begin with: a part that all share, one that a group shares, one of the session's own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Cache {
    pub(super) layer1_tokens: u64,
    pub(super) layer1_5_tokens: u64,
    pub(super) layer2: LogNormal,
    pub(super) layer1_5_groups: Groups,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    pub(super) new_tokens_per_turn: NewTokens,
    pub(super) generation_length: LogNormal,
    pub(super) inter_turn_delay: Delays,
    pub(super) reset: Option<Reset>,
    pub(super) turns: Option<Turns>,
    pub(super) max_prompt_tokens: u64,
    pub(super) block_size: u64,
    pub(super) cache: Cache,
    pub(super) restart_initial_probability: f64,
    pub(super) restart_turn_range: [u64; 2],
    /// Keys that nothing here knows: they are kept for the next reader.
    #[serde(flatten)]
    pub(super) others: Map<String, Value>,
}

const fn law(mean: f64, median: f64, max: Option<f64>) -> LogNormal {
    LogNormal {
        mu: None,
        sigma: None,
        mean,
        median,
        min: None,
        max,
    }
}

impl Default for Delays {
    fn default() -> Self {
        Self {
            agentic_fraction: 0.7,
            agentic_delay: law(2_500.0, 1_800.0, None),
            human_delay: law(40_000.0, 25_000.0, None),
            max: None,
        }
    }
}

impl Default for Reset {
    fn default() -> Self {
        Self {
            base_probability: 0.02,
            context_scaling: 2.0,
        }
    }
}

impl Default for Groups {
    fn default() -> Self {
        Self {
            num_groups: 50,
            zipf_alpha: 1.2,
        }
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            layer1_tokens: 32_000,
            layer1_5_tokens: 20_000,
            layer2: law(10_000.0, 5_000.0, None),
            layer1_5_groups: Groups::default(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            new_tokens_per_turn: NewTokens {
                law: law(3_500.0, 1_800.0, None),
                bias: 1.0,
            },
            generation_length: law(500.0, 300.0, None),
            inter_turn_delay: Delays::default(),
            reset: Some(Reset::default()),
            turns: None,
            max_prompt_tokens: 200_000,
            block_size: 512,
            cache: Cache::default(),
            restart_initial_probability: 0.0,
            restart_turn_range: [5, 15],
            others: Map::new(),
        }
    }
}

/// The laws of this name or file, and how they are called in the name of the folder.
///
/// # Errors
/// Nothing is called so, or the file holds no laws.
pub(super) fn named(config: &str) -> Result<(String, Settings)> {
    let path = Path::new(config);
    if config == "default" {
        return Ok((config.to_owned(), bundled()));
    }
    if !path.is_file() {
        bail!(
            "`--config {config}` is no file\n  hint: give a JSON file, a `manifest.json`, or `default`"
        );
    }
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("`--config {config}` cannot be read"))?;
    let settings = read(&text).with_context(|| format!("`--config {config}` cannot be used"))?;
    let stem = path.file_stem().unwrap_or_default();
    Ok((stem.to_string_lossy().into_owned(), settings))
}

/// Laws whose tails are cut: sessions resemble each other more.
fn bundled() -> Settings {
    Settings {
        new_tokens_per_turn: NewTokens {
            law: law(6_000.0, 6_000.0, Some(10_000.0)),
            bias: 1.1,
        },
        generation_length: law(1_000.0, 1_000.0, Some(1_500.0)),
        inter_turn_delay: Delays {
            agentic_delay: law(2_500.0, 1_800.0, Some(10_000.0)),
            human_delay: law(40_000.0, 25_000.0, Some(120_000.0)),
            ..Delays::default()
        },
        reset: Some(Reset {
            base_probability: 0.01,
            context_scaling: 1.5,
        }),
        max_prompt_tokens: 167_000,
        cache: Cache {
            layer1_5_tokens: 0,
            layer2: law(15_000.0, 5_000.0, Some(30_000.0)),
            layer1_5_groups: Groups {
                num_groups: 1,
                zipf_alpha: 0.6,
            },
            ..Cache::default()
        },
        ..Settings::default()
    }
}

fn read(text: &str) -> Result<Settings> {
    let mut document: Map<String, Value> =
        serde_json::from_str(text).context("it is no JSON object")?;
    if let Some(inner) = document.remove("generation_params") {
        document = serde_json::from_value(inner).context("`generation_params` is no object")?;
    }
    // Names of earlier versions.
    document.remove("system_prompt_tokens");
    if let Some(fraction) = document.remove("restart_fraction") {
        let newer = document.insert("restart_initial_probability".to_owned(), fraction.clone());
        ensure!(
            newer.is_none_or(|newer| newer.is_null() || newer.as_f64() == fraction.as_f64()),
            "`restart_fraction` and `restart_initial_probability` differ; they mean the same"
        );
    }
    let has_turns = document.get("turns").is_some_and(|turns| !turns.is_null());
    if has_turns && !document.contains_key("reset") {
        document.insert("reset".to_owned(), Value::Null);
    }
    Ok(serde_json::from_value(Value::Object(document))?)
}

impl Settings {
    /// The same with derived values filled in.
    ///
    /// # Errors
    /// Names the key that says what cannot be.
    pub(super) fn checked(mut self) -> Result<Self> {
        let bias = self.new_tokens_per_turn.bias;
        ensure!(
            bias.is_finite() && bias > 0.0,
            "`new_tokens_per_turn.bias` must be above 0"
        );
        for (key, law) in [
            ("new_tokens_per_turn", &mut self.new_tokens_per_turn.law),
            ("generation_length", &mut self.generation_length),
            (
                "inter_turn_delay.agentic_delay",
                &mut self.inter_turn_delay.agentic_delay,
            ),
            (
                "inter_turn_delay.human_delay",
                &mut self.inter_turn_delay.human_delay,
            ),
            ("cache.layer2", &mut self.cache.layer2),
        ] {
            *law = law.checked().with_context(|| format!("`{key}`"))?;
        }
        let share = |key: &str, value: f64| {
            ensure!(
                (0.0..=1.0).contains(&value),
                "`{key}` must lie between 0 and 1"
            );
            Ok(())
        };
        share(
            "inter_turn_delay.agentic_fraction",
            self.inter_turn_delay.agentic_fraction,
        )?;
        share(
            "restart_initial_probability",
            self.restart_initial_probability,
        )?;
        if let Some(reset) = self.reset {
            share("reset.base_probability", reset.base_probability)?;
            ensure!(
                reset.context_scaling >= 1.0,
                "`reset.context_scaling` must be 1 or more"
            );
        }
        ensure!(
            self.inter_turn_delay.max.is_none_or(|max| max >= 0.0),
            "`inter_turn_delay.max` must not be negative"
        );
        ensure!(
            self.max_prompt_tokens > 0,
            "`max_prompt_tokens` must be above 0"
        );
        ensure!(self.block_size > 0, "`block_size` must be above 0");
        let groups = self.cache.layer1_5_groups;
        ensure!(
            groups.num_groups > 0,
            "`cache.layer1_5_groups.num_groups` must be above 0"
        );
        ensure!(
            groups.zipf_alpha >= 0.0,
            "`cache.layer1_5_groups.zipf_alpha` must not be negative"
        );
        let [first, end] = self.restart_turn_range;
        ensure!(
            first >= 1 && end > first,
            "`restart_turn_range` must be [first, end] with 1 <= first < end"
        );
        self.check_turns()?;
        Ok(self)
    }

    /// Whether sessions of the wanted numbers of turns can be.
    fn check_turns(&mut self) -> Result<()> {
        let least_output = self.least_output();
        let Some(turns) = &mut self.turns else {
            return Ok(());
        };
        ensure!(
            1 <= turns.min
                && turns.min <= turns.median
                && turns.median <= turns.mean
                && turns.mean <= turns.max,
            "`turns` needs 1 <= min <= median <= mean <= max"
        );
        if turns.allow_truncation {
            ensure!(
                turns.max_session_attempts.is_none(),
                "`turns.max_session_attempts` says nothing where `allow_truncation` is on"
            );
        } else {
            let attempts = turns.max_session_attempts.get_or_insert(100);
            ensure!(
                *attempts > 0,
                "`turns.max_session_attempts` must be above 0"
            );
        }
        ensure!(
            self.reset.is_none(),
            "`turns` and `reset` exclude each other"
        );
        ensure!(
            self.restart_initial_probability == 0.0,
            "`turns` and `restart_initial_probability` exclude each other"
        );
        let least = |law: &LogNormal| law.min.map_or(1, |min| min as u64);
        let begin =
            self.cache.layer1_tokens + self.cache.layer1_5_tokens + least(&self.cache.layer2);
        let grown = least(&self.new_tokens_per_turn.law) + least_output;
        let further = if turns.allow_truncation {
            0
        } else {
            turns.min - 1
        };
        ensure!(
            begin.saturating_add(grown.saturating_mul(further)) < self.max_prompt_tokens,
            "sessions of {} turns need more than `max_prompt_tokens`, {}",
            turns.min,
            self.max_prompt_tokens
        );
        Ok(())
    }

    /// The same with limits from the command line.
    pub(super) fn limited(mut self, input: Option<u64>, output: Option<u64>) -> Result<Self> {
        if let Some(tokens) = input {
            self.max_prompt_tokens = tokens;
        }
        if let Some(tokens) = output {
            self.generation_length.max = Some(tokens as f64);
        }
        self.checked()
    }

    /// Answers have 30 tokens at least, unless none may be so long.
    pub(super) fn least_output(&self) -> u64 {
        const LEAST: u64 = 30;
        let most = self.generation_length.max;
        most.map_or(LEAST, |most| LEAST.min(most as u64))
    }

    /// `manifest.json`.
    pub(super) fn manifest(&self, name: &str, seed: u64, sessions: usize) -> Value {
        json!({
            "seed": seed,
            "num_sessions": sessions,
            "config_name": name,
            "generation_params": self,
        })
    }
}

impl LogNormal {
    fn checked(mut self) -> Result<Self> {
        ensure!(
            self.mean.is_finite() && self.median > 0.0 && self.mean >= self.median,
            "needs 0 < median <= mean, and has median {} and mean {}",
            self.median,
            self.mean
        );
        let is_positive = |bound: Option<f64>| bound.is_none_or(|bound| bound > 0.0);
        ensure!(
            is_positive(self.min) && is_positive(self.max),
            "needs bounds above 0"
        );
        if let (Some(min), Some(max)) = (self.min, self.max) {
            ensure!(min <= max, "has a `min` of {min} above its `max` of {max}");
        }
        match (self.mu, self.sigma) {
            (None, None) => {
                self.mu = Some(self.median.ln());
                self.sigma = Some((2.0 * (self.mean / self.median).ln()).max(0.0).sqrt());
            }
            (Some(mu), Some(sigma)) => {
                ensure!(
                    mu.is_finite() && sigma.is_finite() && sigma >= 0.0,
                    "needs a finite `mu`, and a `sigma` that is not negative"
                );
            }
            _ => bail!("has one of `mu` and `sigma`; both or none are wanted"),
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<Settings> {
        read(text)?.checked()
    }

    #[test]
    fn without_keys_the_built_in_laws_hold_with_what_follows_from_them() {
        let settings = checked("{}").unwrap();
        assert_eq!(settings, Settings::default().checked().unwrap());
        let law = settings.generation_length;
        assert_eq!(law.mu, Some(300f64.ln()));
        assert!((law.sigma.unwrap() - 1.0107676525947897).abs() < 1e-12);
    }

    #[test]
    fn a_manifest_gives_the_laws_it_was_made_with() {
        let settings = bundled().checked().unwrap();
        let manifest = settings.manifest("default", 1, 2);
        assert_eq!(checked(&manifest.to_string()).unwrap(), settings);
        assert_eq!(manifest["generation_params"]["turns"], Value::Null);
    }

    #[test]
    fn keys_of_earlier_versions_and_of_later_ones_are_no_error() {
        let settings =
            checked(r#"{"system_prompt_tokens": 1, "restart_fraction": 0.5, "new": 7}"#).unwrap();
        assert_eq!(settings.restart_initial_probability, 0.5);
        assert_eq!(settings.others["new"], 7);
        assert!(!settings.others.contains_key("system_prompt_tokens"));
    }

    #[test]
    fn turns_take_the_place_of_resets() {
        let turns = r#"{"turns": {"mean": 5, "median": 4, "min": 2, "max": 9}}"#;
        let settings = checked(turns).unwrap();
        assert_eq!(settings.reset, None);
        assert_eq!(settings.turns.unwrap().max_session_attempts, Some(100));
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_key() {
        for (text, named) in [
            ("[]", "no JSON object"),
            (r#"{"generation_params": 1}"#, "generation_params"),
            (
                r#"{"generation_length": {"mean": 1, "median": 2}}"#,
                "`generation_length`",
            ),
            (
                r#"{"generation_length": {"mean": 2, "median": 1, "mu": 0}}"#,
                "`mu` and `sigma`",
            ),
            (
                r#"{"cache": {"layer2": {"mean": 2, "median": 1, "min": 3, "max": 2}}}"#,
                "`cache.layer2`",
            ),
            (
                r#"{"reset": {"base_probability": 1.5}}"#,
                "`reset.base_probability`",
            ),
            (r#"{"block_size": 0}"#, "`block_size`"),
            (r#"{"restart_turn_range": [5, 5]}"#, "`restart_turn_range`"),
            (
                r#"{"restart_fraction": 0.1, "restart_initial_probability": 0.2}"#,
                "differ",
            ),
            (
                r#"{"turns": {"mean": 5, "median": 4, "min": 2, "max": 9}, "reset": {}}"#,
                "exclude each other",
            ),
            (
                r#"{"turns": {"mean": 5, "median": 6, "min": 2, "max": 9}}"#,
                "min <= median <= mean",
            ),
            (
                r#"{"max_prompt_tokens": 52050, "turns": {"mean": 5, "median": 4, "min": 4, "max": 9}}"#,
                "more than `max_prompt_tokens`",
            ),
        ] {
            let error = format!("{:#}", checked(text).unwrap_err());
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
