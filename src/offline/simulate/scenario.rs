//! What is played: the service the flags describe, under the load, with the faults.

use super::faults::Asked;
use super::past::Parted;
use super::promised::Promised;
use crate::evaluate::span::elapsed;
use crate::offline::settle::fault::Fault;
use crate::runtime::cli::simulate::{Balancer, SimulateArgs};
use crate::simulate::load::Load;
use crate::simulate::phases::Phases;
use crate::simulate::plant::{Balancing, PlantSpec};
use crate::simulate::queue::Limits;
use crate::simulate::run::Scenario;

/// Seconds after which clients of the simulated service give up.
pub const PATIENCE: f64 = 5.0;
/// Requests a pod takes at a time.
const AT_A_TIME: usize = 64;
/// The start delay of pods spreads over so many seconds, and no more than this part of it.
const SPREAD: (f64, f64) = (20.0, 2.0 / 3.0);
/// The longest start delay, seconds.
const LONGEST_START: f64 = 86_400.0;
/// Shortest and longest time between two scrapes, seconds.
const SCRAPES: (f64, f64) = (1.0, 300.0);
/// Most requests of all runs together. As many take more than an hour.
const MOST_REQUESTS: f64 = 1e10;
/// How busy pods are at the beginning, unless their number is given.
const AT_FIRST: f64 = 0.5;

/// The scenario of the flags, with the first seed.
///
/// # Errors
/// Names the flag that can not be worked with.
pub fn scenario(
    arguments: &SimulateArgs,
    promised: &Promised,
    load: &Parted,
    faults: &[Asked],
    policies: usize,
) -> Result<Scenario, Fault> {
    let [service_time, start, scrape] =
        [arguments.service_time, arguments.start, arguments.scrape].map(|length| length.as_secs_f64());
    let from = if arguments.trace.is_some() { "--trace" } else { "--prometheus" };
    let (lead_in, load) = (load.lead_in, load.played.clone());
    let (shortest, longest) = SCRAPES;
    let rules = [
        ("--service-time", "must be above 0s and below 5s, after which clients give up", {
            service_time > 0.0 && service_time < PATIENCE
        }),
        ("--start", "must be at most 24h", start <= LONGEST_START),
        ("--scrape", "must be from 1s to 5m", (shortest..=longest).contains(&scrape)),
        (from, "has too many requests for so many policies and seeds; cut it, or lower it by --scale-to", {
            requests(arguments, &load, policies) <= MOST_REQUESTS
        }),
    ];
    if let Some((flag, why, _)) = rules.into_iter().find(|(.., holds)| !holds) {
        return Err(Fault::new(flag, why));
    }
    let replicas = replicas(arguments.pods, promised.replicas, load.rate(0) * service_time / AT_FIRST)?;
    let plant = PlantSpec {
        service_time,
        start,
        start_spread: SPREAD.0.min(start * SPREAD.1),
        limits: Limits { cores: 1.0, capacity: AT_A_TIME, timeout: PATIENCE, limited: false },
        balancing: match arguments.balancer {
            Balancer::Random => Balancing::Random,
            Balancer::PowerOfTwo => Balancing::PowerOfTwoChoices,
            Balancer::RoundRobin => Balancing::RoundRobin,
        },
        bounds: bounds(promised),
        ..PlantSpec::default()
    };
    let faults = faults.iter().map(|asked| asked.fault).collect();
    let (bounds, seed) = (promised.replicas, arguments.seed);
    // Every run draws its own.
    let phases = Phases::default();
    Ok(Scenario { load, lead_in, plant, faults, scrape, phases, replicas, bounds, seed })
}

/// Requests of all runs together.
#[must_use]
pub fn requests(arguments: &SimulateArgs, load: &Load, policies: usize) -> f64 {
    let policies = u32::try_from(policies).unwrap_or(u32::MAX);
    load.rates().iter().sum::<f64>() * f64::from(policies) * f64::from(arguments.seeds)
}

fn replicas(asked: Option<u32>, (fewest, most): (u32, u32), needed: f64) -> Result<u32, Fault> {
    match asked {
        Some(pods) if (fewest..=most).contains(&pods) => Ok(pods),
        Some(pods) => {
            let why = format!("{pods} is not within the {fewest} to {most} pods of spec.enforcement.scale");
            Err(Fault::new("--pods", why))
        }
        None => {
            // The cast saturates.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let needed = needed.ceil() as u32;
            Ok(needed.clamp(fewest, most.max(fewest)))
        }
    }
}

/// The usual bounds of a latency histogram with the promised latencies among them, as an agreement wants it.
fn bounds(promised: &Promised) -> Vec<f64> {
    let mut bounds = PlantSpec::default().bounds;
    let on_latency = promised.terms.objectives.iter().filter_map(|objective| objective.indicator.latency.as_ref());
    let thresholds =
        on_latency.filter_map(|latency| elapsed(&latency.threshold).ok()).map(|length| length.as_secs_f64());
    for latency in thresholds.filter(|latency| *latency > 0.0) {
        bounds.retain(|bound| (bound - latency).abs() > 1e-9);
        bounds.push(latency);
    }
    bounds.sort_by(f64::total_cmp);
    bounds
}
