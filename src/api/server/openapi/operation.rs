//! What there is to say of an operation.

/// What can be asked.
pub struct Operation {
    /// The method in lower case.
    pub method: &'static str,
    /// The address.
    pub path: &'static str,
    /// What the address begins with.
    pub below: Below,
    /// The name that generated clients call it by.
    pub id: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// What it can be given in the query and in headers, by the name in `parameters`.
    pub parameters: &'static [&'static str],
    /// What it can be given in the body.
    pub body: Option<Body>,
    /// The status when it is done, and what comes back.
    pub success: (u16, Shape),
    /// The headers that come with it.
    pub headers: &'static [&'static str],
    /// The statuses when it is not done, beside those that everything has.
    pub refusals: &'static [u16],
}

/// Where an address begins.
#[derive(Clone, Copy)]
pub enum Below {
    /// At the base path.
    Base,
    /// At the server's root.
    Root,
}

/// A body that can be sent.
#[derive(Clone, Copy)]
pub struct Body {
    /// Its schema.
    pub schema: &'static str,
    /// Whether there must be one.
    pub is_required: bool,
}

/// What comes back.
#[derive(Clone, Copy)]
pub enum Shape {
    /// JSON of this schema.
    Json(&'static str),
    /// Server-sent events.
    Events,
    /// No body.
    Nothing,
}

/// Reads.
pub const fn get(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    gives: Shape,
) -> Operation {
    Operation {
        method: "get",
        path,
        below: Below::Base,
        id,
        summary,
        parameters: &[],
        body: None,
        success: (200, gives),
        headers: &[],
        refusals: &[],
    }
}

/// Does something, or makes something new.
pub const fn post(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    gives: Shape,
) -> Operation {
    Operation {
        method: "post",
        ..get(path, id, summary, gives)
    }
}

/// Changes.
pub const fn put(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    gives: Shape,
) -> Operation {
    Operation {
        method: "put",
        ..get(path, id, summary, gives)
    }
}

/// Takes away.
pub const fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation {
        method: "delete",
        ..get(path, id, summary, Shape::Nothing)
    }
}

impl Operation {
    /// The query parameters and headers it takes.
    pub const fn asking(self, parameters: &'static [&'static str]) -> Self {
        Self { parameters, ..self }
    }

    /// The body it must be given.
    pub const fn taking(self, schema: &'static str) -> Self {
        let body = Some(Body {
            schema,
            is_required: true,
        });
        Self { body, ..self }
    }

    /// The body it can be given.
    pub const fn taking_if_any(self, schema: &'static str) -> Self {
        let body = Some(Body {
            schema,
            is_required: false,
        });
        Self { body, ..self }
    }

    /// The headers that come with success.
    pub const fn with(self, headers: &'static [&'static str]) -> Self {
        Self { headers, ..self }
    }

    /// The statuses when it is not done.
    pub const fn refusing(self, refusals: &'static [u16]) -> Self {
        Self { refusals, ..self }
    }

    /// Success is 201.
    pub const fn created(self) -> Self {
        let (_, shape) = self.success;
        Self {
            success: (201, shape),
            ..self
        }
    }

    /// Its address does not begin with the base path.
    pub const fn at_root(self) -> Self {
        Self {
            below: Below::Root,
            ..self
        }
    }
}
