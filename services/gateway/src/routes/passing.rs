//! Commands and queries that are passed on as they are: the table of routes says to whom, under which name and with what of the
//! path; who is asked decides.

use super::{
    reply::{self, raw},
    versions::{etag, if_match, none_match_names},
};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{RawPathParams, RawQuery, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use narhet_kernel::Context;
use narhet_proto::wire::{Answer, Problem};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, value::RawValue};
use std::collections::HashMap;

/// A command: whose, its name, and what stands in for members of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sends {
    context: Context,
    command: &'static str,
    /// A member of the path, and what the command calls it.
    named: &'static [(&'static str, &'static str)],
    fixed: Option<(&'static str, bool)>,
    /// Where what it makes can be read.
    makes: Option<&'static str>,
    version: Version,
}

/// What a command makes of `If-Match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// It is compared with no version, and one that is named is refused rather than passed over.
    None,
    /// The version that the caller has read may be named.
    May,
    /// And must.
    Must,
}

/// A query: whose, its name, and the parameters that it takes beside the members of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asks {
    context: Context,
    query: &'static str,
    parameters: &'static [&'static str],
    /// Parameters that are instants.
    instants: &'static [&'static str],
    fixed: Option<(&'static str, &'static str)>,
}

pub const fn sends(context: Context, command: &'static str) -> Sends {
    Sends { context, command, named: &[], fixed: None, makes: None, version: Version::None }
}

impl Sends {
    /// About what the path names.
    pub const fn on(self, named: &'static [(&'static str, &'static str)]) -> Self {
        Self { named, ..self }
    }

    pub const fn on_id(self) -> Self {
        self.on(&[("id", "id")])
    }

    pub const fn says(self, member: &'static str, value: bool) -> Self {
        Self { fixed: Some((member, value)), ..self }
    }

    pub const fn makes(self, prefix: &'static str) -> Self {
        Self { makes: Some(prefix), ..self }
    }

    /// About a version that the caller may name.
    pub const fn versioned(self) -> Self {
        Self { version: Version::May, ..self }
    }

    /// About a version that the caller must name.
    pub const fn updates(self) -> Self {
        Self { version: Version::Must, ..self }
    }
}

pub const fn asks(context: Context, query: &'static str, parameters: &'static [&'static str]) -> Asks {
    Asks { context, query, parameters, instants: &[], fixed: None }
}

impl Asks {
    pub const fn instants(self, instants: &'static [&'static str]) -> Self {
        Self { instants, ..self }
    }

    pub const fn with(self, member: &'static str, value: &'static str) -> Self {
        Self { fixed: Some((member, value)), ..self }
    }
}

