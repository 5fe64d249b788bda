//! The figures that the issues ask for, each measured in this run: `cargo bench -p narhet-tests --bench bench [-- NAME…]`.
//!
<<<<<<< HEAD
//! Without a name everything is measured; names are `store` and, a part of it, `million`; `latency`; `lookup`; `routing`; `actors`.

mod actors;
=======
//! Without a name everything is measured; the names are those of [`MEASURED`].

mod batch;
>>>>>>> a920aec (Bench: ten thousand points over HTTP; geo: the nearest area against all edges on the ellipsoid)
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
    ("routing", routing::routing),
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
<<<<<<< HEAD
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
=======
    for (name, measure) in MEASURED {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            measure();
        }
>>>>>>> a920aec (Bench: ten thousand points over HTTP; geo: the nearest area against all edges on the ellipsoid)
    }
}

/// Prints one line of the table.
pub fn row(what: &str, measured: &str, note: &str) {
    println!("{what:<58} {measured:>14}  {note}");
}
