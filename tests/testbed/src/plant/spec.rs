//! What a simulated service is: where its pods are, what they can take, what work its requests bring.
//!
//! Plain data with a check that names the field. Never acts.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::demand::Demand;
use super::load::Load;
use super::queue::Limits;

/// How arrivals are spread over the ready pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balancing {
    /// Any ready pod, as kube-proxy does.
    Random,
    /// The emptier of two ready pods drawn at random, as service meshes do.
    PowerOfTwoChoices,
}

/// One simulated service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceSpec {
    /// Value of the label `service` on every series; a DNS label.
    pub name: String,
    /// Namespace of the pods, and the scrape target the series appear under; a DNS label.
    pub namespace: String,
    /// Label selector of the pods, as `kubectl -l` takes it.
    pub selector: String,
    /// Requests offered.
    pub load: Load,
    /// How they are spread.
    pub balancing: Balancing,
    /// Work of the average request on one core.
    pub service_time: Duration,
    /// Standard deviation of the logarithm of the work.
    pub sigma: f64,
    /// Cores of each pod without a CPU limit; a limit goes before.
    pub cores: f64,
    /// Most requests in flight on a pod; beyond it 503.
    pub capacity: usize,
    /// When the client gives up.
    pub timeout: Duration,
    /// Share of the requests, 0 to 1, that fail with 500 on whatever pod.
    pub error_share: f64,
    /// Equal seeds, loads and pods give equal counters.
    pub seed: u64,
}

impl ServiceSpec {
    /// A web service on one core a pod: 50 ms of work with a spread of 0.6, 64 requests in flight, clients that wait 5 s, random
    /// balancing, no errors of its own.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>, selector: impl Into<String>, load: Load) -> Self {
        Self {
            name: name.into(),
            namespace: namespace.into(),
            selector: selector.into(),
            load,
            balancing: Balancing::Random,
            service_time: Duration::from_millis(50),
            sigma: 0.6,
            cores: 1.0,
            capacity: 64,
            timeout: Duration::from_secs(5),
            error_share: 0.0,
            seed: 1,
        }
    }

    /// Whether this service can be simulated.
    ///
    /// # Errors
    /// Names the first field that is wrong.
    pub fn check(&self) -> Result<()> {
        for (field, value) in [("name", &self.name), ("namespace", &self.namespace)] {
            let fits = (1..=63).contains(&value.len())
                && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            ensure!(fits, "{field} must be a DNS label (a-z, 0-9, -), not {value:?}");
        }
        ensure!(!self.selector.is_empty(), "selector must not be empty: it would take every pod of the namespace");
        self.load.check()?;
        self.demand()?;
        ensure!(self.cores.is_finite() && self.cores > 0.0, "cores must be a number above 0, not {}", self.cores);
        ensure!(self.capacity > 0, "capacity must be at least 1");
        ensure!(!self.timeout.is_zero(), "timeout must be longer than zero");
        check_share(self.error_share)
    }

    pub(super) fn demand(&self) -> Result<Demand> {
        Demand::new(self.service_time, self.sigma)
    }

    pub(super) fn limits(&self) -> Limits {
        Limits { cores: self.cores, capacity: self.capacity, timeout: self.timeout.as_secs_f64() }
    }
}

/// Whether `share` is a share.
pub(super) fn check_share(share: f64) -> Result<()> {
    ensure!((0.0..=1.0).contains(&share), "error_share must be between 0 and 1, not {share}");
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_field_is_named() {
        let good = ServiceSpec::new("shop", "checkout", "app=checkout", Load::Constant(10.0));
        good.check().unwrap();
        let cases = [
            ("name", ServiceSpec { name: "a\"b".into(), ..good.clone() }),
            ("namespace", ServiceSpec { namespace: String::new(), ..good.clone() }),
            ("selector", ServiceSpec { selector: String::new(), ..good.clone() }),
            ("load", ServiceSpec { load: Load::Constant(f64::NAN), ..good.clone() }),
            ("service_time", ServiceSpec { service_time: Duration::ZERO, ..good.clone() }),
            ("sigma", ServiceSpec { sigma: -1.0, ..good.clone() }),
            ("cores", ServiceSpec { cores: 0.0, ..good.clone() }),
            ("capacity", ServiceSpec { capacity: 0, ..good.clone() }),
            ("timeout", ServiceSpec { timeout: Duration::ZERO, ..good.clone() }),
            ("error_share", ServiceSpec { error_share: 1.1, ..good.clone() }),
        ];
        for (field, spec) in cases {
            let error = spec.check().unwrap_err().to_string();
            assert!(error.starts_with(field), "{field}: {error}");
        }
    }
}
