//! `postern export`: all users, in the form that `import auth0` reads, so that nobody is locked in.

mod user;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
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
use crate::terminal::interrupted;
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
        let command = if self.with_secrets { "postern export --with-secrets" } else { "postern export" };
        let stop = interrupted();
        let written = async {
            let ring = if self.with_secrets { Some(tenant.ring().await?) } else { None };
            self.write(&tenant.store, ring, tenant.now(), stop).await
        };
        let written = tenant.journal()?.recorded(command, written).await?;
        if self.file.is_some() {
            return Ok(written.to_string());
        }
        let _ = write!(io::stderr(), "{written}");
        Ok(String::new())
    }

    /// Writes all users; secrets with a ring to open them by. Ends early when `stop` does.
    ///
    /// # Errors
    /// When the table or the file fails, or it was stopped. The file is not there then.
    pub async fn write(
        &self,
        store: &Store,
        ring: Option<Arc<KeyRing>>,
        now: Timestamp,
        stop: impl Future<Output = ()>,
    ) -> Result<Written, CommandError> {
        let pages = Pages { store, ring: ring.as_deref(), now };
        let Some(path) = &self.file else {
            return pages.write(&mut io::stdout().lock(), Path::new("standard output"), stop).await;
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
            let written = pages.write(&mut packer, &beside, stop).await;
            packer
                .finish()
                .and_then(|mut file| file.flush())
                .map_err(CommandError::file(&beside))
                .and(written)
        } else {
            let mut file = file;
            let written = pages.write(&mut file, &beside, stop).await;
            file.flush().map_err(CommandError::file(&beside)).and(written)
        };
        let moved = match &written {
            Ok(_) => fs::rename(&beside, path).inspect_err(|_| _ = fs::remove_file(&beside)),
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

/// All users, page by page.
struct Pages<'a> {
    store: &'a Store,
    ring: Option<&'a KeyRing>,
    now: Timestamp,
}

impl Pages<'_> {
    async fn write(
        &self,
        to: &mut impl Write,
        path: &Path,
        stop: impl Future<Output = ()>,
    ) -> Result<Written, CommandError> {
        let mut progress = Progress::new(Bytes::default());
        let written = self.write_beside(&mut progress, to, path, stop).await;
        progress.end();
        written
    }

    async fn write_beside(
        &self,
        progress: &mut Progress,
        to: &mut impl Write,
        path: &Path,
        stop: impl Future<Output = ()>,
    ) -> Result<Written, CommandError> {
        let mut stop = pin!(stop);
        let (mut written, mut bookmark) = (Written::default(), None);
        loop {
            let (residents, next) = tokio::select! {
                biased;
                () = &mut stop => return Err(CommandError::Stopped),
                page = self.store.residents(bookmark, self.now) => page?,
            };
            for resident in &residents {
                let opened = Opened::of(&resident.state, self.ring);
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
                return Ok(written);
            }
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
