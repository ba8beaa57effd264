//! WebSockets: requests as over HTTP, and subscriptions.

use std::collections::HashMap;

use alloy_primitives::U256;
use alloy_rpc_types_eth::Filter;
use axum::extract::ws::{Message as Frame, WebSocket};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;

use super::http::{self, Answers};
use super::worker::Worker;
use crate::chain::{Chain, Event, Interest};
use crate::rpc::{self, Message, Params, Request, RpcError, response};

/// Subscriptions of one connection.
const SUBSCRIPTIONS: usize = 256;

struct Connection {
    worker: Worker,
    subscriptions: HashMap<U256, Interest>,
    last: u64,
}

/// Serves one connection until it closes or falls too far behind.
pub(super) async fn serve(mut socket: WebSocket, worker: Worker) {
    let Ok(mut events) = worker.ask(|chain| chain.subscribe()).await else { return };
    let mut connection = Connection { worker, subscriptions: HashMap::new(), last: 0 };
    loop {
        let frames = tokio::select! {
            frame = socket.recv() => match frame {
                Some(Ok(Frame::Text(text))) => connection.reply(text.as_bytes()).await,
                Some(Ok(Frame::Binary(bytes))) => connection.reply(&bytes).await,
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => continue,
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return,
            },
            event = next(&mut events) => match event {
                Some(event) => connection.tell(event).await,
                None => return,
            },
        };
        for frame in frames {
            if socket.send(Frame::Text(frame.to_string().into())).await.is_err() {
                return;
            }
        }
    }
}

/// The next event; none if the client has missed some, and then it must connect anew.
async fn next(events: &mut Receiver<Event>) -> Option<Event> {
    events.recv().await.ok()
}

impl Connection {
    async fn reply(&mut self, text: &[u8]) -> Vec<Value> {
        match Message::parse(text) {
            Err(error) => vec![response(&Value::Null, Err(error))],
            Ok(Message::One(call)) => self.one(call).await.into_iter().collect(),
            Ok(Message::Many(calls)) => {
                let mut answers = Answers::default();
                for call in calls {
                    answers.add(self.one(call).await);
                }
                answers.array().into_iter().collect()
            }
        }
    }

    async fn one(&mut self, call: Result<Request, (Value, RpcError)>) -> Option<Value> {
        let call = match call {
            Ok(call) => call,
            Err((id, error)) => return Some(response(&id, Err(error))),
        };
        let result = match call.method.as_str() {
            "eth_subscribe" => self.subscribe(&call.params),
            "eth_unsubscribe" => {
                call.params.required(0, "id").map(|id: U256| json!(self.subscriptions.remove(&id).is_some()))
            }
            _ => return http::ask(&self.worker, call).await,
        };
        call.id.map(|id| response(&id, result))
    }

    fn subscribe(&mut self, params: &Params) -> Result<Value, RpcError> {
        if self.subscriptions.len() >= SUBSCRIPTIONS {
            return Err(RpcError::limit(format!("{SUBSCRIPTIONS} subscriptions are open: close some")));
        }
        let kind: String = params.required(0, "kind")?;
        let interest = match kind.as_str() {
            "newHeads" => Interest::Blocks,
            "logs" => Interest::Logs(Box::new(params.optional::<Filter>(1, "filter")?.unwrap_or_default())),
            "newPendingTransactions" => {
                Interest::Pending { full: params.optional(1, "full")?.unwrap_or(false) }
            }
            _ => return Err(RpcError::invalid_params(format!("no {kind:?} subscription in eth namespace"))),
        };
        self.last += 1;
        let id = U256::from(self.last);
        self.subscriptions.insert(id, interest);
        Ok(json!(id))
    }

    /// What an event means to each subscription.
    async fn tell(&self, event: Event) -> Vec<Value> {
        if self.subscriptions.is_empty() {
            return Vec::new();
        }
        let subscriptions = self.subscriptions.clone();
        let told = self.worker.ask(move |chain| {
            let mut told: Vec<(U256, Value)> = Vec::new();
            for (id, interest) in &subscriptions {
                told.extend(news(chain, &event, interest).into_iter().map(|news| (*id, news)));
            }
            told
        });
        let notify = |(id, news): (U256, Value)| json!({ "jsonrpc": "2.0", "method": "eth_subscription", "params": { "subscription": id, "result": news } });
        told.await.unwrap_or_default().into_iter().map(notify).collect()
    }
}

fn news(chain: &Chain, event: &Event, interest: &Interest) -> Vec<Value> {
    match (event, interest) {
        (Event::Mined(number), Interest::Blocks) => rpc::header(chain, *number).into_iter().collect(),
        (Event::Mined(number), Interest::Logs(filter)) => {
            let block = chain.block(*number).into_iter();
            let logs = block.flat_map(|block| block.logs()).filter(|log| filter.matches(&log.inner));
            logs.map(|log| json!(log)).collect()
        }
        (Event::Pending(tx), Interest::Pending { full }) => vec![rpc::waiting(tx, *full)],
        _ => Vec::new(),
    }
}
