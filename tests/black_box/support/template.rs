//! `infra/template.yaml` as far as these tests need it: which route leads to which function, and what each function
//! is given.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_yaml_ng::Value;

use super::policy::Statement;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra");

/// The parsed template.
#[derive(Debug)]
pub(crate) struct Template(Value);

/// One `AWS::ApiGatewayV2::Route`.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// As the template writes it: `ANY /path/{id}` or `$default`.
    pub(crate) key: String,
    /// Logical id of its function.
    pub(crate) function: String,
}

/// One `AWS::Serverless::Function`.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) logical_id: String,
    /// The binary it is built from.
    pub(crate) binary: String,
    /// The folder it is built in.
    pub(crate) folder: PathBuf,
    /// The names of its environment variables, with the default parameters and mail switched on.
    pub(crate) variables: BTreeSet<String>,
    /// Seconds that Lambda gives it for one event.
    pub(crate) timeout: u64,
    /// The statements of its role.
    pub(crate) rights: Vec<Statement>,
}

impl Template {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(format!("{FOLDER}/template.yaml")).expect("infra/template.yaml");
        Self(serde_yaml_ng::from_str(&text).expect("YAML"))
    }

    /// The stack's parameters.
    pub(crate) fn parameters(&self) -> &Value {
        &self.0["Parameters"]
    }

    /// What all functions have.
    pub(crate) fn globals(&self) -> &Value {
        &self.0["Globals"]["Function"]
    }

    /// The resources of a type, by logical id.
    pub(crate) fn resources(&self, kind: &str) -> BTreeMap<&str, &Value> {
        let all = self.0["Resources"].as_mapping().expect("Resources");
        all.iter().filter(|(_, it)| it["Type"] == kind).map(|(id, it)| (id.as_str().unwrap(), it)).collect()
    }

    /// Where functions log that say nothing else: a log group's logical id.
    pub(crate) fn log_group(&self) -> Option<&str> {
        let group = &self.0["Globals"]["Function"]["LoggingConfig"]["LogGroup"];
        intrinsic(group, "Ref").and_then(Value::as_str)
    }

    pub(crate) fn routes(&self) -> Vec<Route> {
        let integrations = self.resources("AWS::ApiGatewayV2::Integration");
        let route = |(id, route): (&&str, &&Value)| {
            let target = intrinsic(&route["Properties"]["Target"], "Sub").and_then(Value::as_str);
            let integration = target.and_then(|it| it.strip_prefix("integrations/${")?.strip_suffix('}'));
            let integration = integration.unwrap_or_else(|| panic!("{id}: the target is no integration"));
            let uri = &integrations[integration]["Properties"]["IntegrationUri"];
            let function = intrinsic(otherwise(uri), "GetAtt").and_then(Value::as_str);
            let function = function.and_then(|it| it.strip_suffix(".Arn"));
            let alias = intrinsic(chosen(uri), "Ref").and_then(Value::as_str);
            assert_eq!(alias.and_then(|it| it.strip_suffix(".Alias")), function, "{integration}");
            Route {
                key: route["Properties"]["RouteKey"].as_str().expect("RouteKey").to_owned(),
                function: function.unwrap_or_else(|| panic!("{integration}: no function")).to_owned(),
            }
        };
        self.resources("AWS::ApiGatewayV2::Route").iter().map(route).collect()
    }

    pub(crate) fn functions(&self) -> BTreeMap<String, Function> {
        let functions = self.resources("AWS::Serverless::Function");
        functions.iter().map(|(id, function)| ((*id).to_owned(), self.function(id, function))).collect()
    }

    fn function(&self, id: &str, function: &Value) -> Function {
        let properties = &function["Properties"];
        let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().expect("Binary");
        let code = properties["CodeUri"].as_str().expect("CodeUri");
        let globals = &self.0["Globals"]["Function"];
        let everywhere = &globals["Environment"]["Variables"];
        let own = &properties["Environment"]["Variables"];
        Function {
            logical_id: id.to_owned(),
            binary: binary.to_owned(),
            folder: PathBuf::from(FOLDER).join(code),
            variables: names(everywhere).chain(names(own)).map(ToOwned::to_owned).collect(),
            timeout: properties["Timeout"].as_u64().or(globals["Timeout"].as_u64()).expect("Timeout"),
            rights: self.rights(&properties["Role"]),
        }
    }

    fn rights(&self, role: &Value) -> Vec<Statement> {
        let role = intrinsic(role, "GetAtt").and_then(Value::as_str).and_then(|it| it.strip_suffix(".Arn"));
        let role = &self.0["Resources"][role.expect("a role of its own")]["Properties"];
        let managed = &role["ManagedPolicyArns"];
        assert!(intrinsic(managed, "If").is_some_and(|it| it[0] == "IsTraced"), "rights are spelled out");
        assert_eq!(intrinsic(&chosen(managed)[0], "Ref"), Some(&"TracingPolicy".into()));
        let policies = role["Policies"].as_sequence().expect("Policies");
        let statements =
            policies.iter().flat_map(|it| it["PolicyDocument"]["Statement"].as_sequence().unwrap());
        statements.map(|statement| Statement::of(chosen(statement))).collect()
    }
}

fn names(variables: &Value) -> impl Iterator<Item = &str> {
    variables.as_mapping().into_iter().flatten().map(|(name, _)| name.as_str().expect("a name"))
}

/// The argument of `!name`, if the value is that.
pub(crate) fn intrinsic<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Tagged(tagged) if tagged.tag == name => Some(&tagged.value),
        _ => None,
    }
}

/// What a conditional value is when the condition does not hold.
pub(crate) fn otherwise(value: &Value) -> &Value {
    intrinsic(value, "If").map_or(value, |arguments| &arguments[2])
}

/// What a conditional value is when the condition holds.
pub(crate) fn chosen(value: &Value) -> &Value {
    intrinsic(value, "If").map_or(value, |arguments| &arguments[1])
}
