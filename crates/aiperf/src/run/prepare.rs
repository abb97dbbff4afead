//! Everything that can fail before a request is sent.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aiperf_clock::Clock;
use aiperf_config::profile::{DatasetSource, ExportLevel, PhaseConfig, ProfileConfig};
use aiperf_dataset::DatasetError;
use aiperf_engine::{EngineSettings, Workload};
use aiperf_export::{OutputFile, RunState, outputs_json};
use aiperf_metrics::ActiveMetrics;
use aiperf_random::RootSeed;
use aiperf_record::{OutputSettings, PhaseMeta, RecorderSettings};
use aiperf_schedule::{PhaseKind, PhasePlan};
use aiperf_telemetry::{Collector, NetworkProbe};
use aiperf_tokenizer::{HubEnvironment, Tokenizer, TokenizerChoice};
use anyhow::{Context, Result, anyhow};
use uuid::Uuid;

use super::environment::Environment;
use super::first_content::FirstContentOf;
use super::inputs::PendingInputs;
use super::later::TokenizerOfModel;
use super::session_marks::SessionMarks;
use super::signals::Interrupts;
use super::workload::Laid;
use super::{
    RunRequest, folder, hooks, logging, network_latency, phases, run_state, server_metrics,
    settings, user_files, workload,
};

/// A run that is ready to start.
pub(crate) struct Prepared {
    pub(crate) config: ProfileConfig,
    pub(crate) environment: Environment,
    /// What is known of the run before its first phase.
    pub(crate) state: RunState,
    /// What of `inputs.json` is written beside the run.
    pub(crate) inputs: PendingInputs,
    pub(crate) folder: PathBuf,
    pub(crate) clock: Clock,
    pub(crate) phases: Vec<PhasePlan>,
    pub(crate) workload: Arc<Workload>,
    pub(crate) engine: EngineSettings,
    /// Taken by the recorder when the run starts.
    pub(crate) recorder: std::cell::Cell<Option<RecorderSettings>>,
    pub(crate) recorder_ids: Vec<String>,
    /// The thread that measures the round trip of the network.
    pub(crate) network_probe: Option<NetworkProbe>,
    /// The thread that collects the server's own metrics.
    pub(crate) server_metrics: Option<Collector>,
}

