//! Asking all addresses, and keeping what they show.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use tokio::task::{JoinHandle, spawn_local};

use super::CollectorSettings;
use crate::address;
use crate::client::{Answer, Client, Failure};
use crate::document::{self, Collected};
use crate::exposition;
use crate::history::{History, PhaseStamp, Scrape};
use crate::lines::Lines;
use crate::page::Page;

/// Scrapes of one address at a time; a server that takes longer than that many intervals is asked less
/// often.
const MOST_AT_A_TIME: usize = 8;

/// Shown of an answer that is not Prometheus' format.
const SHOWN_OF_BODY: usize = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It did not answer before the run.
    Unreachable,
    /// It is asked.
    Active,
    /// Its first answer was no page of metrics; another address of it is being tried.
    Trying,
    /// It shows nothing that can be read.
    Disabled,
}

/// Where metrics are shown, and what was shown there.
struct Endpoint {
    url: RefCell<String>,
    shown: RefCell<String>,
    client: RefCell<Option<Rc<Client>>>,
    state: Cell<State>,
    /// It answered before the run.
    was_reachable: Cell<bool>,
    under_way: Cell<usize>,
    last: RefCell<Option<(String, Rc<Page>)>>,
    history: RefCell<History>,
}

/// All addresses.
pub(super) struct Scraper {
    settings: CollectorSettings,
    endpoints: Vec<Rc<Endpoint>>,
    shared: Rc<Shared>,
}

/// What scrapes share.
struct Shared {
    phase: RefCell<Option<Arc<PhaseStamp>>>,
    errors: RefCell<IndexMap<(String, String), u64>>,
    lines: RefCell<Option<Lines>>,
    told: RefCell<HashSet<String>>,
}

/// Scrapes that were begun together.
pub(super) struct Begun(Vec<JoinHandle<bool>>);

impl Begun {
    /// Waits for all; whether all succeeded.
    pub(super) async fn all(self) -> bool {
        let mut is_fine = true;
        for scrape in self.0 {
            is_fine &= scrape.await.unwrap_or(false);
        }
        is_fine
    }
}

impl Scraper {
    pub(super) fn new(settings: CollectorSettings) -> Self {
        let endpoint = |url: &String| {
            Rc::new(Endpoint {
                url: RefCell::new(url.clone()),
                shown: RefCell::new(aiperf_redact::url(url).into_owned()),
                client: RefCell::default(),
                state: Cell::new(State::Unreachable),
                was_reachable: Cell::new(false),
                under_way: Cell::new(0),
                last: RefCell::default(),
                history: RefCell::default(),
            })
        };
        Self {
            endpoints: settings.urls.iter().map(endpoint).collect(),
            shared: Rc::new(Shared {
                phase: RefCell::default(),
                errors: RefCell::default(),
                lines: RefCell::new(settings.lines.clone().map(Lines::new)),
                told: RefCell::default(),
            }),
            settings,
        }
    }

    /// Asks every address once: who answers is asked again, and this answer is the state before the run.
    pub(super) async fn look_who_answers(&self) {
        let mut looks = Vec::new();
        for endpoint in &self.endpoints {
            let one = One {
                endpoint: Rc::clone(endpoint),
                shared: Rc::clone(&self.shared),
                settings: self.settings.clone(),
            };
            looks.push(spawn_local(one.look()));
        }
        for look in looks {
            let _ = look.await;
        }
        self.tell_who_answers();
    }

    fn tell_who_answers(&self) {
        let all = self.endpoints.len();
        let usable = self.endpoints.iter().filter(|endpoint| endpoint.is_asked());
        let usable = usable.count();
        if usable == 0 {
            tracing::info!("Server metrics disabled - no Prometheus endpoints reachable");
        } else {
            tracing::info!("Server metrics enabled - {usable}/{all} endpoint(s) reachable.");
        }
        let silent: Vec<String> = self
            .endpoints
            .iter()
            .filter(|endpoint| !endpoint.was_reachable.get())
            .map(|endpoint| endpoint.shown.borrow().clone())
            .collect();
        if usable > 0 && !silent.is_empty() {
            tracing::warn!("Unreachable endpoints: {}", silent.join(", "));
        }
    }

