//! What is to go wrong, as `--fault` says it: `KIND@TIME`, and settings by their names after it.

use std::time::Duration;

use crate::offline::settle::fault::Fault as Wrong;
use crate::runtime::cli::duration;
use crate::simulate::fault::Fault;
use crate::simulate::fault::kind::Kind;
use crate::simulate::fleet::PODS_PER_NODE;

/// A fault that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// As it was written.
    pub text: String,
    /// When it begins, in seconds since the beginning of what is judged.
    pub begins: f64,
    /// What the plant is to do, since the beginning of what is played.
    pub fault: Fault,
}

/// Reads the faults of a run that is judged for so many seconds, after a lead-in of others.
///
/// # Errors
/// Says what is wrong with which of them.
pub fn faults(texts: &[String], seconds: usize, lead_in: Duration) -> Result<Vec<Asked>, Wrong> {
    let read =
        |text: &String| asked(text, seconds, lead_in).map_err(|why| Wrong::new("--fault", format!("{text:?} {why}")));
    let all: Vec<Asked> = texts.iter().map(read).collect::<Result<_, _>>()?;
    for (index, one) in all.iter().enumerate() {
        let before = all.iter().take(index);
        if let Some(other) = before.into_iter().find(|other| overlap(one.fault, other.fault)) {
            let why = format!("{:?} and {:?} overlap, and the end of one would end the other", other.text, one.text);
            return Err(Wrong::new("--fault", why));
        }
    }
    Ok(all)
}

/// Of what befalls the whole service, and ends by itself, there is one at a time.
fn overlap(one: Fault, other: Fault) -> bool {
    let lasts = |fault| match fault {
        Fault::SlowDependency { at, lasts, .. }
        | Fault::BadRevision { at, lasts, .. }
        | Fault::ScrapeGap { at, lasts } => Some((at, at + lasts)),
        _ => None,
    };
    let alike = std::mem::discriminant(&one) == std::mem::discriminant(&other);
    let both = lasts(one).zip(lasts(other)).filter(|_| alike);
    both.is_some_and(|((from, until), (begins, ends))| from < ends && begins < until)
}

/// Refuses what would happen to pods or nodes that there are not at the beginning.
///
/// # Errors
/// Says which, and which there are.
pub fn strike(asked: &[Asked], pods: u32) -> Result<(), Wrong> {
    let nodes = pods.div_ceil(u32::try_from(PODS_PER_NODE).unwrap_or(u32::MAX));
    for Asked { text, fault, .. } in asked {
        let (what, number, all) = match fault {
            Fault::NodeCrash { node, .. } | Fault::GrayNode { node, .. } => ("node", *node, nodes),
            Fault::PodCrash { pod, .. } | Fault::SlowPod { pod, .. } => ("pod", *pod, pods),
            _ => continue,
        };
        if number >= all {
            let there = if all == 1 { "there is one".to_owned() } else { format!("there are {all}") };
            let why = format!("{text:?} has {number} as {what}, and {there} at the beginning, the first being 0");
            return Err(Wrong::new("--fault", why));
        }
    }
    Ok(())
}

