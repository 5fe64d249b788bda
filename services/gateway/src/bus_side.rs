//! The bus side: the services through the runtime's caller, and the one follower that feeds the fold.

use crate::{
    feed::Entry,
    fold::Fold,
    upstream::{RoleHealth, Upstream},
};
use futures::future::BoxFuture;
use narhet_bus::Bus;
use narhet_kernel::{Context, Mark, StoreId, Vector};
use narhet_proto::wire::{Answer, LogReport, Problem, Request};
use narhet_runtime::{
    caller::Caller,
    follow::{self, Delivered, FollowError, Follower},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How often a role that has not answered at start is asked again.
const HEADS_RETRY: Duration = Duration::from_millis(200);
/// Between two folds of a forked log.
const REFOLD_PAUSE: Duration = Duration::from_millis(500);

impl Upstream for Caller {
    fn command(
        &self,
        context: Context,
        name: &'static str,
        request: Request,
    ) -> BoxFuture<'_, Result<Answer, Problem>> {
        Box::pin(Caller::command(self, context, name, request))
    }

    fn query(&self, context: Context, name: &'static str, request: Request) -> BoxFuture<'_, Result<Answer, Problem>> {
        Box::pin(Caller::query(self, context, name, request))
    }

    fn health(&self, context: Context) -> BoxFuture<'_, Result<RoleHealth, Problem>> {
        Box::pin(async move {
            let health = Caller::health(self, context).await?;
            Ok(RoleHealth {
                ready: health.ready,
                reason: health.reason,
                position: health.position,
                store: StoreId(health.store),
                unknown_events: health.unknown_events,
            })
        })
    }

    fn verify(&self, context: Context) -> BoxFuture<'_, Result<LogReport, Problem>> {
        Box::pin(Caller::verify(self, context))
    }

    fn backup(&self, folder: PathBuf) -> BoxFuture<'_, Result<Vector, Problem>> {
        Box::pin(async move { Caller::backup(self, &folder).await })
    }

    fn read_page<'a>(&'a self, from: &'a Vector, limit: usize) -> BoxFuture<'a, Result<Vec<Entry>, Problem>> {
        Box::pin(async move {
            let page = follow::read_page(self, &Context::ALL, from, limit).await?;
            Ok(page.into_iter().map(|delivered| entry(&delivered)).collect())
        })
    }
}

fn mark(delivered: &Delivered) -> Mark {
    delivered.vector.mark(delivered.context).unwrap_or_default()
}

fn entry(delivered: &Delivered) -> Entry {
    Entry::new(delivered.context, mark(delivered), &delivered.event, delivered.bytes.clone())
}

/// Folds until shutdown. A fork begins anew from nothing; an event that cannot be read stops the fold for good, which
/// readiness shows: serving on without it would be a lie.
pub async fn keep_folding(fold: Arc<Fold>, bus: Bus, caller: Caller, shutdown: CancellationToken) {
    loop {
        let follower = Follower::start(bus.clone(), caller.clone(), Context::ALL.to_vec(), Vector::new());
        let error = tokio::select! {
            () = shutdown.cancelled() => return,
            error = follow_with(follower, &fold) => error,
            error = find_heads_forever(&fold, &caller) => error,
        };
        match error {
            FollowError::Fork { .. } => {
                tracing::warn!(%error, "folding anew");
                fold.clear();
                // A stream that still holds both sides of the fork would otherwise be folded in a hot loop.
                tokio::time::sleep(REFOLD_PAUSE).await;
            }
            error => {
                tracing::error!(%error, "the gateway's fold has stopped");
                fold.stop(error.to_string());
                return;
            }
        }
    }
}

async fn follow_with(mut follower: Follower, fold: &Fold) -> FollowError {
    loop {
        match follower.next().await {
            Ok(delivered) => {
                fold.apply(delivered.context, mark(&delivered), &delivered.event, delivered.bytes.clone());
            }
            Err(error) => return error,
        }
    }
}

/// Asks every owner for its head until each has answered once; then there is nothing more to do.
async fn find_heads_forever(fold: &Fold, caller: &Caller) -> FollowError {
    let mut heads = Vector::new();
    for context in Context::ALL {
        let health = loop {
            match Upstream::health(caller, context).await {
                Ok(health) => break health,
                Err(_) => tokio::time::sleep(HEADS_RETRY).await,
            }
        };
        heads.set(context, Mark { position: health.position, store: health.store.short() });
    }
    fold.found_heads(heads);
    std::future::pending().await
}

#[cfg(test)]
mod tests;
