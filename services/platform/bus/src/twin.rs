//! The bus without a network: the same promises, one mutex.

use crate::{
    Answer, Fence, Headers, Incoming, Messages, Outgoing, PublishError, Published, RequestError, Requests, matches,
};
use bytes::Bytes;
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot, watch};

/// Messages that wait for a slow consumer of the twin.
const CONSUMER_CAPACITY: usize = 1_024;

/// An in-process bus; clones share it.
#[derive(Clone)]
pub struct Twin {
    state: Arc<Mutex<State>>,
    /// The stream's last sequence.
    grown: watch::Sender<u64>,
    epoch: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    stream: Vec<Published>,
    served: Vec<(String, mpsc::Sender<Incoming>)>,
}

impl Default for Twin {
    fn default() -> Self {
        Self { state: Arc::default(), grown: watch::Sender::new(0), epoch: watch::Sender::new(1) }
    }
}

impl Twin {
    /// Forgets the tail of the stream, as a broker does that was rolled back, and breaks every consumer.
    pub fn roll_back_to(&self, sequence: u64) {
        let keep = usize::try_from(sequence).unwrap_or(usize::MAX);
        self.lock().stream.truncate(keep);
        self.grown.send_replace(sequence);
        self.epoch.send_modify(|epoch| *epoch += 1);
    }

    pub(crate) async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, RequestError> {
        let server = {
            let mut state = self.lock();
            state.served.retain(|(_, sender)| !sender.is_closed());
            state.served.iter().find(|(pattern, _)| matches(pattern, subject)).map(|(_, sender)| sender.clone())
        };
        let server = server.ok_or_else(|| RequestError::NoResponders(subject.to_owned()))?;
        let (answer, answered) = oneshot::channel();
        let incoming = Incoming { subject: subject.to_owned(), headers, payload, answer: Answer::Twin(answer) };
        let exchange = async {
            server.send(incoming).await.map_err(|_| RequestError::NoResponders(subject.to_owned()))?;
            answered.await.map_err(|_| RequestError::TimedOut(subject.to_owned()))
        };
        tokio::time::timeout(timeout, exchange)
            .await
            .unwrap_or_else(|_| Err(RequestError::TimedOut(subject.to_owned())))
    }

    pub(crate) fn serve(&self, pattern: &str, capacity: usize) -> Requests {
        let (sender, receiver) = mpsc::channel(capacity);
        self.lock().served.push((pattern.to_owned(), sender));
        Requests(receiver)
    }

    pub(crate) fn publish(&self, batch: &[Outgoing], fence: &Fence) -> Result<u64, PublishError> {
        let mut state = self.lock();
        let last = last_of(&state.stream, &fence.partition).map_or(0, |message| message.sequence);
        if last != fence.last_sequence {
            return Err(PublishError::Refused(format!("the last sequence of the partition is {last}")));
        }
        for message in batch {
            let sequence = state.stream.len() as u64 + 1;
            let Outgoing { subject, headers, payload } = message.clone();
            state.stream.push(Published { sequence, subject, headers, payload });
        }
        let last = state.stream.len() as u64;
        drop(state);
        self.grown.send_replace(last);
        Ok(last)
    }

    pub(crate) fn last(&self, partition: &str) -> Option<Published> {
        last_of(&self.lock().stream, partition).cloned()
    }

    pub(crate) fn next_from(&self, partition: &str, sequence: u64) -> Option<Published> {
        let state = self.lock();
        state
            .stream
            .iter()
            .find(|message| message.sequence >= sequence && matches(partition, &message.subject))
            .cloned()
    }

    pub(crate) fn consume(&self, partitions: &[String], from_sequence: u64) -> Messages {
        let (sender, receiver) = mpsc::channel(CONSUMER_CAPACITY);
        let (twin, partitions) = (self.clone(), partitions.to_vec());
        let (mut grown, mut epoch) = (self.grown.subscribe(), self.epoch.subscribe());
        epoch.mark_unchanged();
        let mut next = from_sequence.max(1);
        tokio::spawn(async move {
            loop {
                let found: Vec<Published> = {
                    let state = twin.lock();
                    let start = usize::try_from(next - 1).unwrap_or(usize::MAX).min(state.stream.len());
                    state.stream[start..].to_vec()
                };
                for message in found {
                    next = message.sequence + 1;
                    let wanted = partitions.iter().any(|partition| matches(partition, &message.subject));
                    if wanted && sender.send(message).await.is_err() {
                        return;
                    }
                }
                tokio::select! {
                    changed = grown.changed() => if changed.is_err() { return },
                    // Another broker: the reader starts anew.
                    _ = epoch.changed() => return,
                    () = sender.closed() => return,
                }
            }
        });
        Messages(receiver)
    }

    pub(crate) fn epoch(&self) -> watch::Receiver<u64> {
        self.epoch.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while holding the twin's lock")
    }
}

fn last_of<'a>(stream: &'a [Published], partition: &str) -> Option<&'a Published> {
    stream.iter().rev().find(|message| matches(partition, &message.subject))
}