/// Passes a command on; what the path says all of needs no body.
#[allow(clippy::too_many_arguments, reason = "each is an extractor of the request")]
pub async fn send(
    what: Sends,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Refused> {
    Query::of(query.as_deref(), &[])?;
    let named = headers.contains_key(header::IF_MATCH);
    let version = match what.version {
        Version::None if named => {
            return Err(Problem::parameter("If-Match", "this command is compared with no version: leave it out").into());
        }
        Version::May if !named => None,
        Version::None => None,
        Version::May | Version::Must => Some(if_match(&headers)?),
    };
    let body = reply::optional_object(&headers, body).await?;
    let named = path.iter().filter_map(|(from, value)| {
        let (_, member) = what.named.iter().find(|(name, _)| *name == from)?;
        Some((*member, Value::from(value)))
    });
    let known: Map<String, Value> = named
        .chain(what.fixed.map(|(member, value)| (member, value.into())))
        .map(|(member, value)| (member.to_owned(), value))
        .collect();
    let mut request = ask.command(&headers, joined(&known, body)?)?;
    request.if_match = version;
    let answer = app.upstream.command(what.context, what.command, request).await?;
    // The next question to this gateway is answered from the new map; a fold that is behind says so in its cursor.
    if what.context == Context::Area && app.fold.wait(Some(&answer.cursor)).await.is_err() {
        tracing::warn!("the map view is behind a command");
    }
    Ok(done(what.makes, &answer))
}

/// A body with what is known beforehand in front. Spliced, not written anew: who is asked finds a member that stands twice.
fn joined(known: &Map<String, Value>, body: Box<RawValue>) -> Result<Box<RawValue>, Problem> {
    if known.is_empty() {
        return Ok(body);
    }
    let given: HashMap<String, IgnoredAny> =
        serde_json::from_str(body.get()).map_err(|error| Problem::at("", error.to_string()))?;
    if let Some(member) = known.keys().find(|member| given.contains_key(*member)) {
        return Err(Problem::at(&format!("/{member}"), "method and path say this; leave it out"));
    }
    let front = serde_json::to_string(known).expect("texts and flags");
    let front = front.strip_suffix('}').unwrap_or_default();
    let rest = body.get().trim().strip_prefix('{').unwrap_or_default();
    let comma = if given.is_empty() { "" } else { "," };
    RawValue::from_string(format!("{front}{comma}{rest}")).map_err(|error| Problem::at("", error.to_string()))
}

/// The answer to a command, with the address of what it has made.
pub fn done(makes: Option<&str>, answer: &Answer) -> Response<Body> {
    let mut response = answered(if makes.is_some() { StatusCode::CREATED } else { StatusCode::OK }, answer);
    let made = makes.zip(answer.created.as_ref()).map(|(prefix, id)| HeaderValue::from_str(&format!("{prefix}{id}")));
    if let Some(Ok(location)) = made {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

pub fn answered(status: StatusCode, answer: &Answer) -> Response<Body> {
    let mut response = reply::with_cursor(status, &answer.body, &answer.cursor);
    if let Some(version) = answer.version {
        reply::put_etag(&mut response, &etag(version, &answer.body));
    }
    response
}

/// Passes a query on.
pub async fn ask_on(
    what: Asks,
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    path: RawPathParams,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response<Body>, Refused> {
    let known = [what.parameters, what.instants, &["minCursor"]].concat();
    let query = Query::of(query.as_deref(), &known)?;
    let mut body = Map::new();
    for name in what.parameters {
        if let Some(value) = query.text(name)? {
            body.insert((*name).to_owned(), value.into());
        }
    }
    for name in what.instants {
        if let Some(instant) = query.instant(name)? {
            body.insert((*name).to_owned(), instant.to_string().into());
        }
    }
    body.extend(path.iter().map(|(name, value)| (name.to_owned(), value.into())));
    body.extend(what.fixed.map(|(name, value)| (name.to_owned(), value.into())));
    let request = ask.query(raw(&body), query.cursor("minCursor")?);
    let answer = app.upstream.query(what.context, what.query, request).await?;
    Ok(read_now(&headers, &answer))
}

/// What was read; who already has it is told so.
pub fn read_now(headers: &HeaderMap, answer: &Answer) -> Response<Body> {
    let etag = answer.version.map(|version| etag(version, &answer.body));
    match etag.as_deref().filter(|etag| none_match_names(headers, etag)) {
        Some(etag) => reply::not_modified(etag, &answer.cursor),
        None => answered(StatusCode::OK, answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_path_says_stands_in_front_and_the_rest_as_it_came() {
        let body = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let known = json!({ "id": "x" }).as_object().cloned().unwrap();
        let joined = |text: &str| joined(&known, body(text)).map(|joined| joined.get().to_owned());
        assert_eq!(joined("{}").unwrap(), r#"{"id":"x"}"#);
        assert_eq!(joined(r#" { "a":1.50, "a":2 } "#).unwrap(), r#"{"id":"x", "a":1.50, "a":2 }"#);
        assert_eq!(joined(r#"{"id":"y"}"#).unwrap_err().errors[0].pointer.as_deref(), Some("/id"));
    }
}
