//! The load of a run: the trace, the column of it that is meant, or what a store recorded; and how high it is to be.

use std::io::{Read, Write, stderr, stdin};
use std::path::Path;

use k8s_openapi::jiff::Timestamp;

use super::promised::Promised;
use super::store::{self, Question, Recorded};
use crate::offline::settle::fault::Fault;
use crate::offline::trouble::Trouble;
use crate::runtime::cli::simulate::SimulateArgs;
use crate::simulate::load::Load;
use crate::simulate::trace::{self, LONGEST, Recording, Unreadable};

/// Reads the load of a run, when it was, and how it was read. What nobody knows of it is told.
pub(super) fn load(arguments: &SimulateArgs, promised: &Promised) -> Result<Recording, Trouble> {
    let (recording, from, holes) = match (&arguments.trace, &arguments.prometheus) {
        (Some(path), _) => {
            let text = text(path, &arguments.agreement)?;
            let recording = dated(of_text(&text, arguments.column.as_deref())?, arguments.from)?;
            let holes = format!("the trace says nothing of {}; the load before them is kept", recording.holes.told());
            (recording, "--trace", holes)
        }
        (None, Some(url)) => {
            let (Recorded { load, holes, told }, begins) = of_store(url, arguments, promised)?;
            (Recording { load, begins: Some(begins), column: None, holes }, "--query", told)
        }
        (None, None) => return Err(Fault::new("--trace", "is needed, or --prometheus in its place").into()),
    };
    let load = stretched(recording.load, from, arguments.scale_to)?;
    if recording.holes.steps > 0 {
        // The answer is right without it, and says how long the load is.
        let _ = writeln!(stderr(), "guarantor: {holes}");
    }
    Ok(Recording { load, ..recording })
}

/// What stands in the file, or comes by standard input.
fn text(path: &Path, agreement: &Path) -> Result<String, Trouble> {
    let input = Path::new("-");
    let read = match (path == input, agreement == input) {
        (true, true) => {
            let why = "and -f cannot both be standard input; name a file in one of them";
            return Err(Fault::new("--trace", why).into());
        }
        (true, false) => {
            let mut text = String::new();
            stdin().read_to_string(&mut text).map(|_| text)
        }
        (false, _) => std::fs::read_to_string(path),
    };
    read.map_err(|error| Trouble::Unreadable(format!("--trace: {}: {error}", path.display())))
}

/// A trace that begins when its rows say so, or else when the flag does.
fn dated(recording: Recording, from: Option<Timestamp>) -> Result<Recording, Fault> {
    match (recording.begins, from) {
        (Some(begins), Some(_)) => {
            let why = format!("must be left out: the rows of the trace say that it begins at {begins}");
            Err(Fault::new("--from", why))
        }
        (begins, from) => Ok(Recording { begins: begins.or(from), ..recording }),
    }
}

fn of_text(text: &str, column: Option<&str>) -> Result<Recording, Fault> {
    trace::recording(text, column).map_err(|fault| match fault {
        Unreadable::Column(_) => Fault::new("--column", fault.to_string()),
        _ => Fault::new("--trace", fault.to_string()),
    })
}

fn of_store(url: &str, arguments: &SimulateArgs, promised: &Promised) -> Result<(Recorded, Timestamp), Trouble> {
    let (Some(from), Some(until)) = (arguments.from, arguments.until) else {
        return Err(Fault::new("--from", "and --until are needed with --prometheus").into());
    };
    let seconds = Some(arguments.step).filter(|step| step.subsec_nanos() == 0).map(|step| step.as_secs());
    let step = seconds.and_then(|seconds| u32::try_from(seconds).ok()).filter(|step| (1..=3600).contains(step));
    let step = step.ok_or_else(|| Fault::new("--step", "must be whole seconds from 1s to 1h"))?;
    let asked = until.as_second() - from.as_second();
    if asked < 2 * i64::from(step) {
        return Err(Fault::new("--until", "must be at least two steps after --from").into());
    }
    if usize::try_from(asked).map_or(true, |asked| asked > LONGEST) {
        return Err(Fault::new("--until", "must be at most three years after --from").into());
    }
    let query = arguments.query.clone().unwrap_or_else(|| store::query(&promised.indicator, step));
    Ok((store::read(&Question { url, query: &query, from, until, step })?, from))
}

/// As much higher or lower as gives it this mean; `from` is the flag it comes from.
fn stretched(load: Load, from: &str, mean: Option<f64>) -> Result<Load, Fault> {
    if load.mean() <= 0.0 {
        return Err(Fault::new(from, "there are no requests in it"));
    }
    match mean {
        Some(mean) if mean.is_finite() && mean > 0.0 => Ok(load.scaled(mean / load.mean())),
        Some(mean) => Err(Fault::new("--scale-to", format!("must be a number above 0, not {mean}"))),
        None => Ok(load),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TWO: &str = "minute,a,b\n0,60,120\n1,60,120\n";

    #[test]
    fn a_column_goes_by_its_name_or_number() {
        for (column, rate) in [(None, 1.0), (Some("a"), 1.0), (Some("2"), 1.0), (Some("b"), 2.0), (Some("3"), 2.0)] {
            assert!((of_text(TWO, column).unwrap().load.mean() - rate).abs() < 1e-9, "{column:?}");
        }
        assert!(
            (stretched(of_text(TWO, Some("b")).unwrap().load, "--trace", Some(5.0)).unwrap().mean() - 5.0).abs() < 1e-9
        );
    }

    #[test]
    fn a_trace_begins_when_it_says_so_or_else_when_the_flag_does() {
        let (july, august): (Timestamp, Timestamp) =
            ("2026-07-01T00:00:00Z".parse().unwrap(), "2026-08-01T00:00:00Z".parse().unwrap());
        let own = "time,a\n2026-07-01T00:00:00Z,60\n2026-07-01T00:01:00Z,60\n";
        let begins = |text, from| dated(of_text(text, None).unwrap(), from).map(|read| read.begins);
        assert_eq!(begins(own, None).unwrap(), Some(july));
        assert_eq!(begins(TWO, Some(august)).unwrap(), Some(august));
        assert_eq!(begins(TWO, None).unwrap(), None);
        let fault = begins(own, Some(august)).unwrap_err().to_string();
        assert!(fault.starts_with("--from: must be left out"), "{fault}");
    }

    #[test]
    fn the_flag_that_is_wrong_is_named() {
        for (text, column, mean, flag) in [
            (TWO, Some("c"), None, "--column: "),
            (TWO, Some("1"), None, "--column: 1 is not"),
            (TWO, Some("0"), None, "--column: 0 is not"),
            (TWO, Some("4"), None, "--column: 4 is not"),
            ("1\n2\n", Some("2"), None, "--column: "),
            (TWO, None, Some(0.0), "--scale-to: "),
            (TWO, None, Some(f64::NAN), "--scale-to: "),
            ("0\n0\n", None, None, "--trace: there are no"),
            ("1\nx\n", None, None, "--trace: row 2"),
            ("0,60\n1,60\n", None, None, "--trace: row 1"),
        ] {
            let fault =
                of_text(text, column).and_then(|read| stretched(read.load, "--trace", mean)).unwrap_err().to_string();
            assert!(fault.starts_with(flag), "{flag}: {fault}");
        }
    }
}
