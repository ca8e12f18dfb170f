//! Checks a store on etcd: its nodes, alarms and key. Needs a build with etcd.

use super::super::exit::{Exit, Failure};
use super::finding::Findings;
use crate::store::StoreOptions;
use crate::store::etcd_options::EtcdOptions;

const AREA: &str = "etcd";

#[cfg(not(feature = "etcd"))]
#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
pub(super) fn check(
    options: &EtcdOptions,
    _: &StoreOptions,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let says = format!("{} needs a build with etcd", options.address);
    let todo = "cargo install --features etcd";
    findings.problem(AREA, says, Some(todo.into()), Exit::Store);
    Ok(())
}

#[cfg(feature = "etcd")]
pub(super) use with_etcd::check;

#[cfg(feature = "etcd")]
mod with_etcd {
    use chrono::{TimeDelta, Utc};

    use super::super::super::open_service::{WORKERS, runtime};
    use super::super::super::signals::StopSignals;
    use super::super::store::bytes;
    use super::{AREA, EtcdOptions, Exit, Failure, Findings, StoreOptions};
    use crate::connection::StoreError;
    use crate::store::etcd::survey::{
        EtcdAlarm, EtcdSurvey, NodeRole, NodeState, NodeSurvey, SavedIndexState, UnusedContent,
        survey,
    };

    /// Entries that a node may lag behind without a warning.
    const SMALL_LAG: u64 = 1000;
    /// Quota without `--quota-backend-bytes`.
    const DEFAULT_QUOTA: u64 = 2 * 1024 * 1024 * 1024;
    /// Share of the quota, in percent, at which the doctor warns.
    const LARGE_SHARE: u64 = 80;
    /// First versions of etcd that allow transactions without a put while the database is full (etcd's pull requests 14254 and 14884).
    /// umai reads and deletes with transactions.
    const ALLOW_READS: [[u32; 3]; 2] = [[3, 4, 20], [3, 5, 7]];
    /// Time before the end of a certificate at which the doctor warns.
    const EXPIRES_SOON: TimeDelta = TimeDelta::days(30);

    pub(in super::super) fn check(
        options: &EtcdOptions,
        files: &StoreOptions,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        if !options.is_encrypted() {
            findings.ok(AREA, format!("{}, without TLS", options.address));
        }
        report_certificate(options, findings);
        let runtime = runtime(WORKERS)?;
        let found = runtime.block_on(async {
            let mut signals = StopSignals::listen()?;
            tokio::select! {
                found = survey(options, files) => Ok(found),
                exit = signals.next() => Err(Failure::Signal(exit)),
            }
        });
        runtime.shutdown_background();
        match found? {
            Ok(found) => report(&found, options, findings),
            Err(error) => findings.problem(AREA, error.to_string(), None, Exit::Store),
        }
        Ok(())
    }

    fn report(found: &EtcdSurvey, options: &EtcdOptions, findings: &mut Findings) {
        let is_any = found.nodes.iter().any(|node| node.state.is_ok());
        for node in &found.nodes {
            report_node(node, is_any, findings);
        }
        match &found.alarms {
            Ok(alarms) => alarms
                .iter()
                .for_each(|alarm| report_alarm(*alarm, findings)),
            Err(error) => findings.warning(AREA, error.to_string(), None),
        }
        found
            .unused
            .iter()
            .for_each(|unused| report_unused(unused, findings));
        let address = &options.address;
        match &found.store {
            Ok(true) => {
                findings.ok("store", format!("{address}; the key matches"));
                report_index(found.index.as_ref(), findings);
                if let Err(error) = &found.remembered {
                    let says = format!("{error}; if etcd loses the store, it is not noticed here");
                    let todo = "make the file readable and its directory writable: umai records there which stores it has used";
                    findings.warning("store", says, Some(todo.into()));
                }
            }
            Ok(false) => findings.ok(
                "store",
                format!(
                    "none yet at {address}; the app, umai serve or a command that adds something creates it"
                ),
            ),
            Err(error @ StoreError::Key(_)) => {
                findings.problem("key", error.to_string(), None, Exit::Store);
            }
            Err(error) => findings.problem("store", error.to_string(), None, Exit::Store),
        }
    }

    /// Reports the saved index, which lists start from.
    fn report_index(index: Option<&SavedIndexState>, findings: &mut Findings) {
        let Some(SavedIndexState {
            path,
            size,
            is_usable,
        }) = index
        else {
            findings.ok(
                AREA,
                "no index saved on this machine; the next list saves one",
            );
            return;
        };
        let use_of_it = if *is_usable {
            "used by the next list"
        } else {
            "not readable by this version and key; the next list replaces it"
        };
        findings.ok(
            AREA,
            format!("index {} ({}), {use_of_it}", path.display(), bytes(*size)),
        );
    }

    /// Reports keys that an interrupted command left.
    fn report_unused(unused: &UnusedContent, findings: &mut Findings) {
        let UnusedContent { prefix, keys } = unused;
        findings.warning(
            AREA,
            format!(
                "{keys} keys below {prefix} are not in use: a restore, a copy or a new key was interrupted, or is running now"
            ),
            Some(
                "if none is running, run the interrupted command again: it goes on with them, or removes them".into(),
            ),
        );
    }

