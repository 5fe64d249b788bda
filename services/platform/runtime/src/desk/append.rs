//! From decided writes to events in the log, folded at once.

use super::{Desk, Refused, erasure};
use crate::{
    host::{HostError, stopped},
    service::{Service, Write},
};
use narhet_event_store::{AppendError, Commit, Expected, NewEvent, Outcome, Progress, Stored, StreamWrite};
use narhet_kernel::{BoardId, Context, Principal, Role, StreamId, SubjectId, Uuid};
use narhet_proto::{
    Draft, Event,
    access::records_readers,
    envelope::{Cause, head},
    events::{
        Message,
        house::{ActorsPrincipalSeen, AreaPrincipalSeen, DutyPrincipalSeen, PrincipalSeen, SituationPrincipalSeen},
    },
    subject, table,
    wire::{ErrorCode, Problem},
};

/// Who and what events come from.
pub(super) struct Origin<'a> {
    pub correlation: Uuid,
    pub cause: Option<&'a Event>,
    pub principal: &'a Principal,
    pub role: Option<Role>,
}

impl<S: Service> Desk<S> {
    pub(super) fn principal_seen(&self, principal: &Principal) -> Option<Write> {
        let stream = StreamId::new("principal", &principal.id);
        if principal.subject.is_empty() || self.store.version(&stream) > 0 {
            return None;
        }
        let id = self.env(principal).new_id();
        let person = SubjectId::of_principal(&principal.id);
        let issuer = self.keys.seal_subject(person, id, "data.issuer", &principal.issuer);
        let subject = self.keys.seal_subject(person, id, "data.subject", &principal.subject);
        let seen = PrincipalSeen::<0> { principal: principal.id.clone(), issuer, subject };
        let draft = Draft {
            id,
            stream,
            event_type: match S::CONTEXT {
                Context::Area => AreaPrincipalSeen::TYPE,
                Context::Duty => DutyPrincipalSeen::TYPE,
                Context::Situation => SituationPrincipalSeen::TYPE,
                Context::Actors => ActorsPrincipalSeen::TYPE,
            },
            owner: BoardId::new(BoardId::KOMMUNSTYRELSEN)?,
            readers: records_readers(),
            klass: narhet_kernel::Klass { k: 2, r: 2, t: 1 },
            exercise: false,
            occurred_at: None,
            data: seen.to_raw(),
        };
        Some(Write::one(Expected::NoStream, draft))
    }

    /// Appends a command's events; a refusal by the store is the caller's problem, a stopped store ends the role.
    pub(super) fn commit_command(
        &mut self,
        writes: &[Write],
        origin: &Origin<'_>,
        outcome: Option<Outcome>,
    ) -> Result<(), Refused> {
        match self.append(writes, origin, outcome, None) {
            Ok(stored) => self.fold(&stored).map_err(Refused::Stop),
            Err(AppendError::Stopped(reason)) => Err(Refused::Stop(stopped(S::CONTEXT, &reason))),
            Err(error @ AppendError::Conflict { .. }) => {
                Err(Problem::new(ErrorCode::Conflict, error.to_string()).into())
            }
            Err(AppendError::Busy) => {
                Err(Problem::new(ErrorCode::TooManyRequests, "the disk is behind: try again").into())
            }
            Err(error) => Err(Problem::new(ErrorCode::TooLarge, error.to_string()).into()),
        }
    }

    pub(super) fn commit(
        &mut self,
        writes: &[Write],
        origin: &Origin<'_>,
        outcome: Option<Outcome>,
        progress: Option<Progress>,
    ) -> Result<(), HostError> {
        let mut stored = self.append(writes, origin, outcome.clone(), progress.clone());
        if matches!(stored, Err(AppendError::Busy)) {
            // The disk is behind; an effect has nobody to refuse it to, so it waits.
            self.store.wait_durable(self.folded).map_err(|error| stopped(S::CONTEXT, &error))?;
            stored = self.append(writes, origin, outcome, progress);
        }
        let stored = stored.map_err(|error| stopped(S::CONTEXT, &error))?;
        self.fold(&stored)
    }

    pub(super) fn append(
        &self,
        writes: &[Write],
        origin: &Origin<'_>,
        outcome: Option<Outcome>,
        progress: Option<Progress>,
    ) -> Result<Vec<Stored>, AppendError> {
        let source = subject::source(S::CONTEXT);
        let cause = Cause {
            source: &source,
            correlation_id: origin.correlation,
            causation_id: origin.cause.map(|event| event.id),
            principal: &origin.principal.id,
            role: origin.role,
        };
        let writes = writes
            .iter()
            .map(|write| StreamWrite {
                stream: write.stream.clone(),
                expected: write.expected,
                events: write.drafts.iter().map(|draft| NewEvent { id: draft.id, head: head(draft, cause) }).collect(),
            })
            .collect();
        let commit = Commit {
            writes,
            consumed: self.marks.clone(),
            outcome,
            progress,
            not_before: origin.cause.map(|event| event.time),
        };
        // A seal whose key might be lost must never reach the log.
        self.keys.settle().expect("a key that cannot be stored must stop the role");
        self.store.append(commit).map(|appended| appended.events)
    }

    pub(super) fn fold(&mut self, stored: &[Stored]) -> Result<(), HostError> {
        let mut erased = Vec::new();
        for stored in stored {
            let event = Event::decode(&stored.bytes).map_err(|error| HostError::Undecodable {
                context: S::CONTEXT,
                reason: format!("position {}: {error}", stored.position),
            })?;
            match table::event_type(&event.event_type) {
                None => self.unknown_events += 1,
                Some(known) => (known.check)(event.data.get()).map_err(|error| HostError::Undecodable {
                    context: S::CONTEXT,
                    reason: format!("position {}: {error}", stored.position),
                })?,
            }
            erased.extend(erasure::subject_of(&event));
            self.service.evolve(&event);
            self.folded = stored.position;
        }
        self.destroy_keys(&erased)
    }
}
