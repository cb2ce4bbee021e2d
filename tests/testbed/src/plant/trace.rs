//! Recorded request rates and the formats they come in.
//!
//! Takes text, gives a rate for every instant; a trace begins again when it ends. Never invents a shape: a bin that the recording
//! misses keeps the rate of the bin before it, because a load generator has to offer something and a zero would be an outage.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use jiff::civil::DateTime;

/// How a recording is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One number a line: requests per second during one second.
    RatePerSecond,
    /// `timestamp,value` with a header; requests in the five minutes that begin at the timestamp.
    CountPerFiveMinutes,
    /// `minute,job0,job1,...` with a header; requests in that minute, one column per service.
    CountPerMinute {
        /// Which service, counted from 0.
        job: usize,
    },
}

/// The recordings that come with the testbed; where they are from says `traces/README.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// One hour by the second, a day's wave, 90 to 394 requests/s.
    AutothrottleDiurnal,
    /// One hour by the second, bursts, 81 to 397 requests/s.
    AutothrottleBursty,
    /// 14 days by five minutes, little traffic with sharp peaks.
    NabElb,
    /// Six hours by the minute, ten services; this one of them, 0 to 9.
    Faro {
        /// Which service.
        job: usize,
    },
}

/// Request rates over time, in bins of equal length.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    bin: Duration,
    rates: Vec<f64>,
}

impl Trace {
    /// `rates` in requests per second, one for each `bin`.
    ///
    /// # Errors
    /// When there is no rate, a bin has no length, or a rate is negative or not a number.
    pub fn new(bin: Duration, rates: Vec<f64>) -> Result<Self> {
        ensure!(!bin.is_zero(), "a trace's bin must be longer than zero");
        ensure!(!rates.is_empty(), "a trace needs at least one rate");
        if let Some((index, rate)) = rates.iter().enumerate().find(|(_, rate)| !rate.is_finite() || **rate < 0.0) {
            bail!("the trace's rate {index} must be a number of at least 0, not {rate}");
        }
        Ok(Self { bin, rates })
    }

    /// Reads `text` as `format`.
    ///
    /// # Errors
    /// Names the first line that does not fit the format.
    pub fn parse(text: &str, format: Format) -> Result<Self> {
        match format {
            Format::RatePerSecond => {
                let rates = rows(text, 0).map(|(line, row)| number(row, line)).collect::<Result<_>>()?;
                Self::new(Duration::from_secs(1), rates)
            }
            Format::CountPerFiveMinutes => five_minutes(text),
            Format::CountPerMinute { job } => {
                let cell = |(line, row): (usize, &str)| {
                    let cell = row.split(',').nth(job.saturating_add(1));
                    number(cell.with_context(|| format!("line {line} of the trace has no job {job}"))?, line)
                };
                let rates = rows(text, 1).map(|row| cell(row).map(|count| count / 60.0)).collect::<Result<_>>()?;
                Self::new(Duration::from_secs(60), rates)
            }
        }
    }

    /// Reads the file at `path` as `format`.
    ///
    /// # Errors
    /// When the file cannot be read, or as [`Trace::parse`].
    pub fn read(path: &Path, format: Format) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the trace {}", path.display()))?;
        Self::parse(&text, format).with_context(|| format!("in the trace {}", path.display()))
    }

    /// One of the recordings that come with the testbed.
    ///
    /// # Errors
    /// When a job is named that the recording does not have.
    pub fn recorded(recording: Recording) -> Result<Self> {
        let (text, format) = match recording {
            Recording::AutothrottleDiurnal => {
                (include_str!("../../traces/autothrottle-diurnal-2.txt"), Format::RatePerSecond)
            }
            Recording::AutothrottleBursty => {
                (include_str!("../../traces/autothrottle-bursty.txt"), Format::RatePerSecond)
            }
            Recording::NabElb => {
                (include_str!("../../traces/nab-elb_request_count_8c0756.csv"), Format::CountPerFiveMinutes)
            }
            Recording::Faro { job } => {
                (include_str!("../../traces/faro-twitter-azure-10jobs-per-minute.csv"), Format::CountPerMinute { job })
            }
        };
        Self::parse(text, format)
    }

    /// How long the recording is.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.bin.saturating_mul(u32::try_from(self.rates.len()).unwrap_or(u32::MAX))
    }

    /// The rates in requests per second, one for each bin.
    #[must_use]
    pub fn rates(&self) -> &[f64] {
        &self.rates
    }

    /// The rate `since` the beginning of the recording, which repeats for ever.
    #[must_use]
    pub fn rate_at(&self, since: Duration) -> f64 {
        let bins = since.as_nanos().checked_div(self.bin.as_nanos()).unwrap_or(0);
        let count = self.rates.len() as u128;
        let index = usize::try_from(bins.checked_rem(count).unwrap_or(0)).unwrap_or(0);
        self.rates.get(index).copied().unwrap_or(0.0)
    }
}

