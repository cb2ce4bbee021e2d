//! What is wrong around a service: slow nodes and pods, and another service that it waits for.
//!
//! Plain data with a check that names the field. The other faults are elsewhere: more work or more load in the service itself,
//! clients that try again in [`super::retries`], a bad revision on the pods ([`super::pods::ERROR_SHARE_ANNOTATION`]).

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::pods::PodView;

/// The faults in force. None at first.
#[derive(Debug, Default)]
pub(super) struct Faults {
    nodes: BTreeMap<String, f64>,
    pods: BTreeMap<String, f64>,
    /// How long each new request waits for another service before its own work.
    pub(super) dependency: Duration,
}

impl Faults {
    /// Pods on `node` run at `speed` times their pace.
    ///
    /// # Errors
    /// When the speed is negative or not a number.
    pub(super) fn set_node_speed(&mut self, node: &str, speed: f64) -> Result<()> {
        check("node", speed)?;
        self.nodes.insert(node.to_owned(), speed);
        Ok(())
    }

    /// The pod of that name runs at `speed` times its pace.
    ///
    /// # Errors
    /// When the speed is negative or not a number.
    pub(super) fn set_pod_speed(&mut self, pod: &str, speed: f64) -> Result<()> {
        check("pod", speed)?;
        self.pods.insert(pod.to_owned(), speed);
        Ok(())
    }

    /// How fast `pod` runs: its own speed times that of its node.
    pub(super) fn speed(&self, pod: &PodView) -> f64 {
        let of_node = pod.node.as_ref().and_then(|node| self.nodes.get(node));
        of_node.copied().unwrap_or(1.0) * self.pods.get(&pod.name).copied().unwrap_or(1.0)
    }
}

fn check(what: &str, speed: f64) -> Result<()> {
    ensure!(speed.is_finite() && speed >= 0.0, "{what} speed must be a number of at least 0, not {speed}");
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_pod_on_a_slow_node_is_slower_still_and_no_other_is() {
        let mut faults = Faults::default();
        faults.set_node_speed("a", 0.5).unwrap();
        faults.set_pod_speed("web-1", 0.25).unwrap();
        let speed = |name: &str, node: &str| {
            faults.speed(&PodView { name: name.into(), node: Some(node.into()), ..PodView::default() })
        };
        let found = [speed("web-1", "a"), speed("web-1", "b"), speed("web-2", "a"), speed("web-2", "b")];
        assert_eq!(found, [0.125, 0.25, 0.5, 1.0]);
        for wrong in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(faults.set_node_speed("a", wrong).unwrap_err().to_string().starts_with("node speed"));
            assert!(faults.set_pod_speed("a", wrong).unwrap_err().to_string().starts_with("pod speed"));
        }
    }
}
