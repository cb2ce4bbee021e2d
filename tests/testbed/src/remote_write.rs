//! Remote write 1.0, by which Prometheus and `VictoriaMetrics` take samples of any time.
//!
//! <https://prometheus.io/docs/specs/prw/remote_write_spec/>. Written by hand because the message has three fields and
//! no compression is wanted on loopback: Snappy allows a block of literals only, and a Protobuf library, its compiler
//! and a Snappy library would all be there for these few lines.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use crate::series::{Sample, Series};

/// How many samples one request carries: about 160 kB.
const SAMPLES: usize = 10_000;

/// Writes `series` to `url`.
pub(crate) async fn write(client: &reqwest::Client, url: &str, series: &[Series]) -> Result<()> {
    for request in requests(series) {
        let response = client
            .post(url)
            .header("Content-Type", "application/x-protobuf")
            .header("Content-Encoding", "snappy")
            .header("X-Prometheus-Remote-Write-Version", "0.1.0")
            .body(snappy_literals(&request))
            .send()
            .await
            .with_context(|| format!("cannot write samples to {url}"))?;
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        ensure!(status.is_success(), "{url} answers {status}: {text}");
    }
    Ok(())
}

/// The `WriteRequest` messages for `series`.
fn requests(series: &[Series]) -> Vec<Vec<u8>> {
    let mut requests = vec![Vec::new()];
    let mut samples = 0;
    for one in series {
        for chunk in one.samples().chunks(SAMPLES) {
            samples += chunk.len();
            if samples > SAMPLES {
                requests.push(Vec::new());
                samples = chunk.len();
            }
            if let Some(request) = requests.last_mut() {
                put_bytes(request, 1, &time_series(one.labels(), chunk));
            }
        }
    }
    requests.retain(|request| !request.is_empty());
    requests
}

/// `TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }`
fn time_series(labels: &BTreeMap<String, String>, samples: &[Sample]) -> Vec<u8> {
    let mut message = Vec::new();
    for (name, value) in labels {
        let mut label = Vec::new();
        put_bytes(&mut label, 1, name.as_bytes());
        put_bytes(&mut label, 2, value.as_bytes());
        put_bytes(&mut message, 1, &label);
    }
    for sample in samples {
        // `Sample { double value = 1; int64 timestamp = 2; }`
        let mut pair = vec![1 << 3 | 1];
        pair.extend(sample.value.to_le_bytes());
        pair.push(2 << 3);
        // A negative int64 is written as its two's complement.
        put_varint(&mut pair, sample.at_ms.cast_unsigned());
        put_bytes(&mut message, 2, &pair);
    }
    message
}

/// A length-delimited field.
fn put_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend(bytes);
}

/// Seven bits a byte, the lowest first, the top bit set on all but the last.
fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

/// A Snappy block made of literals: the length, then pieces of up to 65,536 bytes, each behind the tag of a literal
/// whose length less one follows in two bytes.
fn snappy_literals(bytes: &[u8]) -> Vec<u8> {
    const TWO_BYTE_LENGTH: u8 = 61 << 2;
    let mut block = Vec::with_capacity(bytes.len() + 64);
    put_varint(&mut block, bytes.len() as u64);
    for piece in bytes.chunks(0x1_0000) {
        let [first, second, ..] = (piece.len() - 1).to_le_bytes();
        block.extend([TWO_BYTE_LENGTH, first, second]);
        block.extend(piece);
    }
    block
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_request_is_what_the_specification_says_byte_by_byte() {
        let series = Series::new("m").label("a", "b").with([(Timestamp::from_millisecond(300).unwrap(), 1.0)]);
        let expected = [
            &[0x0a, 35][..],      // WriteRequest.timeseries
            &[0x0a, 13, 0x0a, 8], // labels: name, sorted first
            b"__name__",
            &[0x12, 1, b'm'],
            &[0x0a, 6, 0x0a, 1, b'a', 0x12, 1, b'b'],
            &[0x12, 12, 0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f], // samples: 1.0
            &[0x10, 0xac, 0x02],                             // 300
        ]
        .concat();
        let mut expected = expected;
        // The outer length is that of everything behind it.
        let length = u8::try_from(expected.len() - 2).unwrap();
        if let Some(byte) = expected.get_mut(1) {
            *byte = length;
        }
        assert_eq!(requests(&[series]), [expected]);
    }

    #[test]
    fn many_samples_are_spread_over_requests_and_none_is_lost() {
        let samples = (0..25_000).map(|i| (Timestamp::from_second(i).unwrap(), 0.0));
        let long = Series::new("long").with(samples);
        let short = Series::new("short").with([(Timestamp::UNIX_EPOCH, 0.0)]);
        assert_eq!(requests(&[short, long]).len(), 4);
        assert_eq!(requests(&[Series::new("empty")]), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn varints_have_seven_bits_a_byte() {
        for (value, expected) in [
            (0, vec![0]),
            (127, vec![127]),
            (128, vec![0x80, 1]),
            (300, vec![0xac, 2]),
            (u64::MAX, [vec![0xff; 9], vec![1]].concat()),
        ] {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(out, expected, "{value}");
        }
    }

    #[test]
    fn literals_carry_their_length_less_one() {
        assert_eq!(snappy_literals(b"ab"), [2, 0xf4, 1, 0, b'a', b'b']);
        let long = snappy_literals(&vec![7; 0x1_0001]);
        assert_eq!(long.len(), 3 + 3 + 0x1_0000 + 3 + 1);
        assert!(long.starts_with(&[0x81, 0x80, 4, 0xf4, 0xff, 0xff]));
        assert!(long.ends_with(&[0xf4, 0, 0, 7]));
    }
}
