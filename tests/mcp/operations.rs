//! Operations on Microsoft Sentinel through the official SDKs, in both eras, without PowerShell.

use std::path::Path;

use runspaced::simulator::app;
use serde_json::json;
use tokio::runtime::Runtime;

use super::sdk::{self, Checks};
use super::setting::Setting;
use super::support::Context;
use super::web::Site;

/// A simulated Azure in which the incidents of one customer are never answered, and a server that leads there.
struct Place {
    _runtime: Runtime,
    setting: Setting,
}

impl Place {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
        let setting = runtime.block_on(Setting::start());
        setting.faults(json!([{"path": "*/workspaces/law-fabrikam/*/incidents*", "delay_ms": 600_000}]));
        Self { _runtime: runtime, setting }
    }

    fn arguments(&self) -> Vec<String> {
        let settings = self.setting.folder.path().join("settings.toml").display().to_string();
        ["mcp", "--config", &settings, "--allow-writes", "--powershell", "nowhere"]
            .map(str::to_owned)
            .to_vec()
    }

    fn identity(&self) -> [(&str, &str); 3] {
        let app = self.setting.azure.app(app::CONTRIBUTOR).expect("is there");
        [
            ("AZURE_TENANT_ID", &app.tenant),
            ("AZURE_CLIENT_ID", &app.client_id),
            ("AZURE_CLIENT_SECRET", &app.secret),
        ]
    }

    fn site(&self, folder: &Path) -> Site {
        let mut arguments = self.arguments();
        arguments.extend(["--http", "127.0.0.1:0"].map(str::to_owned));
        Site::start(&arguments, &self.identity(), folder)
    }
}

pub fn python_sdk_drives_them(context: &Context) {
    let place = Place::open();
    sdk::drive_with_python(Checks::Operations, &place.arguments(), context.scratch(), &place.identity());
}

pub fn python_sdk_drives_them_over_http(context: &Context) {
    let place = Place::open();
    let site = place.site(context.scratch());
    sdk::drive_with_python(Checks::Operations, &site.target(), context.scratch(), &[]);
}

pub fn typescript_sdks_drive_them(context: &Context) {
    let place = Place::open();
    for era in [sdk::OLD_ERA, sdk::NEW_ERA] {
        let server = place.arguments();
        sdk::drive_with_node(era, Checks::Operations, &server, context.scratch(), &place.identity());
    }
}

pub fn typescript_sdks_drive_them_over_http(context: &Context) {
    let place = Place::open();
    let site = place.site(context.scratch());
    for era in [sdk::OLD_ERA, sdk::NEW_ERA] {
        sdk::drive_with_node(era, Checks::Operations, &site.target(), context.scratch(), &[]);
    }
}
