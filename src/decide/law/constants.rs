//! The numbers of the law, each with its reason. None of them is set per service: what differs between services is learned.

/// All constants of the law. A benchmark can halve and double each of them to show what depends on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constants {
    /// Seconds over which the rate is taken: four scrapes of 15 s, so that no single one decides.
    pub rate_window: f64,
    /// Seconds over which the slope is taken: that of the rate, four scrapes of 15 s. Shorter follows noise, longer comes late.
    pub slope_window: f64,
    /// A slope counts by how far it exceeds this many of its standard errors: one in six even loads shows more, and what is
    /// left of the slope is next to nothing there.
    pub doubt: f64,
    /// Seconds over which a load is seen to rise before anything is released: ten scrapes of 15 s. What was needed a while ago
    /// is needed again soon then, and pods that go now are asked for before they would be ready.
    pub rising_window: f64,
    /// Seconds over which the dispersion is averaged. Sixty scrapes of 15 s know it to within a fifth of itself.
    pub dispersion_memory: f64,
    /// Weight of the belief that arrivals are Poisson, as seconds of observation: five minutes of them are believed more.
    pub poisson_prior: f64,
    /// Part of the dispersion between whole rate windows that counts. Not all of it: the bend where a real ramp begins
    /// shows up in it too.
    pub coarse_dispersion: f64,
    /// The forecast is at most this many times the present demand: no load is a straight line for long.
    pub forecast_cap: f64,
    /// Seconds the highest measured demand is held, as loads that dip return. A minute less than the stabilisation window of an
    /// HPA: a load that rises again holds what was needed before without that.
    pub hold: f64,
    /// Accepted share of horizons in which demand exceeds what was provided. The one choice between pods and promise.
    pub misses: f64,
    /// Half-life of past forecast errors in seconds: what is busy at one time of the day is calm an hour or two later.
    pub error_half_life: f64,
    /// Strength of the belief about errors held before any was seen, as a number of observations. It is the fewest with which
    /// Student's distribution has a variance, so that the belief gives way as soon as it may.
    pub prior_weight: f64,
    /// Relative standard deviation of demand over a minute that is believed before any was seen: services that are recorded by
    /// the minute change by some percent from one to the next, whatever they serve.
    pub prior_deviation: f64,
    /// How it grows with the horizon: between a random walk's 0.5 and an even trend's 1.
    pub prior_growth: f64,
    /// Minutes that must be seen until what they show counts as much as that belief: ten are known to within a quarter.
    pub prior_minutes: f64,
    /// An error counts at most as this many standard deviations. A jump that no reserve could have carried must not be
    /// paid for afterwards; if jumps come again and again, the deviation grows until it covers them.
    pub largest_error: f64,
    /// The reserve makes at most this of the forecast. More is no reserve for errors: such a forecast says nothing.
    pub most_reserve: f64,
    /// Half-life in seconds of a latency histogram while the service runs at its utilisation: a new revision is believed
    /// within a quarter of an hour.
    pub bin_half_life: f64,
    /// Half-life in seconds of the histograms of other utilisations: what is not seen now is all there is to know of them.
    pub idle_half_life: f64,
    /// Requests that make a histogram count fully. A share of 5 % is then known to within a tenth of itself.
    pub bin_requests: f64,
    /// Width in utilisation over which histograms predict each other: two of their bins to either side.
    pub nearness: f64,
    /// Share of the allowed slow requests that is planned with: the rest is for the minutes that are worse than the mean.
    pub margin: f64,
    /// Utilisation that is not exceeded until one near it has been seen without errors: queues that run full turn requests
    /// away long before latency tells.
    pub unproven: f64,
    /// Utilisation assumed safe until a histogram counts: safe for a latency of five service times and any balancer.
    pub unknown_safe: f64,
    /// Seconds over which the work of a request is averaged: long enough for a thousand of them where there are few a second.
    pub work_window: f64,
    /// Seconds of the window the long one may not fall far behind, as long as that of the rate: more work is believed at once,
    /// less slowly.
    pub short_work: f64,
    /// Quantile of the start delays that is planned with: if one pod in ten is late, the others carry its share.
    pub start_quantile: f64,
    /// Start delay in seconds assumed before one was seen: between a small binary's seconds and a large runtime's minutes.
    pub unknown_start: f64,
    /// Part of the horizon during which the highest need still stands: pods that were just asked for are not sent away.
    pub release: f64,
}

impl Default for Constants {
    fn default() -> Self {
        Self {
            rate_window: 60.0,
            slope_window: 60.0,
            doubt: 1.0,
            rising_window: 150.0,
            dispersion_memory: 900.0,
            poisson_prior: 300.0,
            coarse_dispersion: 0.2,
            forecast_cap: 1.5,
            hold: 240.0,
            misses: 0.1,
            error_half_life: 3600.0,
            prior_weight: 3.0,
            prior_deviation: 0.05,
            prior_growth: 0.75,
            prior_minutes: 10.0,
            largest_error: 3.0,
            most_reserve: 3.0,
            bin_half_life: 450.0,
            idle_half_life: 7200.0,
            bin_requests: 1500.0,
            nearness: 0.1,
            margin: 0.85,
            unproven: 0.80,
            unknown_safe: 0.4,
            work_window: 300.0,
            short_work: 60.0,
            start_quantile: 0.9,
            unknown_start: 90.0,
            release: 0.5,
        }
    }
}

impl Constants {
    /// Every constant with its name, to be varied.
    pub fn entries(&mut self) -> [(&'static str, &mut f64); 29] {
        [
            ("rate_window", &mut self.rate_window),
            ("slope_window", &mut self.slope_window),
            ("doubt", &mut self.doubt),
            ("rising_window", &mut self.rising_window),
            ("dispersion_memory", &mut self.dispersion_memory),
            ("poisson_prior", &mut self.poisson_prior),
            ("coarse_dispersion", &mut self.coarse_dispersion),
            ("forecast_cap", &mut self.forecast_cap),
            ("hold", &mut self.hold),
            ("misses", &mut self.misses),
            ("error_half_life", &mut self.error_half_life),
            ("prior_weight", &mut self.prior_weight),
            ("prior_deviation", &mut self.prior_deviation),
            ("prior_growth", &mut self.prior_growth),
            ("prior_minutes", &mut self.prior_minutes),
            ("largest_error", &mut self.largest_error),
            ("most_reserve", &mut self.most_reserve),
            ("bin_half_life", &mut self.bin_half_life),
            ("idle_half_life", &mut self.idle_half_life),
            ("bin_requests", &mut self.bin_requests),
            ("nearness", &mut self.nearness),
            ("margin", &mut self.margin),
            ("unproven", &mut self.unproven),
            ("unknown_safe", &mut self.unknown_safe),
            ("work_window", &mut self.work_window),
            ("short_work", &mut self.short_work),
            ("start_quantile", &mut self.start_quantile),
            ("unknown_start", &mut self.unknown_start),
            ("release", &mut self.release),
        ]
    }
}
