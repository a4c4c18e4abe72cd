//! Answering an API server: reviews, judged beside what this process knows of the cluster.
//!
//! Nothing is asked of anybody while somebody waits. What isn't known yet, takes too long or is too much is let through
//! and counted: a guardrail that stands in the way of a cluster is worse than one that is missing for a moment, as long as
//! it is known that it was.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Bytes;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use super::certificates::{self, Showing};
use super::heartbeat::{BEAT, Beat, MOST, Pulse, TOLD};
use super::metrics::Reviewed;
use super::reconcile::Evaluator;
use super::{Error, Shared, Source, Webhook, clock};
use crate::admission::breakglass::Used;
use crate::admission::request::{Request, respond};
use crate::admission::tally::{self, Place, Tally};
use crate::admission::{Answer, Deed, Known, Prepared, gaps};
use crate::engine::policy::Settings;
use crate::facts::{CustomKinds, Inventory, SubjectKey};
use crate::webhook::tls::{self, Certificate};
use crate::webhook::{self, Answered, Reviewer};

/// How long a review may take; an API server waits twice as long.
const BUDGET: Duration = Duration::from_secs(1);

/// How many reviews may be at work. Of more, each would wait for all the others.
const MOST_AT_ONCE: usize = 128;

/// Why nobody is to be sent here.
const STOPPING: &str = "stopping";

/// Who answers.
struct Desk {
    shared: Arc<Shared>,
    kinds: CustomKinds,
    settings: Settings,
    breaks_glass: bool,
    at_work: AtomicUsize,
    lately: Mutex<Lately>,
    /// Where too much is denied.
    tripped: RwLock<BTreeSet<Place>>,
}

/// What happened lately, to be told to the one who writes.
#[derive(Default)]
struct Lately {
    tally: Tally,
    used: Vec<Used>,
}

/// What ends when the process is to stop, after everything else has been told.
pub(super) struct Answering {
    shared: Arc<Shared>,
    linger: Duration,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Answering {
    /// Sends nobody here any more, answers those who don't know yet, and ends what was begun.
    pub(super) async fn end(self) {
        self.shared.health.close(STOPPING);
        sleep(self.linger).await;
        let _ = self.stop.send(());
        let _ = self.server.await;
        let pulse = Pulse::new(&self.shared);
        let _ = timeout(BUDGET, pulse.end()).await;
    }
}

/// Listens, and answers until it is told to end.
pub(super) async fn begin(
    shared: Arc<Shared>,
    options: Webhook,
    namespace: &str,
    kinds: CustomKinds,
    settings: Settings,
    tasks: &mut JoinSet<&'static str>,
) -> Result<Answering, Error> {
    let certificate = Arc::new(Certificate::default());
    let mut showing = Showing::new(Arc::clone(&shared), Arc::clone(&certificate));
    if let Source::Folder(folder) = &options.certificates {
        showing.show_files(folder)?;
    }
    let config = tls::config(certificate).map_err(tls::Error::from)?;
    let listen = options.listen;
    let listener =
        TcpListener::bind(listen).await.map_err(|error| Error::Listen(listen, error, "--listen"))?;
    if let Ok(bound) = listener.local_addr() {
        info!(address = %bound, "answering the API server");
    }
    match options.certificates {
        Source::Folder(folder) => tasks.spawn(showing.show_files_for_ever(folder)),
        Source::Secret(name, look) => {
            let (client, namespace) = (shared.client.clone(), namespace.to_owned());
            tasks.spawn(showing.show_secret_for_ever(certificates::Place { client, namespace, name }, look))
        }
    };
    let desk = Arc::new(Desk {
        shared: Arc::clone(&shared),
        kinds,
        settings,
        breaks_glass: options.breaks_glass,
        at_work: AtomicUsize::new(0),
        lately: Mutex::default(),
        tripped: RwLock::default(),
    });
    tasks.spawn(tell(Arc::clone(&desk)));
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(webhook::serve(listener, config, desk, async {
        let _ = stopped.await;
    }));
    Ok(Answering { shared, linger: options.linger, stop, server })
}

/// Tells what happened lately, and that this replica lives. Never returns.
async fn tell(desk: Arc<Desk>) -> &'static str {
    let pulse = Pulse::new(&desk.shared);
    loop {
        let beat = desk.take_stock().await;
        pulse.beat(&beat).await;
        sleep(BEAT).await;
    }
}

/// Counts what is at work.
struct AtWork<'a>(&'a AtomicUsize);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Reviewer for Desk {
    async fn review(&self, body: Bytes) -> Answered {
        let began = clock::instant();
        let before = self.at_work.fetch_add(1, Ordering::Relaxed);
        let _at_work = AtWork(&self.at_work);
        let request = Request::read(&body).map_err(|error| {
            self.shared.metrics.reviewed(&Reviewed::Malformed, began.elapsed());
            error.to_string()
        })?;
        let uid = request.uid.clone().into_owned();
        let (reviewed, answer) = if before >= MOST_AT_ONCE {
            (Reviewed::Shed, Answer::silent())
        } else {
            timeout(BUDGET, self.answer(request)).await.unwrap_or((Reviewed::Late, Answer::silent()))
        };
        let answer = respond(&uid, answer);
        self.shared.metrics.reviewed(&reviewed, began.elapsed());
        Ok(answer)
    }

