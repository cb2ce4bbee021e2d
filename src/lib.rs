//! Guarantor keeps service level agreements.

pub mod api;
pub mod cli;
pub mod client;
pub mod clock;
pub mod crds;
pub mod evaluate;
pub mod health;
pub mod leader;
pub mod sense;
pub mod server;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
