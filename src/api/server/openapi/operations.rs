//! Every operation there is: what it takes, what it gives, what it refuses.

use super::operation::Operation;
use super::operation::Shape::{Events, Json};
use super::operation::{delete, get, post, put};

/// All of them.
pub const OPERATIONS: &[Operation] = &[
    get(
        "/connections",
        "listConnections",
        "The connections that a query admits, by name",
        Json("ConnectionPage"),
    )
    .asking(&[
        "filter",
        "providerId",
        "capability",
        "isActive",
        "skip",
        "take",
    ]),
    post(
        "/connections",
        "createConnection",
        "A new connection",
        Json("Connection"),
    )
    .taking("NewConnection")
    .created()
    .with(&["Location", "ETag"])
    .refusing(&[413, 415]),
    get(
        "/connections/{idOrAlias}",
        "getConnection",
        "One connection, its secrets masked",
        Json("Connection"),
    )
    .asking(&["If-None-Match"])
    .with(&["ETag"])
    .refusing(&[404]),
    put(
        "/connections/{idOrAlias}",
        "updateConnection",
        "The connection with what the body says changed",
        Json("Connection"),
    )
    .asking(&["If-Match"])
    .taking("ConnectionChange")
    .with(&["ETag"])
    .refusing(&[404, 412, 413, 415]),
    delete(
        "/connections/{idOrAlias}",
        "deleteConnection",
        "The connection is in the trash",
    )
    .asking(&["If-Match"])
    .refusing(&[404, 412]),
    get(
        "/connections/{idOrAlias}/exists",
        "connectionExists",
        "Whether a connection has this alias",
        Json("Exists"),
    )
    .asking(&["excludeId"]),
    post(
        "/connections/{idOrAlias}/duplicate",
        "duplicateConnection",
        "A new connection that is what this one is, its secrets among it, with the body laid over it",
        Json("Connection"),
    )
    .taking("ConnectionChange")
    .created()
    .with(&["Location", "ETag"])
    .refusing(&[404, 413, 415]),
    post(
        "/connections/{idOrAlias}/test",
        "testConnection",
        "How far a test came of what is stored, or of that with the body laid over it",
        Json("TestReport"),
    )
    .taking_if_any("ConnectionChange")
    .refusing(&[404, 413, 415]),
    post(
        "/connection-tests",
        "testDraft",
        "How far a test came of a connection that is not there yet",
        Json("TestReport"),
    )
    .taking("NewConnection")
    .refusing(&[404, 413, 415]),
    get(
        "/connections/{idOrAlias}/models",
        "listModels",
        "The models that the provider names",
        Json("Models"),
    )
    .asking(&["capability"])
    .refusing(&[404, 502]),
    get(
        "/connections/capabilities",
        "listCapabilities",
        "What the configured connections can do",
        Json("Capabilities"),
    ),
    get(
        "/connections/capabilities/{capability}",
        "listConnectionsByCapability",
        "The connections that can do it",
        Json("ConnectionPage"),
    )
    .asking(&["skip", "take"]),
    get(
        "/connections/{idOrAlias}/capabilities",
        "getConnectionCapabilities",
        "What a connection can do",
        Json("CapabilityList"),
    )
    .refusing(&[404]),
    get(
        "/providers",
        "listProviders",
        "The providers that a connection can be made for",
        Json("Providers"),
    )
    .asking(&["expandSettings"]),
    get(
        "/providers/{id}",
        "getProvider",
        "One provider with its settings",
        Json("Provider"),
    )
    .refusing(&[404]),
    get(
        "/provider",
        "listProvidersToo",
        "The same as /providers",
        Json("Providers"),
    )
    .asking(&["expandSettings"]),
    get(
        "/provider/{id}",
        "getProviderToo",
        "The same as /providers/{id}",
        Json("Provider"),
    )
    .refusing(&[404]),
    get(
        "/versions/supported-types",
        "listVersionedTypes",
        "What has versions",
        Json("VersionedTypes"),
    ),
    get(
        "/versions/{entityType}/{id}",
        "listVersions",
        "The versions of a connection, newest first",
        Json("VersionPage"),
    )
    .asking(&["skip", "take", "expandSnapshot"])
    .refusing(&[404]),
    get(
        "/versions/{entityType}/{id}/{version}",
        "getVersion",
        "One version, with what the connection was",
        Json("Version"),
    )
    .refusing(&[404]),
    get(
        "/versions/{entityType}/{id}/{version}/compare/{to}",
        "compareVersions",
        "What differs between two versions",
        Json("Comparison"),
    )
    .refusing(&[404]),
    post(
        "/versions/{entityType}/{id}/{version}/rollback",
        "rollBack",
        "The connection is what it was then; its secrets stay those stored now",
        Json("Rollback"),
    )
    .taking_if_any("RollbackRequest")
    .refusing(&[404, 413, 415]),
    get(
        "/trash",
        "listTrash",
        "The connections in the trash, by name",
        Json("ConnectionPage"),
    )
    .asking(&["skip", "take"]),
    delete(
        "/trash/{id}",
        "purge",
        "The connection is gone for good, with its history",
    )
    .refusing(&[404, 412]),
    post(
        "/trash/{id}/restore",
        "restore",
        "The connection is back from the trash",
        Json("Connection"),
    )
    .taking_if_any("RestoreRequest")
    .with(&["ETag"])
    .refusing(&[404, 412, 413, 415]),
    get(
        "/aliases",
        "listAliases",
        "The aliases in use that begin with something, in their order",
        Json("Aliases"),
    )
    .asking(&["prefix", "take"]),
    get(
        "/appsettings",
        "listConfigurationKeys",
        "The configuration keys that may be referenced and resolve, by name, at most 1000; never their values",
        Json("ConfigurationKeys"),
    ),
    get(
        "/appsettings/{key}",
        "lookUp",
        "Whether a configuration key resolves, and where; never its value",
        Json("Lookup"),
    ),
    get(
        "/notices",
        "listNotices",
        "What people should know since the server started",
        Json("Notices"),
    ),
    get(
        "/changes",
        "followChanges",
        "What happens from now on, or from where a reader was cut off",
        Events,
    )
    .asking(&["since", "Last-Event-ID"])
    .refusing(&[410]),
    get(
        "/changes/latest",
        "getRevision",
        "The newest point in the store's history",
        Json("Revision"),
    ),
    get("/health", "getHealth", "The server lives", Json("Health")).at_root(),
    get(
        "/openapi.json",
        "getOpenApi",
        "This document",
        Json("Document"),
    )
    .at_root(),
];
