//! What is promised of a service of the plant, whose requests are counted by [`crate::plant`].

/// An objective.
#[derive(Debug, Clone, Copy)]
pub struct Objective<'a> {
    name: &'a str,
    indicator: Indicator<'a>,
    /// In percent.
    target: &'a str,
}

#[derive(Debug, Clone, Copy)]
enum Indicator<'a> {
    /// Requests that were answered, and not with an error of the server.
    Answered,
    /// Requests that were answered within a threshold.
    InTime(&'a str),
}

impl<'a> Objective<'a> {
    /// So many percent of the requests are answered without an error.
    #[must_use]
    pub fn availability(target: &'a str) -> Self {
        Self { name: "availability", indicator: Indicator::Answered, target }
    }

    /// So many percent of the requests are answered within the threshold, a bound of the histogram's buckets.
    #[must_use]
    pub fn latency(threshold: &'a str, target: &'a str) -> Self {
        Self { name: "latency", indicator: Indicator::InTime(threshold), target }
    }

    /// The same under another name.
    #[must_use]
    pub fn named(self, name: &'a str) -> Self {
        Self { name, ..self }
    }

    /// The entry of an agreement's `objectives`, about this service.
    pub(super) fn lines(&self, service: &str) -> String {
        let indicator = match self.indicator {
            Indicator::Answered => format!(
                r#"      ratio:
        bad: sum(increase(http_requests_total{{service="{service}",code=~"5.."}}[$slot]))
        total: sum(increase(http_requests_total{{service="{service}"}}[$slot]))
"#
            ),
            Indicator::InTime(threshold) => format!(
                "      latency: {{histogram: http_request_duration_seconds, selector: {{service: {service}}}, \
                 threshold: {threshold}}}\n"
            ),
        };
        format!("  - name: {}\n    indicator:\n{indicator}    target: \"{}\"\n", self.name, self.target)
    }
}
