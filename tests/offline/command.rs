//! Runs a command of `guarantor`.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What the command came to.
pub struct Answer {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub text: String,
    /// Standard error.
    pub complaint: String,
}

impl Answer {
    /// Standard output, as the JSON it must be.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}{}", self.text, self.complaint))
    }

    /// Code, field and severity of all findings.
    pub fn findings(&self) -> Vec<(String, String, String)> {
        let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
        let all = self.json()["findings"].as_array().unwrap().clone();
        all.iter().map(|f| (text(f, "code"), text(f, "field"), text(f, "severity"))).collect()
    }
}

/// Runs `guarantor check` with these arguments and this standard input, in the repository.
pub fn check(arguments: &[&str], input: &str) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("check").args(arguments);
    answered(&mut command, input)
}

/// What a command comes to with this standard input.
pub fn answered(command: &mut Command, input: &str) -> Answer {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that ends early does not read all of it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Answer { code: status.code().unwrap(), text: text(stdout), complaint: text(stderr) }
}

/// Checks one text, answered as JSON.
pub fn check_text(input: &str) -> Answer {
    check(&["-", "-o", "json"], input)
}
