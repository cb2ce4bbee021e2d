//! The plant: services without containers whose latency and errors really answer to their replicas.
//!
//! Takes pods from an API server (they run on simulated nodes and do nothing), offers a load to them, simulates a queue on each ready
//! one in real time, and gives counters, latency histograms and CPU time for a real Prometheus to scrape. So a control loop can be
//! closed in a test: fewer pods are slower pods. Knows nothing of the operator under test and never writes to the API server.
//!
//! From the inside out: [`queue`] and [`demand`] (one pod), [`load`] and [`trace`] (arrivals), [`service`] (many pods, pure and
//! deterministic), then the shell of watch, clock and HTTP here.

pub mod counters;
pub mod demand;
mod ended;
mod endpoint;
pub mod exposition;
mod faults;
mod handle;
pub mod load;
mod pace;
pub mod pods;
pub mod queue;
mod replica;
mod retries;
pub mod service;
mod spec;
mod switch;
pub mod throttle;
pub mod trace;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, ensure};
use kube::Client;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

pub use handle::ServiceHandle;
pub use spec::{Balancing, ServiceSpec};
pub use switch::SwitchAt;

use exposition::Snapshot;
use pace::{Pace, STEP};
use pods::PodWatch;
use service::Service;

/// A running plant; stops when dropped.
pub struct Plant {
    client: Client,
    address: SocketAddr,
    services: Arc<Services>,
    tasks: JoinSet<()>,
}

impl Plant {
    /// Starts without services. `client` needs to list and watch pods; `listen` with port 0 takes a free port.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start(client: Client, listen: SocketAddr) -> Result<Self> {
        let listener =
            TcpListener::bind(listen).await.with_context(|| format!("the plant cannot listen on {listen}"))?;
        let address = listener.local_addr().context("the plant's listener has no address")?;
        let services = Arc::new(Services::default());
        let router = endpoint::router(services.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(run(services.clone()));
        tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!("the plant's endpoint ended: {error}");
            }
        });
        Ok(Self { client, address, services, tasks })
    }

    /// Where the plant is scraped, with the path of [`Plant::metrics_path`].
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The path of the scrape target of a namespace; the target must carry the label `namespace`.
    #[must_use]
    pub fn metrics_path(namespace: &str) -> String {
        format!("/metrics/{namespace}")
    }

    /// Adds a service. Its load begins when its present pods are known, and goes on until the plant is dropped.
    ///
    /// # Errors
    /// When a field of `spec` is wrong, the namespace has a service of this name already, or its pods cannot be listed.
    pub async fn add_service(&self, spec: ServiceSpec) -> Result<ServiceHandle> {
        let (namespace, selector) = (spec.namespace.clone(), spec.selector.clone());
        let service = Service::new(spec)?;
        let pods = PodWatch::start(self.client.clone(), &namespace, &selector).await?;
        self.services.add(service, pods)
    }

    /// From now on `service` sheds load while the switch is turned, as [`Service::set_shedding`] does it.
    ///
    /// # Errors
    /// When the API server does not tell how the switch stands.
    pub async fn follow_switch(&mut self, service: &ServiceHandle, at: SwitchAt<'_>) -> Result<()> {
        switch::follow(self.client.clone(), at, service.clone(), &mut self.tasks).await
    }
}

/// All services of a plant, shared by the clock, the endpoint and the controls.
#[derive(Default)]
struct Services {
    running: Mutex<Vec<Running>>,
}

struct Running {
    service: Arc<Mutex<Service>>,
    pods: PodWatch,
}

impl Services {
    fn add(&self, service: Service, pods: PodWatch) -> Result<ServiceHandle> {
        let mut running = lock(&self.running);
        let taken = running.iter().any(|other| {
            let other = lock(&other.service);
            (&other.spec().namespace, &other.spec().name) == (&service.spec().namespace, &service.spec().name)
        });
        ensure!(!taken, "name: namespace {} has a service {} already", service.spec().namespace, service.spec().name);
        let service = Arc::new(Mutex::new(service));
        running.push(Running { service: service.clone(), pods });
        Ok(ServiceHandle::new(service))
    }

    fn advance(&self, steps: u32) {
        for Running { service, pods } in lock(&self.running).iter() {
            let mut service = lock(service);
            service.observe(pods.pods());
            for _ in 0..steps {
                service.advance(STEP);
            }
        }
    }

    fn snapshots(&self, namespace: &str) -> Vec<Snapshot> {
        let running = lock(&self.running);
        let services = running.iter().map(|running| lock(&running.service));
        services.filter(|service| service.spec().namespace == namespace).map(|service| service.snapshot()).collect()
    }
}

/// Lets simulated time follow real time, for ever.
async fn run(services: Arc<Services>) {
    let started = Instant::now();
    let mut pace = Pace::default();
    let mut tick = interval(STEP);
    // What a late tick has missed is in the pace already.
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tick.tick().await;
        let due = pace.due(started.elapsed());
        if !due.skipped.is_zero() {
            tracing::warn!("plant: the machine was away; {:?} of load were not offered", due.skipped);
        }
        services.advance(due.steps);
    }
}

/// A panic under the lock can only come from a test; the counters behind it are still the best there is.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
