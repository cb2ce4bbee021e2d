//! Runs `guarantor settle`.

use std::process::{Command, Output};

use serde_json::{Value, json};

/// What is settled; flags beside the files.
#[derive(Clone)]
pub struct Settlement {
    pub agreement: Value,
    pub exclusions: Vec<Value>,
    pub measurements: Value,
    /// The name of the file that the measurements stand in.
    pub file: &'static str,
    pub flags: Vec<&'static str>,
}

impl Settlement {
    /// An agreement of 2026 by calendar months in UTC, with these objectives and a fee of 1000 EUR.
    pub fn of(objectives: &Value, measurements: Value) -> Self {
        let agreement = json!({
            "apiVersion": "guarantor.dev/v1alpha1",
            "kind": "ServiceLevelAgreement",
            "metadata": {"name": "a", "namespace": "n"},
            "spec": {
                "service": {"name": "s"},
                "metrics": {"sourceRef": {"name": "main"}, "slot": "1m"},
                "period": {"calendar": "Month"},
                "validity": {"from": "2026-01-01", "until": "2027-01-01"},
                "timeZone": "UTC",
                "objectives": objectives,
            },
        });
        Self { agreement, exclusions: Vec::new(), measurements, file: "measurements.yaml", flags: Vec::new() }
    }

    /// Sets a field of the agreement's spec.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.agreement["spec"][field] = value;
        self
    }

    /// The answer in a form, and what stands on standard error.
    pub fn printed(&self, form: &str) -> (String, String) {
        let Output { status, stdout, stderr } = self.run(form);
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(status.success(), "{stderr}");
        (String::from_utf8(stdout).unwrap(), stderr)
    }

    /// The answer.
    pub fn answer(&self) -> Value {
        serde_json::from_str(&self.printed("json").0).unwrap()
    }

    /// The statement of the only period.
    pub fn statement(&self) -> Value {
        let answer = self.answer();
        assert_eq!(answer["periods"].as_array().unwrap().len(), 1);
        answer["periods"][0]["statement"].clone()
    }

    /// Why nothing was settled.
    pub fn fault(&self) -> String {
        let Output { status, stdout, stderr } = self.run("json");
        let (text, message) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        assert_eq!((status.code(), text.as_str()), (Some(1), ""), "{message}");
        message.strip_prefix("guarantor: ").unwrap().trim_end().to_owned()
    }

    fn run(&self, form: &str) -> Output {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
        command.args(["settle", "-o", form]).args(&self.flags);
        command.arg("--agreement").arg(write("agreement.yaml", self.agreement.to_string()));
        command.arg("--measurements").arg(write(self.file, self.measurements.to_string()));
        if !self.exclusions.is_empty() {
            let all: Vec<String> = self.exclusions.iter().map(Value::to_string).collect();
            command.arg("--exclusions").arg(write("exclusions.yaml", all.join("\n---\n")));
        }
        command.output().unwrap()
    }
}

/// An objective with the name `o` that is measured like this.
pub fn objective(target: &str, measurement: Value) -> Value {
    let ratio = json!({"bad": "sum(increase(errors_total[$slot]))", "total": "sum(increase(requests_total[$slot]))"});
    let mut objective = json!({"name": "o", "indicator": {"ratio": ratio}, "target": target});
    objective["measurement"] = measurement;
    objective
}

/// Minutes in which all failed are bad.
pub fn all_fail() -> Value {
    json!({"method": "BadMinutes", "badWhen": {"allFail": true}})
}
