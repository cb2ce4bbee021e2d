//! The application fails for a while: the violation is on record with beginning, end and depth, and the statement grants
//! the credit of the deepest tier that applies, combined, capped and rounded exactly.

use anyhow::{Context, Result};
use guarantor::api::agreement_status::{AgreementStatus, State};
use guarantor::api::credit_status::CreditState;
use guarantor::evaluate::count::Count;
use guarantor::evaluate::slot::Slot;
use guarantor::evaluate::{exact, stored_ledger};
use guarantor_testbed::manifest::{Agreement, Objective};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use crate::accounts::{apply_in_calm, audit, ledgers, middle_of_a_slot, reason, statements};
use crate::stage::Stage;

const NAMESPACE: &str = "settles-credit";
const SLOT: SignedDuration = SignedDuration::from_secs(5);
/// As much of a period of two minutes has to be left when the outage begins.
const ROOM: SignedDuration = SignedDuration::from_secs(80);
/// A quarter of the requests of a period, at thirty a second.
const FOR_GOOD: u64 = 900;

/// Highest is 30 % of 1000.02, the cap 25 % of it: 250.005, of which half a cent is rounded up.
const CREDITS: &str = r#"  credits:
    fee: {amount: "1000.02", currency: EUR}
    combine: Highest
    cap: {percentOfFee: "25"}
    tiers:
    - {objective: availability, below: "95", percentOfFee: "10"}
    - {objective: availability, below: "80", percentOfFee: "30"}
    - {objective: availability, below: "0.000001", percentOfFee: "100"}
    - {objective: strict, below: "99", percentOfFee: "15"}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn settles_an_outage_with_a_credit() -> Result<()> {
    let stage = Stage::open(NAMESPACE).await?;
    let agreement = Agreement {
        objectives: vec![Objective::availability("95"), Objective::availability("99").named("strict")],
        more: CREDITS,
        ..Agreement::observed(NAMESPACE, "2m")
    };
    apply_in_calm(&stage, &agreement).await?;
    let period = stage
        .until("storefront", "a calm account with room for an outage", |s| {
            let calm = s.summary.as_ref()?.state == State::Fulfilled;
            s.period.clone().filter(|period| calm && period.end.0.duration_since(Timestamp::now()) >= ROOM)
        })
        .await?;
    middle_of_a_slot(SLOT.as_secs()).await?;
    let from = Timestamp::now();
    stage.shop.storefront.set_error_share(0.75)?;
    let accruing = stage
        .until("storefront", "an accruing credit of the lower tier", |s| {
            s.credits.clone().filter(|c| c.lines.iter().any(|l| l.below == "80"))
        })
        .await?;
    assert_eq!((accruing.state, accruing.amount.as_str()), (CreditState::Accruing, "250.01"));
    // So that the rest of the period can not bring the attainment above the tier again.
    let settled = |s: &AgreementStatus| s.statements.iter().any(|s| s.period_start == period.start);
    stage
        .until("storefront", "a loss for good", |s| {
            let bad: u64 = s.objectives.first()?.bad_events.parse().ok()?;
            (bad >= FOR_GOOD || settled(s)).then_some(())
        })
        .await?;
    middle_of_a_slot(SLOT.as_secs()).await?;
    let until = Timestamp::now();
    stage.shop.storefront.set_error_share(0.0)?;
    let status = stage.until("storefront", "the settled period", |s| Some(s.clone()).filter(|s| settled(s))).await?;

    let issued = statements(&stage).await?;
    let statement = issued.iter().find(|s| s.spec.period.start == period.start).context("a statement")?;
    audit(&stage, statement).await?;
    let spec = &statement.spec;
    let credits = spec.credits.as_ref().context("credits")?;
    assert_eq!((spec.state, credits.state), (State::Violated, CreditState::Granted));
    let lines: Vec<_> = credits
        .lines
        .iter()
        .map(|l| (l.objective.as_str(), l.below.as_str(), l.percent_of_fee.as_str(), l.granted))
        .collect();
    assert_eq!(lines, [("availability", "80", "30", true), ("strict", "99", "15", false)]);
    assert_eq!(
        (credits.percent_of_fee.as_str(), credits.amount.as_str(), credits.currency.as_str()),
        ("25.000000", "250.01", "EUR")
    );
    let reference = status.statements.iter().find(|s| s.period_start == period.start).context("a reference")?;
    assert_eq!((reference.state, reference.credit.as_str()), (State::Violated, "250.01 EUR"));

    // The attainment anew, from the ledger alone.
    let ledgers = ledgers(&stage, NAMESPACE).await?;
    let ledger = ledgers.iter().find(|l| l.spec.period_start == spec.period.start).context("its ledger")?;
    let ledger = stored_ledger::from_spec(&ledger.spec)?;
    let slots = ledger.slots("availability");
    let total = slots.iter().map(|s| s.counted().total).sum::<Count>().ratio();
    let bad = slots.iter().map(|s| s.counted().bad).sum::<Count>().ratio();
    let attained: BigRational = (&total - &bad) / &total;
    let objective = spec.objectives.first().context("an objective")?;
    assert_eq!(objective.attainment_ratio, exact::ratio_text(&attained));
    assert!(attained < BigRational::new(4.into(), 5.into()), "{}", objective.attainment);

    for objective in ["availability", "strict"] {
        let violations: Vec<_> = spec.violations.iter().filter(|v| v.objective == objective).collect();
        let [violation] = violations[..] else { panic!("one outage is one violation: {violations:?}") };
        let end = violation.end.as_ref().context("an end")?.0;
        assert!(from - SLOT <= violation.start.0 && violation.start.0 <= from + SLOT, "{from} {violation:?}");
        // Requests under way when the application was mended still fail, and the period may end before them.
        assert!(violation.start.0 < end && end <= until + SLOT + SLOT, "{until} {violation:?}");
        let counted = slots.iter().map(Slot::counted).filter(|c| !c.total.is_zero());
        let shares = counted.map(|c| c.good().ratio() / c.total.ratio());
        let deepest = shares.min().context("a slot")?;
        assert_eq!(violation.depth, exact::percent_text(&deepest));
        // Of a hundred and fifty requests or so.
        let depth: f64 = violation.depth.parse()?;
        assert!((10.0..40.0).contains(&depth), "three of four requests failed: {violation:?}");
        assert_eq!(violation.bad_events, spec.objectives[0].bad_events, "no other event was bad");
        assert!(
            status.violations.contains(violation),
            "the status tells what the statement tells: {:?}",
            status.violations
        );
    }
    assert_eq!(reason(&status, "Ready", "True"), Some("Accepted"));
    Ok(())
}
