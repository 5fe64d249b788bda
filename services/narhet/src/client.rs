//! Talking to a running house over HTTP.

use crate::{arguments, node::NodeFile};
use anyhow::{Context as _, anyhow, bail};
use narhet_gateway::identity::demo::Issuer;
use narhet_kernel::{BoardId, Role};
use serde_json::Value;
use std::time::Duration;

/// A token minted for one command need not live longer than the longest command.
const MINTED_FOR: Duration = Duration::from_secs(12 * 3600);

/// Where the house answers, and who we are to it.
pub struct Client {
    pub http: reqwest::Client,
    pub url: String,
    pub token: String,
}

impl Client {
    /// By --url and --token, or by the folder of a local house; in demo mode a token with `roles` is minted.
    pub fn find(node: &arguments::Node, roles: &[Role]) -> anyhow::Result<Client> {
        Client::find_for(node, roles, None)
    }

    /// [`Client::find`] for somebody of a board.
    pub fn find_for(node: &arguments::Node, roles: &[Role], board: Option<&BoardId>) -> anyhow::Result<Client> {
        let http = reqwest::Client::new();
        if let (Some(url), Some(token)) = (&node.url, &node.token) {
            return Ok(Client { http, url: url.trim_end_matches('/').to_owned(), token: token.clone() });
        }
        let file = NodeFile::read(&node.data).with_context(|| {
            format!(
                "no house runs in {}: start it with `narhet up`, or name one with --url and --token",
                node.data.display()
            )
        })?;
        let token = match &node.token {
            Some(token) => token.clone(),
            None if file.demo => {
                let issuer = Issuer::open(&node.data.join("keys/gateway"))?;
                issuer.mint(roles, board, None, "narhet-cli", MINTED_FOR)?
            }
            None => bail!("the house in {} is not in demo mode: give a token with --token", node.data.display()),
        };
        Ok(Client { http, url: file.http, token })
    }

    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    pub fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    /// The JSON of a good answer; a problem becomes an error that says all of it.
    pub async fn json(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let answer = request.send().await.with_context(|| format!("{} cannot be reached", self.url))?;
        let status = answer.status();
        let body: Value = answer.json().await.with_context(|| format!("{status} with a body that is not JSON"))?;
        if status.is_success() { Ok(body) } else { Err(problem(&body)) }
    }
}

/// A problem document in words.
pub fn problem(body: &Value) -> anyhow::Error {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut message = format!("{}: {}", text("title"), text("detail"));
    for error in body.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let place = error.get("pointer").or_else(|| error.get("parameter")).and_then(Value::as_str).unwrap_or("");
        let detail = error.get("detail").and_then(Value::as_str).unwrap_or("");
        if !detail.is_empty() && !message.contains(detail) {
            message.push_str(&format!("\n  {place}: {detail}"));
        }
    }
    anyhow!(message)
}
