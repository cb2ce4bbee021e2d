//! Counters step by step: what is counted, what is no sample, and that nothing missing is zero.

use serde_json::json;

use super::*;
use crate::sense::counters::{CounterAsk, Counters, Course};
use crate::sense::observation::FailureKind;
use crate::sense::workload::Kin;

/// A multiple of fifteen seconds.
const BEGIN: i64 = 1_700_000_100;

fn counter_ask() -> CounterAsk {
    CounterAsk {
        latency: latency("web").latency.unwrap(),
        errors: Some("sum(increase(errors_total[$slot]))".to_owned()),
        cpu: "cpu_total{container=\"web\"}".to_owned(),
        in_flight: None,
        kin: Kin::of(["a", "b"]),
        tenancy: vec![("namespace".to_owned(), "shop".to_owned())],
        from: Timestamp::from_second(BEGIN).unwrap(),
        to: Timestamp::from_second(BEGIN + 60).unwrap(),
    }
}

async fn counters(reader: &Arc<Reader>, ask: CounterAsk) -> Counters {
    let reader = Arc::clone(reader);
    tokio::spawn(async move { reader.read_counters(&ask).await }).await.unwrap()
}

/// The values of a series at the steps from 15 s before the beginning; `""`: there is none.
type Values = [&'static str; 6];

/// A store whose histogram has two pods; `newest` are the instants of the last scrape, after the beginning, and `series` how
/// many a pod has.
#[derive(Clone, Copy)]
struct Fake {
    count: [(&'static str, Values); 2],
    cpu: [(&'static str, Values); 2],
    newest: Values,
    newest_cpu: Values,
    series: Values,
}

const FAKE: Fake = Fake {
    count: [("a", ["90", "100", "110", "120", "130", "140"]), ("b", ["40", "50", "60", "70", "80", "90"])],
    cpu: [("a", ["9", "10", "11", "12", "13", "14"]), ("b", ["4", "5", "6", "7", "8", "9"])],
    newest: ["-20", "-5", "10", "25", "40", "55"],
    newest_cpu: ["-20", "-5", "10", "25", "40", "55"],
    series: ["3"; 6],
};

fn series(labels: &serde_json::Value, values: &Values) -> serde_json::Value {
    let samples = values.iter().zip(-1_i64..).filter(|(value, _)| !value.is_empty());
    let samples: Vec<_> = samples.map(|(value, step)| json!([BEGIN + step * 15, value])).collect();
    json!({"metric": labels, "values": samples})
}

fn reply(series: &[serde_json::Value]) -> Reply {
    Reply::data(&json!({"resultType": "matrix", "result": series}))
}

impl Fake {
    fn answer(self, asked: &Received) -> Reply {
        let query = asked.query();
        let rows: Vec<serde_json::Value> = match query {
            _ if query.contains("timestamp(") => {
                let (pods, newest) =
                    if query.contains("cpu") { (self.cpu, self.newest_cpu) } else { (self.count, self.newest) };
                let instants = newest.map(|behind| behind.parse::<i64>().map(|b| (BEGIN + b).to_string()));
                let samples: Vec<_> = instants
                    .iter()
                    .zip(-1_i64..)
                    .filter_map(|(at, step)| Some(json!([BEGIN + step * 15, at.as_ref().ok()?])))
                    .collect();
                pods.map(|(pod, _)| json!({"metric": {"pod": pod}, "values": samples})).to_vec()
            }
            _ if query.contains("count by") => {
                let pods = if query.contains("cpu") { self.cpu } else { self.count };
                pods.map(|(pod, _)| series(&json!({"pod": pod}), &self.series)).to_vec()
            }
            _ if query.contains("_bucket") => self
                .count
                .iter()
                .flat_map(|(pod, values)| {
                    let row = |le: &str| series(&json!({"pod": pod, "le": le}), values);
                    [row("+Inf"), row("0.25"), row("1.0")]
                })
                .collect(),
            _ if query.contains("cpu") => {
                self.cpu.iter().map(|(pod, values)| series(&json!({"pod": pod}), values)).collect()
            }
            _ => vec![],
        };
        reply(&rows)
    }

    async fn read(self) -> Counters {
        let store = FakeStore::start(move |asked: &Received| self.answer(asked)).await.unwrap();
        counters(&Arc::new(reader(&store, IncreaseForm::Native)), counter_ask()).await
    }

    async fn course(self) -> Course {
        match self.read().await {
            Counters::Read(course) => course,
            other => panic!("{other:?}"),
        }
    }
}

/// Seconds after the beginning, requests and core-seconds in whole numbers, and pods.
fn told(course: &Course) -> Vec<(i64, i64, i64, u32)> {
    let whole = |millionths: i64| millionths / 1_000_000;
    let samples = course.samples.iter();
    samples.map(|s| (s.at.as_second() - BEGIN, whole(s.answered), whole(s.cpu_seconds), s.pods)).collect()
}

#[tokio::test]
async fn increases_of_all_pods_are_added_up_from_the_first_step_on() {
    let course = FAKE.course().await;
    assert_eq!(told(&course), [(0, 0, 0, 2), (15, 20, 2, 2), (30, 40, 4, 2), (45, 60, 6, 2), (60, 80, 8, 2)]);
    assert_eq!(course.bounds, [250_000, 1_000_000]);
    let last = course.samples.last().unwrap();
    assert_eq!((last.buckets.as_slice(), last.errors), ([80_000_000, 80_000_000].as_slice(), 0));
}

#[tokio::test]
async fn every_query_is_a_range_confined_to_the_tenant() {
    let store = FakeStore::start(|asked: &Received| FAKE.answer(asked)).await.unwrap();
    counters(&Arc::new(reader(&store, IncreaseForm::Native)), counter_ask()).await;
    let asked = store.take_received();
    assert_eq!(asked.len(), 7, "{asked:#?}");
    for asked in &asked {
        assert!(asked.query().contains(r#"namespace="shop""#), "{asked:#?}");
        assert_eq!(asked.parameter("step"), "15");
        assert_eq!(asked.parameter("start"), (BEGIN - 120).to_string());
        assert_eq!(asked.parameter("end"), (BEGIN + 60).to_string());
    }
}

#[tokio::test]
async fn a_pod_that_goes_or_restarts_or_comes_takes_nothing_away_and_adds_nothing_unknown() {
    let gone = Fake {
        count: [("a", ["90", "100", "110", "120", "130", "140"]), ("b", ["940", "950", "960", "", "", ""])],
        ..FAKE
    };
    assert_eq!(
        told(&gone.course().await),
        [(0, 0, 0, 2), (15, 20, 2, 2), (30, 30, 3, 1), (45, 40, 4, 1), (60, 50, 5, 1)]
    );
    let restarted = Fake { count: [FAKE.count[0], ("b", ["940", "950", "960", "3", "13", "23"])], ..FAKE };
    // What fell has begun anew, or has lost a series that had counted long: nobody knows which.
    assert_eq!(told(&restarted.course().await), [(0, 0, 0, 2), (15, 20, 2, 2), (45, 50, 5, 2), (60, 70, 7, 2)]);
    // What it had counted before it was first seen was counted nobody knows when.
    let came = Fake { count: [FAKE.count[0], ("b", ["", "", "", "900", "910", "920"])], ..FAKE };
    assert_eq!(told(&came.course().await).last(), Some(&(60, 40 + 20, 4 + 2, 2)));
    // A part of it that had counted long is scraped for the first time.
    let jumped =
        [("a", ["90", "100", "110", "5120", "5130", "5140"]), ("b", ["40", "50", "60", "7070", "7080", "7090"])];
    let more = Fake { count: jumped, series: ["3", "3", "3", "4", "4", "4"], ..FAKE };
    assert_eq!(told(&more.course().await), [(0, 0, 0, 2), (15, 20, 2, 2), (45, 40, 4, 2), (60, 60, 6, 2)]);
}

#[tokio::test]
async fn what_was_not_scraped_anew_is_no_sample() {
    let halved = Fake { newest: ["-20", "-5", "-5", "25", "25", "55"], ..FAKE };
    assert_eq!(told(&halved.course().await), [(0, 0, 0, 2), (30, 40, 4, 2), (60, 80, 8, 2)]);
    let slower = Fake { newest: FAKE.newest, newest_cpu: halved.newest, ..FAKE };
    assert_eq!(told(&slower.course().await), told(&halved.course().await), "the CPU time is scraped less often");
    let without_cpu = Fake { cpu: FAKE.cpu.map(|(pod, _)| (pod, ["9", "10", "", "", "13", "14"])), ..FAKE };
    let seen: Vec<i64> = told(&without_cpu.course().await).into_iter().map(|(at, ..)| at).collect();
    assert_eq!(seen, [0, 45, 60], "a step of which the CPU time is not known");
    let not_a_number = Fake { count: FAKE.count.map(|(pod, _)| (pod, ["NaN"; 6])), ..FAKE };
    assert_eq!(told(&not_a_number.course().await), []);
}

#[tokio::test]
async fn only_the_pods_of_the_workload_count() {
    let [(_, count), (_, cpu)] = [FAKE.count[1], FAKE.cpu[1]];
    let worker = Fake { cpu: [FAKE.cpu[0], ("worker", cpu)], count: [FAKE.count[0], ("worker", count)], ..FAKE };
    assert_eq!(told(&worker.course().await).last(), Some(&(60, 40, 4, 1)));
    // A pod that burns and serves nothing yet.
    let starting = Fake { count: [FAKE.count[0], ("worker", count)], ..FAKE };
    assert_eq!(told(&starting.course().await).last(), Some(&(60, 40, 4, 1)));
    // Where no pod of the workload has requests of its own, they are counted in front of the pods.
    let in_front = Fake { count: [("ingress-a", FAKE.count[0].1), ("ingress-b", count)], ..FAKE };
    assert_eq!(told(&in_front.course().await).last(), Some(&(60, 80, 8, 2)));
}

/// The warm part: pods, requests and core-seconds, in whole numbers.
fn warm(course: &Course) -> (u32, i64, i64) {
    let warm = course.samples.last().unwrap().warm;
    (warm.pods, warm.served / 1_000_000, warm.cpu_seconds / 1_000_000)
}

#[tokio::test]
async fn a_pod_is_warm_when_it_has_served_for_two_minutes() {
    assert_eq!(warm(&FAKE.course().await), (0, 0, 0), "nobody knows of them before");
    // Rows of four minutes: the first pod serves all the time, the second one since three minutes, and is at work before.
    let row = |from: i64, each: i64| {
        let values = (-8..=8_i64).map(|step| json!([BEGIN + step * 15, (from + step * each).max(0).to_string()]));
        values.collect::<Vec<_>>()
    };
    let of = |pod: &str, le: Option<&str>, values: Vec<serde_json::Value>| {
        let labels = le.map_or_else(|| json!({"pod": pod}), |le| json!({"pod": pod, "le": le}));
        json!({"metric": labels, "values": values})
    };
    let store = FakeStore::start(move |asked: &Received| {
        let query = asked.query();
        let rows: Vec<serde_json::Value> = match query {
            _ if query.contains("timestamp(") => ["a", "b"].map(|pod| of(pod, None, row(BEGIN - 5, 15))).to_vec(),
            _ if query.contains("count by") => ["a", "b"].map(|pod| of(pod, None, row(3, 0))).to_vec(),
            _ if query.contains("_bucket") => ["+Inf", "0.25", "1.0"]
                .into_iter()
                .flat_map(|le| [of("a", Some(le), row(1000, 10)), of("b", Some(le), row(40, 10))])
                .collect(),
            _ if query.contains("cpu") => vec![of("a", None, row(100, 1)), of("b", None, row(100, 9))],
            _ => vec![],
        };
        reply(&rows)
    });
    let ask = |seconds: i64| CounterAsk { to: Timestamp::from_second(BEGIN + seconds).unwrap(), ..counter_ask() };
    let store = store.await.unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Native));
    for (seconds, expected) in [(60, (1, 40, 4)), (75, (2, 50 + 10, 5 + 9)), (90, (2, 60 + 20, 6 + 18))] {
        let course = match counters(&reader, ask(seconds)).await {
            Counters::Read(course) => course,
            other => panic!("{other:?}"),
        };
        assert_eq!(warm(&course), expected, "after {seconds} s");
        assert_eq!(
            course.samples.last().unwrap().answered / 1_000_000,
            seconds / 15 * 20,
            "all requests count as load"
        );
    }
}

#[tokio::test]
async fn everything_that_is_missing_is_a_case_of_its_own() {
    let store = FakeStore::start(|_: &Received| reply(&[])).await.unwrap();
    let reader_of = |store: &FakeStore| Arc::new(reader(store, IncreaseForm::Native));
    assert_eq!(counters(&reader_of(&store), counter_ask()).await, Counters::Empty("indicator.latency.histogram"));
    let nameless =
        Fake { count: [("", FAKE.count[0].1), ("", FAKE.count[1].1)], cpu: [("", FAKE.cpu[0].1); 2], ..FAKE };
    assert!(matches!(nameless.read().await, Counters::NotByPod(_)));
    let partial = FakeStore::start(|_: &Received| reply(&[]).warn("a store was not reached")).await.unwrap();
    assert_eq!(
        counters(&reader_of(&partial), counter_ask()).await,
        Counters::Partial("a store was not reached".into())
    );
    let wrong = CounterAsk { cpu: "sum(cpu_total)".to_owned(), ..counter_ask() };
    let Counters::Failed(failure) = counters(&reader_of(&store), wrong).await else { panic!() };
    assert_eq!(failure.kind, FailureKind::Expression);
    assert!(failure.message.starts_with("enforcement.capacity.cpu: "), "{}", failure.message);
}

#[tokio::test]
async fn rates_of_days_are_one_query() {
    let store = FakeStore::start(|_: &Received| reply(&[series(&json!({}), &["10", "20.5", "NaN", "", "30", "40"])]));
    let store = store.await.unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Native));
    let rates = tokio::spawn(async move { reader.read_rates(&counter_ask()).await }).await.unwrap().unwrap();
    let rates: Vec<i64> = rates.into_iter().map(|(_, rate)| rate).collect();
    assert_eq!(rates, [10_000_000, 20_500_000, 30_000_000, 40_000_000]);
    let asked = store.take_received();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].parameter("step"), "300");
    assert!(asked[0].query().starts_with("sum(rate(seconds_count{"), "{}", asked[0].query());
}
