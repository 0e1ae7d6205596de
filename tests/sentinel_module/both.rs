//! An engine whose slots have the module and a simulated Azure.

use std::sync::Arc;
use std::time::Duration;

use runspaced::sentinel::bridge::{self, Connection};
use runspaced::sentinel::module;
use runspaced::{Engine, ErrorRecord, Invocation, Limits, Output};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::setting::Setting;
use crate::support::Context;
use crate::support::engine::{builder, warm};

/// The simulated Azure, natively and through an engine.
pub struct Both {
    pub runtime: Runtime,
    pub native: Setting,
    pub engine: Engine,
}

impl Both {
    pub fn start(context: &Context) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("threads");
        let native = runtime.block_on(Setting::start());
        let folder = module::unpack(context.scratch()).expect("is written");
        let mut limits = Limits::default();
        (limits.depth, limits.items, limits.string_chars) = (64, 1 << 24, 1 << 24);
        limits.output_bytes = Limits::MAX_OUTPUT_BYTES;
        let engine = {
            let _inside = runtime.enter();
            let sentinel = native.sentinel.clone();
            let connection = Connection::new(move || Ok(sentinel.clone()));
            let builder = builder(context).max_slots(1).limits(limits).module_folder(folder);
            warm(bridge::configure(builder, Arc::new(connection)))
        };
        Self { runtime, native, engine }
    }

    /// Runs a script to its end, whatever errors it writes.
    pub fn run(&self, script: &str) -> Output {
        self.invoke(Invocation::script(script))
    }

    /// Runs an invocation to its end, whatever errors it writes.
    pub fn invoke(&self, invocation: Invocation) -> Output {
        let text = format!("{invocation:?}");
        let outcome = self.engine.blocking().invoke(invocation.timeout(Duration::from_secs(60)));
        outcome.unwrap_or_else(|error| panic!("{text}: {} {error}", error.code()))
    }

    /// The values of a script that writes no error.
    pub fn values(&self, script: &str) -> Vec<Value> {
        let output = self.run(script);
        assert!(output.errors().is_empty(), "{script}: {:?}", output.errors());
        output.values().expect("JSON")
    }

    /// The one error of a script.
    pub fn error(&self, script: &str) -> ErrorRecord {
        let output = self.run(script);
        let [error] = output.errors().try_into().unwrap_or_else(|errors| panic!("{script}: {errors:?}"));
        error
    }
}
