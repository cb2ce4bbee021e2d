//! Guarantor keeps service level agreements.
