//! Description of an operation.

/// An operation.
pub struct Operation {
    /// Method in lower case.
    pub method: &'static str,
    /// Path template.
    pub path: &'static str,
    /// Mount point of the path.
    pub below: Mount,
    /// Operation ID, the method name in generated clients.
    pub id: &'static str,
    /// One-line summary.
    pub summary: &'static str,
    /// Query and header parameters, by their name in `parameters`.
    pub parameters: &'static [&'static str],
    /// Request body.
    pub body: Option<RequestBody>,
    /// Status and body of the successful response.
    pub success: (u16, ResponseKind),
    /// Headers of the successful response.
    pub headers: &'static [&'static str],
    /// Error statuses besides those of every operation.
    pub errors: &'static [u16],
}

/// Mount point of a path.
#[derive(Clone, Copy)]
pub enum Mount {
    /// Below the base path.
    Base,
    /// At the server root.
    Root,
}

/// A request body.
#[derive(Clone, Copy)]
pub struct RequestBody {
    /// Schema name.
    pub schema: &'static str,
    /// True when the body is required.
    pub is_required: bool,
}

/// Body of a response.
#[derive(Clone, Copy)]
pub enum ResponseKind {
    /// JSON with this schema.
    Json(&'static str),
    /// Server-sent events.
    Events,
    /// No body.
    Nothing,
}

/// Creates a GET operation.
pub const fn get(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    shape: ResponseKind,
) -> Operation {
    Operation {
        method: "get",
        path,
        below: Mount::Base,
        id,
        summary,
        parameters: &[],
        body: None,
        success: (200, shape),
        headers: &[],
        errors: &[],
    }
}

/// Creates a POST operation.
pub const fn post(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    shape: ResponseKind,
) -> Operation {
    Operation {
        method: "post",
        ..get(path, id, summary, shape)
    }
}

/// Creates a PUT operation.
pub const fn put(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    shape: ResponseKind,
) -> Operation {
    Operation {
        method: "put",
        ..get(path, id, summary, shape)
    }
}

/// Creates a DELETE operation.
pub const fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation {
        method: "delete",
        ..get(path, id, summary, ResponseKind::Nothing)
    }
}

impl Operation {
    /// Sets the query and header parameters.
    pub const fn with_parameters(self, parameters: &'static [&'static str]) -> Self {
        Self { parameters, ..self }
    }

    /// Sets a required request body.
    pub const fn with_body(self, schema: &'static str) -> Self {
        let body = Some(RequestBody {
            schema,
            is_required: true,
        });
        Self { body, ..self }
    }

    /// Sets an optional request body.
    pub const fn with_optional_body(self, schema: &'static str) -> Self {
        let body = Some(RequestBody {
            schema,
            is_required: false,
        });
        Self { body, ..self }
    }

    /// Sets the headers of the successful response.
    pub const fn with_headers(self, headers: &'static [&'static str]) -> Self {
        Self { headers, ..self }
    }

    /// Sets the error statuses.
    pub const fn with_errors(self, errors: &'static [u16]) -> Self {
        Self { errors, ..self }
    }

    /// Sets the success status to 201.
    pub const fn created(self) -> Self {
        let (_, shape) = self.success;
        Self {
            success: (201, shape),
            ..self
        }
    }

    /// Mounts the operation at the server root.
    pub const fn at_root(self) -> Self {
        Self {
            below: Mount::Root,
            ..self
        }
    }
}
