//! Erasure of a person in this role: `actors` decides it, every role that follows destroys its own key and says so in its own
//! log, and every start does it again, whatever key file was restored.

use super::Desk;
use crate::{
    host::{HostError, stopped},
    service::{Service, Write},
};
use narhet_event_store::Expected;
use narhet_kernel::{BoardId, Context, Klass, StreamId, SubjectId, derived_id};
use narhet_proto::{
    Draft, Event, Message,
    access::records_readers,
    events::{
        actors::SubjectErased,
        house::{AreaSubjectForgotten, DutySubjectForgotten, SituationSubjectForgotten, SubjectForgotten},
    },
};

impl<S: Service> Desk<S> {
    /// What the erasure of a subject causes in a role that follows it.
    pub(super) fn forget_subject(&self, event: &Event) -> Option<Write> {
        let subject_id = (event.event_type == SubjectErased::TYPE).then(|| subject_of(event))??;
        let event_type = match S::CONTEXT {
            Context::Area => AreaSubjectForgotten::TYPE,
            Context::Duty => DutySubjectForgotten::TYPE,
            Context::Situation => SituationSubjectForgotten::TYPE,
            // It erased the subject itself.
            Context::Actors => return None,
        };
        let draft = Draft {
            id: derived_id(&format!("forget-subject in {}", S::CONTEXT), event.id, 0),
            stream: StreamId::new("subject", &subject_id.to_string()),
            event_type,
            owner: BoardId::new(BoardId::KOMMUNSTYRELSEN)?,
            readers: records_readers(),
            klass: Klass::DEFAULT,
            exercise: false,
            occurred_at: None,
            data: SubjectForgotten::<0> { subject_id }.to_raw(),
        };
        Some(Write::one(Expected::Any, draft))
    }

    /// Destroys the keys of subjects whose erasure is folded; only once the log will say so for ever.
    pub(super) fn destroy_keys(&self, erased: &[SubjectId]) -> Result<(), HostError> {
        if erased.is_empty() {
            return Ok(());
        }
        self.store.wait_durable(self.folded).map_err(|error| stopped(S::CONTEXT, &error))?;
        self.keys.destroy_subjects(erased).map_err(|error| stopped(S::CONTEXT, &error))
    }
}

/// Whom an event of the own log, or of actors, erases.
pub(super) fn subject_of(event: &Event) -> Option<SubjectId> {
    let erases = event.event_type == SubjectErased::TYPE || event.event_type.ends_with(".subject-forgotten.v1");
    erases.then(|| event.subject.id().parse().ok()).flatten()
}
