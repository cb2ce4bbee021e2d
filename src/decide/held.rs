//! What is remembered of what stands because of the operator: what the status says, corrected by the records of what was
//! done and by what is seen.
//!
//! One file for each kind of thing that is held: the floor ([`standing`], and what was let go of it, [`owned`]), pods that
//! were [`moved`] or [`resized`], the [`hand`] in a rollout, the switch that sheds load ([`shed_state`]), the target of an
//! HPA ([`cpu_target_state`]), and nodes under [`avoidance`]. A [`refusal`] is remembered too, so that it is not asked
//! again at once, and of all of them [`budgets`] keeps what counts for the day after they were given back.
//!
//! What is intended is entered before it is done, so that a crash makes no budget larger. What somebody else has set is
//! theirs. Nothing here proposes anything: that is for [`verb`](super::verb).

pub mod avoidance;
pub mod budgets;
pub mod cpu_target_state;
pub mod hand;
pub mod moved;
pub mod owned;
pub mod refusal;
pub mod resized;
pub mod shed_state;
pub mod standing;
