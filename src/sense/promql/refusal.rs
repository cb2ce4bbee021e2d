//! Why an expression is not accepted, in words that tell its author what to write instead.

/// The reason an indicator's expression was refused. The text is meant for the user, without the
/// field's name: the caller knows which field it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than the bound.
    #[error("the expression is {length} bytes long; at most {limit} are accepted")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The bound in bytes.
        limit: usize,
    },
    /// Nested deeper than the bound.
    #[error("the expression is nested more than {limit} deep; write it flatter")]
    TooDeep {
        /// The bound.
        limit: usize,
    },
    /// More operators than the bound.
    #[error("the expression has more than {limit} operators; record parts of it as rules")]
    TooManyOperators {
        /// The bound.
        limit: usize,
    },
    /// A quote is opened and not closed.
    #[error("a string that starts with {quote} is not closed")]
    UnclosedText {
        /// The quote.
        quote: char,
    },
    /// Something the stores may know and Guarantor does not accept.
    #[error("{construct} is not supported: {advice}")]
    Construct {
        /// The construct as written.
        construct: String,
        /// What to write instead.
        advice: &'static str,
    },
    /// A range other than the slot.
    #[error("[{found}] found: write [$slot], the operator fills in the slot")]
    RangeNotSlot {
        /// What stood between the brackets.
        found: String,
    },
    /// No range at all.
    #[error("no [$slot] found: write the range of a counter as [$slot], as in sum(increase(requests_total[$slot]))")]
    NoSlot,
    /// A `$` outside a range.
    #[error("{found} found outside a range: only [$slot] is filled in")]
    Placeholder {
        /// The placeholder.
        found: String,
    },
    /// The parser did not understand it.
    #[error("not valid PromQL: {message}")]
    Syntax {
        /// What the parser said.
        message: String,
    },
    /// A regular expression was not understood.
    #[error("{message}: use the RE2 syntax without \\Q…\\E")]
    Regex {
        /// What the parser said.
        message: String,
    },
    /// A subquery.
    #[error(
        "a subquery [{found}] is not supported: an indicator counts within one slot; record the inner expression as a rule"
    )]
    Subquery {
        /// What stood between the brackets.
        found: String,
    },
    /// `offset`.
    #[error("offset is not supported: the operator chooses the instant of every slot")]
    Offset,
    /// `@`.
    #[error("@ is not supported: the operator chooses the instant of every slot")]
    At,
    /// `{a="1" or b="2"}`.
    #[error(
        "\"or\" inside braces is not supported: use a regular expression or join two selectors with the operator or"
    )]
    Alternatives,
    /// A selector without exactly one metric name.
    #[error("the selector {{{found}}} does not name one metric: write the name before the braces")]
    Nameless {
        /// The matchers as written.
        found: String,
    },
    /// A function Guarantor does not ask.
    #[error("the function {function}() is not supported: {advice}")]
    Function {
        /// Its name.
        function: String,
        /// Why, and what to do.
        advice: &'static str,
    },
    /// Nothing is read from the store.
    #[error("the expression reads no metric; an indicator must")]
    NoSelector,
    /// `or vector(0)` and the like.
    #[error(
        "an operand of \"or\" reads no metric: a default would turn missing data into a figure; leave it out, missing error counters beside a present total are read as no errors"
    )]
    DefaultForAbsence,
    /// `fill(…)` and the like.
    #[error("fill modifiers are not supported: they would turn missing data into a figure")]
    Fill,
    /// The result would be a series per target.
    #[error(
        "the result has one series per time series of its metric: sum it up, as in sum(increase(requests_total[$slot]))"
    )]
    NotAggregated,
    /// More than the name of a metric with its matchers.
    #[error(
        "only a metric with its matchers can stand here, as in container_cpu_usage_seconds_total{{container=\"web\"}}: leave out functions, operators and ranges"
    )]
    NotASelector,
    /// More than the sum of one counter.
    #[error("only the sum of one counter can be read here, as in sum(increase(errors_total[$slot]))")]
    NotOneCounter,
    /// The result is no number.
    #[error("the result is a string, not a number")]
    NotANumber,
    /// A tenant's label is written by the expression.
    #[error("{function} writes the label {label:?}, which tells tenants apart: write another label")]
    WritesTenancyLabel {
        /// The function or aggregation.
        function: String,
        /// The label.
        label: String,
    },
    /// A written label that is not a literal.
    #[error("{function} must name the label it writes as a string, so that it can be checked")]
    UncheckableLabel {
        /// The function or aggregation.
        function: String,
    },
    /// A tenancy matcher that would not confine.
    #[error(
        "the tenancy label {label:?} cannot be confined to {value:?}: name and value must not be empty and the name must not be __name__"
    )]
    Tenancy {
        /// The label.
        label: String,
        /// The value.
        value: String,
    },
    /// A histogram without a usable name.
    #[error("{name:?} is no name of a histogram: give the base name, without _bucket, _count or _sum")]
    HistogramName {
        /// The name as given.
        name: String,
    },
    /// A label that a histogram's selector must not set.
    #[error("the selector must not set {label:?}: the histogram and its threshold decide it")]
    HistogramLabel {
        /// The label.
        label: String,
    },
}
