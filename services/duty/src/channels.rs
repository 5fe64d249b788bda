//! Ways out of the house: one trait, one file a way. Secrets and addresses come in as arguments and go into no event or log.

pub mod config;
mod exercise;
mod gateway;
mod mail;
mod nats;
pub mod signature;
mod webhook;

pub use config::{ChannelsConfig, Secret};

use futures::future::BoxFuture;
use narhet_proto::codes::{AlarmPurpose, Channel};
use narhet_runtime::{Bus, Refusal};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How long one attempt may take: longer than a slow gateway answers, shorter than anybody waits.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// A message on its way; JSON of it is what machines receive.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parcel {
    /// The delivery's id: the same in every attempt.
    pub key: String,
    pub alarm_id: String,
    pub purpose: AlarmPurpose,
    pub exercise: bool,
    /// To the channel's own test receiver.
    pub test: bool,
    pub function: String,
    pub member: Option<String>,
    pub case_id: Option<String>,
    pub attempt: u32,
    pub text: String,
    #[serde(skip)]
    pub address: Option<String>,
}

/// One way out.
pub trait Way: Send + Sync {
    /// Carries a parcel to an address; what the other side said.
    fn carry(&self, address: String, parcel: Parcel) -> BoxFuture<'static, Result<String, Refusal>>;

    /// Where proofs go; `None` when none is configured.
    fn test_receiver(&self) -> Option<&str>;

    /// Whether a receiver that is told the same key twice takes it once.
    fn honours_the_key(&self) -> bool;
}

/// The ways of this house.
#[derive(Clone, Default)]
pub struct Channels {
    ways: Arc<BTreeMap<Channel, Box<dyn Way>>>,
    secrets: Arc<BTreeMap<Channel, Secret>>,
}

impl Channels {
    /// Sets up what is configured; the bus carries the channel `nats`.
    pub fn open(config: &ChannelsConfig, bus: Option<Bus>) -> Result<Self, String> {
        let mut ways: BTreeMap<Channel, Box<dyn Way>> = BTreeMap::new();
        let mut secrets = BTreeMap::new();
        if let Some(webhook) = &config.webhook {
            secrets.insert(Channel::Webhook, webhook.secret.clone());
            ways.insert(Channel::Webhook, Box::new(webhook::Webhook::open(webhook)?));
        }
        if let Some(mail) = &config.mail {
            ways.insert(Channel::Mail, Box::new(mail::Mail::open(mail)?));
        }
        for (channel, gateway) in [(Channel::Sms, &config.sms), (Channel::Voice, &config.voice)] {
            if let Some(gateway) = gateway {
                secrets.insert(channel, gateway.secret.clone());
                ways.insert(channel, Box::new(gateway::Gateway::open(channel, gateway)?));
            }
        }
        if let Some(bus) = bus {
            ways.insert(Channel::Nats, Box::new(nats::Nats { bus, test: config.nats.test_receiver.clone() }));
        }
        Ok(Self { ways: Arc::new(ways), secrets: Arc::new(secrets) })
    }

    /// One attempt, as a future that begins when it is polled.
    pub fn send(&self, channel: Channel, parcel: Parcel) -> BoxFuture<'static, Result<String, Refusal>> {
        let way: &dyn Way = match self.ways.get(&channel) {
            Some(way) => way.as_ref(),
            None if channel == Channel::Exercise => &exercise::Exercise,
            None => return refuse(format!("the channel {} is not configured in this house", channel.code())),
        };
        let address = match (&parcel.address, parcel.test, channel) {
            (Some(address), ..) => address.clone(),
            (None, true, _) => match way.test_receiver() {
                Some(test) => test.to_owned(),
                None => return refuse(format!("the channel {} has no test receiver", channel.code())),
            },
            (None, false, Channel::Exercise) => parcel.function.clone(),
            (None, false, _) => return refuse("the address has been erased".to_owned()),
        };
        let carrying = way.carry(address, parcel);
        Box::pin(async move {
            let in_time = tokio::time::timeout(ATTEMPT_TIMEOUT, carrying).await;
            in_time.unwrap_or_else(|_| {
                Err(Refusal { detail: "no answer in time".to_owned(), may_heal: true, may_be_done: true })
            })
        })
    }

    pub fn honours_the_key(&self, channel: Channel) -> bool {
        self.ways.get(&channel).is_some_and(|way| way.honours_the_key())
    }

    pub fn is_configured(&self, channel: Channel) -> bool {
        channel == Channel::Exercise || self.ways.contains_key(&channel)
    }

    pub fn has_test_receiver(&self, channel: Channel) -> bool {
        self.ways.get(&channel).is_some_and(|way| way.test_receiver().is_some())
    }

    /// What a channel's receipts are signed with.
    pub fn secret(&self, channel: Channel) -> Option<&Secret> {
        self.secrets.get(&channel)
    }
}

fn refuse(detail: String) -> BoxFuture<'static, Result<String, Refusal>> {
    Box::pin(async move { Err(Refusal { detail, may_heal: false, may_be_done: false }) })
}
