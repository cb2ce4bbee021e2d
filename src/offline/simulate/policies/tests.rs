//! Policies as people write them.

use super::*;
use crate::api::ServiceLevelAgreement;
use crate::offline::simulate::promised::promised;

/// 99 % within ten service times, by one to sixty pods.
fn read(text: &str) -> Result<Choice, Fault> {
    let example = include_str!("../../../../examples/simulate/agreement.yaml");
    let agreement: ServiceLevelAgreement = serde_saphyr::from_str(example).unwrap();
    let promised = promised(&agreement.spec, None).unwrap();
    choices(&[text.to_owned()], &promised, 0.05).map(|choices| *choices.last().unwrap())
}

/// What the operator did is seen only beside what would have been without it.
#[test]
fn the_operator_is_told_of_after_its_autoscaler_alone() {
    use Choice::{Hpa, Law, Operator, Static, Unscaled};
    let example = include_str!("../../../../examples/simulate/agreement.yaml");
    let agreement: ServiceLevelAgreement = serde_saphyr::from_str(example).unwrap();
    let promised = promised(&agreement.spec, None).unwrap();
    for (texts, expected) in [
        (&["operator=0.5"][..], &[Hpa(0.5), Operator(0.5)][..]),
        (&["law", "operator=0.5"], &[Law, Hpa(0.5), Operator(0.5)]),
        (&["operator=0.5", "hpa=0.5"], &[Operator(0.5), Hpa(0.5)]),
        (&["hpa=0.6", "operator=0.5"], &[Hpa(0.6), Hpa(0.5), Operator(0.5)]),
        (&["operator=0.5", "operator=0.7"], &[Hpa(0.5), Operator(0.5), Hpa(0.7), Operator(0.7)]),
        (&["unscaled=9"], &[Static(9), Unscaled(9)]),
        (&["static=9", "unscaled=9"], &[Static(9), Unscaled(9)]),
    ] {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(choices(&texts, &promised, 0.05).unwrap(), expected, "{texts:?}");
    }
}

#[test]
fn policies_are_read_with_their_settings() {
    for (text, expected) in [
        ("operator=0.5", Choice::Operator(0.5)),
        ("law", Choice::Law),
        ("hpa=0.6", Choice::Hpa(0.6)),
        (" keda=0.8", Choice::Keda(0.8)),
        ("kpa=100", Choice::Kpa(100.0)),
        // 0.9 (1 - ln 100 / 10) is 0.4855, and 0.4855 / 0.5145 / 0.7 is 1.35.
        ("kpa", Choice::Kpa(1.3)),
        ("static=60", Choice::Static(60)),
        ("unscaled=60", Choice::Unscaled(60)),
        ("clairvoyant=0.7", Choice::Clairvoyant(0.7)),
    ] {
        assert_eq!(read(text).unwrap(), expected, "{text}");
    }
    let is_derived = |choice| matches!(choice, Choice::Clairvoyant(busy) if (busy - 0.4855_f64).abs() < 1e-4);
    assert!(is_derived(read("clairvoyant").unwrap()));
}

#[test]
fn what_is_no_policy_is_refused() {
    for (text, why) in [
        ("", "is none of"),
        ("vpa", "is none of"),
        ("law=1", "takes no setting"),
        ("operator", "needs a target; write for example operator=0.6"),
        ("operator=2", "at most 1"),
        ("hpa", "needs a target"),
        ("hpa=60", "at most 1"),
        ("keda=NaN", "above 0"),
        ("kpa=0", "above 0"),
        ("static", "number of pods"),
        ("static=0", "1 to 60 pods"),
        ("static=61", "1 to 60 pods"),
        ("unscaled", "write for example unscaled=20"),
        ("unscaled=61", "1 to 60 pods"),
        ("clairvoyant=x", "above 0"),
    ] {
        let fault = read(text).unwrap_err().to_string();
        assert!(fault.starts_with("--policies: ") && fault.contains(why), "{text}: {fault}");
    }
}
