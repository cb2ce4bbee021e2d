//! The counters as text for Prometheus to scrape.
//!
//! Takes snapshots of the services of one namespace, gives the text exposition format 0.0.4. Never keeps anything between two
//! scrapes. There is no label `namespace` or `job`: those belong to the scrape target, and a clash would rename ours.
//!
//! Written by hand instead of with a metrics library: the series come and go with the simulated pods, so a registry would be a
//! second copy of the state to be kept in step, and the format is a few lines. Label values are DNS names, which need no escaping.

use std::fmt::{self, Write};

use k8s_openapi::jiff::Timestamp;

use super::counters::Counters;
use super::throttle::Periods;

/// One service as a scrape sees it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Value of the label `service`.
    pub service: String,
    /// Failures that no pod could count; exposed without a label `pod`.
    pub front: Counters,
    /// The running pods.
    pub pods: Vec<Series>,
}

/// One running pod as a scrape sees it.
#[derive(Debug, Clone)]
pub struct Series {
    /// Value of the label `pod`.
    pub pod: String,
    /// When the process started, if the pod says so.
    pub started: Option<Timestamp>,
    /// Requests.
    pub counters: Counters,
    /// CPU time used.
    pub cpu_seconds: f64,
    /// Requests being worked on.
    pub in_flight: usize,
    /// Value of the label `container` of what the kernel counts.
    pub container: String,
    /// What the kernel counts of its CPU limit, if it has one.
    pub periods: Option<Periods>,
}

/// The content type of [`render`]'s text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All series of `services`, grouped by metric as the format demands.
#[must_use]
pub fn render(services: &[Snapshot]) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, services);
    text
}

fn write(out: &mut String, services: &[Snapshot]) -> fmt::Result {
    let pods = || services.iter().flat_map(|s| s.pods.iter().map(move |pod| (s.service.as_str(), pod)));

    head(out, "http_requests_total", "counter", "Requests by status code.")?;
    for Snapshot { service, front, pods } in services {
        for (code, count) in front.codes() {
            writeln!(out, "http_requests_total{{service=\"{service}\",code=\"{code}\"}} {count}")?;
        }
        for Series { pod, counters, .. } in pods {
            for (code, count) in counters.codes() {
                writeln!(out, "http_requests_total{{service=\"{service}\",pod=\"{pod}\",code=\"{code}\"}} {count}")?;
            }
        }
    }
    let name = "http_request_duration_seconds";
    head(out, name, "histogram", "How long requests took that the pod had let in, until answered or given up.")?;
    for (service, Series { pod, counters, .. }) in pods() {
        let labels = format!("service=\"{service}\",pod=\"{pod}\"");
        for (bound, count) in counters.buckets() {
            writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}")?;
        }
        let count = counters.observed();
        writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}")?;
        writeln!(out, "{name}_sum{{{labels}}} {}", counters.seconds())?;
        writeln!(out, "{name}_count{{{labels}}} {count}")?;
    }
    head(out, "http_requests_in_flight", "gauge", "Requests being worked on.")?;
    for (service, Series { pod, in_flight, .. }) in pods() {
        writeln!(out, "http_requests_in_flight{{service=\"{service}\",pod=\"{pod}\"}} {in_flight}")?;
    }
    head(out, "container_cpu_usage_seconds_total", "counter", "CPU time used.")?;
    for (service, Series { pod, cpu_seconds, .. }) in pods() {
        writeln!(out, "container_cpu_usage_seconds_total{{service=\"{service}\",pod=\"{pod}\"}} {cpu_seconds}")?;
    }
    limited(out, services, "container_cpu_cfs_periods_total", "Periods with something to do.", |periods| periods.all)?;
    let name = "container_cpu_cfs_throttled_periods_total";
    limited(out, services, name, "Periods throttled by the CPU limit.", |periods| periods.throttled)?;
    head(out, "process_start_time_seconds", "gauge", "When the pod's process started, in Unix time.")?;
    for (service, Series { pod, started, .. }) in pods() {
        if let Some(started) = started {
            let seconds = started.as_second();
            writeln!(out, "process_start_time_seconds{{service=\"{service}\",pod=\"{pod}\"}} {seconds}")?;
        }
    }
    Ok(())
}

