//! Text messages and calls through somebody's HTTP gateway. What the gateway says of reach comes back as signed receipts.

use super::{Parcel, Secret, Way, config::GatewayConfig, webhook};
use futures::future::BoxFuture;
use narhet_proto::codes::Channel;
use narhet_runtime::Refusal;
use serde_json::json;

pub struct Gateway {
    client: reqwest::Client,
    channel: Channel,
    url: String,
    secret: Secret,
    test: Option<String>,
    honours_key: bool,
}

impl Gateway {
    pub fn open(channel: Channel, config: &GatewayConfig) -> Result<Self, String> {
        if !webhook::allowed(&config.url, config.plain_http) {
            return Err(format!("the gateway of the channel {} needs an https URL", channel.code()));
        }
        Ok(Self {
            client: webhook::client()?,
            channel,
            url: config.url.clone(),
            secret: config.secret.clone(),
            test: config.test_receiver.clone(),
            honours_key: config.honours_key,
        })
    }
}

impl Way for Gateway {
    fn carry(&self, address: String, parcel: Parcel) -> BoxFuture<'static, Result<String, Refusal>> {
        let body = json!({ "to": address, "text": parcel.text, "key": parcel.key, "kind": self.channel.code() });
        let request = self
            .client
            .post(&self.url)
            .bearer_auth(self.secret.reveal())
            .header("Idempotency-Key", parcel.key)
            .json(&body);
        Box::pin(async move { webhook::outcome(request.send().await) })
    }

    fn test_receiver(&self) -> Option<&str> {
        self.test.as_deref()
    }

    fn honours_the_key(&self) -> bool {
        self.honours_key
    }
}
