//! One operation: a method of a path, what it takes, and everything it answers.

use std::collections::BTreeMap;

use postern::wire::management::ManagementRefusal;
use postern::wire::refusal::Refusal;

use crate::refused::Refused;
use crate::schema::Schema;

/// How a limit stands.
pub(crate) const QUOTA: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];

/// A group of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
}

/// A method of HTTP that an operation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are HTTP's")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Nobody,
    /// A client, which says who it is in the body or by HTTP Basic.
    Client,
    /// The bearer of an `mfa_token`, or of an access token for the `/mfa/` audience with that scope.
    Mfa(&'static str),
    /// The bearer of such an access token only.
    MfaAccess(&'static str),
    /// The bearer of a user's access token.
    User,
    /// The bearer of a token for the Management API with that scope.
    Management(&'static str),
}

/// Where a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) is_required: bool,
    pub(crate) schema: Schema,
}

#[derive(Clone, Debug)]
pub(crate) struct RequestBody {
    pub(crate) schema: Schema,
    pub(crate) is_required: bool,
    /// Forms as well as JSON (contract A2).
    pub(crate) is_form_too: bool,
    /// Not only, for pages: forms alone.
    pub(crate) is_json_too: bool,
}

/// What an answer brings.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Nothing,
    Json(Schema),
    /// Whole pages, or other text.
    Html(&'static str),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// What it means; that of refusals is their status.
    pub(crate) about: Option<&'static str>,
    pub(crate) content: Option<Content>,
    pub(crate) headers: Vec<&'static str>,
    pub(crate) refused: Vec<Refused>,
    /// Its name among the components, where it is the same for many operations.
    pub(crate) shared_as: Option<&'static str>,
}

/// An operation. It is built by saying one thing after the other.
#[derive(Clone, Debug)]
pub struct Operation {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) id: &'static str,
    pub(crate) tag: Tag,
    pub(crate) access: Access,
    pub(crate) summary: &'static str,
    pub(crate) description: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<RequestBody>,
    pub(crate) answers: BTreeMap<u16, Answer>,
}

impl Operation {
    /// An operation of the Authentication API.
    #[must_use]
    pub fn new(method: Method, path: &'static str, id: &'static str, tag: Tag, access: Access) -> Self {
        let operation = Self {
            method,
            path,
            id,
            tag,
            access,
            summary: "",
            description: None,
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
        };
        match access {
            Access::Management(_) => operation,
            _ => {
                operation.shares("Failed", [Refusal::Internal]).shares("Unavailable", [Refusal::Unavailable])
            }
        }
    }

