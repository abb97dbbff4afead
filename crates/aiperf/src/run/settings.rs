//! From the configuration's terms to those of the other crates.

mod dataset;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aiperf_clock::Nanos;
use aiperf_config::profile::{
    self as config, Arrivals as ConfiguredArrivals, LogLevel, ProfileConfig,
};
use aiperf_endpoint::EndpointType;
use aiperf_endpoint::format::EndpointSettings;
use aiperf_endpoint::headers::{HeaderSettings, HeaderTemplate, RequestIds};
use aiperf_endpoint::url::unix_socket;
use aiperf_engine::{ConnectionReuse, HeaderField, HeaderPlan, HeaderValueSource, Jobs};
use aiperf_metrics::{EndpointTraits, RunContext};
use aiperf_redact::Secrets;
use aiperf_transport::{
    ConnectionLimit, HttpVersion, LazyTls, Target, TimestampSource, TlsSettings, TransportOptions,
};
use anyhow::{Context, Result};
use http::{HeaderName, HeaderValue};
use url::Url;

use super::environment::Environment;
use super::template;
use super::video_jobs::VideoJobs;
use crate::version::USER_AGENT;

pub(crate) use dataset::{dataset_plan, leave_room_for_template};

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
        per_chunk_usage: config.endpoint.per_chunk_usage,
        force_content_parts: environment.force_content_parts,
        template: custom.template,
        response_field: custom.response_field,
    })
}

/// Where requests go: one URL for each of the run's. For a Unix socket, what is asked for there.
fn urls(config: &ProfileConfig) -> Result<Vec<Url>> {
    let endpoint = &config.endpoint;
    let path = endpoint.path.as_deref();
    let compose = |address: &String| {
        let at_socket = unix_socket(address).map(|(_, path)| format!("http://localhost{path}"));
        let base = at_socket.as_ref().unwrap_or(address);
        aiperf_endpoint::url::compose(base, path, endpoint.kind, endpoint.streaming)
    };
    let urls = endpoint.urls.iter().map(compose);
    Ok(urls.collect::<Result<_, _>>()?)
}

/// The servers. Files that TLS needs are read here, so that a bad one is found early.
pub(crate) fn targets(config: &ProfileConfig, environment: &Environment) -> Result<Vec<Target>> {
    let tls = tls(config, environment);
    if tls.ca_file.is_some() || tls.client_identity.is_some() {
        LazyTls::new(tls).prepare()?;
    }
    let addresses = config.endpoint.urls.iter();
    let target = |(address, url): (&String, Url)| {
        let target = match unix_socket(address) {
            None => Target::parse(url.as_str())?,
            Some((socket, _)) => {
                let asked = &url[url::Position::BeforePath..];
                Target::parse(&format!("unix:{socket}:{asked}"))?
            }
        };
        Ok(target)
    };
    addresses.zip(urls(config)?).map(target).collect()
}

/// What comes after the first answer, for endpoints that answer with a job.
pub(crate) fn jobs(
    config: &ProfileConfig,
    environment: &Environment,
) -> Result<Option<Arc<dyn Jobs>>> {
    if config.endpoint.kind != EndpointType::VideoGeneration {
        return Ok(None);
    }
    let jobs = VideoJobs::new(
        urls(config)?,
        config.endpoint.timeout().map(nanos),
        environment.video_poll_interval,
        config.endpoint.download_video_content,
    );
    Ok(Some(Arc::new(jobs)))
}

pub(crate) fn header_template(
    config: &ProfileConfig,
    environment: &Environment,
) -> Result<HeaderTemplate> {
    Ok(HeaderTemplate::new(header_settings(config, environment))?)
}

/// The credentials of the run, by their values.
pub(crate) fn secrets(config: &ProfileConfig) -> Secrets {
    let endpoint = &config.endpoint;
    let mut secrets = Secrets::default();
    if let Some(key) = &endpoint.api_key {
        secrets.add(key.expose());
    }
    for header in &endpoint.headers {
        secrets.add_header(&header.name, &header.value);
    }
    for url in endpoint.urls.iter().chain(&endpoint.path) {
        secrets.add_url(url);
    }
    secrets
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
        session_header: endpoint.session_header.clone(),
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
    let sockets = &environment.sockets;
    TransportOptions {
        timestamp_source: match config.runtime.timestamp_source {
            config::TimestampSource::Auto => TimestampSource::Auto,
            config::TimestampSource::Kernel => TimestampSource::Kernel,
            config::TimestampSource::User => TimestampSource::User,
        },
        keep_alive_timeout_ns: environment.keep_alive_timeout,
        keeps_connections: !environment.force_close,
        connection_limit: environment
            .connection_limit
            .map(|connections| Arc::new(ConnectionLimit::new(connections))),
        http_version: match config.endpoint.http_version {
            config::HttpVersion::Http1 => HttpVersion::Http1,
            config::HttpVersion::Auto => HttpVersion::Negotiated,
            config::HttpVersion::Http2 => HttpVersion::Http2,
        },
        name_resolution: environment.name_resolution,
        name_cache: environment.name_cache,
        socket_buffers: sockets.buffers,
        probes: sockets.probes,
        tls: Arc::new(LazyTls::new(tls(config, environment))),
        proxies: Arc::new(environment.proxies.clone()),
    }
}

fn tls(config: &ProfileConfig, environment: &Environment) -> TlsSettings {
    let asked = &config.endpoint.tls;
    TlsSettings {
        verifies: asked.verifies && environment.verify_tls,
        ca_file: asked.ca_file.clone(),
        client_identity: asked.client_identity.clone(),
        ..TlsSettings::default()
    }
}

pub(crate) fn connection_reuse(config: &ProfileConfig) -> ConnectionReuse {
    match config.endpoint.connection_reuse {
        config::ConnectionReuse::Pooled => ConnectionReuse::Pooled,
        config::ConnectionReuse::Never => ConnectionReuse::Never,
        config::ConnectionReuse::StickyUserSessions => ConnectionReuse::StickySessions,
    }
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
        fixed_schedule: config
            .measured()
            .any(|phase| matches!(phase.arrivals, ConfiguredArrivals::FixedSchedule { .. })),
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
