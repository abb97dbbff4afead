//! From the configuration's terms to those of the other crates.

use std::collections::BTreeMap;
use std::time::Duration;

use aiperf_clock::Nanos;
use aiperf_config::profile::{
    self as config, Arrivals as ConfiguredArrivals, DatasetFormat, DatasetSource, LogLevel,
    ProfileConfig, Sampling,
};
use aiperf_dataset::{
    DatasetPlan, FileFormat, FilePlan, ModelSelection, Normal, SamplingStrategy, SessionIdStyle,
    Source, SyntheticPlan,
};
use aiperf_endpoint::format::EndpointSettings;
use aiperf_endpoint::headers::{HeaderSettings, HeaderTemplate, RequestIds};
use aiperf_engine::{ConnectionReuse, HeaderField, HeaderPlan, HeaderValueSource};
use aiperf_metrics::{EndpointTraits, RunContext};
use aiperf_transport::{Target, TimestampSource, TransportOptions};
use anyhow::{Context, Result};
use http::{HeaderName, HeaderValue};

use super::environment::Environment;
use super::template;
use crate::version::USER_AGENT;

pub(crate) fn endpoint_settings(
    config: &ProfileConfig,
    environment: &Environment,
) -> Result<EndpointSettings> {
    let custom = template::take(config.endpoint.kind, &config.endpoint.extra)?;
    Ok(EndpointSettings {
        endpoint_type: config.endpoint.kind,
        streaming: config.endpoint.streaming,
        models: config.models.names.clone(),
        extra: custom.extra,
        use_legacy_max_tokens: config.endpoint.use_legacy_max_tokens,
        use_server_token_count: config.endpoint.use_server_token_count,
        per_chunk_usage: false,
        force_content_parts: environment.force_content_parts,
        template: custom.template,
        response_field: custom.response_field,
    })
}

pub(crate) fn targets(config: &ProfileConfig) -> Result<Vec<Target>> {
    let endpoint = &config.endpoint;
    endpoint
        .urls
        .iter()
        .map(|base| {
            let path = endpoint.path.as_deref();
            let url = aiperf_endpoint::url::compose(base, path, endpoint.kind, endpoint.streaming)?;
            Ok(Target::parse(url.as_str())?)
        })
        .collect()
}

pub(crate) fn header_template(
    config: &ProfileConfig,
    environment: &Environment,
) -> Result<HeaderTemplate> {
    Ok(HeaderTemplate::new(header_settings(config, environment))?)
}

/// The headers of every request, as the configuration has them.
pub(crate) fn header_settings(config: &ProfileConfig, environment: &Environment) -> HeaderSettings {
    let endpoint = &config.endpoint;
    HeaderSettings {
        endpoint_type: endpoint.kind,
        user_agent: USER_AGENT.to_owned(),
        streaming: endpoint.streaming,
        api_key: endpoint.api_key.as_ref().map(|key| key.expose().to_owned()),
        custom: endpoint
            .headers
            .iter()
            .map(|header| (header.name.clone(), header.value.clone()))
            .collect(),
        session_header: None,
        affinity: environment.affinity,
    }
}

/// The same headers as the engine wants them: the ids are found by rendering recognisable ones.
pub(crate) fn header_plan(template: &HeaderTemplate) -> Result<HeaderPlan> {
    const REQUEST: &str = "\u{1}request";
    const CORRELATION: &str = "\u{1}correlation";
    let ids = RequestIds {
        x_request_id: REQUEST,
        x_correlation_id: CORRELATION,
        parent_correlation_id: None,
    };
    let fields = template
        .headers(ids)
        .map(|(name, value)| {
            let value = match value {
                REQUEST => HeaderValueSource::RequestId,
                CORRELATION => HeaderValueSource::CorrelationId,
                fixed => HeaderValueSource::Fixed(
                    HeaderValue::from_str(fixed)
                        .with_context(|| format!("header `{name}` has an unusable value"))?,
                ),
            };
            let name = HeaderName::from_bytes(name.as_bytes())
                .with_context(|| format!("`{name}` is not a header name"))?;
            Ok(HeaderField { name, value })
        })
        .collect::<Result<Vec<_>>>()?;
    // What a turn says goes before what the endpoint type demands.
    let demanded = |field: &HeaderField| field.name == http::header::ACCEPT;
    let turn_fields_at = fields.iter().position(demanded).unwrap_or(fields.len());
    Ok(HeaderPlan {
        fields,
        turn_fields_at,
    })
}

