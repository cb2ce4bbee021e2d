//! Reading: the metrics store and the API server. References in, observations with time, source and quality out.
//!
//! May read and time out. Must never interpret, write, or take absence for zero.

pub mod observation;
pub mod workload;
