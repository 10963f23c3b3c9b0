//! The program in the Start menu and among the profiles of Windows Terminal, or in the menu of a Linux desktop.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The picture of the program, 256 by 256.
const PICTURE: &[u8] = include_bytes!("../../assets/windows/strikedeck.png");

/// The folders of the user that menus are read from.
#[derive(Clone, Debug)]
pub struct Menus {
    /// `%APPDATA%`, or `~/.local/share`.
    pub roaming: PathBuf,
    /// `%LOCALAPPDATA%`, or `~/.local/share`.
    pub local: PathBuf,
}

impl Menus {
    /// Those of the user who runs this; `None` without a home folder.
    pub fn of_user() -> Option<Self> {
        let user = directories::BaseDirs::new()?;
        Some(Self { roaming: user.data_dir().into(), local: user.data_local_dir().into() })
    }
}

/// Puts the program at `exe` into the menus; what was written, one line each.
pub fn install(exe: &Path, menus: &Menus) -> io::Result<Vec<String>> {
    if cfg!(windows) {
        windows::install(exe, menus, &windows::link_by_powershell)
    } else {
        desktop::install(exe, menus)
    }
}

/// Takes it out again; what was removed, one line each.
pub fn remove(menus: &Menus) -> io::Result<Vec<String>> {
    let files = if cfg!(windows) { windows::files(menus) } else { desktop::files(menus) };
    let mut removed = Vec::new();
    for file in files {
        match fs::remove_file(&file) {
            Ok(()) => removed.push(format!("removed {}", file.display())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(removed)
}

fn write(file: &Path, content: &[u8]) -> io::Result<String> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, content)?;
    Ok(format!("wrote {}", file.display()))
}

#[cfg_attr(not(windows), allow(dead_code))] // tested everywhere
mod windows {
    use std::io;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    use super::{Menus, PICTURE, write};

    const FRAGMENT: &str = include_str!("../../assets/windows/terminal-fragment.json");

    /// A link of the Start menu.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Link {
        pub file: PathBuf,
        pub target: PathBuf,
        pub arguments: String,
        pub icon: PathBuf,
    }

    /// Windows Terminal reads every JSON file below this folder and offers its profiles beside the user's own.
    fn fragment_folder(menus: &Menus) -> PathBuf {
        menus.local.join("Microsoft").join("Windows Terminal").join("Fragments").join("Strikedeck")
    }

    fn link_file(menus: &Menus) -> PathBuf {
        menus.roaming.join("Microsoft").join("Windows").join("Start Menu").join("Programs").join("Strikedeck.lnk")
    }

    pub fn files(menus: &Menus) -> Vec<PathBuf> {
        let fragment = fragment_folder(menus);
        vec![link_file(menus), fragment.join("strikedeck.json"), fragment.join("strikedeck.png")]
    }

    pub fn install(exe: &Path, menus: &Menus, make_link: &dyn Fn(&Link) -> io::Result<()>) -> io::Result<Vec<String>> {
        let folder = fragment_folder(menus);
        let picture = folder.join("strikedeck.png");
        let mut done = vec![
            write(&picture, PICTURE)?,
            write(&folder.join("strikedeck.json"), fragment(exe, &picture)?.as_bytes())?,
        ];
        let link = link(exe, menus);
        // An empty file first: what makes the link fills it in.
        write(&link.file, b"")?;
        make_link(&link).inspect_err(|_| {
            let _ = std::fs::remove_file(&link.file);
        })?;
        done.push(format!("wrote {}", link.file.display()));
        Ok(done)
    }

    /// The shipped profile with the places of this machine.
    pub fn fragment(exe: &Path, picture: &Path) -> io::Result<String> {
        let mut file: serde_json::Value = serde_json::from_str(FRAGMENT).map_err(io::Error::other)?;
        let profile = &mut file["profiles"][0];
        profile["commandline"] = format!("\"{}\"", exe.display()).into();
        profile["icon"] = picture.display().to_string().into();
        serde_json::to_string_pretty(&file).map_err(io::Error::other)
    }

    /// In Windows Terminal where there is one, else in whatever console Windows opens.
    pub fn link(exe: &Path, menus: &Menus) -> Link {
        let terminal = menus.local.join("Microsoft").join("WindowsApps").join("wt.exe");
        let file = link_file(menus);
        // The alias in that folder is no ordinary file: it can be seen, not opened.
        if terminal.symlink_metadata().is_ok() {
            // A semicolon separates the terminal's own commands.
            let program = exe.display().to_string().replace(';', r"\;");
            let arguments = format!("new-tab --title Strikedeck \"{program}\"");
            Link { file, target: terminal, arguments, icon: exe.into() }
        } else {
            Link { file, target: exe.into(), arguments: String::new(), icon: exe.into() }
        }
    }

    /// Fills in an empty link. Of the two ways that Windows offers to scripts, this one takes every character in a path.
    const SCRIPT: &str = r#"$ErrorActionPreference = 'Stop'
$folder = (New-Object -ComObject Shell.Application).NameSpace([IO.Path]::GetDirectoryName($env:STRIKEDECK_LINK))
$link = $folder.ParseName([IO.Path]::GetFileName($env:STRIKEDECK_LINK)).GetLink
$link.Path = $env:STRIKEDECK_TARGET
$link.Arguments = "$env:STRIKEDECK_ARGUMENTS"
$link.WorkingDirectory = $env:USERPROFILE
$link.Description = 'Strikedeck, a trading cockpit'
$link.SetIconLocation($env:STRIKEDECK_ICON, 0)
$link.Save()"#;

    pub fn link_by_powershell(link: &Link) -> io::Result<()> {
        let mut command = Command::new("powershell.exe");
        command.args(["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-Command", SCRIPT]);
        command.env("STRIKEDECK_LINK", &link.file).env("STRIKEDECK_TARGET", &link.target);
        command.env("STRIKEDECK_ARGUMENTS", &link.arguments).env("STRIKEDECK_ICON", &link.icon);
        let ended = command.stdin(Stdio::null()).output()?;
        let filled = std::fs::metadata(&link.file).is_ok_and(|m| m.len() > 0);
        if ended.status.success() && filled {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&ended.stderr);
        let reason = said.lines().next().unwrap_or("PowerShell made none").trim().to_string();
        Err(io::Error::other(format!("the link could not be made: {reason}")))
    }
}

