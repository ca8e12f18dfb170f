//! Routes: handlers with their path and documentation.

use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};

use super::ApiState;
use crate::api::BASE_PATH;

/// A handler with its path and documentation.
pub struct Route {
    /// Path, parameters, bodies and responses.
    pub operation: Operation,
    /// Handler for the method of the operation.
    pub handler: MethodRouter<ApiState>,
}

/// An operation.
pub struct Operation {
    /// Method.
    pub method: Method,
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

/// Method of an operation.
#[derive(Clone, Copy)]
pub enum Method {
    /// GET, also for HEAD.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}

impl Method {
    /// Returns the name in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Delete => "delete",
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Delete => MethodFilter::DELETE,
        }
    }
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
pub fn get(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    shape: ResponseKind,
) -> Operation {
    Operation {
        method: Method::Get,
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
pub fn post(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    shape: ResponseKind,
) -> Operation {
    Operation {
        method: Method::Post,
        ..get(path, id, summary, shape)
    }
}

/// Creates a PUT operation.
pub fn put(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    shape: ResponseKind,
) -> Operation {
    Operation {
        method: Method::Put,
        ..get(path, id, summary, shape)
    }
}

/// Creates a DELETE operation.
pub fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation {
        method: Method::Delete,
        ..get(path, id, summary, ResponseKind::Nothing)
    }
}

impl Operation {
    /// Sets the query and header parameters.
    pub fn with_parameters(self, parameters: &'static [&'static str]) -> Self {
        Self { parameters, ..self }
    }

    /// Sets a required request body.
    pub fn with_body(self, schema: &'static str) -> Self {
        let body = Some(RequestBody {
            schema,
            is_required: true,
        });
        Self { body, ..self }
    }

    /// Sets an optional request body.
    pub fn with_optional_body(self, schema: &'static str) -> Self {
        let body = Some(RequestBody {
            schema,
            is_required: false,
        });
        Self { body, ..self }
    }

    /// Sets the headers of the successful response.
    pub fn with_headers(self, headers: &'static [&'static str]) -> Self {
        Self { headers, ..self }
    }

    /// Sets the error statuses.
    pub fn with_errors(self, errors: &'static [u16]) -> Self {
        Self { errors, ..self }
    }

    /// Sets the success status to 201.
    pub fn created(self) -> Self {
        let (_, shape) = self.success;
        Self {
            success: (201, shape),
            ..self
        }
    }

    /// Mounts the operation at the server root.
    pub fn at_root(self) -> Self {
        Self {
            below: Mount::Root,
            ..self
        }
    }

    /// Returns the path template from the server root.
    pub fn full_path(&self) -> String {
        match self.below {
            Mount::Base => format!("{BASE_PATH}{}", self.path),
            Mount::Root => self.path.to_owned(),
        }
    }

    /// Adds the handler.
    pub fn handled_by<H, T>(self, handler: H) -> Route
    where
        H: Handler<T, ApiState>,
        T: 'static,
    {
        Route {
            handler: on(self.method.filter(), handler),
            operation: self,
        }
    }
}
