//! Keeps the machine awake while something is open, and says whether that worked.

use std::sync::Arc;

use tokio::sync::watch;
use tracing::{info, warn};

use super::inputs::Inputs;
use super::shared::Shared;
use crate::view::{Awake, View};

/// Follows the view until the engine has ended: while something is open, what `hold` answers with is kept.
pub async fn keep_awake<H, F>(mut views: watch::Receiver<Arc<View>>, shared: Shared, inputs: Inputs, hold: F)
where
    H: Send + 'static,
    F: Fn() -> Result<H, String> + Clone + Send + 'static,
{
    let mut held: Option<H> = None;
    loop {
        let busy = views.borrow_and_update().is_busy();
        let known = shared.health().awake != Awake::NotNeeded;
        if busy && !known {
            let hold = hold.clone();
            // Asking may take a moment.
            let asked = tokio::task::spawn_blocking(hold).await.unwrap_or_else(|e| Err(e.to_string()));
            let state = match asked {
                Ok(holding) => {
                    info!(target: "desk", "something is open: this machine is kept awake");
                    held = Some(holding);
                    Awake::Kept
                }
                Err(why) => {
                    warn!(target: "desk", "something is open, and this machine may fall asleep by itself ({why}): set it not to");
                    Awake::NotKept(why)
                }
            };
            shared.health().awake = state;
            inputs.look();
        } else if !busy && known {
            if held.take().is_some() {
                info!(target: "desk", "nothing is open any more: this machine may sleep");
            }
            shared.health().awake = Awake::NotNeeded;
            inputs.look();
        }
        if views.changed().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::fixture::Desk;
    use rust_decimal_macros::dec;
    use std::sync::atomic::{AtomicI32, Ordering};

    /// Counts how many are held.
    struct Held(Arc<AtomicI32>);

    impl Drop for Held {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Waits, without a clock, until the other task has got so far.
    async fn until(shared: &Shared, state: &Awake) {
        while shared.health().awake != *state {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn the_machine_is_kept_awake_exactly_while_something_is_open() {
        let (shared, (inputs, _heard)) = (Shared::default(), Inputs::new());
        let (show, views) = watch::channel(Arc::new(Desk::new().view()));
        let count = Arc::new(AtomicI32::new(0));
        let counter = Arc::clone(&count);
        let hold = move || {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok(Held(Arc::clone(&counter)))
        };
        let task = tokio::spawn(keep_awake(views, shared.clone(), inputs, hold));
        let mut desk = Desk::new();
        desk.executed("Long Call", &[("B", 26200, "CE", dec!(35.90))]);
        for _ in 0..3 {
            show.send_replace(Arc::new(desk.view()));
            until(&shared, &Awake::Kept).await;
            assert_eq!(count.load(Ordering::SeqCst), 1);
        }
        show.send_replace(Arc::new(Desk::new().view()));
        until(&shared, &Awake::NotNeeded).await;
        assert_eq!(count.load(Ordering::SeqCst), 0);
        // The end of the program lets it go as well.
        show.send_replace(Arc::new(desk.view()));
        until(&shared, &Awake::Kept).await;
        drop(show);
        task.await.unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn where_it_cannot_be_done_that_is_said() {
        let (shared, (inputs, _heard)) = (Shared::default(), Inputs::new());
        let mut desk = Desk::new();
        desk.executed("Long Call", &[("B", 26200, "CE", dec!(35.90))]);
        let (_show, views) = watch::channel(Arc::new(desk.view()));
        let task = tokio::spawn(keep_awake(views, shared.clone(), inputs, || Err::<(), _>("no way".to_string())));
        until(&shared, &Awake::NotKept("no way".into())).await;
        task.abort();
    }
}
