//! Support for Guarantor's tests and demo.
//!
//! A real control plane ([`ControlPlane`]) and real metrics stores ([`Prometheus`], [`VictoriaMetrics`]) on loopback,
//! built from source when they are not installed ([`tools`]); a [`plant`] that gives simulated pods work; a [`Shop`]
//! to keep agreements about, the [`manifest`]s of what is agreed, the [`Operator`] as a process, and a [`fake_store`] for
//! what real stores do too seldom. Nothing here ships with the operator.

pub mod adapter;
pub mod chart;
mod command;
pub mod compare;
pub mod control_plane;
pub mod demo;
pub mod drill;
pub mod fake_store;
pub mod gate;
mod http;
pub mod manifest;
pub mod model;
pub mod operator;
pub mod past;
pub mod plant;
pub mod ports;
pub mod process;
pub mod prometheus;
mod query;
mod remote_write;
mod scratch;
pub mod series;
pub mod shop;
pub mod timeline;
pub mod tools;
pub mod victoria_metrics;
pub mod wait;
mod watchdog;

pub use command::Finished;
pub use control_plane::{AuditEvent, ControlPlane, Options};
pub use operator::{Operator, OperatorOptions};
pub use prometheus::{Prometheus, PrometheusOptions, ScrapeTarget};
pub use query::Row;
pub use scratch::Scratch;
pub use series::{Sample, Series};
pub use shop::{Shop, ShopOptions};
pub use victoria_metrics::VictoriaMetrics;
