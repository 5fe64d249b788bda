//! The figures that the issues ask for, each measured in this run: `cargo bench -p narhet-tests --bench bench [-- NAME…]`.
//!
//! Without a name everything is measured; the names are those of [`MEASURED`].

mod actors;
mod batch;
mod duty;
mod latency;
mod lookup;
mod postgis;
mod postgres;
mod routing;
mod store;

/// What can be measured, by name, in the order in which it is.
const MEASURED: &[(&str, fn())] = &[
    ("store", store::appends),
    ("million", store::a_million),
    ("lookup", lookup::lookup),
    ("batch", batch::batch),
    ("actors", actors::actors),
    ("routing", routing::routing),
    ("duty", duty::duty),
    ("latency", latency::latency),
];

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    if let Some(unknown) = names.iter().find(|name| MEASURED.iter().all(|(known, _)| known != name)) {
        let known: Vec<&str> = MEASURED.iter().map(|(name, _)| *name).collect();
        eprintln!("nothing called {unknown:?} is measured; there are {}", known.join(", "));
        std::process::exit(2);
    }
    println!("{:<58} {:>14}  note", "what", "measured");
    for (name, measure) in MEASURED {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            measure();
        }
    }
}

/// Prints one line of the table.
pub fn row(what: &str, measured: &str, note: &str) {
    println!("{what:<58} {measured:>14}  {note}");
}
