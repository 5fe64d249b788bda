//! What tracked files may and may not hold.

use crate::{
    none,
    tree::{FILES, File, PACKAGES, Package},
};

/// A file that passes 400 lines is looked at (HOUSE-STYLE, statement 6); at 600 it is two files.
const RUST_LINES_MAX: usize = 600;

/// What `src/domain/` may name among crates. serde_json is there because a message's GeoJSON is its `Value`.
const DOMAIN_CRATES: &[&str] = &[
    "narhet_kernel",
    "narhet_geo",
    "narhet_responsibility",
    "narhet_calendar",
    "narhet_proto",
    "jiff",
    "serde",
    "serde_json",
    "thiserror",
    "uuid",
];

/// What `src/domain/` may name of its own crate by its whole path.
const DOMAIN_MODULES: &[&str] = &["domain", "limits"];

/// Also allowed where a domain file is a test.
const DOMAIN_TEST_CRATES: &[&str] = &["proptest", "proptest_state_machine"];

/// The only reason for which a test may be left out of `cargo test`.
const IGNORED: &str = concat!("#[ign", "ore = \"needs NARHET_TEST_DATA\"]");

/// Hosts that only the lock file may name; which registry is used is the builder's business.
const REGISTRIES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("proxy.golang", ".org"),
    concat!("docker", ".io"),
    concat!("ghcr", ".io"),
];

/// Folders of somebody's machine.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

fn too_long(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.is_rust())
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > RUST_LINES_MAX)
        .map(|(file, lines)| {
            format!("{} has {lines} lines, at most {RUST_LINES_MAX}: find the second idea in it", file.path)
        })
        .collect()
}

fn without_opening(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.path.ends_with("src/lib.rs") || file.path.ends_with("src/main.rs"))
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| format!("{} does not open with //!: say what the crate is for", file.path))
        .collect()
}

fn naming_machines(files: &[File]) -> Vec<String> {
    occurrences(files.iter().filter(|file| file.path != "Cargo.lock"), |line| {
        REGISTRIES.iter().chain(MACHINE_PATHS).find(|name| line.contains(**name)).map(|name| format!("names {name}"))
    })
}

fn unfinished(files: &[File]) -> Vec<String> {
    const UNFINISHED: &[&str] = &[concat!("to", "do!"), concat!("unimpl", "emented!")];
    occurrences(files.iter().filter(|file| file.is_rust()), |line| {
        let ignored = line.matches(concat!("#[ign", "ore")).count() > line.matches(IGNORED).count();
        match UNFINISHED.iter().find(|name| line.contains(**name)) {
            Some(name) => Some(format!("has {name}")),
            None if ignored => Some(format!("leaves a test out; the only reason is {IGNORED}")),
            None => None,
        }
    })
}

/// `path:line complaint` for each line that `complain` has something to say about.
fn occurrences<'a>(files: impl Iterator<Item = &'a File>, complain: impl Fn(&str) -> Option<String>) -> Vec<String> {
    files
        .flat_map(|file| file.text.lines().enumerate().map(move |(index, line)| (file, index + 1, line)))
        .filter_map(|(file, number, line)| complain(line).map(|what| format!("{}:{number} {what}", file.path)))
        .collect()
}

