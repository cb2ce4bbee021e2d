//! The controls of a running service: what a test or the demo turns while the plant runs.
//!
//! Takes a change, which acts from the next step on, or gives the truth so far. Never waits for anything but the step in hand.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Result;

use super::load::Load;
use super::service::{Service, Totals};

/// A hand on a service of a plant. Clones turn the same service; dropping it leaves the service running.
#[derive(Debug, Clone)]
pub struct ServiceHandle {
    service: Arc<Mutex<Service>>,
}

impl ServiceHandle {
    pub(super) fn new(service: Arc<Mutex<Service>>) -> Self {
        Self { service }
    }

    /// As [`Service::set_load`].
    ///
    /// # Errors
    /// When the load cannot be offered; the old one stays.
    pub fn set_load(&self, load: Load) -> Result<()> {
        self.lock().set_load(load)
    }

    /// As [`Service::set_error_share`].
    ///
    /// # Errors
    /// When it is not between 0 and 1.
    pub fn set_error_share(&self, share: f64) -> Result<()> {
        self.lock().set_error_share(share)
    }

    /// As [`Service::set_service_time`].
    ///
    /// # Errors
    /// When it is zero.
    pub fn set_service_time(&self, mean: Duration) -> Result<()> {
        self.lock().set_service_time(mean)
    }

    /// As [`Service::set_node_speed`].
    ///
    /// # Errors
    /// When the speed is negative or not a number.
    pub fn set_node_speed(&self, node: &str, speed: f64) -> Result<()> {
        self.lock().set_node_speed(node, speed)
    }

    /// As [`Service::set_pod_speed`].
    ///
    /// # Errors
    /// When the speed is negative or not a number.
    pub fn set_pod_speed(&self, pod: &str, speed: f64) -> Result<()> {
        self.lock().set_pod_speed(pod, speed)
    }

    /// As [`Service::set_dependency`].
    pub fn set_dependency(&self, wait: Duration) {
        self.lock().set_dependency(wait);
    }

    /// As [`Service::set_retries`].
    pub fn set_retries(&self, most: u32, backoff: Duration) {
        self.lock().set_retries(most, backoff);
    }

    /// As [`Service::set_shedding`].
    pub fn set_shedding(&self, sheds: bool) {
        self.lock().set_shedding(sheds);
    }

    /// Pods that get requests, as of the last step.
    #[must_use]
    pub fn ready_pods(&self) -> usize {
        self.lock().ready_pods()
    }

    /// What really happened so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.lock().totals()
    }

    fn lock(&self) -> MutexGuard<'_, Service> {
        super::lock(&self.service)
    }
}
