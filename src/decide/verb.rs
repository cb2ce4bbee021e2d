//! What to do: one file for each kind of action, and in it the way back from that action.
//!
//! Replicas are added by [`policy`] in a danger and by `ahead` before one, let go by `own`, and come down by [`release`],
//! which also restores what stood before; a raise that did harm is undone by `take_back`. An HPA is given another target by [`cpu_target`], a CPU limit is raised by
//! [`resize`], a sick pod is moved by [`reschedule`], a sick node is left by [`steer`], whose pods go together by
//! `evacuation`, a bad revision is undone by [`undo`], and load is turned away by [`shedding`].
//!
//! A verb only proposes. How many pods are needed it asks of [`capacity`](super::capacity); whether it may be done is for
//! [`guard`](super::guard) to say, what remains of it stands in [`held`](super::held), and whether it helped is for
//! [`verdict`](super::verdict).

pub(in crate::decide) mod ahead;
pub mod cpu_target;
pub(in crate::decide) mod evacuation;
pub(in crate::decide) mod own;
pub mod policy;
pub mod release;
pub mod reschedule;
pub mod resize;
pub mod shedding;
pub mod steer;
pub(in crate::decide) mod take_back;
pub mod undo;
