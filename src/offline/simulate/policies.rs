//! The ways of scaling that are compared, as `--policies` says them: `hpa=0.6`.

use super::operator::{Beside, operator};
use super::periods::Periods;
use super::player::Player;
use super::promised::Promised;
use crate::decide::law::{Constants, Promise, Settings};
use crate::offline::settle::fault::Fault;
use crate::simulate::load::Load;
use crate::simulate::policy::clairvoyant::Clairvoyant;
use crate::simulate::policy::fixed::Fixed;
use crate::simulate::policy::guarantor::Guarantor;
use crate::simulate::policy::hpa::Hpa;
use crate::simulate::policy::keda::Keda;
use crate::simulate::policy::kpa::Kpa;
use crate::simulate::policy::told;
use crate::simulate::run::Scenario;

/// How far below the utilisation at which the promise is just kept the references stay that are told none: it is not met
/// in every minute.
const MARGIN: f64 = 0.9;
/// Lowest and highest of it.
const RANGE: (f64, f64) = (0.2, 0.9);
/// Seconds between two of the clairvoyant's decisions.
const DECISION: f64 = 15.0;

/// A way of scaling, or all that the operator does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    /// The operator beside the HPA at this share of the CPU request.
    Operator(f64),
    /// The operator where so many pods are declared and nothing else scales them.
    Unscaled(u32),
    /// Guarantor's law.
    Law,
    /// The HPA at this share of the CPU request.
    Hpa(f64),
    /// KEDA at the rate that keeps a pod this busy.
    Keda(f64),
    /// Knative at this concurrency.
    Kpa(f64),
    /// So many pods.
    Static(u32),
    /// The clairvoyant, who keeps pods this busy.
    Clairvoyant(f64),
}

/// Reads the policies; a fixed number of pods must be one there may be. `service_time` is in seconds. Before the operator
/// stands what it is beside, alone: the autoscaler, or the pods that are declared.
///
/// # Errors
/// Says what is wrong with which of them.
pub fn choices(texts: &[String], promised: &Promised, service_time: f64) -> Result<Vec<Choice>, Fault> {
    let busy = safe(promised, service_time);
    let read = |text: &String| {
        choice(text.trim(), promised, busy).map_err(|why| Fault::new("--policies", format!("{text:?} {why}")))
    };
    let asked: Vec<Choice> = texts.iter().map(read).collect::<Result<_, _>>()?;
    let mut all = Vec::new();
    for choice in &asked {
        let alone = match *choice {
            Choice::Operator(target) => Some(Choice::Hpa(target)),
            Choice::Unscaled(pods) => Some(Choice::Static(pods)),
            _ => None,
        };
        if let Some(alone) = alone {
            all.extend((!asked.contains(&alone) && !all.contains(&alone)).then_some(alone));
        }
        all.push(*choice);
    }
    Ok(all)
}

/// How busy pods may be that share their core among requests: a request then takes longer than `t` with a probability of
/// about `exp(-(1 - u) t / service time)`. That is so for the random balancer, and cautious for the others.
fn safe(promised: &Promised, service_time: f64) -> f64 {
    let (lowest, highest) = RANGE;
    let just = 1.0 + (1.0 - promised.good).ln() * service_time / promised.latency;
    (MARGIN * just).clamp(lowest, highest)
}

/// The concurrency at which Knative keeps a pod so busy, or the most at which it is stable. To a tenth.
fn concurrency(busy: f64) -> f64 {
    (Kpa::stable(busy) * 10.0).round().max(1.0) / 10.0
}

