//! What is to go wrong, as `--fault` says it: `KIND@TIME`, or `KIND@TIME=VALUE`.

use std::time::Duration;

use crate::offline::settle::fault::Fault as Wrong;
use crate::runtime::cli::duration;
use crate::simulate::fault::Fault;

/// Seconds until somebody rolls a bad revision back.
const UNNOTICED: f64 = 600.0;

/// Reads the faults of a run that is judged for so many seconds, after a lead-in of others.
///
/// # Errors
/// Says what is wrong with which of them.
pub fn faults(texts: &[String], seconds: usize, lead_in: Duration) -> Result<Vec<Fault>, Wrong> {
    texts
        .iter()
        .map(|text| fault(text, seconds, lead_in).map_err(|why| Wrong::new("--fault", format!("{text:?} {why}"))))
        .collect()
}

fn fault(text: &str, seconds: usize, lead_in: Duration) -> Result<Fault, String> {
    let (kind, rest) = text.split_once('@').ok_or("does not say when; write for example node-crash@30m")?;
    let (time, value) = rest.split_once('=').map_or((rest, None), |(time, value)| (time, Some(value)));
    let begins = duration(time).map_err(|e| format!("has no time after the @: {e}"))?;
    if usize::try_from(begins.as_secs()).map_or(true, |begins| begins >= seconds) {
        return Err(format!("would begin after the end of the trace, which lasts {seconds} s"));
    }
    let at = lead_in.saturating_add(begins).as_secs_f64();
    match kind {
        "node-crash" if value.is_some() => Err("takes no value; leave out what follows the =".to_owned()),
        "node-crash" => Ok(Fault::NodeCrash { at, node: 0 }),
        "gray-node" => Ok(Fault::GrayNode { at, node: 0, speed: number(value, 0.25, 1.0)? }),
        "bad-revision" => Ok(Fault::BadRevision { at, errors: number(value, 0.05, 1.0)?, lasts: UNNOTICED }),
        "service-time" => Ok(Fault::ServiceTime { at, factor: number(value, 1.5, 1000.0)? }),
        "scrape-gap" => {
            let lasts = duration(value.unwrap_or("5m")).map_err(|e| format!("has no duration after the =: {e}"))?;
            Ok(Fault::ScrapeGap { at, lasts: lasts.as_secs_f64() })
        }
        _ => Err("is none of node-crash, gray-node, bad-revision, scrape-gap and service-time".to_owned()),
    }
}

/// A value above 0 and at most `most`, or what it is if it is left out.
fn number(value: Option<&str>, left_out: f64, most: f64) -> Result<f64, String> {
    let Some(text) = value else { return Ok(left_out) };
    let number = text.parse::<f64>().ok().filter(|number| *number > 0.0 && *number <= most);
    number.ok_or_else(|| format!("must have a number above 0 and at most {most} after the ="))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_with_their_values_or_without() {
        for (text, expected) in [
            ("node-crash@30m", Fault::NodeCrash { at: 1800.0, node: 0 }),
            ("gray-node@30m", Fault::GrayNode { at: 1800.0, node: 0, speed: 0.25 }),
            ("gray-node@1h=0.5", Fault::GrayNode { at: 3600.0, node: 0, speed: 0.5 }),
            ("bad-revision@90s=1", Fault::BadRevision { at: 90.0, errors: 1.0, lasts: 600.0 }),
            ("scrape-gap@0s=2m", Fault::ScrapeGap { at: 0.0, lasts: 120.0 }),
            ("service-time@10m=2", Fault::ServiceTime { at: 600.0, factor: 2.0 }),
        ] {
            assert_eq!(fault(text, 7200, Duration::ZERO).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_fault_waits_for_what_is_judged() {
        let found = faults(&["node-crash@30m".to_owned()], 7200, Duration::from_secs(3600)).unwrap();
        assert_eq!(found, [Fault::NodeCrash { at: 5400.0, node: 0 }]);
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for (text, why) in [
            ("node-crash", "does not say when"),
            ("node-crash@soon", "no time"),
            ("node-crash@2h", "after the end"),
            ("node-crash@1m=3", "takes no value"),
            ("gray-node@1m=0", "above 0"),
            ("gray-node@1m=NaN", "above 0"),
            ("bad-revision@1m=5", "at most 1"),
            ("scrape-gap@1m=5", "no duration"),
            ("earthquake@1m", "is none of"),
        ] {
            let wrong = faults(&[text.to_owned()], 7200, Duration::ZERO).unwrap_err().to_string();
            assert!(wrong.starts_with("--fault: ") && wrong.contains(why), "{text}: {wrong}");
        }
    }
}
