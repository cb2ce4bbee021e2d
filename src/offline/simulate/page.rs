//! The answer as a page of HTML: what was tried, how each way of scaling came out, and the plots people look at.
//!
//! Needs nothing from anywhere else, and is set like a statement. The plots are drawn by [`super::plot`] from figures and
//! our own words alone; everything else is escaped by the templates.

use std::str::FromStr;

use askama::Template;

use super::course::{Course, Stretch};
use super::judged::Counted;
use super::owed::Account;
use super::periods::Part;
use super::player::{DeedReport, FindingReport};
use super::plot::{self, Plot};
use super::promised::Promised;
use super::report::Report;
use super::timeline;
use super::view;
use crate::api::credit_status::CreditState;
use crate::evaluate::credit::{CreditAssessment, shown};
use crate::evaluate::invalid::InvalidSpec;
use crate::offline::settle::fault::Fault;
use crate::record::form::figure::counted;

/// No lower is drawn what is left of a budget, in percent of it: a budget that is spent twice is spent.
const SPENT_TWICE: f64 = -100.0;

/// Actions are shown after the plots of load, replicas, latency and budget.
const BEFORE_ACTIONS: usize = 4;

#[derive(Template)]
#[template(path = "offline/simulate/page/page.html")]
struct Page {
    title: String,
    promise: String,
    load: String,
    service: String,
    faults: String,
    header: [&'static str; 8],
    rows: Vec<Row>,
    period_header: [&'static str; 7],
    periods: Vec<[String; 7]>,
    figures: Vec<Figure>,
    operators: Vec<Done>,
    notes: Vec<String>,
}

/// A way of scaling in the table.
struct Row {
    colour: String,
    cells: Vec<String>,
    changes: String,
    done: String,
}

/// What an operator did, and what it found.
struct Done {
    name: String,
    colour: String,
    deeds: Vec<[String; 3]>,
    findings: Vec<[String; 4]>,
}

/// A plot, and what it shows.
struct Figure {
    title: &'static str,
    says: String,
    svg: String,
}

/// What is promised, and by which periods it is judged.
pub type Judged<'a> = (&'a Promised, &'a [Part]);

/// The page; the courses are those of the first seed, one for each policy of the report.
///
/// # Errors
/// A plot or a template fails, which none does on figures and text; or the field of a credit table that can not be worked
/// with.
pub fn html(report: &Report, judged: Judged<'_>, courses: &[Course]) -> Result<String, Fault> {
    let broken = |why: String| Fault::new("--output", why);
    let rows = report.policies.iter().zip(courses).enumerate();
    let rows = rows.map(|(place, (policy, course))| Row {
        colour: plot::colour(place),
        cells: view::row(policy),
        changes: changes(course),
        done: if policy.acts { view::done(policy) } else { String::new() },
    });
    let page = Page {
        title: view::name(report),
        promise: view::promise(report),
        load: view::load(report),
        service: report.inputs.service(),
        faults: view::faults(report).unwrap_or_default(),
        header: view::HEADER,
        rows: rows.collect(),
        period_header: view::PERIODS,
        periods: view::by_period(report).unwrap_or_default(),
        figures: figures(report, judged, courses)?,
        operators: operators(report),
        notes: view::notes(report),
    };
    page.render().map_err(|e| broken(e.to_string()))
}

fn changes(course: &Course) -> String {
    let (more, fewer) = course.changes();
    format!("{more} up, {fewer} down")
}

/// What each operator did and found in the run of the first seed.
fn operators(report: &Report) -> Vec<Done> {
    let all = report.policies.iter().enumerate().filter(|(_, policy)| policy.acts);
    let deed = |deed: &DeedReport| [timeline::clock(deed.at), format!("{:?}", deed.verb), deed.words.clone()];
    let finding = |found: &FindingReport| {
        let looks = counted(found.looks, "look", "looks");
        let time = if found.looks > 1 { format!(" to {}", timeline::clock(found.until)) } else { String::new() };
        [format!("{}{time}", timeline::clock(found.from)), looks, format!("{:?}", found.cause), found.words.clone()]
    };
    all.filter_map(|(place, policy)| {
        let run = policy.runs.first()?;
        Some(Done {
            name: policy.policy.clone(),
            colour: plot::colour(place),
            deeds: run.deeds.iter().map(deed).collect(),
            findings: run.findings.iter().map(finding).collect(),
        })
    })
    .collect()
}

/// A plot to be drawn, with its title and what it shows.
type Planned = (&'static str, String, Plot);

fn figures(report: &Report, judged: Judged<'_>, courses: &[Course]) -> Result<Vec<Figure>, Fault> {
    let broken = |why: String| Fault::new("--output", why);
    let drawn = |(title, says, plot): Planned| -> Result<Figure, Fault> {
        Ok(Figure { title, says, svg: plot.svg().map_err(broken)? })
    };
    let mut figures = plots(report, judged, courses)?.into_iter().map(drawn).collect::<Result<Vec<_>, _>>()?;
    if let Some(svg) = timeline::svg(report, courses.first().map_or(0.0, |course| course.seconds)).map_err(broken)? {
        let says = "What the operator did: each point is an action, and says which and why when pointed at.".to_owned();
        figures.insert(BEFORE_ACTIONS.min(figures.len()), Figure { title: "Actions", says, svg });
    }
    Ok(figures)
}

fn plots(report: &Report, judged: Judged<'_>, courses: &[Course]) -> Result<Vec<Planned>, Fault> {
    let (promised, parts) = judged;
    let seconds = courses.first().map_or(0.0, |course| course.seconds);
    let all = |of: &dyn Fn(&Course) -> Vec<Piece>| courses.iter().map(of).collect();
    let plot = |quantity: &str, curves: Vec<Vec<Piece>>| Plot {
        quantity: quantity.to_owned(),
        seconds,
        curves,
        limit: None,
        logarithmic: false,
        of_none: false,
        faults: report.faults.iter().map(|fault| fault.at).collect(),
    };
    // The load is the same for all, and drawn once, in the colour of none.
    let offered = courses.first().map(|course| course.stretches.iter().map(|s| (s.end, s.offered)).collect());
    let mut figures = vec![
        ("Load", "What clients asked for.".to_owned(), Plot { of_none: true, ..plot("requests/s", offered.map(|o| vec![vec![o]]).unwrap_or_default()) }),
        (
            "Replicas",
            "Replicas asked for: every step is an action of the policy.".to_owned(),
            plot("replicas", all(&|course| vec![steps(course)])),
        ),
        (
            "Latency",
            format!(
                "Within which {} % of the requests of {} were answered, to the next bound of the histogram. Dashed: what is \
                 promised, {}.",
                report.target_percent,
                courses.first().map_or_else(String::new, Course::stretch),
                report.threshold
            ),
            Plot {
                limit: Some(promised.latency),
                logarithmic: true,
                ..plot("seconds", all(&|course| pieces(course, |s| s.latency)))
            },
        ),
        (
            "Budget",
            "What is left of the requests that may be bad in all that was played of a period; below 0 the promise can no \
             longer be kept. A budget that is spent twice is drawn no lower."
                .to_owned(),
            plot("% left", courses.iter().map(|course| budgets(course, judged)).collect()),
        ),
    ];
    let mut credits = report.policies.iter().flat_map(|policy| &policy.periods).filter_map(|p| p.credits.as_ref());
    if let Some(currency) = credits.next().map(|credits| credits.currency.clone()) {
        let curves =
            courses.iter().map(|course| Ok(vec![owed_so_far(course, judged)?])).collect::<Result<_, Fault>>()?;
        let says = if parts.len() > 1 {
            "What would be owed for the periods before, and for a whole period at its attainment up to then."
        } else {
            "What would be owed for a whole period at the attainment up to then."
        };
        let says = says.to_owned();
        figures.push(("Credits", says, plot(&currency, curves)));
    }
    Ok(figures)
}

/// Seconds and values without a gap.
type Piece = Vec<(f64, f64)>;

/// A number of replicas stands until the next is asked for.
fn steps(course: &Course) -> Piece {
    let ends = course.replicas.iter().skip(1).map(|(at, _)| *at).chain([course.seconds]);
    let pods = course.replicas.iter().zip(ends);
    pods.flat_map(|((from, pods), to)| [(*from, f64::from(*pods)), (to, f64::from(*pods))]).collect()
}

fn pieces(course: &Course, of: fn(&Stretch) -> Option<f64>) -> Vec<Piece> {
    let known = course.stretches.split(|stretch| of(stretch).is_none());
    let piece = |stretches: &[Stretch]| -> Piece {
        stretches.iter().filter_map(|stretch| Some((stretch.end, of(stretch)?))).collect()
    };
    known.map(piece).filter(|piece| !piece.is_empty()).collect()
}

/// Percent of the budget of each period that are left, as far as it was played.
fn budgets(course: &Course, (promised, parts): Judged<'_>) -> Vec<Piece> {
    // No run has 2^52 requests.
    #[allow(clippy::cast_precision_loss)]
    let number = |count: u64| count as f64;
    let of = |(period, part): (usize, &Part)| -> Piece {
        let all = course.last_of(period).map_or(0, |stretch| stretch.of(promised.tried).total);
        let allowed = (1.0 - promised.good) * number(all);
        let left = course.stretches.iter().filter(|stretch| stretch.period == period).map(|stretch| {
            let Counted { good, total } = stretch.of(promised.tried);
            let bad = number(total.saturating_sub(good));
            let left = if allowed > 0.0 { 100.0 * (1.0 - bad / allowed) } else { 0.0 };
            (stretch.end, left.max(SPENT_TWICE))
        });
        let begins = period.checked_sub(1).and_then(|before| course.last_of(before)).map_or(0.0, |before| before.end);
        // Trailing days have spent some of it before the period begins; without requests there is none.
        let full = (part.judged.start >= part.minutes.start).then_some((begins, 100.0));
        full.into_iter().chain(left).filter(|_| all > 0).collect()
    };
    parts.iter().enumerate().map(of).filter(|piece| !piece.is_empty()).collect()
}

/// What is owed for the periods before, and for the one that runs.
fn owed_so_far(course: &Course, (promised, parts): Judged<'_>) -> Result<Piece, Fault> {
    let invalid = |e: InvalidSpec| Fault::new(e.field, e.message);
    // A plot shows no more than a float has.
    let amount = |credits: Option<CreditAssessment>| {
        let amount = credits.map(|credits| shown(&credits, CreditState::Accruing).amount);
        amount.and_then(|amount| f64::from_str(&amount).ok()).unwrap_or_default()
    };
    let (mut piece, mut account, mut settled) = (Piece::new(), Account::new(promised), 0.0);
    for (period, part) in parts.iter().enumerate() {
        for stretch in course.stretches.iter().filter(|stretch| stretch.period == period) {
            let so_far = settled + amount(account.owed(part, &stretch.attained()).map_err(invalid)?);
            piece.extend(piece.last().map(|(_, before)| (stretch.end, *before)));
            piece.push((stretch.end, so_far));
        }
        let attained = course.last_of(period).map(Stretch::attained).unwrap_or_default();
        settled += amount(account.settle(part, &attained).map_err(invalid)?);
    }
    Ok(piece)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::float_cmp)]
mod tests;
