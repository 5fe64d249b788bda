//! An import that has been read and judged on its own, which is all the work that a large file makes and needs no house.

use crate::{
    domain::{Import, Plan, plan},
    intake::{self, Intake},
};
use narhet_proto::wire::{Problem, Request};
use narhet_runtime::{Env, Prepared};
use std::sync::Arc;

/// What is decided on.
#[derive(Debug)]
pub struct Judged {
    pub import: Import,
    pub dry_run: bool,
    pub plan: Plan,
}

type Outcome = Result<Arc<Judged>, Problem>;

/// Does the work beside the loop.
pub fn prepare(request: &Request) -> Prepared {
    Box::new(judge(request))
}

/// What was prepared of this request; where nothing was, it is done now.
pub fn of(request: &Request, env: &Env) -> Outcome {
    env.prepared::<Outcome>().map_or_else(|| judge(request), Clone::clone)
}

fn judge(request: &Request) -> Outcome {
    let Intake { import, dry_run } = intake::read(&request.body)?;
    let plan = plan(&import);
    Ok(Arc::new(Judged { import, dry_run, plan }))
}