pub(crate) fn prepare(request: RunRequest, interrupts: &Interrupts) -> Result<Prepared> {
    let RunRequest {
        config,
        input_config,
        cli_command,
        warnings,
        place,
    } = request;
    let environment = Environment::read()?;
    let log = logging::start(settings::least_severity(config.runtime.log_level));
    let seed = RootSeed::from_option(config.random_seed);

    // All that is wrong with the settings comes before anything is made on disk.
    let endpoint = Arc::new(settings::endpoint_settings(&config, &environment)?);
    let targets = settings::targets(&config, &environment)?;
    let headers = settings::header_template(&config, &environment)?;
    let mut plan = settings::dataset_plan(&config, &environment)?;
    let context = settings::run_context(&config, &environment);
    let metrics = Arc::new(ActiveMetrics::new(&context)?);
    let names = folder::file_names(&config)?;

    hooks::wait_until_ready(&config, &environment, &endpoint, interrupts)?;
    let folder = folder::make(&config)?;
    let user_files = user_files::render(&config, &environment, &folder)?;
    folder::clear(&folder, &names)?;
    log.add_file(&folder.join(names.name(OutputFile::Log)))
        .with_context(|| format!("cannot write a log file in `{}`", folder.display()))?;
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    user_files.write(&folder)?;
    if !environment.verify_tls {
        tracing::warn!("SSL certificate verification is DISABLED (`AIPERF_HTTP_SSL_VERIFY`)");
    }
    raise_descriptor_limit();

    let mut tokenizers = Tokenizers::load_if_needed(&config)?;
    settings::leave_room_for_template(&mut plan, &config, tokenizers.first());
    let own_seed = config.dataset.random_seed;
    let dataset_seed = own_seed.map_or(seed, RootSeed::fixed);
    let mut opened = aiperf_dataset::open(&plan, tokenizers.first(), dataset_seed);
    if matches!(opened, Err(DatasetError::NoTokenizer)) {
        // A file that turns out to name lengths instead of texts.
        tokenizers = Tokenizers::load(&config)?;
        opened = aiperf_dataset::open(&plan, tokenizers.first(), dataset_seed);
    }
    let dataset = Arc::new(opened.context("the dataset cannot be built")?);
    let inputs = folder.join(names.name(OutputFile::Inputs));
    let benchmark_id = match place.benchmark_id.as_str() {
        "" => hexadecimal(12),
        known => known.to_owned(),
    };
    let marks = SessionMarks::of(&config, &benchmark_id);
    let mark_of = marks.as_ref().map(SessionMarks::of_exchanges);
    let Laid {
        workload,
        metas,
        inputs,
    } = workload::lay_out(&inputs, &dataset, &endpoint, marks, &tokenizers.by_model())?;
    tracing::info!("dataset: {} conversations", dataset.len());

    let phases = phases::plan(&config, &environment, &dataset, seed)?;
    hooks::reset_cache(&config, &environment, interrupts)?;
    let clock = Clock::start();
    let network_probe = network_latency::start(&config, &environment, clock, &folder, &names);
    let server_metrics = server_metrics::start(&config, &environment, clock, &folder, &names);
    let threads = io_threads(&config);
    let engine = EngineSettings {
        threads,
        targets,
        transport: settings::transport(&config, &environment),
        headers: settings::header_plan(&headers)?,
        connection_reuse: settings::connection_reuse(&config),
        request_timeout: config.endpoint.timeout().map(settings::nanos),
        send_timeout: environment.send_timeout,
        jobs: settings::jobs(&config, &environment)?,
        first_content: Some(Arc::new(FirstContentOf::new(&endpoint))),
        max_catch_up: environment.max_catch_up,
        io_priority: environment.io_priority,
    };
    let records = config.output.export_level != ExportLevel::Summary;
    let raw = config.output.export_level == ExportLevel::Raw;
    let path_of = |file| folder.join(names.name(file));
    let recorder = RecorderSettings {
        clock,
        endpoint: Arc::clone(&endpoint),
        use_server_token_count: config.endpoint.use_server_token_count,
        tokenizers: tokenizers.all,
        conversations: metas,
        phases: phase_metas(&phases),
        metrics,
        worker_ids: (0..threads).map(|_| named_id("worker_")).collect(),
        records_path: records.then(|| path_of(OutputFile::Records)),
        with_http_trace: config.output.http_trace,
        raw_path: raw.then(|| path_of(OutputFile::RawRecords)),
        outputs: output_fragments(&config, &folder)?,
        headers,
        on_record: None,
        live: None,
        applies_chat_template: config.tokenizer.applies_chat_template,
        mark_of,
        secrets: settings::secrets(&config),
        context_overflow_texts: environment.context_overflow_texts.clone(),
    };
    let recorder_ids: Vec<String> = (0..recorder_threads(&config))
        .map(|_| named_id("record_processor_"))
        .collect();
    let state = run_state::before_the_run(run_state::Known {
        config: &config,
        environment: &environment,
        context,
        names: &names,
        input_config: &input_config(&folder),
        cli_command: &cli_command,
        benchmark_id: &benchmark_id,
        place,
        metrics_title: endpoint.endpoint_type.capabilities().title,
        phases: &phases,
    });
    Ok(Prepared {
        state,
        inputs,
        config,
        environment,
        folder,
        clock,
        phases,
        workload: Arc::new(workload),
        engine,
        recorder: std::cell::Cell::new(Some(recorder)),
        recorder_ids,
        network_probe,
        server_metrics,
    })
}

/// Where the texts of answers go, if they are wanted; the folder is made.
fn output_fragments(config: &ProfileConfig, folder: &Path) -> Result<Option<OutputSettings>> {
    if !config.output.outputs_json {
        return Ok(None);
    }
    let fragments = folder.join(outputs_json::FRAGMENTS_DIRECTORY);
    std::fs::create_dir_all(&fragments)
        .with_context(|| format!("cannot make the folder `{}`", fragments.display()))?;
    Ok(Some(OutputSettings {
        path: outputs_json::fragment_path(folder, &named_id("record_processor_")),
        metrics: &outputs_json::SHOWN_METRICS,
    }))
}

