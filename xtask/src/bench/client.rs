//! Runs of `aiperf profile`: this program's and the reference's, with the same flags.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::launch::{Cost, Launch};
use super::peers::Reference;
use super::records::{Record, read_records};
use super::setting::Setting;
use crate::test::shell::say;

/// One run that was carried out.
pub(super) struct Run {
    pub(super) cost: Cost,
    /// Where its files are.
    folder: PathBuf,
}

/// A run to be carried out: flags on top of those that all runs have.
pub(super) struct Client<'a> {
    setting: &'a Setting,
    reference: Option<&'a Reference>,
    words: Vec<OsString>,
}

impl<'a> Client<'a> {
    /// This program.
    pub(super) fn ours(setting: &'a Setting, url: &str) -> Self {
        Self {
            setting,
            reference: None,
            words: common_words(url),
        }
    }

    /// The reference, if it is there.
    pub(super) fn reference(setting: &'a Setting, url: &str) -> Option<Self> {
        let reference = Some(setting.reference.as_ref()?);
        Some(Self {
            setting,
            reference,
            words: common_words(url),
        })
    }

    /// Adds flags, separated by blanks.
    pub(super) fn flags(mut self, line: &str) -> Self {
        self.words
            .extend(line.split_whitespace().map(OsString::from));
        self
    }

    /// Adds a flag whose value is a path.
    pub(super) fn path(mut self, flag: &str, path: &std::path::Path) -> Self {
        self.words.extend([flag.into(), path.into()]);
        self
    }

    /// Carries it out on the client's core.
    pub(super) fn run(mut self) -> Result<Run> {
        let name = if self.reference.is_some() {
            "reference"
        } else {
            "aiperf"
        };
        let folder = self.setting.fresh_folder(name)?;
        self.words
            .extend(["--artifact-dir".into(), folder.clone().into()]);
        let cost = Launch {
            program: self
                .reference
                .map_or(&self.setting.aiperf, |reference| &reference.program),
            words: self.words,
            environment: self
                .reference
                .map_or(&[], |reference| &reference.environment),
            core: self.setting.client_core,
            output: folder.join("output"),
        }
        .measure()?;
        Ok(Run { cost, folder })
    }
}

/// A peer that fails is left out, with a word on it: our own figures do not need it.
pub(super) fn unless_failed<T>(peer: Option<Result<T>>) -> Option<T> {
    peer?
        .map_err(|error| say(&format!("note: a peer failed: {error:#}")))
        .ok()
}

fn common_words(url: &str) -> Vec<OsString> {
    let line = "profile --model mock-model --endpoint-type chat --ui none --random-seed 1 \
                --no-server-metrics --no-gpu-telemetry --extra-inputs ignore_eos:true --url";
    line.split_whitespace()
        .chain([url])
        .map(OsString::from)
        .collect()
}

impl Run {
    /// The per-request records.
    pub(super) fn records(&self) -> Result<Vec<Record>> {
        read_records(&self.folder.join("profile_export.jsonl"))
    }

    /// The average of a metric in the summary.
    pub(super) fn average(&self, tag: &str) -> Result<f64> {
        let summary = aiperf_model::read_summary(self.folder.join("profile_export_aiperf.json"))?;
        let metric = summary.metric(tag);
        metric
            .and_then(|metric| metric.statistic("avg"))
            .with_context(|| format!("the summary has no `{tag}`"))
    }

    /// The first body that was sent.
    pub(super) fn first_body(&self) -> Result<String> {
        let inputs = aiperf_model::read_inputs(self.folder.join("inputs.json"))?;
        let body = inputs
            .data
            .first()
            .and_then(|session| session.payloads.first());
        Ok(serde_json::to_string(
            body.context("`inputs.json` holds no body")?,
        )?)
    }
}
