//! Who may depend on whom: DESIGN section 9 as rules on cargo's own answer.

use crate::{
    none,
    tree::{Dependency, PACKAGES, Package},
};
use std::collections::BTreeSet;

/// The one package that may name each of these libraries.
const ONLY: &[(&str, &str)] = &[
    ("sled", "narhet-event-store"),
    ("async-nats", "narhet-bus"),
    ("axum", "narhet-gateway"),
    ("rusqlite", "narhet-formats"),
    // Workbooks are zips too, so zip itself has two homes: boundaries in narhet-formats, actors in the gateway.
    ("calamine", "narhet-gateway"),
    ("shapefile", "narhet-formats"),
];

/// They meet in `proto`, never in each other.
const CONTEXTS: &[&str] = &["narhet-area", "narhet-actors", "narhet-duty", "narhet-situation", "narhet-exchange"];

/// From values to values: no disk, no network, no tasks.
const PURE: &[&str] =
    &["narhet-kernel", "narhet-geo", "narhet-formats", "narhet-responsibility", "narhet-calendar", "narhet-proto"];

/// What makes a crate impure, named directly or by way of another crate of ours.
const IMPURE: &[&str] = &[
    "tokio",
    "tokio-stream",
    "tokio-util",
    "futures",
    "sled",
    "async-nats",
    "axum",
    "hyper",
    "reqwest",
    "tracing",
    "rustix",
    "getrandom",
    "narhet-runtime",
    "narhet-event-store",
    "narhet-bus",
];

/// The package of the tests; what it uses only for testing binds nobody.
const TESTS: &str = "narhet-tests";

fn counts(package: &Package, dependency: &Dependency) -> bool {
    !(package.name == TESTS && dependency.development)
}

/// A library that one package keeps to itself.
fn kept_to_one(packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages {
        for dependency in package.dependencies.iter().filter(|dependency| counts(package, dependency)) {
            for (library, owner) in ONLY {
                if dependency.name == *library && package.name != *owner {
                    complaints.push(format!("{} depends on {library}; only {owner} may", package.name));
                }
            }
        }
    }
    complaints
}

/// Contexts do not know each other; nor does the gateway know them, or what stands below know what stands on it.
fn downward(packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages {
        let platform = package.folder.starts_with("services/platform/") || package.folder == "proto";
        let context = CONTEXTS.contains(&package.name.as_str());
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let to_context = CONTEXTS.contains(&name);
            let to_service = to_context || matches!(name, "narhet-gateway" | "narhet");
            let wrong = ((context || platform) && to_service)
                || (package.name == "narhet-gateway" && to_context)
                || (package.name != TESTS && name == TESTS);
            if wrong {
                complaints.push(format!("{} depends on {name}; dependencies point down", package.name));
            }
        }
    }
    complaints
}

/// A pure crate reaches nothing impure, also not through another crate of the workspace.
fn pure(packages: &[Package]) -> Vec<String> {
    PURE.iter()
        .flat_map(|name| {
            let reached = reached_from(name, packages);
            IMPURE
                .iter()
                .filter(move |impure| reached.contains(**impure))
                .map(move |impure| format!("{name} reaches {impure}; it is pure"))
        })
        .collect()
}

/// Everything a package depends on when it is used, by way of workspace packages.
fn reached_from<'a>(start: &'a str, packages: &'a [Package]) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(name) = waiting.pop() {
        let Some(package) = packages.iter().find(|package| package.name == name) else { continue };
        for dependency in package.dependencies.iter().filter(|dependency| !dependency.development) {
            if reached.insert(dependency.name.as_str()) {
                waiting.push(&dependency.name);
            }
        }
    }
    reached
}

fn licensed(packages: &[Package]) -> Vec<String> {
    packages
        .iter()
        .filter(|package| package.license.as_deref() != Some("EUPL-1.2"))
        .map(|package| format!("{} has the licence {:?}, not EUPL-1.2", package.name, package.license))
        .collect()
}

/// The names that rules speak of exist, so that a renamed package does not slip out of its rule.
fn named(packages: &[Package]) -> Vec<String> {
    PURE.iter()
        .copied()
        .chain(ONLY.iter().map(|(_, owner)| *owner))
        .chain(["narhet-area", "narhet-duty", "narhet-situation", "narhet-runtime", TESTS])
        .filter(|name| packages.iter().all(|package| package.name != *name))
        .map(|name| format!("the rules name {name}, and no package is called so"))
        .collect()
}

#[test]
fn only_event_store_names_sled_only_bus_async_nats_only_gateway_axum() {
    none(kept_to_one(&PACKAGES));
}

#[test]
fn contexts_never_depend_on_each_other_and_dependencies_point_down() {
    none(downward(&PACKAGES));
}

#[test]
fn pure_crates_reach_no_disk_no_network_and_no_tasks() {
    none(pure(&PACKAGES));
}

#[test]
fn every_package_is_under_eupl_1_2() {
    none(licensed(&PACKAGES));
}

#[test]
fn the_packages_that_rules_name_exist() {
    none(named(&PACKAGES));
}

#[test]
fn each_rule_of_dependencies_complains_when_it_is_broken() {
    let package = |name: &str, folder: &str, dependencies: &[&str]| Package {
        name: name.to_owned(),
        license: Some("MIT".to_owned()),
        folder: folder.to_owned(),
        dependencies: dependencies
            .iter()
            .map(|name| Dependency { name: (*name).to_owned(), development: false })
            .collect(),
    };
    let broken = [
        package("narhet-duty", "services/duty", &["sled", "narhet-area"]),
        package("narhet-proto", "proto", &["narhet-middle"]),
        package("narhet-middle", "services/platform/middle", &["tokio", "narhet-duty"]),
        package("narhet-gateway", "services/gateway", &["axum", "narhet-situation"]),
    ];
    assert_eq!(kept_to_one(&broken), ["narhet-duty depends on sled; only narhet-event-store may"]);
    let expected =
        [("narhet-duty", "narhet-area"), ("narhet-middle", "narhet-duty"), ("narhet-gateway", "narhet-situation")];
    let expected = expected.map(|(from, to)| format!("{from} depends on {to}; dependencies point down"));
    assert_eq!(downward(&broken), expected);
    assert_eq!(pure(&broken), ["narhet-proto reaches tokio; it is pure", "narhet-proto reaches sled; it is pure"]);
    assert_eq!(licensed(&broken).len(), broken.len());
    assert!(named(&broken).iter().any(|complaint| complaint.contains("narhet-kernel")));
}