fn phase_metas(phases: &[PhasePlan]) -> Vec<PhaseMeta> {
    let mut measured = 0;
    phases
        .iter()
        .map(|phase| {
            let is_profiling = phase.kind == PhaseKind::Profiling;
            let profiling_index = is_profiling.then_some(measured);
            measured += usize::from(is_profiling);
            PhaseMeta {
                name: phase.name.clone(),
                is_profiling,
                profiling_index,
            }
        })
        .collect()
}

/// Every connection is a descriptor; the soft limit is often 1,024.
fn raise_descriptor_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        if limit.current != limit.maximum {
            limit.current = limit.maximum;
            if let Err(error) = setrlimit(Resource::Nofile, limit) {
                tracing::warn!("the limit of open files stays as it is: {error}");
            }
        }
    }
}

/// The tokenizers of a run; none where nothing is counted here.
struct Tokenizers {
    all: Vec<Tokenizer>,
    models: Vec<String>,
}

impl Tokenizers {
    /// None where nothing is counted or written here: the server counts, and a file has the texts.
    fn load_if_needed(config: &ProfileConfig) -> Result<Self> {
        let capabilities = config.endpoint.kind.capabilities();
        let counts_tokens = capabilities.tokenizes_input || capabilities.produces_tokens;
        let is_synthetic = matches!(config.dataset.source, DatasetSource::Synthetic(_));
        let server_counts = config.endpoint.use_server_token_count && !is_synthetic;
        if !counts_tokens || server_counts {
            return Ok(Self {
                all: Vec::new(),
                models: Vec::new(),
            });
        }
        Self::load(config)
    }

    fn load(config: &ProfileConfig) -> Result<Self> {
        let environment = HubEnvironment::from_process();
        let own = &config.models.tokenizers;
        // A given name serves all models with one tokenizer, unless one has its own.
        let models = if config.tokenizer.name.is_some() && own.is_empty() {
            config.models.names.iter().take(1).cloned().collect()
        } else {
            config.models.names.clone()
        };
        // Prompts cannot be written without one, whoever counts.
        let other_way = match config.dataset.source {
            DatasetSource::Synthetic(_) => "",
            _ => ", or take the server's own counts with `--use-server-token-count`",
        };
        let mut all = Vec::with_capacity(models.len());
        for (index, model) in models.iter().enumerate() {
            let name = own.get(index).cloned().flatten();
            let choice = TokenizerChoice {
                name: name.or_else(|| config.tokenizer.name.clone()),
                model: model.clone(),
                revision: config.tokenizer.revision.clone(),
            };
            let resolved = aiperf_tokenizer::resolve(&choice, &environment)
                .map_err(|error| anyhow!("{error}\n  hint: {}{other_way}", error.hint()))?;
            if let Some(notice) = resolved.notice {
                tracing::warn!("{notice}");
            }
            all.push(resolved.tokenizer);
        }
        Ok(Self { all, models })
    }

    fn first(&self) -> Option<&Tokenizer> {
        self.all.first()
    }

    /// The index of each model's tokenizer.
    fn by_model(&self) -> TokenizerOfModel {
        let models = self.models.clone();
        Arc::new(move |model| {
            let place = |name| models.iter().position(|known| known == name);
            model.and_then(place).unwrap_or(0)
        })
    }
}

fn io_threads(config: &ProfileConfig) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // A quarter of the cores sends: one event loop carries tens of thousands of requests per
    // second, and cores that are left alone keep the others punctual.
    let suggested = (cores / 4).clamp(1, 16);
    let wanted = config.runtime.io_threads.unwrap_or(suggested);
    let sessions = |phase: &PhaseConfig| match phase.arrivals.concurrency() {
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let most = config.measured().map(sessions).max();
    wanted.min(most.unwrap_or(usize::MAX)).max(1)
}

fn recorder_threads(config: &ProfileConfig) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    config
        .runtime
        .recorder_threads
        .unwrap_or_else(|| (cores / 4).clamp(1, 8))
}

fn named_id(prefix: &str) -> String {
    format!("{prefix}{}", hexadecimal(8))
}

fn hexadecimal(digits: usize) -> String {
    let mut id = Uuid::new_v4().simple().to_string();
    id.truncate(digits);
    id
}
