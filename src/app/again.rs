//! Asking again: only what may be asked twice without harm, a few times, each time after a longer wait that is never the
//! same for everybody.

use std::future::Future;

use crate::broker::BrokerError;
use crate::net::Backoff;

/// Attempts before whoever asked hears of the failure.
const ATTEMPTS: u32 = 4;

/// Asks until there is an answer, or a refusal that asking again would not change.
pub async fn again<T, F>(what: &str, backoff: Backoff, mut ask: impl FnMut() -> F) -> Result<T, BrokerError>
where
    F: Future<Output = Result<T, BrokerError>>,
{
    let mut failures = 0;
    loop {
        match ask().await {
            Err(error) if error.class.may_be_repeated() && failures + 1 < ATTEMPTS => {
                failures += 1;
                let wait = backoff.next_wait(failures);
                tracing::info!("{what}: {error}; asked again in {:.1} s", wait.as_secs_f64());
                tokio::time::sleep(wait).await;
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::gateway::ErrorClass;

    async fn asked(class: ErrorClass, works_at: u32) -> (u32, bool) {
        let count = Cell::new(0);
        let answer = again("a test", Backoff::default(), || {
            count.set(count.get() + 1);
            let works = count.get() >= works_at;
            async move { if works { Ok(()) } else { Err(BrokerError::new(class, "no")) } }
        });
        let good = answer.await.is_ok();
        (count.get(), good)
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_may_be_repeated_is_and_not_for_ever() {
        assert_eq!(asked(ErrorClass::TryLater, 3).await, (3, true));
        assert_eq!(asked(ErrorClass::NotSent, 99).await, (ATTEMPTS, false));
        for class in [ErrorClass::AskFirst, ErrorClass::Refused, ErrorClass::LogIn, ErrorClass::Blocked] {
            assert_eq!(asked(class, 2).await, (1, false), "{class:?}");
        }
    }
}
