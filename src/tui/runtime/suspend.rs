//! Resources to release while the app is suspended.
//!
//! It is a function because the app does not know whether the service is local; a suspended leader would block its clients.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// Releases resources, which are taken again when the result is dropped.
type ReleaseResources =
    dyn Fn() -> Pin<Box<dyn Future<Output = Box<dyn Send>> + Send>> + Send + Sync;

/// Releases what other processes would wait for while the app is suspended; nothing by default.
#[derive(Clone, Default)]
pub struct SuspendHandler(Option<Arc<ReleaseResources>>);

impl fmt::Debug for SuspendHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SuspendHandler(…)")
    }
}

impl SuspendHandler {
    /// Creates it from a function whose result is dropped when the app resumes.
    pub fn new<F, R>(release: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: Send + 'static,
    {
        Self(Some(Arc::new(move || {
            let releasing = release();
            Box::pin(async move { Box::new(releasing.await) as Box<dyn Send> })
        })))
    }

    /// Runs it to completion, since the app is suspended next.
    pub(super) fn release(&self) -> Option<Box<dyn Send>> {
        let release = self.0.as_ref()?;
        tokio::task::block_in_place(|| Some(tokio::runtime::Handle::current().block_on(release())))
    }
}
