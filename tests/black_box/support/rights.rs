//! What every test asks of AWS, held against the rights that `infra/template.yaml` gives the function that asked.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use local::aws::CallLog;

use super::policy::Statement;
use super::template::Template;

/// The statements of each function's role, by its binary.
static ROLES: LazyLock<BTreeMap<String, Vec<Statement>>> = LazyLock::new(|| {
    let functions = Template::read().functions().into_values();
    functions.map(|function| (function.binary, function.rights)).collect()
});

/// A twin's functions share one ring of keys: whichever comes first unwraps what others need as well. The real binaries
/// are held against their rights to it.
const OF_ALL: &str = "kms:Decrypt";

/// SEC-39: a test whose functions did what their roles do not allow fails at its end, whatever it was about: paths that
/// only a fault or a race leads to included.
pub(crate) struct Rights(pub(crate) CallLog);

impl Rights {
    /// Checks what the log has so far.
    pub(crate) fn check(&self) {
        for call in self.0.all() {
            let Some(function) = &call.function else { continue };
            let role = ROLES.get(function).unwrap_or_else(|| panic!("the template has no {function}"));
            for action in call.actions.iter().filter(|action| action.action != OF_ALL) {
                let is_allowed = role.iter().any(|statement| statement.allows(action));
                assert!(is_allowed, "the role of {function} does not allow {action:?}");
            }
        }
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check();
        }
    }
}