/// A counter of the containers that have a CPU limit. As cAdvisor's, it knows nothing of services.
fn limited(out: &mut String, services: &[Snapshot], name: &str, help: &str, of: fn(&Periods) -> u64) -> fmt::Result {
    head(out, name, "counter", help)?;
    for Series { pod, container, periods, .. } in services.iter().flat_map(|service| &service.pods) {
        if let Some(periods) = periods {
            writeln!(out, "{name}{{container=\"{container}\",pod=\"{pod}\"}} {}", of(periods))?;
        }
    }
    Ok(())
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) -> fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::plant::counters::Code;

    const EXPECTED: &str = r#"# HELP http_requests_total Requests by status code.
# TYPE http_requests_total counter
http_requests_total{service="checkout",code="503"} 4
http_requests_total{service="checkout",pod="a",code="200"} 1
http_requests_total{service="checkout",pod="a",code="500"} 1
http_requests_total{service="checkout",pod="b",code="200"} 0
# HELP http_request_duration_seconds How long requests took that the pod had let in, until answered or given up.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{service="checkout",pod="a",le="0.05"} 0
http_request_duration_seconds_bucket{service="checkout",pod="a",le="0.1"} 0
http_request_duration_seconds_bucket{service="checkout",pod="a",le="0.25"} 1
http_request_duration_seconds_bucket{service="checkout",pod="a",le="0.5"} 1
http_request_duration_seconds_bucket{service="checkout",pod="a",le="1"} 1
http_request_duration_seconds_bucket{service="checkout",pod="a",le="2.5"} 1
http_request_duration_seconds_bucket{service="checkout",pod="a",le="5"} 1
http_request_duration_seconds_bucket{service="checkout",pod="a",le="+Inf"} 2
http_request_duration_seconds_sum{service="checkout",pod="a"} 6.25
http_request_duration_seconds_count{service="checkout",pod="a"} 2
http_request_duration_seconds_bucket{service="checkout",pod="b",le="0.05"} 0
http_request_duration_seconds_bucket{service="checkout",pod="b",le="0.1"} 0
http_request_duration_seconds_bucket{service="checkout",pod="b",le="0.25"} 0
http_request_duration_seconds_bucket{service="checkout",pod="b",le="0.5"} 0
http_request_duration_seconds_bucket{service="checkout",pod="b",le="1"} 0
http_request_duration_seconds_bucket{service="checkout",pod="b",le="2.5"} 0
http_request_duration_seconds_bucket{service="checkout",pod="b",le="5"} 0
http_request_duration_seconds_bucket{service="checkout",pod="b",le="+Inf"} 0
http_request_duration_seconds_sum{service="checkout",pod="b"} 0
http_request_duration_seconds_count{service="checkout",pod="b"} 0
# HELP http_requests_in_flight Requests being worked on.
# TYPE http_requests_in_flight gauge
http_requests_in_flight{service="checkout",pod="a"} 3
http_requests_in_flight{service="checkout",pod="b"} 0
# HELP container_cpu_usage_seconds_total CPU time used.
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{service="checkout",pod="a"} 1.5
container_cpu_usage_seconds_total{service="checkout",pod="b"} 0
# HELP container_cpu_cfs_periods_total Periods with something to do.
# TYPE container_cpu_cfs_periods_total counter
container_cpu_cfs_periods_total{container="app",pod="a"} 1
# HELP container_cpu_cfs_throttled_periods_total Periods throttled by the CPU limit.
# TYPE container_cpu_cfs_throttled_periods_total counter
container_cpu_cfs_throttled_periods_total{container="app",pod="a"} 0
# HELP process_start_time_seconds When the pod's process started, in Unix time.
# TYPE process_start_time_seconds gauge
process_start_time_seconds{service="checkout",pod="a"} 1767225600
"#;

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let mut a = Counters::started();
        a.finish(Code::Ok, 0.25);
        a.finish(Code::Internal, 6.0);
        let mut front = Counters::default();
        front.refuse(Code::Unavailable, 4);
        let started = Some("2026-01-01T00:00:00Z".parse().unwrap());
        let mut periods = Periods::default();
        periods.end(Duration::from_millis(100), 0.01, Some(1.0));
        let of = |pod: &str| Series {
            pod: pod.into(),
            started: None,
            counters: Counters::started(),
            cpu_seconds: 0.0,
            in_flight: 0,
            container: "app".into(),
            periods: None,
        };
        let limited =
            Series { started, counters: a, cpu_seconds: 1.5, in_flight: 3, periods: Some(periods), ..of("a") };
        let pods = vec![limited, of("b")];
        assert_eq!(render(&[Snapshot { service: "checkout".into(), front, pods }]), EXPECTED);
    }
}