fn choice(text: &str, promised: &Promised, busy: f64) -> Result<Choice, String> {
    let (kind, setting) = text.split_once('=').map_or((text, None), |(kind, setting)| (kind, Some(setting)));
    match (kind, setting) {
        ("law", None) => Ok(Choice::Law),
        ("law", Some(_)) => Err("takes no setting: the law has one for all loads".to_owned()),
        ("operator", Some(setting)) => Ok(Choice::Operator(number(setting, 1.0)?)),
        ("hpa", Some(setting)) => Ok(Choice::Hpa(number(setting, 1.0)?)),
        ("keda", Some(setting)) => Ok(Choice::Keda(number(setting, 1.0)?)),
        ("operator" | "hpa" | "keda", None) => Err(format!("needs a target; write for example {kind}=0.6")),
        ("kpa", setting) => {
            Ok(Choice::Kpa(setting.map_or_else(|| Ok(concurrency(busy)), |setting| number(setting, 1000.0))?))
        }
        ("clairvoyant", setting) => Ok(Choice::Clairvoyant(setting.map_or(Ok(busy), |setting| number(setting, 1.0))?)),
        ("static" | "unscaled", setting) => {
            let pods = setting.and_then(|setting| setting.parse().ok());
            let pods: u32 = pods.ok_or_else(|| format!("needs a number of pods; write for example {kind}=20"))?;
            let (fewest, most) = promised.replicas;
            let is_allowed = (fewest..=most).contains(&pods);
            let why = || format!("is not within the {fewest} to {most} pods of spec.enforcement.scale");
            let choice = if kind == "static" { Choice::Static(pods) } else { Choice::Unscaled(pods) };
            is_allowed.then_some(choice).ok_or_else(why)
        }
        _ => Err("is none of operator=, law, hpa=, keda=, kpa, static=, unscaled= and clairvoyant".to_owned()),
    }
}

fn number(text: &str, most: f64) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| *number > 0.0 && *number <= most);
    number.ok_or_else(|| format!("must have a number above 0 and at most {most} after the ="))
}

impl Choice {
    /// Pods at the beginning: a fixed number stands from the first second on.
    #[must_use]
    pub fn at_first(&self, others: u32) -> u32 {
        if let Self::Static(pods) | Self::Unscaled(pods) = self { *pods } else { others }
    }

    /// Who plays it; the law knows the load `before` the run.
    ///
    /// # Errors
    /// Names the field for which the operator cannot be played.
    pub fn player(
        &self,
        scenario: &Scenario,
        before: &Load,
        promised: &Promised,
        periods: &Periods,
    ) -> Result<Player, Fault> {
        let plant = &scenario.plant;
        let cores = plant.limits.cores;
        let per_pod = |busy: f64| busy * cores / plant.service_time;
        Ok(Player::Alone(match *self {
            Self::Operator(target) => {
                let operator = operator(Beside::Hpa(target), scenario, before, (promised, periods))?;
                return Ok(Player::Operator(Box::new(operator)));
            }
            Self::Unscaled(declared) => {
                let operator = operator(Beside::Declared(declared), scenario, before, (promised, periods))?;
                return Ok(Player::Operator(Box::new(operator)));
            }
            Self::Law => {
                let settings = Settings {
                    // A failed request is not a good one, so that no more may fail than may be slow.
                    promise: Promise { latency: promised.latency, good: promised.good, available: promised.good },
                    cores,
                    scrape: scenario.scrape,
                    bounds: plant.bounds.clone(),
                    constants: Constants::default(),
                };
                Box::new(Guarantor::new(settings).knowing(before))
            }
            Self::Hpa(target) => Box::new(Hpa::new(target, cores)),
            Self::Keda(busy) => Box::new(Keda::new(per_pod(busy), told(busy))),
            Self::Kpa(concurrency) => Box::new(Kpa::new(concurrency)),
            Self::Static(pods) => Box::new(Fixed(pods)),
            Self::Clairvoyant(busy) => {
                // The cast saturates; neither is negative.
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let reach = (plant.start + plant.start_spread / 2.0 + DECISION).ceil() as usize;
                Box::new(Clairvoyant::new(&scenario.load, per_pod(busy), reach, format!("{busy:.2}")))
            }
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;
