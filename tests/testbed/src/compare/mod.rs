//! Comparison: one load, offered side by side to equal services that are scaled in different ways, on a real control plane with
//! the real autoscaler of Kubernetes; and the same in the simulator.
//!
//! A [`Course`] says what is offered and what goes wrong, a [`Scaler`] who scales. [`Stage::play`] plays one in a namespace of its
//! own and gives its [`Trail`], second by second; [`judged`] makes figures of it, [`simulated`] the same figures of the same
//! course in the simulator, and [`Report`] a table of both, with the spread over the seeds.
//!
//! The autoscaler runs with the flags that Kubernetes ships, so that a run takes its time.

mod agreement;
mod course;
mod judge;
mod lane;
mod report;
mod scaler;
mod simulator;
mod spread;
mod stage;
mod table;
mod trail;
mod watch;

pub use course::{Course, Fault};
pub use judge::{Judged, judged};
pub use report::{Report, Row, best};
pub use scaler::{Family, Scaler};
pub use simulator::{Simulated, simulated};
pub use spread::Spread;
pub use stage::Stage;
pub use table::table;
pub use trail::{Sample, Trail};

use std::time::Duration;

/// Work of the average request: a pod of one core serves 20 a second.
const SERVICE_TIME: Duration = Duration::from_millis(50);
/// How long a pod takes until it is ready, in the mean, and by how much more or less, as the simulator has it.
const START: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// How often the pods are scraped.
const SCRAPE: Duration = Duration::from_secs(5);
/// Pods at the beginning: half busy.
const PODS: u16 = 5;
/// The fewest and the most pods.
const BOUNDS: (u32, u32) = (2, 20);
/// A request is good that took so many seconds at most: a bound of the plant's histogram.
const THRESHOLD: f64 = 0.5;
/// The share of the requests that have to be good.
const GOOD: f64 = 0.95;
