//! A copy of the repository in which the mutants are woven.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::mutant::{Mutant, hash};
use crate::plan::Group;
use crate::weave::{Place, fewer, weave};

/// The switch's package, within the repository.
const SWITCH: &str = "tests/mutants/switch";
/// What the tree shares with the repository once built: its age must be the same, or each would build it again for itself.
const VENDORED: &str = "vendor/";
/// What rustc is called through for the packages of the woven workspace: nothing there is warned of, and the switch may use a compiler feature.
const WRAPPER: &str = "#!/bin/sh
case \"$*\" in *'--crate-name switch '*) export RUSTC_BOOTSTRAP=1 ;; esac
exec \"$@\" --cap-lints=allow
";

/// The copy.
pub struct Tree {
    pub root: PathBuf,
    /// Where everything is built, the repository's own dependencies among it.
    pub target: PathBuf,
    /// Where the modules are that tests deploy, if not where they are built.
    pub modules: Option<PathBuf>,
    wrapper: PathBuf,
    repository: PathBuf,
}

/// What became of the mutants.
#[derive(Default)]
pub struct Weaving {
    /// By woven file.
    pub places: BTreeMap<String, Vec<Place>>,
    pub unviable: HashSet<u32>,
    /// Without a switch, and why.
    pub left: HashMap<u32, &'static str>,
    /// A hash of what was woven.
    pub text: String,
}