/// Lines with their number (from 1), less the header and empty ones.
fn rows(text: &str, header: usize) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).skip(header).map(|(line, row)| (line, row.trim())).filter(|(_, row)| !row.is_empty())
}

fn number(cell: &str, line: usize) -> Result<f64> {
    cell.trim().parse().with_context(|| format!("line {line} of the trace: {cell:?} is not a number"))
}

fn five_minutes(text: &str) -> Result<Trace> {
    const BIN: Duration = Duration::from_secs(300);
    let mut rates: Vec<f64> = Vec::new();
    let mut previous: Option<(DateTime, f64)> = None;
    for (line, row) in rows(text, 1) {
        let (time, value) = row.split_once(',').with_context(|| format!("line {line} of the trace has no comma"))?;
        let time: DateTime = time.parse().with_context(|| format!("line {line} of the trace: {time:?} is no time"))?;
        if let Some((before, rate)) = previous {
            let gap = Duration::try_from(time.duration_since(before))
                .ok()
                .filter(|gap| !gap.is_zero() && gap.as_nanos().is_multiple_of(BIN.as_nanos()))
                .with_context(|| format!("line {line} of the trace: times must rise in steps of five minutes"))?;
            // Bins that the recording misses.
            let missing = gap.as_secs().saturating_sub(BIN.as_secs()) / BIN.as_secs();
            rates.extend((0..missing).map(|_| rate));
        }
        let rate = number(value, line)? / BIN.as_secs_f64();
        rates.push(rate);
        previous = Some((time, rate));
    }
    Trace::new(BIN, rates)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn the_recordings_are_whole() {
        let hour = Duration::from_secs(3600);
        let cases: [(Recording, usize, Duration, f64, f64, f64); 6] = [
            (Recording::AutothrottleDiurnal, 3600, hour, 110.0, 101.0, 394.0),
            (Recording::AutothrottleBursty, 3600, hour, 157.0, 167.0, 397.0),
            // 4,032 lines and the 8 bins that the recording misses.
            (Recording::NabElb, 4040, 4040 * Duration::from_secs(300), 94.0 / 300.0, 60.0 / 300.0, 656.0 / 300.0),
            (Recording::Faro { job: 0 }, 360, 6 * hour, 957.0 / 60.0, 1002.0 / 60.0, 0.0),
            (Recording::Faro { job: 5 }, 360, 6 * hour, 460.0 / 60.0, 836.0 / 60.0, 0.0),
            (Recording::Faro { job: 9 }, 360, 6 * hour, 101.0 / 60.0, 82.0 / 60.0, 0.0),
        ];
        for (recording, bins, length, first, last, peak) in cases {
            let trace = Trace::recorded(recording).unwrap();
            assert_eq!((trace.rates().len(), trace.length()), (bins, length), "{recording:?}");
            assert_eq!(trace.rates()[0], first, "{recording:?}");
            assert_eq!(trace.rates()[bins - 1], last, "{recording:?}");
            if peak > 0.0 {
                assert_eq!(trace.rates().iter().copied().fold(0.0, f64::max), peak, "{recording:?}");
            }
        }
        assert!(Trace::recorded(Recording::Faro { job: 10 }).unwrap_err().to_string().contains("no job 10"));
    }

    #[test]
    fn a_missing_bin_keeps_the_rate_before_it() {
        let text = "timestamp,value\n2014-04-10 00:04:00,300\n2014-04-10 00:19:00,600.0\n";
        let trace = Trace::parse(text, Format::CountPerFiveMinutes).unwrap();
        assert_eq!(trace.rates(), [1.0, 1.0, 1.0, 2.0]);
    }

    #[test]
    fn a_trace_repeats() {
        let trace = Trace::new(Duration::from_secs(60), vec![1.0, 2.0, 3.0]).unwrap();
        for (seconds, rate) in [(0, 1.0), (59, 1.0), (60, 2.0), (179, 3.0), (180, 1.0), (1_000_020, 3.0)] {
            assert_eq!(trace.rate_at(Duration::from_secs(seconds)), rate, "{seconds}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_by_line() {
        let cases = [
            ("1\nx\n", Format::RatePerSecond, "line 2"),
            ("", Format::RatePerSecond, "at least one rate"),
            ("1\n-2\n", Format::RatePerSecond, "rate 1 must be"),
            ("NaN\n", Format::RatePerSecond, "rate 0 must be"),
            ("minute,job0\n0,5\n1\n", Format::CountPerMinute { job: 0 }, "line 3"),
            ("timestamp,value\nyesterday,5\n", Format::CountPerFiveMinutes, "line 2"),
            ("t,v\n2014-04-10 00:04:00,1\n2014-04-10 00:05:00,1\n", Format::CountPerFiveMinutes, "line 3"),
            ("t,v\n2014-04-10 00:04:00,1\n2014-04-10 00:04:00,1\n", Format::CountPerFiveMinutes, "line 3"),
        ];
        for (text, format, expected) in cases {
            let error = Trace::parse(text, format).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