    pub(super) fn has_anyone_to_ask(&self) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.is_asked())
    }

    pub(super) fn phase_begins(&self, phase: PhaseStamp) {
        *self.shared.phase.borrow_mut() = Some(Arc::new(phase));
    }

    /// After a warmup scrapes belong to no phase; after a measured phase they still tell of it.
    pub(super) fn phase_ends(&self, index: u32) {
        let mut phase = self.shared.phase.borrow_mut();
        let is_over = phase
            .as_ref()
            .is_some_and(|phase| phase.index == index && phase.profiling_index.is_none());
        if is_over {
            *phase = None;
        }
    }

    /// Begins a scrape of every address that is asked. Their phase is the present one.
    pub(super) fn scrape_all(&self) -> Begun {
        let asked = self.endpoints.iter().filter(|endpoint| endpoint.is_asked());
        let free = asked.filter(|endpoint| endpoint.under_way.get() < MOST_AT_A_TIME);
        let scrape = |endpoint: &Rc<Endpoint>| {
            let one = One {
                endpoint: Rc::clone(endpoint),
                shared: Rc::clone(&self.shared),
                settings: self.settings.clone(),
            };
            let phase = self.shared.phase.borrow().clone();
            spawn_local(one.scrape(phase))
        };
        Begun(free.map(scrape).collect())
    }

    /// The scrape that decides what counters have grown by. The one of the last phase's end is waited
    /// for as well.
    pub(super) async fn scrape_finally(&self, of_phase_end: Option<Begun>) {
        let last = self.scrape_all();
        if let Some(begun) = of_phase_end {
            begun.all().await;
        }
        if !last.all().await {
            const MESSAGE: &str = "the last scrape failed; totals may be too small";
            tracing::warn!("server metrics: {MESSAGE}");
            self.shared.note("FinalScrapeError", MESSAGE);
        }
    }

    pub(super) fn collected(&self) -> Collected {
        let shown = |endpoint: &&Rc<Endpoint>| endpoint.shown.borrow().clone();
        let reachable = self.endpoints.iter();
        let reachable = reachable.filter(|endpoint| endpoint.was_reachable.get());
        let histories = self.endpoints.iter().map(|endpoint| {
            let history = std::mem::take(&mut *endpoint.history.borrow_mut());
            (endpoint.shown.borrow().clone(), history)
        });
        let histories = histories.filter(|(_, history)| !history.fetches.is_empty());
        Collected {
            configured: self
                .endpoints
                .iter()
                .map(|endpoint| shown(&endpoint))
                .collect(),
            reachable: reachable.map(|endpoint| shown(&endpoint)).collect(),
            histories: histories.collect(),
            errors: std::mem::take(&mut *self.shared.errors.borrow_mut())
                .into_iter()
                .map(|((kind, message), count)| (kind, message, count))
                .collect(),
        }
    }
}

impl Endpoint {
    fn is_asked(&self) -> bool {
        self.state.get() == State::Active
    }
}

impl Shared {
    fn note(&self, kind: &str, message: &str) {
        let key = (kind.to_owned(), message.to_owned());
        *self.errors.borrow_mut().entry(key).or_default() += 1;
    }

    /// Whether this is the first time.
    fn is_new(&self, what: String) -> bool {
        self.told.borrow_mut().insert(what)
    }
}

/// A scrape of one address.
struct One {
    endpoint: Rc<Endpoint>,
    shared: Rc<Shared>,
    settings: CollectorSettings,
}

impl One {
    /// Whether the address answers: as it is, or else at the root of its server.
    async fn look(self) {
        let url = self.endpoint.url.borrow().clone();
        let root = address::at_root(&url).filter(|root| !self.settings.urls.contains(root));
        for url in [Some(url), root].into_iter().flatten() {
            let Ok(client) = self.client(&url) else {
                continue;
            };
            let timeout = self.settings.reachability_timeout;
            match client.get(timeout, self.settings.clock).await {
                Ok(answer) if answer.is_ok => {
                    self.settle(&url, client);
                    self.endpoint.was_reachable.set(true);
                    self.understand(answer, None).await;
                    return;
                }
                Ok(_) => {
                    tracing::debug!("server metrics: {} has no page", aiperf_redact::url(&url));
                }
                Err(failure) => tracing::debug!(
                    "server metrics: {}: {}",
                    aiperf_redact::url(&url),
                    failure.message
                ),
            }
        }
    }

    fn client(&self, url: &str) -> Result<Rc<Client>, Failure> {
        Client::new(url, &self.settings.transport).map(Rc::new)
    }

    /// The address is this one from now on.
    fn settle(&self, url: &str, client: Rc<Client>) {
        *self.endpoint.url.borrow_mut() = url.to_owned();
        *self.endpoint.shown.borrow_mut() = aiperf_redact::url(url).into_owned();
        *self.endpoint.client.borrow_mut() = Some(client);
        self.endpoint.state.set(State::Active);
    }

