//! Samples of what the context `actors` records.

use super::{Sample, pair, principal_seen, subject, text};
use narhet_proto::events::actors::SubjectErased;

pub fn samples() -> Vec<Vec<Sample>> {
    vec![principal_seen::<3>(), subject_erased()]
}

fn subject_erased() -> Vec<Sample> {
    let erased = || SubjectErased { subject_id: subject(), ground: text("gallring"), reference: text("KS 2026/1042") };
    pair("subject", &subject().to_string(), erased(), erased())
}
