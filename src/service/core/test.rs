//! Tests of stored, edited and new connections.

use super::{CoreService, merge};
use crate::connection::validate::{MaskPolicy, ValidatedDraft};
use crate::connection::{
    ConnectionDraft, ConnectionError, ConnectionItem, DraftField, FieldError, IdOrAlias, Model,
    PlainSecret, Settings, TestProgress, TestReport, TestSubject,
};
use crate::probe;
use crate::probe::ProbeSubject;
use crate::provider::Capability;
use crate::provider::probe::ResolvedSettings;

impl CoreService {
    pub(super) async fn test_subject(
        &self,
        subject: TestSubject,
        progress: &TestProgress,
    ) -> Result<TestReport, ConnectionError> {
        let (provider_id, settings) = self.tested(subject).await?;
        let subject = self.subject(&provider_id, settings.as_ref());
        Ok(probe::test(&subject, self.limits, progress).await)
    }

    pub(super) async fn models_of(
        &self,
        key: &IdOrAlias,
        capability: Option<Capability>,
    ) -> Result<Vec<Model>, ConnectionError> {
        let item = self.stored(key).await?;
        let subject = self.subject(&item.item.provider_id, item.settings.as_ref());
        let mut models = probe::models(&subject, self.limits)
            .await
            .map_err(|report| ConnectionError::Provider(Box::new(report)))?;
        if let Some(capability) = capability {
            models.retain(|model| model.capabilities.contains(&capability));
        }
        Ok(models)
    }

    /// Returns a connection, and its settings with resolved references and plaintext secrets.
    ///
    /// Only for a command of this process on its own store: no other method lets a secret out of the service.
    pub async fn resolved(
        &self,
        key: &IdOrAlias,
    ) -> Result<(ConnectionItem, ResolvedSettings), ConnectionError> {
        let connection = self.stored(key).await?;
        let subject = self.subject(&connection.item.provider_id, connection.settings.as_ref());
        let settings = probe::resolve(&subject).map_err(ConnectionError::Provider)?;
        Ok((connection.item, settings))
    }

    fn subject<'a>(
        &'a self,
        provider_id: &'a str,
        settings: Option<&'a Settings<PlainSecret>>,
    ) -> ProbeSubject<'a> {
        ProbeSubject {
            provider_id,
            provider: self.catalog.get(provider_id),
            settings,
            appsettings: &self.appsettings,
            now: self.now().into(),
        }
    }

    /// Returns the provider and the settings to test.
    async fn tested(
        &self,
        subject: TestSubject,
    ) -> Result<(String, Option<Settings<PlainSecret>>), ConnectionError> {
        match subject {
            TestSubject::Stored(key) => {
                let connection = self.stored(&key).await?;
                Ok((connection.item.provider_id, connection.settings))
            }
            TestSubject::Draft(draft) => {
                let found = examined(draft.validate(&self.catalog, MaskPolicy::Reject))?;
                Ok((found.provider_id, found.settings))
            }
            TestSubject::Edited(key, draft) => {
                let before = self.stored(&key).await?;
                self.changed(&before, &draft)
            }
        }
    }

    /// Returns the settings after an update, with its rules: a kept secret is not sent to another origin.
    fn changed(
        &self,
        before: &super::Connection<PlainSecret>,
        draft: &ConnectionDraft,
    ) -> Result<(String, Option<Settings<PlainSecret>>), ConnectionError> {
        let merged = merge::merge_onto(before, draft, &self.catalog);
        let mut found = merged.draft.validate(&self.catalog, MaskPolicy::Reject);
        merged.add_errors(&mut found);
        let found = examined(found)?;
        let settings = match draft.settings {
            Some(_) => found.settings,
            None => before.settings.clone(),
        };
        Ok((before.item.provider_id.clone(), settings))
    }
}

/// Returns the validated draft unless its provider or a setting is invalid; name and alias do not matter to a test.
fn examined(found: ValidatedDraft) -> Result<ValidatedDraft, ConnectionError> {
    let matters = |error: &FieldError| match error.field {
        DraftField::Alias | DraftField::Name | DraftField::IsActive => false,
        DraftField::ProviderId | DraftField::Settings | DraftField::Setting { .. } => true,
    };
    let wrong: Vec<FieldError> = found
        .errors
        .iter()
        .filter(|error| matters(error))
        .cloned()
        .collect();
    if wrong.is_empty() {
        Ok(found)
    } else {
        Err(ConnectionError::Invalid(wrong))
    }
}
