//! Reading: the metrics store and the API server. References in, observations with time, source and quality out.
//!
//! May read and time out. Must never interpret, write, or take absence for zero.

pub mod account;
pub mod counters;
pub mod headroom;
pub mod observation;
pub mod promql;
pub mod reader;
pub mod signals;
pub mod source;
pub mod store;
pub mod workload;
