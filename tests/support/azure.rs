//! A folder from which the program reaches a simulated Azure.

use std::path::Path;
use std::process::Command;

use runspaced::simulator::{Simulator, app};

/// Writes the settings that lead there, and the certificate that they name.
pub fn write_settings(azure: &Simulator, folder: &Path, name: &str) {
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, &azure.ca_pem).expect("is written");
    let path = |path: &Path| path.display().to_string().replace('\\', "/");
    let settings = format!(
        "[azure]\ncloud = \"custom\"\nauthority = \"{}\"\nresource_manager = \"{}\"\nlogs = \"{}\"\ningestion = \"{}\"\nca_file = \"{}\"\n\
         [sentinel]\njournal = \"{}\"\nbackups = \"{}\"\n",
        azure.login_url,
        azure.arm_url,
        azure.query_url,
        azure.ingest_url,
        path(&ca),
        path(&folder.join("journal")),
        path(&folder.join("backups")),
    );
    std::fs::write(folder.join(name), settings).expect("is written");
}

/// Gives a program the identity that may do everything there.
pub fn identify(command: &mut Command, azure: &Simulator) {
    let app = azure.app(app::CONTRIBUTOR).expect("is there");
    command
        .env("AZURE_TENANT_ID", &app.tenant)
        .env("AZURE_CLIENT_ID", &app.client_id)
        .env("AZURE_CLIENT_SECRET", &app.secret);
}
