//! The app copies connections from one site to another.

use std::sync::Arc;

use umai::api::client::RemoteService;
use umai::connection::ConnectionError;
use umai::plan::{Revealed, RevealedSettings};
use umai::service::ConnectionService;
use umai::tui::targets::{OpenPurpose, OpenTarget, TargetEntry, Targets, TargetsHandle};
use uuid::Uuid;

use crate::app::{screen, stage};
use crate::fixture::Mode;
use crate::stand_in::StandIn;
use crate::support::harness::Harness;

/// Two sites as targets of the app, of which the second is copied to.
struct TwoSites {
    from: RemoteService,
    to: Arc<dyn ConnectionService>,
    address: String,
}

#[async_trait::async_trait]
impl Targets for TwoSites {
    fn list(&self) -> Vec<TargetEntry> {
        vec![TargetEntry {
            name: "prod".into(),
            address: self.address.clone(),
            badge: Some("LIVE".into()),
            ..TargetEntry::default()
        }]
    }

    async fn open(&self, _: &str, _: OpenPurpose) -> Result<OpenTarget, ConnectionError> {
        Ok(OpenTarget::existing(Arc::clone(&self.to)))
    }

    async fn reveal(
        &self,
        name: Option<&str>,
        ids: &[Uuid],
    ) -> Result<Option<RevealedSettings>, ConnectionError> {
        assert!(name.is_none() || ids.is_empty(), "no lists on the target");
        let mut revealed = RevealedSettings::new();
        for id in ids {
            let (connection, lists) = self.from.reveal(*id).await?;
            let settings = connection.settings.unwrap_or_default();
            let alias = connection.item.alias.to_lowercase();
            revealed.insert(alias, Revealed { settings, lists });
        }
        Ok(Some(revealed))
    }
}

fn with_second_site(from: &StandIn, to: &StandIn) -> Harness {
    let mut harness = stage(from);
    let connect = |site: &StandIn| {
        let options = site.options();
        harness.wait_for(RemoteService::connect(&options)).unwrap()
    };
    let targets = TwoSites {
        from: connect(from),
        to: Arc::new(connect(to)),
        address: to.origin.clone(),
    };
    harness.app.service.targets = Some(TargetsHandle(Arc::new(targets)));
    harness
}

#[test]
fn copy_to_another_site_shows_and_does_what_was_chosen() {
    let (dev, prod) = (
        StandIn::new(Mode::Stock),
        StandIn::with(Mode::Stock, Vec::new()),
    );
    let mut harness = with_second_site(&dev, &prod);
    harness.play("<ctrl-a><ctrl-p>copy to target<enter><enter>");
    let preview = screen(&harness);
    assert!(
        preview.contains(&format!("To prod [LIVE], {}", prod.origin)),
        "{preview}"
    );
    assert!(preview.contains("refused"), "stored secrets: {preview}");
    harness.play("<tab><enter>");
    let result = screen(&harness);
    assert!(result.contains("2 created"), "{result}");
    assert_eq!(
        prod.get("referring").settings,
        dev.get("referring").settings
    );
    assert!(prod.find("openai-prod").is_none());
    // Nothing can be copied without secrets, so that there is no button Copy.
    harness.play("<enter><ctrl-p>copy to target<enter><enter><tab><enter>");
    let preview = screen(&harness);
    assert!(
        preview.contains("Stored secrets are copied, too"),
        "{preview}"
    );
    harness.play("<tab><enter>");
    let result = screen(&harness);
    assert!(result.contains("2 created"), "{result}");
    let settings = |site: &StandIn| site.get("openai-prod").settings;
    assert_eq!(settings(&prod), settings(&dev));
    assert!(dev.writes().is_empty());
    for site in [&dev, &prod] {
        site.assert_unharmed();
    }
}

#[test]
fn copy_that_breaks_says_what_is_done() {
    let (dev, prod) = (
        StandIn::new(Mode::Stock),
        StandIn::with(Mode::Stock, Vec::new()),
    );
    let mut harness = with_second_site(&dev, &prod);
    harness.play("<ctrl-a><ctrl-p>copy to target<enter><enter><tab><tab><enter>");
    prod.switch(|switches| switches.fails_writes_after = Some(1));
    harness.play("<tab><enter>");
    let result = screen(&harness);
    for part in [
        "1 created · 1 refused · 1 to be checked · 2 not started",
        "may have been saved",
        "check before you retry",
    ] {
        assert!(result.contains(part), "{part}: {result}");
    }
    assert_eq!(prod.all().len(), 1);
}
