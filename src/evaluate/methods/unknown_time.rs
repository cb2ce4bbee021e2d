//! What unknown time is to violations and to downtime.

/// What time is of which nobody knows how the service did, where violations are told apart and downtime is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownTime {
    /// Bad: it begins a run, goes on with one, and joins two.
    Bad,
    /// Good: the end of a run.
    Good,
    /// Left out: the end of a run, and nothing to the rate of what lies around it.
    LeftOut,
    /// Not agreed: it makes no run, and two between which it lies may be one. So there are as many as are certain.
    Open,
}
