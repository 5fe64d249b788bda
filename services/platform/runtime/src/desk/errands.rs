//! Errands of the service: begun when what they rest on is durable, their outcomes brought back to the loop.

use super::{Desk, append::Origin};
use crate::{
    errand::{Carried, ERRANDS_MAX, Errand, Refusal, UnderWay},
    host::{HostError, Input},
    service::Service,
};
use futures::FutureExt as _;
use narhet_kernel::Uuid;
use std::{collections::HashSet, panic::AssertUnwindSafe};
use tokio::{sync::mpsc, task::JoinSet};

/// What is under way; all of it is cut off when the loop ends.
pub(super) struct Errands {
    inputs: mpsc::WeakSender<Input>,
    under_way: HashSet<Uuid>,
    /// What there was to do when this process began.
    inherited: HashSet<Uuid>,
    tasks: JoinSet<()>,
}

impl<S: Service> Desk<S> {
    /// From now on errands are carried out.
    pub fn set_errands(&mut self, inputs: mpsc::Sender<Input>) {
        let nothing = HashSet::new();
        let all = UnderWay { ids: &nothing, room: usize::MAX };
        let pending = self.service.errands(&all, &self.env(&self.house));
        self.errands = Some(Errands {
            inputs: inputs.downgrade(),
            under_way: HashSet::new(),
            inherited: pending.iter().map(|errand| errand.id).collect(),
            tasks: JoinSet::new(),
        });
    }

    /// Begins what the state asks for and is not under way. Nothing leaves while the views are being folded or the log and the
    /// stream are being compared: another process might own this log.
    pub(super) fn send_errands(&mut self) {
        if !self.may_act() {
            return;
        }
        let Some(mut errands) = self.errands.take() else { return };
        while errands.tasks.try_join_next().is_some() {}
        let room = ERRANDS_MAX.saturating_sub(errands.under_way.len());
        if room > 0 {
            let under_way = UnderWay { ids: &errands.under_way, room };
            for errand in self.service.errands(&under_way, &self.env(&self.house)) {
                errands.begin(errand, self.store.clone(), self.folded);
            }
        }
        self.errands = Some(errands);
    }

    /// Records the outcome of an errand.
    pub fn carried(&mut self, carried: &Carried) -> Result<(), HostError> {
        if let Some(errands) = &mut self.errands {
            errands.under_way.remove(&carried.id);
        }
        let house = self.house.clone();
        let writes = self.service.carried(carried, &self.env(&house));
        let writes = self.not_done_yet(writes);
        if writes.is_empty() {
            return Ok(());
        }
        let origin = Origin { correlation: carried.id, cause: None, principal: &house, role: None };
        self.commit(&writes, &origin, None, None)
    }
}

impl Errands {
    fn begin(&mut self, errand: Errand, store: narhet_event_store::Store, rests_on: u64) {
        let Errand { id, carry } = errand;
        if !self.under_way.insert(id) {
            return;
        }
        let (inputs, maybe_twice) = (self.inputs.clone(), self.inherited.remove(&id));
        self.tasks.spawn(async move {
            if store.durable(rests_on).await.is_err() {
                return;
            }
            let result = AssertUnwindSafe(carry).catch_unwind().await.unwrap_or_else(|_| {
                Err(Refusal { detail: "the channel's own code failed".to_owned(), may_heal: true, may_be_done: true })
            });
            if let Some(inputs) = inputs.upgrade() {
                let _ = inputs.send(Input::Carried(Carried { id, result, maybe_twice })).await;
            }
        });
    }
}
