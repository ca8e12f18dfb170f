//! Connections in the trash that a command may mean.

use super::exit::Failure;
use crate::connection::{ConnectionError, ConnectionItem, IdOrAlias, PageRequest};
use crate::service::ConnectionService;

/// Returns the connections in the trash with this ID or former alias.
pub async fn find(
    key: &IdOrAlias,
    service: &dyn ConnectionService,
) -> Result<Vec<ConnectionItem>, ConnectionError> {
    let is_meant = |item: &ConnectionItem| match key {
        IdOrAlias::Id(id) => item.id == *id,
        IdOrAlias::Alias(alias) => item.alias.eq_ignore_ascii_case(alias),
    };
    let everything = PageRequest {
        skip: 0,
        take: usize::MAX,
    };
    let trash = service.trash(everything).await?.items.into_iter();
    Ok(trash.filter(is_meant).collect())
}

/// Returns a hint if a command failed because its connection is in the trash.
pub async fn hint(done: &Result<(), Failure>, service: &dyn ConnectionService) -> Option<String> {
    let Err(Failure::Connection(ConnectionError::NotFound(key))) = done else {
        return None;
    };
    // A site has no trash, and the failure itself is reported in any case.
    let found = find(key, service).await.unwrap_or_default();
    (!found.is_empty()).then(|| {
        format!("'{key}' is in the trash. Restore it with: umai connections restore {key}")
    })
}
