//! `POST /v1/areas/rehearsals`: what a coming division would leave dangling. Area says who ends and who inherits, then every
//! context says what of its own hangs on them; nothing is changed.

use super::{
    import,
    reply::{self, raw},
};
use crate::{app::Shared, problem::Refused, query::Query, request::Ask};
use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::{Response, StatusCode, header},
};
use futures::future::join_all;
use narhet_kernel::{Context, Vector};
use narhet_proto::wire::{
    ErrorCode, Problem,
    dangling::{self, Dangling, Question},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};

/// What is shown of each context.
#[derive(Serialize)]
struct OfContext {
    context: &'static str,
    #[serde(flatten)]
    dangling: Dangling,
}

/// A context that did not answer: what it has is not known.
#[derive(Serialize)]
struct Unanswered {
    context: &'static str,
    detail: String,
}

pub async fn rehearse(
    State(app): State<Shared>,
    Extension(ask): Extension<Ask>,
    request: Request,
) -> Result<Response<Body>, Refused> {
    let headers = request.headers().clone();
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|media_type| media_type.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case(reply::JSON));
    // Held until area has answered: until then the files are in memory.
    let mut _place = None;
    let body = if json {
        Query::of(request.uri().query(), &[])?;
        reply::json_object(&headers, &[reply::JSON], request.into_body()).await?
    } else {
        _place = Some(app.import_places.try_acquire().map_err(|_| {
            Problem::new(ErrorCode::TooManyRequests, "another import is being read: try again when it is done")
        })?);
        import::body_of(request).await?.0
    };
    let answer = app.upstream.query(Context::Area, "rehearse-division", ask.query(body, None)).await?;
    let mut cursor = answer.cursor.clone();
    let reply = compose(&app, &ask, &answer.body, &mut cursor).await?;
    Ok(reply::with_cursor(StatusCode::OK, &reply, &cursor))
}

/// Area's answer with everybody's `dangling[]` put together, and who did not answer.
async fn compose(app: &Shared, ask: &Ask, of_area: &RawValue, cursor: &mut Vector) -> Result<Box<RawValue>, Problem> {
    #[derive(Deserialize)]
    struct OfArea {
        #[serde(flatten)]
        question: Question,
        dangling: Vec<Dangling>,
    }
    let unreadable = |_| Problem::new(ErrorCode::Unavailable, "area's answer cannot be read");
    let area: OfArea = serde_json::from_str(of_area.get()).map_err(unreadable)?;
    let mut reply: Map<String, Value> = serde_json::from_str(of_area.get()).map_err(unreadable)?;
    let others = Context::ALL.into_iter().filter(|context| *context != Context::Area);
    let asked = others.map(|context| {
        let request = ask.query(raw(&area.question), None);
        async move { (context, app.upstream.query(context, dangling::QUERY, request).await) }
    });
    let mut found: Vec<OfContext> =
        area.dangling.into_iter().map(|dangling| OfContext { context: Context::Area.name(), dangling }).collect();
    let (mut unanswered, mut total) = (Vec::new(), found.len());
    for (context, answer) in join_all(asked).await {
        let context_name = context.name();
        let read = answer.and_then(|answer| {
            cursor.join(&answer.cursor);
            serde_json::from_str::<dangling::Answer>(answer.body.get()).map_err(unreadable)
        });
        match read {
            Ok(answer) => {
                total += answer.total;
                found.extend(answer.items.into_iter().map(|dangling| OfContext { context: context_name, dangling }));
            }
            Err(problem) => unanswered.push(Unanswered { context: context_name, detail: problem.detail }),
        }
    }
    reply.insert("complete".to_owned(), unanswered.is_empty().into());
    reply.insert("total".to_owned(), total.into());
    reply.insert("dangling".to_owned(), serde_json::to_value(&found).unwrap_or_default());
    reply.insert("unanswered".to_owned(), serde_json::to_value(&unanswered).unwrap_or_default());
    Ok(raw(&reply))
}
