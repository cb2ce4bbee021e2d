//! The line of a file that a record stands in.

/// Counts lines up to one record after the other.
///
/// The reader of the CSV knows a line too, but it is the first one of the blank lines before a record, or with the line ends
/// of Windows the one before.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    passed: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    /// From the first line on.
    pub(super) fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), passed: 0, line: 1 }
    }

    /// The line of the record whose bytes begin here, or after the blank lines that do. Records are asked for in their order.
    pub(super) fn of(&mut self, byte: u64) -> usize {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX).min(self.bytes.len());
        let (read, rest) = (self.bytes.get(self.passed..byte), self.bytes.get(byte..));
        self.line += ends(read.unwrap_or_default().iter());
        self.passed = byte;
        let blank = rest.unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        self.line + ends(blank)
    }
}

fn ends<'b>(bytes: impl Iterator<Item = &'b u8>) -> usize {
    bytes.filter(|byte| **byte == b'\n').count()
}
