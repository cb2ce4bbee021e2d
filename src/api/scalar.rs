//! The scalars of an agreement: percentages, money and durations, as decimal or Go-style strings.
//!
//! The schema limits their digits, so that admission compares them exactly; parsing them into numbers is the
//! business of the stages that calculate.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

macro_rules! string_scalar {
    ($(#[$doc:meta])* $name:ident, $title:literal, $pattern:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text as the user wrote it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                $title.into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "maxLength": $max })
            }
        }
    };
}

string_scalar! {
    /// A percentage from `0` to `100` as a decimal string with at most nine places, for example `99.95`.
    ///
    /// Nine places is what the API server compares exactly.
    Percent, "Percent", r"^(100(\.0{1,9})?|[0-9]{1,2}(\.[0-9]{1,9})?)$", 13
}

string_scalar! {
    /// An amount of money as a decimal string, for example `4000.00`. The currency stands beside it.
    Money, "Money", r"^[0-9]{1,12}(\.[0-9]{1,4})?$", 17
}

string_scalar! {
    /// A Go-style duration such as `250ms`, `30s`, `5m`, `1h30m`; where days make sense also `30d`.
    Span, "Span", r"^([0-9]{1,6}(ms|s|m|h|d)){1,4}$", 36
}

string_scalar! {
    /// A number that is not negative, as a decimal string with at most nine places, for example `2.5`.
    Quantity, "Quantity", r"^[0-9]{1,12}(\.[0-9]{1,9})?$", 22
}
