//! From the configuration to an engine.

use crate::locate::LocateOptions;
use crate::{Engine, EngineBuilder};
use directories::ProjectDirs;

use super::{Config, Origin};

impl Config {
    /// Where PowerShell is looked for.
    pub fn locate(&self) -> LocateOptions {
        let mut options = LocateOptions::from_environment();
        let Some(home) = &self.settings.powershell.home else { return options };
        // The same place has two names in a survey; say the one it was given by.
        if matches!(self.origins.get("powershell.home"), Some(Origin::Variable(_))) {
            options.environment_home = Some(home.clone());
        } else {
            options.environment_home = None;
            options.explicit = Some(home.clone());
        }
        options
    }

    /// An engine with these settings, not yet started.
    pub fn engine(&self) -> EngineBuilder {
        self.engine_of(Engine::builder())
    }

    /// The same, of a builder that has something already: modules that come before those of the settings.
    pub fn engine_of(&self, builder: EngineBuilder) -> EngineBuilder {
        let settings = &self.settings;
        let powershell = &settings.powershell;
        let mut runtime = settings.runtime.clone();
        if let Some(places) = ProjectDirs::from("", "", "runspaced") {
            let cache = places.cache_dir();
            runtime.code_cache.get_or_insert_with(|| cache.join("host"));
            runtime.jit_profile.get_or_insert_with(|| cache.join("profile"));
        }
        let mut builder = builder
            .locate(self.locate())
            .runtime(runtime)
            .pool(settings.pool.clone())
            .limits(settings.limits.clone())
            .timeout(settings.call.timeout)
            .isolation(settings.call.isolation)
            .culture(&settings.call.culture)
            .load_profile(powershell.load_profile)
            .language_mode(powershell.language_mode)
            .initial_state(powershell.initial_state)
            .native_encoding(powershell.native_encoding)
            .stack_bytes(u32::try_from(powershell.stack_bytes).unwrap_or(u32::MAX));
        if !powershell.visible_commands.is_empty() {
            builder = builder.visible_commands(&powershell.visible_commands);
        }
        for module in &powershell.modules {
            builder = builder.module(module);
        }
        if let Some(folder) = &powershell.working_directory {
            builder = builder.working_directory(folder);
        }
        if let Some(policy) = &powershell.execution_policy {
            builder = builder.execution_policy(policy);
        }
        builder
    }
}
