//! The results of concurrent tasks.

use tokio::task::JoinError;

/// The result of a task. Tasks are cancelled only when nobody waits for them, or when the program ends;
/// after a cancelled one, this never returns.
pub async fn result<T>(ended: Result<T, JoinError>) -> T {
    match joined(ended) {
        Some(result) => result,
        None => std::future::pending().await,
    }
}

/// The result of a task, or None if it was cancelled because the program ends. A panic in the task
/// goes on in the caller.
pub fn joined<T>(ended: Result<T, JoinError>) -> Option<T> {
    match ended.map_err(JoinError::try_into_panic) {
        Ok(result) => Some(result),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_cancelled)) => None,
    }
}
