//! What is asked in each form, as text.

use crate::sense::promql::{Ask, AskId, Expression, IncreaseForm, Plan, Question};

fn plan(text: &str, form: IncreaseForm) -> Vec<(Question, IncreaseForm, String)> {
    let shop = [("namespace".to_owned(), "shop".to_owned())];
    let ask = Ask {
        id: AskId(7),
        expression: Expression::parse(text).unwrap().confine(&shop).unwrap(),
        slot_ms: 300_000,
        at_ms: 0,
    };
    Plan::of(&[ask], form).requests.into_iter().map(|request| (request.question, request.form, request.query)).collect()
}

const COUNTER: &str = "sum(increase(m{job=\"a\",code=~\"5..\"}[$slot]))";
const SELECTOR: &str = "m{code=~\"5..\",job=\"a\",namespace=\"shop\"}";

#[test]
fn an_anchored_counter_is_asked_with_its_births() {
    let by = "sum by (job, namespace) ";
    let born =
        format!("min_over_time({SELECTOR}[300000ms]) unless last_over_time({SELECTOR}[3600000ms] offset 300000ms)");
    let target = "{job=\"a\",namespace=\"shop\"}";
    let on = "on (instance, job, namespace)";
    let form = IncreaseForm::Anchored;
    assert_eq!(
        plan(COUNTER, form),
        [
            (Question::Value, form, format!("{by}(increase({SELECTOR}[300000ms] anchored))")),
            (Question::Coverage, form, format!("{by}(count_over_time({SELECTOR}[300000ms]))")),
            (Question::Births, form, format!("{by}({born})")),
            (
                Question::AttributedBirths,
                form,
                format!(
                    "{by}(({born}) and {on} (((up{target} offset 300000ms) == 1) or {on} \
                     (process_start_time_seconds{target} >= time() - 300.000)))"
                )
            ),
        ]
    );
}

#[test]
fn a_native_or_extrapolated_increase_is_asked_without_births() {
    for form in [IncreaseForm::Native, IncreaseForm::Extrapolated] {
        let asked = plan(COUNTER, form);
        assert_eq!(asked.len(), 2);
        assert_eq!(
            asked[0],
            (Question::Value, form, format!("sum by (job, namespace) (increase({SELECTOR}[300000ms]))"))
        );
        assert_eq!(asked[1].0, Question::Coverage);
    }
}

#[test]
fn raw_samples_reach_back_to_the_edge() {
    let asked = plan(COUNTER, IncreaseForm::Raw);
    let questions: Vec<Question> = asked.iter().map(|(question, _, _)| *question).collect();
    assert_eq!(questions, [Question::Samples, Question::Births, Question::AttributedBirths]);
    assert_eq!(asked[0].2, format!("{SELECTOR}[600000ms]"));
    assert!(!Question::Samples.fits_range_query());
}

#[test]
fn a_rate_has_no_births() {
    let asked = plan("sum(rate(m[$slot]))", IncreaseForm::Anchored);
    let questions: Vec<Question> = asked.iter().map(|(question, _, _)| *question).collect();
    assert_eq!(questions, [Question::Value, Question::Coverage]);
}

#[test]
fn what_is_no_counter_says_which_form_it_really_has() {
    let text = "sum(increase(m[$slot])) / 2";
    let ns = "m{namespace=\"shop\"}";
    let table = [
        (IncreaseForm::Anchored, IncreaseForm::Anchored, " anchored"),
        (IncreaseForm::Native, IncreaseForm::Native, ""),
        (IncreaseForm::Raw, IncreaseForm::Extrapolated, ""),
        (IncreaseForm::Extrapolated, IncreaseForm::Extrapolated, ""),
    ];
    for (wanted, form, word) in table {
        let query = format!("sum(increase({ns}[300000ms]{word})) / 2");
        assert_eq!(plan(text, wanted), [(Question::Value, form, query)]);
    }
}

#[test]
fn a_source_without_tenants_and_a_selector_without_keys_still_name_their_target() {
    let ask = Ask {
        id: AskId(1),
        expression: Expression::parse("sum(increase(m{job=\"a\",x=\"\"}[$slot]))").unwrap().confine(&[]).unwrap(),
        slot_ms: 1500,
        at_ms: 0,
    };
    let births = Plan::of(&[ask], IncreaseForm::Anchored)
        .requests
        .into_iter()
        .find(|request| request.question == Question::AttributedBirths)
        .unwrap();
    assert_eq!(
        births.query,
        "sum((min_over_time(m{job=\"a\",x=\"\"}[1500ms]) unless \
         last_over_time(m{job=\"a\",x=\"\"}[3600000ms] offset 1500ms)) and on (instance, job) \
         (((up{job=\"a\"} offset 1500ms) == 1) or on (instance, job) \
         (process_start_time_seconds{job=\"a\"} >= time() - 1.500)))"
    );
}