    /// An operation of the Management API: it takes a token with `scope`, and refuses others.
    #[must_use]
    pub fn managed(
        method: Method,
        path: &'static str,
        id: &'static str,
        tag: Tag,
        scope: &'static str,
    ) -> Self {
        use ManagementRefusal::{
            Busy, ExpiredToken, InsufficientScope, Internal, InvalidToken, MissingAuthentication, Unavailable,
        };
        let operation = Self::new(method, path, id, tag, Access::Management(scope))
            .shares("ManagementUnauthorized", [MissingAuthentication, InvalidToken, ExpiredToken])
            .refuses([InsufficientScope(scope)])
            .shares("ManagementFailed", [Internal])
            .shares("ManagementUnavailable", [Unavailable]);
        match method {
            Method::Get => operation,
            _ => operation.shares("ManagementBusy", [Busy]),
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub fn summary(mut self, text: &'static str) -> Self {
        self.summary = text;
        self
    }

    /// What else there is to know of it.
    #[must_use]
    pub fn about(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// A part of the path.
    #[must_use]
    pub fn path(self, name: &'static str, schema: Schema) -> Self {
        self.parameter(Parameter { name, place: Place::Path, is_required: true, schema })
    }

    /// A parameter of the query that may be there.
    #[must_use]
    pub fn query(self, name: &'static str, schema: Schema) -> Self {
        self.parameter(Parameter { name, place: Place::Query, is_required: false, schema })
    }

    /// A parameter of the query that must be there.
    #[must_use]
    pub fn needs_query(self, name: &'static str, schema: Schema) -> Self {
        self.parameter(Parameter { name, place: Place::Query, is_required: true, schema })
    }

    /// A header that may be there.
    #[must_use]
    pub fn header(self, name: &'static str, schema: Schema) -> Self {
        self.parameter(Parameter { name, place: Place::Header, is_required: false, schema })
    }

    fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// A body of JSON.
    #[must_use]
    pub fn json(self, schema: Schema) -> Self {
        let body = RequestBody { schema, is_required: true, is_form_too: false, is_json_too: true };
        self.body(body).shares("ManagementBodyTooLarge", [ManagementRefusal::BodyTooLarge])
    }

    /// A body that is JSON or a form.
    #[must_use]
    pub fn params(self, schema: Schema) -> Self {
        let body = RequestBody { schema, is_required: true, is_form_too: true, is_json_too: true };
        self.body(body).shares("BodyTooLarge", [Refusal::BodyTooLarge])
    }

    /// The form of a page.
    #[must_use]
    pub fn form(self, schema: Schema) -> Self {
        let body = RequestBody { schema, is_required: true, is_form_too: true, is_json_too: false };
        self.body(body).shares("BodyTooLarge", [Refusal::BodyTooLarge])
    }

    fn body(mut self, body: RequestBody) -> Self {
        self.body = Some(body);
        self
    }

    /// It succeeds with JSON.
    #[must_use]
    pub fn answers(self, status: u16, about: &'static str, schema: Schema) -> Self {
        self.answer(status, about, Content::Json(schema))
    }

    /// It succeeds with nothing to say.
    #[must_use]
    pub fn answers_nothing(self, status: u16, about: &'static str) -> Self {
        self.answer(status, about, Content::Nothing)
    }

    /// It answers a page, or text that is declared as one.
    #[must_use]
    pub fn shows(self, status: u16, about: &'static str, example: &'static str) -> Self {
        self.answer(status, about, Content::Html(example))
    }

    fn answer(mut self, status: u16, about: &'static str, content: Content) -> Self {
        let answer = self.answers.entry(status).or_default();
        (answer.about, answer.content, answer.shared_as) = (Some(about), Some(content), None);
        self
    }

    /// The answers of these statuses tell how a limit stands.
    #[must_use]
    pub fn tells_limits(mut self, statuses: &[u16]) -> Self {
        for status in statuses {
            self.answers.entry(*status).or_default().headers.extend(QUOTA);
        }
        self
    }

    /// An answer has a header that matters.
    #[must_use]
    pub fn tells(mut self, status: u16, header: &'static str) -> Self {
        self.answers.entry(status).or_default().headers.push(header);
        self
    }

    /// What it refuses, as its handler does.
    #[must_use]
    pub fn refuses<R: Into<Refused>>(mut self, refusals: impl IntoIterator<Item = R>) -> Self {
        for refused in refusals.into_iter().map(Into::into) {
            let answer = self.answers.entry(refused.status).or_default();
            if !answer.refused.iter().any(|other| other.body == refused.body) {
                answer.refused.push(refused);
                answer.shared_as = None;
            }
        }
        self
    }

    /// The same, of refusals that many operations have and that stand among the components.
    #[must_use]
    pub fn shares<R: Into<Refused>>(
        mut self,
        name: &'static str,
        refusals: impl IntoIterator<Item = R>,
    ) -> Self {
        let refusals: Vec<Refused> = refusals.into_iter().map(Into::into).collect();
        let Some(status) = refusals.first().map(|refused| refused.status) else { return self };
        let is_alone = !self.answers.contains_key(&status);
        self = self.refuses(refusals);
        if let Some(answer) = self.answers.get_mut(&status).filter(|_| is_alone) {
            answer.shared_as = Some(name);
        }
        self
    }

    /// Method and path, as the contract writes them.
    #[must_use]
    pub fn route(&self) -> (String, &'static str) {
        (self.method.as_str().to_ascii_uppercase(), self.path)
    }

    /// The scope of the Management API that it asks for.
    #[must_use]
    pub fn management_scope(&self) -> Option<&'static str> {
        match self.access {
            Access::Management(scope) => Some(scope),
            _ => None,
        }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What it does, in a few words.
    #[must_use]
    pub fn summary_text(&self) -> &'static str {
        self.summary
    }
}
