//! Rankings: a query, and passages to be put in order of relevance.

use serde_json::{Map, Value, json};

use super::members::{Members, list, objects};
use super::{Dialect, max_tokens_remark};
use crate::error::EndpointError;
use crate::format::FormatContext;
use crate::kind::{Capabilities, EndpointType, SCORING};
use crate::parse::{AnswerBuilder, MediaContent};

/// NVIDIA NIM ranking.
pub(super) struct Nim;

/// Cohere rerank.
pub(super) struct Cohere;

/// Hugging Face text-embeddings-inference rerank.
pub(super) struct HfTei;

impl Nim {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::NimRankings,
        name: "nim_rankings",
        path: Some("/v1/ranking"),
        title: "Rankings Metrics",
        ..SCORING
    };
}

impl Dialect for Nim {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let input = Input::of(context)?;
        let passages = input.passages.iter().map(|text| json!({"text": text}));
        let mut body = Map::new();
        body.insert("model".into(), context.model()?.into());
        body.insert("query".into(), json!({"text": input.query}));
        body.insert("passages".into(), passages.collect());
        context.merge_extras(&mut body)?;
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        read_object(text, "rankings", at, answer);
    }

    fn remarks(&self, context: &FormatContext<'_>) -> Vec<String> {
        remarks(context)
    }
}

impl Cohere {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::CohereRankings,
        name: "cohere_rankings",
        path: Some("/v2/rerank"),
        title: "Ranking Metrics",
        ..SCORING
    };
}

impl Dialect for Cohere {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let input = Input::of(context)?;
        let mut body = Map::new();
        body.insert("model".into(), context.model()?.into());
        body.insert("query".into(), input.query.into());
        body.insert("documents".into(), input.passages.into());
        context.merge_extras(&mut body)?;
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        read_object(text, "results", at, answer);
    }

    fn remarks(&self, context: &FormatContext<'_>) -> Vec<String> {
        remarks(context)
    }
}

impl HfTei {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::HfTeiRankings,
        name: "hf_tei_rankings",
        path: Some("/rerank"),
        title: "Ranking Metrics",
        ..SCORING
    };
}

impl Dialect for HfTei {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let input = Input::of(context)?;
        let mut body = Map::new();
        body.insert("query".into(), input.query.into());
        body.insert("texts".into(), input.passages.into());
        context.merge_extras(&mut body)?;
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        match list(text) {
            Some(ranked) => answer.add_media(at, rankings(&ranked), None),
            None => read_object(text, "results", at, answer),
        }
    }

    fn remarks(&self, context: &FormatContext<'_>) -> Vec<String> {
        remarks(context)
    }
}

/// The texts of a turn by what they are.
struct Input<'a> {
    query: &'a str,
    passages: Vec<&'a str>,
}

impl<'a> Input<'a> {
    fn of(context: &FormatContext<'a>) -> Result<Self, EndpointError> {
        let (queries, passages) = sorted(context)?;
        let query = queries.first().copied();
        Ok(Self {
            query: query.ok_or(EndpointError::NoQuery(context.settings.endpoint_type))?,
            passages,
        })
    }
}

/// The queries and the passages of the turn.
fn sorted<'a>(context: &FormatContext<'a>) -> Result<(Vec<&'a str>, Vec<&'a str>), EndpointError> {
    let (mut queries, mut passages) = (Vec::new(), Vec::new());
    for item in &context.only_turn()?.texts {
        let contents = item.contents.iter().map(String::as_str);
        match item.name.as_str() {
            "query" | "queries" => queries.extend(contents),
            "passages" => passages.extend(contents),
            _ => {}
        }
    }
    Ok((queries, passages))
}

fn remarks(context: &FormatContext<'_>) -> Vec<String> {
    let mut remarks = max_tokens_remark(context);
    let (Ok(turn), Ok((queries, passages))) = (context.only_turn(), sorted(context)) else {
        return remarks;
    };
    if queries.len() > 1 {
        let others = queries.len() - 1;
        remarks.push(format!(
            "a ranking has one query; the first is sent, {others} more are not"
        ));
    }
    if passages.is_empty() {
        remarks
            .push("a ranking has no passages; put them into texts with the name `passages`".into());
    }
    let is_known = |name: &str| matches!(name, "query" | "queries" | "passages");
    if let Some(other) = turn.texts.iter().find(|text| !is_known(&text.name)) {
        remarks.push(format!(
            "a ranking takes texts named `query`, `queries` or `passages`; those named `{}` are not sent",
            other.name
        ));
    }
    remarks
}

/// Reads an answer whose rankings are a member of an object.
fn read_object(text: &str, name: &str, at: u64, answer: &mut AnswerBuilder) {
    let Some(response) = Members::parse(text) else {
        return;
    };
    if let Some(failure) = response.failure(text) {
        return answer.fail(failure);
    }
    let ranked = response.list(name).unwrap_or_default();
    answer.add_media(at, rankings(&ranked), response.usage().as_deref());
}

fn rankings(ranked: &[&str]) -> Option<MediaContent> {
    let count = objects(ranked).count();
    (count > 0).then_some(MediaContent::Rankings(count))
}

#[cfg(test)]
mod tests;
