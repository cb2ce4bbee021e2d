//! Which ledger is which: that of a statement's period, and those of earlier periods that it looks back on.

use serde_json::Value;

use super::Problem;
use super::paper::Paper;
use crate::api::ledger::LedgerSpec;

/// The ledgers that a statement names.
pub(super) struct Named<'a> {
    own: &'a str,
    earlier: Vec<&'a str>,
}

/// The ledgers of a statement.
pub(super) struct Ledgers {
    /// That of its period.
    pub own: Paper,
    /// Those of earlier periods, in the order of the statement.
    earlier: Vec<Paper>,
}

impl<'a> Named<'a> {
    /// Those that a statement's `spec` names.
    pub(super) fn by(content: &'a Value) -> Self {
        let text = |value: Option<&'a Value>| value.and_then(Value::as_str).unwrap_or_default();
        let evidence = content.get("evidence");
        let earlier = evidence.and_then(|evidence| evidence.get("earlier")).and_then(Value::as_array);
        Self {
            own: text(evidence.and_then(|evidence| evidence.get("ledger"))),
            earlier: earlier.into_iter().flatten().map(|named| text(named.get("name"))).collect(),
        }
    }

    /// Those that are not given. Of a period's own ledger any that is none of the earlier ones is a form.
    pub(super) fn missing_among(&self, given: &[Paper]) -> Vec<&'a str> {
        let is_given = |name: &&str| given.iter().any(|paper| paper.name() == *name);
        let own = self.own_among(given).is_none().then_some(self.own);
        own.into_iter().chain(self.earlier.iter().copied().filter(|name| !is_given(name))).collect()
    }

    /// Puts each in its place.
    pub(super) fn among(&self, mut given: Vec<Paper>) -> Result<Ledgers, Problem> {
        if let Some(missing) = self.missing_among(&given).first() {
            return Err(Problem::Mismatch(format!(
                "the statement rests on ledger {missing} too; give it with one more --ledger"
            )));
        }
        let missing = || Problem::Mismatch("--ledger: give the statement's ledger as a file too".to_owned());
        let own = given.remove(self.own_among(&given).ok_or_else(missing)?);
        let mut earlier = Vec::with_capacity(self.earlier.len());
        for name in &self.earlier {
            let place = given.iter().position(|paper| paper.name() == *name);
            earlier.push(given.remove(place.ok_or_else(missing)?));
        }
        match given.first() {
            None => Ok(Ledgers { own, earlier }),
            Some(other) => Err(Problem::Mismatch(format!(
                "{}: the statement does not name ledger {}; leave it out",
                other.origin,
                other.name()
            ))),
        }
    }

    fn own_among(&self, given: &[Paper]) -> Option<usize> {
        let named = given.iter().position(|paper| paper.name() == self.own);
        named.or_else(|| given.iter().position(|paper| !self.earlier.contains(&paper.name())))
    }
}

impl Ledgers {
    /// The earlier ones with their names.
    pub(super) fn earlier(&self) -> Result<Vec<(String, LedgerSpec)>, Problem> {
        let read =
            |paper: &Paper| -> Result<_, Problem> { Ok((paper.name().to_owned(), paper.spec("ServiceLevelLedger")?)) };
        self.earlier.iter().map(read).collect()
    }
}
