use crate::document::Document;

/// The warnings of a file whose `benchmark` has these parts in place of the usual ones.
fn told(parts: &str) -> Vec<String> {
    let usual = [
        ("model", "model: m"),
        ("endpoint", "endpoint: {url: 'h:1', streaming: true}"),
        ("dataset", "dataset: {isl: 5}"),
        ("phases", "phases: {type: concurrency, requests: 4}"),
    ];
    let rest: Vec<&str> = usual
        .iter()
        .filter(|(key, _)| !parts.contains(&format!("{key}: ")))
        .map(|(_, part)| *part)
        .collect();
    let text = format!("benchmark: {{{}, {parts}}}", rest.join(", "));
    let document = Document::parse(&text, &|_: &str| None);
    let document = document.unwrap_or_else(|error| panic!("{text}: {error}"));
    let warnings = document.warnings().iter();
    warnings
        .map(|fault| {
            assert!(fault.hint.is_some(), "{fault}");
            let path = fault.path.trim_start_matches("benchmark.");
            format!("{path} {}", fault.message)
        })
        .collect()
}

#[test]
fn keys_that_have_no_effect_in_their_company_are_pointed_out() {
    let users = "dataset: {isl: 5, turns: 3, turnDelay: 5}, \
                 phases: {type: user_centric, rate: 1, users: 2, requests: 4, rateRamp: 5}";
    for (parts, expected) in [
        (
            users,
            vec![
                "datasets.0.turnDelay has no effect on user-centric phases",
                "phases.0.rateRamp has no effect on a user-centric phase",
            ],
        ),
        (
            "phases: {type: concurrency, requests: 4, concurrencyRamp: 5, prefillRamp: 5}",
            vec![
                "phases.0.concurrencyRamp has no effect without a `concurrency` above 1",
                "phases.0.prefillRamp has no effect without a `prefillConcurrency` above 1",
            ],
        ),
        (
            "phases: {type: concurrency, requests: 4, concurrency: 2, concurrencyRamp: 5}",
            vec![],
        ),
        (
            "phases: {type: concurrency, requests: 4, trajectoryStartMinRatio: 0.5, adaptiveScaleBaseStep: 3}",
            vec![
                "phases.0.trajectoryStartMinRatio has no effect on this phase",
                "phases.0.adaptiveScaleBaseStep has no effect without `adaptiveScale: true`",
            ],
        ),
        (
            "phases: {type: concurrency, requests: 4, cancellation: {rate: 0, delay: 2}}",
            vec!["phases.0.cancellation.delay has no effect with a `rate` of 0"],
        ),
        (
            "phases: [{name: warmup, type: concurrency, requests: 1, failedRequestThreshold: 0.5}, {name: profiling, type: concurrency, requests: 1}]",
            vec!["phases.0.failedRequestThreshold has no effect on a warmup"],
        ),
        (
            "dataset: {isl: 5, turnDelay: 100, turnDelayRatio: 2}",
            vec![
                "datasets.0.turnDelay has no effect with single turns",
                "datasets.0.turnDelayRatio has no effect with single turns",
            ],
        ),
        (
            "dataset: {isl: 5, turns: 3, turnDelayRatio: 2}",
            vec!["datasets.0.turnDelayRatio has no effect without `turnDelay`"],
        ),
        (
            "dataset: {isl: 5, turns: 3, turnDelay: 9, turnDelayRatio: 2}",
            vec![],
        ),
        (
            "dataset: {isl: 5, turns: {mean: 1, stddev: 1}, turnDelay: 9}",
            vec![],
        ),
        (
            "dataset: {isl: -5, prompts: {blockSize: 4, randomCorpusStyle: sglang}}",
            vec![
                "datasets.0.prompts.blockSize has no effect on generated prompts",
                "datasets.0.prompts.randomCorpusStyle has no effect without `randomRangeRatio` or `corpus: random`",
                "datasets.0.prompts.isl has no effect as -5: a length is at least 1",
            ],
        ),
        (
            "dataset: {isl: 5, prompts: {sequenceDistribution: [{isl: 1, osl: 1, probability: 100}]}}",
            vec!["datasets.0.prompts.isl has no effect beside `sequenceDistribution`"],
        ),
        (
            "dataset: {isl: 5, prefixPrompts: {poolSize: 3}}",
            vec!["datasets.0.prefixPrompts.poolSize has no effect without `length`"],
        ),
        (
            "endpoint: {url: 'h:1', type: completions}, dataset: {isl: 5, prefixPrompts: {userContextLength: 3}}",
            vec![
                "datasets.0.prefixPrompts.userContextLength has no effect with `endpoint.type: completions`",
            ],
        ),
        (
            "dataset: {isl: 5, images: {width: 64}, audio: {format: mp3}, video: {fps: 3}}",
            vec![
                "datasets.0.images.width has no effect without a `batchSize`",
                "datasets.0.audio.format has no effect without a `batchSize`",
                "datasets.0.video.fps has no effect without a `batchSize`",
            ],
        ),
        (
            "dataset: {isl: 5, images: {width: 64, batchSize: 1}, video: {batchSize: 1, width: 64}}",
            vec![
                "datasets.0.video.batchSize has no effect without both `width` and `height`",
                "datasets.0.video.width has no effect without both `width` and `height`",
            ],
        ),
        (
            "dataset: {isl: 5, video: {batchSize: 1, width: 64, height: 64, audio: {depth: 8}}}",
            vec!["datasets.0.video.audio.depth has no effect without `channels`"],
        ),
        (
            "dataset: {isl: 5, rankings: {passages: 3}}",
            vec!["datasets.0.rankings has no effect with `endpoint.type: chat`"],
        ),
        (
            "endpoint: {url: 'h:1', type: nim_rankings}, dataset: {isl: 5, turns: 3}",
            vec!["datasets.0.turns has no effect with `endpoint.type: nim_rankings`"],
        ),
        (
            "dataset: {type: public, dataset: sharegpt, ignoreTraceDelays: true}",
            vec!["datasets.0.ignoreTraceDelays has no effect on public datasets"],
        ),
        (
            "endpoint: {url: 'h:1', type: completions, useLegacyMaxTokens: true, downloadVideoContent: true, template: {body: b}}",
            vec![
                "endpoint.useLegacyMaxTokens has no effect with `type: completions`",
                "endpoint.downloadVideoContent has no effect with `type: completions`",
                "endpoint.template has no effect with `type: completions`",
            ],
        ),
        (
            "endpoint: {url: 'h:1', uuidAndStrip: true}",
            vec!["endpoint.uuidAndStrip has no effect without a dataset of `type: file`"],
        ),
        (
            "artifacts: {records: false, trace: true}",
            vec!["artifacts.trace has no effect with `records: false`"],
        ),
        (
            "gpuTelemetry: {enabled: false, collector: dcgm}, networkLatency: {pingInterval: 3}",
            vec![
                "gpuTelemetry.collector has no effect with `enabled: false`",
                "networkLatency.pingInterval has no effect where nothing is measured",
            ],
        ),
        (
            "otel: {genAiProvider: x}, mlflow: {experiment: x}, unsafeOverride: true",
            vec![
                "otel.genAiProvider has no effect without `otel.metricsUrl`",
                "mlflow.experiment has no effect without `mlflow.trackingUri`",
                "unsafeOverride has no effect without `scenario`",
            ],
        ),
        (
            "runtime: {workersMin: 2, workersPerPod: 3}",
            vec![
                "runtime.workersPerPod has no effect here",
                "runtime.workersMin has no effect here",
            ],
        ),
        (
            "serverMetrics: {discovery: {namespace: n, mode: auto}}",
            vec!["serverMetrics.discovery.namespace has no effect here"],
        ),
        (
            "serverMetrics: {enabled: false, formats: [csv]}",
            vec!["serverMetrics.formats has no effect with `enabled: false`"],
        ),
        ("gpuTelemetry: {enabled: false}", vec![]),
    ] {
        assert_eq!(told(parts), expected, "{parts}");
    }
}

