//! Simulating: a policy in a closed loop with a plant, in virtual time.
//!
//! ```text
//!   trace -> load -> arrivals -> [ balancer -> pods ] -> tally -> score
//!                                   ^          |
//!                                   |     scrapes, pod metrics
//!                               replicas       v
//!                                   +------ policy
//! ```
//!
//! [`run`] plays one scenario: requests arrive, are spread over the pods of a [`fleet`], share a pod's cores in its
//! [`queue`] and are counted by the [`plant`]; a [`policy`] sees only what is scraped ([`view`]) and says how many pods it
//! wants, which are ready after their start delay. [`fault`] says what goes wrong, [`score`] what it comes to. [`operator`]
//! is a policy too: all that decides and acts, beside an autoscaler. [`phases`] says when what happens at a fixed distance first
//! happens.
//!
//! Does no I/O and reads no clock; a seed makes a run repeatable to the byte. Imports only from `decide` and what is left
//! of it. Not modelled: nodes that must be bought, retries. Pods are cold at first only where a plant says so ([`plant::Cold`]).

pub mod counters;
pub mod deployment;
pub mod event;
pub mod fault;
pub mod fleet;
pub mod load;
pub mod operator;
pub mod phases;
pub mod plant;
pub mod pod;
pub mod policy;
pub mod queue;
pub mod run;
pub mod score;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
pub mod throttle;
pub mod trace;
pub mod view;
