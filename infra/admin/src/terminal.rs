//! The person at the terminal: how wide it is, what they agree to, and the password they type.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use postern::rules::random::Random;
use tokio::signal::ctrl_c;
use tokio::sync::oneshot;

use crate::CommandError;

/// Letters and digits that are not taken for one another, as a password is read out to somebody.
const PASSWORD_ALPHABET: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Characters of a generated password: more than 115 bits.
const PASSWORD_CHARACTERS: usize = 20;
/// What a terminal hands on for Ctrl-C where that is no signal.
const CTRL_C: u8 = 3;
/// The status of a command that Ctrl-C ended, as shells have it: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

/// Columns of the terminal that the standard output is; `None` where it is none.
pub(crate) fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    #[cfg(unix)]
    {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    }
    #[cfg(not(unix))]
    None
}

/// Whoever destroys something says so: at the terminal, or by `--yes`.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Consent {
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

impl Consent {
    /// Asks, unless it was said.
    ///
    /// # Errors
    /// When it is denied, or nobody is there to be asked.
    pub(crate) fn ask(self, what: &str) -> Result<(), CommandError> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() {
            let text = format!("{what}? Nobody is there to be asked: give --yes to do it");
            return Err(CommandError::Setting(text));
        }
        let _ = write!(io::stderr(), "{what}? [y/N] ");
        let answer = line().map_err(|_| CommandError::Stopped)?;
        match ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()) {
            true => Ok(()),
            false => Err(CommandError::Setting("nothing was done".to_owned())),
        }
    }
}

/// Where a password comes from: never the command line, which other users of the machine can read.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct PasswordSource {
    /// Make a strong password and print it, this once. Otherwise it is asked for at the terminal, or read from the
    /// standard input's first line.
    #[arg(long)]
    generate: bool,
}

/// A password, and whether it has to be shown because nobody knows it yet.
pub(crate) struct NewPassword {
    pub(crate) text: String,
    pub(crate) is_generated: bool,
}

impl PasswordSource {
    pub(crate) fn read(self, random: &Random) -> Result<NewPassword, CommandError> {
        if self.generate {
            let text =
                random.string(PASSWORD_ALPHABET, PASSWORD_CHARACTERS).map_err(|_| CommandError::Random)?;
            return Ok(NewPassword { text, is_generated: true });
        }
        let text = if io::stdin().is_terminal() { typed()? } else { line().map_err(|_| no_password())? };
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        match text.is_empty() {
            true => Err(no_password()),
            false => Ok(NewPassword { text, is_generated: false }),
        }
    }
}

fn no_password() -> CommandError {
    let text = "no password: type it, give it on the standard input, or have one made by --generate";
    CommandError::Setting(text.to_owned())
}

fn line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

/// A line of a terminal that is silent: [`CTRL_C`] ends it as well.
fn silent_line() -> Result<String, CommandError> {
    let mut line = Vec::new();
    for byte in io::stdin().lock().bytes() {
        match byte.map_err(|_| CommandError::Stopped)? {
            CTRL_C => return Err(CommandError::Stopped),
            b'\n' => break,
            byte => line.push(byte),
        }
    }
    String::from_utf8(line).map_err(|_| CommandError::Setting("that is no UTF-8".to_owned()))
}

/// Asked for twice where it is not seen.
fn typed() -> Result<String, CommandError> {
    let silence = Silence::begin();
    let ask = |prompt: &str| {
        let _ = write!(io::stderr(), "{prompt}: ");
        if silence.is_none() {
            return line().map_err(|_| CommandError::Stopped);
        }
        let line = silent_line();
        let _ = writeln!(io::stderr());
        line
    };
    let first = ask("New password")?;
    match first == ask("Again")? {
        true => Ok(first),
        false => Err(CommandError::Setting("the two are not the same: nothing was done".to_owned())),
    }
}

/// The terminal does not show what is typed until this ends. Meanwhile Ctrl-C is no signal, which would end the program
/// and leave the terminal silent, but the end of a line.
struct Silence {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

impl Silence {
    #[cfg(unix)]
    fn begin() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin()).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        silent.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent).ok()?;
        Some(Self { before })
    }

    #[cfg(not(unix))]
    fn begin() -> Option<Self> {
        None
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        #[cfg(unix)]
        {
            use rustix::termios::{OptionalActions, tcsetattr};
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        }
    }
}

/// Ends when the person at the terminal wants the command to stop. Whoever asks twice waits no longer for what is brought
/// to its end.
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    let (sender, receiver) = oneshot::channel();
    // On a task of its own: the command may be waiting for whoever reads its output.
    tokio::spawn(async move {
        if ctrl_c().await.is_ok() {
            let _ = sender.send(());
            if ctrl_c().await.is_ok() {
                std::process::exit(INTERRUPTED);
            }
        }
    });
    async {
        // Without the signal the command ends as any other.
        if receiver.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