#[test]
fn what_models_have_and_do_not_use_is_pointed_out() {
    let text = "benchmark: {models: {strategy: random, items: [{name: m, weight: 0.5, modalities: [text]}]}, \
                endpoint: {url: 'h:1'}, dataset: {isl: 5}, phases: {type: concurrency, requests: 1}}";
    let document = Document::parse(text, &|_: &str| None).unwrap();
    let messages: Vec<String> = document
        .warnings()
        .iter()
        .map(|fault| fault.without_hint().to_string())
        .collect();
    assert_eq!(
        messages,
        [
            "line 1, column 32: `benchmark.models.strategy`: has no effect with one model",
            "line 1, column 66: `benchmark.models.items.0.weight`: has no effect without `strategy: weighted`",
            "line 1, column 83: `benchmark.models.items.0.modalities`: has no effect on a run",
        ]
    );
}

#[test]
fn the_runs_of_a_sweep_are_looked_at_one_by_one() {
    let text = "sweep: {type: grid, parameters: {datasets.default.turns: [1, 4]}}\n\
                benchmark: {model: m, endpoint: {url: 'h:1'}, dataset: {isl: 5, turnDelay: 9}, \
                phases: {type: concurrency, requests: 1}}";
    let document = Document::parse(text, &|_: &str| None).unwrap();
    assert_eq!(document.warnings(), []);
}