    /// Reports a node. One that does not answer is a problem only if no other one does.
    fn report_node(node: &NodeSurvey, is_any: bool, findings: &mut Findings) {
        let NodeState {
            version,
            role,
            size,
            in_use,
            quota,
            lag,
        } = match &node.state {
            Ok(state) => state,
            Err(why) => {
                let says = format!("{} does not answer ({why})", node.name);
                let todo = Some("start the node, or correct the address of the store".to_owned());
                if is_any {
                    findings.warning(AREA, says, todo);
                } else {
                    findings.problem(AREA, says, todo, Exit::Store);
                }
                return;
            }
        };
        let name = &node.name;
        let share = quota.map(|quota| size.saturating_mul(100) / quota);
        let of_quota = share.map_or_else(String::new, |share| format!(", {share} % of its quota"));
        let sizes = format!(
            "database {}, {} in use{of_quota}",
            bytes(*size),
            bytes(*in_use)
        );
        let role = match role {
            NodeRole::Leader => "leader",
            NodeRole::Follower => "follower",
            NodeRole::WithoutLeader => {
                findings.problem(
                    AREA,
                    format!(
                        "{name} has no leader: fewer than half of the nodes can reach each other"
                    ),
                    Some("start the other nodes".into()),
                    Exit::Store,
                );
                return;
            }
        };
        findings.ok(AREA, format!("{name}: version {version}, {role}, {sizes}"));
        if refuses_reads_when_full(version) {
            let says = format!(
                "version {version} of {name} refuses umai's reads, too, when the database is full"
            );
            let todo = "update etcd: to 3.4.20, 3.5.7 or later";
            findings.warning(AREA, says, Some(todo.into()));
        }
        report_size(node, (*size, share), findings);
        if *lag > SMALL_LAG {
            findings.warning(AREA, format!("{name} is {lag} entries behind"), None);
        }
    }

    fn refuses_reads_when_full(version: &str) -> bool {
        let numbers = version.split(['.', '-']);
        let numbers = numbers.map_while(|part| part.parse().ok());
        let Ok(version) = <[u32; 3]>::try_from(numbers.take(3).collect::<Vec<_>>()) else {
            return false;
        };
        let is_of_series = |first: &&[u32; 3]| first[..2] == version[..2];
        let first = ALLOW_READS.iter().find(is_of_series);
        version < *first.unwrap_or(&ALLOW_READS[0])
    }

    /// Warns before the quota is used up.
    fn report_size(node: &NodeSurvey, (size, share): (u64, Option<u64>), findings: &mut Findings) {
        let says = match share {
            Some(share) if share >= LARGE_SHARE => {
                format!("the database of {} uses {share} % of its quota", node.name)
            }
            None if size * 100 >= DEFAULT_QUOTA * LARGE_SHARE => format!(
                "the database of {} has {}; the quota, which is {} by default, is not reported by this version of etcd",
                node.name,
                bytes(size),
                bytes(DEFAULT_QUOTA)
            ),
            Some(_) | None => return,
        };
        let todo = "compact and defragment it, or raise --quota-backend-bytes";
        findings.warning(AREA, says, Some(todo.into()));
    }

    fn report_certificate(options: &EtcdOptions, findings: &mut Findings) {
        let Some(end) = options.certificate_expiry() else {
            return;
        };
        let date = end.format("%Y-%m-%d");
        let left = end - Utc::now();
        let todo = Some("replace the file of --store-cert-file".to_owned());
        if left < TimeDelta::zero() {
            let says = format!("the client certificate expired on {date}");
            findings.problem(AREA, says, todo, Exit::Store);
        } else if left < EXPIRES_SOON {
            let says = format!("the client certificate expires on {date}");
            findings.warning(AREA, says, todo);
        } else {
            findings.ok(AREA, format!("client certificate, valid until {date}"));
        }
    }

    fn report_alarm(alarm: EtcdAlarm, findings: &mut Findings) {
        let (says, todo) = match alarm {
            EtcdAlarm::NoSpace => (
                "the quota of the database is used up: nothing can be saved",
                "compact and defragment it, then: etcdctl alarm disarm",
            ),
            EtcdAlarm::Corrupt => (
                "etcd found corrupt data on a node",
                "replace the node, or restore a snapshot of the cluster",
            ),
        };
        findings.problem(AREA, says, Some(todo.into()), Exit::Store);
    }

    #[cfg(test)]
    mod tests {
        use rstest::rstest;

        use super::refuses_reads_when_full;

        #[rstest]
        #[case("", false)]
        #[case("3.3.27", true)]
        #[case("3.4.19", true)]
        #[case("3.4.20", false)]
        #[case("3.5.1", true)]
        #[case("3.5.7", false)]
        #[case("3.6.0-rc.1", false)]
        fn faulty_versions_are_known(#[case] version: &str, #[case] is_faulty: bool) {
            assert_eq!(refuses_reads_when_full(version), is_faulty);
        }
    }
}
