//! `postern export`: all users, in the form that `import auth0` reads, so that nobody is locked in.

mod user;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use postern::store::Store;
use postern::time::Timestamp;
use postern::token::keyring::KeyRing;

use crate::CommandError;
use crate::connection::Tenant;
use crate::progress::{Bytes, Progress};
use user::{Exported, Opened};

/// How to export users.
#[derive(Args, Clone, Debug)]
pub struct Export {
    /// The file; compressed by gzip when its name ends in `.gz`. The standard output when none is named.
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Write the secrets of authenticator apps as well, in the clear: whoever has one makes codes.
    #[arg(long)]
    pub with_secrets: bool,
    /// Replace the file.
    #[arg(long)]
    pub force: bool,
}

/// What an export wrote, as numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Users.
    pub users: u64,
    /// Users whose password is still bcrypt's.
    pub bcrypt: u64,
    /// Authenticator apps whose secrets were left out.
    pub apps_left_out: u64,
    /// Authenticator apps whose secrets did not open.
    pub apps_unreadable: u64,
}

impl Export {
    pub(crate) async fn run(self, tenant: &Tenant) -> Result<String, CommandError> {
        let ring = if self.with_secrets { Some(tenant.ring().await?) } else { None };
        let command = if self.with_secrets { "postern export --with-secrets" } else { "postern export" };
        let written = self.write(&tenant.store, ring, tenant.now());
        let written = tenant.journal()?.recorded(command, written).await?;
        if self.file.is_some() {
            return Ok(written.to_string());
        }
        let _ = write!(io::stderr(), "{written}");
        Ok(String::new())
    }

    /// Writes all users; secrets with a ring to open them by.
    ///
    /// # Errors
    /// When the table or the file fails. The file is not there then.
    pub async fn write(
        &self,
        store: &Store,
        ring: Option<Arc<KeyRing>>,
        now: Timestamp,
    ) -> Result<Written, CommandError> {
        let Some(path) = &self.file else {
            return all(store, ring.as_deref(), now, &mut io::stdout().lock(), Path::new("standard output"))
                .await;
        };
        if !self.force && path.exists() {
            let text = format!("{} is there already: give --force to replace it", path.display());
            return Err(CommandError::Setting(text));
        }
        let mut beside = path.clone().into_os_string();
        beside.push(".part");
        let beside = PathBuf::from(beside);
        let file = create(&beside).map_err(CommandError::file(&beside))?;
        let is_packed = path.extension().is_some_and(|extension| extension == "gz");
        let file = BufWriter::new(file);
        let written = if is_packed {
            let mut packer = GzEncoder::new(file, Compression::default());
            let written = all(store, ring.as_deref(), now, &mut packer, &beside).await;
            packer
                .finish()
                .and_then(|mut file| file.flush())
                .map_err(CommandError::file(&beside))
                .and(written)
        } else {
            let mut file = file;
            let written = all(store, ring.as_deref(), now, &mut file, &beside).await;
            file.flush().map_err(CommandError::file(&beside)).and(written)
        };
        let moved = match &written {
            Ok(_) => fs::rename(&beside, path),
            Err(_) => fs::remove_file(&beside),
        };
        moved.map_err(CommandError::file(path)).and(written)
    }
}

/// Password hashes are nobody's but the owner's.
fn create(path: &Path) -> io::Result<File> {
    // One that is there may be somebody else's, and keep its rights.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

async fn all(
    store: &Store,
    ring: Option<&KeyRing>,
    now: Timestamp,
    to: &mut impl Write,
    path: &Path,
) -> Result<Written, CommandError> {
    let mut progress = Progress::new(Bytes::default());
    let (mut written, mut bookmark) = (Written::default(), None);
    loop {
        let (residents, next) = store.residents(bookmark, now).await?;
        for resident in &residents {
            let opened = Opened::of(&resident.state, ring);
            let user = Exported::of(resident, &opened);
            written.users += 1;
            written.bcrypt += u64::from(user.has_bcrypt());
            written.apps_left_out += opened.left_out;
            written.apps_unreadable += opened.unreadable;
            let mut line = serde_json::to_vec(&user).map_err(|_| CommandError::Secret)?;
            line.push(b'\n');
            to.write_all(&line).map_err(CommandError::file(path))?;
        }
        progress.show(written.users);
        bookmark = next;
        if bookmark.is_none() {
            progress.end();
            return Ok(written);
        }
    }
}

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} users.", self.users)?;
        if self.bcrypt > 0 {
            writeln!(f, "{} passwords are still bcrypt's: their users have not signed in yet.", self.bcrypt)?;
        }
        if self.apps_left_out > 0 {
            let text = "authenticator apps are left out: give --with-secrets to write their secrets.";
            writeln!(f, "{} {text}", self.apps_left_out)?;
        }
        if self.apps_unreadable > 0 {
            writeln!(
                f,
                "{} authenticator apps are left out: their secrets do not open.",
                self.apps_unreadable
            )?;
        }
        writeln!(f, "Recovery codes are not exported: only their hashes are known.")
    }
}
