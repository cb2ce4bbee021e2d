//! The switch by which a service sheds load: a key of a `ConfigMap`.

/// The switch's key, and its value while load is shed.
pub const TURNED: (&str, &str) = ("shed", "on");

/// A `ConfigMap` with a switch that is not turned. Something else stands beside it.
#[must_use]
pub fn switch(namespace: &str, config_map: &str) -> String {
    let (key, _) = TURNED;
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {config_map}, namespace: {namespace}}}\n\
         data: {{{key}: \"off\", other: \"7\"}}\n"
    )
}

/// What allows an operator to turn it: by itself, or, as is the default, by telling a person how.
#[must_use]
pub fn shed(config_map: &str, by_itself: bool) -> String {
    let (key, value) = TURNED;
    let automatic = if by_itself { ", automatic: true" } else { "" };
    format!("shed: {{configMap: {config_map}, key: {key}, value: \"{value}\"{automatic}}}")
}
