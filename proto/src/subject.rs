//! The grammar of NATS subjects. Tens of subjects in all: never a stream id, an event id or a coordinate.

use narhet_kernel::Context;

/// The site this house is; a district's own node comes later.
pub const SITE: &str = "stad";
/// The one JetStream stream of a site.
pub const STREAM: &str = "NARHET_STAD";
/// What the stream takes.
pub const STREAM_SUBJECTS: &str = "narhet.stad.evt.>";

/// `narhet.<site>.evt.<context>.<event>`: where an event of this type is published.
pub fn event(context: Context, event_type: &str) -> String {
    format!("narhet.{SITE}.evt.{context}.{}", crate::table::event_of(event_type))
}

/// The partition of a context: what its relay is fenced by and what its consumers read.
pub fn partition(context: Context) -> String {
    format!("narhet.{SITE}.evt.{context}.>")
}

/// A command to the one owner of a context.
pub fn command(context: Context, name: &str) -> String {
    format!("narhet.{SITE}.cmd.{context}.{name}")
}

/// A query to the one owner of a context.
pub fn query(context: Context, name: &str) -> String {
    format!("narhet.{SITE}.qry.{context}.{name}")
}

/// Where a context's owner serves ranges of its log, to fill gaps.
pub fn log_read(context: Context) -> String {
    format!("narhet.{SITE}.log.{context}.read")
}

/// What the node's keeper asks of a context's owner: `verify`, `cut`, `backup`. Only the gateway may.
pub fn keeper(context: Context, name: &str) -> String {
    format!("narhet.{SITE}.adm.{context}.{name}")
}

/// Where alarms on the channel `nats` are asked to be taken; `address` is a slug. Outside the stream: no event is sent there.
pub fn alarm(address: &str) -> String {
    format!("narhet.{SITE}.alm.{address}")
}

/// `source` of an event: `/narhet/<site>/<context>`.
pub fn source(context: Context) -> String {
    format!("/narhet/{SITE}/{context}")
}
