//! `server.json`: a published bundle, as the MCP registry wants it described.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::Exit;
use super::{Refusal, print};

/// Arguments of `runspaced client-config server-json`.
#[derive(Debug, Args)]
pub struct RegistryArguments {
    /// Name in the registry, such as io.github.you/runspaced
    #[arg(long, value_name = "NAME", value_parser = registry_name)]
    name: String,
    /// The bundle, whose digest is named
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// Where the bundle is published: a file of a GitHub or GitLab release with mcp in its name
    #[arg(long, value_name = "URL", value_parser = release_url)]
    url: String,
    /// Where the source is
    #[arg(long, value_name = "URL")]
    repository: Option<String>,
}

/// Reverse DNS, exactly one slash.
fn registry_name(text: &str) -> Result<String, String> {
    let fits = |part: &str, more: &[char]| {
        !part.is_empty() && part.chars().all(|char| char.is_ascii_alphanumeric() || more.contains(&char))
    };
    match text.split_once('/') {
        Some((space, name))
            if (3..=200).contains(&text.len())
                && fits(space, &['.', '-'])
                && space.contains('.')
                && fits(name, &['.', '_', '-']) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("it looks like io.github.you/runspaced: a domain backwards, one slash, a name".to_owned()),
    }
}

fn release_url(text: &str) -> Result<String, String> {
    let url = reqwest::Url::parse(text).map_err(|error| error.to_string())?;
    let known = matches!(url.host_str(), Some("github.com" | "gitlab.com"));
    if url.scheme() == "https" && known && text.contains("/releases/") && text.contains("mcp") {
        Ok(text.to_owned())
    } else {
        Err("the registry takes https files of GitHub or GitLab releases with mcp in their address"
            .to_owned())
    }
}

/// Prints the description.
pub(super) fn describe(arguments: &RegistryArguments) -> Result<Exit, Refusal> {
    let mut digest = Sha256::new();
    File::open(&arguments.bundle)
        .and_then(|mut file| io::copy(&mut file, &mut digest))
        .map_err(|error| Refusal::Usage(format!("{}: {error}", arguments.bundle.display())))?;
    let digest = format!("{:x}", digest.finalize());
    Ok(print(&description(&arguments.name, &arguments.url, &digest, arguments.repository.as_deref())))
}

fn description(name: &str, url: &str, digest: &str, repository: Option<&str>) -> Value {
    let mut description = json!({
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": name,
        "title": "runspaced",
        "description": "PowerShell commands, modules and scripts as tools, hosted in one process",
        "version": env!("CARGO_PKG_VERSION"),
        "packages": [{
            "registryType": "mcpb",
            "identifier": url,
            "fileSha256": digest,
            "transport": {"type": "stdio"},
        }],
    });
    if let Some(url) = repository {
        let source = if url.contains("gitlab") { "gitlab" } else { "github" };
        description["repository"] = json!({"url": url, "source": source});
    }
    description
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_those_that_the_registry_takes() {
        assert!(registry_name("io.github.you/runspaced").is_ok());
        for bad in
            ["runspaced", "io.github.you/a/b", "you/runspaced", "/x", "io.github.you/", "io.github.yöu/x"]
        {
            assert!(registry_name(bad).is_err(), "{bad}");
        }
        assert!(release_url("https://github.com/a/b/releases/download/v1/x-mcp.mcpb").is_ok());
        for bad in [
            "http://github.com/a/b/releases/download/v1/x.mcpb",
            "https://example.com/releases/x.mcpb",
            "https://github.com/a/b/releases/download/v1/x.zip",
            "x",
        ] {
            assert!(release_url(bad).is_err(), "{bad}");
        }
    }

    /// The rules of the published schema of 2025-12-11.
    #[test]
    fn description_follows_the_schema() {
        let digest = "0123456789abcdef".repeat(4);
        let url = "https://github.com/you/runspaced/releases/download/v1/runspaced-mcp.mcpb";
        let json =
            description("io.github.you/runspaced", url, &digest, Some("https://github.com/you/runspaced"));
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        assert!(text("$schema").ends_with("/schemas/2025-12-11/server.schema.json"));
        assert!(registry_name(&text("name")).is_ok());
        assert!((1..=100).contains(&text("title").len()));
        assert!((1..=100).contains(&text("description").chars().count()));
        assert!(semver::Version::parse(&text("version")).is_ok());
        let package = &json["packages"][0];
        assert!(package.as_object().expect("an object").keys().eq([
            "registryType",
            "identifier",
            "fileSha256",
            "transport"
        ]));
        assert_eq!(package["registryType"], "mcpb");
        assert_eq!(package["transport"], json!({"type": "stdio"}));
        let given = package["fileSha256"].as_str().unwrap_or_default();
        assert!(given.len() == 64 && given.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)));
        assert_eq!(json["repository"]["source"], "github");
    }
}
