//! `[channels]` of narhet.toml; every secret may come from the environment instead.

use serde::Deserialize;
use std::fmt;

/// A secret: shown nowhere.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ChannelsConfig {
    pub webhook: Option<WebhookConfig>,
    pub mail: Option<MailConfig>,
    pub sms: Option<GatewayConfig>,
    pub voice: Option<GatewayConfig>,
    #[serde(default)]
    pub nats: NatsConfig,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WebhookConfig {
    /// Signs what goes out and what comes back. `NARHET_WEBHOOK_SECRET`.
    pub secret: Secret,
    pub test_receiver: Option<String>,
    /// Receivers inside the house's own network may be without TLS.
    #[serde(default)]
    pub plain_http: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MailConfig {
    pub host: String,
    pub port: u16,
    /// `Närhet <larm@example.org>`.
    pub sender: String,
    pub test_receiver: Option<String>,
    pub user: Option<String>,
    /// `NARHET_MAIL_PASSWORD`.
    pub password: Option<Secret>,
    /// Only to a server inside the house's own network.
    #[serde(default)]
    pub without_tls: bool,
}

/// An HTTP gateway for text messages or calls: it is sent `{ "to", "text", "key", "kind" }` with a bearer token.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GatewayConfig {
    pub url: String,
    /// The bearer token, and what receipts are signed with. `NARHET_SMS_SECRET`, `NARHET_VOICE_SECRET`.
    pub secret: Secret,
    pub test_receiver: Option<String>,
    #[serde(default)]
    pub plain_http: bool,
    /// Whether the gateway takes the same `Idempotency-Key` once.
    #[serde(default)]
    pub honours_key: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NatsConfig {
    pub test_receiver: Option<String>,
}

impl ChannelsConfig {
    /// Secrets of the environment outrank the file's.
    pub fn with_environment(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let secret = |name: &str| variable(name).filter(|value| !value.is_empty()).map(Secret::new);
        if let (Some(webhook), Some(secret)) = (&mut self.webhook, secret("NARHET_WEBHOOK_SECRET")) {
            webhook.secret = secret;
        }
        if let (Some(mail), Some(password)) = (&mut self.mail, secret("NARHET_MAIL_PASSWORD")) {
            mail.password = Some(password);
        }
        for (gateway, name) in [(&mut self.sms, "NARHET_SMS_SECRET"), (&mut self.voice, "NARHET_VOICE_SECRET")] {
            if let (Some(gateway), Some(secret)) = (gateway, secret(name)) {
                gateway.secret = secret;
            }
        }
        self
    }
}
