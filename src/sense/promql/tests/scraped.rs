//! Metrics that are read as they were scraped: nothing but a metric, and nothing of another tenant.

use crate::sense::promql::{Refusal, Scraped};

fn tenancy() -> Vec<(String, String)> {
    vec![("namespace".to_owned(), "shop".to_owned())]
}

#[test]
fn a_metric_is_confined_and_summed_up_by_label() {
    let cpu = Scraped::parse("cpu_seconds_total{pod=~\"web-.*\",namespace=\"bank\"}", &tenancy()).unwrap();
    let confined = "cpu_seconds_total{namespace=\"bank\",namespace=\"shop\",pod=~\"web-.*\"}";
    assert_eq!(cpu.sum_by(&["pod"]), format!("sum by (pod) ({confined})"));
    assert_eq!(cpu.sum(), format!("sum({confined})"));
    let labels = [("service".to_owned(), "web".to_owned())];
    let count = Scraped::histogram("seconds", &labels, "_count", &tenancy()).unwrap();
    let selected = "seconds_count{namespace=\"shop\",service=\"web\"}";
    assert_eq!(count.newest_by("pod"), format!("max by (pod) (timestamp({selected}))"));
    assert_eq!(count.count_by("pod"), format!("count by (pod) ({selected})"));
    assert_eq!(count.rate(300), "sum(rate(seconds_count{namespace=\"shop\",service=\"web\"}[300s]))");
}

#[test]
fn anything_but_a_metric_is_refused() {
    for text in ["sum(cpu_total)", "cpu_total * 2", "rate(cpu_total[$slot])", "cpu_total[5m]", "1", "(cpu_total)"] {
        assert_eq!(Scraped::parse(text, &tenancy()), Err(Refusal::NotASelector), "{text}");
    }
    assert_eq!(Scraped::parse("cpu_total offset 5m", &tenancy()), Err(Refusal::Offset));
    assert!(matches!(Scraped::parse("{pod=\"a\"}", &tenancy()), Err(Refusal::Nameless { .. })));
    assert!(matches!(Scraped::parse("cpu_total{a=\"1\" or b=\"2\"}", &tenancy()), Err(Refusal::Alternatives)));
}

#[test]
fn the_counter_of_a_sum_is_taken_and_nothing_more() {
    let of = |text: &str| Scraped::counted_by(text, &[]).map(|metric| metric.sum());
    assert_eq!(
        of("sum(increase(errors_total{code=~\"5..\"}[$slot]))"),
        Ok("sum(errors_total{code=~\"5..\"})".to_owned())
    );
    for text in [
        "sum(increase(a_total[$slot])) + sum(increase(b_total[$slot]))",
        "max(max_over_time(a[$slot]))",
        "sum by (code) (increase(a_total[$slot]))",
    ] {
        assert_eq!(of(text), Err(Refusal::NotOneCounter), "{text}");
    }
}