fn asked(text: &str, seconds: usize, lead_in: Duration) -> Result<Asked, String> {
    let (head, settings) = text.split_once(',').map_or((text, None), |(head, settings)| (head, Some(settings)));
    let (name, time) = head.split_once('@').ok_or("does not say when; write for example node-crash@30m")?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    let kind = kind.ok_or_else(|| format!("is none of {}", Kind::ALL.map(Kind::name).join(", ")))?;
    if time.contains('=') {
        return Err("has a = after the @; a setting follows a comma, as in gray-node@30m,speed=0.25".to_owned());
    }
    let begins = duration(time).map_err(|e| format!("has no time after the @: {e}"))?;
    if usize::try_from(begins.as_secs()).map_or(true, |begins| begins >= seconds) {
        return Err(format!("would begin after the end of the load, which lasts {seconds} s"));
    }
    let written: Result<Vec<_>, String> = settings
        .iter()
        .flat_map(|settings| settings.split(','))
        .map(|setting| setting.split_once('=').ok_or_else(|| format!("has {setting:?}, which is no NAME=VALUE")))
        .collect();
    let fault = kind.fault(lead_in.saturating_add(begins).as_secs_f64(), &written?)?;
    Ok(Asked { text: text.to_owned(), begins: begins.as_secs_f64(), fault })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Fault, String> {
        asked(text, 7200, Duration::ZERO).map(|asked| asked.fault)
    }

    #[test]
    fn faults_are_read_with_their_settings_or_without() {
        for (text, expected) in [
            ("node-crash@30m", Fault::NodeCrash { at: 1800.0, node: 0 }),
            ("gray-node@30m", Fault::GrayNode { at: 1800.0, node: 0, speed: 0.25 }),
            ("gray-node@1h,node=2,speed=0.5", Fault::GrayNode { at: 3600.0, node: 2, speed: 0.5 }),
            ("slow-pod@1m,speed=1,pod=7", Fault::SlowPod { at: 60.0, pod: 7, speed: 1.0 }),
            ("bad-revision@90s,errors=1", Fault::BadRevision { at: 90.0, errors: 1.0, lasts: 600.0 }),
            ("slow-dependency@0s,wait=250ms", Fault::SlowDependency { at: 0.0, wait: 0.25, lasts: 600.0 }),
            ("scrape-gap@0s,lasts=2m", Fault::ScrapeGap { at: 0.0, lasts: 120.0 }),
            ("scrape-gap@0s,lasts=1d", Fault::ScrapeGap { at: 0.0, lasts: 86_400.0 }),
            ("service-time@10m,factor=2", Fault::ServiceTime { at: 600.0, factor: 2.0 }),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_fault_waits_for_what_is_judged() {
        let found = faults(&["node-crash@30m".to_owned()], 7200, Duration::from_secs(3600)).unwrap();
        let told: Vec<_> = found.iter().map(|asked| (asked.begins, asked.fault)).collect();
        assert_eq!(told, [(1800.0, Fault::NodeCrash { at: 5400.0, node: 0 })]);
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for (text, why) in [
            ("node-crash", "does not say when"),
            ("node-crash@soon", "no time"),
            ("node-crash@2h", "after the end"),
            ("node-crash@1m=3", "a setting follows a comma"),
            ("node-crash@1m,3", "\"3\", which is no NAME=VALUE"),
            ("node-crash@1m,", "\"\", which is no NAME=VALUE"),
            ("node-crash@1m,speed=0.5", "has no \"speed\"; it has node"),
            ("gray-node@1m,node=x", "has \"x\" as node, which must be a whole number from 0 to 99999"),
            ("gray-node@1m,speed=0", "must be a number above 0 and at most 1"),
            ("gray-node@1m,speed=NaN", "must be a number above 0 and at most 1"),
            ("gray-node@1m,speed=0.5,speed=0.5", "says speed twice"),
            ("slow-pod@1m,pod=-1", "has \"-1\" as pod"),
            ("bad-revision@1m,errors=5", "has \"5\" as errors, which must be a number above 0 and at most 1"),
            ("slow-dependency@1m,wait=0s", "has \"0s\" as wait, which must be a duration above 0s"),
            ("service-time@1m,factor=1001", "at most 1000"),
            ("scrape-gap@1m,lasts=5", "has \"5\" as lasts, which must be a duration above 0s and of at most 365d"),
            ("scrape-gap@1m,lasts=-5m", "has \"-5m\" as lasts"),
            ("scrape-gap@1m,lasts=366d", "of at most 365d"),
            ("earthquake@1m", "is none of node-crash, gray-node, pod-crash"),
        ] {
            let wrong = faults(&[text.to_owned()], 7200, Duration::ZERO).unwrap_err().to_string();
            assert!(wrong.starts_with("--fault: ") && wrong.contains(why), "{text}: {wrong}");
        }
    }

    #[test]
    fn of_what_befalls_the_whole_service_there_is_one_at_a_time() {
        for (one, other, refused) in [
            ("slow-dependency@5m", "slow-dependency@14m", true),
            ("slow-dependency@14m", "slow-dependency@5m", true),
            ("slow-dependency@5m", "slow-dependency@15m", false),
            ("bad-revision@5m,lasts=20m", "bad-revision@6m,lasts=1m", true),
            ("scrape-gap@5m,lasts=2m", "scrape-gap@6m", true),
            ("scrape-gap@5m", "slow-dependency@5m", false),
            ("gray-node@5m", "gray-node@6m", false),
        ] {
            let found = faults(&[one.to_owned(), other.to_owned()], 7200, Duration::ZERO);
            let wrong = found.err().map(|wrong| wrong.to_string()).unwrap_or_default();
            assert_eq!(wrong.contains("overlap"), refused, "{one} {other}: {wrong}");
        }
    }

    #[test]
    fn only_what_there_is_can_be_struck() {
        for (text, pods, why) in [
            ("gray-node@1m,node=1", 6, None),
            ("gray-node@1m,node=1", 5, Some("has 1 as node, and there is one at the beginning")),
            ("slow-pod@1m,pod=5", 6, None),
            ("pod-crash@1m,pod=6", 6, Some("has 6 as pod, and there are 6 at the beginning, the first being 0")),
            ("scrape-gap@1m", 1, None),
        ] {
            let found = faults(&[text.to_owned()], 7200, Duration::ZERO).unwrap();
            let wrong = strike(&found, pods).err().map(|wrong| wrong.to_string());
            assert_eq!(wrong.is_some(), why.is_some(), "{text}: {wrong:?}");
            assert!(wrong.unwrap_or_default().contains(why.unwrap_or_default()), "{text}");
        }
    }
}