impl Tree {
    /// Copies the files, but for what git ignores, of `repository`, and gives the switch to the packages that are woven.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn new(repository: &Path, target: &Path, group: &Group, mutants: &[Mutant]) -> Result<Self> {
        let home = target.join("mutants").join(group.name);
        let (root, wrapper) = (home.join("tree"), home.join("rustc"));
        fs::create_dir_all(&root)?;
        write(&wrapper, WRAPPER.as_bytes())?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
        let modules = group.natively.then(|| home.join("modules"));
        if let Some(folder) = &modules {
            stand_ins(folder, target, group)?;
        }
        let tree =
            Self { root, target: target.to_owned(), modules, wrapper, repository: repository.to_owned() };
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(repository)
            .output()?;
        let listed = String::from_utf8(listed.stdout)?;
        let files: BTreeSet<&str> = listed.split('\0').filter(|file| !file.is_empty()).collect();
        let mut written: BTreeSet<String> = mutants.iter().map(|mutant| mutant.file.clone()).collect();
        written.extend(tree.give(group)?);
        let copied =
            |file: &&&str| !(written.contains(**file) || file.ends_with(".rs") && group.is_test(file));
        for file in files.iter().filter(copied).filter(|file| repository.join(file).is_file()) {
            tree.copy(file)?;
        }
        for file in files.iter().filter(|file| file.ends_with(".rs") && group.is_test(file)) {
            let source = fs::read_to_string(repository.join(file))?;
            write(&tree.root.join(file), fewer(&source).with_context(|| (*file).to_owned())?.as_bytes())?;
        }
        Ok(tree)
    }

    /// Cargo in the tree, built with what the repository itself is built with.
    #[must_use]
    pub fn cargo(&self) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        command.env("RUSTC_WORKSPACE_WRAPPER", &self.wrapper).env("CARGO_INCREMENTAL", "0");
        command
    }

    /// Weaves every mutant but those in `out`.
    ///
    /// # Errors
    /// When a source cannot be read, parsed or written.
    pub fn weave(&self, mutants: &[Mutant], out: &HashSet<u32>) -> Result<Weaving> {
        let mut files: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
        for mutant in mutants {
            let of = files.entry(&mutant.file).or_default();
            if !out.contains(&mutant.number) {
                of.push(mutant);
            }
        }
        let (mut weaving, mut all) = (Weaving::default(), String::new());
        for (file, mutants) in files {
            let source = fs::read_to_string(self.repository.join(file))?;
            let woven = weave(&source, &mutants).with_context(|| file.to_owned())?;
            write(&self.root.join(file), woven.text.as_bytes())?;
            all.push_str(&hash(woven.text.as_bytes(), 64));
            weaving.places.insert(file.to_owned(), woven.places);
            weaving.unviable.extend(woven.unviable);
            weaving.left.extend(woven.left);
        }
        weaving.text = hash(all.as_bytes(), 64);
        Ok(weaving)
    }

    fn copy(&self, file: &str) -> Result<()> {
        let (from, to) = (self.repository.join(file), self.root.join(file));
        if write(&to, &fs::read(&from)?)? && file.starts_with(VENDORED) {
            let age = fs::metadata(&from)?.modified()?;
            fs::File::options().write(true).open(&to)?.set_times(fs::FileTimes::new().set_modified(age))?;
        }
        Ok(())
    }

    /// Makes the switch a dependency of what is woven; the manifests that say so.
    fn give(&self, group: &Group) -> Result<Vec<String>> {
        let root = fs::read_to_string(self.repository.join("Cargo.toml"))?;
        let (member, excluded) = (format!("members = [\"{SWITCH}\", "), format!(", \"{SWITCH}\""));
        let root = root.replacen("members = [", &member, 1).replacen(&excluded, "", 1);
        let given = format!("[workspace.dependencies]\nswitch = {{ path = \"{SWITCH}\" }}\n");
        let root = root.replacen("[workspace.dependencies]\n", &given, 1);
        let mut manifests = BTreeMap::from([("Cargo.toml".to_owned(), root)]);
        let section = "\n[dependencies]\n";
        for (manifest, text) in self.manifests(group)? {
            // The workspace's own manifest may be a package's.
            let text = manifests.entry(manifest).or_insert(text);
            if !text.contains(section) {
                text.push_str(section);
            }
            *text = text.replacen(section, &format!("{section}switch.workspace = true\n"), 1);
        }
        for (manifest, text) in &manifests {
            write(&self.root.join(manifest), text.as_bytes())?;
        }
        // The lock is without the switch, which cargo adds.
        let lock = "Cargo.lock";
        if !self.root.join(lock).exists() {
            fs::copy(self.repository.join(lock), self.root.join(lock))?;
        }
        Ok(manifests.into_keys().chain([lock.to_owned()]).collect())
    }

    fn manifests(&self, group: &Group) -> Result<Vec<(String, String)>> {
        let output = Command::new("cargo")
            .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--locked"])
            .current_dir(&self.repository)
            .output()?;
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
        let mut found = Vec::new();
        for package in metadata["packages"].as_array().context("cargo metadata")? {
            let given = |name: &str| group.woven.contains(&name) || group.tested.contains(&name);
            if package["name"].as_str().is_some_and(given) {
                let file = Path::new(package["manifest_path"].as_str().context("cargo metadata")?);
                let name = file.strip_prefix(&self.repository)?.to_str().context("a name")?;
                found.push((name.to_owned(), fs::read_to_string(file)?));
            }
        }
        if found.len() != group.woven.len() + group.tested.len() {
            bail!("a package that is to be woven is not in the workspace");
        }
        Ok(found)
    }
}

/// Writes a module for each program that runs natively: nothing of it is compressed or compiled, and its name is what tells it from the others.
///
/// # Errors
/// When one cannot be written, or the kernel's is not there.
pub fn stand_ins(folder: &Path, target: &Path, group: &Group) -> Result<()> {
    for program in group.programs() {
        let module = format!(
            "(module (memory (export \"memory\") 1 1) (data (i32.const 0) \"{program}\")
                (func (export \"user_entrypoint\") (param i32) (result i32) i32.const 1))"
        );
        write(&folder.join(&program).with_extension("wasm"), &wat::parse_str(module)?)?;
    }
    // The kernel is a program in its own right.
    let (kernel, built) = ("kernel_program.wasm", target.join("wasm32-unknown-unknown/release"));
    write(&folder.join(kernel), &fs::read(built.join(kernel)).context("scripts/build has not been run")?)?;
    Ok(())
}

/// Writes a file unless it holds just that; whether it was written.
fn write(file: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(file).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    fs::create_dir_all(file.parent().context("a file in no folder")?)?;
    fs::write(file, bytes).with_context(|| file.display().to_string())?;
    Ok(true)
}
