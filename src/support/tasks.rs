//! Tasks side by side, and what became of them.

use tokio::task::{JoinError, JoinSet};

/// The answers of all tasks, in the order in which they ended. A task that was cancelled, because
/// the program ends, leaves it waiting for that end.
pub async fn all<T: 'static>(mut tasks: JoinSet<T>) -> Vec<T> {
    let mut answers = Vec::with_capacity(tasks.len());
    while let Some(ended) = tasks.join_next().await {
        match joined(ended) {
            Some(answer) => answers.push(answer),
            None => std::future::pending().await,
        }
    }
    answers
}

/// The answer of a task. A panic in it is one of the program; one that was cancelled, because the
/// program ends, has nothing to tell.
pub fn joined<T>(ended: Result<T, JoinError>) -> Option<T> {
    match ended.map_err(JoinError::try_into_panic) {
        Ok(answer) => Some(answer),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_cancelled)) => None,
    }
}
