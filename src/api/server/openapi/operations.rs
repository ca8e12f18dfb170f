//! Table of operations: parameters, bodies and responses.

use super::operation::ResponseKind::{Events, Json};
use super::operation::{Operation, delete, get, post, put};

/// Every operation of the API.
pub const OPERATIONS: &[Operation] = &[
    get(
        "/connections",
        "listConnections",
        "List connections by name",
        Json("ConnectionPage"),
    )
    .with_parameters(&[
        "filter",
        "providerId",
        "capability",
        "isActive",
        "skip",
        "take",
        "afterName",
        "afterAlias",
    ]),
    post(
        "/connections",
        "createConnection",
        "Create a connection",
        Json("Connection"),
    )
    .with_body("NewConnection")
    .created()
    .with_headers(&["Location", "ETag"])
    .with_errors(&[413, 415]),
    get(
        "/connections/{idOrAlias}",
        "getConnection",
        "Get a connection, with its secrets masked",
        Json("Connection"),
    )
    .with_parameters(&["If-None-Match"])
    .with_headers(&["ETag"])
    .with_errors(&[404]),
    put(
        "/connections/{idOrAlias}",
        "updateConnection",
        "Update a connection; absent members stay unchanged",
        Json("Connection"),
    )
    .with_parameters(&["If-Match"])
    .with_body("ConnectionChange")
    .with_headers(&["ETag"])
    .with_errors(&[404, 412, 413, 415]),
    delete(
        "/connections/{idOrAlias}",
        "deleteConnection",
        "Move a connection to the trash",
    )
    .with_parameters(&["If-Match"])
    .with_errors(&[404, 412]),
    get(
        "/connections/{idOrAlias}/exists",
        "connectionExists",
        "Check whether an alias is in use",
        Json("Exists"),
    )
    .with_parameters(&["excludeId"]),
    post(
        "/connections/{idOrAlias}/duplicate",
        "duplicateConnection",
        "Duplicate a connection, including its secrets; members of the body replace those of the original",
        Json("Connection"),
    )
    .with_body("ConnectionChange")
    .created()
    .with_headers(&["Location", "ETag"])
    .with_errors(&[404, 413, 415]),
    post(
        "/connections/{idOrAlias}/test",
        "testConnection",
        "Test a stored connection, optionally with changes from the body",
        Json("TestReport"),
    )
    .with_optional_body("ConnectionChange")
    .with_errors(&[404, 413, 415]),
    post(
        "/connection-tests",
        "testDraft",
        "Test a connection before it is created",
        Json("TestReport"),
    )
    .with_body("NewConnection")
    .with_errors(&[404, 413, 415]),
    get(
        "/connections/{idOrAlias}/models",
        "listModels",
        "List the models that the provider offers to the connection",
        Json("Models"),
    )
    .with_parameters(&["capability"])
    .with_errors(&[404, 502]),
    get(
        "/connections/capabilities",
        "listCapabilities",
        "List the capabilities of the configured connections",
        Json("Capabilities"),
    ),
    get(
        "/connections/capabilities/{capability}",
        "listConnectionsByCapability",
        "List the connections with a capability",
        Json("ConnectionPage"),
    )
    .with_parameters(&["skip", "take"]),
    get(
        "/connections/{idOrAlias}/capabilities",
        "getConnectionCapabilities",
        "Get the capabilities of a connection",
        Json("CapabilityList"),
    )
    .with_errors(&[404]),
    get(
        "/providers",
        "listProviders",
        "List the available providers",
        Json("Providers"),
    )
    .with_parameters(&["expandSettings"]),
    get(
        "/providers/{id}",
        "getProvider",
        "Get a provider with its settings",
        Json("Provider"),
    )
    .with_errors(&[404]),
    get(
        "/provider",
        "listProvidersToo",
        "Alias of /providers",
        Json("Providers"),
    )
    .with_parameters(&["expandSettings"]),
    get(
        "/provider/{id}",
        "getProviderToo",
        "Alias of /providers/{id}",
        Json("Provider"),
    )
    .with_errors(&[404]),
    get(
        "/versions/supported-types",
        "listVersionedTypes",
        "List the entity types that have versions",
        Json("VersionedTypes"),
    ),
    get(
        "/versions/{entityType}/{id}",
        "listVersions",
        "List the versions of a connection, newest first",
        Json("VersionPage"),
    )
    .with_parameters(&["skip", "take", "expandSnapshot"])
    .with_errors(&[404]),
    get(
        "/versions/{entityType}/{id}/{version}",
        "getVersion",
        "Get a version with its snapshot",
        Json("Version"),
    )
    .with_errors(&[404]),
    get(
        "/versions/{entityType}/{id}/{version}/compare/{to}",
        "compareVersions",
        "Compare two versions",
        Json("Comparison"),
    )
    .with_errors(&[404]),
    post(
        "/versions/{entityType}/{id}/{version}/rollback",
        "rollBack",
        "Roll back to a version; stored secrets are kept",
        Json("Rollback"),
    )
    .with_optional_body("RollbackRequest")
    .with_errors(&[404, 413, 415]),
    get(
        "/trash",
        "listTrash",
        "List the connections in the trash by name",
        Json("ConnectionPage"),
    )
    .with_parameters(&["skip", "take"]),
    delete(
        "/trash/{id}",
        "purge",
        "Delete a connection in the trash permanently, including its history",
    )
    .with_errors(&[404, 412]),
    post(
        "/trash/{id}/restore",
        "restore",
        "Restore a connection from the trash",
        Json("Connection"),
    )
    .with_optional_body("RestoreRequest")
    .with_headers(&["ETag"])
    .with_errors(&[404, 412, 413, 415]),
    get(
        "/aliases",
        "listAliases",
        "List the aliases with a prefix, in alphabetical order",
        Json("Aliases"),
    )
    .with_parameters(&["prefix", "take"]),
    get(
        "/appsettings",
        "listConfigurationKeys",
        "List the configuration keys that may be referenced and have a value, by name, at most 1000; values are never included",
        Json("ConfigurationKeys"),
    ),
    get(
        "/appsettings/{key}",
        "lookUp",
        "Look up a configuration key and its source; the value is never included",
        Json("Lookup"),
    ),
    get(
        "/notices",
        "listNotices",
        "List the notices since the server started",
        Json("Notices"),
    ),
    get(
        "/changes",
        "followChanges",
        "Stream changes as server-sent events, from now or after a revision",
        Events,
    )
    .with_parameters(&["since", "Last-Event-ID"])
    .with_errors(&[410]),
    get(
        "/changes/latest",
        "getRevision",
        "Get the newest revision of the store",
        Json("Revision"),
    ),
    get("/health", "getHealth", "Check that the server is running", Json("Health")).at_root(),
    get(
        "/openapi.json",
        "getOpenApi",
        "Get this document",
        Json("Document"),
    )
    .at_root(),
];