pub(crate) fn transport(config: &ProfileConfig, environment: &Environment) -> TransportOptions {
    let options = TransportOptions {
        timestamp_source: match config.runtime.timestamp_source {
            config::TimestampSource::Auto => TimestampSource::Auto,
            config::TimestampSource::Kernel => TimestampSource::Kernel,
            config::TimestampSource::User => TimestampSource::User,
        },
        keep_alive_timeout_ns: environment.keep_alive_timeout,
        name_resolution: environment.name_resolution,
        socket_buffers: environment.socket_buffers,
        ..TransportOptions::default()
    };
    if environment.verify_tls {
        options
    } else {
        options.without_tls_verification()
    }
}

pub(crate) fn connection_reuse(config: &ProfileConfig) -> ConnectionReuse {
    match config.endpoint.connection_reuse {
        config::ConnectionReuse::Pooled => ConnectionReuse::Pooled,
        config::ConnectionReuse::Never => ConnectionReuse::Never,
        config::ConnectionReuse::StickyUserSessions => ConnectionReuse::StickySessions,
    }
}

pub(crate) fn dataset_plan(config: &ProfileConfig) -> Result<DatasetPlan> {
    let normal = |given: config::Normal| Normal {
        mean: given.mean,
        stddev: given.stddev,
    };
    let source = match &config.dataset.source {
        DatasetSource::Synthetic(synthetic) => Source::Synthetic(SyntheticPlan {
            entries: usize::try_from(synthetic.entries)?,
            prompt_tokens: Some(normal(synthetic.isl)),
            output_tokens: synthetic.osl.map(normal),
            prompt_batch_size: usize::try_from(synthetic.batch_size)?,
            turns: normal(synthetic.turns),
            turn_delay_ms: normal(synthetic.turn_delay_ms),
            turn_delay_ratio: synthetic.turn_delay_ratio,
            ..SyntheticPlan::default()
        }),
        DatasetSource::File(file) => Source::File(FilePlan {
            format: file.format.and_then(|format| match format {
                DatasetFormat::SingleTurn => Some(FileFormat::SingleTurn),
                DatasetFormat::MultiTurn => Some(FileFormat::MultiTurn),
                _ => None,
            }),
            output_tokens: file.osl.map(normal),
            limit: file.entries.map(usize::try_from).transpose()?,
            hoist_system_turns: config.endpoint.kind.capabilities().system_messages,
            ..FilePlan::new(&file.path)
        }),
    };
    Ok(DatasetPlan {
        sampling: match config.dataset.sampling {
            Sampling::Sequential => SamplingStrategy::Sequential,
            Sampling::Random => SamplingStrategy::Random,
            Sampling::Shuffle => SamplingStrategy::Shuffle,
        },
        models: config.models.names.clone(),
        model_selection: match config.models.selection {
            config::ModelSelection::Random => ModelSelection::Random,
            _ => ModelSelection::RoundRobin,
        },
        session_ids: match config.random_seed {
            Some(_) => SessionIdStyle::Numbered,
            None => SessionIdStyle::Random,
        },
        ..DatasetPlan::new(source)
    })
}

pub(crate) fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

pub(crate) fn run_context(config: &ProfileConfig, environment: &Environment) -> RunContext {
    let capabilities = config.endpoint.kind.capabilities();
    RunContext {
        endpoint: EndpointTraits {
            produces_tokens: capabilities.produces_tokens,
            tokenizes_input: capabilities.tokenizes_input,
            supports_audio: capabilities.media.audio,
            supports_images: capabilities.media.images,
            produces_video: capabilities.media.produces_video,
        },
        streaming: config.endpoint.streaming,
        use_server_token_count: config.endpoint.use_server_token_count,
        fixed_schedule: matches!(
            config.profiling.arrivals,
            ConfiguredArrivals::FixedSchedule { .. }
        ),
        accuracy: false,
        compute_experimental: environment.developer_mode || environment.show_experimental,
        show_internal: environment.developer_mode && environment.show_internal,
        show_experimental: environment.developer_mode && environment.show_experimental,
        slos: config
            .output
            .goodput
            .iter()
            .cloned()
            .collect::<BTreeMap<_, _>>(),
        thresholds: environment.thresholds,
    }
}

/// The least severity that is logged, in the reference's numbers.
pub(crate) fn least_severity(level: LogLevel) -> u8 {
    match level {
        LogLevel::Trace => 5,
        LogLevel::Debug => 10,
        LogLevel::Info => 20,
        LogLevel::Notice => 25,
        LogLevel::Warning => 30,
        LogLevel::Success => 35,
        LogLevel::Error => 40,
        LogLevel::Critical => 50,
    }
}
