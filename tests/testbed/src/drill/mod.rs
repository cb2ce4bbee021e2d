//! Drills: a fault of the plant strikes a service on a real control plane, and what the operator does about it is held against
//! what is right for that fault.
//!
//! [`run`] plays one fault with one seed in a namespace, on nodes and under an operator of its own, so that several can be played
//! side by side in one cluster without being taken for one event. It gives a [`Run`]: when the fault came, by what it was proven,
//! what was written, when the service was well again, and which verb was wrong. The right answers are a table of their own:
//! [`expectation::TABLE`]. [`Drills`] plays several.

mod drills;
pub mod expectation;
mod fault;
mod lane;
mod observation;
mod table;

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tokio::time::{Instant, sleep};

pub use drills::Drills;
pub use expectation::Expectation;
pub use fault::Fault;
pub use lane::Lane;
pub use observation::{Act, Run};
pub use table::{HEADER, row, summary};

use observation::Observation;

use crate::control_plane::ControlPlane;
use crate::operator::OperatorOptions;

/// How long a fault that is held is let go on after it was proven and noticed: nothing wrong may be done meanwhile.
const HELD_FOR: Duration = Duration::from_secs(30);
/// How long it is watched after all is well.
const AFTERWARDS: Duration = Duration::from_secs(10);
/// How long one fault is waited for. Machines are shared; this bounds a failure, not a success.
const LONGEST: Duration = Duration::from_secs(600);
/// The time between two looks at the status.
const LOOK: Duration = Duration::from_millis(250);

/// Plays `fault` with `seed` in a new namespace of the name `namespace`, under an operator started with `operator`, which has to
/// watch that namespace alone.
///
/// # Errors
/// When the stage cannot be set. A wrong or a missing answer is in the [`Run`].
pub async fn run(
    cluster: &ControlPlane,
    namespace: &str,
    operator: &OperatorOptions,
    fault: Fault,
    seed: u64,
) -> Result<Run> {
    let mut lane = Lane::open(cluster, namespace, operator, fault, seed).await?;
    let played = play(&mut lane, fault, seed).await.with_context(|| lane.log());
    // A run that went wrong leaves its namespace behind; the operator would be asked for a finalizer that nobody lifts.
    let closed = lane.close().await;
    let run = played?;
    closed?;
    Ok(run)
}

async fn play(lane: &mut Lane<'_>, fault: Fault, seed: u64) -> Result<Run> {
    let expected = Expectation::of(fault);
    let mut chance = Pcg64::seed_from_u64(seed);
    lane.until_calm().await?;
    // Anywhere within a slot.
    sleep(Duration::from_millis(chance.random_range(0..5_000))).await;
    let onset = Timestamp::now();
    let mut observation = Observation::new(expected, onset);
    observation.look(&lane.status().await?);
    let mut victim = fault.begin(lane, &mut chance).await?;
    let (began, mut noticed, mut ends) = (Instant::now(), None, None);
    let mut well_since = None;
    while began.elapsed() < LONGEST {
        observation.look(&lane.status().await?);
        if noticed.is_none() {
            if began.elapsed() >= fault.unnoticed_for() {
                observation.fault_is_noticed(fault.is_noticed(lane, &victim)).await?;
                noticed = Some(Instant::now());
            }
            // What came to a dead node may be moved away again; once that is noticed, nothing comes there any more.
            victim.look(lane).await?;
        }
        if observation.looks_for_missing_pods() && lane.none_is_ready(&victim.pods).await? {
            observation.pods_are_missing();
        }
        let held = noticed.is_some_and(|at| at.elapsed() >= HELD_FOR) && observation.proven_for(HELD_FOR);
        if ends.is_none() && expected.verbs.is_empty() && held {
            fault.end(lane, &victim).await?;
            ends = Some(Instant::now());
            observation.fault_ended();
        }
        let well =
            observation.is_well() && if expected.verbs.is_empty() { ends.is_some() } else { observation.is_judged() };
        well_since = if well { well_since.or(Some(Instant::now())) } else { None };
        if well_since.is_some_and(|since| since.elapsed() >= AFTERWARDS) {
            break;
        }
        sleep(LOOK).await;
    }
    if ends.is_none() {
        fault.end(lane, &victim).await?;
    }
    Ok(observation.into_run(fault, seed, &victim, well_since.is_some()))
}
