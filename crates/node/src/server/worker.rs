//! The thread that owns the chain.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::{Semaphore, oneshot, watch};

use crate::chain::Chain;
use crate::config::Config;
use crate::rpc::RpcError;

/// Requests that wait for the chain; the next ones wait in their connections.
const WAITING: usize = 256;
/// Stack of the thread: programs that call each other grow their own [bytes].
const STACK: usize = 64 << 20;

type Job = Box<dyn FnOnce(&mut Chain) + Send>;

/// Asks the thread that owns the chain.
#[derive(Clone)]
pub(super) struct Worker {
    jobs: mpsc::Sender<Job>,
    places: Arc<Semaphore>,
}

impl Worker {
    /// Starts the thread; it ends when nobody can ask any more.
    ///
    /// # Errors
    /// When the chain cannot be made.
    pub(super) fn start(config: Config, interval: watch::Sender<Option<Duration>>) -> Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let (made, ready) = mpsc::channel();
        thread::Builder::new().name("chain".into()).stack_size(STACK).spawn(move || {
            // The chain cannot change threads, so it is made on its own.
            match Chain::new(config, interval) {
                Ok(mut chain) => {
                    let _ = made.send(Ok(()));
                    for job in queue {
                        run(&mut chain, job);
                    }
                }
                Err(error) => {
                    let _ = made.send(Err(error));
                }
            }
        })?;
        ready.recv().context("the chain could not be made")??;
        Ok(Self { jobs, places: Arc::new(Semaphore::new(WAITING)) })
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// When the node fails on the question; the chain is then as before.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Chain) -> T + Send + 'static,
    ) -> Result<T, RpcError> {
        let _place = self.places.acquire().await.map_err(|_| stopped())?;
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |chain| {
            // Who asked may be gone.
            let _ = answer.send(question(chain));
        });
        self.jobs.send(job).map_err(|_| stopped())?;
        answered.await.map_err(|_| failed())
    }

    /// As [`Worker::ask`], for callers that are not asynchronous.
    ///
    /// # Errors
    /// As [`Worker::ask`].
    pub(super) fn ask_now<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Chain) -> T + Send + 'static,
    ) -> Result<T, RpcError> {
        let (answer, answered) = mpsc::channel();
        let job: Job = Box::new(move |chain| {
            let _ = answer.send(question(chain));
        });
        self.jobs.send(job).map_err(|_| stopped())?;
        answered.recv().map_err(|_| failed())
    }
}

/// Runs a job; should it fail, what it did is undone and the chain goes on.
fn run(chain: &mut Chain, job: Job) {
    let start = chain.start();
    if catch_unwind(AssertUnwindSafe(|| job(chain))).is_err() {
        chain.recover(start);
    }
}

fn stopped() -> RpcError {
    RpcError::internal("the node has stopped")
}

fn failed() -> RpcError {
    RpcError::internal("the node failed on this request and has undone what it did")
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, U256};

    use super::*;

    #[test]
    fn what_a_failing_request_did_is_undone() {
        let (interval, _) = watch::channel(None);
        let worker = Worker::start(Config::default(), interval).expect("the chain is made");
        let account = Address::repeat_byte(7);
        let state = move |chain: &mut Chain| {
            let hash = chain.block(chain.head()).map(|block| block.hash);
            (chain.head(), hash, chain.world.balance(account), chain.world.timestamp())
        };
        worker.ask_now(|chain| chain.mine()).expect("asked").expect("mined");
        let before = worker.ask_now(state).expect("asked");

        let refused = worker.ask_now(move |chain| {
            chain.world.set_balance(account, U256::from(9));
            chain.mine().expect("mined");
            panic!("the host fails");
        });
        assert_eq!(refused, Err(failed()));
        assert_eq!(worker.ask_now(state).expect("asked"), before);

        let refused = worker.ask_now(move |chain| {
            let looked = chain.look(Some(0.into()), |world| {
                world.set_balance(account, U256::from(9));
                panic!("the host fails while it looks back");
            });
            looked.map(|()| 0).is_ok()
        });
        assert_eq!(refused, Err(failed()));
        assert_eq!(worker.ask_now(state).expect("asked"), before);
        assert_eq!(worker.ask_now(|chain| chain.mine()).expect("asked"), Ok(before.0 + 1));
    }
}
