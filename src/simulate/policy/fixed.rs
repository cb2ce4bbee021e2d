//! So many pods, whatever happens.

use super::{Order, Policy};
use crate::simulate::view::View;

/// A fixed number of pods.
#[derive(Debug)]
pub struct Fixed(pub u32);

impl Policy for Fixed {
    fn name(&self) -> String {
        format!("static {}", self.0)
    }

    fn decide(&mut self, _: &View<'_>) -> Order {
        Order::replicas(self.0)
    }
}
