//! The lengths a slot may have: those that divide an hour.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lengths a slot may have; each divides an hour. Below one minute they are meant for tests and demonstrations, with
/// periods of hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
pub enum SlotLength {
    /// Five seconds.
    #[serde(rename = "5s")]
    FiveSeconds,
    /// Ten seconds.
    #[serde(rename = "10s")]
    TenSeconds,
    /// Thirty seconds.
    #[serde(rename = "30s")]
    ThirtySeconds,
    /// One minute.
    #[default]
    #[serde(rename = "1m")]
    OneMinute,
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
}

impl SlotLength {
    /// The length in whole seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        match self {
            Self::FiveSeconds => 5,
            Self::TenSeconds => 10,
            Self::ThirtySeconds => 30,
            Self::OneMinute => 60,
            Self::FiveMinutes => 300,
        }
    }
}
