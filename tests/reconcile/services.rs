//! Services that are measured apart from the shop as a whole: their expressions select them by the label `service`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use guarantor::api::objective::Indicator;
use guarantor::sense::signals::Signals;
use jiff::Timestamp;

use crate::traffic::Second;

/// What the store has of each.
#[derive(Clone, Debug, Default)]
pub struct Services(Arc<Mutex<BTreeMap<String, Service>>>);

#[derive(Clone, Debug, Default)]
struct Service {
    seconds: BTreeMap<i64, Second>,
    by_pod: Option<Signals>,
}

impl Services {
    /// Enters the second of a service that begins at `at`, and what the store says of it by pod from now on.
    pub fn enter(&self, name: &str, at: Timestamp, second: Second, by_pod: Signals) {
        let mut services = self.0.lock().unwrap();
        let service = services.entry(name.to_owned()).or_default();
        service.seconds.insert(at.as_second(), second);
        service.by_pod = Some(by_pod);
    }

    /// What the store says by pod. `None`: the indicator is of the shop as a whole.
    pub fn by_pod(&self, indicator: &Indicator) -> Option<Signals> {
        let name = name(indicator)?;
        self.0.lock().unwrap().get(name)?.by_pod.clone()
    }

    /// What `read` says of the history that an indicator is about; `whole`: that of the shop.
    pub fn with<T>(
        &self,
        indicator: &Indicator,
        whole: &Mutex<BTreeMap<i64, Second>>,
        read: impl FnOnce(&BTreeMap<i64, Second>) -> T,
    ) -> T {
        let services = self.0.lock().unwrap();
        match name(indicator).and_then(|name| services.get(name)) {
            Some(service) => read(&service.seconds),
            None => read(&whole.lock().unwrap()),
        }
    }
}

fn name(indicator: &Indicator) -> Option<&str> {
    indicator.ratio.as_ref()?.bad.as_deref()?.split_once("service=\"")?.1.split('"').next()
}