#[cfg_attr(windows, allow(dead_code))] // tested everywhere
mod desktop {
    use std::io;
    use std::path::{Path, PathBuf};

    use super::{Menus, PICTURE, write};

    fn entry_file(menus: &Menus) -> PathBuf {
        menus.roaming.join("applications").join("strikedeck.desktop")
    }

    fn picture_file(menus: &Menus) -> PathBuf {
        menus.roaming.join("icons").join("hicolor").join("256x256").join("apps").join("strikedeck.png")
    }

    pub fn files(menus: &Menus) -> Vec<PathBuf> {
        vec![entry_file(menus), picture_file(menus)]
    }

    pub fn install(exe: &Path, menus: &Menus) -> io::Result<Vec<String>> {
        Ok(vec![write(&picture_file(menus), PICTURE)?, write(&entry_file(menus), entry(exe).as_bytes())?])
    }

    /// As the desktop entry specification wants it: the program quoted, `%` doubled.
    pub fn entry(exe: &Path) -> String {
        let mut quoted = String::new();
        for c in exe.display().to_string().chars() {
            match c {
                // Once for the quotes, and once more for the line of the file.
                '\\' => quoted.push_str(r"\\\\"),
                '"' | '`' | '$' => quoted.extend(['\\', '\\', c]),
                '%' => quoted.push_str("%%"),
                c => quoted.push(c),
            }
        }
        format!(
            "[Desktop Entry]\nType=Application\nName=Strikedeck\nComment=A trading cockpit\nExec=\"{quoted}\"\n\
             Icon=strikedeck\nTerminal=true\nCategories=Office;Finance;\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A home of somebody whose name is not plain English.
    fn home() -> (tempfile::TempDir, Menus) {
        let folder = tempfile::Builder::new().prefix("Mīra Ñ ").tempdir().unwrap();
        let menus = Menus { roaming: folder.path().join("Roaming"), local: folder.path().join("Local") };
        (folder, menus)
    }

    fn read(file: &Path) -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
    }

    #[test]
    fn windows_terminal_is_given_a_profile_and_the_start_menu_a_link() {
        let (_home, menus) = home();
        let exe = Path::new(r"C:\Users\मीरा\strike deck\strikedeck.exe");
        let links = std::cell::RefCell::new(Vec::new());
        let made = |link: &windows::Link| {
            links.borrow_mut().push(link.clone());
            fs::write(&link.file, "link")
        };
        assert_eq!(windows::install(exe, &menus, &made).unwrap().len(), 3);
        let [link, fragment, picture] = <[PathBuf; 3]>::try_from(windows::files(&menus)).unwrap();
        let profile = &read(&fragment)["profiles"][0];
        assert_eq!(profile["commandline"], format!("\"{}\"", exe.display()));
        assert_eq!(profile["icon"], picture.display().to_string());
        assert_eq!(fs::read(picture).unwrap(), PICTURE);
        let plain =
            windows::Link { file: link.clone(), target: exe.into(), arguments: String::new(), icon: exe.into() };
        assert_eq!(*links.borrow(), [plain]);

        // With Windows Terminal on the machine, the link opens it there.
        let alias = menus.local.join("Microsoft").join("WindowsApps").join("wt.exe");
        write(&alias, b"").unwrap();
        let linked = windows::link(exe, &menus);
        assert_eq!((linked.file, linked.target), (link, alias));
        assert!(linked.arguments.ends_with(&format!("\"{}\"", exe.display())), "{}", linked.arguments);
    }

    #[test]
    fn a_link_that_cannot_be_made_leaves_no_empty_one() {
        let (_home, menus) = home();
        let fails = |_: &windows::Link| Err(io::Error::other("no PowerShell"));
        assert!(windows::install(Path::new("strikedeck.exe"), &menus, &fails).is_err());
        assert!(!windows::files(&menus)[0].exists());
    }

    #[test]
    fn a_linux_desktop_is_given_an_entry_that_any_path_survives() {
        let (_home, menus) = home();
        let exe = Path::new("/home/मीरा/100% \"mine\"/strikedeck");
        assert_eq!(desktop::install(exe, &menus).unwrap().len(), 2);
        let entry = fs::read_to_string(&desktop::files(&menus)[0]).unwrap();
        assert!(entry.contains("Exec=\"/home/मीरा/100%% \\\\\"mine\\\\\"/strikedeck\"\n"), "{entry}");
        assert!(entry.contains("Terminal=true"));
    }

    #[test]
    fn what_was_put_into_the_menus_is_taken_out_again() {
        let (_home, menus) = home();
        assert_eq!(remove(&menus).unwrap(), Vec::<String>::new());
        let files = if cfg!(windows) { windows::files(&menus) } else { desktop::files(&menus) };
        for file in &files {
            write(file, b"x").unwrap();
        }
        assert_eq!(remove(&menus).unwrap().len(), files.len());
        assert!(files.iter().all(|f| !f.exists()));
    }
}
