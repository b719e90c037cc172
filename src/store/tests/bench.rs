//! The measurement in its shortest form: it measures what it says, whatever the figures are on this machine.

use std::process::Command;

#[test]
fn every_line_of_the_measurement_has_its_figures() {
    let dir = tempfile::tempdir().unwrap();
    let json = dir.path().join("figures.json");
    let output = Command::new(env!("CARGO_BIN_EXE_relais-store-bench"))
        .args(["--seconds", "0.05", "--rounds", "1", "--json"])
        .arg(&json)
        .output()
        .unwrap();
    let all: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(
        output.status.success(),
        all["reached"] == true,
        "the exit code says whether the goal was met"
    );
    let lines = all["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 5);
    for line in lines {
        for figure in line["figures"].as_array().unwrap() {
            let rate = figure["rate"].as_f64().unwrap();
            assert!(rate > 0.0 && figure["p99_ms"].as_f64() >= figure["p50_ms"].as_f64(), "{line}");
        }
    }
}
