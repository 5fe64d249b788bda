//! The rules of the tree that a compiler does not check: who depends on whom, what a source file may hold, what the page of
//! invariants promises.
//!
//! Each rule is a function from facts to complaints, so that it can be shown to complain; the tests named after the rules run
//! them on this tree.

mod dependencies;
mod invariants;
mod sources;
mod tree;

/// Fails with every complaint at once, one a line.
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
