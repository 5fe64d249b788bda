//! The facts: tracked files and what cargo says about the packages.

use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

/// A tracked text file; `path` from the workspace's root, with forward slashes.
#[derive(Clone, Debug)]
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// One dependency of a workspace package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    pub name: String,
    pub development: bool,
}

#[derive(Clone, Debug)]
pub struct Package {
    pub name: String,
    pub license: Option<String>,
    /// From the workspace's root: `services/duty`.
    pub folder: String,
    pub dependencies: Vec<Dependency>,
}

/// Every tracked file that is still there and is text.
pub static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let root = narhet_tests::root();
    let listed = output(Command::new("git").args(["ls-files", "-z"]).current_dir(&root));
    let files: Vec<File> = listed
        .split('\0')
        .filter(|path| !path.is_empty())
        .filter_map(|path| {
            // A file that is deleted and not yet committed so, or is not text, is nobody's fault here.
            let text = std::fs::read_to_string(root.join(path)).ok()?;
            Some(File { path: path.to_owned(), text })
        })
        .collect();
    assert!(files.iter().filter(|file| file.is_rust()).count() > 50, "git ls-files has not listed the sources");
    files
});

/// The workspace's packages as cargo sees them.
pub static PACKAGES: LazyLock<Vec<Package>> = LazyLock::new(|| {
    let root = narhet_tests::root();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version", "1", "--offline", "--locked", "--no-deps"];
    let metadata: Value = serde_json::from_str(&output(Command::new(cargo).args(arguments).current_dir(&root)))
        .expect("cargo metadata writes JSON");
    let packages: Vec<Package> =
        list(&metadata["packages"]).iter().map(|package| read_package(package, &root)).collect();
    assert!(packages.len() >= 14, "cargo metadata has not listed the workspace");
    packages
});

fn read_package(package: &Value, root: &Path) -> Package {
    let manifest = PathBuf::from(text(&package["manifest_path"]));
    let folder =
        manifest.parent().and_then(|folder| folder.strip_prefix(root).ok()).expect("members lie in the workspace");
    Package {
        name: text(&package["name"]),
        license: package["license"].as_str().map(str::to_owned),
        folder: folder.to_string_lossy().replace('\\', "/"),
        dependencies: list(&package["dependencies"])
            .iter()
            .map(|dependency| Dependency { name: text(&dependency["name"]), development: dependency["kind"] == "dev" })
            .collect(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("cargo metadata has lists where its format says so")
}

fn text(value: &Value) -> String {
    value.as_str().expect("cargo metadata has strings where its format says so").to_owned()
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("git and cargo write UTF-8")
}