    /// Whether there was an answer.
    async fn scrape(self, phase: Option<Arc<PhaseStamp>>) -> bool {
        let Some(client) = self.endpoint.client.borrow().clone() else {
            return false;
        };
        self.endpoint.under_way.update(|number| number + 1);
        let timeout = self.settings.scrape_timeout;
        let answer = client.get(timeout, self.settings.clock).await;
        self.endpoint.under_way.update(|number| number - 1);
        match answer {
            Ok(answer) => {
                self.understand(answer, phase).await;
                true
            }
            Err(failure) => {
                let shown = self.endpoint.shown.borrow();
                tracing::debug!("server metrics: {shown}: {}", failure.message);
                self.shared.note(failure.kind, &failure.message);
                false
            }
        }
    }

    async fn understand(&self, answer: Answer, phase: Option<Arc<PhaseStamp>>) {
        match self.page(&answer) {
            Ok(page) => self.keep(answer, page, phase),
            Err(cause) => self.try_another_address(&cause, phase).await,
        }
    }

    /// The page of an answer, and whether it is the same as the one before.
    fn page(&self, answer: &Answer) -> Result<(Rc<Page>, bool), String> {
        if let Some((body, page)) = &*self.endpoint.last.borrow()
            && *body == answer.body
        {
            return Ok((Rc::clone(page), true));
        }
        Ok((Rc::new(read(answer)?), false))
    }

    fn keep(&self, answer: Answer, page: (Rc<Page>, bool), phase: Option<Arc<PhaseStamp>>) {
        let (page, is_duplicate) = page;
        self.tell_what_is_left_out(&page);
        if page.metrics.is_empty() {
            return;
        }
        let scrape = Scrape {
            sent: answer.sent,
            at: answer.at,
            latency_ns: answer.latency_ns,
            is_duplicate,
            phase,
            page: Rc::clone(&page),
        };
        self.endpoint.history.borrow_mut().add(&scrape);
        if !is_duplicate {
            if let Some(lines) = &mut *self.shared.lines.borrow_mut() {
                lines.append(&document::line(&self.endpoint.shown.borrow(), &scrape));
            }
            *self.endpoint.last.borrow_mut() = Some((answer.body, page));
        }
    }

    fn tell_what_is_left_out(&self, page: &Page) {
        for name in &page.summaries {
            if self.shared.is_new(format!("summary {name}")) {
                tracing::info!("server metrics: `{name}` is a summary, which is not collected");
            }
        }
        for name in &page.dropped {
            if self.shared.is_new(format!("dropped {name}")) {
                tracing::warn!(
                    "server metrics: `{name}` has values that are no finite numbers; they are left out"
                );
            }
        }
    }

    /// After the first answer that is no page of metrics. Once for each address.
    async fn try_another_address(&self, cause: &str, phase: Option<Arc<PhaseStamp>>) {
        if self.endpoint.state.replace(State::Trying) != State::Active {
            return;
        }
        let url = self.endpoint.url.borrow().clone();
        let is_first = self.endpoint.last.borrow().is_none();
        let others = [address::of_tensorrt(&url), address::at_root(&url)];
        for other in others.into_iter().flatten().filter(|_| is_first) {
            if self.settings.urls.contains(&other) {
                continue;
            }
            if let Ok(client) = self.client(&other)
                && let Ok(answer) = client
                    .get(self.settings.reachability_timeout, self.settings.clock)
                    .await
                && answer.is_ok
                && let Ok(page) = read(&answer)
            {
                let shown = aiperf_redact::url(&other);
                tracing::info!(
                    "server metrics: Prometheus' format is at {shown}, which is asked from now on"
                );
                self.settle(&other, client);
                self.keep(answer, (Rc::new(page), false), phase);
                return;
            }
        }
        self.endpoint.state.set(State::Disabled);
        let shown = self.endpoint.shown.borrow();
        tracing::warn!(
            "server metrics: {shown} does not show Prometheus' format and is not asked again: {cause}\n  \
             hint: TensorRT-LLM shows it with `return_perf_metrics: true`; `--no-server-metrics` asks \
             for none"
        );
        self.shared.note(
            "IncompatibleMetricsEndpointError",
            &format!("{shown}: {cause}"),
        );
    }
}

/// What an answer says, or why it says nothing.
fn read(answer: &Answer) -> Result<Page, String> {
    if answer.content_type.starts_with("application/json") {
        return Err(format!("it is JSON: {}", beginning(&answer.body)));
    }
    exposition::parse(&answer.body)
        .map(Page::of)
        .map_err(|error| format!("{error}: {}", beginning(&answer.body)))
}

fn beginning(body: &str) -> String {
    body.chars().take(SHOWN_OF_BODY).collect()
}
