//! The figures that the issue asks for, each measured in this run: `cargo bench -p narhet-tests --bench bench [-- NAME…]`.
//!
//! Without a name everything is measured; names are `store` and, a part of it, `million`; `latency`; `lookup`; `routing`; `actors`.

mod actors;
mod latency;
mod lookup;
mod postgis;
mod postgres;
mod routing;
mod store;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    println!("{:<58} {:>14}  note", "what", "measured");
    if wanted("store") {
        store::appends();
    }
    if wanted("store") || wanted("million") {
        store::a_million();
    }
    if wanted("lookup") {
        lookup::lookup();
    }
    if wanted("actors") {
        actors::actors();
    }
    if wanted("routing") {
        routing::routing();
    }
    if wanted("latency") {
        latency::latency();
    }
}

/// Prints one line of the table.
pub fn row(what: &str, measured: &str, note: &str) {
    println!("{what:<58} {measured:>14}  {note}");
}
