//! What is let go of while the shell has stopped the app.
//!
//! Why a function: the app cannot know whether the service is here or far away, and a stopped one that is here answers nobody.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// Lets go; it is taken again when the answer is dropped.
type LetGo = dyn Fn() -> Pin<Box<dyn Future<Output = Box<dyn Send>> + Send>> + Send + Sync;

/// Lets go of what others would wait for while the app is stopped; of nothing by default.
#[derive(Clone, Default)]
pub struct BeforeStop(Option<Arc<LetGo>>);

impl fmt::Debug for BeforeStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BeforeStop(…)")
    }
}

impl BeforeStop {
    /// Does this; what it answers is dropped when the app goes on.
    pub fn new<F, R>(let_go: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: Send + 'static,
    {
        Self(Some(Arc::new(move || {
            let letting_go = let_go();
            Box::pin(async move { Box::new(letting_go.await) as Box<dyn Send> })
        })))
    }

    /// Waits until it is done: nothing else shall happen before the stop.
    pub(super) fn let_go(&self) -> Option<Box<dyn Send>> {
        let let_go = self.0.as_ref()?;
        tokio::task::block_in_place(|| Some(tokio::runtime::Handle::current().block_on(let_go())))
    }
}
