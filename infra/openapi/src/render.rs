//! Operations as OpenAPI writes them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::headers;
use crate::operation::{Access, Answer, Content, Operation, Parameter, Place, RequestBody};
use crate::refused::{Kind, Refused};
use crate::schema::Schema;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const HTML: &str = "text/html";

/// What operations have in common.
#[derive(Debug, Default)]
pub(crate) struct Components {
    pub(crate) schemas: BTreeMap<&'static str, Value>,
    pub(crate) responses: BTreeMap<&'static str, Value>,
}

impl Components {
    fn takes(&mut self, schema: &Schema) -> Value {
        self.schemas.extend(schema.definitions().iter().map(|(name, json)| (*name, json.clone())));
        schema.json()
    }
}

/// An operation object; what it refers to is added to the components.
pub(crate) fn operation(operation: &Operation, components: &mut Components) -> Value {
    let mut object = Map::new();
    object.insert("tags".to_owned(), json!([operation.tag.name]));
    object.insert("summary".to_owned(), operation.summary.into());
    if let Some(text) = &operation.description {
        object.insert("description".to_owned(), text.as_str().into());
    }
    object.insert("operationId".to_owned(), operation.id.into());
    object.insert("security".to_owned(), security(operation.access));
    if !operation.parameters.is_empty() {
        let parameters = operation.parameters.iter().map(|it| parameter(it, components));
        object.insert("parameters".to_owned(), parameters.collect());
    }
    if let Some(body) = &operation.body {
        object.insert("requestBody".to_owned(), request_body(body, components));
    }
    let answers = operation.answers.iter().map(|(status, answer)| {
        let response = response(*status, answer, components);
        let Some(name) = answer.shared_as else { return (status.to_string(), response) };
        components.responses.insert(name, response);
        (status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") }))
    });
    let answers: Map<_, _> = answers.collect();
    object.insert("responses".to_owned(), Value::Object(answers));
    Value::Object(object)
}

fn security(access: Access) -> Value {
    match access {
        Access::Nobody => json!([]),
        // In the body, which no scheme of OpenAPI describes, or in the header.
        Access::Client => json!([{}, { "clientBasic": [] }]),
        Access::Mfa(scope) | Access::MfaAccess(scope) => json!([{ "mfaToken": [scope] }]),
        Access::User => json!([{ "accessToken": [] }]),
        // Of several, any one will do.
        Access::Management(scopes) => {
            scopes.split(',').map(|scope| json!({ "management": [scope] })).collect()
        }
    }
}

fn parameter(parameter: &Parameter, components: &mut Components) -> Value {
    let Parameter { name, place, is_required, schema } = parameter;
    let place = match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    let mut json = components.takes(schema);
    let description = json.as_object_mut().and_then(|json| json.remove("description")).unwrap_or_default();
    json!({
        "name": name, "in": place, "description": description, "required": is_required, "schema": json,
        "example": schema.example(),
    })
}

fn request_body(body: &RequestBody, components: &mut Components) -> Value {
    let schema = components.takes(&body.schema);
    let media = json!({ "schema": schema, "example": body.schema.example() });
    let types = [(JSON, body.is_json_too), (FORM, body.is_form_too)];
    let content: Map<_, _> = types
        .into_iter()
        .filter(|(_, is_taken)| *is_taken)
        .map(|(name, _)| (name.to_owned(), media.clone()))
        .collect();
    json!({ "required": body.is_required, "content": content })
}

fn response(status: u16, answer: &Answer, components: &mut Components) -> Value {
    let mut object = Map::new();
    object.insert("description".to_owned(), meaning(status, answer).into());
    let refused = &answer.refused;
    let mut names: Vec<_> =
        refused.iter().flat_map(|refused| &refused.headers).chain(&answer.headers).collect();
    names.sort_unstable();
    names.dedup();
    if !names.is_empty() {
        let always =
            |name: &str| answer.content.is_none() && refused.iter().all(|it| it.headers.contains(&name));
        let header = |name: &&str| {
            ((*name).to_owned(), headers::reference(name, *name == headers::RETRY_AFTER && always(name)))
        };
        object.insert("headers".to_owned(), Value::Object(names.into_iter().map(header).collect()));
    }
    let content = content(answer, components);
    if !content.is_empty() {
        object.insert("content".to_owned(), Value::Object(content));
    }
    Value::Object(object)
}

fn meaning(status: u16, answer: &Answer) -> &'static str {
    answer.about.unwrap_or(match status {
        400 => "The request is not right in itself.",
        401 => "Nobody is let in by what was presented.",
        403 => "It is refused.",
        404 => "There is no such thing.",
        409 => "There is one already.",
        413 => "The body is longer than 16 KiB.",
        429 => "Too much at once. `Retry-After` says when to come back.",
        500 => "Something stored cannot be read. It is logged; what, is not told.",
        503 => "A service that is needed fails or does not answer. It can be tried again.",
        _ => "It failed.",
    })
}

fn content(answer: &Answer, components: &mut Components) -> Map<String, Value> {
    let mut content = Map::new();
    match &answer.content {
        Some(Content::Json(schema)) => {
            let media = json!({ "schema": components.takes(schema), "example": schema.example() });
            content.insert(JSON.to_owned(), media);
        }
        Some(Content::Html(example)) => {
            content.insert(HTML.to_owned(), json!({ "schema": { "type": "string" }, "example": example }));
        }
        Some(Content::Nothing) | None => {}
    }
    if !answer.refused.is_empty() {
        content.insert(JSON.to_owned(), refusals(&answer.refused, components));
    }
    content
}

/// The bodies of what one status refuses, each with its text as an example.
fn refusals(refused: &[Refused], components: &mut Components) -> Value {
    let mut codes: BTreeMap<Kind, Vec<&str>> = BTreeMap::new();
    for refused in refused {
        let codes = codes.entry(refused.kind).or_default();
        codes.extend(refused.code().filter(|code| !codes.contains(code)).as_slice());
    }
    let mut schemas: Vec<_> = codes.iter().map(|(kind, codes)| kind.schema(codes)).collect();
    let schema = match schemas.pop() {
        Some(only) if schemas.is_empty() => only,
        last => Schema::any_of(schemas.into_iter().chain(last)),
    };
    let examples: Map<_, _> =
        refused.iter().map(|refused| (refused.name(), json!({ "value": refused.body }))).collect();
    json!({ "schema": components.takes(&schema), "examples": examples })
}
