//! What the check of openclaw.json says about whole configurations; the cases are in
//! `tests/config-schema/cases.txt`.

use openclaw::validate::config_schema::{ConfigFinding, Refused, Segment, check, covered};
use serde_json::{Map, Value, json};

const NEW: Option<&str> = Some("2026.9.6");
const ALL: [Option<&str>; 4] = [Some("2026.2.17"), Some("2026.7.1-2-slim"), NEW, None];

/// Prints a finding on one line.
fn line(finding: &ConfigFinding) -> String {
    let steps = finding.path.iter().map(|segment| match segment {
        Segment::Key(key) => format!(".{key}"),
        Segment::Index(index) => format!("[{index}]"),
    });
    let path: String = steps.collect();
    let mark = if finding.refused_by == Refused::EveryVersion { "!" } else { "~" };
    let hint = finding.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
    format!("{mark}{path}: {:?}: {}{hint}", finding.kind, finding.message)
}

fn targets(words: &str) -> Vec<Option<&str>> {
    match words {
        "all" => ALL.to_vec(),
        words => words.split(' ').map(|word| (word != "none").then_some(word)).collect(),
    }
}

#[test]
fn every_case_finds_what_it_says() {
    let cases = include_str!("config-schema/cases.txt");
    let mut checks = 0;
    for block in cases.split("\n\n").filter(|block| block.starts_with('#')) {
        let (rule, block) = block.split_once('\n').unwrap();
        let (raw, block) = block.split_once("\nfor ").unwrap();
        let raw: Value = serde_json::from_str(raw).expect(rule);
        for part in block.split("\nfor ") {
            let mut lines = part.lines();
            let words = lines.next().unwrap();
            let expected: Vec<&str> = lines.collect();
            for target in targets(words) {
                let found: Vec<String> = check(&raw, target).iter().map(line).collect();
                assert_eq!(found, expected, "{rule}, target {target:?}");
                checks += 1;
            }
        }
    }
    assert!(checks > 80, "only {checks} checks: the file was not read to its end");
}

#[test]
fn ten_thousand_unknown_keys_are_all_found() {
    let many: Map<String, Value> = (0..10_000).map(|n| (format!("key{n}"), json!(n))).collect();
    assert_eq!(check(&Value::Object(many), NEW).len(), 10_000);
}

#[test]
fn depth_is_followed_only_as_far_as_the_schema_goes() {
    let nest = |value: Value| (0..100).fold(value, |inner, _| json!({"gateway": [inner]}));
    assert_eq!(check(&nest(json!(true)), NEW).len(), 1);
    assert_eq!(check(&json!({"channels": {"ours": nest(json!(1))}}), NEW), []);
}

#[test]
fn huge_and_hostile_texts_leave_a_message_of_one_line() {
    let messages = |raw: &Value| -> Vec<String> {
        check(raw, NEW).into_iter().map(|finding| finding.message).collect()
    };
    let long = "${".repeat(500_000);
    let raw = json!({long.as_str(): 1, "gateway": {"bind": long}, "logging": {"file": long}});
    let shown = "${".repeat(20);
    assert_eq!(
        messages(&raw),
        [
            format!("the application does not know the key `{shown}…`"),
            "the value is not one of `auto`, `lan`, `loopback`, `custom`, `tailnet`".to_owned(),
        ]
    );
    assert_eq!(
        messages(&json!({"a\nb\u{1b}[31m": 1})),
        ["the application does not know the key `a\u{fffd}b\u{fffd}[31m`"]
    );
}

#[test]
fn the_data_covers_versions_up_to_the_newest_known() {
    for tag in ["2026.2.17", "2026.1.3", "2026.7.1-2-slim", "2026.9.6-beta.1", "2026.9.6"] {
        assert!(covered(Some(tag)), "{tag}");
    }
    for tag in ["2026.9.6-1", "2026.9.7", "2026.10.1", "2027.1.1", "latest", "main", ""] {
        assert!(!covered(Some(tag)), "{tag}");
    }
    assert!(!covered(None));
}
