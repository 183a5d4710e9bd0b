//! Users who move in, by the command's own code.

use std::fs;
use std::path::PathBuf;

use admin::CommandError;
use admin::export::{Export, Written};
use admin::import::{Auth0, Importer, Summary};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::World;

/// A directory with an export, and with what the command leaves beside it.
pub(crate) struct Moving {
    directory: TempDir,
    pub(crate) auth0: Auth0,
}

impl Moving {
    /// An export of such a text, one transaction at a time, given up at the first failure.
    pub(crate) fn of(text: &str) -> Self {
        Self::of_bytes("export.json", text.as_bytes())
    }

    pub(crate) fn of_bytes(name: &str, bytes: &[u8]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let export = directory.path().join(name);
        fs::write(&export, bytes).unwrap();
        let report = Some(directory.path().join("report.json"));
        let auth0 = Auth0 { report, concurrency: 1, tries: 1, ..Auth0::of(&export) };
        Self { directory, auth0 }
    }

    /// An export of such rows.
    pub(crate) fn of_rows(rows: &[Value]) -> Self {
        let lines: Vec<_> = rows.iter().map(Value::to_string).collect();
        Self::of(&lines.join("\n"))
    }

    pub(crate) async fn import_to(&self, world: &World) -> Result<Summary, CommandError> {
        self.auth0.run(Some((world.importer().await, "the twin")), std::future::pending()).await
    }

    /// All rows are done, and what is left beside the export is the report alone.
    pub(crate) async fn done_into(&self, world: &World) -> Summary {
        let summary = self.import_to(world).await.unwrap();
        assert_eq!(self.files(), ["export.json", "report.json"]);
        summary
    }

    pub(crate) fn report(&self) -> String {
        fs::read_to_string(self.path("report.json")).unwrap()
    }

    /// The names of what is in the directory.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

impl World {
    pub(crate) async fn importer(&self) -> Importer {
        let app = &self.twin.app;
        let (ring, settings) = (app.keys.ring(app.now()).await.unwrap(), app.settings().await.unwrap());
        Importer::new(app.store.clone(), ring, (*settings).clone(), app.random.clone(), app.clock.clone())
    }

    /// Exports all users to a file; gives its lines by the users' ids.
    pub(crate) async fn export_to(&self, moving: &Moving, name: &str, with_secrets: bool) -> Written {
        let app = &self.twin.app;
        let ring = app.keys.ring(app.now()).await.unwrap();
        let export = Export { file: Some(moving.path(name)), with_secrets, force: false };
        export
            .write(&app.store, with_secrets.then_some(ring), app.now(), std::future::pending())
            .await
            .unwrap()
    }
}

/// A bcrypt hash of the least cost.
pub(crate) fn bcrypt_of(password: &str) -> String {
    bcrypt::hash_with_salt(password, 4, *b"salt of 16 bytes").unwrap().to_string()
}

/// A user as an export has it, with the password `pwd`.
pub(crate) fn row(name: &str) -> Value {
    json!({
        "user_id": format!("auth0|{name}"), "email": format!("{name}@example.com"),
        "password_hash": bcrypt_of("pwd"),
    })
}

pub(crate) fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}
