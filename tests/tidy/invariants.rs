//! Every invariant in ARCHITECTURE.md names the test that guards it, and that test exists.

use crate::{
    none,
    tree::{FILES, File},
};
use std::collections::BTreeSet;

const PAGE: &str = "ARCHITECTURE.md";
const HEADING: &str = "**Invariant:**";

/// Fewer would be a page that has been emptied.
const INVARIANTS_MIN: usize = 12;

/// The functions of the sources, and which of them are tests.
#[derive(Debug, Default)]
struct Functions {
    all: BTreeSet<String>,
    tests: BTreeSet<String>,
}

fn functions(files: &[File]) -> Functions {
    let mut found = Functions::default();
    for file in files.iter().filter(|file| file.is_rust()) {
        let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let Some(name) = function_name(line) else { continue };
            let above = lines[..index].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
            if above.into_iter().any(|line| line.starts_with("#[test") || line.starts_with("#[tokio::test")) {
                found.tests.insert(name.to_owned());
            }
            found.all.insert(name.to_owned());
        }
    }
    found
}

/// The name in `pub async fn name<…>(`, when the line begins a function.
fn function_name(line: &str) -> Option<&str> {
    let (before, rest) = line.split_once("fn ")?;
    let words = ["pub", "pub(crate)", "pub(super)", "const", "async", "extern", "unsafe"];
    let begins = before.split_whitespace().all(|word| words.contains(&word));
    let name = rest.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next()?;
    (begins && !name.is_empty()).then_some(name)
}

/// The invariants of a page, each with the lines that belong to it: up to an empty line, a heading or the next one.
fn invariants(page: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (index, line) in page.lines().enumerate() {
        if let Some((_, text)) = line.split_once(HEADING) {
            found.push((index + 1, text.to_owned()));
            open = true;
        } else if line.trim().is_empty() || line.starts_with('#') {
            open = false;
        } else if let (true, Some((_, text))) = (open, found.last_mut()) {
            text.push('\n');
            text.push_str(line);
        }
    }
    found
}

/// What stands in backticks and may be a test: the last segment of a path, in lower case with underscores.
fn candidates(text: &str) -> Vec<&str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(|quoted| quoted.rsplit("::").next().unwrap_or(quoted))
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'))
        .collect()
}

/// Sentence names have three words or more; a shorter word in backticks may be anything.
fn is_sentence(name: &str) -> bool {
    name.matches('_').count() >= 2
}

fn unguarded(page: &str, functions: &Functions) -> Vec<String> {
    let invariants = invariants(page);
    let mut complaints = Vec::new();
    if invariants.len() < INVARIANTS_MIN {
        complaints.push(format!("{PAGE} has {} invariants, at least {INVARIANTS_MIN}", invariants.len()));
    }
    for (line, text) in invariants {
        let names = candidates(&text);
        for missing in names.iter().filter(|name| is_sentence(name) && !functions.all.contains(**name)) {
            complaints.push(format!("{PAGE}:{line} names `{missing}`, and no function is called so"));
        }
        if !names.iter().any(|name| functions.tests.contains(*name)) {
            complaints.push(format!("{PAGE}:{line} names no test in backticks: {}", text.trim()));
        }
    }
    complaints
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let Some(page) = FILES.iter().find(|file| file.path == PAGE) else {
        assert!(!narhet_tests::root().join(PAGE).exists(), "{PAGE} is there and git does not track it");
        eprintln!("{PAGE} is not written yet");
        return;
    };
    none(unguarded(&page.text, &functions(&FILES)));
}

#[test]
fn the_rule_of_invariants_complains_about_a_missing_test_and_a_short_page() {
    let source = "#[test]\nfn a_case_has_one_holder() {\n}\n\n    #[tokio::test(flavor = \"x\")]\n    // Why.\n    async fn \
                  it_stays_so() {}\npub fn not_a_test_at_all() {}\n";
    let functions = functions(&[File { path: "x.rs".to_owned(), text: source.to_owned() }]);
    assert!(functions.tests.iter().eq(["a_case_has_one_holder", "it_stays_so"]));

    let good =
        "**Invariant:** one holder, in `duty`:\n`duty::tests::a_case_has_one_holder`.\n\n".repeat(INVARIANTS_MIN);
    assert_eq!(unguarded(&good, &functions), Vec::<String>::new());
    assert_eq!(unguarded(&good.replacen(HEADING, "", 1), &functions).len(), 1, "eleven are too few");
    assert_eq!(unguarded("", &functions).len(), 1, "an empty page is too short");
    for bad in [
        "**Invariant:** guarded by `a_test_that_was_renamed` and `it_stays_so`.",
        "**Invariant:** guarded by hope.",
        "**Invariant:** guarded by `not_a_test_at_all`.",
        "**Invariant:** guarded.\n\n`it_stays_so` belongs to something else.",
    ] {
        assert_eq!(unguarded(&format!("{good}{bad}"), &functions).len(), 1, "{bad}");
    }
}
