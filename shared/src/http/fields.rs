//! Parts of what the Management API shows: `fields` and `include_fields` (contract §6).

use serde_json::{Map, Value};

use super::Params;
use crate::wire::management::ManagementRefusal;

/// Which fields are asked for.
#[derive(Clone, Debug)]
pub struct Fields {
    names: Vec<String>,
    are_included: bool,
}

impl Fields {
    /// `fields`, joined by commas, and `include_fields`: whether they are those to show, or those to leave out.
    ///
    /// # Errors
    /// 400 in the Management API's format for what is no truth value.
    pub fn of(query: &Params) -> Result<Self, ManagementRefusal> {
        let text = |name| query.optional(name).ok().flatten();
        let are_included = match text("include_fields") {
            None | Some("true") => true,
            Some("false") => false,
            Some(_) => {
                let problem = "'Expected type boolean' on property include_fields.";
                return Err(ManagementRefusal::InvalidQuery(problem.to_owned()));
            }
        };
        let names = text("fields").unwrap_or_default().split(',').map(str::trim);
        Ok(Self {
            names: names.filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect(),
            are_included,
        })
    }

    /// The fields that are asked for; all of them when none is named.
    #[must_use]
    pub fn of_object(&self, mut object: Map<String, Value>) -> Map<String, Value> {
        if !self.names.is_empty() {
            object.retain(|name, _| self.names.contains(name) == self.are_included);
        }
        object
    }
}
