//! Plans, workloads, and a sink that keeps everything.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use aiperf_clock::{Nanos, SECOND};
use aiperf_engine::{
    Compose, ConnectionReuse, Engine, EngineSettings, Exchange, ExchangeSink, HeaderField,
    HeaderPlan, HeaderValueSource, IoPriority, NothingToCompose, PhaseOutcome, PlannedConversation,
    PlannedTurn, TurnBody, Workload,
};
use aiperf_schedule::{Arrivals, LimitRamp, PhaseKind, PhasePlan, StopRules};
use aiperf_transport::{Target, TimestampSource, TransportOptions};
use bytes::Bytes;
use http::HeaderName;

/// Longer than any run here takes; what reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Collector(Mutex<Vec<Exchange>>);

impl ExchangeSink for Collector {
    fn accept(&self, exchange: Exchange) {
        self.0.lock().unwrap().push(exchange);
    }
}

impl Collector {
    /// What was collected.
    pub(crate) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// A run that is over.
pub(crate) struct Run {
    /// In the order in which they ended.
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) outcomes: Vec<PhaseOutcome>,
}

impl Run {
    /// Of the only phase.
    pub(crate) fn outcome(&self) -> &PhaseOutcome {
        assert_eq!(self.outcomes.len(), 1);
        &self.outcomes[0]
    }

    /// The request numbers, in order.
    pub(crate) fn request_indices(&self) -> Vec<u64> {
        let mut indices: Vec<_> = self
            .exchanges
            .iter()
            .map(|exchange| exchange.request_index)
            .collect();
        indices.sort_unstable();
        indices
    }

    /// The exchanges of each session, in the order of their turns.
    pub(crate) fn sessions(&self) -> Vec<Vec<&Exchange>> {
        let mut sessions: Vec<Vec<&Exchange>> = Vec::new();
        for exchange in &self.exchanges {
            let same = |session: &&mut Vec<&Exchange>| {
                session[0].correlation_id == exchange.correlation_id
            };
            match sessions.iter_mut().find(same) {
                Some(session) => session.push(exchange),
                None => sessions.push(vec![exchange]),
            }
        }
        sessions
    }
}

/// Settings for one thread that reuses connections and never gives up a schedule.
pub(crate) fn settings(urls: &[&str]) -> EngineSettings {
    let field = |name: &'static str, value| HeaderField {
        name: HeaderName::from_static(name),
        value,
    };
    EngineSettings {
        threads: 1,
        targets: urls.iter().map(|url| Target::parse(url).unwrap()).collect(),
        transport: TransportOptions {
            timestamp_source: TimestampSource::User,
            ..TransportOptions::default()
        },
        headers: HeaderPlan {
            turn_fields_at: 0,
            fields: vec![
                field("x-request-id", HeaderValueSource::RequestId),
                field("x-correlation-id", HeaderValueSource::CorrelationId),
            ],
        },
        connection_reuse: ConnectionReuse::Pooled,
        request_timeout: None,
        send_timeout: 300 * SECOND,
        jobs: None,
        first_content: None,
        max_catch_up: 60 * SECOND,
        io_priority: IoPriority::Normal,
    }
}

pub(crate) fn threads(settings: EngineSettings, threads: usize) -> EngineSettings {
    EngineSettings {
        threads,
        ..settings
    }
}

/// `count` conversations of one turn; the body of conversation 7 is `7`.
pub(crate) fn single_turns(count: usize) -> Workload {
    conversations(
        (0..count)
            .map(|index| vec![turn(&index.to_string(), 0)])
            .collect(),
    )
}

/// Conversations that are played in order, again and again.
pub(crate) fn conversations(turns: Vec<Vec<PlannedTurn>>) -> Workload {
    composing(turns, Arc::new(NothingToCompose))
}

pub(crate) fn composing(turns: Vec<Vec<PlannedTurn>>, composer: Arc<dyn Compose>) -> Workload {
    let count = turns.len() as u64;
    Workload {
        conversations: turns
            .into_iter()
            .enumerate()
            .map(|(index, turns)| PlannedConversation {
                id: format!("c{index}").into(),
                turns,
            })
            .collect(),
        sampler: Box::new(move |session| (session % count) as usize),
        composer,
    }
}

pub(crate) fn turn(body: &str, delay: Nanos) -> PlannedTurn {
    PlannedTurn {
        body: TurnBody::Ready(Bytes::from(body.to_owned())),
        delay,
        timestamp_ms: None,
        headers: None,
    }
}

pub(crate) fn plan(arrivals: Arrivals, stop: StopRules) -> PhasePlan {
    PhasePlan::new("profiling", PhaseKind::Profiling, arrivals, stop)
}

pub(crate) fn closed_loop(slots: u32, stop: StopRules) -> PhasePlan {
    plan(
        Arrivals::ClosedLoop {
            slots: LimitRamp::steady(slots),
        },
        stop,
    )
}

pub(crate) fn requests(count: u64) -> StopRules {
    StopRules {
        requests: Some(count),
        ..StopRules::default()
    }
}

pub(crate) fn sessions(count: u64) -> StopRules {
    StopRules {
        sessions: Some(count),
        ..StopRules::default()
    }
}

/// Carries out one phase.
pub(crate) fn run(settings: EngineSettings, workload: Workload, plan: PhasePlan) -> Run {
    run_phases(settings, workload, vec![plan], |_| {})
}

/// Carries out phases one after the other; `begun` gets the engine before the first.
pub(crate) fn run_phases(
    settings: EngineSettings,
    workload: Workload,
    plans: Vec<PhasePlan>,
    begun: impl FnOnce(&Engine) + Send + 'static,
) -> Run {
    let (done, when_done) = mpsc::channel();
    let collector = Arc::new(Collector::default());
    let sink: Arc<dyn ExchangeSink> = Arc::<Collector>::clone(&collector);
    let running = std::thread::spawn(move || {
        let mut engine = Engine::start(settings, &Arc::new(workload), &sink).unwrap();
        begun(&engine);
        let run = |plan| engine.run_phase(plan, |_| {}).unwrap();
        let outcomes: Vec<_> = plans.into_iter().map(run).collect();
        let _ = done.send(());
        outcomes
    });
    // An error means that the thread has panicked, which joining tells better.
    assert!(
        when_done.recv_timeout(PATIENCE) != Err(mpsc::RecvTimeoutError::Timeout),
        "the run does not end"
    );
    let outcomes = running.join().unwrap();
    let exchanges = collector.take();
    Run {
        exchanges,
        outcomes,
    }
}

/// The most exchanges that were under way at once, as the client saw them.
pub(crate) fn most_under_way(exchanges: &[Exchange]) -> usize {
    let begun = exchanges.iter().map(|exchange| (exchange.http.start, 1));
    let ended = exchanges.iter().map(|exchange| (exchange.http.end, -1));
    let mut steps: Vec<_> = begun.chain(ended).collect();
    steps.sort_unstable();
    let mut under_way = 0i32;
    steps
        .into_iter()
        .map(|(_, step)| {
            under_way += step;
            under_way as usize
        })
        .max()
        .unwrap_or(0)
}