    fn dropped(&self) {
        self.shared.metrics.connection_dropped();
    }
}

impl Desk {
    /// Keeps what the one who writes has to know, and opens a circuit breaker at once.
    async fn note(&self, key: &SubjectKey, answer: &Answer) {
        let is_denied = answer.acts.iter().any(|act| act.deed == Deed::Denied);
        if !is_denied && answer.used.is_none() {
            return;
        }
        let is_much = {
            let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
            lately.used.extend(answer.used.clone());
            lately.tally.add(&answer.acts, key, clock::now())
        };
        // Whether it is too much is looked at as often as that can be so.
        if is_much >= self.least_breaker().await {
            self.take_stock().await;
        }
    }

    /// The least number of denials that opens any circuit breaker.
    async fn least_breaker(&self) -> usize {
        let evaluator = self.shared.evaluator.read().await;
        let most = evaluator.decisions.policy().standards.iter().map(|it| it.rollout.breaker.most);
        usize::try_from(most.min().unwrap_or_default()).unwrap_or(usize::MAX)
    }

    /// Forgets what is over, opens and closes circuit breakers, and gives what is to be told.
    async fn take_stock(&self) -> Beat {
        let now = clock::now();
        let evaluator = self.shared.evaluator.read().await;
        let policy = evaluator.decisions.policy();
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        lately.used.retain(|used| now.duration_since(used.at) < TOLD);
        let surplus = lately.used.len().saturating_sub(MOST);
        lately.used.drain(..surplus);
        let denied = lately.tally.within(policy, now);
        let tripped = tally::tripped(policy, &denied);
        let mut known = self.tripped.write().unwrap_or_else(PoisonError::into_inner);
        for (standard, tier) in tripped.difference(&known) {
            warn!(%standard, %tier, outcome = "only warned", "too much is denied: the circuit breaker is open");
        }
        *known = tripped;
        Beat::new(&denied, &lately.used)
    }

    async fn answer(&self, request: Request<'_>) -> (Reviewed, Answer) {
        let is_dry_run = request.is_dry_run();
        if gaps::is_canary(&request) {
            return self.answer_canary().await;
        }
        let prepared = match Prepared::new(request, &self.kinds, &self.settings) {
            Ok(prepared) => prepared,
            Err(passage) => return (Reviewed::Passed(passage), Answer::silent()),
        };
        let judged = if prepared.is_about_rights() {
            self.judge_rights(&prepared).await
        } else {
            self.judge(&prepared).await
        };
        let Some(answer) = judged else { return (Reviewed::Unsynced, Answer::silent()) };
        let Ok(answer) = answer else {
            error!(subject = %prepared.key(), outcome = "let through", "a review failed");
            return (Reviewed::Failed, Answer::silent());
        };
        if !is_dry_run {
            self.shared.metrics.acted(&answer.acts);
            self.note(prepared.key(), &answer).await;
        }
        (Reviewed::of(&answer), answer)
    }

    /// Says that somebody answers who knows the cluster.
    async fn answer_canary(&self) -> (Reviewed, Answer) {
        if self.shared.evaluator.read().await.ledger.is_none() {
            return (Reviewed::Unsynced, Answer::silent());
        }
        let message = Some(gaps::ANSWER.to_owned());
        (Reviewed::Canary, Answer { allowed: false, message, ..Answer::silent() })
    }

    /// What is known, for a review.
    fn known<'a>(
        &self,
        evaluator: &'a Evaluator,
        inventory: &'a Inventory,
        tripped: &'a BTreeSet<Place>,
    ) -> Known<'a> {
        let (policy, stages) = (evaluator.decisions.policy(), &evaluator.stages);
        Known { policy, inventory, stages, tripped, breaks_glass: self.breaks_glass }
    }

    /// Nothing, if the cluster is not known yet.
    async fn judge(&self, prepared: &Prepared<'_>) -> Option<std::thread::Result<Answer>> {
        let evaluator = self.shared.evaluator.read().await;
        let world = self.shared.world.read().await;
        let ledger = evaluator.ledger.as_ref()?;
        let tripped = self.tripped.read().unwrap_or_else(PoisonError::into_inner);
        let known = self.known(&evaluator, &world.inventory, &tripped);
        Some(catch_unwind(AssertUnwindSafe(|| prepared.judge(known, ledger, clock::now()))))
    }

    /// The same where rights have to be supposed: nobody else looks meanwhile.
    async fn judge_rights(&self, prepared: &Prepared<'_>) -> Option<std::thread::Result<Answer>> {
        let mut evaluator = self.shared.evaluator.write().await;
        let world = self.shared.world.read().await;
        let mut ledger = evaluator.ledger.take()?;
        let tripped = self.tripped.read().unwrap_or_else(PoisonError::into_inner);
        let known = self.known(&evaluator, &world.inventory, &tripped);
        let answer =
            catch_unwind(AssertUnwindSafe(|| prepared.judge_rights(known, &mut ledger, clock::now())));
        match &answer {
            Ok(_) => evaluator.ledger = Some(ledger),
            // What was supposed may be there still: everything is judged anew.
            Err(_) => self.shared.note_change(None),
        }
        Some(answer)
    }
}