/// A domain file that names a crate which its package depends on and the domain may not see, or a module of its own crate that
/// does the wiring.
fn impure_domain(files: &[File], packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages {
        let domain = format!("{}/src/domain/", package.folder);
        let crates: Vec<String> =
            package.dependencies.iter().map(|dependency| dependency.name.replace('-', "_")).collect();
        for file in files.iter().filter(|file| file.is_rust() && file.path.starts_with(&domain)) {
            let allowed = if is_test(&file.path) { DOMAIN_TEST_CRATES } else { &[] };
            complaints.extend(foreign(&file.text, &crates, allowed).iter().map(|name| {
                format!(
                    "{} names {name}; a domain sees crate::domain, crate::limits, {}",
                    file.path,
                    DOMAIN_CRATES.join(", ")
                )
            }));
        }
    }
    complaints
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The crates and own modules that a domain's source names and may not.
fn foreign(source: &str, crates: &[String], allowed: &[&str]) -> Vec<String> {
    let code: Vec<&str> = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let crates = crates
        .iter()
        .filter(|name| !DOMAIN_CRATES.contains(&name.as_str()) && !allowed.contains(&name.as_str()))
        .filter(|name| code.iter().any(|line| names_crate(line, name)))
        .cloned();
    let code = code.join("\n");
    let modules = own_modules(&code).filter(|name| !DOMAIN_MODULES.contains(name)).map(|name| format!("crate::{name}"));
    crates.chain(modules).collect()
}

/// The modules of the own crate that are named by their whole path: `crate::one`, `crate::{one, two::Three}`.
fn own_modules(code: &str) -> impl Iterator<Item = &str> {
    code.split("crate::").skip(1).flat_map(|rest| match rest.strip_prefix('{') {
        Some(list) => top_level(list),
        None => vec![word(rest)],
    })
}

/// The first words of the items of a brace list whose opening brace has been read.
fn top_level(list: &str) -> Vec<&str> {
    let mut depth = 1;
    let mut items = vec![word(list)];
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => items.push(word(&list[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

fn word(text: &str) -> &str {
    let text = text.trim_start();
    text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap_or_default()
}

/// Whether `name` stands as the first segment of a path, `name::…`, or is imported whole.
fn names_crate(code: &str, name: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let begins_a_path = code.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = &code[..at];
        // `::name` at the start of a path is the crate; after a word it is that word's own.
        !before.strip_suffix("::").unwrap_or(before).ends_with(is_word)
    });
    let imported = code.trim().strip_prefix("use ").and_then(|rest| rest.strip_prefix(name));
    begins_a_path || imported.is_some_and(|rest| rest.starts_with([';', ' ']))
}

#[test]
fn no_source_file_is_longer_than_600_lines() {
    none(too_long(&FILES));
}

#[test]
fn every_crate_opens_by_saying_what_it_is_for() {
    none(without_opening(&FILES));
    for package in PACKAGES.iter() {
        let opens = ["lib", "main"].map(|root| format!("{}/src/{root}.rs", package.folder));
        assert!(
            FILES.iter().any(|file| opens.contains(&file.path)),
            "{} has no tracked lib.rs or main.rs",
            package.name
        );
    }
}

#[test]
fn no_file_names_a_registry_or_somebodys_machine() {
    none(naming_machines(&FILES));
}

#[test]
fn nothing_is_unfinished_and_tests_are_left_out_only_for_want_of_data() {
    none(unfinished(&FILES));
}

#[test]
fn a_domain_names_only_what_is_pure() {
    none(impure_domain(&FILES, &PACKAGES));
}

#[test]
fn each_rule_of_sources_complains_when_it_is_broken() {
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    assert_eq!(
        too_long(&[file("a.rs", &"\n".repeat(601)), file("b.rs", &"\n".repeat(600)), file("c.md", "")]).len(),
        1
    );
    assert_eq!(without_opening(&[file("x/src/lib.rs", "use a;"), file("y/src/lib.rs", "//! y")]).len(), 1);
    for bad in [concat!("see https://crates", ".io/x"), concat!("path = \"/wo", "rk/x\""), concat!("/ho", "me/me")] {
        assert_eq!(naming_machines(&[file("x.md", bad), file("Cargo.lock", bad)]).len(), 1, "{bad}");
    }
    for bad in [
        concat!("to", "do!()"),
        concat!("unimpl", "emented!()"),
        concat!("#[ign", "ore]"),
        concat!("#[ign", "ore = \"slow\"]"),
    ] {
        assert_eq!(unfinished(&[file("x.rs", bad)]).len(), 1, "{bad}");
    }
    assert!(unfinished(&[file("x.rs", IGNORED)]).is_empty());
}

#[test]
fn the_rule_of_the_domain_sees_every_way_to_name_a_crate() {
    let crates = ["tokio", "narhet_runtime", "narhet_proto", "csv"].map(str::to_owned);
    for bad in [
        "use tokio::time;",
        "use tokio;",
        "use tokio as t;",
        "    let x = narhet_runtime::Env::new();",
        "    ::tokio::spawn(x)",
        "fn f(reader: &csv::Reader) {}",
        "use crate::service::Service;",
        "use crate::{\n    domain::{self, x},\n    service::{Service, limits},\n};",
        "    crate::read_model::x();",
    ] {
        assert_eq!(foreign(bad, &crates, &[]).len(), 1, "{bad}");
    }
    for good in [
        "use narhet_proto::events;",
        "// tokio::spawn is not for here",
        "use crate::domain::support;",
        "use crate::{\n    domain::{self, service},\n    limits::Y,\n};",
        "MappingError::csv(x)",
        "let not_csv::X = 1;",
        "pub(crate) fn tokio() {}",
    ] {
        assert_eq!(foreign(good, &crates, &[]), Vec::<String>::new(), "{good}");
    }
}
